// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// \file
/// Well-known ways to use memory. Each takes and frees blocks about so many times as it is told,
/// and frees all at its end.

namespace make_trace {

/// A block that knows where it is from. Only one thread at a time has it.
class block {
 public:
  block() = default;
  block(std::pmr::memory_resource* memory, std::size_t bytes)
      : memory_(memory), bytes_(bytes), start_(memory->allocate(bytes)) {}
  block(block&& from) noexcept { swap(from); }
  block& operator=(block&& from) noexcept {
    block taken{std::move(from)};
    swap(taken);
    return *this;
  }
  ~block() {
    if (start_ != nullptr) memory_->deallocate(start_, bytes_);
  }

 private:
  void swap(block& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    std::swap(start_, other.start_);
  }

  std::pmr::memory_resource* memory_ = nullptr;
  std::size_t bytes_ = 0;
  void* start_ = nullptr;
};

using random_numbers = std::mt19937_64;

/// Sizes as programs have them: most are small, each octave above is half as frequent.
inline std::size_t usual_size(random_numbers& random) {
  std::size_t most = 32;
  while (most < 64 * 1024 && random() % 2 == 0) most *= 2;
  return 1 + random() % most;
}

/// A server whose work moves from thread to thread, after Larson and Krishnan: each thread replaces
/// blocks of a set at random; then its set goes to a new thread, which frees what the one before
/// allocated.
inline void larson(std::pmr::memory_resource* memory, std::uint64_t events) {
  constexpr std::uint64_t threads = 4;
  constexpr std::uint64_t generations = 8;
  const auto one_chain = [=](std::uint64_t seed) {
    random_numbers random{seed};
    std::vector<block> set(256);
    for (std::uint64_t i = 0; i < generations; ++i) {
      std::jthread{[&] {
        for (std::uint64_t round = 0; round < events / (2 * threads * generations); ++round) {
          set[random() % set.size()] = {memory, 16 + random() % 496};
        }
      }};
    }
  };
  std::vector<std::jthread> chains;
  for (std::uint64_t seed = 0; seed < threads; ++seed) chains.emplace_back(one_chain, seed);
}

/// A server that keeps one in eight of the blocks that requests leave, among those that go: sizes
/// grow from phase to phase, so that what was freed does not fit what comes.
inline void fragmenting_server(std::pmr::memory_resource* memory, std::uint64_t events) {
  constexpr std::uint64_t phases = 6;
  random_numbers random{1};
  std::vector<block> kept;
  std::size_t bytes = 48;
  for (std::uint64_t phase = 0; phase < phases; ++phase, bytes = bytes * 3 / 2) {
    std::vector<block> request;
    for (std::uint64_t i = 0; i < events / (2 * phases); ++i) {
      block made{memory, bytes + random() % (bytes / 2)};
      if (random() % 8 == 0) {
        kept.push_back(std::move(made));
      } else {
        request.push_back(std::move(made));
      }
    }
  }
}

/// Rest and rush: little is in use, then much at once, all of which goes again.
inline void burst(std::pmr::memory_resource* memory, std::uint64_t events) {
  constexpr std::uint64_t bursts = 5;
  random_numbers random{1};
  for (std::uint64_t i = 0; i < bursts; ++i) {
    for (std::uint64_t calm = 0; calm < events / (4 * bursts); ++calm) {
      block{memory, usual_size(random)};
    }
    std::vector<block> rush;
    for (std::uint64_t more = 0; more < events / (4 * bursts); ++more) {
      rush.emplace_back(memory, usual_size(random));
    }
  }
}

/// Blocks on their way from one thread to another, some at a time.
class belt {
 public:
  void put(std::vector<block> batch) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return batches_.size() < 8; });
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
  /// Returns: what was put, or nothing at the end.
  std::vector<std::vector<block>> take() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return !batches_.empty() || finished_; });
    changed_.notify_all();
    return std::exchange(batches_, {});
  }
  void finish() {
    const std::scoped_lock lock{mutex_};
    finished_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<block>> batches_;
  bool finished_ = false;
};

/// One thread only allocates, another only frees.
inline void producer_and_consumer(std::pmr::memory_resource* memory, std::uint64_t events) {
  constexpr std::uint64_t batch_blocks = 50;
  belt between;
  std::jthread consumer{[&] {
    while (!between.take().empty()) {
    }
  }};
  random_numbers random{1};
  for (std::uint64_t i = 0; i < events / (2 * batch_blocks); ++i) {
    std::vector<block> batch;
    for (std::uint64_t each = 0; each < batch_blocks; ++each) {
      batch.emplace_back(memory, usual_size(random));
    }
    between.put(std::move(batch));
  }
  between.finish();
}

/// Blocks of 64 bytes, each freed at once: the least that an allocator can have to do.
inline void pairs(std::pmr::memory_resource* memory, std::uint64_t events) {
  for (std::uint64_t i = 0; i < events / 2; ++i) block{memory, 64};
}

/// Few blocks, of 8 to 4,096 bytes, come and go at random: nothing tells whether the next event
/// takes or frees, or how much.
inline void random_mix(std::pmr::memory_resource* memory, std::uint64_t events) {
  random_numbers random{1};
  std::vector<block> set(64);
  for (std::uint64_t taken = 0; taken < events / 2;) {
    block& one = set[random() % set.size()];
    const bool takes = random() % 2 == 0;
    one = takes ? block{memory, std::size_t{8} << random() % 10} : block{};
    taken += takes ? 1 : 0;
  }
}

struct pattern {
  std::string_view name;
  void (*run)(std::pmr::memory_resource* memory, std::uint64_t events);
};

inline constexpr std::array patterns{
    pattern{"larson", larson}, pattern{"fragmenting-server", fragmenting_server},
    pattern{"burst", burst},   pattern{"producer-and-consumer", producer_and_consumer},
    pattern{"pairs", pairs},   pattern{"random-mix", random_mix},
};

}  // namespace make_trace
