// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>
#include <zpmr/trace_reader.hpp>

#include "support/file_tree.hpp"
#include "support/traces.hpp"
#include "traces/trace_words.hpp"

/// \file
/// Traces that no recording would write.

namespace zpmr::test {

namespace format = zpmr::detail::trace;
using format::other;
using format::other_kind;
using format::word;

inline constexpr word place = 0x7f0012345670;

inline std::vector<word> header() {
  std::vector<word> page(format::page_words);
  page[0] = format::file_magic;
  page[1] = format::version;
  page[3] = format::page_bytes;
  return page;
}

inline std::vector<word> time_at(word order) {
  return {other(other_kind::time, order), 1000 * order};
}

inline std::string bytes_of(const std::vector<word>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(word)};
}

/// A trace that is put together by hand, a page for each chunk.
struct handmade {
  handmade() : words(header()) {}

  handmade& chunk(std::uint32_t thread, word order, std::vector<word> records) {
    std::vector<word> page{word{format::chunk_magic} << 32 | thread, format::page_bytes};
    const std::vector<word> start = time_at(order);
    page.insert(page.end(), start.begin(), start.end());
    page.insert(page.end(), records.begin(), records.end());
    page.resize(format::page_words);
    words.insert(words.end(), page.begin(), page.end());
    words[3] = words.size() * sizeof(word);
    return *this;
  }

  std::vector<word> words;
};

struct trace_file {
  file_tree tree{};

  std::string file(std::string_view text) const {
    tree.write("trace", text);
    return tree.root() + "/trace";
  }
  std::string file(const handmade& trace) const { return file(bytes_of(trace.words)); }

  /// Why reading the file to its end fails.
  template <class Content>
  std::string refusal(const Content& content) const {
    const std::string name = file(content);
    try {
      const read_trace all{name};
    } catch (const trace_error& error) {
      const std::string what = error.what();
      BOOST_TEST(what.find('"' + name + '"') == 0u, what);
      return what;
    }
    return "nothing was thrown";
  }
};

/// Whether `text` has all the parts, which tell the culprit.
inline bool tells(const std::string& text, const std::vector<std::string>& parts) {
  BOOST_TEST_MESSAGE(text);
  return std::ranges::all_of(parts,
                             [&](const std::string& part) { return text.find(part) != text.npos; });
}

inline word small(word bytes, word address = place) {
  return format::small_allocation(address, bytes, 3);
}
inline word freed(word address = place) {
  return format::deallocation(address);
}

}  // namespace zpmr::test
