// SPDX-License-Identifier: MIT
#include "protocol_explorer.hpp"

#include <algorithm>

namespace zpmr::test::protocol {

void explorer::drain(state& next, int t, int node) {
  next.threads[t].full = to_number(node);
  go(next, t, lowering);
}

void explorer::lower(const state& now, int t) {
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

void explorer::fence(const state& now, int t) {
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

void explorer::settle(const state& now, int t) {
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

void explorer::settle_slot(state& next, int k, bool confirmed) {
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

}  // namespace zpmr::test::protocol
