// SPDX-License-Identifier: MIT
#include "membarrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "base/check.hpp"
#include "base/environment.hpp"
#include "thread_sanitizer.hpp"

namespace zpmr::detail {

namespace {

bool membarrier(int command) noexcept {
  return syscall(SYS_membarrier, command, 0, 0) == 0;
}

/// Returns: whether ZPMR_MEMBARRIER asks to do without the fence.
[[maybe_unused]] bool is_switched_off() noexcept {
  constexpr const char* variable = "ZPMR_MEMBARRIER";
  const std::string_view wish = environment(variable);
  if (wish.empty() || wish == "off") return wish == "off";
  char storage[128];
  text line{storage};
  append_variable(line, variable, wish);
  complain("%s is not known: using membarrier, as nothing but \"off\" forbids it",
           line.view().data());
  return false;
}

}  // namespace

bool prepare_heavy_fence() noexcept {
#if ZPMR_THREAD_SANITIZER
  return false;  // the thread sanitizer knows nothing of membarrier, and would see races
#else
  return !is_switched_off() && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
#endif
}

bool heavy_fence() noexcept {
  return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

}  // namespace zpmr::detail
