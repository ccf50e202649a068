// SPDX-License-Identifier: MIT
//
// oneTBB's scalable_memory_resource. The program's malloc is glibc's.

#include <oneapi/tbb/scalable_allocator.h>
#include <oneapi/tbb/version.h>

#include "../suite.hpp"
#include "glibc_witness.hpp"
#include "one_resource.hpp"

namespace zpmr::bench {
namespace {

constexpr witness all_witnesses[] = {
    {"oneTBB",
     [](std::span<void* const> blocks) {
       std::size_t bytes = 0;
       for (void* block : blocks) bytes += ::scalable_msize(block);
       return bytes;
     }},
    glibc_witness,
};

}  // namespace

std::span<const witness> witnesses() {
  return all_witnesses;
}

std::string versions() {
  return "oneTBB " TBB_VERSION_STRING;
}

void add_subjects(suite& all) {
  all.add(subject<std::pmr::memory_resource>{"oneTBB", rank::essential, &all_witnesses[0],
                                             process_wide(tbb::scalable_memory_resource())});
}

}  // namespace zpmr::bench
