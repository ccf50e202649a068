// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE usage_sampler
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <zpmr/libc_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/policies.hpp>
#include <zpmr/usage_sampler.hpp>

#include "reports/sample_csv.hpp"
#include "support/child_process.hpp"
#include "support/sanitizer.hpp"

namespace {

using namespace std::chrono_literals;
using zpmr::memory_tracker;
using zpmr::usage_sample;
using zpmr::usage_sampler;

/// An allocator of a user's own: nothing but its statistics is asked for here.
class talking_allocator : public zpmr::allocator_resource {
 public:
  std::atomic<std::uint64_t> asked{0};
  std::atomic<bool> fails{false};
  std::atomic<std::chrono::milliseconds> takes{0ms};  // at the next question

  std::string_view name() const noexcept override { return "talking"; }
  std::string_view version() const noexcept override { return "talking-1"; }
  std::size_t usable_size(std::size_t bytes, std::size_t) const noexcept override { return bytes; }
  zpmr::allocator_stats stats() const override {
    ++const_cast<talking_allocator*>(this)->asked;
    std::this_thread::sleep_for(const_cast<talking_allocator*>(this)->takes.exchange(0ms));
    if (fails) throw std::runtime_error{"not now"};
    zpmr::allocator_stats stats;
    stats.resident = 4096;
    return stats;
  }
  bool release_free_memory() noexcept override { return false; }

 private:
  void* do_allocate(std::size_t, std::size_t) override { throw std::bad_alloc{}; }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

void wait_for_samples(const talking_allocator& allocator, std::uint64_t count) {
  while (allocator.asked < count) std::this_thread::sleep_for(1ms);
}

std::string csv_of(const usage_sampler& sampler) {
  std::ostringstream out;
  sampler.write_csv(out);
  return out.str();
}

constexpr std::size_t npos = std::string::npos;

/// Returns: why no sampler can be made so.
std::string refusal_of(zpmr::usage_sampler_options options) {
  memory_tracker tracker{"tracker"};
  try {
    const usage_sampler sampler{tracker, *zpmr::libc(), options};
  } catch (const std::invalid_argument& refusal) {
    return refusal.what();
  }
  return "none";
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_takes_a_sample_when_it_is_made_and_one_when_it_is_stopped) {
  zpmr::hard_limit cap{1000};
  memory_tracker tracker{"tracker", &cap};
  talking_allocator allocator;
  tracker.charge(100);
  usage_sampler sampler{tracker, allocator, {.interval = 1h}};
  BOOST_TEST(sampler.samples().size() == 1u);
  tracker.uncharge(70);
  sampler.stop();
  const std::vector<usage_sample> samples = sampler.samples();
  BOOST_REQUIRE(samples.size() == 2u);
  BOOST_TEST(samples[0].bytes_in_use == 100u);
  BOOST_TEST(samples[1].bytes_in_use == 30u);
  BOOST_TEST(samples[1].peak_bytes == 100u);
  BOOST_TEST(samples[1].limit.value() == 1000u);
  BOOST_TEST(samples[1].allocator_resident.value() == 4096u);
  BOOST_TEST((samples[0].time <= samples[1].time));
  tracker.uncharge(30);
}

BOOST_AUTO_TEST_CASE(it_takes_one_in_every_interval) {
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  usage_sampler sampler{tracker, allocator, {.interval = 1ms}};
  wait_for_samples(allocator, 20);
  sampler.stop();
  BOOST_TEST(sampler.samples().size() >= 20u);
  BOOST_TEST(sampler.samples().size() == allocator.asked);
  BOOST_TEST(sampler.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(samples_that_were_missed_are_not_made_up_for) {
  constexpr auto interval = 10ms;
  constexpr auto pause = 1000ms;
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  const auto start = std::chrono::steady_clock::now();
  usage_sampler sampler{tracker, allocator, {.interval = interval}};
  allocator.takes = pause;
  const std::uint64_t before = allocator.asked;
  wait_for_samples(allocator, before + 10);
  sampler.stop();
  const auto at_work = std::chrono::steady_clock::now() - start - pause;
  // And one at the start, at the end, and after the pause.
  BOOST_TEST(sampler.samples().size() <= static_cast<std::size_t>(at_work / interval) + 3);
}

BOOST_AUTO_TEST_CASE(stopping_does_not_wait_for_the_interval_and_may_be_repeated) {
  memory_tracker tracker{"tracker"};
  usage_sampler sampler{tracker, *zpmr::libc(), {.interval = std::chrono::nanoseconds::max()}};
  std::this_thread::sleep_for(50ms);  // by now its thread waits, as a rule
  sampler.stop();                     // the test's time limit would end it otherwise
  BOOST_TEST(sampler.samples().size() == 2u);
  sampler.stop();
  BOOST_TEST(sampler.samples().size() == 2u);
}

BOOST_AUTO_TEST_CASE(when_it_is_full_the_oldest_sample_goes_and_is_counted) {
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  usage_sampler sampler{tracker, allocator, {.interval = 1ms, .capacity = 3}};
  wait_for_samples(allocator, 8);
  sampler.stop();
  const std::vector<usage_sample> samples = sampler.samples();
  BOOST_TEST(samples.size() == 3u);
  BOOST_TEST(sampler.dropped() == allocator.asked - 3);
  BOOST_TEST(std::ranges::is_sorted(samples, {}, &usage_sample::time));
}

BOOST_AUTO_TEST_CASE(without_a_limit_the_limit_is_empty_and_not_zero) {
  memory_tracker tracker{"tracker"};
  usage_sampler sampler{tracker, *zpmr::libc()};
  sampler.stop();
  BOOST_TEST(!sampler.samples().at(0).limit.has_value());
  tracker.set_limit(0);
  usage_sampler capped{tracker, *zpmr::libc()};
  capped.stop();
  BOOST_TEST(capped.samples().at(0).limit.value() == 0u);
}

BOOST_AUTO_TEST_CASE(an_allocator_that_throws_leaves_its_figure_empty) {
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  allocator.fails = true;
  usage_sampler sampler{tracker, allocator};
  sampler.stop();
  BOOST_TEST(!sampler.samples().at(0).allocator_resident.has_value());
}

BOOST_AUTO_TEST_CASE(times_have_six_decimals_whatever_they_are) {
  const usage_sample sample{std::chrono::system_clock::time_point(1'000'005us), 1, 2, {}, {}, {}};
  std::ostringstream out;
  zpmr::detail::write_csv(out, std::span(&sample, 1), "name");
  BOOST_TEST(out.str() == "1.000005,1,2,,,,\"name\"\r\n");
}

BOOST_AUTO_TEST_CASE(the_csv_has_a_line_for_each_sample_and_empty_cells_for_the_unknown) {
  memory_tracker tracker{"a \"b\", c\nd"};
  talking_allocator allocator;
  allocator.fails = true;
  tracker.charge(100);
  usage_sampler sampler{tracker, allocator, {.interval = 1h, .capacity = 1}};
  sampler.stop();
  const usage_sample sample = sampler.samples().at(0);
  const std::string resident =
      sample.process_resident ? std::to_string(*sample.process_resident) : "";
  const std::string line = csv_of(sampler);
  const std::size_t time = line.find(',');
  BOOST_TEST(line.substr(time) == ",100,100,,," + resident + ",\"a \"\"b\"\", c\nd\"\r\n");
  const double seconds = std::chrono::duration<double>(sample.time.time_since_epoch()).count();
  BOOST_TEST(std::stod(line.substr(0, time)) == seconds, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(line.find('.') == time - 7);  // microseconds
  tracker.uncharge(100);
}

BOOST_AUTO_TEST_CASE(the_csv_is_utf_8_whatever_the_name_is) {
  memory_tracker tracker{"a\xff\"b\xc3\xa9"};
  usage_sampler sampler{tracker, *zpmr::libc(), {.interval = 1h, .capacity = 1}};
  sampler.stop();
  BOOST_TEST(csv_of(sampler).ends_with(",\"a\xef\xbf\xbd\"\"b\xc3\xa9\"\r\n"));
}

BOOST_AUTO_TEST_CASE(the_csv_has_as_many_titles_as_cells) {
  memory_tracker tracker{"tracker"};
  usage_sampler sampler{tracker, *zpmr::libc(), {.interval = 1h, .capacity = 1}};
  sampler.stop();
  std::ostringstream titles;
  usage_sampler::write_csv_titles(titles);
  BOOST_TEST(std::ranges::count(titles.str(), ',') == std::ranges::count(csv_of(sampler), ','));
  BOOST_TEST(titles.str().ends_with(",tracker\r\n"));
}

BOOST_AUTO_TEST_CASE(samples_can_be_read_while_they_are_taken) {
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  usage_sampler sampler{tracker, allocator, {.interval = 1us, .capacity = 10}};
  while (allocator.asked < 100) {
    BOOST_REQUIRE(std::ranges::is_sorted(sampler.samples(), {}, &usage_sample::time));
  }
}

BOOST_AUTO_TEST_CASE(a_signal_to_the_process_does_not_reach_its_thread) {
  static std::atomic<bool> elsewhere;
  static const std::thread::id here = std::this_thread::get_id();
  elsewhere = false;
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  usage_sampler sampler{tracker, allocator, {.interval = 1ms}};
  std::signal(SIGUSR1, [](int) { elsewhere = std::this_thread::get_id() != here; });
  wait_for_samples(allocator, 1);
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
  ::kill(::getpid(), SIGUSR1);  // only the sampler's thread could take it now
  wait_for_samples(allocator, allocator.asked + 5);
  sigset_t pending;
  sigpending(&pending);
  BOOST_TEST(sigismember(&pending, SIGUSR1) == 1);
  pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
  BOOST_TEST(!elsewhere);
  std::signal(SIGUSR1, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_child_of_a_fork_can_destroy_it_and_make_another) {
  if (zpmr::test::address_sanitizer) return;  // a fork may leave its malloc locked by the sampler
  memory_tracker tracker{"tracker"};
  talking_allocator allocator;
  for (int i = 0; i < 20; ++i) {
    auto sampler = std::make_unique<usage_sampler>(
        tracker, allocator, zpmr::usage_sampler_options{.interval = 10us, .capacity = 100});
    wait_for_samples(allocator, static_cast<std::uint64_t>(i) + 1);
    BOOST_TEST(zpmr::test::holds_in_child([&] {
      sampler.reset();
      if (zpmr::test::thread_sanitizer) return true;  // which lets no thread start there
      usage_sampler another{tracker, allocator};
      another.stop();
      return !another.samples().empty();
    }));
  }
}

BOOST_AUTO_TEST_CASE(too_large_a_capacity_throws) {
  memory_tracker tracker{"tracker"};
  BOOST_CHECK_THROW((usage_sampler{tracker, *zpmr::libc(), {.capacity = SIZE_MAX}}),
                    std::length_error);
}

BOOST_AUTO_TEST_CASE(an_interval_or_capacity_that_cannot_be_throws_and_names_it) {
  BOOST_TEST(refusal_of({.interval = -1ms}).find("an interval of -1000000 ns") != npos);
  BOOST_TEST(refusal_of({.interval = 0ns}).find("an interval of 0 ns") != npos);
  BOOST_TEST(refusal_of({.capacity = 0}).find("a capacity of 0 samples") != npos);
}
