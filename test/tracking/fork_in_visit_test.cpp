// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE fork_in_visit
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <latch>
#include <thread>
#include <zpmr/memory_tracker.hpp>

#include "support/child_process.hpp"

// To visit trackers keeps others from being made, and the threads that visit are not in the child.

namespace {

using zpmr::memory_tracker;
using zpmr::test::holds_in_child;

unsigned count_trackers() {
  unsigned count = 0;
  zpmr::for_each_tracker([&](const memory_tracker&) { ++count; });
  return count;
}

bool makes_a_tracker() {
  const unsigned before = count_trackers();
  const memory_tracker made{"made in the child process"};
  return count_trackers() == before + 1;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_visit_of_another_thread_does_not_keep_the_child_from_making_trackers) {
  const memory_tracker tracker{"visited"};
  std::latch inside{1};
  std::latch done{1};
  std::thread visiting([&] {
    zpmr::for_each_tracker([&](const memory_tracker&) {
      inside.count_down();
      done.wait();
    });
  });
  inside.wait();
  BOOST_TEST(holds_in_child(makes_a_tracker));
  done.count_down();
  visiting.join();
}

BOOST_AUTO_TEST_CASE(a_visit_in_which_was_forked_ends_in_the_child_as_well) {
  const memory_tracker tracker{"visited"};
  BOOST_TEST(holds_in_child([] {
    pid_t child = -1;
    zpmr::for_each_tracker([&](const memory_tracker&) { child = ::fork(); });
    if (child == 0) {
      std::signal(SIGALRM, SIG_DFL);
      ::alarm(60);
    }
    const bool good = makes_a_tracker();
    if (child == 0) ::_exit(good ? 0 : 1);
    int status = 1;
    return ::waitpid(child, &status, 0) == child && status == 0 && good;
  }));
}
