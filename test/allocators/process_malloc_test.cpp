// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE process_malloc

#include <boost/test/unit_test.hpp>

#include "support/sanitizer.hpp"

// Libraries that are linked the ordinary way take the program's malloc over, and so do sanitizers.
#if ZPMR_JEMALLOC_PRIVATE && ZPMR_TCMALLOC_PRIVATE && defined(__GLIBC__)
#define ZPMR_TEST_MALLOC_IS_THE_C_LIBRARYS 1
#endif

#if ZPMR_TEST_MALLOC_IS_THE_C_LIBRARYS

#include <dlfcn.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>
#include <thread>
#include <vector>
#include <zpmr/default_allocator.hpp>
#include <zpmr/libc_resource.hpp>

#include "support/child_process.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::allocator_resource;

#if defined(_LIBCPP_VERSION)
constexpr const char* cpp_library = "/libc++";
#else
constexpr const char* cpp_library = "/libstdc++.so";
#endif

constexpr std::size_t block_bytes = 1000;
constexpr std::size_t block_count = 1000;

boost::test_tools::assertion_result malloc_is_not_replaced(boost::unit_test::test_unit_id) {
  return !zpmr::test::malloc_is_replaced;
}

std::string_view file_of(const void* function) {
  Dl_info info{};
  return ::dladdr(function, &info) != 0 ? info.dli_fname : "";
}

template <class... Arguments>
const void* address(void* (*function)(Arguments...)) {
  return reinterpret_cast<const void*>(function);
}
template <class... Arguments>
const void* address(void (*function)(Arguments...)) {
  return reinterpret_cast<const void*>(function);
}

std::size_t bytes_of_the_c_library() {
  const struct mallinfo2 figures = ::mallinfo2();
  return figures.uordblks + figures.hblkhd;
}

/// The allocators that have memory of their own.
std::vector<allocator_resource*> private_allocators() {
  std::vector<allocator_resource*> found;
  for (allocator_resource* allocator : zpmr::allocators()) {
    if (allocator != zpmr::libc()) {
      found.push_back(allocator);
    }
  }
  return found;
}

std::vector<zpmr::allocator_stats> figures_of(const std::vector<allocator_resource*>& allocators) {
  std::vector<zpmr::allocator_stats> figures;
  for (const allocator_resource* allocator : allocators) {
    figures.push_back(allocator->stats());
  }
  return figures;
}

/// The ways in which a program takes memory of its malloc.
struct way {
  const char* name;
  void* (*take)(std::size_t bytes);
  void (*give_back)(void* block);
};

constexpr way ways[] = {
    {"malloc", [](std::size_t bytes) { return std::malloc(bytes); }, std::free},
    {"calloc", [](std::size_t bytes) { return std::calloc(1, bytes); }, std::free},
    {"realloc", [](std::size_t bytes) { return std::realloc(std::malloc(1), bytes); }, std::free},
    {"aligned_alloc",
     [](std::size_t bytes) { return std::aligned_alloc(64, bytes / 64 * 64 + 64); }, std::free},
    {"new", [](std::size_t bytes) { return ::operator new(bytes); },
     [](void* block) { ::operator delete(block); }},
    {"new[]", [](std::size_t bytes) { return ::operator new[](bytes); },
     [](void* block) { ::operator delete[](block); }},
    {"aligned new", [](std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); },
     [](void* block) { ::operator delete (block, std::align_val_t{64}); }},
};

/// Returns: whether the blocks of a way are the C library's, and only its.
bool is_the_c_librarys(const way& way) {
  const std::vector<allocator_resource*> others = private_allocators();
  std::vector<void*> blocks(block_count);
  const std::vector<zpmr::allocator_stats> others_before = figures_of(others);
  const std::size_t before = bytes_of_the_c_library();
  for (void*& block : blocks) {
    block = way.take(block_bytes);
  }
  const std::size_t during = bytes_of_the_c_library();
  for (void* block : blocks) {
    way.give_back(block);
  }
  return during >= before + block_count * block_bytes && figures_of(others) == others_before;
}

/// Returns: whether the blocks of an allocator are its own, and not the C library's.
bool keeps_to_itself(allocator_resource& allocator) {
  std::vector<void*> blocks(block_count);
  const auto allocated_before = allocator.stats().allocated;
  const std::size_t before = bytes_of_the_c_library();
  for (void*& block : blocks) {
    block = allocator.allocate(block_bytes);
  }
  const std::size_t during = bytes_of_the_c_library();
  const auto allocated_during = allocator.stats().allocated;
  for (void* block : blocks) {
    allocator.deallocate(block, block_bytes);
  }
  if (!allocated_before) return during == before;
  // Half: blocks in a thread's cache count as allocated before they are.
  return during == before && *allocated_during >= *allocated_before + block_count * block_bytes / 2;
}

bool all_keep_to_themselves() {
  bool good = true;
  for (allocator_resource* allocator : private_allocators()) {
    good = keeps_to_itself(*allocator) && good;
  }
  for (const way& way : ways) {
    good = is_the_c_librarys(way) && good;
  }
  return good;
}

/// Effects: takes and gives back memory in every way and of every allocator, in turns.
void use_all_at_once() {
  for (std::size_t bytes = 1; bytes < 3000; bytes += 3) {
    std::vector<void*> of_ways;
    for (const way& way : ways) {
      of_ways.push_back(way.take(bytes));
    }
    for (allocator_resource* allocator : zpmr::allocators()) {
      allocator->deallocate(allocator->allocate(bytes), bytes);
    }
    for (std::size_t i = 0; i < of_ways.size(); ++i) {
      ways[i].give_back(of_ways[i]);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_names_are_those_of_the_standard_libraries,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  use_all_at_once();
  for (const void* function : {address(std::malloc), address(std::calloc), address(std::realloc),
                               address(std::free), address(std::aligned_alloc), address(::memalign),
                               address(::valloc), reinterpret_cast<const void*>(&::posix_memalign),
                               reinterpret_cast<const void*>(&::malloc_usable_size)}) {
    BOOST_TEST(file_of(function).find("/libc.so") != std::string_view::npos, file_of(function));
  }
  for (const void* function :
       {address<std::size_t>(::operator new), address<std::size_t>(::operator new[]),
        address<std::size_t, std::align_val_t>(::operator new), address<void*>(::operator delete),
        address<void*>(::operator delete[]), address<void*, std::size_t>(::operator delete)}) {
    BOOST_TEST(file_of(function).find(cpp_library) != std::string_view::npos, file_of(function));
  }
}

BOOST_AUTO_TEST_CASE(what_malloc_and_new_give_is_the_c_librarys,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  use_all_at_once();
  for (const way& way : ways) {
    BOOST_TEST(is_the_c_librarys(way), way.name);
  }
}

BOOST_AUTO_TEST_CASE(what_an_allocator_gives_is_not_the_c_librarys,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  for (allocator_resource* allocator : private_allocators()) {
    BOOST_TEST(keeps_to_itself(*allocator), allocator->name());
  }
}

BOOST_AUTO_TEST_CASE(it_stays_so_after_threads,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  zpmr::test::run_together(8, [](unsigned) { use_all_at_once(); });
  BOOST_TEST(all_keep_to_themselves());
}

BOOST_AUTO_TEST_CASE(it_stays_so_in_the_child_of_a_fork,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  BOOST_TEST(zpmr::test::holds_in_child(all_keep_to_themselves));
}

// A sanitizer's own malloc may be left locked in the child.
BOOST_AUTO_TEST_CASE(a_fork_while_threads_are_busy_leaves_no_lock_held,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  std::atomic<bool> stop{false};
  std::vector<std::jthread> busy;
  for (int i = 0; i < 4; ++i) {
    busy.emplace_back([&] {
      while (!stop) {
        use_all_at_once();
      }
    });
  }
  bool good = true;
  for (int i = 0; i < 20; ++i) {
    good = zpmr::test::holds_in_child([] {
             use_all_at_once();
             return true;
           }) &&
           good;
  }
  stop = true;
  BOOST_TEST(good);
}

#else
BOOST_AUTO_TEST_CASE(an_allocator_owns_the_programs_malloc) {}
#endif
