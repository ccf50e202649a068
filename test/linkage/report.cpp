// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>
#include <zpmr/counting_resource.hpp>
#include <zpmr/default_allocator.hpp>
#include <zpmr/libc_resource.hpp>

#include "allocators.hpp"

namespace linkage {

namespace {

constexpr std::size_t block_bytes =
    40'000;  // most allocators keep none so large in a thread's cache
constexpr std::size_t block_count = 200;
constexpr std::size_t enough = block_bytes * block_count / 2;  // a cache may hide some

/// A way to take memory, on one side.
struct way {
  std::string name;
  std::function<void*()> take;
  std::function<void(void*)> give;
  const void* address;  ///< in the file that serves it
};

std::vector<way> ways_of(const side& where) {
  std::vector<way> ways{
      {"malloc", [=] { return where.take_malloc(block_bytes); }, where.give_malloc,
       where.malloc_address},
      {"operator new", [=] { return where.take_new(block_bytes); }, where.give_new,
       where.new_address},
  };
  for (zpmr::allocator_resource* each : zpmr::allocators()) {
    ways.push_back({"zpmr::" + std::string(each->name()) + "()",
                    [=] { return where.take(*each, block_bytes); },
                    [=](void* block) { where.give(*each, block, block_bytes); }, each});
  }
  return ways;
}

std::vector<std::size_t> figures() {
  std::vector<std::size_t> all;
  for (const known_allocator& each : known_allocators()) all.push_back(each.allocated());
  return all;
}

/// Returns: the names of the allocators that have so much more in `more` than in `less`.
std::string risen(const std::vector<std::size_t>& less, const std::vector<std::size_t>& more) {
  const std::vector<known_allocator> all = known_allocators();
  std::string names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (more[i] < less[i] + enough) continue;
    names += (names.empty() ? "" : " and ") + all[i].name;
  }
  return names.empty() ? "nobody" : names;
}

struct servers {
  std::string at_taking;
  std::string at_giving;
};

/// Returns: whose figures rose as blocks were taken in one way, and fell as they were given back in
/// another.
servers who_serves(const way& taken, const way& given) {
  std::vector<void*> blocks(block_count);
  const std::vector<std::size_t> before = figures();
  for (void*& block : blocks) block = taken.take();
  const std::vector<std::size_t> during = figures();
  for (void* block : blocks) given.give(block);
  return {risen(before, during), risen(figures(), during)};
}

// Not by std::cout, of which a library that was opened with RTLD_DEEPBIND may see another one.
void print(const std::string& line) {
  std::puts(line.c_str());
}

constexpr const char* other_side = " on the other side: ";

class lines {
 public:
  void add(const std::string& line) {
    print(line);
    all_.push_back(line);
  }
  [[nodiscard]] bool has(const std::string& beginning) const {
    return std::ranges::any_of(
        all_, [&](const std::string& line) { return line.starts_with(beginning); });
  }
  /// Returns: how many say that the sides have different allocators.
  [[nodiscard]] std::ptrdiff_t differences() const {
    return std::ranges::count_if(
        all_, [](const std::string& line) { return line.find(other_side) != std::string::npos; });
  }

 private:
  std::vector<std::string> all_;
};

/// Returns: whether what `one` took the other gave back, to the allocator that it was of.
bool gives_back_to_the_same(const way& one, const way& other, const std::string& server) {
  const servers found = who_serves(one, other);
  if (found.at_taking == server && found.at_giving == server) return true;
  print("FAILED: " + one.name + ": taken of " + found.at_taking + ", given back to " +
        found.at_giving);
  return false;
}

bool check_way(const way& here, const way& there, lines& printed) {
  const std::string server_here = who_serves(here, here).at_taking;
  const std::string server_there = who_serves(there, there).at_taking;
  printed.add(here.name + ": " + server_here + ", in " + file_of(here.address));
  if (server_there != server_here) {
    printed.add(here.name + other_side + server_there + ", in " + file_of(there.address));
    return true;
  }
  const bool to_there = gives_back_to_the_same(here, there, server_here);
  const bool to_here = gives_back_to_the_same(there, here, server_here);
  return to_there && to_here;
}

/// Returns: whether what one side took is counted, and the other can give it back.
bool counted_blocks_cross(const side& here, const side& there) {
  zpmr::counting_resource memory{zpmr::default_allocator(), "crossing"};
  void* const block = there.take(memory, block_bytes);
  const bool counted = memory.bytes_in_use() >= block_bytes;
  here.give(memory, block, block_bytes);
  return counted && memory.bytes_in_use() == 0;
}

/// Returns: whether `zpmr::libc()` has figures where, and only where, they would be of its blocks.
bool libc_knows_its_figures(const lines& printed) {
  const bool serves = printed.has("zpmr::libc(): libc,");
  if (zpmr::libc()->stats().allocated.has_value() == serves) return true;
  print(std::string("FAILED: zpmr::libc() has ") + (serves ? "no figures" : "figures of others"));
  return false;
}

}  // namespace

int report(const side& here, const side& there, std::span<const char* const> expected) {
  const std::vector<way> ways_here = ways_of(here);
  const std::vector<way> ways_there = ways_of(there);
  lines printed;
  bool good = counted_blocks_cross(here, there);
  for (std::size_t i = 0; i < ways_here.size(); ++i) {
    good = check_way(ways_here[i], ways_there[i], printed) && good;
  }
  good = libc_knows_its_figures(printed) && good;
  for (const char* beginning : expected) {
    if (printed.has(beginning)) continue;
    print("FAILED: no line begins with \"" + std::string(beginning) + '"');
    good = false;
  }
  const auto differences = std::ranges::count_if(expected, [](std::string_view beginning) {
    return beginning.find(other_side) != std::string_view::npos;
  });
  if (printed.differences() != differences) {
    print("FAILED: the sides have different allocators");
    good = false;
  }
  return good ? 0 : 1;
}

}  // namespace linkage
