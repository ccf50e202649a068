// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace zpmr::test {

struct alignas(256) over_aligned {
  int value;
};

/// Effects: fills, copies, moves and empties containers of several kinds.
inline void use_containers(std::pmr::memory_resource* memory) {
  using text = std::pmr::string;
  std::pmr::vector<text> texts(memory);
  std::pmr::map<text, std::pmr::vector<int>> map(memory);
  std::pmr::unordered_map<int, text> table(memory);
  std::pmr::deque<over_aligned> queue(memory);
  for (int i = 0; i < 12; ++i) {
    texts.emplace_back(50, 'x');
    map[texts.back()].assign(20, i);
    table.try_emplace(i, texts.back());
    queue.push_back({i});
  }
  std::pmr::vector<text> copied(texts, memory);
  copied.insert(copied.begin(), text(500, 'y', memory));
  texts = std::move(copied);
  texts.shrink_to_fit();
  std::pmr::list<text> list(texts.begin(), texts.end(), memory);
  table.rehash(200);
}

}  // namespace zpmr::test
