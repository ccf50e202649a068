// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE trace_reader
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <memory_resource>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/trace_reader.hpp>
#include <zpmr/trace_resource.hpp>

#include "support/file_tree.hpp"
#include "support/traces.hpp"
#include "trace_words.hpp"

namespace {

namespace format = zpmr::detail::trace;
using format::other;
using format::other_kind;
using format::word;
using zpmr::trace_error;
using zpmr::trace_operation;
using zpmr::test::read_trace;

constexpr word place = 0x7f0012345670;

std::vector<word> header(word end = format::no_end) {
  std::vector<word> page(format::page_words);
  page[0] = format::file_magic;
  page[1] = format::version;
  page[2] = end;
  page[4] = format::page_bytes;
  return page;
}

std::vector<word> time_at(word order) {
  return {other(other_kind::time, order), 1000 * order};
}

std::string bytes_of(const std::vector<word>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(word)};
}

/// A trace that is put together by hand, a page for each chunk.
struct handmade {
  explicit handmade(word end = format::no_end) : words(header(end)) {}

  handmade& chunk(std::uint32_t thread, word order, std::vector<word> records) {
    std::vector<word> page{word{format::chunk_magic} << 32 | thread, format::page_bytes};
    const std::vector<word> start = time_at(order);
    page.insert(page.end(), start.begin(), start.end());
    page.insert(page.end(), records.begin(), records.end());
    page.resize(format::page_words);
    words.insert(words.end(), page.begin(), page.end());
    words[4] = words.size() * sizeof(word);
    return *this;
  }

  std::vector<word> words;
};

struct scratch {
  zpmr::test::file_tree tree{};

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
bool tells(const std::string& text, const std::vector<std::string>& parts) {
  BOOST_TEST_MESSAGE(text);
  return std::ranges::all_of(parts,
                             [&](const std::string& part) { return text.find(part) != text.npos; });
}

word small(word bytes, word address = place) {
  return format::small_allocation(address, bytes, 3);
}
word freed(word address = place) {
  return format::deallocation(address);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(whole_traces, scratch)

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

BOOST_AUTO_TEST_CASE(events_from_the_end_on_are_not_read) {
  handmade made{22};
  made.chunk(0, 20, {small(1), small(2, place + 64), small(3, place + 128)});
  const read_trace trace{file(made)};
  BOOST_TEST(trace.events.size() == 2u);
  BOOST_TEST(!trace.cut_short);
}

BOOST_AUTO_TEST_CASE(a_failed_recording_is_known_as_cut_short) {
  handmade made;
  made.chunk(0, 20, {small(1)});
  made.words[3] = 1;
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

BOOST_AUTO_TEST_CASE(what_one_thread_frees_and_another_allocates_needs_no_more_and_more_numbers) {
  zpmr::start_trace((tree.root() + "/trace").c_str());
  zpmr::trace_resource memory{std::pmr::new_delete_resource()};
  for (int round = 0; round < 20; ++round) {
    std::vector<void*> blocks(1000);
    for (void*& each : blocks) each = memory.allocate(10);
    std::thread{[&] {
      for (void* each : blocks) memory.deallocate(each, 10);
    }}.join();
  }
  zpmr::stop_trace();
  zpmr::trace_reader reader{tree.root() + "/trace"};
  while (reader.next()) {
  }
  BOOST_TEST(reader.events() == 40'000u);
  BOOST_TEST(reader.progress() == 1.0);
  // 20 threads each keep up to 1,024 that they freed.
  BOOST_TEST(reader.block_numbers() <= 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(no_traces, scratch)

BOOST_AUTO_TEST_CASE(other_files_are_refused_with_what_to_do) {
  BOOST_TEST(tells(refusal(""), {"is no trace", "start_trace"}));
  BOOST_TEST(tells(refusal("Once upon a time"), {"is no trace"}));
  BOOST_TEST(tells(refusal("\x28\xb5\x2f\xfd and so on"), {"compressed", "zstdcat"}));
  BOOST_TEST(tells(refusal("\x1f\x8b and so on and on"), {"compressed", "zcat"}));
  BOOST_CHECK_THROW(zpmr::trace_reader{tree.root()}, trace_error);
  BOOST_CHECK_THROW(zpmr::trace_reader{tree.root() + "/none"}, trace_error);
  BOOST_CHECK_THROW(zpmr::trace_reader{"/dev/zero"}, trace_error);
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

BOOST_AUTO_TEST_CASE(two_events_of_one_number_are_refused) {
  handmade made;
  made.chunk(0, 10, {small(1)});
  made.chunk(1, 10, {small(1, place + 64)});
  BOOST_TEST(tells(refusal(made), {"two events have one number"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(impossible_events, scratch)

std::string refusal_of(const scratch& s, std::vector<word> records) {
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

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(cut_traces, scratch)

/// A trace of two threads that free each other's blocks.
std::string recorded_text(const scratch& s) {
  const std::string name = s.tree.root() + "/whole";
  zpmr::start_trace(name.c_str());
  zpmr::trace_resource memory{std::pmr::new_delete_resource()};
  for (std::size_t round = 0; round < 20; ++round) {
    std::vector<void*> blocks(20);
    for (void*& each : blocks) each = memory.allocate(100 * round);
    std::jthread{[&] {
      for (void* each : blocks) memory.deallocate(each, 100 * round);
    }};
  }
  zpmr::stop_trace();
  std::ifstream in{name, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

BOOST_AUTO_TEST_CASE(a_trace_that_was_cut_anywhere_can_be_read_up_to_there) {
  const std::string whole = recorded_text(*this);
  const read_trace all{file(whole)};
  BOOST_TEST_REQUIRE(all.events.size() == 800u);
  std::size_t most = 0;
  for (std::size_t length = 40; length < whole.size(); length += 173) {
    const read_trace part{file(whole.substr(0, length))};
    BOOST_TEST_REQUIRE(part.cut_short);
    BOOST_TEST_REQUIRE(part.consistent);
    BOOST_TEST_REQUIRE(part.events.size() >= most);
    most = part.events.size();
    BOOST_TEST_REQUIRE(part.events.size() + part.left_out <= all.events.size());
  }
  BOOST_TEST(most > 700u);
}

BOOST_AUTO_TEST_CASE(a_trace_that_was_cut_in_its_header_is_refused) {
  const std::string whole = recorded_text(*this);
  for (std::size_t length = 0; length < 40; ++length) {
    BOOST_TEST(tells(refusal(whole.substr(0, length)), {length < 8 ? "is no trace" : "cut short"}));
  }
}

BOOST_AUTO_TEST_CASE(events_that_refer_to_what_was_cut_off_are_left_out_and_counted) {
  handmade made;
  made.chunk(0, 20, {freed(), small(5, place + 64), small(6, place + 64)});
  made.words[4] += format::page_bytes;  // there was another chunk
  const read_trace trace{file(made)};
  BOOST_TEST(trace.cut_short);
  BOOST_TEST(trace.left_out == 1u);
  BOOST_TEST_REQUIRE(trace.events.size() == 3u);
  BOOST_TEST((trace.events[1].operation == trace_operation::deallocation));
  BOOST_TEST(trace.events[1].bytes == 5u);
  BOOST_TEST(trace.events[2].bytes == 6u);
}

BOOST_AUTO_TEST_CASE(a_trace_with_any_byte_changed_is_read_or_refused) {
  const std::string whole = recorded_text(*this);
  std::mt19937 random{20240607};
  unsigned refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = whole;
    for (int change = 0; change < 1 + i % 3; ++change) {
      // Where there is something: the first 50 words of a page.
      const std::size_t at = random() % (whole.size() / 4096) * 4096 + random() % 400;
      changed[at] = static_cast<char>(random());
    }
    try {
      const read_trace trace{file(changed)};
      BOOST_TEST_REQUIRE(trace.consistent);
    } catch (const trace_error&) {
      ++refused;
    }
  }
  BOOST_TEST(refused > 500u);
  BOOST_TEST(refused < 3000u);
}

BOOST_AUTO_TEST_SUITE_END()
