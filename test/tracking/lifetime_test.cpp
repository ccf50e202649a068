// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE lifetime
#include <pthread.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>

#include "support/child_process.hpp"

namespace {

using zpmr::limit_exceeded;
using zpmr::memory_tracker;

/// Whether a small tree does what it should, made here and now.
bool library_works() {
  zpmr::hard_limit cap{100};
  memory_tracker root{"root", &cap};
  memory_tracker leaf{"leaf", root};
  zpmr::counting_resource memory{zpmr::libc(), leaf};
  bool refused = false;
  {
    std::pmr::vector<char> text(50, 't', &memory);
    const zpmr::usage_scope usage{root};
    try {
      text.resize(200);
    } catch (const limit_exceeded&) {
      refused = true;
    }
    const zpmr::overdraft_scope scope;
    text.resize(200);
    refused = refused && usage.bytes() > 0;
  }
  bool listed = false;
  zpmr::for_each_tracker([&](const memory_tracker& each) { listed = listed || &each == &root; });
  return refused && listed && root.bytes_in_use() == 0 && root.peak_bytes() > 200;
}

/// Made before `main` and before the objects below; gone after them.
class static_user {
 public:
  static_user() : works_before_main(library_works()) { tracker.charge(10); }
  ~static_user() {
    tracker.uncharge(10);
    // No test can fail any more: the exit status tells.
    if (!library_works() || tracker.bytes_in_use() != 0) {
      std::fputs("the library does not work after main\n", stderr);
      std::_Exit(1);
    }
  }

  bool works_before_main;
  memory_tracker tracker{"of a static object"};
};

static_user first_static;
zpmr::counting_resource<> static_memory{zpmr::libc(), first_static.tracker};
std::pmr::vector<int> static_numbers({1, 2, 3}, &static_memory);

/// Uses a tracker in the destructor of a thread-local object.
struct thread_user {
  memory_tracker* tracker = nullptr;
  bool* worked = nullptr;
  ~thread_user() {
    if (tracker == nullptr) return;
    *worked = library_works();
    tracker->charge_block(64, 40);
    tracker->uncharge_block(64, 40);
    tracker->uncharge(10);  // what the thread has charged while it ran
  }
};

thread_local thread_user at_thread_exit;

}  // namespace

BOOST_AUTO_TEST_CASE(it_works_before_main) {
  BOOST_TEST(first_static.works_before_main);
  BOOST_TEST(first_static.tracker.bytes_in_use() ==
             10 + zpmr::libc()->usable_size(3 * sizeof(int), alignof(int)));
  BOOST_TEST(first_static.tracker.name() == "of a static object");
}

BOOST_AUTO_TEST_CASE(it_works_after_main_which_the_exit_status_of_this_program_tells) {
  BOOST_TEST(library_works());
}

BOOST_AUTO_TEST_CASE(it_works_in_the_destructors_of_thread_local_objects) {
  memory_tracker tracker{"of threads"};
  for (const bool library_first : {false, true}) {
    bool worked = false;
    std::jthread{[&] {
      if (library_first) tracker.charge(10);
      at_thread_exit.tracker = &tracker;
      at_thread_exit.worked = &worked;
      if (!library_first) tracker.charge(10);
    }}.join();
    BOOST_TEST(worked);
    BOOST_TEST(tracker.bytes_in_use() == 0u);
  }
  BOOST_TEST(tracker.snapshot().allocations == 2u);
  BOOST_TEST(tracker.snapshot().total_bytes == 148u);
}

BOOST_AUTO_TEST_CASE(it_works_after_the_last_thread_local_object_is_gone) {
  // The destructors of pthread keys run after those of thread-local objects, and in several rounds.
  struct late_user {
    pthread_key_t key{};
    memory_tracker* tracker = nullptr;
    unsigned rounds = 0;
    bool worked = true;

    static void run(void* user) {
      late_user& self = *static_cast<late_user*>(user);
      self.worked = self.worked && library_works();
      self.tracker->charge(1);
      if (++self.rounds < 3) pthread_setspecific(self.key, user);
    }
  };
  memory_tracker tracker{"late"};
  late_user late;
  late.tracker = &tracker;
  BOOST_REQUIRE(pthread_key_create(&late.key, &late_user::run) == 0);
  std::jthread{[&] {
    pthread_setspecific(late.key, &late);
    tracker.charge(1);
  }}.join();
  BOOST_TEST(late.worked);
  BOOST_TEST(late.rounds == 3u);
  BOOST_TEST(tracker.bytes_in_use() == 4u);
  tracker.uncharge(4);
  pthread_key_delete(late.key);
}

BOOST_AUTO_TEST_CASE(memory_of_a_thread_that_has_ended_may_be_freed_elsewhere) {
  zpmr::counting_resource memory{zpmr::libc(), "handed over"};
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) {
    std::jthread{[&] { blocks.push_back(memory.allocate(64)); }}.join();
  }
  BOOST_TEST(memory.snapshot().blocks_in_use() == 100u);
  std::jthread{[&] {
    for (void* const block : blocks) memory.deallocate(block, 64);
  }}.join();
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_process_may_exit_while_threads_charge) {
  // Static destructors run beside the threads: nothing of the library may go away under them.
  const bool ended = zpmr::test::holds_in_child([] {
    static memory_tracker& never_destroyed = *new memory_tracker{"of a detached thread"};
    for (int i = 0; i < 2; ++i) {
      std::thread{[] {
        for (;;) {
          never_destroyed.charge(1);
          never_destroyed.uncharge(1);
        }
      }}.detach();
    }
    for (int i = 0; i < 1000; ++i) never_destroyed.charge(0);
    std::exit(0);
    return false;
  });
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(thousands_of_trackers_may_be_made_and_destroyed) {
  memory_tracker root{"root"};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::optional<memory_tracker>> many(3000);
    for (auto& each : many) each.emplace("one of many", root).charge(1);
    BOOST_TEST(root.bytes_in_use() == many.size());
    for (const std::size_t first : {0, 1}) {  // every other one, then the rest
      for (std::size_t i = first; i < many.size(); i += 2) {
        many[i]->uncharge(1);
        many[i].reset();
      }
    }
    BOOST_TEST(root.bytes_in_use() == 0u);
  }
  unsigned left = 0;
  root.for_each_child([&](const memory_tracker&) { ++left; });
  BOOST_TEST(left == 0u);
  BOOST_TEST(root.snapshot().total_bytes == 9000u);
}
