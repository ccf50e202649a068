// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace zpmr::detail {

/// The usable sizes of small requests, remembered from the allocator's own answers. An entry is
/// filled when it is first wanted, so no moment at start has to be found for it; threads that race
/// write the same value. Constant-initialised.
class size_table {
 public:
  static constexpr std::size_t largest_alignment = 16;

  /// Returns: whether this is a request that the table is for. Such a block can exist.
  static constexpr bool holds(std::size_t bytes, std::size_t alignment) noexcept {
    return bytes <= largest && alignment <= largest_alignment;
  }

  /// Returns: the size to ask malloc for, so that the block is aligned without asking for that: the
  /// size classes below 16 bytes are aligned to their own size only. Never 0.
  /// Preconditions: `alignment <= largest_alignment`.
  static constexpr std::size_t request(std::size_t bytes, std::size_t alignment) noexcept {
    return std::max(bytes, alignment);
  }

  /// Returns: the usable size, or 0 if it is not known here.
  [[nodiscard]] std::size_t look_up(std::size_t bytes, std::size_t alignment) const noexcept {
    // Relaxed: an entry is all there is to see.
    return holds(bytes, alignment) ? sizes_[index(bytes, alignment)].load(std::memory_order_relaxed)
                                   : 0;
  }

  /// Preconditions: `holds(bytes, alignment)`.
  void remember(std::size_t bytes, std::size_t alignment, std::size_t usable) noexcept {
    sizes_[index(bytes, alignment)].store(static_cast<std::uint16_t>(usable),
                                          std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t largest = 8192;
  static constexpr std::size_t unit = 8;  // sizes between two multiples of it have the same class

  static constexpr std::size_t index(std::size_t bytes, std::size_t alignment) noexcept {
    return (request(bytes, alignment) + unit - 1) / unit;
  }

  std::array<std::atomic<std::uint16_t>, largest / unit + 1> sizes_{};
};

}  // namespace zpmr::detail
