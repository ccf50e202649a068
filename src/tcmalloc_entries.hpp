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
void* ZPMR_TC(tc_calloc)(std::size_t count, std::size_t bytes);
void* ZPMR_TC(tc_memalign)(std::size_t alignment, std::size_t bytes);
void ZPMR_TC(tc_free)(void* block);
void ZPMR_TC(tc_free_sized)(void* block, std::size_t bytes);
std::size_t ZPMR_TC(tc_malloc_size)(void* block);
std::size_t ZPMR_TC(tc_nallocx)(std::size_t bytes, int flags);
const char* ZPMR_TC(tc_version)(int* major, int* minor, const char** patch);
int ZPMR_TC(MallocExtension_GetNumericProperty)(const char* name, std::size_t* value);
void ZPMR_TC(MallocExtension_MarkThreadIdle)();
void ZPMR_TC(MallocExtension_MarkThreadTemporarilyIdle)();
void ZPMR_TC(MallocExtension_ReleaseFreeMemory)();
}
