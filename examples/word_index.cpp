// SPDX-License-Identifier: MIT

/// \file
/// Indexes the words of all text files below a directory, under a memory cap, on each allocator in
/// turn, and shows what each of them made of it.

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <locale>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>
#include <zpmr/trace_resource.hpp>
#include <zpmr/zpmr.hpp>

#include "word_index/bad_input.hpp"
#include "word_index/files.hpp"
#include "word_index/index.hpp"
#include "word_index/report.hpp"
#include "word_index/samples.hpp"

namespace word_index {

struct options {
  fs::path path;
  std::size_t limit = 0;
  std::optional<std::string> sample_file;
  std::vector<zpmr::allocator_resource*> allocators{zpmr::allocators().begin(),
                                                    zpmr::allocators().end()};
};

/// Returns: the C++ headers of the newest compiler here.
fs::path newest_cpp_headers() {
  const fs::path all = "/usr/include/c++";
  fs::path newest = all;
  int newest_version = 0;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator{all, none}) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest_version) {
      newest_version = version;
      newest = entry.path();
    }
  }
  return newest;
}

/// Returns: the bytes that `size` names, or nothing if it names none from 1 to `PTRDIFF_MAX`.
std::optional<std::size_t> bytes_of(std::string_view size) {
  constexpr std::string_view units = "KMGT";
  const std::size_t unit = size.empty() ? units.npos : units.find(size.back());
  const std::size_t shift = unit == units.npos ? 0 : 10 * (unit + 1);
  if (shift > 0) size.remove_suffix(1);

  std::size_t count = 0;
  const char* const end = size.data() + size.size();
  const auto [stopped, error] = std::from_chars(size.data(), end, count);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  if (count == 0 || count > std::size_t{PTRDIFF_MAX} >> shift) return std::nullopt;
  return count << shift;
}

void check_path(const std::string& path) {
  const auto complain = [&](const std::string& what) {
    throw bad_input{what + " \"" + path + "\". Name a directory, or one text file."};
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) complain(error.message() + ":");
  if (fs::is_directory(status)) {
    fs::directory_iterator{path, error};
    if (error) complain("cannot read (" + error.message() + ")");
    return;
  }
  if (!fs::is_regular_file(status)) complain("neither a directory nor a file:");
  std::ifstream in{path};
  in.peek();  // some files open, and fail only then
  if (in.fail()) complain("cannot read");
}

/// Returns: the options, or nothing if help was asked for and given.
std::optional<options> parse(int argc, char** argv) {
  options chosen;
  std::string path = newest_cpp_headers();
  std::string limit = "8M";
  std::string allocator;
  std::optional<std::string> sample_file;
  std::vector<std::string> names;
  for (const auto* known : chosen.allocators) names.emplace_back(known->name());

  CLI::App app{"Indexes the words of all text files below a directory, under a memory cap."};
  app.add_option("path", path, "directory, or one text file")->capture_default_str();
  app.add_option("--limit", limit, "the most that the index may take: bytes, or 512K, 8M, 1G")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option("--allocator", allocator, "run on this one only")->check(CLI::IsMember{names});
  app.add_option("--sample", sample_file, "write memory use over time, as CSV for ./dev plot")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw bad_input{std::string{error.what()} + ". See --help."};
  }

  const auto bytes = bytes_of(limit);
  if (!bytes) {
    throw bad_input{"--limit: \"" + limit +
                    "\" is not a size from 1 byte up. Give a number of bytes, or one with K, M, G "
                    "or T at its end, such as 8M."};
  }
  check_path(path);
  chosen.path = path;
  chosen.limit = *bytes;
  chosen.sample_file = sample_file;
  if (!allocator.empty()) chosen.allocators = {zpmr::find_allocator(allocator)};
  return chosen;
}

void count_file(file_kind kind, result& r) {
  switch (kind) {
    case file_kind::text:
      ++r.files_read;
      return;
    case file_kind::not_text:
      ++r.files_not_text;
      return;
    case file_kind::unreadable:
      ++r.files_unreadable;
      return;
  }
}

std::string progress_line(const result& r, std::size_t file, std::size_t files, std::size_t bytes) {
  std::ostringstream line;
  line.imbue(std::cout.getloc());
  line << r.version << ": file " << file << " of " << files << ", " << bytes << " bytes in use";
  return line.str();
}

/// Effects: fills the index and the figures of `r`.
void index_files(const file_list& list, const zpmr::memory_tracker& tracker, index& words,
                 result& r) {
  const progress progress;
  for (std::size_t file = 0; file < list.files.size(); ++file) {
    progress.show(progress_line(r, file + 1, list.files.size(), tracker.bytes_in_use()));
    const auto add = [&](std::string_view word, std::uint32_t line) {
      ++r.words_read;
      if (!words.add(word, {static_cast<std::uint32_t>(file), line})) ++r.words_skipped;
    };
    count_file(for_each_word(list.files[file], add), r);
  }
}

/// Returns: what came of indexing the files with memory of `allocator`, which has it all back then.
result run(zpmr::allocator_resource& allocator, const file_list& list, std::size_t limit,
           std::optional<sample_file>& samples) {
  result r;
  r.version = allocator.version();
  r.files_unreadable = list.unreadable;
  zpmr::hard_limit cap{limit};
  zpmr::counting_resource memory{&allocator, allocator.name(), &cap};
  zpmr::trace_resource traced{&memory};  // if ZPMR_TRACE names a file
  sampled_run sampled{samples, memory.tracker(), allocator};
  const std::optional<std::size_t> resident_before = resident_bytes();
  const auto start = std::chrono::steady_clock::now();
  {
    index words{&traced};
    index_files(list, memory.tracker(), words, r);
    r.time = std::chrono::steady_clock::now() - start;
    r.words_kept = words.words();
    r.words_evicted = words.evicted();
    r.places_kept = words.places();
    r.usage = memory.snapshot();
    if (const auto now = resident_bytes(); now && resident_before) {
      r.resident_growth = *now > *resident_before ? *now - *resident_before : 0;
    }
  }
  r.usage_after = memory.snapshot();
  allocator.release_free_memory();  // the next allocator starts from what is really in use
  r.samples_dropped = sampled.finish();
  return r;
}

/// Returns: whether the library kept its promises; says so either way.
bool report(std::ostream& out, const std::vector<result>& results) {
  print_table(out, results);
  bool kept = true;
  for (const result& r : results) {
    if (!r.cap_held()) out << "FAILED: " << r.version << " was above the limit\n";
    if (!r.all_returned()) {
      out << "FAILED: " << r.version << " still counts " << r.usage_after.bytes_in_use
          << " bytes after the index is gone\n";
    }
    kept = kept && r.cap_held() && r.all_returned();
    if (r.samples_dropped > 0) {
      out << r.version << ": the oldest " << r.samples_dropped << " samples are not in the file\n";
    }
  }
  if (kept) out << "Checked: never above the limit, and nothing in use after the index is gone.\n";
  return kept;
}

int run_all(const options& chosen) {
  std::optional<sample_file> samples;
  if (chosen.sample_file) samples.emplace(*chosen.sample_file);
  std::cout.imbue(std::locale{std::cout.getloc(), new grouped_digits});
  const file_list list = files_below(chosen.path);
  std::cout << "Indexing " << list.files.size() << " files of \"" << printable(chosen.path.native())
            << "\", " << chosen.limit << " bytes at most\n\n";
  zpmr::start_trace_from_environment();
  std::vector<result> results;
  for (zpmr::allocator_resource* allocator : chosen.allocators) {
    results.push_back(run(*allocator, list, chosen.limit, samples));
  }
  const bool kept = report(std::cout, results);
  for (const result& r : results) {
    if (r.words_read > 0 && r.words_skipped == r.words_read) {
      throw bad_input{"not one word fits into " + std::to_string(chosen.limit) +
                      " bytes. Give more, for example --limit 64K."};
    }
  }
  return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// Effects: what the user asked for, all of it written when this returns.
int parse_and_run(int argc, char** argv) {
  const auto chosen = parse(argc, argv);
  const int status = chosen ? run_all(*chosen) : EXIT_SUCCESS;
  if (!std::cout.flush()) throw std::runtime_error{"cannot write the output"};
  return status;
}

void complain(const std::exception& error) {
  std::cerr << "word_index: " << printable(error.what()) << '\n';
}

}  // namespace word_index

int main(int argc, char** argv) {
  try {
    return word_index::parse_and_run(argc, argv);
  } catch (const word_index::bad_input& error) {
    word_index::complain(error);
    return 2;
  } catch (const std::exception& error) {
    word_index::complain(error);
    return EXIT_FAILURE;
  }
}
