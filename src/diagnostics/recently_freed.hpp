// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/mixed_bits.hpp"

namespace zpmr::detail {

/// The addresses of blocks that were freed not long ago, to tell a second free without touching the
/// block, whose memory may be gone. Each address has one place, where the next that falls there
/// displaces it: a free may be forgotten, but a living block is never taken for a freed one.
///
/// Thread safety: all functions may be called from any thread, at any time.
class recently_freed {
 public:
  // Relaxed, all: the allocator that hands an address from thread to thread orders what is done
  // before the free and after the allocation; for other addresses any order is right.

  /// Call before the block is freed: afterwards another thread may be given it.
  void add(const void* block, std::size_t bytes) noexcept {
    place& there = place_of(block);
    there.bytes.store(bytes, std::memory_order_relaxed);
    there.block.store(block, std::memory_order_relaxed);
  }

  /// Call after the block was allocated.
  void remove(const void* block) noexcept {
    place& there = place_of(block);
    if (there.block.load(std::memory_order_relaxed) == block) {
      there.block.store(nullptr, std::memory_order_relaxed);
    }
  }

  /// Preconditions: `block` is not null.
  /// Returns: with how many bytes it was freed, if it was. The number is for messages: a block that
  /// another thread frees in this moment, and that falls there, may have replaced it.
  [[nodiscard]] std::optional<std::size_t> bytes_of(const void* block) const noexcept {
    const place& there = places_[place_number(block)];
    if (there.block.load(std::memory_order_relaxed) != block) return std::nullopt;
    return there.bytes.load(std::memory_order_relaxed);
  }

 private:
  struct place {
    std::atomic<const void*> block;
    std::atomic<std::size_t> bytes;
  };

  static std::size_t place_number(const void* block) noexcept {
    return spread(reinterpret_cast<std::uintptr_t>(block)) >> (64 - places_bits);
  }
  place& place_of(const void* block) noexcept { return places_[place_number(block)]; }

  static constexpr unsigned places_bits = 12;
  std::array<place, std::size_t{1} << places_bits> places_{};
};

}  // namespace zpmr::detail
