// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// \file
/// What a trace is replayed on: an allocator, and settings of it.

namespace zpmr::compare {

struct candidate {
  std::string label;    ///< as the user gave it
  std::string subject;  ///< one of `subject_names()`, or `nothing`
  std::string version;
  /// "NAME=VALUE", for the environment of its process: the allocators read their settings there.
  std::vector<std::string> environment;
};

/// Returns: the candidate that "jemalloc:dirty_decay_ms:0,narenas:1" names: an allocator and, after
/// a colon, its settings, each a name, a colon and a value. jemalloc checks its settings itself,
/// when it starts. Throws: `bad_input` if there is no such allocator, if it takes no settings, or,
/// for tcmalloc, if it has no such setting.
[[nodiscard]] candidate parse_candidate(std::string_view text);

/// Returns: all there are, without settings.
[[nodiscard]] std::vector<candidate> all_candidates();

/// Returns: whether threads may use it at the same time.
[[nodiscard]] bool takes_threads(const candidate& one);

/// Returns: the one that shows the replay's own cost.
[[nodiscard]] candidate nothing_candidate();

}  // namespace zpmr::compare
