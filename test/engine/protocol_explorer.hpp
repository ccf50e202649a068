// SPDX-License-Identifier: MIT
#pragma once

#include <unordered_set>
#include <vector>

#include "protocol_model.hpp"
#include "protocol_state.hpp"

/// \file
/// The search through all states, and the protocol's steps from one to the next.

namespace zpmr::test::protocol {

class explorer {
 public:
  explorer(const scenario& plan, mutant broken) : plan_(plan), broken_(broken) {}

  findings run();

 private:
  int nodes() const { return static_cast<int>(plan_.nodes.size()); }
  int threads() const { return static_cast<int>(plan_.threads.size()); }
  int home(int t) const { return plan_.threads[t].home; }
  bool has_slot(int t) const { return plan_.threads[t].has_slot; }
  bool done(const state& s, int t) const {
    return s.threads[t].operation == static_cast<int>(plan_.threads[t].program.size());
  }
  const operation& current(const state& s, int t) const {
    return plan_.threads[t].program[s.threads[t].operation];
  }
  bool is(mutant broken) const { return broken_ == broken; }

  template <class F>
  void for_path(int node, F f) const {
    for (; node != nobody; node = plan_.nodes[node].parent) f(node);
  }
  bool below(int node, int top) const {
    bool found = false;
    for_path(node, [&](int each) { found = found || each == top; });
    return found;
  }
  template <class F>
  void for_slots_below(int top, F f) const {
    for (int t = 0; t < threads(); ++t) {
      if (below(home(t), top)) f(t);
    }
  }

  void go_on_from(const state& now);
  void step(const state& now, int t);
  void finish(state& next, int t);
  void go(state next, int t, place to);

  // The fast paths.
  void begin(const state& now, int t);
  void begin_charge(state& next, int t, int bytes);
  void store_alloc(const state& now, int t);
  void look_again(const state& now, int t);
  void begin_uncharge(state& next, int t, const operation& todo);
  void look_for_mark(const state& now, int t);

  // The slow paths. All that holds the mutex.
  void take_mutex(const state& now, int t);
  void prepare_charge(state& next, int t);
  void move_granted(state& next, int t, int by);
  int harvest(slot_state& own);
  void close(state& next, int t);
  int room(const state& s, int t) const;
  int lease_for(const state& s, int t, int bytes) const;
  void conclude(state& next, int t, int unseen);
  void settle_own_free(state& next, int t);
  void cancel(state& next, int t);
  void decide(state& next, int t);
  bool fits(const state& s, int node, int bytes) const;
  bool may_drain(const state& s, int t, int node) const;
  void refuse(state& next, int t, int node, int bytes);
  /// Returns: what is in use if the operations in progress count, but for charges that their lease
  /// does not bear, and for those of `but`.
  int most_in_use(const state& s, int node, int but) const;
  int changing(const state& s, int t) const;
  void enter(state& next, int t, int bytes);
  void decide_limit(state& next, int t, const operation& todo);

  // Drains.
  void drain(state& next, int t, int node);
  void lower(const state& now, int t);
  void fence(const state& now, int t);
  void settle(const state& now, int t);
  void settle_slot(state& next, int k, bool confirmed);

  // Readers.
  void read_freed(const state& now, int t);
  void read_alloc(const state& now, int t);

  // What must hold.
  void check(const state& s) const;
  /// The kernel interrupts all threads to copy the memory, so what was stored is there.
  void check_child_of_fork(state s) const;
  void check_end(const state& s) const;

  const scenario& plan_;
  const mutant broken_;
  std::unordered_set<state, hash> seen_;
  std::vector<state> reached_;
  findings result_;
};

}  // namespace zpmr::test::protocol
