// SPDX-License-Identifier: MIT
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory_resource>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "support/container_conformance.hpp"
#include "support/filled_block.hpp"
#include "support/threads.hpp"

/// \file
/// What every memory resource must do, whatever it is made of.
///
/// A file that includes this header declares `subjects` before: a `std::tuple` of the classes to
/// test. Each is default constructible and has
///   auto* resource();              the resource, as the class whose `allocate` is to be called
///   memory_resource* an_equal();   one that compares equal; may be the resource itself
///   memory_resource* unequal();    one that does not, though as like as can be
///   static constexpr bool survives_exhaustion;   whether it throws when there is no memory left

namespace zpmr::test {

inline constexpr std::size_t mebibyte = std::size_t{1} << 20;

inline bool is_plain_bad_alloc(const std::bad_alloc& error) {
  return typeid(error) == typeid(std::bad_alloc);
}

/// Filled blocks of a subject's resource.
template <class Subject>
using blocks_of =
    std::vector<filled_block<std::remove_pointer_t<decltype(std::declval<Subject&>().resource())>>>;

/// Effects: calls `visit` with every power of two up to `last`.
template <class F>
void for_each_alignment(std::size_t last, F&& visit) {
  for (std::size_t alignment = 1; alignment <= last; alignment *= 2) {
    visit(alignment);
  }
}

/// Effects: checks that a request is refused by a plain `std::bad_alloc`.
template <class Resource>
void check_refused(Resource* resource, std::size_t bytes, std::size_t alignment) {
  BOOST_TEST_CONTEXT("bytes " << bytes << " alignment " << alignment) {
    BOOST_CHECK_EXCEPTION((void)resource->allocate(bytes, alignment), std::bad_alloc,
                          is_plain_bad_alloc);
  }
}

}  // namespace zpmr::test

BOOST_AUTO_TEST_SUITE(resource_conformance)

BOOST_AUTO_TEST_CASE_TEMPLATE(zero_bytes_give_a_distinct_block, Subject, subjects) {
  Subject subject;
  auto* resource = subject.resource();
  zpmr::test::for_each_alignment(2 * zpmr::test::mebibyte, [&](std::size_t alignment) {
    void* one = resource->allocate(0, alignment);
    void* two = resource->allocate(0, alignment);
    BOOST_TEST(one != nullptr);
    BOOST_TEST(two != nullptr);
    BOOST_TEST(one != two);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(one) % alignment == 0U);
    resource->deallocate(one, 0, alignment);
    resource->deallocate(two, 0, alignment);
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_alignment_is_kept_for_every_kind_of_size, Subject, subjects) {
  Subject subject;
  zpmr::test::for_each_alignment(2 * zpmr::test::mebibyte, [&](std::size_t alignment) {
    zpmr::test::blocks_of<Subject> blocks;
    for (std::size_t bytes :
         {1U,  7U,   8U,    9U,    15U,   16U,   17U,    24U,    63U,    64U,
          65U, 100U, 1000U, 4095U, 4096U, 4097U, 14336U, 16385U, 40000U, 262145U}) {
      blocks.emplace_back(subject.resource(), bytes, alignment);
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_byte_of_every_size_can_be_used, Subject, subjects) {
  Subject subject;
  zpmr::test::blocks_of<Subject> blocks;
  for (std::size_t bytes = 1; bytes <= 2048; ++bytes) {
    blocks.emplace_back(subject.resource(), bytes, alignof(std::max_align_t));
    blocks.emplace_back(subject.resource(), bytes, 1);
  }
  for (std::size_t bytes = 4096; bytes <= 8 * zpmr::test::mebibyte; bytes *= 2) {
    for (std::size_t near : {bytes - 1, bytes, bytes + 1, bytes + bytes / 3}) {
      blocks.emplace_back(subject.resource(), near, alignof(std::max_align_t));
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(impossible_sizes_are_refused, Subject, subjects) {
  Subject subject;
  zpmr::test::for_each_alignment(2 * zpmr::test::mebibyte, [&](std::size_t alignment) {
    const std::size_t most = PTRDIFF_MAX;
    for (std::size_t bytes : {most, most + 1, most - alignment + 1, SIZE_MAX - alignment,
                              SIZE_MAX - alignment + 1, SIZE_MAX - 16, SIZE_MAX}) {
      zpmr::test::check_refused(subject.resource(), bytes, alignment);
    }
  });
  zpmr::test::check_refused(subject.resource(), 1, std::size_t{1} << 63);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(more_memory_than_there_is_is_refused, Subject, subjects) {
  if constexpr (Subject::survives_exhaustion) {
    Subject subject;
    const std::size_t most = PTRDIFF_MAX;
    for (std::size_t alignment : {1U, 8U, 16U, 64U, 8192U}) {
      for (std::size_t bytes : {most - alignment, most / 2, most / 8}) {
        zpmr::test::check_refused(subject.resource(), bytes, alignment);
      }
    }
    zpmr::test::check_refused(subject.resource(), 1, std::size_t{1} << 61);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(equality_is_symmetric_and_tells_resources_apart, Subject, subjects) {
  Subject subject;
  const std::pmr::memory_resource* mine = subject.resource();
  const std::pmr::memory_resource* an_equal = subject.an_equal();
  BOOST_TEST(mine->is_equal(*mine));
  BOOST_TEST(mine->is_equal(*an_equal));
  BOOST_TEST(an_equal->is_equal(*mine));
  for (const std::pmr::memory_resource* other :
       {static_cast<const std::pmr::memory_resource*>(subject.unequal()),
        static_cast<const std::pmr::memory_resource*>(std::pmr::null_memory_resource())}) {
    BOOST_TEST(!mine->is_equal(*other));
    BOOST_TEST(!other->is_equal(*mine));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_equal_resource_can_free_the_block, Subject, subjects) {
  Subject subject;
  for (std::size_t bytes : {1U, 100U, 5000U, 300000U}) {
    void* block = subject.resource()->allocate(bytes, 32);
    subject.an_equal()->deallocate(block, bytes, 32);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_block_can_be_freed_on_another_thread, Subject, subjects) {
  Subject subject;
  constexpr std::size_t rounds = 20;
  constexpr std::size_t count = 500;
  for (std::size_t round = 0; round < rounds; ++round) {
    zpmr::test::blocks_of<Subject> blocks;
    std::thread([&] {
      for (std::size_t i = 0; i < count; ++i) {
        blocks.emplace_back(subject.resource(), 1 + i * 7 % 3000, std::size_t{1} << (i % 8));
      }
    }).join();
    std::thread([&] { blocks.clear(); }).join();
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(threads_at_once_do_not_disturb_each_other, Subject, subjects) {
  Subject subject;
  const auto churn = [&](unsigned seed) {
    std::mt19937 random(seed);
    zpmr::test::blocks_of<Subject> blocks;
    for (int i = 0; i < 3000; ++i) {
      if (blocks.size() < 200 || random() % 2 == 0) {
        blocks.emplace_back(subject.resource(), random() % 2000, std::size_t{1} << random() % 8);
      } else {
        std::swap(blocks[random() % blocks.size()], blocks.back());
        blocks.pop_back();
      }
    }
  };
  zpmr::test::run_together(4, churn);
}

// More than a thread's own cache holds, so that memory goes from thread to thread. One plain write
// to each block is what the thread sanitizer needs to see that this is in order.
BOOST_AUTO_TEST_CASE_TEMPLATE(memory_that_one_thread_freed_serves_another, Subject, subjects) {
  Subject subject;
  constexpr std::size_t bytes = 8000;
  zpmr::test::run_together(4, [&](unsigned) {
    for (int round = 0; round < 30; ++round) {
      std::vector<void*> blocks;
      for (int i = 0; i < 1500; ++i) {
        blocks.push_back(subject.resource()->allocate(bytes));
        *static_cast<volatile int*>(blocks.back()) = i;
      }
      for (void* block : blocks) {
        subject.resource()->deallocate(block, bytes);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(random_operations_agree_with_a_model, Subject, subjects) {
  Subject subject;
  std::mt19937 random(20240229);
  zpmr::test::blocks_of<Subject> blocks;
  std::map<std::uintptr_t, std::size_t> model;  // where each block starts, and its size

  const auto random_size = [&] { return random() % (std::size_t{1} << random() % 17); };
  const auto allocate = [&] {
    const auto& block =
        blocks.emplace_back(subject.resource(), random_size(), std::size_t{1} << random() % 13);
    const auto [place, is_new] = model.emplace(block.address(), block.bytes());
    BOOST_TEST_REQUIRE(is_new);
    const auto next = std::next(place);
    if (next != model.end()) {
      BOOST_TEST_REQUIRE(block.address() + block.bytes() <= next->first);
    }
    if (place != model.begin()) {
      const auto previous = std::prev(place);
      BOOST_TEST_REQUIRE(previous->first + previous->second <= block.address());
    }
  };
  const auto free_one = [&] {
    std::swap(blocks[random() % blocks.size()], blocks.back());
    BOOST_TEST_REQUIRE(model.erase(blocks.back().address()) == 1U);
    blocks.pop_back();
  };

  for (int i = 0; i < 20000; ++i) {
    // The number of blocks swings, so that memory is given back and reused.
    const bool growing = i / 1000 % 2 == 0;
    if (blocks.empty() || random() % 10 < (growing ? 7U : 3U)) {
      allocate();
    } else {
      free_one();
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_container_works_on_it, Subject, subjects) {
  Subject subject;
  zpmr::test::check_containers(subject.resource());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(containers_work_on_a_monotonic_buffer_on_it, Subject, subjects) {
  Subject subject;
  std::pmr::monotonic_buffer_resource buffer(subject.resource());
  zpmr::test::check_containers(&buffer);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(containers_work_on_pools_on_it, Subject, subjects) {
  Subject subject;
  std::pmr::unsynchronized_pool_resource pool(subject.resource());
  zpmr::test::check_containers(&pool);
  std::pmr::synchronized_pool_resource shared_pool(subject.resource());
  zpmr::test::run_together(2, [&](unsigned) {
    std::pmr::vector<std::pmr::string> texts(&shared_pool);
    for (std::size_t i = 0; i < 1000; ++i) {
      texts.emplace_back(i % 300, 'x');
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()
