// SPDX-License-Identifier: MIT
//
// write_trace FILE PATTERN: a trace of a known pattern, or one that cannot be replayed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory_resource>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/trace_resource.hpp>

namespace {

/// Hands out addresses that nobody looks at, so that a trace can have any blocks; the same one for
/// ever, if there is no step from one to the next.
class made_up_addresses final : public std::pmr::memory_resource {
 public:
  explicit made_up_addresses(std::uintptr_t step) : step_(step) {}

 private:
  void* do_allocate(std::size_t, std::size_t) override {
    return reinterpret_cast<void*>(next_ += step_);
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::uintptr_t step_;
  std::uintptr_t next_ = 1 << 20;
};

std::vector<void*> blocks_of(std::pmr::memory_resource& memory, std::size_t count,
                             std::size_t bytes) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < count; ++i) blocks.push_back(memory.allocate(bytes, 16));
  return blocks;
}

/// 4,000 blocks of 1,000 bytes; another thread frees every second one, and then there are 32 of a
/// MiB for a while. At the end there is one block of every two, and no other.
void known(std::pmr::memory_resource& memory) {
  const auto blocks = blocks_of(memory, 4000, 1000);
  std::thread([&] {
    for (std::size_t i = 0; i < blocks.size(); i += 2) memory.deallocate(blocks[i], 1000, 16);
  }).join();
  for (void* each : blocks_of(memory, 32, 1 << 20)) memory.deallocate(each, 1 << 20, 16);
}

/// Half a MiB, and no more: less than what an allocator may take of the system at its start.
void little(std::pmr::memory_resource& memory) {
  (void)blocks_of(memory, 5000, 100);
}

/// Everything is freed at the end.
void churn(std::pmr::memory_resource& memory) {
  for (std::size_t round = 0; round < 2000; ++round) {
    for (void* each : blocks_of(memory, 10, 24 + round)) memory.deallocate(each, 24 + round, 16);
  }
}

/// All is freed after each 64 events, and so after each 1,024.
void rounds(std::pmr::memory_resource& memory) {
  for (int i = 0; i < 50; ++i) {
    for (void* each : blocks_of(memory, 32, 10000)) memory.deallocate(each, 10000, 16);
  }
}

void pair(std::pmr::memory_resource& memory) {
  memory.deallocate(memory.allocate(100, 16), 100, 16);
}

void terabytes(std::pmr::memory_resource& memory) {
  (void)blocks_of(memory, 3, 100);
  (void)blocks_of(memory, 10, std::size_t{1} << 46);
}

void aligned_to_terabytes(std::pmr::memory_resource& memory) {
  (void)blocks_of(memory, 3, 100);
  const volatile std::size_t alignment = std::size_t{1} << 45;  // clang knows that it cannot be
  (void)memory.allocate(8, alignment);
}

void freed_twice(std::pmr::memory_resource& memory) {
  void* const block = memory.allocate(100, 16);
  memory.deallocate(block, 100, 16);
  memory.deallocate(block, 100, 16);
}

void allocated_twice(std::pmr::memory_resource& memory) {
  (void)blocks_of(memory, 2, 100);
}

struct pattern {
  std::function<void(std::pmr::memory_resource&)> run;
  std::uintptr_t step_between_blocks;
};

const std::map<std::string, pattern> patterns{
    {"known", {known, 1 << 20}},
    {"little", {little, 1 << 12}},
    {"churn", {churn, 1 << 12}},
    {"rounds", {rounds, 1 << 16}},
    {"pair", {pair, 1 << 12}},
    {"terabytes", {terabytes, 1 << 12}},
    {"aligned_to_terabytes", {aligned_to_terabytes, 1 << 12}},
    {"freed_twice", {freed_twice, 1 << 12}},
    {"allocated_twice", {allocated_twice, 0}},
    {"nothing", {[](std::pmr::memory_resource&) {}, 0}},
};

}  // namespace

int main(int, char** arguments) {
  const pattern& chosen = patterns.at(arguments[2]);
  zpmr::start_trace(arguments[1]);
  made_up_addresses addresses(chosen.step_between_blocks);
  zpmr::trace_resource memory(&addresses);
  chosen.run(memory);
  zpmr::stop_trace();
  return EXIT_SUCCESS;
}
