// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_file
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/handmade_trace.hpp"
#include "traces/trace_output.hpp"

/// \file
/// What is in the file at each moment at which the process may be killed.

namespace {

using namespace zpmr::test;

/// A file with a chunk of one page, in which a block is allocated and freed.
struct one_chunk {
  one_chunk() {
    BOOST_REQUIRE(!out.open(file.c_str()));
    chunk = out.reserve(format::page_bytes, 0);
    BOOST_REQUIRE_EQUAL(chunk.size(), format::page_words);
    const std::vector<word> records{other(other_kind::time, 10), 0, small(5), freed()};
    std::ranges::copy(records, events().begin());
  }
  ~one_chunk() {
    format::release(chunk);
    out.close();
  }
  one_chunk(const one_chunk&) = delete;
  one_chunk& operator=(const one_chunk&) = delete;

  [[nodiscard]] std::span<word> events() const { return chunk.subspan(format::chunk_header_words); }
  [[nodiscard]] std::uintmax_t bytes() const { return std::filesystem::file_size(file); }

  file_tree tree{};
  std::string file = tree.root() + "/trace";
  format::output out;
  std::span<word> chunk;
};

/// Lets files grow to `bytes`, in this process only.
void limit_files_to(std::uintmax_t bytes) {
  const rlimit limit{bytes, bytes};
  BOOST_REQUIRE_EQUAL(::setrlimit(RLIMIT_FSIZE, &limit), 0);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(moving, one_chunk)

BOOST_AUTO_TEST_CASE(a_chunk_that_was_moved_has_no_events_and_its_copy_has_them_all) {
  BOOST_TEST(out.move_to_end(chunk));
  BOOST_TEST(events().front() == 0U);
  BOOST_TEST(bytes() == 3 * format::page_bytes);
  const read_trace trace{file};
  BOOST_TEST(trace.events.size() == 2U);
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_CASE(what_follows_a_chunk_that_was_moved_is_read_after_it) {
  BOOST_TEST(out.move_to_end(chunk));
  const std::vector<word> next{other(other_kind::time, 20), 0, small(7), 0};
  std::ranges::copy(next, events().begin());
  const std::span<word> another = out.reserve(format::page_bytes, 1);
  const std::vector<word> later{other(other_kind::time, 30), 0, freed()};
  std::ranges::copy(later, another.begin() + format::chunk_header_words);
  const read_trace trace{file};
  BOOST_TEST_REQUIRE(trace.events.size() == 4U);
  BOOST_TEST(trace.events[2].bytes == 7U);
  BOOST_TEST(trace.events[3].thread == 1U);
  BOOST_TEST(trace.in_use.empty());
  format::release(another);
}

BOOST_AUTO_TEST_SUITE_END()

// In a child, as the limit is that of a process.
BOOST_AUTO_TEST_CASE(without_room_for_a_copy_the_chunk_and_the_file_are_as_before) {
  // None at all, for which the system has a signal that ends a program; and some, but not enough.
  for (const std::size_t room : {std::size_t{0}, format::page_bytes / 2}) {
    BOOST_TEST(holds_in_child([room] {
      one_chunk one;
      const std::vector<word> before(one.chunk.begin(), one.chunk.end());
      const std::uintmax_t size = one.bytes();
      limit_files_to(size + room);
      return !one.out.move_to_end(one.chunk) && std::ranges::equal(one.chunk, before) &&
             one.bytes() == size && read_trace{one.file}.events.size() == 2;
    }));
  }
}
