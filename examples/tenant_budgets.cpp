// SPDX-License-Identifier: MIT

/// \file
/// A budget for the whole, shares of it for the parts: a charge must fit all the way to the root.

#include <iostream>
#include <memory_resource>
#include <optional>
#include <string>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

void print_tree(const zpmr::memory_tracker& tracker, std::size_t indent = 0) {
  std::cout << std::string(indent, ' ') << tracker.name() << ": " << tracker.bytes_in_use()
            << " of " << tracker.limit() << " bytes\n";
  tracker.for_each_child([&](const zpmr::memory_tracker& child) { print_tree(child, indent + 2); });
}

int main() {
  //! [example]
  zpmr::hard_limit whole{1_MiB}, share{768_KiB};
  zpmr::memory_tracker server{"server", &whole};
  zpmr::memory_tracker alice{"alice", server, &share};
  zpmr::memory_tracker bob{"bob", server, &share};

  zpmr::counting_resource memory{zpmr::default_allocator(), alice};
  const std::pmr::vector<char> data(512_KiB, &memory);  // charges alice, and with her the server
  const bool fits = bob.try_charge(600_KiB);            // bob has room for it, the server has not
  //! [example]
  print_tree(server);
  expect(!fits && bob.bytes_in_use() == 0 && bob.remaining() < 600_KiB);
  expect(alice.bytes_in_use() >= 512_KiB && server.bytes_in_use() == alice.bytes_in_use());

  {
    //! [reservation]
    // Room booked ahead: a job that begins is sure to get what it needs.
    std::optional<zpmr::memory_reservation> room =
        zpmr::memory_reservation::try_reserve(bob, 256_KiB);
    if (!room) return 1;  // come back later
    std::cout << "bob has booked " << room->bytes() << " bytes\n";
    room->resize(128_KiB);  // the job turns out to be smaller
    //! [reservation]
    expect(bob.bytes_in_use() == 128_KiB);
  }
  expect(bob.bytes_in_use() == 0);

  bob.set_limit(0);
  {
    //! [overdraft]
    // What must not fail, though bob may not take one byte more: writing down what happened.
    const zpmr::overdraft_scope recovery;
    zpmr::counting_resource bobs{zpmr::default_allocator(), bob};
    const std::pmr::string journal("bob's session was ended for lack of memory", &bobs);
    std::cout << journal << ", by " << bob.snapshot().overdrafts << " overdraft\n";
    //! [overdraft]
    expect(bob.bytes_in_use() > 0 && bob.snapshot().overdrafts == 1);
  }
  expect(bob.bytes_in_use() == 0 && !bob.try_charge(1));
}
