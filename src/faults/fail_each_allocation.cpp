// SPDX-License-Identifier: MIT
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>
#include <zpmr/fail_each_allocation.hpp>
#include <zpmr/memory_tracker.hpp>

namespace zpmr {

namespace {

using block_under_test = std::function<void()>;

struct figures {
  const memory_tracker* tracker;
  std::size_t bytes;
  std::size_t requested_bytes;
  std::uint64_t blocks;

  friend bool operator==(const figures&, const figures&) = default;
};

figures figures_of(const memory_tracker& tracker) {
  const memory_usage usage = tracker.snapshot();
  return {&tracker, usage.bytes_in_use, usage.requested_bytes_in_use, usage.blocks_in_use()};
}

std::string text_of(const figures& held) {
  return std::to_string(held.bytes) + " bytes (" + std::to_string(held.requested_bytes) +
         " requested) in " + std::to_string(held.blocks) + " blocks";
}

std::string text_of(const failure_rules& rules) {
  return "zpmr: with allocation " + std::to_string(rules.nth) +
         (rules.kind == failure_kind::persistent ? " and all after it failing, " : " failing, ");
}

/// While one lives, the rules hold. Whatever comes after it, messages too, may allocate again.
class rules_scope {
 public:
  rules_scope(failure_schedule& failures, const failure_rules& rules) : failures_(failures) {
    failures.set(rules);
  }
  ~rules_scope() { failures_.set({}); }
  rules_scope(const rules_scope&) = delete;
  rules_scope& operator=(const rules_scope&) = delete;

 private:
  failure_schedule& failures_;
};

/// Returns: whether an allocation was made to fail. A block that completes may have done without
/// it, so that alone does not tell.
bool fails_within(failure_schedule& failures, const failure_rules& rules,
                  const block_under_test& block) {
  const rules_scope scope{failures, rules};
  try {
    block();
  } catch (const std::bad_alloc&) {
    if (failures.failures() == 0) throw;
  }
  return failures.failures() > 0;
}

void check_unchanged(const std::vector<figures>& before, const failure_rules& rules) {
  for (const figures& each : before) {
    const figures now = figures_of(*each.tracker);
    if (now == each) continue;
    throw std::logic_error(text_of(rules) + "tracker \"" + std::string(each.tracker->name()) +
                           "\" was left with " + text_of(now) + "; before it had " + text_of(each));
  }
}

/// Returns: as `fails_within`.
bool survives(failure_schedule& failures, const failure_rules& rules, const block_under_test& block,
              const std::vector<figures>& before) {
  bool failed = false;
  try {
    failed = fails_within(failures, rules, block);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    std::throw_with_nested(std::logic_error(text_of(rules) + "the block threw: " + error.what()));
  }
  check_unchanged(before, rules);
  return failed;
}

}  // namespace

std::uint64_t fail_each_allocation(failure_schedule& failures,
                                   std::initializer_list<const memory_tracker*> trackers,
                                   const block_under_test& block) {
  std::vector<figures> before;
  before.reserve(trackers.size());
  for (const memory_tracker* each : trackers) before.push_back(figures_of(*each));

  std::uint64_t failed = 0;
  for (const failure_kind kind : {failure_kind::transient, failure_kind::persistent}) {
    failure_rules rules{.nth = 1, .kind = kind};
    for (; survives(failures, rules, block, before); ++rules.nth) ++failed;
  }
  return failed;
}

}  // namespace zpmr
