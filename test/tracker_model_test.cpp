// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tracker_model
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/pending_block.hpp>

// Random operations on random trees, against a model so simple that it is plainly right: one
// thread, plain numbers, each rule of the documentation in a line.

namespace {

using zpmr::limit_exceeded;
using zpmr::memory_tracker;
using zpmr::memory_usage;
using zpmr::no_limit;

/// What is charged at a tracker, and how it is to be taken off.
struct holding {
  std::size_t usable;
  std::size_t requested;
  bool is_block;
};

/// A tracker, and what is expected of it.
struct node {
  explicit node(node* above)
      : parent(above),
        tracker(above != nullptr ? std::make_unique<memory_tracker>("node", *above->tracker)
                                 : std::make_unique<memory_tracker>("root")) {
    if (parent != nullptr) ++parent->children;
  }

  node* parent;
  std::unique_ptr<memory_tracker> tracker;
  memory_usage expected;
  std::vector<holding> held;
  unsigned children = 0;

  std::size_t left() const {
    return expected.limit > expected.bytes_in_use ? expected.limit - expected.bytes_in_use : 0;
  }
};

template <class F>
void for_path(node& from, F f) {
  for (node* each = &from; each != nullptr; each = each->parent) f(*each);
}

bool fits_on_path(node& from, std::size_t bytes) {
  bool fits = true;
  for_path(from, [&](const node& each) { fits = fits && (bytes == 0 || bytes <= each.left()); });
  return fits;
}

class forest {
 public:
  explicit forest(unsigned seed) : random_(seed) { grow(nullptr); }
  ~forest() {
    while (!nodes_.empty()) fell(nodes_.size() - 1);
  }

  void step() {
    node& chosen = *nodes_[below(nodes_.size())];
    const std::size_t kind = below(100);
    if (kind < 4 && nodes_.size() < 15) {
      grow(below(8) == 0 ? nullptr : &chosen);
    } else if (kind < 6) {
      if (nodes_.size() > 1) fell(below(nodes_.size()));
    } else if (kind < 14) {
      change_limit(chosen);
    } else if (kind < 16) {
      chosen.tracker->reset_peak();
      chosen.expected.peak_bytes = chosen.expected.bytes_in_use;
    } else if (kind < 55) {
      charge(chosen);
    } else {
      if (!chosen.held.empty()) free_one(chosen, below(chosen.held.size()));
    }
  }

  /// Throws: if any tracker is not as expected.
  void check() const {
    for (const auto& each : nodes_) {
      std::size_t remaining = no_limit;
      for_path(*each, [&](const node& above) {
        if (above.expected.limit != no_limit) remaining = std::min(remaining, above.left());
      });
      const memory_tracker& tracker = *each->tracker;
      if (tracker.snapshot() != each->expected || tracker.remaining() != remaining ||
          tracker.bytes_in_use() != each->expected.bytes_in_use ||
          tracker.peak_bytes() != each->expected.peak_bytes ||
          tracker.limit() != each->expected.limit) {
        BOOST_TEST(tracker.snapshot() == each->expected);
        BOOST_TEST(tracker.remaining() == remaining);
        throw std::logic_error("a tracker is not as expected");
      }
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  void grow(node* parent) { nodes_.push_back(std::make_unique<node>(parent)); }

  void fell(std::size_t index) {
    node& gone = *nodes_[index];
    if (gone.children > 0) return;
    while (!gone.held.empty()) free_one(gone, gone.held.size() - 1);
    if (gone.parent != nullptr) --gone.parent->children;
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void change_limit(node& chosen) {
    const std::size_t limit = below(5) == 0 ? no_limit : below(20'000);
    if (below(2) == 0) {
      chosen.tracker->set_limit(limit);
      chosen.expected.limit = limit;
    } else if (chosen.tracker->try_set_limit(limit)) {
      if (limit < chosen.expected.bytes_in_use) throw std::logic_error("limit below the usage");
      chosen.expected.limit = limit;
    } else if (limit >= chosen.expected.bytes_in_use) {
      throw std::logic_error("a limit was refused that holds");
    }
  }

  void charge(node& chosen) {
    const std::size_t bytes = below(10) == 0 ? 0 : below(3000);
    const holding added{bytes, bytes, false};
    const holding added_block{bytes, bytes / 2, true};
    const bool fits = fits_on_path(chosen, bytes);
    std::optional<zpmr::overdraft_scope> generous;
    if (below(12) == 0) generous.emplace();
    const bool passes = fits || generous.has_value();
    switch (below(4)) {
      case 0:
        expect(chosen.tracker->try_charge(bytes) == passes);
        return passes ? put(chosen, added, fits) : deny(chosen);
      case 1:
        expect(charged([&] { chosen.tracker->charge(bytes); }) == passes);
        return passes ? put(chosen, added, fits) : deny(chosen);
      case 2:
        expect(charged([&] { chosen.tracker->charge_block(bytes, bytes / 2); }) == passes);
        return passes ? put(chosen, added_block, fits) : deny(chosen);
      default:  // an upstream that throws
        expect(charged([&] { zpmr::pending_block{*chosen.tracker, bytes, bytes / 2}; }) == passes);
        return passes ? raise_peaks(chosen, bytes) : deny(chosen);
    }
  }

  static void expect(bool as_documented) {
    if (!as_documented) throw std::logic_error("a charge was decided wrongly");
  }

  template <class F>
  static bool charged(F charge) {
    try {
      charge();
      return true;
    } catch (const limit_exceeded&) {
      return false;
    }
  }

  static void raise_peaks(node& at, std::size_t bytes) {
    for_path(at, [&](node& each) {
      memory_usage& usage = each.expected;
      usage.peak_bytes = std::max(usage.peak_bytes, usage.bytes_in_use + bytes);
    });
  }

  static void put(node& at, const holding& added, bool fits) {
    raise_peaks(at, added.usable);
    for_path(at, [&](node& each) {
      each.expected.bytes_in_use += added.usable;
      each.expected.requested_bytes_in_use += added.requested;
      each.expected.total_bytes += added.usable;
      each.expected.allocations += added.is_block ? 1 : 0;
      each.expected.overdrafts += fits ? 0 : 1;
    });
    at.held.push_back(added);
  }

  static void deny(node& at) {
    for_path(at, [](node& each) { ++each.expected.denied; });
  }

  static void free_one(node& at, std::size_t index) {
    const holding gone = at.held[index];
    at.held.erase(at.held.begin() + static_cast<std::ptrdiff_t>(index));
    if (gone.is_block) {
      at.tracker->uncharge_block(gone.usable, gone.requested);
    } else {
      at.tracker->uncharge(gone.usable);
    }
    for_path(at, [&](node& each) {
      each.expected.bytes_in_use -= gone.usable;
      each.expected.requested_bytes_in_use -= gone.requested;
      each.expected.deallocations += gone.is_block ? 1 : 0;
    });
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<node>> nodes_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(random_operations_on_random_trees_do_what_the_model_does) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      forest trees{seed};
      for (int i = 0; i < 1500; ++i) {
        trees.step();
        trees.check();
      }
    }
  }
}
