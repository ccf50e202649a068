// SPDX-License-Identifier: MIT

/// \file
/// A cache that keeps to a number of bytes and drops what was used longest ago: the whole of
/// Redis's `maxmemory` with `allkeys-lru`, but that the limit is never passed.

#include <cstddef>
#include <iostream>
#include <list>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

class lru_cache {
 public:
  explicit lru_cache(std::pmr::memory_resource* memory) : entries_(memory), index_(memory) {}

  /// Returns: the text of `key`, which is then the one used last; nullptr if it is not there.
  const std::pmr::string* find(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  /// Throws: `zpmr::limit_exceeded` if it does not fit into an empty cache.
  void put(std::string_view key, std::string_view text) {
    erase(key);
    while (!try_add(key, text)) erase(entries_.back().first);
  }

  void erase(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    const auto entry = found->second;
    index_.erase(found);  // before the key that it refers to
    entries_.erase(entry);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using entries = std::pmr::list<std::pair<std::pmr::string, std::pmr::string>>;

  //! [evict]
  // Evicting here, outside of every operation of a container, touches none that is half done. No
  // policy could do it: it would be asked in the middle of one.
  bool try_add(std::string_view key, std::string_view text) {
    try {
      add(key, text);
      return true;
    } catch (const zpmr::limit_exceeded& refusal) {
      if (entries_.empty() || refusal.requested() > refusal.limit()) throw;  // eviction is no help
      return false;
    }
  }
  //! [evict]

  /// All or nothing: until the last line, which cannot fail, only what is new is touched.
  void add(std::string_view key, std::string_view text) {
    entries fresh{entries_.get_allocator()};
    fresh.emplace_front(key, text);
    index_.emplace(fresh.front().first, fresh.begin());
    entries_.splice(entries_.begin(), fresh);
  }

  entries entries_;  // used last, first
  std::pmr::unordered_map<std::string_view, entries::iterator> index_;
};

int main() {
  //! [example]
  zpmr::hard_limit maxmemory{1_MiB};
  zpmr::counting_resource memory{zpmr::default_allocator(), "cache", &maxmemory};
  lru_cache cache{&memory};
  cache.put("favourite", "a page that is read again and again");
  for (int i = 0; i < 10'000; ++i) {
    cache.put("page " + std::to_string(i), std::string(500, 'x'));
    if (i % 100 == 0) expect(cache.find("favourite") != nullptr);
  }
  std::cout << "kept " << cache.size() << " pages: " << memory.snapshot() << '\n';
  //! [example]
  expect(cache.size() > 100 && cache.size() < 2'000);
  expect(cache.find("page 9999") != nullptr && cache.find("page 0") == nullptr);
  expect(memory.peak_bytes() <= 1_MiB && memory.peak_bytes() > 1_MiB - 32_KiB);

  const std::size_t before = cache.size();
  try {
    cache.put("film", std::string(2_MiB, 'x'));
    expect(false);
  } catch (const zpmr::limit_exceeded&) {
    expect(cache.size() == before);  // nothing was evicted for what could never fit
  }
  cache.put("favourite", "another text");
  expect(*cache.find("favourite") == "another text" && cache.size() == before);
}
