// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE teardown
#include <pthread.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <latch>
#include <memory>
#include <memory_resource>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/child_process.hpp"
#include "support/sanitizer.hpp"

// The ends of threads and processes, in more of their orders than lifetime_test has. Where a
// process has ended no test can fail any more: its exit status tells.

namespace {

using zpmr::counting_resource;
using zpmr::memory_tracker;
using zpmr::test::holds_in_child;

void expect_at_exit(bool good) {
  if (!good) std::_Exit(1);
}

/// Whether a tracker under `parent` does what it should, made here and now.
bool works_below(memory_tracker& parent) {
  const std::size_t before = parent.bytes_in_use();
  zpmr::hard_limit cap{100'000};
  memory_tracker child{"passing", parent, &cap};
  counting_resource memory{zpmr::default_allocator(), child};
  void* const block = memory.allocate(1000);
  const bool counted = parent.bytes_in_use() == before + child.bytes_in_use();
  const bool refused = !child.try_charge(100'000);
  memory.deallocate(block, 1000);
  return counted && refused && child.bytes_in_use() == 0 && parent.bytes_in_use() == before;
}

/// Made before every other static object of the program, those of the library included, and gone
/// after them.
class earliest_user {
 public:
  earliest_user() : memory_(zpmr::default_allocator(), tracker) {
    block_ = memory_.allocate(500);
    worked = works_below(tracker);
  }
  ~earliest_user() {
    expect_at_exit(works_below(tracker));
    memory_.deallocate(block_, 500);
    expect_at_exit(tracker.bytes_in_use() == 0);
  }

  bool worked = false;
  memory_tracker tracker{"earliest"};

 private:
  counting_resource<> memory_;
  void* block_;
};

[[gnu::init_priority(101)]] earliest_user earliest;

/// Does something in the destructor of a thread-local object.
struct at_thread_end {
  void (*deed)(memory_tracker&) = nullptr;
  memory_tracker* tracker = nullptr;
  ~at_thread_end() {
    if (deed != nullptr) deed(*tracker);
  }
};
thread_local at_thread_end last_deed;

std::atomic<bool> deed_was_right{false};

/// Not destroyed: what runs at exit may need it.
memory_tracker& lasting_tracker() {
  static memory_tracker& tracker = *new memory_tracker{"lasting"};
  return tracker;
}

void work_at_exit() {
  expect_at_exit(works_below(lasting_tracker()));
  lasting_tracker().uncharge(10);
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_works_before_the_first_static_object_and_after_the_last) {
  BOOST_TEST(earliest.worked);
  BOOST_TEST(works_below(earliest.tracker));
}

BOOST_AUTO_TEST_CASE(handlers_at_exit_may_charge_whether_registered_before_the_first_use_or_after) {
  BOOST_TEST(holds_in_child([] {
    std::atexit([] { expect_at_exit(lasting_tracker().bytes_in_use() == 0); });
    std::atexit(work_at_exit);
    lasting_tracker().charge(20);
    std::atexit(work_at_exit);
    std::exit(0);
    return false;
  }));
}

BOOST_AUTO_TEST_CASE(handlers_at_a_quick_exit_may_charge) {
  BOOST_TEST(holds_in_child([] {
    std::at_quick_exit(work_at_exit);
    lasting_tracker().charge(10);
    std::quick_exit(0);
    return false;
  }));
}

BOOST_AUTO_TEST_CASE(a_fork_in_a_handler_at_exit_is_fine) {
  BOOST_TEST(holds_in_child([] {
    lasting_tracker().charge(10);
    std::atexit([] {
      expect_at_exit(bool(holds_in_child([] {
        return lasting_tracker().bytes_in_use() == 10 && works_below(lasting_tracker());
      })));
    });
    std::exit(0);
    return false;
  }));
}

BOOST_AUTO_TEST_CASE(trackers_and_containers_may_be_thread_local) {
  memory_tracker root{"of all threads"};
  constexpr unsigned threads = 20;
  for (unsigned i = 0; i < threads; ++i) {
    std::jthread([&] {
      thread_local memory_tracker own{"of a thread", root};
      thread_local counting_resource memory{zpmr::default_allocator(), own};
      thread_local std::pmr::vector<int> numbers(100, 7, &memory);
      numbers.push_back(7);
    }).join();
  }
  BOOST_TEST(root.bytes_in_use() == 0u);
  BOOST_TEST(root.snapshot().allocations == 2 * threads);
  BOOST_TEST(root.snapshot().deallocations == 2 * threads);
  unsigned left = 0;
  root.for_each_child([&](const memory_tracker&) { ++left; });
  BOOST_TEST(left == 0u);
}

BOOST_AUTO_TEST_CASE(a_fork_in_the_destructor_of_a_thread_local_object_is_fine) {
  memory_tracker tracker{"forking"};
  for (const bool library_first : {false, true}) {
    deed_was_right = false;
    std::jthread([&] {
      if (library_first) tracker.charge(10);
      last_deed.tracker = &tracker;
      last_deed.deed = [](memory_tracker& of) {
        deed_was_right = bool(holds_in_child([&] {
          const bool good = of.bytes_in_use() == 10 && works_below(of);
          of.uncharge(10);
          return good && of.bytes_in_use() == 0;
        }));
        of.uncharge(10);
      };
      if (!library_first) tracker.charge(10);
    }).join();
    BOOST_TEST(deed_was_right);
    BOOST_TEST(tracker.bytes_in_use() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(an_overdraft_scope_may_last_until_its_thread_ends) {
  zpmr::hard_limit cap{0};
  memory_tracker tracker{"nothing", &cap};
  bool granted = false;
  std::jthread([&] {
    thread_local zpmr::overdraft_scope scope;
    granted = tracker.try_charge(1);
  }).join();
  bool refused = false;
  std::jthread([&] { refused = !tracker.try_charge(1); }).join();  // perhaps in the same storage
  BOOST_TEST(granted);
  BOOST_TEST(refused);
  tracker.uncharge(1);
}

BOOST_AUTO_TEST_CASE(a_thread_that_is_cancelled_while_it_waits_leaves_nothing_behind) {
  if (zpmr::test::address_sanitizer) return;  // it does not bear how a cancelled thread unwinds
#if defined(_LIBCPP_VERSION)
  return;  // glibc unwinds by libgcc_s, and libc++abi by a libunwind that crashes on it
#endif
  zpmr::waiting_limit cap{100, std::chrono::hours{1}};
  memory_tracker tracker{"waited for", &cap};
  tracker.charge(100);
  std::latch about_to_wait{1};
  std::thread waiting([&] {
    about_to_wait.count_down();
    tracker.charge(1);
  });
  about_to_wait.wait();
  BOOST_REQUIRE(::pthread_cancel(waiting.native_handle()) == 0);
  waiting.join();
  BOOST_TEST(tracker.bytes_in_use() == 100u);
  BOOST_TEST(tracker.snapshot().total_bytes == 100u);
  tracker.uncharge(100);
  BOOST_TEST(tracker.try_charge(100));  // nothing is locked, and nobody is counted as waiting
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(a_child_of_a_busy_process_may_exit_the_long_way) {
  // All static objects are destroyed in the child, while the threads that used them are not there.
  if (zpmr::test::malloc_is_replaced) return;  // another thread may hold the lock of that malloc
  std::atomic<bool> done{false};
  std::latch started{3};
  std::array<std::thread, 3> threads;
  for (std::thread& each : threads) {
    each = std::thread([&] {
      earliest.tracker.charge(1);
      started.count_down();
      while (!done) {
        counting_resource memory{zpmr::default_allocator(), earliest.tracker};
        memory.deallocate(memory.allocate(100), 100);
        std::this_thread::yield();
      }
      earliest.tracker.uncharge(1);
    });
  }
  started.wait();
  for (int i = 0; i < 10; ++i) {
    BOOST_TEST(holds_in_child([] {
      // What the others held, or were about to: at most one block and one byte each.
      const std::size_t left = earliest.tracker.bytes_in_use();
      memory_tracker& tracker = earliest.tracker;
      const std::size_t own = zpmr::default_allocator()->usable_size(500, 16);
      if (left < own) return false;
      tracker.uncharge(left - own);
      std::exit(0);
    }));
  }
  done = true;
  for (std::thread& each : threads) each.join();
}
