// SPDX-License-Identifier: MIT
#include "membarrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "thread_sanitizer.hpp"

namespace zpmr::detail {

namespace {

bool membarrier(int command) noexcept {
  return syscall(SYS_membarrier, command, 0, 0) == 0;
}

}  // namespace

bool prepare_heavy_fence() noexcept {
#if ZPMR_THREAD_SANITIZER
  return false;  // the thread sanitizer knows nothing of membarrier, and would see races
#else
  const char* const wish = std::getenv("ZPMR_MEMBARRIER");
  if (wish != nullptr && std::string_view(wish) == "off") return false;
  return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
#endif
}

bool heavy_fence() noexcept {
  return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

}  // namespace zpmr::detail
