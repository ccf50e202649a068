// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

#include "support/child_process.hpp"

namespace zpmr::test {

struct child_result {
  int status;           ///< as `waitpid` gives it
  std::string message;  ///< what the child wrote to stderr
};

/// Effects: runs `deed` in a child process, which ends with status 0 afterwards, and with 2 if
/// `deed` throws.
template <class F>
child_result run_in_child(F deed) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
  child_result result{};
  const auto in_child = [&] {
    constexpr rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGABRT, SIG_DFL);  // Boost.Test's handler would carry on with the tests
    ::dup2(ends[1], STDERR_FILENO);
    deed();
    return true;
  };
  const auto listen = [&] {
    ::close(ends[1]);
    char part[512];
    for (ssize_t length; (length = ::read(ends[0], part, sizeof part)) > 0;) {
      result.message.append(part, static_cast<std::size_t>(length));
    }
    ::close(ends[0]);
  };
  result.status = end_of_child(in_child, listen);
  return result;
}

/// Effects: runs `deed` in a child process; the test fails unless the child aborts.
/// Returns: what the child wrote to stderr.
template <class F>
std::string message_of_abort(F deed) {
  child_result result = run_in_child(deed);
  BOOST_CHECK_MESSAGE(
      WIFSIGNALED(result.status) && WTERMSIG(result.status) == SIGABRT,
      "expected an abort, got status " << result.status << " and: " << result.message);
  return result.message;
}

}  // namespace zpmr::test
