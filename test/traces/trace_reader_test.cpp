// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_reader
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>
#include <zpmr/trace_reader.hpp>

#include "support/handmade_trace.hpp"

namespace {

using namespace zpmr::test;
namespace format = zpmr::detail::trace;
using zpmr::trace_error;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(whole_traces, trace_file)

BOOST_AUTO_TEST_CASE(a_trace_without_events_is_empty) {
  const read_trace trace{file(handmade{})};
  BOOST_TEST(trace.events.empty());
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_CASE(a_file_and_its_chunks_start_with_the_letters_that_the_document_tells) {
  handmade made;
  made.chunk(0, 10, {});
  BOOST_TEST(bytes_of(made.words).substr(0, 8) == "zpmrtrc\n");
  BOOST_TEST(bytes_of(made.words).substr(format::page_bytes + 4, 4) == "chnk");
}

BOOST_AUTO_TEST_CASE(threads_are_merged_by_the_numbers_of_their_events) {
  handmade made;
  made.chunk(0, 10, {small(1), other(other_kind::order, 30), freed(place + 64)});
  made.chunk(1, 20, {freed(), small(2, place + 64)});
  const read_trace trace{file(made)};
  BOOST_TEST_REQUIRE(trace.events.size() == 4u);
  BOOST_TEST(trace.events[1].thread == 1u);
  BOOST_TEST(trace.events[1].bytes == 1u);
  BOOST_TEST(trace.events[1].alignment == 8u);
  BOOST_TEST(trace.events[1].time.count() == 20'000);
  BOOST_TEST(trace.events[3].thread == 0u);
  BOOST_TEST(trace.events[3].bytes == 2u);
  BOOST_TEST(trace.in_use.empty());
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_CASE(a_failed_recording_is_known_as_cut_short) {
  handmade made;
  made.chunk(0, 20, {small(1)});
  made.words[2] = 1;
  BOOST_TEST(zpmr::trace_reader{file(made)}.cut_short());
}

BOOST_AUTO_TEST_CASE(a_chunk_that_was_never_begun_is_passed_over) {
  handmade made;
  made.words.resize(made.words.size() + 3 * format::page_words);
  made.chunk(0, 20, {small(1)});
  BOOST_TEST(read_trace{file(made)}.events.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_thread_is_given_the_block_number_again_that_it_freed_last) {
  handmade made;
  made.chunk(0, 10, {small(1), small(2, place + 64), freed(), small(3, place + 128)});
  const read_trace trace{file(made)};
  BOOST_TEST(trace.events[0].block == 0u);
  BOOST_TEST(trace.events[1].block == 1u);
  BOOST_TEST(trace.events[3].block == 0u);
}

// Each round the thread that allocates lacks what another one has freed.
BOOST_AUTO_TEST_CASE(what_one_thread_frees_and_another_allocates_needs_no_more_and_more_numbers) {
  constexpr word rounds = 20;
  constexpr word blocks = 50;
  constexpr word chunks_a_round = 40;
  handmade made;
  word order = 1;
  for (word round = 0; round < rounds; ++round) {
    for (const bool frees : {false, true}) {
      for (word i = 0; i < chunks_a_round; ++i, order += blocks) {
        std::vector<word> records;
        for (word b = 0; b < blocks; ++b) {
          const word address = place + 64 * (i * blocks + b);
          records.push_back(frees ? freed(address) : small(10, address));
        }
        made.chunk(frees ? 1 : 0, order, std::move(records));
      }
    }
  }
  const std::string name = file(made);
  const read_trace trace{name};
  BOOST_TEST(trace.events.size() == 2 * rounds * chunks_a_round * blocks);
  BOOST_TEST(trace.consistent);
  zpmr::trace_reader reader{name};
  while (reader.next()) {
  }
  BOOST_TEST(reader.progress() == 1.0);
  BOOST_TEST(reader.block_numbers() >= chunks_a_round * blocks);
  // A thread keeps up to 1,024 that it freed.
  BOOST_TEST(reader.block_numbers() <= chunks_a_round * blocks + 1024);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(no_traces, trace_file)

BOOST_AUTO_TEST_CASE(other_files_are_refused_with_what_to_do) {
  BOOST_TEST(tells(refusal(""), {"is no trace", "start_trace"}));
  BOOST_TEST(tells(refusal("Once upon a time"), {"is no trace"}));
  BOOST_TEST(tells(refusal("\x28\xb5\x2f\xfd and so on"), {"compressed", "zstdcat"}));
  BOOST_TEST(tells(refusal("\x1f\x8b and so on and on"), {"compressed", "zcat"}));
  BOOST_CHECK_THROW(zpmr::trace_reader{tree.root()}, trace_error);
  BOOST_CHECK_THROW(zpmr::trace_reader{tree.root() + "/none"}, trace_error);
  BOOST_CHECK_THROW(zpmr::trace_reader{"/dev/zero"}, trace_error);
  const std::string pipe = tree.root() + "/pipe";  // to which nobody writes
  BOOST_REQUIRE_EQUAL(::mkfifo(pipe.c_str(), 0600), 0);
  BOOST_CHECK_THROW(zpmr::trace_reader{pipe}, trace_error);
}

BOOST_AUTO_TEST_CASE(a_file_that_becomes_shorter_while_it_is_read_is_refused) {
  handmade made;
  made.chunk(0, 10, {small(1)});
  const std::string name = file(made);
  zpmr::trace_reader reader{name};
  std::filesystem::resize_file(name, format::page_bytes);
  BOOST_CHECK_EXCEPTION((void)reader.next(), trace_error, [](const trace_error& error) {
    return tells(error.what(), {"became shorter"});
  });
}

BOOST_AUTO_TEST_CASE(another_version_is_refused) {
  handmade made;
  made.words[1] = 2;
  BOOST_TEST(tells(refusal(made), {"version 2", "only version 1"}));
}

BOOST_AUTO_TEST_CASE(a_damaged_chunk_is_refused_by_its_place) {
  const auto damaged = [&](std::size_t at, word value) {
    handmade made;
    made.chunk(0, 10, {small(1)});
    made.words[format::page_words + at] = value;
    return refusal(made);
  };
  BOOST_TEST(tells(damaged(0, 77), {"byte 4096", "is none"}));
  BOOST_TEST(tells(damaged(0, word{format::chunk_magic} << 32 | 1), {"byte 4096", "thread 1"}));
  BOOST_TEST(tells(damaged(1, 0), {"byte 4096", "0 bytes"}));
  BOOST_TEST(tells(damaged(1, 4104), {"byte 4096", "4104 bytes"}));
  BOOST_TEST(tells(damaged(1, ~word{4095}), {"byte 4096", "impossible size"}));
  BOOST_TEST(tells(damaged(2, small(1)), {"byte 4096", "does not start with a time"}));
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_refused_by_its_place) {
  const auto with = [&](std::vector<word> records) {
    handmade made;
    made.chunk(0, 10, std::move(records));
    return refusal(made);
  };
  BOOST_TEST(tells(with({small(1), 4}), {"byte 4136", "thread 0", "no known kind"}));
  BOOST_TEST(tells(with({7 << 2 | 3}), {"byte 4128", "no known kind"}));
  BOOST_TEST(tells(with({freed() | 4}), {"unknown bits"}));
  BOOST_TEST(tells(with({other(other_kind::allocation, place) | 1 << 12, 5}), {"unknown bits"}));
  BOOST_TEST(tells(with({other(other_kind::resource, word{1} << 32)}), {"resource", "too high"}));
  BOOST_TEST(tells(with({small(1), other(other_kind::order, 5)}), {"order numbers fall"}));
  std::vector<word> full;
  while (full.size() < 507) full.push_back(other(other_kind::resource, 1));
  full.push_back(other(other_kind::allocation, place));
  BOOST_TEST(tells(with(full), {"beyond its chunk"}));
}

BOOST_AUTO_TEST_CASE(chunks_of_a_thread_are_read_by_their_order_numbers) {
  handmade made;
  made.chunk(0, 20, {freed(), small(7)});
  made.chunk(0, 10, {small(5)});
  const read_trace trace{file(made)};
  BOOST_TEST_REQUIRE(trace.events.size() == 3u);
  BOOST_TEST(trace.events.front().bytes == 5u);
  BOOST_TEST(trace.events.back().bytes == 7u);
}

BOOST_AUTO_TEST_CASE(of_a_chunk_and_its_copy_the_first_is_read) {
  handmade made;
  made.chunk(0, 10, {small(1), freed()});
  made.chunk(0, 10, {small(1)});
  const read_trace trace{file(made)};
  BOOST_TEST(trace.events.size() == 2u);
  BOOST_TEST(trace.consistent);
}

// More than a sort leaves in their order by chance.
BOOST_AUTO_TEST_CASE(of_many_chunks_and_their_copies_the_first_of_each_is_read) {
  constexpr word chunks = 100;
  handmade made;
  for (word i = 0; i < chunks; ++i) made.chunk(0, 10 * i + 1, {small(1), freed()});
  for (word i = chunks; i-- > 0;) made.chunk(0, 10 * i + 1, {small(1)});
  const read_trace trace{file(made)};
  BOOST_TEST(trace.events.size() == 2 * chunks);
}

BOOST_AUTO_TEST_CASE(two_events_of_one_number_are_refused) {
  handmade made;
  made.chunk(0, 10, {small(1)});
  made.chunk(1, 10, {small(1, place + 64)});
  BOOST_TEST(tells(refusal(made), {"two events have one number"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(impossible_events, trace_file)

std::string refusal_of(const trace_file& s, std::vector<word> records) {
  handmade made;
  made.chunk(0, 10, std::move(records));
  return s.refusal(made);
}

BOOST_AUTO_TEST_CASE(freeing_twice_is_refused_by_the_number_of_the_event) {
  BOOST_TEST(tells(refusal_of(*this, {small(1), freed(), freed()}),
                   {"event 3", "thread 0", "0x7f0012345670", "deallocated twice"}));
}

BOOST_AUTO_TEST_CASE(freeing_what_was_never_allocated_is_refused) {
  BOOST_TEST(tells(refusal_of(*this, {freed()}), {"event 1", "never allocated"}));
  // Nor is a block of another resource that one.
  BOOST_TEST(tells(refusal_of(*this, {small(1), other(other_kind::resource, 1), freed()}),
                   {"event 2", "never allocated"}));
}

BOOST_AUTO_TEST_CASE(allocating_what_is_in_use_is_refused) {
  BOOST_TEST(tells(refusal_of(*this, {small(1), small(1)}), {"event 2", "in use already"}));
}

BOOST_AUTO_TEST_CASE(sizes_beyond_all_memory_are_refused) {
  const auto big = [](word bytes, unsigned alignment_log, word address = place) {
    return std::vector<word>{other(other_kind::allocation, address, alignment_log), bytes};
  };
  for (const word bytes : {~word{0}, word{1} << 63, (word{1} << 47) + 1}) {
    BOOST_TEST(tells(refusal_of(*this, big(bytes, 4)),
                     {"event 1", std::to_string(bytes) + " bytes", "more than a process"}));
  }
  BOOST_TEST(tells(refusal_of(*this, big(1, 63)), {"event 1", "alignment of 9223372036854775808"}));
  std::vector<word> together = big(word{1} << 46, 4);
  for (const word more : big((word{1} << 46) + 1, 4, place + 64)) together.push_back(more);
  BOOST_TEST(tells(refusal_of(*this, together), {"event 2", "70368744177664 bytes in use"}));
}

BOOST_AUTO_TEST_CASE(only_what_is_in_use_counts_to_that) {
  std::vector<word> records;
  for (int i = 0; i < 3; ++i) {
    records.insert(records.end(),
                   {other(other_kind::allocation, place, 4), word{1} << 47, freed()});
  }
  handmade made;
  made.chunk(0, 10, std::move(records));
  BOOST_TEST(read_trace{file(made)}.events.size() == 6u);
}

BOOST_AUTO_TEST_SUITE_END()
