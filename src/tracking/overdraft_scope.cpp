// SPDX-License-Identifier: MIT
#include <zpmr/detail/thread_state.hpp>
#include <zpmr/overdraft_scope.hpp>

namespace zpmr {

overdraft_scope::overdraft_scope() noexcept {
  ++detail::this_thread.overdraft_scopes;
}

overdraft_scope::~overdraft_scope() {
  --detail::this_thread.overdraft_scopes;
}

}  // namespace zpmr
