// SPDX-License-Identifier: MIT
#include <zpmr/default_allocator.hpp>
#include <zpmr/zmalloc.hpp>

#include "base/check.hpp"
#include "zmalloc/zmalloc_functions.hpp"

namespace zpmr::detail {

namespace {

const zmalloc_functions& functions_of(const allocator_resource& allocator) noexcept {
#if ZPMR_WITH_JEMALLOC
  if (allocator.name() == "jemalloc") return zmalloc_on_jemalloc;
#endif
#if ZPMR_WITH_TCMALLOC
  if (allocator.name() == "tcmalloc") return zmalloc_on_tcmalloc;
#endif
  if (allocator.name() != "libc") {
    complain("zmalloc does not know %s: using libc", allocator.name().data());
  }
  return zmalloc_on_libc;
}

[[gnu::cold]] const zmalloc_functions& choose() noexcept {
  static_cast<void>(zmalloc_tracker());
  // Threads that race choose the same.
  const zmalloc_functions& choice = functions_of(*default_allocator());
  zmalloc_choice.store(&choice, std::memory_order_release);
  return choice;
}

/// Chooses, and calls the member of the choice that it stands for.
template <auto member>
struct first_call;
template <class Result, class... Arguments,
          Result (*zmalloc_functions::*member)(Arguments...) noexcept>
struct first_call<member> {
  static Result call(Arguments... arguments) noexcept { return (choose().*member)(arguments...); }
};

constexpr zmalloc_functions not_chosen{
    .allocate = first_call<&zmalloc_functions::allocate>::call,
    .try_allocate = first_call<&zmalloc_functions::try_allocate>::call,
    .allocate_zeroed = first_call<&zmalloc_functions::allocate_zeroed>::call,
    .allocate_aligned = first_call<&zmalloc_functions::allocate_aligned>::call,
    .allocate_uncached = first_call<&zmalloc_functions::allocate_uncached>::call,
    .reallocate = first_call<&zmalloc_functions::reallocate>::call,
    .free = first_call<&zmalloc_functions::free>::call,
    .free_with_size = first_call<&zmalloc_functions::free_with_size>::call,
    .free_uncached = first_call<&zmalloc_functions::free_uncached>::call,
    .size = first_call<&zmalloc_functions::size>::call,
    .usable_size = first_call<&zmalloc_functions::usable_size>::call,
};

}  // namespace

constinit std::atomic<const zmalloc_functions*> zmalloc_choice{&not_chosen};

}  // namespace zpmr::detail
