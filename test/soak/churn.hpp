// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "garden.hpp"
#include "tally.hpp"

namespace zpmr::test::soak {

/// What a lane may hold: as the cap is what all lanes may hold together, no charge of a lane that
/// keeps to its share may ever be refused. Counts until a block is freed, by whichever thread.
struct share {
  std::atomic<std::size_t> held{0};
};

/// What was charged, and where; nothing if there is no `of`.
struct holding {
  garden::tracker_ptr of;
  share* giver = nullptr;
  void* block = nullptr;  // null: charged by hand
  std::size_t requested = 0;
  std::size_t usable = 0;
};

/// Where threads leave what they have charged, for any other to free. Thread safety: any thread.
class exchange {
 public:
  static constexpr std::size_t size = 2048;

  /// Returns: what was there.
  holding swap(std::size_t place, holding brought) {
    const std::scoped_lock lock(cells_[place].mutex);
    return std::exchange(cells_[place].held, std::move(brought));
  }

 private:
  struct cell {
    std::mutex mutex;
    holding held;
  };
  std::array<cell, size> cells_;
};

/// What has been counted beside the library since the round began.
struct expected_figures {
  std::atomic<std::uint64_t> charged{0};
  std::atomic<std::uint64_t> allocations{0};
  std::atomic<std::uint64_t> deallocations{0};
  std::atomic<std::uint64_t> denied{0};
  std::atomic<std::size_t> requested{0};
};

/// A tree, many threads that charge and free in it, and threads that move limits, read, and fork
/// meanwhile. At the end every figure must be right to the byte.
class churn {
 public:
  static constexpr std::size_t share_bytes = std::size_t{128} << 10;
  static constexpr std::size_t most_bytes = std::size_t{32} << 10;

  churn(unsigned lanes, allocator_resource& base);

  /// Effects: runs until `stop`.
  tally run(const std::atomic<bool>& stop);

 private:
  friend class worker;

  void run_lane(unsigned lane, const std::atomic<bool>& stop);
  void move_limits(const std::atomic<bool>& stop);
  void read(const std::atomic<bool>& stop);
  void fork_while_busy(const std::atomic<bool>& stop);
  [[nodiscard]] bool is_whole_in_child() const;
  void check_at_rest();
  void free_all();

  const std::size_t cap_;
  faulty_allocator upstream_;
  garden garden_;
  exchange exchange_;
  expected_figures expected_;
  std::vector<share> shares_;
  shared_tally tally_;
};

}  // namespace zpmr::test::soak
