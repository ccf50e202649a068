// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <string>

namespace zpmr::test {

/// Returns: "zpmr: libc block 0x<address>", as the messages of a libc_resource start.
inline std::string named_libc_block(const void* block) {
  char text[64];
  std::snprintf(text, sizeof text, "zpmr: libc block %p", block);
  return text;
}

}  // namespace zpmr::test
