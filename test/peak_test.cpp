// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE peak
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_scope.hpp>

// With one thread every peak of a tree is exact, also where nobody reads it: a read would look, and
// so hide what the engine had missed. Hence the figures are compared only now and then.

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

}  // namespace

BOOST_AUTO_TEST_CASE(every_peak_of_a_tree_is_exact_with_one_thread) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      random_load load(seed);
      for (int i = 0; i < 10'000; ++i) load.step();
    }
  }
}
