// SPDX-License-Identifier: MIT
//
// foonathan/memory: its pools for blocks up to 4 KiB, its heap beyond them, and a mutex, put
// together of its own parts. The program's malloc is glibc's.

#include <foonathan/memory/allocator_storage.hpp>
#include <foonathan/memory/heap_allocator.hpp>
#include <foonathan/memory/memory_pool_collection.hpp>
#include <foonathan/memory/memory_resource_adapter.hpp>
#include <foonathan/memory/segregator.hpp>
#include <foonathan/memory/threading.hpp>
#include <mutex>

#include "../suite.hpp"
#include "glibc_witness.hpp"
#include "one_resource.hpp"

namespace zpmr::bench {
namespace {

namespace fm = foonathan::memory;

constexpr std::size_t largest_in_pool = 4096;
constexpr std::size_t first_pool_block = 256 * 1024;

using pools = fm::memory_pool_collection<fm::node_pool, fm::log2_buckets>;
using sorted_by_size = fm::binary_segregator<fm::threshold_segregatable<pools>, fm::heap_allocator>;
using guarded = fm::allocator_storage<fm::direct_storage<sorted_by_size>, std::mutex>;

class foonathan_resource final : public fm::memory_resource_adapter<guarded> {
 public:
  foonathan_resource()
      : memory_resource_adapter(guarded(sorted_by_size(
            fm::threshold(largest_in_pool, pools(largest_in_pool, first_pool_block))))) {}
};

constexpr witness all_witnesses[] = {glibc_witness};

}  // namespace

std::span<const witness> witnesses() {
  return all_witnesses;
}

std::string versions() {
  return "foonathan/memory " ZPMR_BENCH_FOONATHAN_VERSION;
}

void add_subjects(suite& all) {
  all.add(subject<std::pmr::memory_resource>{"foonathan", rank::essential, &all_witnesses[0],
                                             new_resource<foonathan_resource>()});
}

}  // namespace zpmr::bench
