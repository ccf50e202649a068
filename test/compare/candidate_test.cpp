// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE candidate

#include "candidate.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>
#include <zpmr/config.hpp>

#include "trace_profile.hpp"

using namespace zpmr::compare;

namespace {

bool is_refused(const std::string& text, const std::string& message) {
  try {
    (void)parse_candidate(text);
    return false;
  } catch (const bad_input& error) {
    BOOST_TEST_INFO(error.what());
    BOOST_CHECK(std::string(error.what()).find(message) != std::string::npos);
    return true;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_standard_librarys_resources_are_always_there) {
  std::vector<std::string> labels;
  for (const candidate& each : all_candidates()) {
    labels.push_back(each.label);
    BOOST_TEST(each.environment.empty());
    BOOST_TEST(each.subject == each.label);
    BOOST_TEST(takes_threads(each) == (each.label != "unsynchronized_pool"));
  }
  BOOST_REQUIRE(labels.size() >= 4U);
  BOOST_TEST(labels.end()[-4] == "libc");
  BOOST_TEST(labels.end()[-3] == "new_delete");
  BOOST_TEST(labels.end()[-2] == "synchronized_pool");
  BOOST_TEST(labels.end()[-1] == "unsynchronized_pool");
}

#if ZPMR_WITH_JEMALLOC
BOOST_AUTO_TEST_CASE(settings_of_jemalloc_go_to_its_own_variable_and_must_be_right) {
  const candidate one = parse_candidate("jemalloc:dirty_decay_ms:0,narenas:1");
  BOOST_TEST(one.label == "jemalloc:dirty_decay_ms:0,narenas:1");
  BOOST_TEST(one.subject == "jemalloc");
  BOOST_TEST(one.environment.at(0) ==
             "ZPMR_JE_MALLOC_CONF=abort_conf:true,dirty_decay_ms:0,narenas:1");
  BOOST_TEST(one.environment.at(1) == "MALLOC_CONF=abort_conf:true,dirty_decay_ms:0,narenas:1");
}
#endif

#if ZPMR_WITH_TCMALLOC
BOOST_AUTO_TEST_CASE(settings_of_tcmalloc_become_its_variables) {
  const candidate one =
      parse_candidate("tcmalloc:release_rate:10,max_total_thread_cache_bytes:1048576");
  BOOST_TEST(one.environment.at(0) == "TCMALLOC_RELEASE_RATE=10");
  BOOST_TEST(one.environment.at(1) == "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=1048576");
}

BOOST_AUTO_TEST_CASE(tcmalloc_would_pass_over_a_wrong_setting_so_it_is_refused) {
  BOOST_TEST(is_refused("tcmalloc:relase_rate:10", "no setting \"relase_rate\""));
  BOOST_TEST(is_refused("tcmalloc:release_rate", "takes a number"));
  for (const char* value : {"much", "", ".", "1.2.3", "-1", "1e3"}) {
    BOOST_TEST(is_refused("tcmalloc:release_rate:" + std::string(value), "takes a number"));
  }
}
#endif

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused_with_what_can) {
  BOOST_TEST(is_refused("hoard", "There are: "));
  BOOST_TEST(is_refused("", "There are: "));
  BOOST_TEST(is_refused("libc:arenas:1", "takes no settings"));
  BOOST_TEST(is_refused("libc' `false`", "a character that no setting has"));
}
