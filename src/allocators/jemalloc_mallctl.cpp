// SPDX-License-Identifier: MIT
#include "allocators/jemalloc_mallctl.hpp"

#include <cerrno>

#include "platform/thread_sanitizer.hpp"

namespace zpmr::detail::je {

int control::call(std::initializer_list<std::size_t> indexes, void* out, std::size_t* out_size,
                  void* in, std::size_t in_size) noexcept {
  const unseen_atomics of_other_threads;
  path levels;
  const std::size_t depth = find(levels);
  if (depth == 0) return ENOENT;
  const std::size_t* place = places_.data();
  for (const std::size_t index : indexes) levels[*place++] = index;
  return ZPMR_JE(mallctlbymib)(levels.data(), depth, out, out_size, in, in_size);
}

std::size_t control::find(path& into) noexcept {
  // Acquire and release: the levels must be there when the depth is.
  std::size_t depth = depth_.load(std::memory_order_acquire);
  if (depth != 0) {
    for (std::size_t i = 0; i < depth; ++i) into[i] = path_[i].load(std::memory_order_relaxed);
    return depth;
  }
  depth = most_levels;
  if (ZPMR_JE(mallctlnametomib)(name_, into.data(), &depth) != 0) return 0;
  for (std::size_t i = 0; i < depth; ++i) path_[i].store(into[i], std::memory_order_relaxed);
  depth_.store(depth, std::memory_order_release);
  return depth;
}

}  // namespace zpmr::detail::je
