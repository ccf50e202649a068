// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// \file
/// Every allocator of the process, whoever brought it, by the figures that it keeps itself.

namespace linkage {

struct known_allocator {
  std::string name;
  std::size_t (*allocated)();  ///< in bytes
};

/// Returns: those that are there: the C library's, jemalloc and tcmalloc as the dynamic linker
/// knows them, and zpmr's private copies.
std::vector<known_allocator> known_allocators();

/// Returns: the name of the file, without its directory, that the address lies in.
std::string file_of(const void* address);

}  // namespace linkage
