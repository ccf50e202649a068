// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <zpmr/detail/amount.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/overdraft_scope.hpp>
#include <zpmr/pending_block.hpp>

#include "check.hpp"
#include "zmalloc_functions.hpp"

namespace zpmr::detail {

/// The blocks of zmalloc.h: charges the tracker for what `Allocator` does. That one only allocates
/// and frees, and tells of sizes; it gives null where it fails. A block's size is what it is
/// charged. zmalloc_jemalloc.cpp is the example to read first.
template <class Allocator>
class zmalloc_blocks {
 public:
  static void* allocate(std::size_t bytes) noexcept {
    return allocate_quickly<failure::goes_to_handler>(bytes, nullptr);
  }

  static void* try_allocate(std::size_t bytes, std::size_t* usable) noexcept {
    return allocate_quickly<failure::is_told>(bytes, usable);
  }

  static void free(void* block) noexcept { free_known(block, Allocator::size_of(block)); }

  static void* allocate_zeroed(std::size_t bytes, std::size_t* usable) noexcept {
    return charge_for(Allocator::size_for(bytes), usable,
                      [=] { return Allocator::allocate_zeroed(bytes); });
  }

  static void* allocate_aligned(std::size_t alignment, std::size_t bytes) noexcept {
    if (alignment <= alignof(std::max_align_t)) return try_allocate(bytes, nullptr);
    return charge_for(Allocator::size_for(bytes, alignment), nullptr,
                      [=] { return Allocator::allocate_aligned(alignment, bytes); });
  }

  static void* allocate_uncached(std::size_t bytes) noexcept {
    return charge_for(Allocator::size_for(bytes), nullptr,
                      [=] { return Allocator::allocate_uncached(bytes); });
  }

  static void free_with_size(void* block, std::size_t usable) noexcept {
    const std::size_t size = Allocator::size_with(block, usable);
    ZPMR_EXPECTS(size == Allocator::size_of(block), "the size is not the block's usable size");
    free_known(block, size);
  }

  static void free_uncached(void* block) noexcept {
    const std::size_t size = Allocator::size_of(block);
    Allocator::free_uncached(block, size);
    tracker().take_off(block_of(size));
  }

  static void* reallocate(void* block, std::size_t bytes, std::size_t* usable) noexcept;

  static std::size_t size(const void* block) noexcept { return Allocator::size_of(block); }
  static std::size_t usable_size(const void* block) noexcept {
    return Allocator::usable(block, Allocator::size_of(block));
  }

 private:
  /// What becomes of bytes that the allocator tells of only when the block is there: a new block is
  /// given back for their sake, but of one that was reallocated the old one is gone.
  enum class surplus { is_refused, is_overdrawn };

  static memory_tracker& tracker() noexcept {
    // Relaxed: zmalloc_chosen() has acquired it.
    return *zmalloc_account.load(std::memory_order_relaxed);
  }

  static constexpr amount block_of(std::size_t size) noexcept { return {size, size, 1}; }
  static constexpr amount part_of_block(std::size_t size) noexcept { return {size, size, 0}; }

  enum class failure { is_told, goes_to_handler };

  /// The fast path, as in counting_resource.
  template <failure then>
  [[gnu::always_inline]] static void* allocate_quickly(std::size_t bytes,
                                                       std::size_t* usable) noexcept {
    const std::size_t size = Allocator::known_size(bytes);
    bool stored = false;
    if (size == 0 || !tracker().charge_quickly(block_of(size), stored)) [[unlikely]] {
      return allocate_slowly<then>(bytes, usable, stored);
    }
    void* const block = Allocator::allocate(bytes);
    if (block == nullptr) [[unlikely]]
      return allocate_again<then>(bytes, usable);
    if (usable != nullptr) *usable = Allocator::usable(block, size);
    return block;
  }

  // Uncharged after it is free: before that, the bytes are not there for anyone else.
  [[gnu::always_inline]] static void free_known(void* block, std::size_t size) noexcept {
    Allocator::free(block, size);
    tracker().take_off(block_of(size));
  }

  template <failure then>
  [[gnu::noinline]] static void* allocate_slowly(std::size_t bytes, std::size_t* usable,
                                                 bool stored) noexcept {
    return told<then>(
        charge_for(
            Allocator::size_for(bytes), usable, [=] { return Allocator::allocate(bytes); }, stored),
        bytes);
  }

  /// Called when the allocator, which is charged for already, has failed.
  template <failure then>
  [[gnu::noinline, gnu::cold]] static void* allocate_again(std::size_t bytes,
                                                           std::size_t* usable) noexcept {
    const std::size_t size = Allocator::size_for(bytes);
    void* block = nullptr;
    try {
      pending_block charge{tracker(), block_of(size)};
      block = ask(charge, size, usable, [=] { return Allocator::allocate(bytes); });
    } catch (...) {  // as in charge_for
    }
    return told<then>(block, bytes);
  }

  template <failure then>
  static void* told(void* block, std::size_t bytes) noexcept {
    return block != nullptr || then == failure::is_told ? block : zmalloc_out_of_memory(bytes);
  }

  /// Returns: the block that `allocate` gives, charged with `size`; null, and no figure but the
  /// denials has changed, if it fails, `size` is 0, or the charge is refused.
  template <surplus rule = surplus::is_refused, class Allocate>
  static void* charge_for(std::size_t size, std::size_t* usable, Allocate allocate,
                          bool stored = false) noexcept {
    if (size == 0) return nullptr;
    try {
      pending_block charge{tracker(), block_of(size), stored};
      return ask<rule>(charge, size, usable, allocate);
    } catch (...) {
      return nullptr;  // limit_exceeded, or what a policy throws: C cannot catch it
    }
  }

  template <surplus rule = surplus::is_refused, class Allocate>
  static void* ask(pending_block& charge, std::size_t size, std::size_t* usable,
                   Allocate allocate) {
    void* block = allocate();
    for (unsigned attempt = 1; block == nullptr; ++attempt, block = allocate()) {
      if (!charge.retry_out_of_memory(attempt)) return nullptr;
    }
    charge.keep();
    if constexpr (Allocator::tells_size_beforehand) {
      ZPMR_EXPECTS(size == Allocator::size_of(block), "the allocator gave a block of another size");
    } else if (!correct_charge<rule>(block, size)) {
      Allocator::free(block, size);
      tracker().take_off(block_of(size));
      return nullptr;
    }
    if (usable != nullptr) *usable = usable_size(block);
    return block;
  }

  /// Returns: false if the rest of the block's true size does not fit.
  template <surplus rule>
  static bool correct_charge(const void* block, std::size_t charged) noexcept {
    const std::size_t size = Allocator::size_of(block);
    if (size < charged) tracker().take_off(part_of_block(charged - size));
    if (size <= charged) return true;
    std::optional<overdraft_scope> overdraft;
    if (rule == surplus::is_overdrawn) overdraft.emplace();
    return tracker().try_charge(size - charged);
  }

  // How a block is reallocated: zmalloc_reallocate.hpp
  static void* grow(void* block, std::size_t size, std::size_t bytes) noexcept;
  static void* shrink(void* block, std::size_t size, std::size_t bytes,
                      std::size_t wanted) noexcept;
  static void* move_if_it_fits(void* block, std::size_t size, std::size_t bytes) noexcept;
};

/// The table of an allocator.
template <class Allocator>
inline constexpr zmalloc_functions zmalloc_functions_on{
    .allocate = zmalloc_blocks<Allocator>::allocate,
    .try_allocate = zmalloc_blocks<Allocator>::try_allocate,
    .allocate_zeroed = zmalloc_blocks<Allocator>::allocate_zeroed,
    .allocate_aligned = zmalloc_blocks<Allocator>::allocate_aligned,
    .allocate_uncached = zmalloc_blocks<Allocator>::allocate_uncached,
    .reallocate = zmalloc_blocks<Allocator>::reallocate,
    .free = zmalloc_blocks<Allocator>::free,
    .free_with_size = zmalloc_blocks<Allocator>::free_with_size,
    .free_uncached = zmalloc_blocks<Allocator>::free_uncached,
    .size = zmalloc_blocks<Allocator>::size,
    .usable_size = zmalloc_blocks<Allocator>::usable_size,
};

}  // namespace zpmr::detail
