// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>
#include <zpmr/misuse.hpp>

/// \file
/// What the tests of faults have in common: a handler that takes notes, and ways to do wrong that
/// the address sanitizer does not stop.

namespace zpmr::test {

/// What a handler was told, without the resource, which may be gone.
struct noted_misuse {
  misuse_kind kind;
  std::optional<free_call> call;
  std::optional<known_block> block;
  std::ptrdiff_t offset;
  call_stack found;
};

class noting_handler final : public misuse_handler {
 public:
  /// Called for each fault, after it was noted; may throw.
  std::function<void(const misuse&)> then = [](const misuse&) {};

  std::vector<noted_misuse> faults;
  std::vector<std::vector<leak>> leaks;

  void on_misuse(const misuse& fault) override {
    {
      const std::scoped_lock lock(mutex_);
      faults.push_back({fault.kind, fault.call, fault.block, fault.offset, fault.found});
    }
    then(fault);
  }
  void on_leaks(const checked_resource&, std::span<const leak> all) noexcept override {
    leaks.emplace_back(all.begin(), all.end());
  }

 private:
  std::mutex mutex_;
};

[[gnu::noinline, gnu::no_sanitize_address]] inline void write_byte(void* block,
                                                                   std::ptrdiff_t offset,
                                                                   unsigned char value = 'x') {
  static_cast<volatile unsigned char*>(block)[offset] = value;
}

[[gnu::noinline, gnu::no_sanitize_address]] inline unsigned char read_byte(const void* block,
                                                                           std::ptrdiff_t offset) {
  return static_cast<const volatile unsigned char*>(block)[offset];
}

}  // namespace zpmr::test
