// SPDX-License-Identifier: MIT
#include <array>
#include <ostream>
#include <utility>
#include <zpmr/fragmentation.hpp>

#include "overhead.hpp"
#include "text.hpp"

namespace zpmr {

namespace {

std::string_view text_of(finding_kind kind) noexcept {
  switch (kind) {
    case finding_kind::unknown:
      return "Too little is known for a diagnosis. Sample a tracker, with an allocator that can "
             "tell "
             "its figures.";
    case finding_kind::nearly_empty:
      return "Next to nothing is in use, so the ratios mean nothing. Sample again under load.";
    case finding_kind::all_well:
      return "All is well: little more is resident than is in use.";
    case finding_kind::high_peak:
      return "Far more was in use once than is now, and what is resident may still be of that "
             "time. "
             "If such a peak can come again, leave room for it; if not, call "
             "release_free_memory().";
    case finding_kind::uncounted:
      return "The allocator has handed out much that the tracker does not count. Sample the root "
             "of "
             "the tree, and count what else takes memory from this allocator.";
    case finding_kind::inside_allocator:
      return "The blocks in use lie scattered over many pages that are partly free, and no page "
             "goes "
             "back before its last block. Defragment actively: move the blocks to new ones and "
             "free "
             "the old. Or take blocks that live and die together from a pool or an arena of their "
             "own, or try another allocator.";
    case finding_kind::kept_by_allocator:
      return "The allocator keeps free pages for blocks to come. Call release_free_memory(), or "
             "shorten the time after which it gives them back (jemalloc: dirty_decay_ms and "
             "muzzy_decay_ms in ZPMR_JE_MALLOC_CONF; tcmalloc: TCMALLOC_RELEASE_RATE).";
    case finding_kind::outside_allocator:
      return "Much is resident that this allocator does not have: the blocks of other allocators, "
             "malloc and operator new of libraries, thread stacks, mapped files, code. See which "
             "mappings are large in /proc/self/smaps.";
    case finding_kind::unexplained:
      return "Far more is resident than is in use, and no step between the two is high, or known. "
             "Call release_free_memory(), and see what remains with an allocator that can tell "
             "more, "
             "as jemalloc.";
    case finding_kind::swapped_out:
      return "A good part of the process is in swap: it is slow to reach, and the ratios of what "
             "is "
             "resident are too low. Lower the limits, or give the machine more memory.";
  }
  return {};
}

class findings {
 public:
  void add(finding_kind kind, const std::optional<overhead>& figures = {}) {
    found_.push_back({.kind = kind, .text = text_of(kind), .figures = figures});
  }
  /// Effects: adds `kind` if the overhead is high.
  /// Returns: whether it is.
  bool check(finding_kind kind, const std::optional<overhead>& figures, double high) {
    constexpr auto worth_telling = static_cast<std::ptrdiff_t>(diagnosis::worth_telling);
    if (!figures || figures->ratio <= high || figures->bytes <= worth_telling) return false;
    add(kind, figures);
    return true;
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

/// Effects: finds which steps from what is in use to what is resident are high.
void check_steps(const heap_sample& sample, findings& found) {
  const fragmentation steps = fragmentation_of(sample);
  bool explained = found.check_step(finding_kind::inside_allocator, steps.inside_allocator);
  explained |= found.check_step(finding_kind::kept_by_allocator, steps.kept_by_allocator);
  // What lies outside of a heap that is nearly empty is always much in comparison.
  if (is_nearly_empty(sample)) return;
  explained |= found.check_step(finding_kind::uncounted, steps.uncounted);
  explained |= found.check_step(finding_kind::outside_allocator, steps.outside_allocator);
  if (!explained) found.check(finding_kind::unexplained, steps.total, diagnosis::high_total_ratio);
}

}  // namespace

std::vector<finding> diagnose(const heap_sample& sample) {
  findings found;
  if (is_nearly_empty(sample)) found.add(finding_kind::nearly_empty);
  found.check(finding_kind::high_peak, detail::compare(sample.peak_bytes, sample.bytes_in_use),
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
    text.append("%.2f times, %td bytes more: ", finding.figures->ratio, finding.figures->bytes);
  }
  text.append("%.*s", static_cast<int>(finding.text.size()), finding.text.data());
  return out << text.view();
}

}  // namespace zpmr
