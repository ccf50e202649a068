// SPDX-License-Identifier: MIT

/// \file
/// Finds memory that slips past a tracker: a copy of a container, and an element that does not take
/// its container's allocator.

#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>
#include <zpmr/escape_guard.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

namespace {

struct user {  // takes no allocator, so a container cannot pass its own on to the name
  std::pmr::string name;
};

void add_user(std::pmr::vector<user>& users) {
  users.push_back({"a name that is too long for the string's own buffer"});
}

std::size_t count_copied(const std::pmr::vector<user>& users) {
  const auto copied = users;  // a copy does not use the allocator of the original
  return copied.size();
}

}  // namespace

int main() {
  zpmr::counting_resource memory{zpmr::default_allocator(), "users"};
  std::pmr::vector<user> users{&memory};
  //! [example]
  const zpmr::escape_guard guard{zpmr::escape_action::locate};
  add_user(users);
  expect(count_copied(users) == 1);

  std::cout << guard.escapes() << " allocations of " << guard.bytes() << " bytes have escaped.\n";
  for (const zpmr::escape_site& each : guard.sites()) {
    std::cout << each.bytes << " bytes, at\n" << each.where;
  }
  //! [example]
  expect(guard.escapes() == 3 && !guard.sites().empty());

  //! [refuse]
  const zpmr::escape_guard strict{zpmr::escape_action::refuse};
  try {
    add_user(users);
    expect(false);
  } catch (const zpmr::escape_refused& refusal) {
    std::cout << refusal.what() << '\n';
  }
  //! [refuse]
}
