// SPDX-License-Identifier: MIT

/// \file
/// What a request allocates goes at once when it ends, and nothing of it is freed one by one. The
/// counter below the arena sees what the arena holds, and its cap binds every request.

#include <cstddef>
#include <iostream>
#include <memory_resource>
#include <set>
#include <sstream>
#include <string>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

//! [example]
/// Returns: how many different words there are in the text.
std::size_t count_words(const std::string& text, std::pmr::memory_resource* memory) {
  std::pmr::monotonic_buffer_resource arena{16_KiB, memory};
  std::pmr::set<std::pmr::string> words{&arena};
  std::istringstream in{text};
  for (std::string word; in >> word;) words.emplace(word);
  return words.size();
}  // the arena gives all back, in a few large blocks
//! [example]

int main() {
  zpmr::hard_limit cap{1_MiB};
  zpmr::counting_resource memory{zpmr::default_allocator(), "requests", &cap};
  expect(count_words("to be or not to be", &memory) == 4);
  expect(memory.bytes_in_use() == 0 && memory.snapshot().allocations == 1);

  std::string long_text;
  for (int i = 0; i < 20'000; ++i) long_text += std::to_string(i) + ' ';
  try {
    count_words(long_text, &memory);
    expect(false);
  } catch (const zpmr::limit_exceeded& refusal) {
    std::cout << refusal.what() << '\n';
  }
  expect(memory.bytes_in_use() == 0 && memory.peak_bytes() <= 1_MiB);
}
