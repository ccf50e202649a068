// SPDX-License-Identifier: MIT
//
// A program that is compiled with -fno-rtti, with resources, policies and containers of its own.

#include <cstdlib>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/defragment.hpp>
#include <zpmr/json.hpp>
#include <zpmr/tree_report.hpp>
#include <zpmr/usage_sampler.hpp>
#include <zpmr/zpmr.hpp>

namespace {

class own_resource final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

class own_policy final : public zpmr::limit_policy {
 public:
  std::size_t limit() const noexcept override { return 100'000; }
  zpmr::limit_action on_limit(const zpmr::limit_event&) override {
    return zpmr::limit_action::deny;
  }
};

/// Returns: whether blocks of `upstream` are counted, and the cap holds and is told.
template <class Upstream>
bool counts(Upstream* upstream) {
  own_policy cap;
  zpmr::counting_resource memory{upstream, "own", &cap};
  bool refused = false;
  {
    std::pmr::vector<std::pmr::string> lines{&memory};
    for (int i = 0; i < 100; ++i) lines.emplace_back(100, 'x');
    try {
      lines.reserve(1'000'000);
    } catch (const zpmr::limit_exceeded& error) {
      refused = error.tracker_name() == "own";
    }
    refused = refused && memory.bytes_in_use() >= 100 * 100;
  }
  return refused && memory.bytes_in_use() == 0;
}

}  // namespace

int main() {
  own_resource own;
  std::pmr::memory_resource* const own_erased = &own;
  std::pmr::memory_resource* const allocator_erased = zpmr::default_allocator();
  const bool right = counts(&own) && counts(own_erased) && counts(allocator_erased) &&
                     counts(zpmr::default_allocator());
  zpmr::memory_tracker tracker{"printed"};
  std::cout << tracker.snapshot() << '\n';
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
