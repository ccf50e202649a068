// SPDX-License-Identifier: MIT
#include "protocol_explorer.hpp"

#include <algorithm>

namespace zpmr::test::protocol {

void explorer::take_mutex(const state& now, int t) {
  state next = now;
  next.holder = to_number(t);
  flush(next.slots[t]);
  switch (current(now, t).what) {
    case kind::uncharge:
      return settle_own_free(next, t);
    case kind::cancel:
      return cancel(next, t);
    case kind::charge:
    case kind::overdraw:
      return prepare_charge(next, t);
    default:
      return decide(next, t);
  }
}

void explorer::prepare_charge(state& next, int t) {
  slot_state& own = next.slots[t];
  const int bytes = current(next, t).bytes;
  if (next.threads[t].stored != 0) {
    if (own.alloc <= own.ceil) {
      ++result_.found_lowered;
      add(next.threads[t].live, bytes);
      return finish(next, t);
    }
    if (!is(mutant::no_undoing)) add(own.alloc, -bytes);
  }
  if (has_slot(t)) close(next, t);
  decide(next, t);
}

void explorer::move_granted(state& next, int t, int by) {
  for_path(home(t), [&](int n) {
    add(next.granted[n], by);
    if (next.granted[n] <= next.limit[n]) next.in_debt[n] = 0;
  });
}

int explorer::harvest(slot_state& own) {
  const int unseen = own.freed - own.harvested;
  own.harvested = own.mark = own.freed;
  return unseen;
}

void explorer::close(state& next, int t) {
  slot_state& own = next.slots[t];
  const int lease = own.ceil - own.alloc;
  own.ceil = own.alloc;
  own.open = 0;
  move_granted(next, t, -lease - harvest(own));
}

int explorer::room(const state& s, int t) const {
  int least = 100;
  for_path(home(t), [&](int n) { least = std::min(least, s.limit[n] - s.granted[n]); });
  return std::max(least, 0);
}

int explorer::lease_for(const state& s, int t, int bytes) const {
  return has_slot(t) && room(s, t) - bytes >= plan_.lease ? plan_.lease : 0;
}

void explorer::conclude(state& next, int t, int unseen) {
  slot_state& own = next.slots[t];
  own.mark = to_number(own.freed + unseen);
  const bool marked = own.mark != own.harvested && !is(mutant::marks_not_listed);
  if (own.ceil != own.alloc || marked) own.open = 1;
}

void explorer::settle_own_free(state& next, int t) {
  if (has_slot(t)) {
    move_granted(next, t, -harvest(next.slots[t]));
    conclude(next, t, lease_for(next, t, 0));
  } else {
    add(next.settled[home(t)], -current(next, t).bytes);
    move_granted(next, t, -current(next, t).bytes);
  }
  finish(next, t);
}

void explorer::cancel(state& next, int t) {
  if (is(mutant::keeps_cancelled)) {
    add(next.slots[t].alloc, -current(next, t).bytes);
    next.slots[t].ceil = next.slots[t].alloc;
  } else if (has_slot(t)) {
    add(next.slots[t].alloc, -current(next, t).bytes);
    close(next, t);
    conclude(next, t, 0);
  } else {
    return settle_own_free(next, t);
  }
  finish(next, t);
}

void explorer::decide(state& next, int t) {
  const operation& todo = current(next, t);
  if (todo.what == kind::try_set_limit || todo.what == kind::set_limit) {
    return decide_limit(next, t, todo);
  }
  // What lies below the node that was drained has been decided.
  const number drained = next.threads[t].full;
  for (int n = drained != nobody ? drained : home(t); n != nobody; n = plan_.nodes[n].parent) {
    if (fits(next, n, todo.bytes)) continue;
    if (may_drain(next, t, n)) return drain(next, t, n);
    if (todo.what != kind::overdraw) return refuse(next, t, n, todo.bytes);
  }
  enter(next, t, todo.bytes);
}

bool explorer::fits(const state& s, int node, int bytes) const {
  return bytes <= s.limit[node] - s.granted[node];
}

bool explorer::may_drain(const state& s, int t, int node) const {
  if (is(mutant::refuses_at_once)) return false;
  if (s.threads[t].full == node && s.threads[t].futile != 0) return false;
  bool any = false;
  for_slots_below(node, [&](int each) { any = any || s.slots[each].open != 0; });
  return any;
}

void explorer::refuse(state& next, int t, int node, int bytes) {
  ++result_.refusals;
  // Without a fence a lease counts as used.
  const bool unknown = next.threads[t].futile != 0 && next.threads[t].confirmed == 0;
  if (!unknown) {
    must(bytes > next.limit[node] - most_in_use(next, node, t), "a false refusal");
  }
  finish(next, t);
}

int explorer::most_in_use(const state& s, int node, int but) const {
  int sum = 0;
  for_slots_below(node, [&](int each) {
    sum += s.threads[each].live;
    if (each != but && s.threads[each].at != idle) sum += changing(s, each);
  });
  return sum;
}

int explorer::changing(const state& s, int t) const {
  const operation& todo = current(s, t);
  switch (todo.what) {
    case kind::charge:
    case kind::overdraw:
      return s.threads[t].sum <= s.slots[t].ceil ? todo.bytes : 0;
    case kind::uncharge:
    case kind::cancel:
      return todo.bytes;
    default:
      return 0;
  }
}

void explorer::enter(state& next, int t, int bytes) {
  bool overdrawn = false;
  for_path(home(t), [&](int n) { overdrawn = overdrawn || !fits(next, n, bytes); });
  const int lease = overdrawn ? 0 : lease_for(next, t, bytes);
  slot_state& own = next.slots[t];
  if (has_slot(t)) {
    add(own.alloc, bytes);
    own.ceil = to_number(own.alloc + lease);
  } else {
    add(next.settled[home(t)], bytes);
  }
  for_path(home(t), [&](int n) {
    add(next.granted[n], bytes + lease);
    if (next.granted[n] > next.limit[n]) {
      must(overdrawn, "a charge passed the limit");
      next.in_debt[n] = 1;
    }
  });
  if (has_slot(t)) conclude(next, t, lease);
  add(next.threads[t].live, bytes);
  finish(next, t);
}

void explorer::decide_limit(state& next, int t, const operation& todo) {
  const int node = todo.who;
  const bool enough = next.granted[node] <= todo.bytes;
  if (!enough && !is(mutant::limit_beside_leases) && may_drain(next, t, node)) {
    return drain(next, t, node);
  }
  if (enough || todo.what == kind::set_limit || is(mutant::limit_beside_leases)) {
    next.limit[node] = to_number(todo.bytes);
    next.in_debt[node] = todo.what == kind::set_limit && next.granted[node] > todo.bytes;
  } else if (next.threads[t].futile == 0 || next.threads[t].confirmed != 0) {
    must(most_in_use(next, node, t) > todo.bytes, "a limit that holds was not accepted");
  }
  finish(next, t);
}

}  // namespace zpmr::test::protocol
