// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE peak
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <deque>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_scope.hpp>

// While one thread charges, every peak of a tree is exact, also where nobody reads it: a read would
// look, and so hide what the engine had missed. Hence the figures are compared only now and then.

namespace {

using zpmr::memory_tracker;

struct node {
  node* parent;
  memory_tracker tracker;
  std::size_t used = 0, peak = 0;
  std::size_t peak_of_scope = 0;

  explicit node(node* above)
      : parent(above),
        tracker(above != nullptr ? memory_tracker("node", above->tracker)
                                 : memory_tracker("root")) {}
};

/// Charges and uncharges at random; the number of blocks held swings about a target that moves.
class random_load {
 public:
  explicit random_load(unsigned seed) : random_(seed), most_bytes_(seed % 2 != 0 ? 64 : 100'000) {
    nodes_.emplace_back(nullptr);
    for (std::size_t more = 1 + below(12); more > 0; --more) nodes_.emplace_back(&any());
  }
  ~random_load() {
    scope_.reset();
    while (!held_.empty()) uncharge();
    while (!nodes_.empty()) nodes_.pop_back();  // the children first
  }

  void step() {
    if (below(2000) == 0) target_ = below(300);
    const bool grow = held_.size() < target_ ? below(4) != 0 : below(4) == 0;
    if (grow || held_.empty()) {
      charge();
    } else {
      uncharge();
    }
    if (below(3000) == 0) reset_peak();
    if (below(1000) == 0) check(any());
    if (below(1000) == 0) change_scope();
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  node& any() { return nodes_[below(nodes_.size())]; }
  // Long stretches on one tracker, as programs have them, among changes.
  node& next() { return below(3) == 0 ? any() : nodes_.back(); }

  void charge() {
    node& where = next();
    const std::size_t bytes = 1 + below(most_bytes_);
    where.tracker.charge(bytes);
    held_.emplace_back(&where, bytes);
    for (node* each = &where; each != nullptr; each = each->parent) {
      each->used += bytes;
      each->peak = std::max(each->peak, each->used);
      each->peak_of_scope = std::max(each->peak_of_scope, each->used);
    }
  }

  void uncharge() {
    std::swap(held_[below(held_.size())], held_.back());
    const auto [where, bytes] = held_.back();
    held_.pop_back();
    where->tracker.uncharge(bytes);
    for (node* each = where; each != nullptr; each = each->parent) each->used -= bytes;
  }

  void reset_peak() {
    node& where = any();
    where.tracker.reset_peak();
    where.peak = where.used;
  }

  static void check(const node& where) {
    BOOST_REQUIRE_EQUAL(where.tracker.peak_bytes(), where.peak);
  }

  void change_scope() {
    if (scope_) {
      const std::size_t most = scope_start_ + static_cast<std::size_t>(scope_->peak_bytes());
      BOOST_REQUIRE_EQUAL(most, scoped_->peak_of_scope);
      scope_.reset();
    } else {
      scoped_ = &any();
      scope_.emplace(scoped_->tracker);
      scope_start_ = scoped_->peak_of_scope = scoped_->used;
    }
  }

  std::mt19937 random_;
  std::size_t most_bytes_;
  std::size_t target_ = 100;
  std::deque<node> nodes_;
  std::vector<std::pair<node*, std::size_t>> held_;
  std::optional<zpmr::usage_scope> scope_;
  node* scoped_ = nullptr;
  std::size_t scope_start_ = 0;
};

/// Calls `deed` on another thread, over and over, until the object goes.
class meanwhile {
 public:
  template <class F>
  explicit meanwhile(F deed)
      : thread_([this, deed] {
          while (!done_) {
            deed();
            std::this_thread::yield();
          }
        }) {}
  ~meanwhile() { done_ = true; }

 private:
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_peak_of_a_tree_is_exact_with_one_thread) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      random_load load(seed);
      for (int i = 0; i < 10'000; ++i) load.step();
    }
  }
}

BOOST_AUTO_TEST_CASE(readers_make_no_difference) {
  for (int round = 0; round < 30; ++round) {
    memory_tracker root("root");
    memory_tracker leaf("leaf", root);
    memory_tracker other("other", root);
    {
      const meanwhile reading([&] {
        (void)root.snapshot();
        (void)leaf.peak_bytes();
      });
      for (int i = 0; i < 20'000; ++i) {
        leaf.charge_block(64, 64);
        other.charge(i % 7 == 0 ? 1 : 0);
        leaf.uncharge_block(64, 64);
        other.uncharge(i % 7 == 0 ? 1 : 0);
      }
    }
    BOOST_REQUIRE_EQUAL(leaf.peak_bytes(), 64u);
    BOOST_REQUIRE_EQUAL(root.peak_bytes(), 65u);
  }
}

BOOST_AUTO_TEST_CASE(a_scope_hears_of_every_charge_beside_scopes_of_another_thread) {
  memory_tracker tracker("tracker");
  const meanwhile scoping([&] { const zpmr::usage_scope scope(tracker); });
  for (int i = 0; i < 20'000; ++i) {
    const zpmr::usage_scope scope(tracker);
    const std::size_t bytes = 1 + static_cast<std::size_t>(i % 100);
    tracker.charge(bytes);
    tracker.uncharge(bytes);
    BOOST_REQUIRE_EQUAL(scope.peak_bytes(), static_cast<std::ptrdiff_t>(bytes));
  }
}

BOOST_AUTO_TEST_CASE(a_reset_stands_beside_readers) {
  memory_tracker tracker("tracker");
  const meanwhile reading([&] { (void)tracker.snapshot(); });
  for (int i = 0; i < 20'000; ++i) {
    tracker.charge(1 << 20);
    tracker.uncharge(1 << 20);
    tracker.reset_peak();
    std::this_thread::yield();
    BOOST_REQUIRE_EQUAL(tracker.peak_bytes(), 0u);
  }
}

BOOST_AUTO_TEST_CASE(trackers_are_made_and_destroyed_while_others_do_nothing_but_read) {
  memory_tracker root("root");
  std::deque<memory_tracker> leaves;
  for (int i = 0; i < 100; ++i) leaves.emplace_back("leaf", root);
  std::atomic<bool> done{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] {
      while (!done) (void)root.snapshot();
    });
  }
  for (int i = 0; i < 200; ++i) memory_tracker("passing").charge(0);
  done = true;
  readers.clear();
  while (!leaves.empty()) leaves.pop_back();
  BOOST_TEST(root.bytes_in_use() == 0u);
}
