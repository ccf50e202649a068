// SPDX-License-Identifier: MIT

/// \file
/// Code that cleans up runs only where memory has run out, so its faults are seldom seen. Here a
/// failing resource makes it run, and a checked resource beneath looks at what it does.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory_resource>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>
#include <zpmr/checked_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/fail_each_allocation.hpp>
#include <zpmr/failing_resource.hpp>

#include "expect.hpp"

namespace {

struct throwing_handler final : zpmr::misuse_handler {
  void on_misuse(const zpmr::misuse& fault) override {
    std::ostringstream words;
    words << fault;
    throw std::logic_error(words.str());
  }
};

void draw_carelessly(std::pmr::memory_resource* memory, std::size_t pixels) {
  void* const colours = memory->allocate(4 * pixels);
  void* depths = nullptr;
  try {
    depths = memory->allocate(2 * pixels);
  } catch (const std::bad_alloc&) {
    memory->deallocate(colours, pixels);  // not the size that was asked for
    throw;
  }
  memory->deallocate(depths, 2 * pixels);
  memory->deallocate(colours, 4 * pixels);
}

void draw(std::pmr::memory_resource* memory, std::size_t pixels) {
  const std::pmr::vector<std::uint32_t> colours(pixels, memory);
  const std::pmr::vector<std::uint16_t> depths(pixels, memory);
}

}  // namespace

int main() {
  //! [example]
  throwing_handler handler;
  zpmr::checked_resource checked{zpmr::default_allocator(), "drawing", {.handler = &handler}};
  zpmr::failure_schedule failures;
  zpmr::failing_resource memory{&checked, failures};
  const auto fail_each = [&](auto draw_with) {
    return zpmr::fail_each_allocation(failures, {}, [&] { draw_with(&memory, 100); });
  };
  //! [example]
  bool found = false;
  try {
    static_cast<void>(fail_each(draw_carelessly));
  } catch (const std::logic_error& fault) {
    const std::string_view words = fault.what();  // and then the calls that led there
    std::cout << words.substr(0, words.find('\n')) << '\n';
    found = words.find("freed with 100 bytes") != words.npos;
  }
  expect(found);
  expect(fail_each(draw) == 4);  // each of the two fails alone, and with all after it
  expect(checked.leaks().empty());
}
