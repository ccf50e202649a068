// SPDX-License-Identifier: MIT
#include <zpmr/detail/request.hpp>
#include <zpmr/failing_resource.hpp>

namespace zpmr {

void* failing_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (!detail::can_exist(bytes, alignment) || failures_.fails(bytes)) detail::throw_bad_alloc();
  return upstream_->allocate(bytes, alignment);
}

void failing_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  upstream_->deallocate(block, bytes, alignment);
}

}  // namespace zpmr
