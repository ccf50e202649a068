// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE mimalloc_resource

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_MIMALLOC

#include <dlfcn.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include <zpmr/default_allocator.hpp>
#include <zpmr/mimalloc_resource.hpp>

#include "support/allocator_checks.hpp"
#include "support/death.hpp"
#include "support/file_tree.hpp"
#include "support/sanitizer.hpp"

namespace {

using zpmr::mimalloc;

/// Returns: a function of the library that the resource has opened.
template <class F>
F* function_of_library(const char* name) {
  (void)mimalloc()->version();
  void* const library = ::dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_NOLOAD);
  return reinterpret_cast<F*>(::dlsym(library, name));
}

std::size_t size_of_block(const void* block) {
  static auto* const ask = function_of_library<std::size_t(const void*)>("mi_usable_size");
  return ask(block);
}

bool is_of_mimalloc(const void* block) {
  static auto* const ask = function_of_library<bool(const void*)>("mi_is_in_heap_region");
  return ask(block);
}

std::string file_of(const void* function) {
  Dl_info info{};
  return ::dladdr(function, &info) != 0 ? info.dli_fname : "";
}

boost::test_tools::assertion_result malloc_is_not_replaced(boost::unit_test::test_unit_id) {
  return !zpmr::test::malloc_is_replaced;
}

}  // namespace

BOOST_AUTO_TEST_CASE(threads_that_use_it_first_at_once_agree) {
  zpmr::test::check_concurrent_first_look_ups(*mimalloc());
}

BOOST_AUTO_TEST_CASE(its_blocks_are_the_librarys_and_malloc_stays_the_programs,
                     *boost::unit_test::precondition(malloc_is_not_replaced)) {
  for (std::size_t bytes : {1U, 1000U, 100'000U, 10'000'000U}) {
    void* const block = mimalloc()->allocate(bytes);
    void* const other = std::malloc(bytes);
    BOOST_TEST(is_of_mimalloc(block));
    BOOST_TEST(!is_of_mimalloc(other));
    std::free(other);
    mimalloc()->deallocate(block, bytes);
  }
  auto* const theirs = function_of_library<void*(std::size_t)>("mi_malloc");
  BOOST_TEST(file_of(reinterpret_cast<const void*>(theirs)).find("/libmimalloc.so") !=
             std::string::npos);
  BOOST_TEST(file_of(reinterpret_cast<const void*>(&std::malloc)).find("/libc.so") !=
             std::string::npos);
  BOOST_TEST(::dlsym(RTLD_DEFAULT, "mi_malloc") == nullptr);
}

BOOST_AUTO_TEST_CASE(usable_size_is_what_mimalloc_sets_aside) {
  for (std::size_t alignment : {1U, 8U, 16U}) {
    for (std::size_t bytes = 0; bytes <= 140'000; bytes += bytes < 20'000 ? 1 : 61) {
      zpmr::test::check_usable_size(*mimalloc(), size_of_block, bytes, alignment);
    }
    for (std::size_t bytes = 140'000; bytes <= 100'000'000; bytes += bytes / 50) {
      zpmr::test::check_usable_size(*mimalloc(), size_of_block, bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(usable_size_at_large_alignments_is_the_most_it_sets_aside) {
  for (std::size_t alignment = 32; alignment <= 8 * zpmr::test::mebibyte; alignment *= 2) {
    for (std::size_t bytes = 0; bytes <= 40'000'000; bytes += bytes / 9 + 1) {
      const std::size_t told = mimalloc()->usable_size(bytes, alignment);
      void* const block = mimalloc()->allocate(bytes, alignment);
      const std::size_t found = size_of_block(block);
      mimalloc()->deallocate(block, bytes, alignment);
      if (found > told || told < bytes) {
        BOOST_ERROR("bytes " << bytes << " alignment " << alignment << ": usable_size says " << told
                             << ", but the block has " << found);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(sizes_that_are_multiples_of_the_alignment_are_aligned_too) {
  for (std::size_t alignment = 32; alignment <= 65536; alignment *= 2) {
    for (std::size_t bytes = alignment; bytes <= 4 * alignment; bytes += alignment) {
      std::vector<void*> blocks(50);
      for (void*& block : blocks) {
        block = mimalloc()->allocate(bytes, alignment);
        if (reinterpret_cast<std::uintptr_t>(block) % alignment != 0) {
          BOOST_ERROR(bytes << " bytes are not aligned to " << alignment);
        }
      }
      for (void* block : blocks) mimalloc()->deallocate(block, bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_size_that_cannot_exist_has_no_usable_size) {
  zpmr::test::check_impossible_sizes(*mimalloc());
  BOOST_TEST(mimalloc()->usable_size(PTRDIFF_MAX - 16, 1) == 0U);  // rounded up, it is beyond
}

BOOST_AUTO_TEST_CASE(it_says_its_name_and_version) {
  zpmr::test::check_name_and_version(*mimalloc(), "mimalloc", 2);
}

BOOST_AUTO_TEST_CASE(it_tells_what_is_mapped_and_leaves_the_rest_empty) {
  zpmr::allocator_stats expected;
  expected.mapped = mimalloc()->stats().mapped;
  BOOST_TEST(expected.mapped.has_value());
  BOOST_TEST((mimalloc()->stats() == expected));
}

BOOST_AUTO_TEST_CASE(what_is_mapped_follows_the_blocks_and_a_release) {
  mimalloc()->release_free_memory();
  const std::size_t before = *mimalloc()->stats().mapped;
  std::size_t during = 0;
  {
    const zpmr::test::touched_blocks blocks(*mimalloc(), 20, 10 * zpmr::test::mebibyte);
    during = *mimalloc()->stats().mapped;
  }
  BOOST_TEST(during >= before + 180 * zpmr::test::mebibyte);
  (void)mimalloc()->release_free_memory();
  BOOST_TEST(*mimalloc()->stats().mapped <= during - 180 * zpmr::test::mebibyte);
}

BOOST_AUTO_TEST_CASE(release_tells_whether_anything_was_given_back) {
  zpmr::test::check_release(*mimalloc());
  BOOST_TEST(!mimalloc()->release_free_memory());
}

#if ZPMR_CHECKED
BOOST_AUTO_TEST_CASE(an_alignment_that_is_no_power_of_two_stops_a_checked_build) {
  zpmr::test::check_alignment_is_checked(*mimalloc());
}
#endif

// Run by the case after it, in a process that finds another file by the name of the library.
BOOST_AUTO_TEST_CASE(in_a_process_without_it, *boost::unit_test::disabled()) {
  BOOST_TEST(zpmr::default_allocator()->name() == ZPMR_DEFAULT_MALLOC_NAME);
  for (std::size_t alignment : {8U, 64U}) {
    BOOST_CHECK_THROW((void)mimalloc()->allocate(100, alignment), std::bad_alloc);
    BOOST_TEST(mimalloc()->usable_size(100, alignment) == 0U);
  }
  BOOST_TEST((mimalloc()->stats() == zpmr::allocator_stats{}));
  BOOST_TEST(!mimalloc()->release_free_memory());
  BOOST_TEST(mimalloc()->version() == "mimalloc");
}

BOOST_AUTO_TEST_CASE(where_the_library_is_missing_it_says_so_once_and_all_else_works) {
  const zpmr::test::file_tree directory{{"libmimalloc.so.2", ""}};
  const std::string path = "LD_LIBRARY_PATH=" + directory.root();
  const zpmr::test::child_result child = zpmr::test::run_in_child([&] {
    char* const environment[] = {const_cast<char*>(path.c_str()),
                                 const_cast<char*>("ZPMR_MALLOC=mimalloc"), nullptr};
    ::execle("/proc/self/exe", "test", "--run_test=in_a_process_without_it", "--log_sink=stdout",
             static_cast<char*>(nullptr), environment);
  });
  BOOST_TEST(child.status == 0);
  BOOST_TEST_INFO(child.message);
  BOOST_TEST(child.message.find("zpmr: mimalloc cannot be used: ") == 0U);
  BOOST_TEST(child.message.find(directory.root() + "/libmimalloc.so.2") != std::string::npos);
  BOOST_TEST(child.message.find("Install libmimalloc2.0") != std::string::npos);
  BOOST_TEST(child.message.find("zpmr: ZPMR_MALLOC=mimalloc has no library here: using ") !=
             std::string::npos);
}

#else
BOOST_AUTO_TEST_CASE(mimalloc_is_not_built_in) {}
#endif
