// SPDX-License-Identifier: MIT
#pragma once

#include <execinfo.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>

namespace zpmr::test {

namespace detail {

/// A child that takes long says where it is, and goes on: a busy machine is no fault.
inline void tell_where_it_is(int) {
  void* frames[64];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), STDERR_FILENO);
}

template <class F>
[[noreturn]] void run_as_child(F& deed) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a child that hangs ends with the test
  std::signal(SIGALRM, tell_where_it_is);
  ::alarm(60);
  bool good = false;
  try {
    good = deed();
  } catch (...) {
    ::_exit(2);
  }
  ::_exit(good ? 0 : 1);
}

}  // namespace detail

/// Effects: runs `deed` in a child process, which ends with status 0 if that returns true, with 1
/// if false, and with 2 if it throws. Once the child runs, calls `meanwhile` here.
/// Returns: as `waitpid` gives it, how the child ended.
template <class F, class G>
int end_of_child(F deed, G meanwhile) {
  void* frame;
  ::backtrace(&frame, 1);  // the first loads a library, and so allocates: not in a signal handler
  std::fflush(nullptr);
  const pid_t child = ::fork();
  BOOST_REQUIRE_GE(child, 0);
  if (child == 0) detail::run_as_child(deed);

  meanwhile();
  int status = 0;
  BOOST_REQUIRE_EQUAL(::waitpid(child, &status, 0), child);
  return status;
}

/// Effects: runs `deed` in a child process.
/// Returns: whether it returned true; if not, how the child ended.
template <class F>
boost::test_tools::assertion_result holds_in_child(F deed) {
  const int status = end_of_child(deed, [] {});
  boost::test_tools::assertion_result result = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (WIFSIGNALED(status)) {
    result.message() << "the child was ended by signal " << WTERMSIG(status);
  } else {
    result.message() << (WEXITSTATUS(status) == 2 ? "the child threw" : "not so in the child");
  }
  return result;
}

}  // namespace zpmr::test
