// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE container_truths
#include <boost/test/unit_test.hpp>
#include <list>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/policies.hpp>

#include "support/probe_resource.hpp"

// What surprises people who count the memory of containers. Each is a fact of the standard library
// that the documentation states; if one changes, so must the documentation.

namespace {

using zpmr::counting_resource;
using zpmr::test::probe_resource;

/// Makes a resource the default one of the program while it lives.
class default_resource_scope {
 public:
  explicit default_resource_scope(std::pmr::memory_resource* resource)
      : before_(std::pmr::set_default_resource(resource)) {}
  ~default_resource_scope() { std::pmr::set_default_resource(before_); }
  default_resource_scope(const default_resource_scope&) = delete;
  default_resource_scope& operator=(const default_resource_scope&) = delete;

 private:
  std::pmr::memory_resource* before_;
};

constexpr std::size_t kibibyte = 1024;

}  // namespace

BOOST_AUTO_TEST_CASE(a_growing_vector_holds_both_buffers_for_a_moment) {
  counting_resource<> memory{std::pmr::new_delete_resource(), "growing"};
  std::pmr::vector<char> text{&memory};
  text.reserve(kibibyte);
  text.resize(kibibyte);
  text.push_back('x');  // 1 KiB is full: 2 KiB are taken while it is still held
  BOOST_TEST(memory.bytes_in_use() == 2 * kibibyte);
  BOOST_TEST(memory.peak_bytes() == 3 * kibibyte);  // 1.5 times what it needs afterwards
}

BOOST_AUTO_TEST_CASE(so_a_vector_cannot_grow_to_a_cap_that_it_would_fit_in) {
  zpmr::hard_limit cap{2 * kibibyte};
  counting_resource<> memory{std::pmr::new_delete_resource(), "capped", &cap};
  std::pmr::vector<char> grown{&memory};
  grown.resize(kibibyte);
  BOOST_CHECK_THROW(grown.push_back('x'), zpmr::limit_exceeded);
  BOOST_TEST(grown.size() == kibibyte);  // push_back is strong: nothing is lost
  grown = std::pmr::vector<char>{&memory};
  BOOST_TEST(memory.bytes_in_use() == 0u);
  grown.reserve(2 * kibibyte);  // reserving at once needs no second buffer
  BOOST_TEST(memory.bytes_in_use() == 2 * kibibyte);
}

BOOST_AUTO_TEST_CASE(strings_that_are_not_pmr_are_counted_without_their_text) {
  counting_resource<> memory{std::pmr::new_delete_resource(), "strings"};
  const std::string text(10 * kibibyte, 't');
  std::pmr::vector<std::string> handles{&memory};
  handles.reserve(1);
  handles.push_back(text);
  BOOST_TEST(memory.bytes_in_use() == sizeof(std::string));

  std::pmr::vector<std::pmr::string> whole{&memory};
  whole.reserve(1);
  whole.emplace_back(text);  // takes the resource of its vector
  BOOST_TEST(memory.bytes_in_use() >
             sizeof(std::string) + sizeof(std::pmr::string) + 10 * kibibyte);
}

BOOST_AUTO_TEST_CASE(a_copy_falls_back_to_the_default_resource) {
  probe_resource fallback;
  const default_resource_scope scope{&fallback};
  counting_resource<> memory{std::pmr::new_delete_resource(), "original"};
  const std::pmr::vector<char> original(kibibyte, 'o', &memory);
  const std::pmr::vector<char> copy = original;
  BOOST_TEST(copy.get_allocator().resource() == &fallback);
  BOOST_TEST(fallback.bytes() == kibibyte);
  BOOST_TEST(memory.bytes_in_use() == kibibyte);
  const std::pmr::vector<char> counted_copy(original, &memory);  // unless it is told otherwise
  BOOST_TEST(memory.bytes_in_use() == 2 * kibibyte);
}

BOOST_AUTO_TEST_CASE(a_move_constructed_container_keeps_the_resource) {
  counting_resource<> memory{std::pmr::new_delete_resource(), "original"};
  std::pmr::vector<char> original(kibibyte, 'o', &memory);
  const std::pmr::vector<char> moved = std::move(original);
  BOOST_TEST(moved.get_allocator().resource() == &memory);
  BOOST_TEST(memory.bytes_in_use() == kibibyte);
  BOOST_TEST(memory.snapshot().allocations == 1u);
}

BOOST_AUTO_TEST_CASE(a_pool_above_the_counter_shows_held_bytes) {
  counting_resource<> memory{std::pmr::new_delete_resource(), "held"};
  {
    std::pmr::unsynchronized_pool_resource pool{&memory};
    void* const block = pool.allocate(64);
    const std::size_t held = memory.bytes_in_use();
    BOOST_TEST(held > 64u);
    pool.deallocate(block, 64);
    BOOST_TEST(memory.bytes_in_use() == held);  // the pool keeps it
    pool.release();
    BOOST_TEST(memory.bytes_in_use() < held);
  }
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_pool_below_the_counter_shows_live_bytes) {
  std::pmr::unsynchronized_pool_resource pool;
  counting_resource memory{&pool, "live"};
  void* const block = memory.allocate(64);
  BOOST_TEST(memory.bytes_in_use() == 64u);
  memory.deallocate(block, 64);
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(a_monotonic_buffer_above_the_counter_gives_back_all_at_its_end) {
  counting_resource<> memory{std::pmr::new_delete_resource(), "buffer"};
  {
    std::pmr::monotonic_buffer_resource buffer{kibibyte, &memory};
    std::pmr::list<int> numbers{&buffer};
    for (int i = 0; i < 10; ++i) numbers.push_back(i);
    const std::size_t held = memory.bytes_in_use();
    numbers.clear();
    BOOST_TEST(memory.bytes_in_use() == held);
    BOOST_TEST(memory.snapshot().allocations == 1u);
  }
  BOOST_TEST(memory.bytes_in_use() == 0u);
}

BOOST_AUTO_TEST_CASE(move_assignment_between_different_resources_copies) {
  counting_resource<> one{std::pmr::new_delete_resource(), "one"};
  counting_resource<> other{std::pmr::new_delete_resource(), "other"};
  std::pmr::vector<char> source(kibibyte, 's', &one);
  std::pmr::vector<char> target{&other};
  const void* const buffer = source.data();
  target = std::move(source);
  BOOST_TEST(static_cast<const void*>(target.data()) != buffer);
  BOOST_TEST(other.bytes_in_use() == kibibyte);
  source = std::pmr::vector<char>{&one};  // what was moved from may have kept its buffer
  BOOST_TEST(one.bytes_in_use() == 0u);

  std::pmr::vector<char> same{&other};
  const void* const other_buffer = target.data();
  same = std::move(target);  // within one resource the buffer changes hands
  BOOST_TEST(static_cast<const void*>(same.data()) == other_buffer);
  BOOST_TEST(other.snapshot().allocations == 1u);
}

BOOST_AUTO_TEST_CASE(erasing_from_a_vector_gives_nothing_back) {
  counting_resource<> memory{std::pmr::new_delete_resource(), "cleared"};
  std::pmr::vector<char> text(kibibyte, 't', &memory);
  text.clear();
  BOOST_TEST(memory.bytes_in_use() == kibibyte);
  text.shrink_to_fit();
  BOOST_TEST(memory.bytes_in_use() == 0u);
}
