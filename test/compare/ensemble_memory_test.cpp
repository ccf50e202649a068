// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE ensemble_memory

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "ensemble.hpp"
#include "subject.hpp"

using namespace zpmr::compare;

namespace {

std::atomic<std::size_t> bytes_of_new{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  bytes_of_new += bytes;
  if (void* const block = std::malloc(bytes)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

// What the replay takes for a thread would pass for memory of the allocator, in whose heap it lies.
BOOST_AUTO_TEST_CASE(a_thread_takes_little_memory_of_the_replay) {
  constexpr std::uint32_t threads = 100;
  const auto on = make_subject("new_delete", 100);
  block_places places(threads, threads);
  std::vector<step> steps;
  std::vector<batch_part> parts;
  for (std::uint32_t i = 0; i < threads; ++i) {
    steps.push_back({100, i, action::allocate, 4});
    steps.push_back({100, i, action::free, 4});
    parts.push_back({i, 2, after_batch::thread_ends});
  }
  ensemble replay(*on, places, measure::processor_time);
  const std::size_t before = bytes_of_new;
  (void)replay.play(parts, steps);
  BOOST_TEST(bytes_of_new - before < threads * 1000);
}
