// SPDX-License-Identifier: MIT

/// \file
/// What happens at a limit is a policy of your own: here small charges pass and big ones do not, so
/// that the work in hand can be finished while nothing new begins.

#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

int main() {
  //! [example]
  struct finish_what_was_begun final : zpmr::limit_policy {
    std::size_t limit() const noexcept override { return 64_KiB; }
    zpmr::limit_action on_limit(const zpmr::limit_event& event) override {
      return event.requested < 1_KiB ? zpmr::limit_action::grant : zpmr::limit_action::deny;
    }
  } policy;
  zpmr::counting_resource memory{zpmr::default_allocator(), "requests", &policy};
  try {
    const std::pmr::string too_big(65_KiB, ' ', &memory);
  } catch (const zpmr::limit_exceeded& refusal) {
    std::cout << refusal.tracker_name() << " was refused " << refusal.requested() << " bytes\n";
  }
  //! [example]
  expect(memory.snapshot().denied == 1 && memory.bytes_in_use() == 0);

  const std::pmr::string begun(63_KiB, ' ', &memory);
  std::pmr::vector<std::pmr::string> small{&memory};
  for (int i = 0; i < 8; ++i) small.emplace_back(500, ' ');
  std::cout << "with the work in hand finished: " << memory.snapshot() << '\n';
  expect(memory.bytes_in_use() > memory.tracker().limit());
  expect(memory.snapshot().overdrafts > 0 && memory.tracker().remaining() == 0);
}
