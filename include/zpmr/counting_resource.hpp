// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <string_view>
#include <type_traits>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/detail/counting_base.hpp>
#include <zpmr/detail/request.hpp>
#include <zpmr/export.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>

/// \file
/// Counts and caps what goes through a memory resource: the decorator that containers are given.
///
/// Thread safety: as the upstream. The counting itself is safe from any thread, and a block may be
/// freed on another thread than the one that allocated it.
///
/// \snippet count_a_container.cpp example

namespace zpmr {

namespace detail {

/// Returns: the allocator that `upstream` is, or nullptr if it is another kind of resource.
/// Preconditions: `upstream` is not null.
ZPMR_EXPORT const allocator_resource* as_allocator(
    const std::pmr::memory_resource* upstream) noexcept;

}  // namespace detail

/// A memory resource that charges a tracker for every block it takes from its upstream.
///
/// Over an allocator resource a block is charged with its usable size, as zmalloc counts; over any
/// other upstream with the bytes requested. Which of the two is found out once, when the resource
/// is made (for a type-erased upstream by its dynamic type: one that was compiled with -fno-rtti is
/// taken for no allocator resource). Both figures are kept. Equality is identity: equal resources
/// would let containers swap buffers across trackers.
template <class Upstream = std::pmr::memory_resource>
class counting_resource final : public detail::counting_base {
  static_assert(std::derived_from<Upstream, std::pmr::memory_resource>);

 public:
  /// Effects: charges `tracker`.
  /// Preconditions: `upstream` is not null; both outlive the resource.
  counting_resource(Upstream* upstream, memory_tracker& tracker)
      : upstream_(upstream), allocator_(allocator_of(upstream)), tracker_(&tracker) {}

  /// Effects: charges a tracker of its own, a root of that name and with that policy.
  /// Preconditions: `upstream` is not null; it and `policy` outlive the resource.
  explicit counting_resource(Upstream* upstream, std::string_view name = {},
                             limit_policy* policy = nullptr)
      : upstream_(upstream), allocator_(allocator_of(upstream)) {
    tracker_ = std::construct_at(&own_tracker_, name, policy);
  }

  ~counting_resource() override {
    if (tracker_ == &own_tracker_) std::destroy_at(&own_tracker_);
  }

  counting_resource(const counting_resource&) = delete;
  counting_resource& operator=(const counting_resource&) = delete;

  /// Effects: charges, then allocates; takes the charge back if the upstream throws. Where it
  /// throws `std::bad_alloc` that is no `limit_exceeded`, the policy may have it asked again.
  /// Throws: `limit_exceeded` if refused; `std::bad_alloc`, and no figure changes, if no block of
  /// that size can exist; what the upstream or the policy throws.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) {
    return do_allocate(bytes, alignment);
  }

  /// Effects: frees, then takes off what the allocation was charged.
  /// Preconditions: `block` was allocated here with the same `bytes` and `alignment`.
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) {
    do_deallocate(block, bytes, alignment);
  }

  [[nodiscard]] Upstream* upstream_resource() const noexcept { return upstream_; }
  [[nodiscard]] memory_tracker& tracker() const noexcept { return *tracker_; }

  /// Returns: the tracker's bytes in use.
  [[nodiscard]] std::size_t bytes_in_use() const noexcept { return tracker_->bytes_in_use(); }
  /// Returns: the most that were ever in use, or since the tracker's peak was reset.
  [[nodiscard]] std::size_t peak_bytes() const noexcept { return tracker_->peak_bytes(); }
  /// Returns: all figures of the tracker.
  [[nodiscard]] memory_usage snapshot() const noexcept { return tracker_->snapshot(); }

 private:
  // Then its functions are called directly.
  static constexpr bool known_allocator =
      std::is_final_v<Upstream> && std::derived_from<Upstream, allocator_resource>;
  // And one that tells by null that it failed, which costs less than to be ready for an exception.
  static constexpr bool nothrow_allocator = known_allocator && requires {
    Upstream::allocate_known(0, 0);
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::size_t usable = known_usable_size(bytes, alignment);
    bool stored = false;
    if (usable == 0 || !tracker_->charge_quickly({usable, bytes, 1}, stored)) [[unlikely]] {
      return allocate_slowly(bytes, alignment, stored);
    }
    if constexpr (nothrow_allocator) {
      void* const block = upstream_->allocate_known(bytes, alignment);
      return block != nullptr ? block : allocate_again(bytes, alignment);
    } else {
      try {
        return upstream_->allocate(bytes, alignment);
      } catch (...) {
        return recover(bytes, alignment);
      }
    }
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    const std::size_t usable = known_usable_size(bytes, alignment);
    if (usable == 0) [[unlikely]] {
      return deallocate_slowly(block, bytes, alignment);
    }
    // Uncharged after it is free: before that, the bytes are not there for anyone else.
    if constexpr (nothrow_allocator) {
      upstream_->deallocate_known(block, bytes, alignment);
    } else {
      upstream_->deallocate(block, bytes, alignment);
    }
    tracker_->take_off({usable, bytes, 1});
  }

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  [[nodiscard]] const memory_resource* source() const noexcept override { return upstream_; }

  static const allocator_resource* allocator_of(Upstream* upstream) noexcept {
    if constexpr (std::derived_from<Upstream, allocator_resource>) {
      return upstream;
    } else if constexpr (std::is_final_v<Upstream>) {
      return nullptr;
    } else {
      return detail::as_allocator(upstream);
    }
  }

  /// Returns: what such a block is charged, where that is known at once and it can exist; else 0.
  [[nodiscard]] std::size_t known_usable_size(std::size_t bytes,
                                              std::size_t alignment) const noexcept {
    if (const detail::size_table* const sizes = known_sizes()) {
      return sizes->look_up(bytes, alignment);
    }
    return detail::can_exist(bytes, alignment) ? usable_size(bytes, alignment) : 0;
  }

  [[nodiscard]] const detail::size_table* known_sizes() const noexcept {
    if constexpr (known_allocator) {
      return upstream_->known_sizes();  // known when compiled
    } else {
      return known_sizes_;
    }
  }

  /// All but the fast path, and out of its registers.
  [[gnu::noinline]] void* allocate_slowly(std::size_t bytes, std::size_t alignment, bool stored) {
    const std::size_t usable = usable_size(bytes, alignment);
    // The allocator may know better what can exist.
    if (!detail::can_exist(bytes, alignment) || usable < bytes) detail::throw_bad_alloc();
    pending_block charge{*tracker_, {usable, bytes, 1}, stored};
    return ask_upstream(bytes, alignment, charge, 1);
  }

  [[gnu::noinline]] void deallocate_slowly(void* block, std::size_t bytes, std::size_t alignment) {
    upstream_->deallocate(block, bytes, alignment);
    tracker_->take_off({usable_size(bytes, alignment), bytes, 1});
  }

  /// Called when the upstream, which is charged for already, has failed without a word.
  [[gnu::noinline, gnu::cold]] void* allocate_again(std::size_t bytes, std::size_t alignment) {
    pending_block charge{*tracker_, {usable_size(bytes, alignment), bytes, 1}};
    return ask_upstream(bytes, alignment, charge, 1);
  }

  /// Called in a handler of what the upstream threw the first time.
  [[gnu::noinline, gnu::cold]] void* recover(std::size_t bytes, std::size_t alignment) {
    pending_block charge{*tracker_, {usable_size(bytes, alignment), bytes, 1}};
    try {
      throw;
    } catch (const limit_exceeded&) {
      throw;  // the upstream counts too, and has decided
    } catch (const std::bad_alloc&) {
      if (!charge.retry_out_of_memory(1)) throw;
    }
    return ask_upstream(bytes, alignment, charge, 2);
  }

  void* ask_upstream(std::size_t bytes, std::size_t alignment, pending_block& charge,
                     unsigned attempt) {
    for (;; ++attempt) {
      try {
        void* const block = upstream_->allocate(bytes, alignment);
        charge.keep();
        return block;
      } catch (const limit_exceeded&) {
        throw;
      } catch (const std::bad_alloc&) {
        if (!charge.retry_out_of_memory(attempt)) throw;
      }
    }
  }

  [[nodiscard]] std::size_t usable_size(std::size_t bytes, std::size_t alignment) const noexcept {
    if constexpr (known_allocator) {
      return upstream_->usable_size(bytes, alignment);
    } else {
      if (allocator_ == nullptr) return bytes;
      const std::size_t known =
          known_sizes_ != nullptr ? known_sizes_->look_up(bytes, alignment) : 0;
      return known != 0 ? known : allocator_->usable_size(bytes, alignment);
    }
  }

  Upstream* upstream_;
  const allocator_resource* allocator_;  // the upstream, where it is one
  const detail::size_table* known_sizes_ =
      allocator_ != nullptr ? allocator_->known_sizes() : nullptr;
  memory_tracker* tracker_;  // before its own: on the line that a call has touched
  union {
    memory_tracker own_tracker_;  // or nothing; a flag beside it would take a line
  };
};

template <class Upstream>
counting_resource(Upstream*, memory_tracker&) -> counting_resource<Upstream>;
template <class Upstream>
counting_resource(Upstream*, std::string_view = {}, limit_policy* = nullptr)
    -> counting_resource<Upstream>;

static_assert(std::is_base_of_v<std::pmr::memory_resource, counting_resource<>>);
static_assert(!std::is_copy_constructible_v<counting_resource<>>);

}  // namespace zpmr
