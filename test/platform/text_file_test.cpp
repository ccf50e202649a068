// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE text_file
#include <sys/stat.h>
#include <sys/time.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "platform/text_file.hpp"
#include "support/file_tree.hpp"

namespace {

using zpmr::detail::file_name;
using zpmr::detail::parse_number;
using zpmr::detail::text_file;
using zpmr::test::file_tree;

using lines = std::vector<std::string>;

lines lines_of(text_file& file) {
  lines all;
  while (const auto line = file.next_line()) all.emplace_back(*line);
  return all;
}

lines lines_of(const std::string& text) {
  const file_tree tree{{"file", text}};
  text_file file(file_name(tree.root(), "/file"));
  const lines all = lines_of(file);
  BOOST_TEST(file.at_end());
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lines_come_in_order_without_their_ends) {
  BOOST_TEST(lines_of("one\n\nthree \n") == (lines{"one", "", "three "}),
             boost::test_tools::per_element());
  BOOST_TEST(lines_of("").empty());
}

BOOST_AUTO_TEST_CASE(a_line_that_was_cut_off_is_none) {
  BOOST_TEST(lines_of("one\ntw") == lines{"one"}, boost::test_tools::per_element());
  BOOST_TEST(lines_of("tw").empty());
}

BOOST_AUTO_TEST_CASE(lines_across_the_ends_of_the_buffer_are_whole) {
  std::string text;
  lines expected;
  for (std::size_t length = 0; length < 400; ++length) {
    expected.emplace_back(length, static_cast<char>('a' + length % 26));
    text += expected.back() + '\n';
  }
  BOOST_TEST(lines_of(text) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lines_longer_than_the_buffer_are_left_out) {
  for (std::size_t length = 4090; length < 4100; ++length) {
    for (std::size_t more : {std::size_t{0}, std::size_t{4096}, std::size_t{8192}}) {
      const std::string line(length + more, 'x');
      const lines found = lines_of("before\n" + line + "\nafter\n");
      BOOST_TEST(found.front() == "before");
      BOOST_TEST(found.back() == "after");
      BOOST_TEST(found.size() == (line.size() < 4096 ? 3U : 2U), "length " << line.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_has_no_lines_and_no_end) {
  const file_tree tree{{"file", "text\n"}};
  for (const char* name : {"/none", "", "/file/none"}) {
    text_file file(file_name(tree.root(), name));
    BOOST_TEST(!file.next_line());
    BOOST_TEST(!file.at_end());
  }
}

BOOST_AUTO_TEST_CASE(short_reads_and_signals_lose_nothing) {
  const file_tree tree{};
  const std::string name = tree.root() + "/pipe";
  BOOST_REQUIRE_EQUAL(::mkfifo(name.c_str(), 0600), 0);
  struct sigaction ignore {};
  ignore.sa_handler = [](int) {};  // without SA_RESTART: every call that waits is interrupted
  struct sigaction before {};
  ::sigaction(SIGUSR1, &ignore, &before);
  const pthread_t reader = ::pthread_self();
  std::jthread writer([&] {
    ::pthread_kill(reader, SIGUSR1);
    std::ofstream out(name);
    for (char digit = '0'; digit <= '9'; ++digit) {
      out << digit << std::flush;
      ::pthread_kill(reader, SIGUSR1);
      if (digit % 3 == 0) out << std::endl;
    }
  });
  text_file file{file_name(std::string_view(name))};
  BOOST_TEST(lines_of(file) == (lines{"0", "123", "456", "789"}), boost::test_tools::per_element());
  BOOST_TEST(file.at_end());
  writer.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(a_number_is_all_digits_and_fits) {
  BOOST_TEST((parse_number("0") == 0U));
  BOOST_TEST((parse_number("007") == 7U));
  BOOST_TEST((parse_number(std::to_string(SIZE_MAX)) == SIZE_MAX));
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "max", "1\n",
                           "99999999999999999999999999999999999999"}) {
    BOOST_TEST(!parse_number(text), '"' << text << '"');
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_whole_or_empty) {
  file_name name("/one", "/two");
  BOOST_TEST(name.view() == "/one/two");
  name.drop_last_component();
  BOOST_TEST(name.view() == "/one");
  BOOST_TEST(name.c_str() == std::string("/one"));
  name.append(std::string(3000, 'x'));
  BOOST_TEST(name.view().empty());
  name.append("/three");
  BOOST_TEST(name.view().empty());
}
