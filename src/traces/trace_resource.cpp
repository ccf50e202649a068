// SPDX-License-Identifier: MIT
#include <bit>
#include <zpmr/detail/request.hpp>
#include <zpmr/trace_resource.hpp>

#include "base/check.hpp"
#include "traces/trace_recorder.hpp"

namespace zpmr {
namespace {

std::uint64_t address_of(const void* block) noexcept {
  return reinterpret_cast<std::uintptr_t>(block);
}

}  // namespace

trace_resource::trace_resource(std::pmr::memory_resource* upstream) noexcept
    : upstream_(upstream), key_(detail::trace::new_key()) {
  ZPMR_EXPECTS(upstream != nullptr, "a trace_resource needs an upstream");
}

void* trace_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (!detail::can_exist(bytes, alignment)) [[unlikely]] {
    detail::throw_bad_alloc();
  }
  void* const block = upstream_->allocate(bytes, alignment);
  if (key_ != detail::trace::thread::no_key) {
    detail::trace::record_allocation(key_, address_of(block), bytes, alignment);
  }
  return block;
}

void trace_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (key_ != detail::trace::thread::no_key) {
    detail::trace::record_deallocation(key_, address_of(block));
  }
  upstream_->deallocate(block, bytes, alignment);
}

}  // namespace zpmr
