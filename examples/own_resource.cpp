// SPDX-License-Identifier: MIT

/// \file
/// A resource of one's own that counts and caps what it hands out: here whole pages, straight from
/// the system.

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory_resource>
#include <new>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

class page_resource final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t page_size = 4_KiB;

  explicit page_resource(zpmr::memory_tracker& tracker) : tracker_(tracker) {}

 private:
  //! [example]
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes > PTRDIFF_MAX - page_size || alignment > page_size) throw std::bad_alloc{};
    zpmr::pending_block charge{tracker_, whole_pages(bytes), bytes};  // may be refused
    void* const block = map(whole_pages(bytes));  // may throw: then the charge is taken back
    charge.keep();
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    munmap(block, whole_pages(bytes));
    tracker_.uncharge_block(whole_pages(bytes), bytes);  // when it is really free, not before
  }
  //! [example]

  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  static std::size_t whole_pages(std::size_t bytes) {
    return (std::max(bytes, std::size_t{1}) + page_size - 1) / page_size * page_size;
  }

  static void* map(std::size_t bytes) {
    void* const pages =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc{};
    return pages;
  }

  zpmr::memory_tracker& tracker_;
};

int main() {
  zpmr::hard_limit cap{1_MiB};
  zpmr::memory_tracker tracker{"pages", &cap};
  page_resource pages{tracker};
  {
    const std::pmr::vector<std::byte> buffer(5'000, &pages);
    std::cout << tracker.snapshot() << '\n';
    expect(tracker.bytes_in_use() == 8_KiB);
    expect(tracker.snapshot().requested_bytes_in_use == 5'000);
  }
  try {
    const std::pmr::vector<std::byte> buffer(2_MiB, &pages);
    expect(false);
  } catch (const zpmr::limit_exceeded& refusal) {
    std::cout << refusal.what() << '\n';
  }
  expect(tracker.bytes_in_use() == 0 && tracker.snapshot().denied == 1);
  expect(tracker.peak_bytes() == 8_KiB);
}
