// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE alignment

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/stacks.hpp"

namespace {

constexpr std::size_t largest = std::size_t{8} << 20;

/// Returns: sizes from 0 to 3 times the alignment: all where they are few, else some 60, and those
/// around each multiple of it.
std::vector<std::size_t> sizes_for(std::size_t alignment) {
  const std::size_t most = 3 * alignment;
  std::vector<std::size_t> sizes;
  // Of large ones only those: a byte written may take a huge page, and a sanitizer marks all.
  const std::size_t step = alignment > 65536 ? most : std::max<std::size_t>(1, most / 61);
  for (std::size_t size = 0; size <= most; size += step) sizes.push_back(size);
  for (std::size_t multiple = alignment; multiple <= most; multiple += alignment) {
    sizes.insert(sizes.end(), {multiple - 1, multiple, multiple + (multiple < most)});
  }
  return sizes;
}

/// Blocks that are all in use at once, each with its first and last byte written.
template <std::size_t Count>
class row_of_blocks {
 public:
  row_of_blocks(std::pmr::memory_resource* memory, std::size_t bytes, std::size_t alignment)
      : memory_(memory), bytes_(bytes), alignment_(alignment) {
    for (unsigned char*& block : blocks_) {
      block = static_cast<unsigned char*>(memory->allocate(bytes, alignment));
      if (bytes > 0) block[0] = block[bytes - 1] = static_cast<unsigned char>(&block - &blocks_[0]);
    }
  }
  ~row_of_blocks() {
    for (unsigned char* const block : blocks_) memory_->deallocate(block, bytes_, alignment_);
  }
  row_of_blocks(const row_of_blocks&) = delete;
  row_of_blocks& operator=(const row_of_blocks&) = delete;

  [[nodiscard]] bool is_aligned_and_intact() const {
    return std::ranges::all_of(blocks_, [&](unsigned char* const& block) {
      const auto mark = static_cast<unsigned char>(&block - &blocks_[0]);
      return reinterpret_cast<std::uintptr_t>(block) % alignment_ == 0 &&
             (bytes_ == 0 || (block[0] == mark && block[bytes_ - 1] == mark));
    });
  }

 private:
  std::pmr::memory_resource* memory_;
  std::size_t bytes_;
  std::size_t alignment_;
  std::array<unsigned char*, Count> blocks_{};
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_block_of_every_stack_is_aligned) {
  for (std::size_t alignment = 1; alignment <= largest; alignment *= 2) {
    const zpmr::test::all_stacks stacks;  // anew, as a buffer gives nothing back before its end
    for (const zpmr::test::stack& stack : stacks) {
      for (const std::size_t bytes : sizes_for(alignment)) {
        const row_of_blocks<3> blocks(stack.top, bytes, alignment);
        if (blocks.is_aligned_and_intact()) continue;
        BOOST_ERROR(stack.name << ": blocks of " << bytes << " bytes at alignment " << alignment);
      }
      for (const zpmr::memory_tracker* const tracker : stack.trackers) {
        BOOST_TEST(tracker->peak_bytes() >= 3 * alignment, stack.name);
      }
    }
  }
}
