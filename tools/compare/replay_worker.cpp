// SPDX-License-Identifier: MIT
#include "replay_worker.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>
#include <zpmr/process_memory.hpp>

#include "channel.hpp"
#include "huge_pages.hpp"
#include "step.hpp"
#include "subject.hpp"

namespace zpmr::compare {
namespace {

reading with_memory(reading times) {
  const process_memory now = sample_process_memory();
  times.resident = now.resident;
  times.peak_resident = now.peak_resident;
  return times;
}

}  // namespace

void replay(std::string_view subject_name, measure what, int in, int out) {
  allow_huge_pages();  // the program has started
  const auto shape = receive<replay_shape>(in);
  // All that the replay itself needs is there, and written to, before the first reading.
  block_places places(shape.places, shape.batch_steps);
  std::vector<step> steps(shape.batch_steps);
  std::vector<batch_part> parts(shape.batch_steps);
  const std::unique_ptr<subject> on = make_subject(subject_name, shape.largest_block);
  ensemble threads(*on, places, what);
  send(out, with_memory({}));

  for (auto header = receive<batch_header>(in); header.parts > 0;
       header = receive<batch_header>(in)) {
    const auto these_parts = std::span(parts).first(header.parts);
    receive(in, these_parts);
    std::size_t count = 0;
    for (const batch_part& each : these_parts) count += each.steps;
    const auto these_steps = std::span(steps).first(count);
    receive(in, these_steps);
    send(out, with_memory(threads.play(these_parts, these_steps)));
  }

  const auto blocks_in_use = receive<std::uint64_t>(in);
  last_word told{.resident_after_release = {}, .times = threads.finish()};
  if (on->release(blocks_in_use) == release_result::done) {
    told.resident_after_release = sample_process_memory().resident;
  }
  send(out, told);
}

}  // namespace zpmr::compare
