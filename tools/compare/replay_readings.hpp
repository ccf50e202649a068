// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "comparison.hpp"
#include "replay_worker.hpp"
#include "step.hpp"

namespace zpmr::compare {

/// Makes a run of what the process that replays tells, and stops it before the machine has no
/// memory left.
class replay_readings {
 public:
  /// `before` is the reading before the first event, `name` that of the allocator, `available` the
  /// bytes that the process may take.
  replay_readings(const reading& before, std::string name, std::optional<std::uint64_t> available);

  /// Effects: adds the reading after so many events, with so many bytes in use.
  /// Throws: `bad_input` if the process has taken more than may be.
  void note(const reading& now, std::uint64_t events, std::uint64_t bytes_in_use);

  [[nodiscard]] run finished(const last_word& last) &&;

 private:
  reading before_;
  reading last_{};
  std::optional<std::uint64_t> most_;
  std::string name_;
  std::optional<std::uint64_t> available_;
  run run_;
};

}  // namespace zpmr::compare
