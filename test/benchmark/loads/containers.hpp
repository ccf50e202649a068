// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "../site.hpp"
#include "post.hpp"

namespace zpmr::bench {

/// Fills a container of std::pmr with as many elements, and destroys it. `Fill` says which.
template <class Fill>
class container {
 public:
  using memory_type = std::pmr::memory_resource;
  static constexpr std::size_t items = 1000;

  container(resource_site& where, const post&) : memory_(where.memory(0)) {}

  void operator()() {
    typename Fill::type filled(&memory_);
    for (std::size_t i = 0; i < items; ++i) Fill::insert(filled, i);
    benchmark::DoNotOptimize(&filled);
    benchmark::ClobberMemory();
  }

 private:
  std::pmr::memory_resource& memory_;
};

struct growing_vector {
  using type = std::pmr::vector<std::size_t>;
  static void insert(type& into, std::size_t i) { into.push_back(i); }
};

struct growing_list {
  using type = std::pmr::list<std::size_t>;
  static void insert(type& into, std::size_t i) { into.push_back(i); }
};

struct growing_map {
  using type = std::pmr::map<std::size_t, std::size_t>;
  static void insert(type& into, std::size_t i) { into.emplace(scattered(i), i); }
  /// Returns: a number that is not in the order of `i`: an odd factor permutes.
  static std::size_t scattered(std::size_t i) { return i * 0x9e3779b97f4a7c15; }
};

struct growing_string_table {
  using type = std::pmr::unordered_map<std::pmr::string, std::pmr::string>;
  static void insert(type& into, std::size_t i) {
    // Longer than what a string keeps within itself; the key is made in the container's memory.
    std::pmr::string key(48, 'k', into.get_allocator());
    key.replace(0, 8, reinterpret_cast<const char*>(&i), sizeof i);
    into.try_emplace(std::move(key), 100, 'v');
  }
};

using vector_growth = container<growing_vector>;
using list_growth = container<growing_list>;
using map_growth = container<growing_map>;
using string_table_growth = container<growing_string_table>;

}  // namespace zpmr::bench
