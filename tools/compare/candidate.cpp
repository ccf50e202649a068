// SPDX-License-Identifier: MIT
#include "candidate.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "reports/terminal_text.hpp"
#include "subject.hpp"
#include "trace_profile.hpp"

namespace zpmr::compare {
namespace {

// gperftools passes over what it does not know, without a word.
constexpr std::array<std::string_view, 6> tcmalloc_settings{
    "aggressive_decommit",          "disable_memory_release", "heap_limit_mb",
    "max_total_thread_cache_bytes", "release_rate",           "transfer_num_obj"};

std::string joined(const auto& names) {
  std::string all;
  for (const auto& each : names) all.append(all.empty() ? "" : ", ").append(each);
  return all;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

std::string_view cut_off(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view first = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  return first;
}

bool is_number(std::string_view text) {
  return text.find_first_of("0123456789") != text.npos &&
         text.find_first_not_of("0123456789.") == text.npos && std::ranges::count(text, '.') <= 1;
}

/// Returns: the variable that says so to tcmalloc.
std::string tcmalloc_variable(std::string_view setting) {
  std::string_view value = setting;
  const std::string_view name = cut_off(value, ':');
  if (std::ranges::find(tcmalloc_settings, name) == tcmalloc_settings.end()) {
    throw bad_input("--allocator: tcmalloc has no setting \"" + detail::shortened(name, 60) +
                    "\". It has: " + joined(tcmalloc_settings) + ".");
  }
  if (!is_number(value)) {
    throw bad_input("--allocator: tcmalloc's " + std::string(name) +
                    " takes a number. Give tcmalloc:" + std::string(name) + ":NUMBER.");
  }
  return "TCMALLOC_" + upper(name) + "=" + std::string(value);
}

std::vector<std::string> environment_of(std::string_view subject, std::string_view settings) {
  if (settings.empty()) return {};
  if (subject == "jemalloc") {
    // Or it says what is wrong and goes on. Both names: the first is for private copies.
    const std::string value = "abort_conf:true," + std::string(settings);
    return {"ZPMR_JE_MALLOC_CONF=" + value, "MALLOC_CONF=" + value};
  }
  if (subject == "tcmalloc") {
    std::vector<std::string> variables;
    while (!settings.empty()) variables.push_back(tcmalloc_variable(cut_off(settings, ',')));
    return variables;
  }
  throw bad_input("--allocator: " + std::string(subject) +
                  " takes no settings; jemalloc and tcmalloc do.");
}

}  // namespace

candidate parse_candidate(std::string_view text) {
  // So a label can stand anywhere: in a page, in a plot, on a terminal.
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-.:,|/+").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!std::ranges::all_of(text, is_plain)) {
    throw bad_input("--allocator: \"" + detail::shortened(text, 60) +
                    "\" has a character that no setting has. Give NAME:SETTING:VALUE,...");
  }
  std::string_view settings = text;
  const std::string_view name = cut_off(settings, ':');
  const std::vector<std::string> known = subject_names();
  if (std::ranges::find(known, name) == known.end()) {
    throw bad_input("--allocator: there is no \"" + detail::shortened(name, 60) +
                    "\" here. There are: " + joined(known) + ".");
  }
  return {std::string(text), std::string(name), version_of(name), environment_of(name, settings)};
}

std::vector<candidate> all_candidates() {
  std::vector<candidate> all;
  for (const std::string& name : subject_names()) all.push_back(parse_candidate(name));
  return all;
}

bool takes_threads(const candidate& one) {
  return one.subject != unsynchronized_pool;
}

candidate nothing_candidate() {
  return {"nothing, for the replay's own cost", std::string(nothing), std::string(nothing), {}};
}

}  // namespace zpmr::compare
