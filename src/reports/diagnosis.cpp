// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <utility>
#include <zpmr/fragmentation.hpp>

#include "allocators/overhead.hpp"
#include "base/text.hpp"

namespace zpmr {

namespace {

constexpr std::string_view sum_of_small_steps =
    "Far more is resident than is in use. Each step between the two is small, but they add up. The "
    "largest of them is told next.";

std::string_view text_of(finding_kind kind) noexcept {
  switch (kind) {
    case finding_kind::unknown:
      return "Too little is known for a diagnosis. Sample a tracker, with an allocator that can "
             "tell its figures.";
    case finding_kind::nearly_empty:
      return "Next to nothing is in use, so the ratios mean nothing. Sample again under load.";
    case finding_kind::all_well:
      return "All is well: little more is resident than is in use.";
    case finding_kind::high_peak:
      return "Far more was in use once than is now, and what is resident may still be of that "
             "time. If such a peak can come again, leave room for it; if not, call "
             "release_free_memory().";
    case finding_kind::uncounted:
      return "The allocator has handed out much that the tracker does not count. Sample the root "
             "of the tree, and count what else takes memory from this allocator.";
    case finding_kind::inside_allocator:
      return "The blocks in use lie scattered over many pages that are partly free, and no page "
             "goes back before its last block. Defragment actively: move the blocks to new ones "
             "and free the old. Or take blocks that live and die together from a pool or an arena "
             "of their own, or try another allocator.";
    case finding_kind::kept_by_allocator:
      return "The allocator keeps free pages for blocks to come. Call release_free_memory(), or "
             "have it give them back sooner (jemalloc: set_jemalloc_default_decay() for arenas to "
             "come, set_decay() of those there are; tcmalloc: set_tcmalloc_release_rate()).";
    case finding_kind::outside_allocator:
      return "Much is resident that this allocator does not have: the blocks of other allocators, "
             "malloc and operator new of libraries, thread stacks, mapped files, code. See which "
             "mappings are large in /proc/self/smaps.";
    case finding_kind::unexplained:
      return "Far more is resident than is in use, and none of the steps between the two that are "
             "known is high. Call release_free_memory(), and see what remains with an allocator "
             "that can tell more, as jemalloc.";
    case finding_kind::swapped_out:
      return "A good part of the process is in swap: it is slow to reach, and the ratios of what "
             "is resident are too low. Lower the limits, or give the machine more memory.";
  }
  return {};
}

bool is_high(const std::optional<overhead>& figures, double high) noexcept {
  constexpr auto worth_telling = static_cast<std::ptrdiff_t>(diagnosis::worth_telling);
  return figures && figures->ratio > high && figures->bytes > worth_telling;
}

class findings {
 public:
  void add(finding_kind kind, const std::optional<overhead>& figures = {}) {
    add(kind, figures, text_of(kind));
  }
  void add(finding_kind kind, const std::optional<overhead>& figures, std::string_view text) {
    found_.push_back({.kind = kind, .text = text, .figures = figures});
  }
  /// Effects: adds `kind` if the overhead is high.
  /// Returns: whether it is.
  bool check(finding_kind kind, const std::optional<overhead>& figures, double high) {
    const bool found = is_high(figures, high);
    if (found) add(kind, figures);
    return found;
  }
  bool check_step(finding_kind kind, const std::optional<overhead>& figures) {
    return check(kind, figures, diagnosis::high_step_ratio);
  }
  [[nodiscard]] bool empty() const noexcept { return found_.empty(); }
  [[nodiscard]] std::vector<finding> take() && noexcept { return std::move(found_); }

 private:
  std::vector<finding> found_;
};

bool is_nearly_empty(const heap_sample& sample) noexcept {
  const auto& in_use = sample.bytes_in_use ? sample.bytes_in_use : sample.allocator.allocated;
  return in_use && *in_use < diagnosis::nearly_empty_below;
}

std::optional<overhead> swapped_out(const process_memory& process) noexcept {
  if (!process.swapped || !process.resident) return std::nullopt;
  return detail::compare(*process.resident + *process.swapped, process.resident);
}

struct step {
  finding_kind kind;
  std::optional<overhead> figures;
};

/// From what is in use upwards.
std::array<step, 4> steps_in(const fragmentation& all) noexcept {
  return {{{finding_kind::uncounted, all.uncounted},
           {finding_kind::inside_allocator, all.inside_allocator},
           {finding_kind::kept_by_allocator, all.kept_by_allocator},
           {finding_kind::outside_allocator, all.outside_allocator}}};
}

/// Effects: tells of a high total, none of whose steps is high.
void check_total(const fragmentation& all, findings& found) {
  if (!is_high(all.total, diagnosis::high_total_ratio)) return;
  const auto steps = steps_in(all);
  if (!std::ranges::all_of(steps, [](const step& each) { return each.figures.has_value(); })) {
    return found.add(finding_kind::unexplained, all.total);
  }
  found.add(finding_kind::unexplained, all.total, sum_of_small_steps);
  const auto largest =
      std::ranges::max_element(steps, {}, [](const step& each) { return each.figures->bytes; });
  found.add(largest->kind, largest->figures);
}

/// Effects: finds which steps from what is in use to what is resident are high.
void check_steps(const heap_sample& sample, findings& found) {
  const fragmentation all = detail::steps_of(sample, detail::compare_with_any);
  bool explained = found.check_step(finding_kind::inside_allocator, all.inside_allocator);
  explained |= found.check_step(finding_kind::kept_by_allocator, all.kept_by_allocator);
  // What lies outside of a heap that is nearly empty is always much in comparison. But if the
  // allocator tells no step of its own, what the heap has left behind cannot be told from that.
  if (is_nearly_empty(sample)) {
    if (!all.inside_allocator && !all.kept_by_allocator) check_total(all, found);
    return;
  }
  explained |= found.check_step(finding_kind::uncounted, all.uncounted);
  explained |= found.check_step(finding_kind::outside_allocator, all.outside_allocator);
  if (!explained) check_total(all, found);
}

}  // namespace

std::vector<finding> diagnose(const heap_sample& sample) {
  findings found;
  if (is_nearly_empty(sample)) found.add(finding_kind::nearly_empty);
  found.check(finding_kind::high_peak,
              detail::compare_with_any(sample.peak_bytes, sample.bytes_in_use),
              diagnosis::high_peak_ratio);
  check_steps(sample, found);
  found.check_step(finding_kind::swapped_out, swapped_out(sample.process));
  if (found.empty()) {
    const bool known = sample.bytes_in_use && sample.process.resident;
    found.add(known ? finding_kind::all_well : finding_kind::unknown);
  }
  return std::move(found).take();
}

std::ostream& operator<<(std::ostream& out, const finding& finding) {
  std::array<char, 1024> storage;
  detail::text text{storage};
  if (finding.figures) {
    if (std::isfinite(finding.figures->ratio)) text.append("%.2f times, ", finding.figures->ratio);
    text.append("%td bytes more: ", finding.figures->bytes);
  }
  text.append("%.*s", static_cast<int>(finding.text.size()), finding.text.data());
  return out << text.view();
}

}  // namespace zpmr
