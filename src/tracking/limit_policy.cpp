// SPDX-License-Identifier: MIT
#include <zpmr/limit_policy.hpp>

namespace zpmr {

limit_policy::~limit_policy() = default;

void limit_policy::on_overdraft(const limit_event&) {}

limit_action limit_policy::on_out_of_memory(const limit_event&) {
  return limit_action::deny;
}

}  // namespace zpmr
