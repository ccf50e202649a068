// SPDX-License-Identifier: MIT
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>

namespace zpmr::test {

/// Effects: runs `deed` in a child process, which an alarm ends if it hangs.
/// Returns: whether the child's `deed` returned true.
template <class F>
bool holds_in_child(F deed) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  BOOST_REQUIRE_GE(child, 0);
  if (child == 0) {
    std::signal(SIGALRM, SIG_DFL);
    ::alarm(60);
    bool good = false;
    try {
      good = deed();
    } catch (...) {
    }
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  BOOST_REQUIRE_EQUAL(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace zpmr::test
