// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE jemalloc_stats

#include <boost/test/unit_test.hpp>
#include <zpmr/config.hpp>

#if ZPMR_WITH_JEMALLOC

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/jemalloc_arena_resource.hpp>

#include "allocators/jemalloc_mallctl.hpp"
#include "support/threads.hpp"

// Weak: a shared zpmr does not export it.
extern "C" [[gnu::weak]] void ZPMR_JE(malloc_stats_print)(void (*write)(void*, const char*),
                                                          void* to, const char* options);

namespace {

using nlohmann::json;
using zpmr::allocator_stats;
using zpmr::jemalloc;

const allocator_stats before_main = jemalloc()->stats();

boost::test_tools::assertion_result prints_figures(boost::unit_test::test_unit_id) {
  return ZPMR_JE(malloc_stats_print) != nullptr;
}

// What jemalloc prints, and what `sample` gave at the same moment: jemalloc has a buffer of its own
// while it prints. The text is kept in static storage, so that noting it changes no figure.
template <class F>
class printed {
 public:
  explicit printed(F sample) : sample_(sample) {
    ZPMR_JE(malloc_stats_print)
    ([](void* to, const char* part) { static_cast<printed*>(to)->append(part); }, this, "J");
  }

  [[nodiscard]] json parsed() const {
    return json::parse(std::string_view(text_.data(), size_)).at("jemalloc");
  }

 private:
  void append(std::string_view part) {
    if (size_ == 0) sample_();
    size_ += part.copy(text_.data() + size_, text_.size() - size_);
  }

  static inline std::array<char, 16 << 20> text_;
  F sample_;
  std::size_t size_ = 0;
};

// The figures of one arena, or of all merged, as jemalloc prints them.
allocator_stats figures(const json& printed, const std::string& arena) {
  const json& stats = printed.at("stats.arenas").at(arena);
  const json& build = printed.at("arenas");
  const std::size_t page = build.at("page");
  const auto number = [&](const char* name) { return stats.at(name).get<std::size_t>(); };
  std::size_t free_slots = 0;
  for (std::size_t i = 0; i < build.at("nbins"); ++i) {
    const json& bin = build.at("bin").at(i);
    const json& used = stats.at("bins").at(i);
    free_slots += (bin.at("nregs").get<std::size_t>() * used.at("curslabs").get<std::size_t>() -
                   used.at("curregs").get<std::size_t>()) *
                  bin.at("size").get<std::size_t>();
  }
  return {
      .allocated = stats.at("small").at("allocated").get<std::size_t>() +
                   stats.at("large").at("allocated").get<std::size_t>(),
      .active = number("pactive") * page,
      .metadata = number("base") + number("internal"),
      .resident = number("resident"),
      .mapped = number("mapped"),
      .retained = number("retained"),
      .muzzy = number("pmuzzy") * page,
      .small_bin_fragmentation = free_slots,
  };
}

// Returns: the figures that jemalloc prints of the whole, where it prints them, not merged by us.
allocator_stats whole(const json& printed) {
  allocator_stats stats = figures(printed, "merged");
  const json& figure = printed.at("stats");
  stats.allocated = figure.at("allocated");
  stats.active = figure.at("active");
  stats.metadata = figure.at("metadata");
  stats.resident = figure.at("resident");
  stats.mapped = figure.at("mapped");
  stats.retained = figure.at("retained");
  return stats;
}

void check_equal(const allocator_stats& one, const allocator_stats& other) {
  BOOST_TEST(one.allocated.value() == other.allocated.value());
  BOOST_TEST(one.active.value() == other.active.value());
  BOOST_TEST(one.metadata.value() == other.metadata.value());
  BOOST_TEST(one.resident.value() == other.resident.value());
  BOOST_TEST(one.mapped.value() == other.mapped.value());
  BOOST_TEST(one.retained.value() == other.retained.value());
  BOOST_TEST(one.muzzy.value() == other.muzzy.value());
  BOOST_TEST(one.small_bin_fragmentation.value() == other.small_bin_fragmentation.value());
}

// Makes a heap with blocks of all sizes, holes, dirty, muzzy and retained pages in it.
class worn_heap {
 public:
  explicit worn_heap(zpmr::allocator_resource& resource) : resource_(resource) {
    for (std::size_t i = 0; i < 20000; ++i) {
      blocks_.push_back({resource_.allocate(size(i)), size(i)});
    }
    const auto keep = [i = 0](const auto&) mutable { return ++i % 3 != 0; };
    const auto gone = std::partition(blocks_.begin(), blocks_.end(), keep);
    for (auto each = gone; each != blocks_.end(); ++each) {
      resource_.deallocate(each->place, each->bytes);
    }
    blocks_.erase(gone, blocks_.end());
  }
  ~worn_heap() {
    for (const block& each : blocks_) resource_.deallocate(each.place, each.bytes);
  }
  worn_heap(const worn_heap&) = delete;
  worn_heap& operator=(const worn_heap&) = delete;

 private:
  struct block {
    void* place;
    std::size_t bytes;
  };
  static std::size_t size(std::size_t i) { return i % 50 == 0 ? i * 7 : i % 2000; }

  zpmr::allocator_resource& resource_;
  std::vector<block> blocks_;
};

std::uint64_t refreshes() {
  static zpmr::detail::je::control epoch{"epoch"};
  return epoch.read<std::uint64_t>().value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(before_main_all_figures_are_known) {
  BOOST_TEST(before_main.allocated.has_value());
  BOOST_TEST(before_main.metadata.value() > 0U);
  BOOST_TEST(before_main.small_bin_fragmentation.has_value());
}

BOOST_AUTO_TEST_CASE(the_figures_of_the_whole_are_those_that_jemalloc_prints,
                     *boost::unit_test::precondition(prints_figures)) {
  const worn_heap heap(*jemalloc());
  zpmr::jemalloc_arena_resource apart;  // of one arena alone jemalloc prints no sum
  const worn_heap heap_apart(apart);
  allocator_stats stats;
  const printed text([&] { stats = jemalloc()->stats(); });
  check_equal(stats, whole(text.parsed()));
  BOOST_TEST(*stats.small_bin_fragmentation > 0U);
}

BOOST_AUTO_TEST_CASE(the_figures_of_each_arena_are_those_that_jemalloc_prints,
                     *boost::unit_test::precondition(prints_figures)) {
  using namespace std::chrono_literals;
  const worn_heap heap(*jemalloc());
  zpmr::jemalloc_arena_resource apart;
  apart.arena().set_decay({.dirty = 0ms, .muzzy = zpmr::jemalloc_never});
  const worn_heap heap_apart(apart);
  const allocator_stats exact = apart.stats();

  const std::vector<zpmr::jemalloc_arena> arenas = zpmr::jemalloc_arenas();
  std::vector<allocator_stats> stats(arenas.size());
  const printed text([&] {
    std::transform(arenas.begin(), arenas.end(), stats.begin(),
                   [](const zpmr::jemalloc_arena& each) { return each.stats(); });
  });
  const json figures_of = text.parsed();
  for (std::size_t i = 0; i < arenas.size(); ++i) {
    BOOST_TEST_CONTEXT("arena " << arenas[i].index()) {
      check_equal(stats[i], figures(figures_of, std::to_string(arenas[i].index())));
    }
    if (arenas[i] == apart.arena()) check_equal(stats[i], exact);
  }
}

BOOST_AUTO_TEST_CASE(a_call_refreshes_jemallocs_figures_once) {
  const std::uint64_t before = refreshes();
  (void)jemalloc()->stats();
  BOOST_TEST(refreshes() == before + 1);
  (void)zpmr::jemalloc_arena::of_this_thread().stats();
  BOOST_TEST(refreshes() == before + 2);
  const zpmr::jemalloc_arena_resource apart;
  (void)apart.stats();
  BOOST_TEST(refreshes() == before + 3);
}

BOOST_AUTO_TEST_CASE(threads_that_ask_at_once_all_get_sound_figures) {
  const worn_heap heap(*jemalloc());
  std::vector<int> unsound(4);
  zpmr::test::run_together(4, [&](unsigned i) {
    std::vector<void*> blocks;
    for (int round = 0; round < 2000; ++round) {
      blocks.push_back(jemalloc()->allocate(100));
      const allocator_stats stats = jemalloc()->stats();
      const bool sound = *stats.allocated <= *stats.active && *stats.active <= *stats.mapped &&
                         *stats.active <= *stats.resident &&
                         *stats.small_bin_fragmentation <= *stats.active;
      unsound[i] += sound ? 0 : 1;
    }
    for (void* block : blocks) jemalloc()->deallocate(block, 100);
  });
  for (const int count : unsound) BOOST_TEST(count == 0);
}

#else
BOOST_AUTO_TEST_CASE(jemalloc_is_not_built_in) {}
#endif
