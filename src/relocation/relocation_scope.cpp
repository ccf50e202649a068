// SPDX-License-Identifier: MIT
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/relocation_scope.hpp>

#include "relocation/relocation.hpp"

namespace zpmr {

relocation_scope::relocation_scope() noexcept : had_cache_(detail::suspend_thread_cache()) {
  ++detail::this_thread.policy_calls;  // as in a policy's callback: charges ask no policy
}

relocation_scope::~relocation_scope() {
  --detail::this_thread.policy_calls;
  if (had_cache_) detail::resume_thread_cache();
}

}  // namespace zpmr
