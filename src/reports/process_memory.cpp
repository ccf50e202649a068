// SPDX-License-Identifier: MIT
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <zpmr/process_memory.hpp>

#include "platform/process_memory.hpp"

namespace zpmr {

namespace {

std::optional<std::size_t> page_size() noexcept {
  const long bytes = ::sysconf(_SC_PAGESIZE);
  return bytes > 0 ? std::optional(static_cast<std::size_t>(bytes)) : std::nullopt;
}

constexpr int limits_on_address_space[] = {
#ifdef RLIMIT_AS  // not on OpenBSD
    RLIMIT_AS,
#endif
    RLIMIT_DATA};

std::optional<std::size_t> process_limit() noexcept {
  std::optional<std::size_t> least;
  for (const int resource : limits_on_address_space) {
    rlimit limit;
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) continue;
    least = static_cast<std::size_t>(std::min<std::uint64_t>(
        static_cast<std::uint64_t>(limit.rlim_cur), least.value_or(SIZE_MAX)));
  }
  return least;
}

}  // namespace

process_memory sample_process_memory() noexcept {
  process_memory memory = detail::read_process_memory();
  memory.page_size = page_size();
  memory.process_limit = process_limit();
  return memory;
}

std::optional<std::size_t> smaps_field(std::string_view name) noexcept {
  return detail::read_smaps_field(name);
}

}  // namespace zpmr
