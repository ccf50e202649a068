// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory_resource>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>
#include <zpmr/limit_exceeded.hpp>

namespace word_index {

struct place {
  std::uint32_t file;
  std::uint32_t line;
};

/// Where each word occurs, as far as memory allows: at the limit of its resource it drops the words
/// that were seen longest ago.
///
/// All its memory comes from that resource, the order of the words by age included.
class index {
 public:
  explicit index(std::pmr::memory_resource* memory) : words_(memory), by_age_(memory) {}

  /// Effects: notes one more place of `word`, and drops old words until it fits.
  /// Returns: false, with nothing added, if it does not fit even so.
  bool add(std::string_view word, place where) {
    for (;;) {
      try {
        note(word, where);
        return true;
      } catch (const zpmr::limit_exceeded& refusal) {
        // The one right moment to evict. Out here `note` has been undone and no container is in the
        // middle of an operation. A policy that evicted from this map would run inside the map's
        // own growth, and free what that growth is just using.
        if (refusal.requested() > refusal.limit() || !evict_oldest()) return false;
      }
    }
  }

  [[nodiscard]] std::size_t words() const noexcept { return words_.size(); }
  [[nodiscard]] std::size_t evicted() const noexcept { return evicted_; }
  [[nodiscard]] std::size_t places() const noexcept {
    std::size_t sum = 0;
    for (const auto& [word, known] : words_) sum += known.places.size();
    return sum;
  }

 private:
  using age_list = std::pmr::list<const std::pmr::string*>;  // the keys of the map, oldest first

  struct entry {
    using allocator_type = std::pmr::polymorphic_allocator<>;  // so that the map passes its own on
    entry(place first, age_list::iterator position, allocator_type allocator)
        : places(1, first, allocator), age(position) {}

    std::pmr::vector<place> places;
    age_list::iterator age;
  };

  struct hash : std::hash<std::string_view> {
    using is_transparent = void;  // words are looked up without making a string
  };

  /// Either all of it happens, or nothing.
  void note(std::string_view word, place where) {
    const auto found = words_.find(word);
    if (found == words_.end()) return insert(word, where);
    entry& known = found->second;
    by_age_.splice(by_age_.end(), by_age_, known.age);  // even if refused below: it was seen now
    known.places.push_back(where);
  }

  void insert(std::string_view word, place where) {
    // What may be refused comes first: the node of the list, still outside of it, and the node of
    // the map, which is there completely or not at all. What joins the two cannot fail.
    age_list newest(1, nullptr, by_age_.get_allocator());
    const auto [at, inserted] =
        words_.emplace(std::piecewise_construct, std::forward_as_tuple(word),
                       std::forward_as_tuple(where, newest.begin()));
    newest.front() = &at->first;
    by_age_.splice(by_age_.end(), newest);
  }

  bool evict_oldest() {
    if (by_age_.empty()) return false;
    words_.erase(words_.find(*by_age_.front()));
    by_age_.pop_front();
    ++evicted_;
    return true;
  }

  std::pmr::unordered_map<std::pmr::string, entry, hash, std::equal_to<>> words_;
  age_list by_age_;
  std::size_t evicted_ = 0;
};

}  // namespace word_index
