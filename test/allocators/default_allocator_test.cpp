// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE default_allocator

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <zpmr/config.hpp>
#include <zpmr/default_allocator.hpp>

#include "allocators/built_in.hpp"
#include "support/death.hpp"
#include "support/threads.hpp"

namespace {

using zpmr::allocator_resource;

std::atomic<bool> all_well{true};

/// Holds a block of every allocator from its construction to its destruction.
class blocks_of_all {
 public:
  blocks_of_all() {
    for (allocator_resource* allocator : zpmr::allocators()) {
      blocks_.push_back(std::memset(allocator->allocate(100), 1, 100));
      use(*allocator);
    }
  }
  ~blocks_of_all() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      use(*zpmr::allocators()[i]);
      zpmr::allocators()[i]->deallocate(blocks_[i], 100);
    }
  }
  blocks_of_all(const blocks_of_all&) = delete;
  blocks_of_all& operator=(const blocks_of_all&) = delete;

 private:
  static void use(allocator_resource& allocator) {
    allocator.deallocate(allocator.allocate(200), 200);
    (void)allocator.stats();
    all_well = all_well && allocator.usable_size(100, 8) >= 100 &&
               allocator.version().starts_with(allocator.name()) &&
               zpmr::find_allocator(allocator.name()) == &allocator;
  }

  std::vector<void*> blocks_;
};

const blocks_of_all before_and_after_main;

/// Returns: what a child process that has never asked for the default allocator says of it, with
/// that value of ZPMR_MALLOC (none if null), and what it wrote to stderr.
zpmr::test::child_result child_with(const char* value, std::string_view expected) {
  return zpmr::test::run_in_child([&] {
    if (value != nullptr) {
      ::setenv("ZPMR_MALLOC", value, 1);
    } else {
      ::unsetenv("ZPMR_MALLOC");
    }
    const bool first = zpmr::default_allocator()->name() == expected;
    ::setenv("ZPMR_MALLOC", "tcmalloc", 1);
    ::_exit(first && zpmr::default_allocator()->name() == expected ? 0 : 1);
  });
}

std::string names() {
  std::string all;
  for (const allocator_resource* allocator : zpmr::allocators()) {
    all.append(" ").append(allocator->name());
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_build_chooses_the_default) {
  const zpmr::test::child_result child = child_with(nullptr, ZPMR_DEFAULT_MALLOC_NAME);
  BOOST_TEST(child.status == 0);
  BOOST_TEST(child.message == "");
}

BOOST_AUTO_TEST_CASE(the_environment_chooses_another) {
  for (const allocator_resource* allocator : zpmr::allocators()) {
    const zpmr::test::child_result child = child_with(allocator->name().data(), allocator->name());
    BOOST_TEST(child.status == 0);
    BOOST_TEST(child.message == "");
  }
}

BOOST_AUTO_TEST_CASE(an_empty_name_is_none) {
  const zpmr::test::child_result child = child_with("", ZPMR_DEFAULT_MALLOC_NAME);
  BOOST_TEST(child.status == 0);
  BOOST_TEST(child.message == "");
}

#if ZPMR_WITH_TCMALLOC

BOOST_AUTO_TEST_CASE(the_environment_may_name_an_allocator_as_the_build_does) {
  const zpmr::test::child_result child = child_with("tcmalloc_minimal", "tcmalloc");
  BOOST_TEST(child.status == 0);
  BOOST_TEST(child.message == "");
}

#endif

BOOST_AUTO_TEST_CASE(an_unknown_name_is_told_once_and_ignored) {
  const std::string forty(40, 'x');
  const std::pair<std::string, std::string> names_and_told[] = {
      {"malloc", "malloc"},
      {"jemallo", "jemallo"},
      {"jemalloc ", "jemalloc "},
      {"100%s", "100%s"},
      {"two\nlines\x1b\x7f\xc3\xa9", "two?lines????"},
      {forty, forty},
      {forty + 'x', forty + "..."},
      {std::string(500, 'x'), forty + "..."},
  };
  for (const auto& [name, told] : names_and_told) {
    const zpmr::test::child_result child = child_with(name.c_str(), ZPMR_DEFAULT_MALLOC_NAME);
    BOOST_TEST(child.status == 0);
    BOOST_TEST(child.message == "zpmr: ZPMR_MALLOC=" + told + " is not built in: using " +
                                    ZPMR_DEFAULT_MALLOC_NAME " of" + names() + "\n");
  }
}

BOOST_AUTO_TEST_CASE(threads_that_ask_first_at_once_get_the_same) {
  for (int i = 0; i < 20; ++i) {
    const zpmr::test::child_result child = zpmr::test::run_in_child([] {
      ::setenv("ZPMR_MALLOC", "none", 1);
      std::vector<allocator_resource*> told(8);
      zpmr::test::run_together(8, [&](unsigned j) { told[j] = zpmr::default_allocator(); });
      ::_exit(std::count(told.begin(), told.end(), told[0]) == 8 ? 0 : 1);
    });
    BOOST_TEST(child.status == 0);
    BOOST_TEST(std::count(child.message.begin(), child.message.end(), '\n') == 1);
  }
}

BOOST_AUTO_TEST_CASE(every_allocator_is_found_by_its_name) {
#define ZPMR_ALLOCATOR(name) zpmr::name(),
  const std::vector<allocator_resource*> expected{ZPMR_FOR_EACH_ALLOCATOR(ZPMR_ALLOCATOR)};
  BOOST_TEST(std::ranges::equal(zpmr::allocators(), expected));
  for (allocator_resource* allocator : expected) {
    BOOST_TEST(zpmr::find_allocator(allocator->name()) == allocator);
  }
  BOOST_TEST(zpmr::find_allocator("hoard") == nullptr);
  BOOST_TEST(zpmr::find_allocator("") == nullptr);
}

BOOST_AUTO_TEST_CASE(different_allocators_are_not_equal) {
  for (const allocator_resource* one : zpmr::allocators()) {
    for (const allocator_resource* two : zpmr::allocators()) {
      BOOST_TEST(one->is_equal(*two) == (one == two));
    }
  }
}

BOOST_AUTO_TEST_CASE(static_constructors_could_use_every_allocator) {
  BOOST_TEST(all_well.load());
}

BOOST_AUTO_TEST_CASE(a_thread_can_use_every_allocator_until_its_very_end) {
  // glibc calls the destructors of keys after those of C++, and in rounds.
  static pthread_key_t key;
  BOOST_REQUIRE_EQUAL(
      ::pthread_key_create(&key, [](void* blocks) { delete static_cast<blocks_of_all*>(blocks); }),
      0);
  for (int i = 0; i < 50; ++i) {
    std::thread([] {
      static thread_local blocks_of_all until_thread_exit;
      (void)&until_thread_exit;
      ::pthread_setspecific(key, new blocks_of_all);
    }).join();
  }
  ::pthread_key_delete(key);
  BOOST_TEST(all_well.load());
}
