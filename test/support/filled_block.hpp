// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <utility>

namespace zpmr::test {

/// A block whose bytes were all written, with a pattern that its address and size give: a block
/// that overlaps another, or was written to by the allocator, shows when it is freed.
///
/// `Resource` may be a concrete class: its own `allocate` is called then, not that of the base.
template <class Resource = std::pmr::memory_resource>
class filled_block {
 public:
  filled_block(Resource* resource, std::size_t bytes, std::size_t alignment)
      : resource_(resource),
        start_(static_cast<unsigned char*>(resource->allocate(bytes, alignment))),
        bytes_(bytes),
        alignment_(alignment) {
    // Boost.Test counts checks without a lock, and this runs on many threads: only failures tell
    // it.
    if (start_ == nullptr || address() % alignment != 0) {
      BOOST_ERROR("a block of " << bytes << " bytes at alignment " << alignment << " is at "
                                << static_cast<void*>(start_));
    }
    all_words([](unsigned char* word, std::uint64_t value, std::size_t length) {
      std::memcpy(word, &value, length);
      return true;
    });
  }

  filled_block(filled_block&& other) noexcept { *this = std::move(other); }

  filled_block& operator=(filled_block&& other) noexcept {
    std::swap(resource_, other.resource_);
    std::swap(start_, other.start_);
    std::swap(bytes_, other.bytes_);
    std::swap(alignment_, other.alignment_);
    return *this;
  }

  ~filled_block() {
    if (start_ == nullptr) {
      return;
    }
    if (!is_intact()) {
      BOOST_ERROR("a block of " << bytes_ << " bytes was overwritten");
    }
    resource_->deallocate(start_, bytes_, alignment_);
  }

  [[nodiscard]] bool is_intact() const {
    return all_words([](unsigned char* word, std::uint64_t value, std::size_t length) {
      return std::memcmp(word, &value, length) == 0;
    });
  }

  [[nodiscard]] std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(start_); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  // Returns: whether `visit` was true for every word of the pattern; stops at the first that is
  // not.
  template <class F>
  bool all_words(F&& visit) const {
    std::uint64_t value = address() ^ (bytes_ << 40);
    for (std::size_t done = 0; done < bytes_; done += sizeof value) {
      value = value * 6364136223846793005U + 1442695040888963407U;
      if (!visit(start_ + done, value, std::min(sizeof value, bytes_ - done))) {
        return false;
      }
    }
    return true;
  }

  Resource* resource_ = nullptr;
  unsigned char* start_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t alignment_ = 1;
};

}  // namespace zpmr::test
