// SPDX-License-Identifier: MIT
#include <iostream>
#include <string_view>

// The last, as it includes Relacy.
#include "relacy_tracker.hpp"

namespace {

using zpmr::test::tracker;
using zpmr::test::without;

/// Small charges within leases, beside big ones that want them back.
template <without Left_out>
struct small_and_big : rl::test_suite<small_and_big<Left_out>, 2> {
  tracker<2, Left_out> cap{9};

  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 3; ++i) cap.charge(0, 1);
      if (cap.charge(0, 3)) cap.uncharge(0, 3);
    } else {
      if (cap.charge(1, 5)) cap.uncharge(1, 5);
      cap.charge(1, 7);
    }
  }
  void after() { cap.check_at_rest(); }
};

template <without Left_out>
struct three_at_once : rl::test_suite<three_at_once<Left_out>, 3> {
  tracker<3, Left_out> cap{8};

  void thread(unsigned index) {
    if (!cap.charge(index, 1)) return;
    if (cap.charge(index, 2 + index)) cap.uncharge(index, 2 + index);
    if (index != 0) cap.uncharge(index, 1);
  }
  void after() { cap.check_at_rest(); }
};

/// A thread frees what another has charged; a third reads. Nothing is drained.
template <without Left_out>
struct freed_elsewhere : rl::test_suite<freed_elsewhere<Left_out>, 3> {
  tracker<3, Left_out> cap{100};
  rl::atomic<int> handed_over{0};

  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 2; ++i) {
        cap.charge(0, 2);
        handed_over.store(i + 1, rl::mo_release, $);
      }
    } else if (index == 1) {
      for (int taken = 0; taken < handed_over.load(rl::mo_acquire, $); ++taken) cap.uncharge(1, 2);
    } else {
      cap.read(0);
    }
  }
  void after() { cap.check_at_rest(); }
};

/// The same, where the third wants all the room, and reads.
template <without Left_out>
struct freed_elsewhere_near_the_cap : rl::test_suite<freed_elsewhere_near_the_cap<Left_out>, 3> {
  tracker<3, Left_out> cap{8};
  rl::atomic<int> handed_over{0};

  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 2; ++i) {
        if (cap.charge(0, 1)) handed_over.fetch_add(1, rl::mo_release, $);
      }
    } else if (index == 1) {
      for (int taken = 0; taken < handed_over.load(rl::mo_acquire, $); ++taken) cap.uncharge(1, 1);
    } else {
      if (cap.charge(2, 7)) cap.uncharge(2, 7);
      cap.read(3);
    }
  }
  void after() { cap.check_at_rest(); }
};

template <class Suite>
bool holds(unsigned context_bound) {
  rl::test_params parameters;
  parameters.search_type = rl::fair_context_bound_scheduler_type;
  parameters.context_bound = context_bound;
  return rl::simulate<Suite>(parameters);
}

template <without Left_out>
bool all_hold() {
  return holds<small_and_big<Left_out>>(3) && holds<three_at_once<Left_out>>(2) &&
         holds<freed_elsewhere<Left_out>>(2) && holds<freed_elsewhere_near_the_cap<Left_out>>(2);
}

struct variant {
  std::string_view name;
  bool (*all_hold)();
};
constexpr variant variants[] = {
    {"nothing", all_hold<without::nothing>},
    {"first_look", all_hold<without::first_look>},
    {"second_look", all_hold<without::second_look>},
    {"fence", all_hold<without::fence>},
    {"second_reading", all_hold<without::second_reading>},
    {"release", all_hold<without::release>},
    {"mark", all_hold<without::mark>},
};

}  // namespace

/// Runs the protocol without what the argument names. Returns: 0 if it holds, 1 if not.
int main(int count, char** arguments) {
  for (const variant& each : variants) {
    if (count == 2 && each.name == arguments[1]) {
      const bool good = each.all_hold();
      std::cout << (good ? "the protocol holds" : "the protocol is broken") << std::endl;
      return good ? 0 : 1;
    }
  }
  return 2;
}
