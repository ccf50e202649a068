// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/mixed_bits.hpp"
#include "traces/trace_source.hpp"

namespace zpmr::detail::trace {

/// Numbers for blocks in use. A thread is given again the number that it freed last, as allocators
/// do with memory: numbers that go from thread to thread would tie them together in a replay.
class block_numbers {
 public:
  std::uint32_t take(std::uint32_t thread);
  void give_back(std::uint32_t number, std::uint32_t thread);
  /// Returns: a number above all so far.
  [[nodiscard]] std::uint32_t end() const noexcept { return end_; }

 private:
  // What one thread frees and another needs goes over the common list, many at a time.
  static constexpr std::size_t most_own = 1024;

  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> own_;
  std::vector<std::uint32_t> common_;
  std::uint32_t end_ = 0;
};

/// The blocks that are in use, by resource and address.
class blocks_in_use {
 public:
  struct block {
    std::uint32_t number;
    std::uint64_t bytes;
    std::uint64_t alignment;
    bool late_deallocation = false;  ///< that of the block here before is still to come
  };

  /// Returns: the block there, if one is.
  block* find(const raw_event& event) noexcept;
  /// Preconditions: none is there.
  block& add(const raw_event& event);
  /// Preconditions: one is there.
  void remove(const raw_event& event);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const block_numbers& numbers() const noexcept { return numbers_; }

 private:
  struct place {
    std::uint64_t address;
    std::uint32_t resource;
    friend bool operator==(const place&, const place&) = default;
  };
  struct hash {
    std::size_t operator()(const place& p) const noexcept {
      return spread(p.address ^ std::uint64_t{p.resource} << 48) >> 16;
    }
  };
  static place place_of(const raw_event& event) noexcept { return {event.address, event.resource}; }

  block_numbers numbers_;
  std::uint64_t bytes_ = 0;
  std::unordered_map<place, block, hash>
      blocks_;  // not from a pool: libstdc++'s dies without memory
};

}  // namespace zpmr::detail::trace
