// SPDX-License-Identifier: MIT
#include "protocol_explorer.hpp"

#include <algorithm>

namespace zpmr::test::protocol {

void explorer::begin(const state& now, int t) {
  state next = now;
  const operation& todo = current(now, t);
  switch (todo.what) {
    case kind::charge:
    case kind::overdraw:
      return begin_charge(next, t, todo.bytes);
    case kind::uncharge:
      return begin_uncharge(next, t, todo);
    case kind::cancel:
      if (next.threads[t].live < todo.bytes) return finish(next, t);
      add(next.threads[t].live, -todo.bytes);
      return go(next, t, waiting);
    case kind::read:
      return go(next, t, reading_freed);
    default:
      return go(next, t, waiting);
  }
}

void explorer::begin_charge(state& next, int t, int bytes) {
  next.threads[t].sum = to_number(own_view(next.slots[t], alloc) + bytes);
  const bool bears = next.threads[t].sum <= next.slots[t].ceil || is(mutant::no_first_look);
  go(next, t, has_slot(t) && bears ? storing : waiting);
}

void explorer::store_alloc(const state& now, int t) {
  if (!can_store(now.slots[t])) return;
  state next = now;
  store(next.slots[t], alloc, next.threads[t].sum);
  next.threads[t].stored = 1;
  go(next, t, second_look);
}

void explorer::look_again(const state& now, int t) {
  state next = now;
  if (next.threads[t].sum > next.slots[t].ceil && !is(mutant::no_second_look)) {
    return go(next, t, waiting);
  }
  add(next.threads[t].live, current(now, t).bytes);
  finish(next, t);
}

void explorer::begin_uncharge(state& next, int t, const operation& todo) {
  thread_state& charger = next.threads[todo.who];
  if (charger.live < todo.bytes) {
    if (todo.who == t || done(next, todo.who)) finish(next, t);  // it will not come
    return;
  }
  if (has_slot(t) && !can_store(next.slots[t])) return;
  add(charger.live, -todo.bytes);
  if (!has_slot(t)) return go(next, t, waiting);
  next.threads[t].sum = to_number(own_view(next.slots[t], freed) + todo.bytes);
  store(next.slots[t], freed, next.threads[t].sum);
  go(next, t, look_at_mark);
}

void explorer::look_for_mark(const state& now, int t) {
  state next = now;
  const bool unseen = next.threads[t].sum <= next.slots[t].mark || is(mutant::no_mark);
  unseen ? finish(next, t) : go(next, t, waiting);
}

void explorer::read_freed(const state& now, int t) {
  state next = now;
  thread_state& self = next.threads[t];
  if (self.visit == threads()) return go(next, t, reading_alloc);
  if (below(home(self.visit), current(now, t).who)) {
    add(self.seen, next.slots[self.visit].freed);
  }
  add(self.visit, 1);
  reached_.push_back(next);
}

void explorer::read_alloc(const state& now, int t) {
  state next = now;
  thread_state& self = next.threads[t];
  const int node = current(now, t).who;
  if (self.visit == threads()) {
    const int leases = threads() * plan_.lease;
    must(self.sum >= self.seen - leases, "a read has seen more freed than charged");
    return finish(next, t);
  }
  const slot_state& slot = now.slots[self.visit];
  if (below(home(self.visit), node)) add(self.sum, std::min(slot.alloc, slot.ceil));
  add(self.visit, 1);
  reached_.push_back(next);
}

}  // namespace zpmr::test::protocol
