// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace zpmr::test {

/// Effects: runs `work(ready)` in a child, and kills that some time after it has called `ready()`.
/// Preconditions: `work` does not return.
template <class F>
void kill_in_the_middle(F work, useconds_t microseconds = 0) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE_GE(child, 0);
  if (child == 0) {
    work([&] {
      if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    });
    ::_exit(1);
  }
  ::close(ends[1]);
  char byte = 0;
  const ssize_t got = ::read(ends[0], &byte, 1);
  ::usleep(microseconds);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  BOOST_REQUIRE_EQUAL(got, 1);
}

}  // namespace zpmr::test
