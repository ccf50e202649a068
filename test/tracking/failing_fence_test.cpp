// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE failing_fence
#include <dlfcn.h>
#include <sys/syscall.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdarg>
#include <thread>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "platform/membarrier.hpp"

// A program may enter a sandbox that forbids `membarrier` after it has been used. Here the C
// library's `syscall` is this program's own, and says no when told to.

namespace {

std::atomic<bool> forbidden{false};
std::atomic<unsigned> fences{0};

using zpmr::hard_limit;
using zpmr::memory_tracker;

constexpr std::size_t limit = 1'000'000;

/// Does something on a thread of its own, so that it has its own lease, and its end gives none
/// back.
template <class F>
auto elsewhere(F deed) {
  decltype(deed()) result{};
  std::thread([&] { result = deed(); }).join();
  return result;
}

/// Charges and frees so much that a lease is left.
void get_a_lease(memory_tracker& tracker) {
  tracker.charge(1000);
  tracker.uncharge(999);
}

struct allowed_again {
  ~allowed_again() { forbidden = false; }
};

}  // namespace

extern "C" long syscall(long number, ...) noexcept {
  using function = long (*)(long, ...);
  // No guard: libc++'s guards call this function.
  static constinit std::atomic<function> known{nullptr};
  function real = known;
  if (real == nullptr) known = real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "syscall"));
  if (number == SYS_membarrier) {
    ++fences;
    if (forbidden) {
      errno = EPERM;
      return -1;
    }
  }
  std::va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& each : arguments) each = va_arg(list, long);
  va_end(list);
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

BOOST_AUTO_TEST_CASE(a_lease_is_taken_back_behind_a_fence) {
  if (!zpmr::detail::prepare_heavy_fence()) return;
  hard_limit cap{limit};
  memory_tracker tracker{"capped", &cap};
  get_a_lease(tracker);
  const unsigned before = fences;
  BOOST_TEST(elsewhere([&] { return tracker.try_charge(limit - 1); }));
  BOOST_TEST(fences == before + 1);
  tracker.uncharge(limit);
}

BOOST_AUTO_TEST_CASE(without_its_fence_a_lease_counts_as_used_and_the_cap_holds) {
  if (!zpmr::detail::prepare_heavy_fence()) return;
  hard_limit cap{limit};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  get_a_lease(leaf);
  const allowed_again at_the_end;
  forbidden = true;
  // The other thread may be using its lease at this moment: nobody could tell.
  BOOST_TEST(!elsewhere([&] { return leaf.try_charge(limit - 1); }));
  BOOST_TEST(leaf.bytes_in_use() == 1u);
  BOOST_TEST(leaf.try_charge(1));
  // What is not leased can be had.
  BOOST_TEST(elsewhere([&] { return root.try_charge(limit / 2); }));
  BOOST_TEST(root.bytes_in_use() == limit / 2 + 2);
  BOOST_TEST(!leaf.try_charge(limit / 2));
  forbidden = false;
  BOOST_TEST(elsewhere([&] { return root.try_charge(limit / 2 - 2); }));
  BOOST_TEST(root.bytes_in_use() == limit);
  BOOST_TEST(!leaf.try_charge(1));
  root.uncharge(limit - 2);
  leaf.uncharge(2);
  BOOST_TEST(root.bytes_in_use() == 0u);
}
