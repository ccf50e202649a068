// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "site.hpp"
#include "works.hpp"

/// \file
/// Every work on every subject of this program.

namespace zpmr::bench {

/// A site whose threads have all done. It is destroyed when they have ended, as some resources are
/// called back at the end of each thread that has used them.
inline std::shared_ptr<void> finished_site;

/// The site that the threads of one case share: made when the first comes, finished when the last
/// goes.
template <class Memory>
class shared_site {
 public:
  shared_site(const subject<Memory>& what, const demand& needs) : subject_(what), needs_(needs) {}

  site<Memory>& enter() {
    const std::scoped_lock lock(mutex_);
    if (threads_++ == 0) {
      site_ = subject_.make(needs_);
      require_served_by(*subject_.allocator, site_->memory(0), subject_.name);
    }
    return *site_;
  }

  void leave() {
    const std::scoped_lock lock(mutex_);
    if (--threads_ == 0) finished_site = std::move(site_);
  }

 private:
  const subject<Memory> subject_;
  const demand needs_;
  std::mutex mutex_;
  std::shared_ptr<site<Memory>> site_;
  int threads_ = 0;
};

class suite {
 public:
  template <class Memory>
  void add(const subject<Memory>& what) {
    std::size_t position = 0;
    for (const work<Memory>& each : works<Memory>()) {
      ++position;
      if (!runs(what.importance, each.who, each.name)) continue;
      for (const int threads : each.threads)
        cases_.push_back(make_case(position, what, each, threads));
    }
  }

  /// Effects: hands all cases to Google Benchmark, so that the subjects of one work are neighbours
  /// in time.
  void register_benchmarks();

  /// Effects: counts the instructions of the cases of one thread that are to be counted.
  void count_instructions();

 private:
  struct timed_case {
    std::size_t position;  ///< of the work
    std::string name;
    int threads;
    std::int64_t iterations;  ///< of each thread
    std::function<void(benchmark::State&)> time;
    std::function<void()> count;
  };

  static bool runs(rank subject, audience work, std::string_view name) {
    switch (subject) {
      case rank::essential:
        return true;
      case rank::variant:
        return work == audience::every_subject;
      case rank::control:
        return work == audience::every_subject && name == "pair of 64 B";
      case rank::bound:
        return name.find("tracker") != name.npos;
    }
    return false;
  }

  template <class Memory>
  static timed_case make_case(std::size_t position, const subject<Memory>& what,
                              const work<Memory>& how, int threads) {
    demand needs = how.needs;
    needs.live_bytes *= static_cast<std::size_t>(threads);
    const std::string name = how.name + "/" + what.name;
    const auto shared = std::make_shared<shared_site<Memory>>(what, needs);
    const auto time = [shared, how](benchmark::State& state) {
      how.run.time(state, shared->enter(),
                   {how.argument, static_cast<std::size_t>(state.thread_index())});
      shared->leave();
    };
    const auto count = [shared, how, name] {
      if (how.run.count == nullptr) return;
      how.run.count(shared->enter(), {how.argument, 0}, name);
      shared->leave();
    };
    return {position, name, threads, static_cast<std::int64_t>(how.operations) / threads,
            time,     count};
  }

  std::vector<timed_case> cases_;
};

// Each program has its own of these, and of `witnesses`.

void add_subjects(suite& all);
/// Returns: names and versions of the libraries that it measures, joined by commas.
std::string versions();

}  // namespace zpmr::bench
