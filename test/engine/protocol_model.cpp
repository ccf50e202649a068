// SPDX-License-Identifier: MIT
#include "protocol_explorer.hpp"

#include <algorithm>

namespace zpmr::test::protocol {

findings explorer::run() {
  state first;
  for (int n = 0; n < nodes(); ++n) first.limit[n] = to_number(plan_.nodes[n].limit);
  reached_.push_back(first);
  try {
    while (!reached_.empty()) {
      const state now = reached_.back();
      reached_.pop_back();
      if (seen_.insert(now).second) go_on_from(now);
    }
  } catch (const violation& found) {
    result_.violation = found.what();
  }
  result_.states = seen_.size();
  return result_;
}

void explorer::go_on_from(const state& now) {
  check(now);
  const std::size_t before = reached_.size();
  for (int t = 0; t < threads(); ++t) {
    if (now.slots[t].buffer[0].to != nothing) {
      state next = now;
      reach_memory(next.slots[t]);
      reached_.push_back(next);
    }
    step(now, t);
  }
  if (reached_.size() == before) check_end(now);
}

void explorer::step(const state& now, int t) {
  switch (now.threads[t].at) {
    case idle:
      if (!done(now, t)) begin(now, t);
      break;
    case storing:
      store_alloc(now, t);
      break;
    case second_look:
      look_again(now, t);
      break;
    case look_at_mark:
      look_for_mark(now, t);
      break;
    case waiting:
      if (now.holder == nobody) take_mutex(now, t);
      break;
    case lowering:
      lower(now, t);
      break;
    case fencing:
      fence(now, t);
      break;
    case settling:
      settle(now, t);
      break;
    case reading_freed:
      read_freed(now, t);
      break;
    case reading_alloc:
      read_alloc(now, t);
      break;
  }
}

void explorer::finish(state& next, int t) {
  const number live = next.threads[t].live;
  const auto operation = to_number(next.threads[t].operation + 1);
  next.threads[t] = {};
  next.threads[t].live = live;
  next.threads[t].operation = operation;
  if (next.holder == t) next.holder = nobody;
  reached_.push_back(next);
}

void explorer::go(state next, int t, place to) {
  next.threads[t].at = to;
  next.threads[t].visit = 0;
  reached_.push_back(next);
}

void explorer::check(const state& s) const {
  for (int n = 0; n < nodes(); ++n) {
    int live = 0;
    int leased = 0;
    for_slots_below(n, [&](int t) {
      const slot_state& slot = s.slots[t];
      live += s.threads[t].live;
      leased += (slot.lowered != 0 ? slot.ceil_before : slot.ceil) - slot.harvested;
    });
    for (int m = 0; m < nodes(); ++m) leased += below(m, n) ? s.settled[m] : 0;
    must(live <= s.granted[n], "more in use than granted");
    must(s.granted[n] <= s.limit[n] || s.in_debt[n] != 0, "more granted than the limit");
    must(s.granted[n] == leased, "granted is not the sum of the leases");
  }
  if (s.holder == nobody) check_child_of_fork(s);
}

void explorer::check_child_of_fork(state s) const {
  for (int t = 0; t < threads(); ++t) {
    slot_state& slot = s.slots[t];
    flush(slot);
    if (!is(mutant::child_keeps_stored)) slot.alloc = std::min(slot.alloc, slot.ceil);
    for_path(home(t), [&](int n) {
      add(s.granted[n], slot.alloc - slot.ceil - (slot.freed - slot.harvested));
    });
  }
  for (int n = 0; n < nodes(); ++n) {
    int live = 0;
    int used = 0;
    for_slots_below(n, [&](int t) {
      live += s.threads[t].live;
      used += s.slots[t].alloc - s.slots[t].freed;
    });
    for (int m = 0; m < nodes(); ++m) used += below(m, n) ? s.settled[m] : 0;
    must(used == s.granted[n], "a child of fork counts what is not granted");
    must(used <= s.limit[n] || s.in_debt[n] != 0, "a child of fork is above the limit");
    must(live <= used && used <= most_in_use(s, n, nobody), "a child of fork counts wrongly");
  }
}

void explorer::check_end(const state& s) const {
  for (int t = 0; t < threads(); ++t) must(done(s, t), "a thread waits for ever");
  for (int n = 0; n < nodes(); ++n) {
    int live = 0;
    int used = 0;
    for_slots_below(n, [&](int t) {
      live += s.threads[t].live;
      used += s.slots[t].alloc - s.slots[t].freed;
    });
    for (int m = 0; m < nodes(); ++m) used += below(m, n) ? s.settled[m] : 0;
    must(used == live, "the figures have drifted");
  }
}

findings explore(const scenario& plan, mutant broken) {
  return explorer(plan, broken).run();
}

}  // namespace zpmr::test::protocol
