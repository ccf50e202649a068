// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE engine_fast_path
#include <zpmr/config.hpp>

#include "support/sanitizer.hpp"

#if defined(__linux__) && defined(__x86_64__) && ZPMR_WITH_JEMALLOC

#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/jemalloc_resource.hpp>
#include <zpmr/policies.hpp>

// Runs a child instruction by instruction, and looks at what is executed between two breakpoints of
// its own, but for what jemalloc does between call and return.

namespace {

using counting_jemalloc = zpmr::counting_resource<zpmr::jemalloc_resource>;

/// What one allocation and one deallocation execute.
struct pair_trace {
  unsigned instructions = 0;
  unsigned locked = 0;  ///< with a lock prefix, or an exchange with memory
  unsigned calls = 0;   ///< of anything but jemalloc's two functions, and system calls

  bool is_clean() const { return locked == 0 && calls == 0; }
};

constexpr unsigned pairs = 50;
constexpr std::uint8_t breakpoint = 0xcc;

/// The bytes of an instruction, as far as they matter here.
class instruction {
 public:
  explicit instruction(const std::array<std::uint8_t, 16>& bytes) : at_(bytes.data()) {
    for (;; ++at_) {
      if (*at_ == 0xf0) lock_ = true;
      if (!is_prefix(*at_)) break;
    }
    if ((*at_ & 0xf0) == 0x40) ++at_;  // REX
  }

  bool is_breakpoint() const { return *at_ == breakpoint; }
  bool is_locked() const { return lock_ || ((*at_ & 0xfe) == 0x86 && is_memory()); }
  bool is_call() const { return *at_ == 0xe8 || (*at_ == 0xff && (at_[1] >> 3 & 7) == 2); }
  bool is_system_call() const { return *at_ == 0x0f && at_[1] == 0x05; }

 private:
  static bool is_prefix(std::uint8_t byte) {
    constexpr std::array<std::uint8_t, 11> prefixes{0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e,
                                                    0x26, 0x64, 0x65, 0x66, 0x67};
    return std::find(prefixes.begin(), prefixes.end(), byte) != prefixes.end();
  }
  bool is_memory() const { return at_[1] >> 6 != 3; }

  const std::uint8_t* at_;
  bool lock_ = false;
};

/// A child that is stopped, and goes on as it is told.
class traced_child {
 public:
  template <class F>
  explicit traced_child(F deed) : pid_(::fork()) {
    BOOST_REQUIRE_GE(pid_, 0);
    if (pid_ == 0) {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
      ::raise(SIGSTOP);
      deed();
      ::_exit(0);
    }
    wait();
  }
  ~traced_child() {
    if (!stopped_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  traced_child(const traced_child&) = delete;
  traced_child& operator=(const traced_child&) = delete;

  /// Whether there is a child that can be traced: a sandbox may forbid it.
  bool stopped() const { return stopped_; }

  void run_to_breakpoint() {
    ::ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
    wait();
  }
  void step() {
    ::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr);
    wait();
  }
  user_regs_struct registers() const {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
    return registers;
  }
  std::uint64_t word(std::uint64_t address) const {
    return static_cast<std::uint64_t>(
        ::ptrace(PTRACE_PEEKDATA, pid_, reinterpret_cast<void*>(address), nullptr));
  }
  std::array<std::uint8_t, 16> bytes(std::uint64_t address) const {
    const std::array<std::uint64_t, 2> words{word(address), word(address + 8)};
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
  }

 private:
  void wait() {
    int status = 0;
    stopped_ = ::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status);
  }

  pid_t pid_;
  bool stopped_ = false;
};

bool is_jemalloc(std::uint64_t address) {
  return address == reinterpret_cast<std::uint64_t>(&zpmr::detail::zpmr_je_malloc) ||
         address == reinterpret_cast<std::uint64_t>(&zpmr::detail::zpmr_je_sdallocx);
}

/// Effects: steps until the function that has just been entered has returned.
void step_out(traced_child& child) {
  const std::uint64_t stack = child.registers().rsp;
  const std::uint64_t caller = child.word(stack);
  do {
    child.step();
  } while (child.stopped() && (child.registers().rip != caller || child.registers().rsp <= stack));
}

/// Effects: steps to the next breakpoint.
pair_trace trace_pair(traced_child& child) {
  pair_trace trace;
  while (child.stopped()) {
    const std::uint64_t at = child.registers().rip;
    if (is_jemalloc(at)) {
      step_out(child);
      continue;
    }
    const std::array<std::uint8_t, 16> bytes = child.bytes(at);
    const instruction now{bytes};
    if (now.is_breakpoint()) break;
    ++trace.instructions;
    trace.locked += now.is_locked();
    child.step();
    trace.calls += now.is_system_call() || (now.is_call() && !is_jemalloc(child.registers().rip));
  }
  return trace;
}

template <class Resource>
[[gnu::always_inline]] inline void use(Resource& memory) {
  void* const block = memory.allocate(64, 8);
  asm volatile("" : : "r"(block) : "memory");
  memory.deallocate(block, 64, 8);
}

/// Flat, as what compilers choose not to inline is not what this test is about.
template <class Resource>
[[gnu::noinline, gnu::flatten]] void use_between_breakpoints(Resource& memory) {
  asm volatile("int3");
  use(memory);
  asm volatile("int3");
}

/// Returns: the traces of `pairs` pairs. Nothing if a child cannot be traced.
template <class Resource>
std::optional<std::vector<pair_trace>> trace_pairs(Resource& memory) {
  traced_child child{[&] {
    for (int i = 0; i < 20'000; ++i) use(memory);  // leases grow with their use
    for (unsigned i = 0; i < pairs; ++i) use_between_breakpoints(memory);
  }};
  if (!child.stopped()) return std::nullopt;
  std::vector<pair_trace> traces;
  for (unsigned i = 0; i < pairs; ++i) {
    child.run_to_breakpoint();  // behind it, in fact
    traces.push_back(trace_pair(child));
    child.step();  // over the one at the end
  }
  return traces;
}

/// A capped resource at the end of a path of `depth` trackers with caps.
class capped_path {
 public:
  explicit capped_path(unsigned depth) {
    trackers_.emplace_back("root", &cap_);
    while (trackers_.size() < depth) trackers_.emplace_back("child", trackers_.back(), &cap_);
    memory.emplace(zpmr::jemalloc(), trackers_.back());
  }
  ~capped_path() {
    memory.reset();
    while (!trackers_.empty()) trackers_.pop_back();
  }
  capped_path(const capped_path&) = delete;
  capped_path& operator=(const capped_path&) = delete;

  std::optional<counting_jemalloc> memory;

 private:
  zpmr::hard_limit cap_{std::size_t{1} << 30};
  std::deque<zpmr::memory_tracker> trackers_;
};

/// A checked build looks at every free.
boost::test_tools::assertion_result has_fast_path(boost::unit_test::test_unit_id) {
  return !ZPMR_CHECKED && !zpmr::test::malloc_is_replaced;
}

unsigned median_instructions(std::vector<pair_trace> traces) {
  const auto middle = traces.begin() + pairs / 2;
  std::nth_element(traces.begin(), middle, traces.end(), [](const auto& one, const auto& other) {
    return one.instructions < other.instructions;
  });
  return middle->instructions;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fast_path, *boost::unit_test::precondition(has_fast_path))

BOOST_AUTO_TEST_CASE(a_capped_pair_at_depth_8_executes_no_locked_instruction_and_no_call) {
  capped_path deep{8};
  const auto traces = trace_pairs(*deep.memory);
  if (!traces) {
    BOOST_TEST_MESSAGE("a child cannot be traced here");
    return;
  }
  // At most one of them was due a new lease.
  BOOST_TEST(std::count_if(traces->begin(), traces->end(),
                           [](const pair_trace& each) { return each.is_clean(); }) >= pairs - 1);
}

BOOST_AUTO_TEST_CASE(counting_and_capping_cost_the_same_few_instructions_at_any_depth) {
  capped_path flat{1};
  capped_path deep{8};
  const auto flat_traces = trace_pairs(*flat.memory);
  const auto deep_traces = trace_pairs(*deep.memory);
  const auto bare_traces = trace_pairs(*zpmr::jemalloc());
  if (!flat_traces || !deep_traces || !bare_traces) return;
  const unsigned flat_pair = median_instructions(*flat_traces);
  const unsigned bare_pair = median_instructions(*bare_traces);
  BOOST_TEST_MESSAGE("instructions of a pair outside jemalloc: " << flat_pair
                                                                 << ", uncounted: " << bare_pair);
  BOOST_TEST(bare_pair > 4u);  // the trace sees anything at all
  BOOST_TEST(flat_pair == median_instructions(*deep_traces));
  BOOST_TEST(flat_pair - bare_pair <= 85u);
}

BOOST_AUTO_TEST_CASE(the_test_would_see_a_lock_and_a_call) {
  zpmr::hard_limit cap{0};
  zpmr::memory_tracker tracker{"full", &cap};
  struct locking_resource {
    zpmr::memory_tracker& tracker;
    void* allocate(std::size_t bytes, std::size_t) {
      (void)tracker.try_charge(bytes);  // refused, under the mutex
      return nullptr;
    }
    void deallocate(void*, std::size_t, std::size_t) {}
  };
  locking_resource memory{tracker};
  const auto traces = trace_pairs(memory);
  if (!traces) return;
  BOOST_TEST(std::all_of(traces->begin(), traces->end(),
                         [](const pair_trace& each) { return each.locked > 0 && each.calls > 0; }));
}

BOOST_AUTO_TEST_SUITE_END()

#else

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(instructions_are_looked_at_on_x86_64_linux_with_jemalloc_only) {
  BOOST_TEST(true);
}

#endif
