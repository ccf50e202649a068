// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <type_traits>
#include <zpmr/export.hpp>

/// \file
/// Records every allocation and deallocation into a file: which thread, how many bytes, which
/// block. From that, allocators can be compared on the program's own load. Not part of `zpmr.hpp`:
/// include it where needed.
///
/// Thread safety: a resource as its upstream; the functions from any thread.
///
/// \snippet record_a_trace.cpp record

namespace zpmr {

/// Effects: from now on a trace is recorded into that file, which is made anew, by resources that
/// are made from now on. There is one trace at a time.
///
/// If the process ends or is killed, the trace has everything up to then. If the disk fills up, a
/// line on stderr says so, recording ends, and the program goes on. A child of `fork` records
/// nothing, but may start a trace of its own. While the trace is recorded the file must not be
/// cut short: parts of it are mapped into memory.
///
/// Throws: `std::system_error` if a trace is being recorded, or the file cannot be written or is
/// not a regular one; or if an earlier trace went into it, and a thread that took part in that
/// lives on and has used no traced resource since. Its text names the file and the remedy.
ZPMR_EXPORT void start_trace(const char* file);

/// Effects: ends the trace, if one is recorded. Resources stay as they are, but record no more.
ZPMR_EXPORT void stop_trace() noexcept;

/// Effects: starts a trace into the file that the environment variable `ZPMR_TRACE` names, if it is
/// set and not empty; says on stderr why, if that fails.
/// Returns: whether a trace is recorded now. Setuid programs ignore the variable.
ZPMR_EXPORT bool start_trace_from_environment() noexcept;

/// A memory resource that records what goes through it, if a trace is being recorded when it is
/// made. It goes on after the trace has ended, and without one.
///
/// On most events no lock is taken and the clock is not read; nothing is ever taken from the
/// upstream but the blocks themselves. docs/tracing.md says what it costs. Equality is identity.
class ZPMR_EXPORT trace_resource final : public std::pmr::memory_resource {
 public:
  /// Preconditions: `upstream` is not null and outlives the resource. All blocks are deallocated: a
  /// trace in which an address is allocated again without that is refused when it is read.
  explicit trace_resource(std::pmr::memory_resource* upstream) noexcept;

  trace_resource(const trace_resource&) = delete;
  trace_resource& operator=(const trace_resource&) = delete;

  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* upstream_;
  std::uint64_t key_;  // which trace and which of its resources
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, trace_resource>);
static_assert(std::is_final_v<trace_resource>);
static_assert(!std::is_copy_constructible_v<trace_resource>);
static_assert(!std::is_move_constructible_v<trace_resource>);

}  // namespace zpmr
