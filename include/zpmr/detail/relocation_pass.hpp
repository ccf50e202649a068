// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <zpmr/defragment_budget.hpp>
#include <zpmr/export.hpp>
#include <zpmr/relocation_hint.hpp>
#include <zpmr/relocation_scope.hpp>

namespace zpmr::detail {

/// What an allocator says of a block.
struct block_report {
  relocation advice = relocation::unknown;
  std::size_t bytes = 0;
  std::size_t emptied_bytes = 0;  ///< of the slab, where it has no other block
};

/// One call of `defragment`: asks the allocator, keeps to the budget, counts.
class ZPMR_EXPORT relocation_pass {
 public:
  explicit relocation_pass(const defragment_budget& budget) noexcept : budget_(budget) {}
  relocation_pass(const relocation_pass&) = delete;
  relocation_pass& operator=(const relocation_pass&) = delete;

  /// Effects: counts the block as examined if its allocator can say anything.
  /// Returns: what `move` needs, if the block should move.
  [[nodiscard]] std::optional<block_report> examine(const std::pmr::memory_resource* resource,
                                                    const void* block) noexcept;

  /// The same for a block of that many bytes whose address is not known: it should move, and
  /// counts, if it is small.
  [[nodiscard]] std::optional<block_report> examine_unseen(
      const std::pmr::memory_resource* resource, std::size_t bytes) noexcept;

  /// Effects: calls `relocate`, and counts what that moved; or that there was no memory for it.
  /// Throws: what else `relocate` throws.
  template <class F>
  void move(const block_report& report, F&& relocate) {
    if (!scope_) scope_.emplace();
    try {
      relocate();
    } catch (const std::bad_alloc&) {
      refused_bytes_ = report.bytes;
      ++figures_.no_room;
      return;
    }
    ++figures_.moved_blocks;
    figures_.moved_bytes += report.bytes;
    figures_.emptied_bytes += report.emptied_bytes;
  }

  /// To be asked after each element. Returns: whether the budget is used up.
  [[nodiscard]] bool is_over() noexcept;

  [[nodiscard]] const defragment_figures& figures() const noexcept { return figures_; }

 private:
  [[nodiscard]] bool has_hints(const std::pmr::memory_resource* resource) noexcept;
  [[nodiscard]] std::optional<block_report> follow(const block_report& report) noexcept;
  [[nodiscard]] bool is_time_for_a_look() noexcept;

  defragment_budget budget_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  defragment_figures figures_;
  std::optional<relocation_scope> scope_;  // from the first move on: most calls may need none
  std::size_t examined_bytes_ = 0;
  std::size_t refused_bytes_ = SIZE_MAX;  // as large ones are not tried again: refusals are dear
  std::size_t elements_since_look_ = 0;   // at the clock
  std::size_t examined_at_look_ = 0;      // blocks
  const std::pmr::memory_resource* resource_ = nullptr;  // the last one that was asked about
  bool has_hints_ = false;                               // whether that one has any
};

}  // namespace zpmr::detail
