// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE resource_hardening

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <string_view>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/containers.hpp"
#include "support/failing_new.hpp"
#include "support/probe_resource.hpp"
#include "support/scripted_policy.hpp"

namespace {

using std::pmr::memory_resource;
using zpmr::counting_resource;
using zpmr::fail_each_allocation;
using zpmr::failing_resource;
using zpmr::failure_schedule;
using zpmr::limit_action;
using zpmr::test::fail_each_new;
using zpmr::test::probe_resource;
using zpmr::test::use_containers;

/// An allocator of which the schedule makes allocations fail, and which tells usable sizes.
class failing_allocator final : public zpmr::allocator_resource {
 public:
  failing_allocator(zpmr::allocator_resource& allocator, failure_schedule& failures)
      : allocator_(allocator), failures_(failures) {}
  std::string_view name() const noexcept override { return allocator_.name(); }
  std::string_view version() const noexcept override { return allocator_.version(); }
  std::size_t usable_size(std::size_t bytes, std::size_t alignment) const noexcept override {
    return allocator_.usable_size(bytes, alignment);
  }
  const zpmr::detail::size_table* known_sizes() const noexcept override {
    return allocator_.known_sizes();
  }
  zpmr::allocator_stats stats() const override { return allocator_.stats(); }
  bool release_free_memory() noexcept override { return allocator_.release_free_memory(); }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (failures_.fails(bytes)) throw std::bad_alloc{};
    return allocator_.allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    allocator_.deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  zpmr::allocator_resource& allocator_;
  failure_schedule& failures_;
};

struct scarce_memory {
  probe_resource probe;
  failure_schedule failures;
  failing_resource scarce{&probe, failures};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(counting_over_any_upstream_counts_what_the_upstream_gave, scarce_memory) {
  counting_resource memory{&scarce};
  BOOST_TEST(fail_each_allocation(failures, {&memory.tracker()}, [&] { use_containers(&memory); }) >
             100u);
  BOOST_TEST(probe.bytes() == 0u);
  BOOST_TEST(memory.snapshot().allocations == probe.allocations());
  BOOST_TEST(memory.snapshot().denied == 0u);
  BOOST_TEST(memory.peak_bytes() >= probe.most_bytes());
}

BOOST_AUTO_TEST_CASE(counting_over_each_allocator_takes_back_the_usable_size) {
  for (zpmr::allocator_resource* const allocator : zpmr::allocators()) {
    failure_schedule failures;
    failing_allocator scarce{*allocator, failures};
    counting_resource<memory_resource> erased{&scarce};
    counting_resource<failing_allocator> concrete{&scarce};
    for (memory_resource* const memory :
         {static_cast<memory_resource*>(&erased), static_cast<memory_resource*>(&concrete)}) {
      BOOST_TEST(fail_each_allocation(failures, {&erased.tracker(), &concrete.tracker()},
                                      [&] { use_containers(memory); }) > 100u);
    }
    BOOST_TEST(erased.snapshot().total_bytes == concrete.snapshot().total_bytes);
    BOOST_TEST(erased.snapshot().allocations == concrete.snapshot().allocations);
  }
}

BOOST_FIXTURE_TEST_CASE(counting_over_counting_both_take_back, scarce_memory) {
  counting_resource below{&scarce};
  counting_resource above{&below};
  BOOST_TEST(fail_each_allocation(failures, {&below.tracker(), &above.tracker()},
                                  [&] { use_containers(&above); }) > 100u);
  BOOST_TEST(above.snapshot().allocations == below.snapshot().allocations);
}

BOOST_FIXTURE_TEST_CASE(counting_on_one_tree_at_both_ends_takes_back, scarce_memory) {
  zpmr::memory_tracker root{"root"};
  zpmr::memory_tracker leaf{"leaf", root};
  counting_resource below{&scarce, root};
  counting_resource above{&below, leaf};
  BOOST_TEST(fail_each_allocation(failures, {&root, &leaf}, [&] { use_containers(&above); }) >
             100u);
}

BOOST_FIXTURE_TEST_CASE(a_buffer_above_or_below_counting_gives_all_of_it_back, scarce_memory) {
  counting_resource below{&scarce};
  zpmr::memory_tracker tracker{"tracker"};
  BOOST_TEST(fail_each_allocation(failures, {&below.tracker(), &tracker}, [&] {
               std::pmr::monotonic_buffer_resource buffer{16, &below};  // small: it grows often
               counting_resource above{&buffer, tracker};
               use_containers(&above);
             }) > 10u);
  BOOST_TEST(probe.bytes() == 0u);
}

// Not each allocation: the pools of libstdc++ 12 crash where the one for a list of chunks fails. So
// only chunks and large blocks fail, all or some.
BOOST_FIXTURE_TEST_CASE(a_pool_above_or_below_counting_gives_all_of_it_back, scarce_memory) {
  counting_resource below{&scarce};
  zpmr::memory_tracker tracker{"tracker"};
  for (std::size_t above_bytes = 1000; above_bytes < 20'000; above_bytes += above_bytes / 8) {
    for (const auto kind : {zpmr::failure_kind::transient, zpmr::failure_kind::persistent}) {
      failures.set({});
      std::pmr::unsynchronized_pool_resource pool{&below};
      counting_resource above{&pool, tracker};
      failures.set({.above = above_bytes, .kind = kind});
      try {
        use_containers(&above);
      } catch (const std::bad_alloc&) {
      }
      BOOST_TEST(failures.failures() > 0u);
      BOOST_TEST(above.bytes_in_use() == 0u);
      BOOST_TEST(below.bytes_in_use() == probe.bytes());
      pool.release();
      BOOST_TEST(below.snapshot().blocks_in_use() <= 1u);  // its table of pools
    }
  }
  BOOST_TEST(below.bytes_in_use() == 0u);
  BOOST_TEST(below.snapshot().allocations == probe.allocations());
}

BOOST_FIXTURE_TEST_CASE(counting_under_failing_is_not_even_asked, scarce_memory) {
  counting_resource memory{&probe};
  failing_resource above{&memory, failures};
  BOOST_TEST(fail_each_allocation(failures, {&memory.tracker()}, [&] { use_containers(&above); }) >
             100u);
  BOOST_TEST(memory.snapshot().allocations == probe.allocations());
}

BOOST_FIXTURE_TEST_CASE(a_policy_that_retries_survives_what_is_transient, scarce_memory) {
  zpmr::test::scripted_policy patient{1'000'000};
  patient.when_out_of_memory = zpmr::test::scripted_policy::always(limit_action::retry);
  counting_resource memory{&scarce, "patient", &patient};
  std::uint64_t completed = 0;
  const auto tried = fail_each_allocation(failures, {&memory.tracker()}, [&] {
    use_containers(&memory);
    ++completed;
  });
  // In each transient run but the last one failure, in each persistent run but the last 1,000.
  BOOST_TEST(completed == tried / 2 + 2);
  BOOST_TEST(patient.failures >= tried / 2 * 1001);  // more where a container does without
  BOOST_TEST(memory.snapshot().allocations == probe.allocations());
}

BOOST_FIXTURE_TEST_CASE(under_a_cap_failures_of_both_kinds_leave_no_trace, scarce_memory) {
  zpmr::hard_limit cap{8'000};
  counting_resource memory{&scarce, "capped", &cap};
  std::uint64_t refused = 0;
  BOOST_TEST(fail_each_allocation(failures, {&memory.tracker()}, [&] {
               try {
                 use_containers(&memory);
               } catch (const zpmr::limit_exceeded&) {
                 ++refused;
               }
             }) > 50u);
  BOOST_TEST(refused > 0u);
  BOOST_TEST(memory.snapshot().denied == refused);
  BOOST_TEST(probe.most_bytes() <= 8'000u);
  memory.deallocate(memory.allocate(8'000), 8'000);  // all of it can be had again
}

BOOST_FIXTURE_TEST_CASE(an_overdraft_whose_memory_is_not_there_is_none, scarce_memory) {
  zpmr::soft_limit soft{0, [](const zpmr::limit_event&) {}};
  counting_resource memory{&scarce, "soft", &soft};
  BOOST_TEST(fail_each_allocation(failures, {&memory.tracker()}, [&] { use_containers(&memory); }) >
             100u);
  BOOST_TEST(memory.snapshot().overdrafts == probe.allocations());
}

BOOST_AUTO_TEST_CASE(a_resource_with_its_own_tracker_is_made_whole_or_not_at_all) {
  probe_resource probe;
  BOOST_TEST(fail_each_new({}, [&] {
               counting_resource memory{std::pmr::new_delete_resource(),
                                        "a name too long for the string's own buffer"};
               use_containers(&memory);
             }) > 100u);
}

BOOST_AUTO_TEST_CASE(the_allocators_themselves_take_nothing_from_operator_new) {
  zpmr::test::check_takes_nothing([] {
    for (zpmr::allocator_resource* const allocator : zpmr::allocators()) {
      allocator->deallocate(allocator->allocate(100), 100);
      static_cast<void>(allocator->usable_size(100, 8));
      static_cast<void>(allocator->version());
      static_cast<void>(allocator->stats());
      static_cast<void>(allocator->release_free_memory());
      static_cast<void>(zpmr::find_allocator(allocator->name()));
    }
  });
}
