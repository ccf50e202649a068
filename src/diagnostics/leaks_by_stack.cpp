// SPDX-License-Identifier: MIT
#include "diagnostics/leaks_by_stack.hpp"

#include <algorithm>
#include <functional>
#include <new>
#include <tuple>

#include "base/check.hpp"
#include "diagnostics/findings.hpp"

namespace zpmr::detail {
namespace {

/// Returns: those of equal stacks as one.
std::span<leak> joined(std::span<leak> leaks) noexcept {
  std::ranges::sort(leaks, std::less<>{},
                    [](const leak& each) { return each.allocated.frames().data(); });
  std::size_t count = 0;
  for (const leak& each : leaks) {
    if (count != 0 && leaks[count - 1].allocated == each.allocated) {
      leaks[count - 1].bytes += each.bytes;
      leaks[count - 1].blocks += each.blocks;
    } else {
      leaks[count++] = each;
    }
  }
  return leaks.first(count);
}

}  // namespace

leaks_by_stack::leaks_by_stack(const checked_blocks& blocks)
    : leaks_by_stack(blocks, blocks.in_use()) {}

leaks_by_stack::leaks_by_stack(const checked_blocks& blocks, std::size_t most) : storage_(most) {
  if (storage_.all().size() < most) throw std::bad_alloc{};
  leaks_ = joined(storage_.all().first(blocks.list_in_use(storage_.all())));
  std::ranges::sort(leaks_, std::greater<>{},
                    [](const leak& each) { return std::tuple(each.bytes, each.blocks); });
}

void tell_leaks(const checked_resource& resource, const checked_blocks& blocks) noexcept {
  try {
    const leaks_by_stack all(blocks);
    if (!all.largest_first().empty()) {
      handler_of(resource).on_leaks(resource, all.largest_first());
    }
  } catch (const std::bad_alloc&) {
    complain(
        "checked_resource \"%s\": %zu blocks were never freed, but there is no memory to list them",
        resource.name().data(), blocks.in_use());
  }
}

}  // namespace zpmr::detail
