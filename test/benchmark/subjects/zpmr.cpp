// SPDX-License-Identifier: MIT
//
// This library's resources, their allocators called directly, other programs' ways of counting, and
// the resources of the standard library. The program's malloc is glibc's.

#include <gnu/libc-version.h>

#include <memory_resource>
#include <zpmr/zpmr.hpp>

#include "../peers/arrow.hpp"
#include "../peers/counting_peer.hpp"
#include "../peers/redis_7.hpp"
#include "../peers/redis_8.hpp"
#include "../peers/rmm.hpp"
#include "../peers/valkey.hpp"
#include "../suite.hpp"
#include "glibc_witness.hpp"
#include "lined_resource.hpp"
#include "one_resource.hpp"
#include "raw.hpp"
#include "slowed_resource.hpp"
#include "tracked_site.hpp"
#include "zmalloc.hpp"

namespace zpmr::bench {
namespace {

constexpr witness all_witnesses[] = {
    {"jemalloc", [](std::span<void* const>) { return jemalloc()->stats().allocated.value(); }},
    {"tcmalloc", [](std::span<void* const>) { return tcmalloc()->stats().allocated.value(); }},
    glibc_witness,
};
constexpr const witness& in_jemalloc = all_witnesses[0];
constexpr const witness& in_tcmalloc = all_witnesses[1];
constexpr const witness& in_glibc = all_witnesses[2];

struct variant {
  std::string_view name;
  arrangement shape;
};

constexpr variant variants[] = {
    {" counted", {1, cap::none}},
    {" capped", {1, cap::far}},
    {" nearly full", {1, cap::nearly_full}},
    {" depth 3", {3, cap::far}},
    {" depth 8", {8, cap::far}},
};

/// Adds an allocator in all its ways. "erased" are those whose upstream is a
/// `std::pmr::memory_resource*`; the others know the upstream's type.
template <class Raw, class Allocator>
void add_allocator(suite& all, Allocator* allocator, const witness& seen_in, rank of_variants) {
  const std::string name(allocator->name());
  all.add(subject<Raw>{name + " raw", rank::essential, &seen_in, raw_site<Raw>::make});
  all.add(
      subject<std::pmr::memory_resource>{name, rank::essential, &seen_in, process_wide(allocator)});
  using counting = counting_resource<Allocator>;
  all.add(subject<counting>{name + " capped direct", rank::variant, &seen_in,
                            tracked<counting>(allocator, {1, cap::far})});
  for (const variant& each : variants) {
    const std::string label = name + std::string(each.name);
    all.add(subject<std::pmr::memory_resource>{label, of_variants, &seen_in,
                                               tracked(allocator, each.shape)});
    std::pmr::memory_resource* const erased = allocator;
    all.add(subject<std::pmr::memory_resource>{label + ", erased", rank::variant, &seen_in,
                                               tracked(erased, each.shape)});
  }
}

}  // namespace

std::span<const witness> witnesses() {
  return all_witnesses;
}

std::string versions() {
  return "zpmr " ZPMR_VERSION ", " + std::string(jemalloc()->version()) + ", " +
         std::string(tcmalloc()->version()) + ", glibc " + ::gnu_get_libc_version();
}

void add_subjects(suite& all) {
  add_allocator<raw_jemalloc>(all, jemalloc(), in_jemalloc, rank::essential);
  add_allocator<raw_tcmalloc>(all, tcmalloc(), in_tcmalloc, rank::variant);
  add_allocator<raw_libc>(all, libc(), in_glibc, rank::variant);

  using resource_subject = subject<std::pmr::memory_resource>;
  constexpr rank essential = rank::essential;
  for (const resource_subject& each : std::initializer_list<resource_subject>{
           {"jemalloc Redis 7", essential, &in_jemalloc, peer_site<redis_7_counter>::make},
           {"jemalloc Redis 8", essential, &in_jemalloc, peer_site<redis_8_counter>::make},
           {"jemalloc Valkey", essential, &in_jemalloc, peer_site<valkey_counter>::make},
           {"jemalloc Arrow", essential, &in_jemalloc, peer_site<arrow_counter>::make},
           {"jemalloc RMM", essential, &in_jemalloc, peer_site<rmm_counter>::make},
           {"new_delete", essential, &in_glibc, process_wide(std::pmr::new_delete_resource())},
           {"pool", essential, &in_glibc, new_resource<std::pmr::synchronized_pool_resource>()},
           {"jemalloc slowed", rank::control, &in_jemalloc, new_resource<slowed_resource>()},
           {"jemalloc three lines", rank::bound, &in_jemalloc,
            many_resources<lined_resource>::make},
       }) {
    all.add(each);
  }
  // On the default allocator, which is jemalloc.
  all.add(
      subject<zmalloc_memory>{"jemalloc zmalloc", rank::variant, &in_jemalloc, zmalloc_site::make});
}

}  // namespace zpmr::bench
