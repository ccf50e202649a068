// SPDX-License-Identifier: MIT

/// \file
/// refused_block zmalloc|tracker: what does it cost to refuse a block of zmalloc.h, and what the
/// bare charge of it? Callgrind counts it. An exception would cost many times as much.

#include <valgrind/callgrind.h>

#include <cstdlib>
#include <iostream>
#include <string_view>
#include <zpmr/zmalloc.hpp>

namespace {

constexpr std::size_t bytes = 64;

void expect(bool refused) {
  if (!refused) std::abort();
}

void refuse_block() {
  expect(ztrymalloc(bytes) == nullptr);
}

void refuse_charge() {
  expect(!zpmr::zmalloc_tracker().try_charge(bytes));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "zmalloc" && what != "tracker") {
    std::cerr << "usage: refused_block zmalloc|tracker\n";
    return 1;
  }
  zfree(zmalloc(bytes));
  zmalloc_set_limit(0);
  const auto deed = what == "zmalloc" ? refuse_block : refuse_charge;
  deed();  // what happens once only
  CALLGRIND_TOGGLE_COLLECT;
  deed();
  CALLGRIND_TOGGLE_COLLECT;
}
