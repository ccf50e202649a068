// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "base/check.hpp"
#include "zmalloc/zmalloc_charge.hpp"
#include "zmalloc/zmalloc_functions.hpp"

namespace zpmr::detail {

/// The blocks of zmalloc.h: charges for what `Allocator` does, which is told of in
/// zmalloc_allocator.hpp.
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
    if (alignment <= Allocator::alignment) return try_allocate(bytes, nullptr);
    return charge_for(Allocator::size_for(bytes, alignment), nullptr,
                      [=] { return Allocator::allocate_aligned(alignment, bytes); });
  }

  static void* allocate_uncached(std::size_t bytes) noexcept {
    if constexpr (has_cache) {
      return charge_for(Allocator::size_for(bytes), nullptr,
                        [=] { return Allocator::allocate_uncached(bytes); });
    } else {
      return try_allocate(bytes, nullptr);
    }
  }

  static void free_with_size(void* block, std::size_t usable) noexcept {
    const std::size_t size = Allocator::size_with(block, usable);
    ZPMR_EXPECTS(size == Allocator::size_of(block), "the size is not the block's usable size");
    free_known(block, size);
  }

  static void free_uncached(void* block) noexcept {
    if constexpr (has_cache) {
      const std::size_t size = Allocator::size_of(block);
      Allocator::free_uncached(block, size);
      zmalloc_charge::take_off(whole_block(size));
    } else {
      free(block);
    }
  }

  static void* reallocate(void* block, std::size_t bytes, std::size_t* usable) noexcept;

  static std::size_t size(const void* block) noexcept { return Allocator::size_of(block); }
  static std::size_t usable_size(const void* block) noexcept {
    return Allocator::usable(block, Allocator::size_of(block));
  }

 private:
  using progress = zmalloc_charge::progress;
  using question = zmalloc_charge::question;
  enum class failure { is_told, goes_to_handler };

  static constexpr bool has_cache = requires { Allocator::allocate_uncached(0); };

  /// The fast path, as in counting_resource.
  template <failure then>
  [[gnu::always_inline]] static void* allocate_quickly(std::size_t bytes,
                                                       std::size_t* usable) noexcept {
    const std::size_t size = Allocator::known_size(bytes);
    bool stored = false;
    if (size == 0 || !zmalloc_charge::quickly(size, stored)) [[unlikely]] {
      return allocate_slowly<then>(bytes, usable, stored ? progress::stored : progress::none);
    }
    void* const block = Allocator::allocate(bytes);
    if (block == nullptr) [[unlikely]]
      return allocate_slowly<then>(bytes, usable, progress::made);
    if (usable != nullptr) *usable = Allocator::usable(block, size);
    return block;
  }

  template <failure then>
  [[gnu::noinline]] static void* allocate_slowly(std::size_t bytes, std::size_t* usable,
                                                 progress so_far) noexcept {
    void* const block = charge_for(
        Allocator::size_for(bytes), usable, [=] { return Allocator::allocate(bytes); }, so_far);
    return block != nullptr || then == failure::is_told ? block : zmalloc_out_of_memory(bytes);
  }

  // Uncharged after it is free: before that, the bytes are not there for anyone else.
  [[gnu::always_inline]] static void free_known(void* block, std::size_t size) noexcept {
    Allocator::free(block, size);
    zmalloc_charge::take_off(whole_block(size));
  }

  /// Returns: the block that `allocate` gives, charged; null, and no figure but the denials has
  /// changed, if it fails, `size` is 0, or the charge is refused.
  template <class Allocate>
  static void* charge_for(std::size_t size, std::size_t* usable, Allocate allocate,
                          progress so_far = progress::none) noexcept {
    if (size == 0) return nullptr;
    zmalloc_charge charge(whole_block(size), so_far);
    void* const block = ask(charge, allocate);
    if (block == nullptr) return nullptr;
    if constexpr (Allocator::tells_size_beforehand) {
      ZPMR_EXPECTS(size == Allocator::size_of(block), "the allocator gave a block of another size");
    } else {
      size = Allocator::size_of(block);
    }
    if (!charge.keep(size)) {
      Allocator::free(block, size);
      return nullptr;
    }
    if (usable != nullptr) *usable = Allocator::usable(block, size);
    return block;
  }

  /// Returns: what `act` gives; null if the charge is refused, or there is no memory.
  template <class Act>
  static void* ask(const zmalloc_charge& charge, Act act) noexcept {
    if (charge.is_refused()) return nullptr;
    void* block = act();
    for (unsigned attempt = 1; block == nullptr && charge.retry_out_of_memory(attempt); ++attempt) {
      block = act();
    }
    return block;
  }

  // How a block is reallocated: zmalloc_reallocate.hpp
  static void* grow(void* block, std::size_t size, std::size_t bytes, std::size_t wanted) noexcept;
  static void* shrink(void* block, std::size_t size, std::size_t bytes,
                      std::size_t wanted) noexcept;
  static void* move(void* block, std::size_t size, std::size_t bytes, question asks) noexcept;
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
