// SPDX-License-Identifier: MIT
#include "trace_profile.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <zpmr/process_memory.hpp>

#include "platform/kilobyte_fields.hpp"
#include "reports/terminal_text.hpp"

namespace zpmr::compare {

std::size_t class_of(std::uint64_t value) noexcept {
  return value <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(value - 1));
}

void profiler::add(const trace_event& event) {
  ++profile_.events;
  if (event.thread >= profile_.last_event_of_thread.size()) {
    profile_.last_event_of_thread.resize(event.thread + 1);
  }
  profile_.last_event_of_thread[event.thread] = profile_.events;
  profile_.duration = std::max(profile_.duration, event.time);
  event.operation == trace_operation::allocation ? allocated(event) : freed(event);
}

void profiler::allocated(const trace_event& event) {
  if (available_ && event.alignment > *available_) {
    throw bad_input("event " + std::to_string(profile_.events) + " allocates a block aligned to " +
                    detail::rounded_size(event.alignment) + ", but only " +
                    detail::rounded_size(*available_) +
                    " of memory are free here. Replay it on a machine with more.");
  }
  if (event.block >= blocks_.size()) blocks_.resize(event.block + 1);
  blocks_[event.block] = {profile_.events, event.bytes, true};

  ++profile_.allocations;
  ++profile_.blocks_in_use;
  profile_.allocated_bytes += event.bytes;
  profile_.bytes_in_use += event.bytes;
  profile_.largest_block = std::max(profile_.largest_block, event.bytes);
  ++profile_.blocks_by_size[class_of(event.bytes)];
  if (available_ && profile_.bytes_in_use > *available_) {
    throw bad_input("event " + std::to_string(profile_.events) + " takes the blocks in use to " +
                    detail::rounded_size(profile_.bytes_in_use) + ", but only " +
                    detail::rounded_size(*available_) +
                    " of memory are free here. Replay it on a machine with more.");
  }
  if (profile_.bytes_in_use > profile_.peak_bytes) {
    profile_.peak_bytes = profile_.bytes_in_use;
    profile_.peak_at = profile_.events;
  }
}

void profiler::freed(const trace_event& event) {
  block& gone = blocks_[event.block];
  gone.in_use = false;
  --profile_.blocks_in_use;
  profile_.bytes_in_use -= gone.bytes;
  const std::uint64_t lifetime = profile_.events - gone.since;
  ++profile_.blocks_by_size_and_lifetime[class_of(gone.bytes)][class_of(lifetime)];
}

trace_profile profiler::finished() && {
  for (const block& each : blocks_) {
    if (each.in_use) ++profile_.never_freed_by_size[class_of(each.bytes)];
  }
  profile_.block_numbers = static_cast<std::uint32_t>(blocks_.size());
  return std::move(profile_);
}

std::optional<std::uint64_t> available_memory() noexcept {
  std::array<detail::kilobyte_field, 1> field{{{"MemAvailable"}}};
  detail::add_up(detail::file_name("/proc/meminfo"), field);
  std::optional<std::uint64_t> available = field[0].bytes;
  const process_memory here = sample_process_memory();
  if (!available) available = here.physical;
  if (here.cgroup_limit && here.cgroup_usage) {
    const std::uint64_t left =
        *here.cgroup_limit - std::min(*here.cgroup_limit, *here.cgroup_usage);
    available = std::min(available.value_or(left), left);
  }
  return available;
}

trace_profile profile_of(const std::filesystem::path& trace,
                         const std::function<void(double)>& progress) {
  constexpr std::uint64_t events_between_calls = 1 << 16;
  trace_reader reader(trace);
  profiler profiler(available_memory());
  try {
    progress(0);
    while (const auto event = reader.next()) {
      profiler.add(*event);
      if (reader.events() % events_between_calls == 0) progress(reader.progress());
    }
  } catch (const bad_input& error) {
    throw bad_input(trace.string() + ": " + error.what());
  }
  trace_profile profile = std::move(profiler).finished();
  profile.cut_short = reader.cut_short();
  profile.left_out = reader.left_out();
  if (profile.events == 0) {
    throw bad_input(trace.string() + ": there is no event in it. Record a run that allocates.");
  }
  return profile;
}

}  // namespace zpmr::compare
