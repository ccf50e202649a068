// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

/// \file
/// tcmalloc's own functions, for the sources that speak to tcmalloc.

#if ZPMR_TCMALLOC_PRIVATE
#define ZPMR_TC(function) zpmr_##function
#else
#define ZPMR_TC(function) function
#endif

extern "C" {
void* ZPMR_TC(tc_malloc)(std::size_t bytes);
void* ZPMR_TC(tc_memalign)(std::size_t alignment, std::size_t bytes);
void ZPMR_TC(tc_free)(void* block);
void ZPMR_TC(tc_free_sized)(void* block, std::size_t bytes);
#if ZPMR_TCMALLOC_PRIVATE
// A member function, which does not use its object.
std::size_t zpmr_tc_block_size(const void* object, const void* block);
#else
std::size_t tc_malloc_size(void* block);
#endif
std::size_t ZPMR_TC(tc_nallocx)(std::size_t bytes, int flags);
const char* ZPMR_TC(tc_version)(int* major, int* minor, const char** patch);
int ZPMR_TC(MallocExtension_GetNumericProperty)(const char* name, std::size_t* value);
void ZPMR_TC(MallocExtension_MarkThreadIdle)();
void ZPMR_TC(MallocExtension_MarkThreadTemporarilyIdle)();
void ZPMR_TC(MallocExtension_ReleaseFreeMemory)();
}

namespace zpmr::detail {

/// Returns: the usable bytes of a block. tc_malloc_size calls the same by way of an object that is
/// there only after tcmalloc's static constructors, and under valgrind never; it says 0 until then.
inline std::size_t tcmalloc_block_size(const void* block) noexcept {
#if ZPMR_TCMALLOC_PRIVATE
  return zpmr_tc_block_size(nullptr, block);
#else
  return tc_malloc_size(const_cast<void*>(block));
#endif
}

}  // namespace zpmr::detail
