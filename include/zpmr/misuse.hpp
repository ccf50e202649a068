// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <type_traits>
#include <zpmr/call_stack.hpp>
#include <zpmr/export.hpp>

/// \file
/// What a `checked_resource` finds, and who is told. Of the library `zpmr::diagnostics`.
///
/// Thread safety: a handler may be called on several threads at once.
///
/// \snippet find_misuse.cpp handler

namespace zpmr {

class checked_resource;

/// What was done wrong.
enum class misuse_kind {
  mismatched_free,       ///< freed with another size or alignment than it was allocated with
  unknown_block,         ///< freed, but not a block of this resource
  freed_twice,           ///< freed, but it was freed before
  written_before_start,  ///< found when the block is freed, or by `verify`
  written_past_end,      ///< found when the block is freed, or by `verify`
  written_after_free     ///< found when the block leaves the quarantine, or by `verify`
};

/// A block that a `checked_resource` knows.
struct known_block {
  const void* start;
  std::size_t bytes;
  std::size_t alignment;
  std::uint64_t number;  ///< 1 for the first that the resource looked after
  call_stack allocated;
  call_stack freed;  ///< without frames while it is in use
};

/// How `deallocate` was called.
struct free_call {
  const void* block;
  std::size_t bytes;
  std::size_t alignment;
};

/// One fault, with all that is known of it.
struct misuse {
  misuse_kind kind;
  const checked_resource& resource;
  std::optional<free_call> call;     ///< empty where no call of `deallocate` found it
  std::optional<known_block> block;  ///< of an unknown block, the one in use that it points into
  /// In bytes from the block's start: of the first byte that was written, or of the unknown
  /// pointer. Otherwise 0.
  std::ptrdiff_t offset;
  call_stack found;  ///< where it was found
};

/// Effects: prints a line that says what is wrong, and the stacks.
ZPMR_EXPORT std::ostream& operator<<(std::ostream& out, const misuse& fault);

/// Blocks in use that were allocated by the same calls.
struct leak {
  call_stack allocated;
  std::size_t bytes;  ///< requested
  std::uint64_t blocks;
};

/// Is told of faults. Not owned; outlives the resources that it serves. No lock is held during a
/// call: it may use any resource.
class ZPMR_EXPORT misuse_handler {
 public:
  virtual ~misuse_handler();

  /// Effects: writes the fault to stderr and aborts. One that returns, or throws, lets the program
  /// go on: then the call that found the fault does what it should have been asked to. A block in
  /// use is freed as it was allocated, any other pointer is left alone, and what was overwritten
  /// around a block is made good. After that an exception passes.
  virtual void on_misuse(const misuse& fault);

  /// A resource is destroyed with blocks still in use.
  /// Effects: writes `leaks` to stderr. They are at least one, those with most bytes first.
  virtual void on_leaks(const checked_resource& resource, std::span<const leak> leaks) noexcept;
};

static_assert(std::is_polymorphic_v<misuse_handler>);

}  // namespace zpmr
