// SPDX-License-Identifier: MIT
//
// mimalloc, by its own functions. The program's malloc is mimalloc's too.

#include <mimalloc.h>

#include <new>

#include "../suite.hpp"
#include "glibc_witness.hpp"
#include "one_resource.hpp"

namespace zpmr::bench {
namespace {

class mimalloc_resource final : public std::pmr::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = alignment <= alignof(std::max_align_t)
                            ? ::mi_malloc(bytes)
                            : ::mi_malloc_aligned(bytes, alignment);
    if (block == nullptr) throw std::bad_alloc{};
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    ::mi_free_size(block, bytes);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return dynamic_cast<const mimalloc_resource*>(&other) != nullptr;
  }
};

constexpr witness all_witnesses[] = {
    {"mimalloc",
     [](std::span<void* const> blocks) {
       std::size_t bytes = 0;
       for (void* block : blocks) {
         if (::mi_is_in_heap_region(block)) bytes += ::mi_usable_size(block);
       }
       return bytes;
     }},
    glibc_witness,
};

}  // namespace

std::span<const witness> witnesses() {
  return all_witnesses;
}

std::string versions() {
  const int version = ::mi_version();  // 209 is 2.0.9
  return "mimalloc " + std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) +
         "." + std::to_string(version % 10);
}

void add_subjects(suite& all) {
  all.add(subject<std::pmr::memory_resource>{"mimalloc", rank::essential, &all_witnesses[0],
                                             new_resource<mimalloc_resource>()});
}

}  // namespace zpmr::bench
