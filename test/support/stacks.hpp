// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <memory>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>
#include <zpmr/config.hpp>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/trace_resource.hpp>
#if ZPMR_WITH_JEMALLOC
#include <zpmr/jemalloc_arena_resource.hpp>
#endif
#if defined(ZPMR_TEST_CHECKED_STACKS)
#include <zpmr/checked_resource.hpp>
#endif

#include "allocators/built_in.hpp"
#include "support/aligned_pools.hpp"
#include "support/recording_fixture.hpp"

/// \file
/// Every resource of the library, and every stack of them that makes sense; `checked_resource` only
/// where ZPMR_TEST_CHECKED_STACKS is defined, as it is of another library.

namespace zpmr::test {

/// A resource, and the trackers that count what goes through it, itself or below.
struct stack {
  std::string name;
  int decorators;  ///< between the top and the allocator, the top included
  std::pmr::memory_resource* top;
  std::vector<const memory_tracker*> trackers;
};

/// Makes the stacks, and keeps what they are made of. All of them end in a resource of the library
/// on top. What is traced is recorded while they live.
class all_stacks {
 public:
  all_stacks() {
    recording_.start();
    for (allocator_resource* const each : allocators()) on_upstream(each->name(), each);
    on_upstream("new and delete", std::pmr::new_delete_resource());
    on_upstream("libc without prefix", &without_prefix_);
#define ZPMR_COUNTING_ON(name) counting_on(#name, name());
    ZPMR_FOR_EACH_ALLOCATOR(ZPMR_COUNTING_ON)
#undef ZPMR_COUNTING_ON
#if ZPMR_WITH_JEMALLOC
    on_upstream("an arena", &arena_);
    counting_on("an arena", &arena_);
#endif
  }
  all_stacks(const all_stacks&) = delete;
  all_stacks& operator=(const all_stacks&) = delete;

  [[nodiscard]] auto begin() const {
    return stacks_.begin();
  }
  [[nodiscard]] auto end() const {
    return stacks_.end();
  }

 private:
  void add(std::string name, int decorators, std::pmr::memory_resource* top,
           std::vector<const memory_tracker*> trackers) {
    stacks_.push_back({std::move(name), decorators, top, std::move(trackers)});
  }

  /// Effects: makes a resource that lives as long as this.
  template <class Resource, class... Arguments>
  Resource& make(Arguments&&... arguments) {
    const auto made = std::make_shared<Resource>(std::forward<Arguments>(arguments)...);
    kept_.push_front(made);  // so that what is on top goes first
    return *made;
  }

  /// Counting with the upstream's type known.
  template <class Upstream>
  void counting_on(const std::string& name, Upstream* upstream) {
    auto& counting = make<counting_resource<Upstream>>(upstream, name);
    add("counting, of known type, on " + name, 1, &counting, {&counting.tracker()});
  }

  counting_resource<>& counting(std::pmr::memory_resource* upstream) {
    return make<counting_resource<>>(upstream, "stack");
  }

  void on_upstream(std::string_view upstream_name, std::pmr::memory_resource* upstream) {
    const std::string name{upstream_name};
    if (upstream != std::pmr::new_delete_resource()) add(name, 0, upstream, {});
    auto& once = counting(upstream);
    add("counting on " + name, 1, &once, {&once.tracker()});
    auto& twice = counting(&once);
    add("counting on counting on " + name, 2, &twice, {&once.tracker(), &twice.tracker()});
    auto& failing = make<failing_resource>(&once, failures_);
    add("failing on counting on " + name, 2, &failing, {&once.tracker()});
    auto& above_failing = counting(&failing);
    add("counting on failing on counting on " + name, 3, &above_failing,
        {&once.tracker(), &above_failing.tracker()});
    auto& traced = make<trace_resource>(&once);
    add("traced on counting on " + name, 2, &traced, {&once.tracker()});
    checked_on(traced, "traced on counting on " + name, once.tracker());
    auto& above_pool = counting(&make<aligned_pools>(&once));
    add("counting on a pool on counting on " + name, 3, &above_pool, {&above_pool.tracker()});
    auto& above_buffer = counting(&make<std::pmr::monotonic_buffer_resource>(&once));
    add("counting on a buffer on counting on " + name, 3, &above_buffer, {&above_buffer.tracker()});
  }

  /// Freed blocks are kept as they are: to overwrite large ones takes long.
  void checked_on([[maybe_unused]] std::pmr::memory_resource& upstream,
                  [[maybe_unused]] const std::string& name,
                  [[maybe_unused]] const memory_tracker& below) {
#if defined(ZPMR_TEST_CHECKED_STACKS)
    auto& checked = make<checked_resource>(
        &upstream, name, checked_options{.quarantine_bytes = 10'000, .freed = freed_bytes::kept});
    add("checked on " + name, 3, &checked, {&below});
    auto& counted = counting(&checked);
    add("counting on checked on " + name, 4, &counted, {&below, &counted.tracker()});
#endif
  }

  recording_fixture recording_;
  failure_schedule failures_;
  libc_resource without_prefix_{libc_block_size::system};
#if ZPMR_WITH_JEMALLOC
  jemalloc_arena_resource arena_;
#endif
  std::list<std::shared_ptr<void>> kept_;
  std::vector<stack> stacks_;
};

}  // namespace zpmr::test
