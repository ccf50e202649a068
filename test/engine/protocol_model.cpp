// SPDX-License-Identifier: MIT
#include "protocol_model.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <unordered_set>

namespace zpmr::test::protocol {

namespace {

constexpr int most_nodes = 3;
constexpr int most_threads = 3;
constexpr int nobody = -1;

using number = std::int8_t;  // so that a state has no padding, and can be compared as bytes

// ---- The state.

enum variable : number { nothing, alloc, freed };

struct waiting_store {
  number to = nothing;
  number value = 0;
};

struct slot_state {
  number alloc = 0, ceil = 0, freed = 0, mark = 0;
  number harvested = 0, ceil_before = 0;
  number open = 0, lowered = 0;
  std::array<waiting_store, 2> buffer;
};

enum place : number {
  idle,          // before its next operation
  storing,       // has looked at `ceil`
  second_look,   // has stored `alloc`
  look_at_mark,  // has stored `freed`
  waiting,       // for the mutex
  lowering,      // holds the mutex from here on
  fencing,
  settling,
  reading_freed,  // a reader: no mutex
  reading_alloc,
};

struct thread_state {
  number at = idle;
  number operation = 0;
  number sum = 0;  // what it stores; what a reader has seen charged
  number stored = 0;
  number visit = 0;      // how far a drain or a reader has come
  number full = nobody;  // the node that is drained
  number futile = 0;     // that node was drained, and that won nothing
  number confirmed = 0;
  number seen = 0;  // what a reader has seen freed
  number live = 0;  // what it has charged, less what anyone has begun to free of it
};

struct state {
  std::array<slot_state, most_threads> slots;
  std::array<thread_state, most_threads> threads;
  std::array<number, most_nodes> limit{}, granted{}, settled{}, in_debt{};
  number holder = nobody;

  bool operator==(const state& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(std::has_unique_object_representations_v<state>);

struct hash {
  std::size_t operator()(const state& s) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&s), sizeof s});
  }
};

struct violation : std::runtime_error {
  using runtime_error::runtime_error;
};

void must(bool holds, const char* what) {
  if (!holds) throw violation(what);
}

number to_number(int value) {
  return static_cast<number>(value);
}
void add(number& figure, int by) {
  figure = to_number(figure + by);
}

// ---- The machine.

void reach_memory(slot_state& slot) {
  (slot.buffer[0].to == alloc ? slot.alloc : slot.freed) = slot.buffer[0].value;
  slot.buffer = {slot.buffer[1], waiting_store{}};
}
void flush(slot_state& slot) {
  while (slot.buffer[0].to != nothing) reach_memory(slot);
}
bool can_store(const slot_state& slot) {
  return slot.buffer[1].to == nothing;
}
void store(slot_state& slot, variable to, int value) {
  slot.buffer[slot.buffer[0].to == nothing ? 0 : 1] = {to, to_number(value)};
}
/// Returns: what the owner reads, who sees its own stores.
number own_view(const slot_state& slot, variable of) {
  number value = of == alloc ? slot.alloc : slot.freed;
  for (const waiting_store& each : slot.buffer) {
    if (each.to == of) value = each.value;
  }
  return value;
}

// ---- The protocol.

class explorer {
 public:
  explorer(const scenario& plan, mutant broken) : plan_(plan), broken_(broken) {}

  findings run() {
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

  void go_on_from(const state& now) {
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

  void step(const state& now, int t) {
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

  void finish(state& next, int t) {
    const number live = next.threads[t].live;
    const auto operation = to_number(next.threads[t].operation + 1);
    next.threads[t] = {};
    next.threads[t].live = live;
    next.threads[t].operation = operation;
    if (next.holder == t) next.holder = nobody;
    reached_.push_back(next);
  }
  void go(state next, int t, place to) {
    next.threads[t].at = to;
    next.threads[t].visit = 0;
    reached_.push_back(next);
  }

  // The fast paths.

  void begin(const state& now, int t) {
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

  void begin_charge(state& next, int t, int bytes) {
    next.threads[t].sum = to_number(own_view(next.slots[t], alloc) + bytes);
    const bool bears = next.threads[t].sum <= next.slots[t].ceil || is(mutant::no_first_look);
    go(next, t, has_slot(t) && bears ? storing : waiting);
  }

  void store_alloc(const state& now, int t) {
    if (!can_store(now.slots[t])) return;
    state next = now;
    store(next.slots[t], alloc, next.threads[t].sum);
    next.threads[t].stored = 1;
    go(next, t, second_look);
  }

  void look_again(const state& now, int t) {
    state next = now;
    if (next.threads[t].sum > next.slots[t].ceil && !is(mutant::no_second_look)) {
      return go(next, t, waiting);
    }
    add(next.threads[t].live, current(now, t).bytes);
    finish(next, t);
  }

  void begin_uncharge(state& next, int t, const operation& todo) {
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

  void look_for_mark(const state& now, int t) {
    state next = now;
    const bool unseen = next.threads[t].sum <= next.slots[t].mark || is(mutant::no_mark);
    unseen ? finish(next, t) : go(next, t, waiting);
  }

  // The slow paths. All that holds the mutex.

  void take_mutex(const state& now, int t) {
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

  void prepare_charge(state& next, int t) {
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

  void move_granted(state& next, int t, int by) {
    for_path(home(t), [&](int n) {
      add(next.granted[n], by);
      if (next.granted[n] <= next.limit[n]) next.in_debt[n] = 0;
    });
  }
  int harvest(slot_state& own) {
    const int unseen = own.freed - own.harvested;
    own.harvested = own.mark = own.freed;
    return unseen;
  }
  void close(state& next, int t) {
    slot_state& own = next.slots[t];
    const int lease = own.ceil - own.alloc;
    own.ceil = own.alloc;
    own.open = 0;
    move_granted(next, t, -lease - harvest(own));
  }
  int room(const state& s, int t) const {
    int least = 100;
    for_path(home(t), [&](int n) { least = std::min(least, s.limit[n] - s.granted[n]); });
    return std::max(least, 0);
  }
  int lease_for(const state& s, int t, int bytes) const {
    return has_slot(t) && room(s, t) - bytes >= plan_.lease ? plan_.lease : 0;
  }
  void conclude(state& next, int t, int unseen) {
    slot_state& own = next.slots[t];
    own.mark = to_number(own.freed + unseen);
    const bool marked = own.mark != own.harvested && !is(mutant::marks_not_listed);
    if (own.ceil != own.alloc || marked) own.open = 1;
  }

  void settle_own_free(state& next, int t) {
    if (has_slot(t)) {
      move_granted(next, t, -harvest(next.slots[t]));
      conclude(next, t, lease_for(next, t, 0));
    } else {
      add(next.settled[home(t)], -current(next, t).bytes);
      move_granted(next, t, -current(next, t).bytes);
    }
    finish(next, t);
  }

  void cancel(state& next, int t) {
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

  void decide(state& next, int t) {
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

  bool fits(const state& s, int node, int bytes) const {
    return bytes <= s.limit[node] - s.granted[node];
  }

  bool may_drain(const state& s, int t, int node) const {
    if (is(mutant::refuses_at_once)) return false;
    if (s.threads[t].full == node && s.threads[t].futile != 0) return false;
    bool any = false;
    for_slots_below(node, [&](int each) { any = any || s.slots[each].open != 0; });
    return any;
  }

  void refuse(state& next, int t, int node, int bytes) {
    ++result_.refusals;
    // Without a fence a lease counts as used.
    const bool unknown = next.threads[t].futile != 0 && next.threads[t].confirmed == 0;
    if (!unknown) {
      must(bytes > next.limit[node] - most_in_use(next, node, t), "a false refusal");
    }
    finish(next, t);
  }

  /// Returns: what is in use if the operations in progress count, but for charges that their lease
  /// does not bear, and for those of `but`.
  int most_in_use(const state& s, int node, int but) const {
    int sum = 0;
    for_slots_below(node, [&](int each) {
      sum += s.threads[each].live;
      if (each != but && s.threads[each].at != idle) sum += changing(s, each);
    });
    return sum;
  }
  int changing(const state& s, int t) const {
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

  void enter(state& next, int t, int bytes) {
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

  void decide_limit(state& next, int t, const operation& todo) {
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

  // Drains.

  void drain(state& next, int t, int node) {
    next.threads[t].full = to_number(node);
    go(next, t, lowering);
  }

  void lower(const state& now, int t) {
    state next = now;
    thread_state& self = next.threads[t];
    if (self.visit == threads()) return go(next, t, fencing);
    slot_state& slot = next.slots[self.visit];
    if (slot.open != 0 && below(home(self.visit), self.full)) {
      slot.ceil_before = slot.ceil;
      slot.ceil = std::min(slot.ceil, slot.alloc);
      if (!is(mutant::no_lowered_mark)) slot.mark = slot.harvested;
      slot.lowered = 1;
    }
    add(self.visit, 1);
    reached_.push_back(next);
  }

  void fence(const state& now, int t) {
    state next = now;
    thread_state& self = next.threads[t];
    if (self.visit == 0 && plan_.fence_may_fail) {
      state refused = now;
      refused.threads[t].confirmed = is(mutant::trusts_failed_fence);
      go(refused, t, settling);
    }
    if (self.visit == threads() || is(mutant::no_fence)) {
      self.confirmed = 1;
      return go(next, t, settling);
    }
    flush(next.slots[self.visit]);
    add(self.visit, 1);
    reached_.push_back(next);
  }

  void settle(const state& now, int t) {
    state next = now;
    thread_state& self = next.threads[t];
    if (self.visit == threads()) {
      self.futile = self.confirmed == 0;
      return decide(next, t);
    }
    slot_state& slot = next.slots[self.visit];
    if (slot.lowered != 0) settle_slot(next, self.visit, self.confirmed != 0);
    add(self.visit, 1);
    reached_.push_back(next);
  }

  void settle_slot(state& next, int k, bool confirmed) {
    slot_state& slot = next.slots[k];
    const number used = is(mutant::no_second_reading) ? slot.ceil : slot.alloc;
    const number ceil = confirmed ? std::min(slot.ceil_before, used) : slot.ceil_before;
    if (ceil < slot.ceil_before) ++result_.leases_taken_back;
    slot.ceil = ceil;
    move_granted(next, k, ceil - slot.ceil_before - (is(mutant::no_harvest) ? 0 : harvest(slot)));
    slot.open = !confirmed;
    slot.lowered = 0;
    slot.ceil_before = 0;
  }

  // Readers.

  void read_freed(const state& now, int t) {
    state next = now;
    thread_state& self = next.threads[t];
    if (self.visit == threads()) return go(next, t, reading_alloc);
    if (below(home(self.visit), current(now, t).who)) {
      add(self.seen, next.slots[self.visit].freed);
    }
    add(self.visit, 1);
    reached_.push_back(next);
  }

  void read_alloc(const state& now, int t) {
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

  // What must hold.

  void check(const state& s) const {
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

  /// The kernel interrupts all threads to copy the memory, so what was stored is there.
  void check_child_of_fork(state s) const {
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

  void check_end(const state& s) const {
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

  const scenario& plan_;
  const mutant broken_;
  std::unordered_set<state, hash> seen_;
  std::vector<state> reached_;
  findings result_;
};

}  // namespace

findings explore(const scenario& plan, mutant broken) {
  return explorer(plan, broken).run();
}

}  // namespace zpmr::test::protocol
