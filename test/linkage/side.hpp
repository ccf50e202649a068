// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory_resource>
#include <new>

namespace linkage {

/// What one side of a process, the program or a library, does with memory. Each file that includes
/// this has functions of its own, so that they call what the dynamic linker gave to that side.
struct side {
  void* (*take_malloc)(std::size_t bytes);
  void (*give_malloc)(void* block);
  void* (*take_new)(std::size_t bytes);
  void (*give_new)(void* block);
  void* (*take)(std::pmr::memory_resource& resource, std::size_t bytes);
  void (*give)(std::pmr::memory_resource& resource, void* block, std::size_t bytes);
  const void* malloc_address;
  const void* new_address;
};

namespace {  // one in each file that includes this

[[maybe_unused]] side this_side() {
  return {
      .take_malloc = [](std::size_t bytes) { return std::malloc(bytes); },
      .give_malloc = [](void* block) { std::free(block); },
      .take_new = [](std::size_t bytes) { return ::operator new(bytes); },
      .give_new = [](void* block) { ::operator delete(block); },
      .take = [](std::pmr::memory_resource& resource,
                 std::size_t bytes) { return resource.allocate(bytes); },
      .give = [](std::pmr::memory_resource& resource, void* block,
                 std::size_t bytes) { resource.deallocate(block, bytes); },
      .malloc_address = reinterpret_cast<const void*>(&std::malloc),
      .new_address =
          reinterpret_cast<const void*>(static_cast<void* (*)(std::size_t)>(&::operator new)),
  };
}

}  // namespace

}  // namespace linkage
