// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE protocol_model
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "protocol_model.hpp"

namespace {

using namespace zpmr::test::protocol;

operation take(int bytes) {
  return {kind::charge, bytes};
}
operation overdraw(int bytes) {
  return {kind::overdraw, bytes};
}
operation give(int bytes, int who) {
  return {kind::uncharge, bytes, who};
}
operation cancel(int bytes) {
  return {kind::cancel, bytes};
}
operation try_limit(int node, int bytes) {
  return {kind::try_set_limit, bytes, node};
}
operation limit(int node, int bytes) {
  return {kind::set_limit, bytes, node};
}
operation read(int node) {
  return {kind::read, 0, node};
}

std::vector<node_plan> alone(int cap) {
  return {{-1, cap}};
}

const std::vector<scenario> scenarios{
    {"two threads fill a cap",
     alone(9),
     {{0, {take(1), take(1), take(1), take(1), give(1, 0), take(2)}},
      {0, {take(5), give(5, 1), take(7), give(7, 1), take(4)}}}},
    {"a big charge beside small ones",
     alone(12),
     {{0, {take(1), take(1), take(6), take(1)}}, {0, {take(4), give(4, 1), take(9), take(2)}}}},
    {"three threads near the cap",
     alone(11),
     {{0, {take(1), take(1), take(1), give(2, 0), take(2)}},
      {0, {take(2), take(1), give(2, 1), take(3)}},
      {0, {take(1), take(9), give(1, 2)}}}},
    {"three threads churn",
     alone(14),
     {{0, {take(1), take(1), give(1, 0), take(1), give(1, 0)}},
      {0, {take(1), take(1), give(1, 1), take(1), give(1, 1)}},
      {0, {take(11), give(11, 2), take(10)}}}},
    {"blocks freed by another thread",
     alone(10),
     {{0, {take(2), take(1), take(2), take(1)}},
      {0, {take(1), give(2, 0), take(4), give(2, 0), take(5), give(1, 0)}}}},
    {"three threads, two free what another charged",
     alone(12),
     {{0, {take(1), take(2), take(1), take(2)}},
      {0, {give(1, 0), give(2, 0), take(2)}},
      {0, {take(1), give(1, 0), take(9), take(3)}}}},
    {"leaves race for the room of their parent",
     {{-1, 8}, {0, 6}, {0, 6}},
     {{1, {take(1), take(1), take(2), give(2, 0), take(3)}},
      {2, {take(2), take(1), take(4), give(3, 1), take(5)}}}},
    {"three levels",
     {{-1, 9}, {0, 7}, {1, 5}},
     {{2, {take(1), take(1), take(2), give(2, 0)}},
      {1, {take(1), take(4), give(4, 1), take(3)}},
      {0, {take(1), take(5), give(1, 2)}}}},
    {"two threads in one leaf, one beside it",
     {{-1, 12}, {0, 9}, {0, 9}},
     {{1, {take(1), take(2), take(1), give(3, 0)}},
      {1, {take(2), give(2, 1), give(1, 0)}},
      {2, {take(1), take(8), take(3)}}}},
    {"a limit that is tried",
     alone(10),
     {{0, {take(1), take(1), take(1), give(1, 0), take(1)}},
      {0, {take(1), take(1), give(2, 1)}},
      {0, {try_limit(0, 4), try_limit(0, 2), try_limit(0, 8)}}}},
    {"a limit that is lowered below the usage, and raised",
     alone(10),
     {{0, {take(1), take(1), take(1), give(2, 0), take(1)}},
      {0, {take(1), take(2), give(3, 1), take(1)}},
      {0, {limit(0, 2), limit(0, 9)}}}},
    {"limits of a tree change",
     {{-1, 9}, {0, 7}},
     {{1, {take(1), take(1), take(1), give(2, 0)}},
      {1, {take(1), take(3), give(3, 1), take(2)}},
      {0, {try_limit(1, 3), limit(0, 4), try_limit(0, 3)}}}},
    {"overdrafts beside leases",
     {{-1, 8}, {0, 6}},
     {{1, {take(1), take(1), give(2, 0), take(2), take(1)}},
      {1, {take(1), overdraw(7), give(7, 1), take(4)}},
      {0, {take(2), give(2, 2), overdraw(3)}}}},
    {"charges that are cancelled",
     alone(9),
     {{0, {take(1), cancel(1), take(1), take(1), cancel(1)}},
      {0, {take(1), take(6), cancel(6), take(8)}},
      {0, {take(1), cancel(1), take(3)}}}},
    {"a thread without a slot",
     alone(9),
     {{0, {take(1), take(1), take(1), give(1, 0)}},
      {0, {take(1), take(2), give(1, 0), take(1)}},
      {0, {take(3), give(1, 0), give(3, 2), take(5), cancel(5)}, false}}},
    {"a reader of a leaf",
     alone(9),
     {{0, {take(1), take(1), give(1, 0), take(1)}},
      {0, {take(1), give(1, 0), take(7)}},
      {0, {read(0)}}}},
    {"a reader of a tree",
     {{-1, 9}, {0, 7}, {0, 7}},
     {{1, {take(1), take(1), give(1, 0), take(1)}},
      {2, {take(1), give(1, 1), take(6)}},
      {0, {read(0)}}}},
    {"a fence that fails",
     alone(9),
     {{0, {take(1), take(1), give(1, 0), take(1)}},
      {0, {take(1), take(6), take(3), give(3, 1), take(4)}}},
     2,
     true},
    {"a fence that fails under a tree",
     {{-1, 9}, {0, 7}},
     {{1, {take(1), take(1), give(1, 0), take(1)}},
      {1, {take(1), overdraw(6), limit(1, 3)}},
      {0, {take(1), take(4), give(1, 2)}}},
     2,
     true},
};

struct named_mutant {
  mutant broken;
  const char* name;
};

const std::vector<named_mutant> mutants{
    {mutant::no_first_look, "no first look"},
    {mutant::no_second_look, "no second look"},
    {mutant::no_fence, "no fence"},
    {mutant::no_second_reading, "no second reading"},
    {mutant::no_undoing, "no undoing"},
    {mutant::no_mark, "no mark"},
    {mutant::no_lowered_mark, "no lowered mark"},
    {mutant::no_harvest, "no harvest"},
    {mutant::marks_not_listed, "marks not listed"},
    {mutant::trusts_failed_fence, "trusts a failed fence"},
    {mutant::refuses_at_once, "refuses at once"},
    {mutant::limit_beside_leases, "limit beside leases"},
    {mutant::child_keeps_stored, "child keeps what is stored"},
    {mutant::keeps_cancelled, "keeps what is cancelled"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_protocol_holds_in_every_interleaving) {
  findings all;
  for (scenario each : scenarios) {
    for (each.lease = 1; each.lease <= 3; ++each.lease) {
      const findings found = explore(each, mutant::none);
      BOOST_TEST(found.violation == "",
                 each.name << ", leases of " << each.lease << ": " << found.violation);
      all.states += found.states;
      all.refusals += found.refusals;
      all.leases_taken_back += found.leases_taken_back;
      all.found_lowered += found.found_lowered;
    }
  }
  BOOST_TEST_MESSAGE(all.states << " states, " << all.refusals << " refusals, "
                                << all.leases_taken_back << " leases taken back, "
                                << all.found_lowered << " charges overtaken by a drain");
  // The scenarios reach what they are for.
  BOOST_TEST(all.refusals > 0u);
  BOOST_TEST(all.leases_taken_back > 0u);
  BOOST_TEST(all.found_lowered > 0u);
}

BOOST_AUTO_TEST_CASE(every_broken_variant_is_caught) {
  BOOST_TEST(mutants.size() + 1 == static_cast<std::size_t>(mutant::last));
  for (const auto& [broken, name] : mutants) {
    BOOST_TEST_CONTEXT(name) {
      std::string violation;
      for (const scenario& each : scenarios) {
        violation = explore(each, broken).violation;
        if (violation.empty()) continue;
        BOOST_TEST_MESSAGE(name << ": " << violation << " (" << each.name << ')');
        break;
      }
      BOOST_TEST(violation != "");
    }
  }
}
