// SPDX-License-Identifier: MIT
#include "tracking/thread_index.hpp"

#include <pthread.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <zpmr/detail/thread_state.hpp>

#include "platform/membarrier.hpp"

namespace zpmr::detail {

constinit thread_local thread_state this_thread;

namespace {

/// A set of bits, one for each index that is taken.
class index_set {
 public:
  /// Returns: the lowest index that was free, or `no_index`. Low ones first: the slots of a tracker
  /// are made for eight neighbours at a time.
  std::uint32_t take() noexcept {
    for (std::uint32_t word = 0; word < words_.size(); ++word) {
      std::uint64_t taken = words_[word].load(std::memory_order_relaxed);
      while (~taken != 0) {
        const auto bit = static_cast<std::uint32_t>(std::countr_one(taken));
        // Acquire: what the last owner of the index wrote to its slots is ours to go on from.
        if (words_[word].compare_exchange_weak(taken, taken | std::uint64_t{1} << bit,
                                               std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
          return word * 64 + bit;
        }
      }
    }
    return no_index;
  }

  void give_back(std::uint32_t index) noexcept {
    // Release: see `take`.
    words_[index / 64].fetch_and(~(std::uint64_t{1} << index % 64), std::memory_order_release);
  }

  void keep_only(std::uint32_t index) noexcept {
    for (std::atomic<std::uint64_t>& word : words_) word.store(0, std::memory_order_relaxed);
    if (index == no_index) return;
    words_[index / 64].store(std::uint64_t{1} << index % 64, std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, max_indexes / 64> words_{};
};

constinit index_set indexes;
pthread_key_t thread_end;
bool available = false;

/// A key's destructor, as it runs after all thread-local destructors of C++. What charges later
/// still, in destructors of other keys, goes without a slot.
void end_thread(void*) noexcept {
  this_thread.index_denied = true;
  indexes.give_back(this_thread.index);
  this_thread.index = no_index;
}

void prepare() noexcept {
  available = prepare_heavy_fence() && pthread_key_create(&thread_end, end_thread) == 0;
}

}  // namespace

bool claim_index() noexcept {
  if (this_thread.index != no_index) return true;
  if (this_thread.index_denied) return false;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
  if (!available) return false;

  // Denied meanwhile: to set the key may allocate, and a replaced malloc may lead back here.
  this_thread.index_denied = true;
  const std::uint32_t index = indexes.take();
  if (index == no_index) {
    this_thread.index_denied = false;  // others may end before the next try
    return false;
  }
  if (pthread_setspecific(thread_end, &this_thread) != 0) {
    indexes.give_back(index);
    return false;
  }
  this_thread.index = index;
  this_thread.index_denied = false;
  return true;
}

void keep_own_index_only() noexcept {
  indexes.keep_only(this_thread.index);
}

}  // namespace zpmr::detail
