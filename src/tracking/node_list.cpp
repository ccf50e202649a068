// SPDX-License-Identifier: MIT
#include <zpmr/detail/tree_shape.hpp>

namespace zpmr::detail {

void node_list::push_back(node& added) noexcept {
  added.previous_ = last;
  if (last != nullptr) {
    last->next_ = &added;
  } else {
    first.store(&added, std::memory_order_relaxed);
  }
  last = &added;
}

void node_list::erase(node& erased) noexcept {
  if (erased.previous_ != nullptr) {
    erased.previous_->next_ = erased.next_;
  } else {
    first.store(erased.next_, std::memory_order_relaxed);
  }
  (erased.next_ != nullptr ? erased.next_->previous_ : last) = erased.previous_;
}

node_list& roots() noexcept {
  static constinit node_list list;
  return list;
}

}  // namespace zpmr::detail
