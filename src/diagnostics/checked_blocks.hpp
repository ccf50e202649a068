// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <zpmr/checked_resource.hpp>

#include "base/mapped_array.hpp"
#include "diagnostics/guards.hpp"

namespace zpmr::detail {

enum class block_state {
  in_use,
  leaving,      ///< belongs to the thread that frees it
  quarantined,  ///< freed, but not given back
  gone          ///< given back; known until its record is needed
};

struct block_record {
  known_block facts;
  block_state state;
  block_record* next_in_bucket;
  block_record* before;
  block_record* after;
};

/// Records in the order in which they came.
class record_list {
 public:
  [[nodiscard]] block_record* first() const noexcept { return first_; }
  void push_back(block_record* record) noexcept;
  void remove(block_record* record) noexcept;

 private:
  block_record* first_ = nullptr;
  block_record* last_ = nullptr;
};

/// A block that was overwritten, and where.
struct damaged_block {
  known_block block;
  damage what;
};

/// What a `checked_resource` knows of its blocks.
///
/// All memory comes from mmap, and no other code is called with the lock held, so that nothing
/// leads back here. There is one lock for the blocks of all resources, and one for the pool that
/// the books come from. A fork takes both, so the child finds all books whole, and can make more.
///
/// Thread safety: all functions may be called from any thread.
class checked_blocks {
 public:
  /// Throws: `std::bad_alloc`.
  static checked_blocks* make(std::string_view name, const checked_options& options);
  static void recycle(checked_blocks* blocks) noexcept;

  // For `mapped_pool` only.
  checked_blocks() noexcept;
  ~checked_blocks();

  [[nodiscard]] std::string_view name() const noexcept { return name_.data(); }
  [[nodiscard]] guarded_layout layout(std::size_t bytes, std::size_t alignment) const noexcept {
    return {bytes, alignment, least_alignment_};
  }

  /// Returns: the number of the new block, or 0 if the system has no memory.
  std::uint64_t add(const void* start, std::size_t bytes, std::size_t alignment,
                    call_stack allocated) noexcept;

  /// Returns: false if the block is certainly none of ours.
  [[nodiscard]] bool may_know(const void* block) const noexcept;

  /// What is known of a pointer that is to be freed.
  struct finding {
    block_record* leaving;             ///< if it is in use; then it is the caller's
    std::optional<known_block> known;  ///< else, if it was freed before
  };
  finding take(const void* block) noexcept;

  /// Returns: the block in use that the pointer points into.
  [[nodiscard]] std::optional<known_block> containing(const void* pointer) const noexcept;

  /// Effects: a leaving block is freed now.
  void quarantine(block_record* leaving, call_stack freed) noexcept;

  /// Returns: the block that is longest in the quarantine, if that holds more than `most_bytes`. It
  /// is the caller's, to give back.
  std::optional<known_block> release_oldest(std::size_t most_bytes) noexcept;

  /// Effects: forgets a block that was said to start there, in use or in the quarantine.
  /// Returns: what was known of it.
  std::optional<known_block> drop(const void* block) noexcept;

  /// Effects: makes good the next damage, of any block. Returns: what it was.
  std::optional<damaged_block> mend() noexcept;

  [[nodiscard]] std::size_t quarantined_bytes() const noexcept;

  /// Returns: the number of blocks in use.
  [[nodiscard]] std::size_t in_use() const noexcept;
  /// Effects: writes one leak for each block in use, as far as there is room.
  /// Returns: how many were written.
  std::size_t list_in_use(std::span<leak> leaks) const noexcept;

 private:
  block_record*& bucket_of(const void* block) const noexcept;
  [[nodiscard]] block_record* find(const void* block) const noexcept;
  void forget(block_record* record) noexcept;
  void erase(block_record* record) noexcept;

  std::array<char, 64> name_;
  freed_bytes freed_bytes_;
  std::size_t least_alignment_;
  std::size_t most_remembered_;

  mapped_array<block_record*> buckets_;
  record_list current_;  // in use and leaving
  record_list quarantine_;
  record_list gone_;
  std::size_t current_count_ = 0;
  std::size_t quarantined_bytes_ = 0;
  std::size_t remembered_ = 0;
  std::uint64_t last_number_ = 0;
};

/// The alignment of blocks that were picked as samples: no other pointer need be looked up.
inline constexpr std::size_t sample_alignment = 4096;

}  // namespace zpmr::detail
