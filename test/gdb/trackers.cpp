// SPDX-License-Identifier: MIT
//
// A program to be looked at by gdb, which first says itself what gdb should find.

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/literals.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

using namespace zpmr::literals;

extern "C" [[gnu::noinline]] void stop_here();
void stop_here() {
  asm volatile("");  // or the call is no more
}

namespace {

void say(const zpmr::memory_tracker& tracker) {
  std::cout << "tracker \"" << tracker.name() << "\": " << tracker.snapshot() << '\n';
  tracker.for_each_child(say);
}

/// Effects: charges on that many threads, all there at once, and leaves `left` bytes of each.
void charge_on_threads(zpmr::memory_tracker& tracker, unsigned threads, std::size_t left) {
  std::vector<std::jthread> all;
  for (unsigned i = 0; i < threads; ++i) {
    all.emplace_back([&tracker, i, left] {
      tracker.charge(1000 * i + left);
      tracker.uncharge(1000 * i);
    });
  }
}

}  // namespace

int main() {
  zpmr::hard_limit cap{1_MiB};
  zpmr::memory_tracker root{"root", &cap};
  zpmr::memory_tracker crowd{"crowd", root};
  zpmr::memory_tracker leaf{"leaf \"of\" it", crowd};
  zpmr::memory_tracker idle{"idle", root};
  charge_on_threads(crowd, 30, 7);
  charge_on_threads(leaf, 3, 100);
  leaf.charge(5000);
  std::thread([&] { leaf.uncharge(4000); }).join();  // by another than charged it
  zpmr::memory_tracker(std::string(100, 'x'), crowd).charge(0);
  {
    zpmr::memory_tracker gone{"gone", crowd};
    gone.charge(12345);
    gone.uncharge(12345);
  }
  (void)leaf.try_charge(2_MiB);

  zpmr::counting_resource typed{zpmr::libc(), "typed"};
  zpmr::counting_resource<> memory{zpmr::libc(), leaf};
  const std::pmr::vector<std::pmr::string> texts(100, "a text too long for the string itself",
                                                 &memory);
  const std::pmr::vector<int> numbers(1000, &typed);
  const zpmr::memory_tracker& by_reference = typed.tracker();

  say(root);
  say(by_reference);
  std::cout << std::flush;
  stop_here();
  crowd.uncharge(30 * 7);
  leaf.uncharge(3 * 100 + 1000);
}
