// SPDX-License-Identifier: MIT
#include "replay_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "channel.hpp"
#include "huge_pages.hpp"
#include "replay_worker.hpp"
#include "trace_profile.hpp"

namespace zpmr::compare {
namespace {

constexpr const char* words_for_latencies = "latencies";
constexpr const char* words_for_time = "time";

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

struct pipe_ends {
  int read;
  int write;
};

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  check(::pipe2(ends.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe2");
  return {ends[0], ends[1]};
}

// Variables that an allocator would take settings from, or that would put another one in its place.
// Allocators have MALLOC in the names of theirs.
constexpr std::array<std::string_view, 4> settings_beside_malloc{"GLIBC_TUNABLES", "HEAPCHECK",
                                                                 "HEAPPROFILE", "LD_PRELOAD"};

bool is_setting(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return name.find("MALLOC") != name.npos ||
         std::ranges::find(settings_beside_malloc, name) != settings_beside_malloc.end();
}

/// Returns: `settings`, and this process's environment without settings of allocators: what a user
/// has set for other programs must not pass for what an allocator does by itself.
std::vector<char*> environment_with(const std::vector<std::string>& settings) {
  std::vector<char*> all;
  for (const std::string& each : settings) all.push_back(const_cast<char*>(each.c_str()));
  for (char** each = environ; *each != nullptr; ++each) {
    if (!is_setting(*each)) all.push_back(*each);
  }
  all.push_back(nullptr);
  return all;
}

/// Returns: the process, with `in` and `out` as its standard input and output.
pid_t start(const std::vector<std::string>& arguments, const std::vector<std::string>& variables,
            int in, int out) {
  std::vector<char*> words;
  for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t files;
  check(::posix_spawn_file_actions_init(&files), "posix_spawn");
  ::posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  check(::posix_spawnattr_init(&attributes), "posix_spawn");
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

  pid_t process = -1;
  const no_huge_pages at_start;
  const int error = ::posix_spawn(&process, "/proc/self/exe", &files, &attributes, words.data(),
                                  environment_with(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  check(error, "starting a process of this program");
  return process;
}

bool has_ended_with(int exit_status, int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == exit_status;
}

std::string how_it_ended(const candidate& on, int status) {
  std::string text = "the replay on " + on.label;
  if (has_ended_with(ensemble::out_of_memory_status, status)) return text + " ran out of memory";
  text += WIFSIGNALED(status) ? " was ended by signal " + std::to_string(WTERMSIG(status))
                              : " ended with status " + std::to_string(WEXITSTATUS(status));
  if (!on.environment.empty()) text += ": see above whether it takes these settings";
  return text;
}

}  // namespace

replay_process::replay_process(const candidate& on, measure what) : on_(on) {
  const pipe_ends there = make_pipe();
  const pipe_ends back = make_pipe();
  const std::vector<std::string> arguments{
      "zpmr-compare", std::string(worker_argument), on.subject,
      what == measure::latencies ? words_for_latencies : words_for_time};
  try {
    process_ = start(arguments, on.environment, there.read, back.write);
  } catch (...) {
    for (const int each : {there.read, there.write, back.read, back.write}) ::close(each);
    throw;
  }
  ::close(there.read);
  ::close(back.write);
  to_ = there.write;
  from_ = back.read;
}

replay_process::~replay_process() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    wait();
  }
  ::close(to_);
  ::close(from_);
}

void replay_process::wait() {
  while (::waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

template <class F>
auto replay_process::talk(F with_it) {
  try {
    return with_it();
  } catch (const channel_closed&) {
    wait();
    if (has_ended_with(ensemble::out_of_threads_status, status_)) {
      throw bad_input(
          "more threads run at a time than the system lets a process start. Raise its "
          "limit (ulimit -u, or pids of the container), or record fewer threads.");
    }
    throw replay_failed(how_it_ended(on_, status_));
  }
}

reading replay_process::begin(const replay_shape& shape) {
  return talk([&] {
    send(to_, shape);
    return receive<reading>(from_);
  });
}

reading replay_process::play(const batch& next) {
  return talk([&] {
    send(to_, next.header);
    send(to_, std::span<const batch_part>(next.parts));
    send(to_, std::span<const step>(next.steps));
    return receive<reading>(from_);
  });
}

last_word replay_process::finish(std::uint64_t blocks_in_use) {
  return talk([&] {
    send(to_, batch_header{});
    send(to_, blocks_in_use);
    const auto last = receive<last_word>(from_);
    wait();
    return last;
  });
}

int be_worker(int count, char** arguments) {
  try {
    if (count != 4) throw std::invalid_argument("this is not for users; see --help");
    const bool latencies = std::strcmp(arguments[3], words_for_latencies) == 0;
    replay(arguments[2], latencies ? measure::latencies : measure::processor_time, STDIN_FILENO,
           STDOUT_FILENO);
    return EXIT_SUCCESS;
  } catch (const channel_closed&) {
    return EXIT_FAILURE;  // nobody wants to know any more
  } catch (const std::bad_alloc&) {
    return ensemble::out_of_memory_status;
  } catch (const std::exception& error) {
    std::cerr << "zpmr-compare: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace zpmr::compare
