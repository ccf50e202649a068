// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace zpmr::test {

/// Bytes as numbers to choose by. Any bytes will do: after the last come zeros.
class input {
 public:
  explicit input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ended() const { return bytes_.empty(); }

  std::uint8_t byte() {
    if (ended()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

  /// Returns: a number below `bound`. Preconditions: 0 < `bound` <= 256.
  std::size_t below(std::size_t bound) { return byte() % bound; }

  /// Returns: bytes to charge: some, some blocks, some pages, or what only a tracker can hold; the
  /// last of all is `impossible`.
  std::size_t size() {
    const std::size_t chosen = byte();
    constexpr std::size_t units[] = {1, 64, 4096, std::size_t{256} << 10};
    return chosen == 255 ? impossible : chosen % 64 * units[chosen / 64];
  }

  static constexpr std::size_t impossible = SIZE_MAX;

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace zpmr::test
