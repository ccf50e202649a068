// SPDX-License-Identifier: MIT

/// \file
/// A checked resource says who uses memory wrongly, and where: here a buffer that is written past
/// its end, one that is freed with the wrong size, and one that is never freed.

#include <cstddef>
#include <iostream>
#include <zpmr/checked_resource.hpp>
#include <zpmr/default_allocator.hpp>

#include "expect.hpp"

namespace {

//! [handler]
// Without a handler the first fault would end the program, with the same words.
struct printing_handler final : zpmr::misuse_handler {
  int faults = 0;
  void on_misuse(const zpmr::misuse& fault) override {
    ++faults;
    std::cout << fault << '\n';
  }
};
//! [handler]

char* make_name(zpmr::checked_resource& memory) {
  return static_cast<char*>(memory.allocate(10));
}

void write_too_much(char* name) {
  for (volatile char* place = name; place != name + 12; ++place) *place = 'x';
}

}  // namespace

int main() {
  printing_handler handler;
  //! [example]
  zpmr::checked_resource memory{zpmr::default_allocator(), "names", {.handler = &handler}};

  char* const name = make_name(memory);
  write_too_much(name);
  memory.deallocate(name, 10);  // here it is found

  char* const other = make_name(memory);
  memory.deallocate(other, 100);
  //! [example]
  memory.deallocate(other, 10);
  expect(handler.faults == 3);

  //! [stack]
  (void)make_name(memory);
  // What is in use can be asked for at any time. What is left at the end is written to stderr.
  for (const zpmr::leak& each : memory.leaks()) {
    std::cout << each.bytes << " bytes in blocks in use, allocated at\n" << each.allocated;
  }
  //! [stack]
  expect(memory.leaks().size() == 1 && !memory.leaks()[0].allocated.frames().empty());
}
