// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

extern "C" std::size_t zpmr_je_malloc_usable_size(void* block);

namespace zpmr::bench {

/// Returns: what jemalloc has set aside for the block, looked up by its address.
inline std::size_t usable_size(void* block) {
  return zpmr_je_malloc_usable_size(block);
}

}  // namespace zpmr::bench
