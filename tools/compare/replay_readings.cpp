// SPDX-License-Identifier: MIT
#include "replay_readings.hpp"

#include <algorithm>
#include <utility>

#include "reports/terminal_text.hpp"

namespace zpmr::compare {
namespace {

std::optional<std::uint64_t> growth(std::optional<std::size_t> before,
                                    std::optional<std::size_t> now) {
  if (!before || !now) return std::nullopt;
  return *now - std::min(*now, *before);
}

}  // namespace

replay_readings::replay_readings(const reading& before, std::string name,
                                 std::optional<std::uint64_t> available)
    : before_(before), name_(std::move(name)), available_(available) {}

void replay_readings::note(const reading& now, std::uint64_t events, std::uint64_t bytes_in_use) {
  run_.processor_time += now.processor_time;
  run_.elapsed += now.elapsed;
  const auto resident = growth(before_.resident, now.resident);
  run_.samples.push_back({events, bytes_in_use, resident});
  most_ = std::max(most_, resident);
  last_ = now;
  if (resident && available_ && *resident > *available_) {
    throw bad_input("on " + name_ + ", event " + std::to_string(events) + " takes the process to " +
                    detail::rounded_size(*resident) + ", but only " +
                    detail::rounded_size(*available_) +
                    " of memory were free. Replay it on a machine with more, or leave " + name_ +
                    " out with --allocator.");
  }
}

run replay_readings::finished(const last_word& last) && {
  run_.resident_after_release = growth(before_.resident, last.resident_after_release);
  run_.times = last.times;
  // The system's own peak sees what is between two samples, but also what was before the first:
  // only if it has risen since is it the replay's.
  run_.peak_resident = most_;
  if (last_.peak_resident > before_.peak_resident) {
    run_.peak_resident = std::max(most_, growth(before_.resident, last_.peak_resident));
  }
  return std::move(run_);
}

}  // namespace zpmr::compare
