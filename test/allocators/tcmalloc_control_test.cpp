// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE tcmalloc_control

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_TCMALLOC

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <zpmr/tcmalloc_control.hpp>
#include <zpmr/tcmalloc_resource.hpp>

#include "allocators/tcmalloc_entries.hpp"

// Weak: a shared zpmr does not export it.
extern "C" [[gnu::weak]] int ZPMR_TC(MallocExtension_GetNumericProperty)(const char*, std::size_t*);

namespace {

using zpmr::tcmalloc;

boost::test_tools::assertion_result tells_properties(boost::unit_test::test_unit_id) {
  return ZPMR_TC(MallocExtension_GetNumericProperty) != nullptr;
}

// Returns: what lies in the caches of all threads.
std::size_t cached_bytes() {
  std::size_t bytes = 0;
  ZPMR_TC(MallocExtension_GetNumericProperty)("tcmalloc.current_total_thread_cache_bytes", &bytes);
  return bytes;
}

// Effects: allocates and frees `bytes` in blocks of `size`.
void churn(std::size_t bytes, std::size_t size) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < bytes / size; ++i) blocks.push_back(tcmalloc()->allocate(size));
  for (void* block : blocks) tcmalloc()->deallocate(block, size);
}

std::string refusal_of(double rate) {
  try {
    zpmr::set_tcmalloc_release_rate(rate);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_release_rate_is_what_it_was_set_to) {
  const double before = zpmr::tcmalloc_release_rate();
  for (const double rate : {0.0, 0.5, 10.0}) {
    zpmr::set_tcmalloc_release_rate(rate);
    BOOST_TEST(zpmr::tcmalloc_release_rate() == rate);
  }
  zpmr::set_tcmalloc_release_rate(before);
}

BOOST_AUTO_TEST_CASE(an_impossible_release_rate_is_refused_by_its_value) {
  const double before = zpmr::tcmalloc_release_rate();
  const std::string advice = ": give 0 (never) or more, at most 10 or so";
  BOOST_TEST(refusal_of(-1) == "zpmr: tcmalloc cannot have a release rate of -1.000000" + advice);
  BOOST_TEST(refusal_of(std::nan("")) ==
             "zpmr: tcmalloc cannot have a release rate of nan" + advice);
  BOOST_TEST(zpmr::tcmalloc_release_rate() == before);
}

BOOST_AUTO_TEST_CASE(the_release_rate_decides_what_a_free_gives_back) {
  const double before = zpmr::tcmalloc_release_rate();
  const auto gives_back_at = [](double rate) {
    zpmr::set_tcmalloc_release_rate(rate);
    const auto churn_pages = [] { churn(std::size_t{64} << 20, std::size_t{1} << 20); };
    churn_pages();
    const std::size_t kept = *tcmalloc()->stats().retained;
    // 32 GiB: between two releases tcmalloc waits for 8 GiB of freed pages at most.
    for (int i = 0; i < 512; ++i) {
      churn_pages();
      if (*tcmalloc()->stats().retained > kept) return true;
    }
    return false;
  };
  BOOST_TEST(!gives_back_at(0));
  BOOST_TEST(gives_back_at(10));
  zpmr::set_tcmalloc_release_rate(before);
}

BOOST_AUTO_TEST_CASE(a_flush_and_an_idle_thread_leave_nothing_in_the_cache,
                     *boost::unit_test::precondition(tells_properties)) {
  for (const auto deed : {zpmr::flush_tcmalloc_thread_cache, zpmr::mark_tcmalloc_thread_idle}) {
    std::size_t before = 0;
    std::size_t after = 0;
    std::thread([&] {
      deed();
      churn(30000, 100);
      before = cached_bytes();
      deed();
      after = cached_bytes();
      churn(1000, 100);  // the thread goes on as ever
    }).join();
    BOOST_TEST(after < before);
  }
}

#else
BOOST_AUTO_TEST_CASE(tcmalloc_is_not_built_in) {}
#endif
