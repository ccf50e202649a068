// SPDX-License-Identifier: MIT

/// \file
/// A pool of threads works for several tenants, each with a budget of its own: one that asks for
/// too much is refused, and the others do not notice.

#include <atomic>
#include <cstddef>
#include <iostream>
#include <list>
#include <memory_resource>
#include <string_view>
#include <thread>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

//! [tenant]
struct tenant {
  tenant(std::string_view name, zpmr::memory_tracker& server, zpmr::limit_policy& budget)
      : tracker(name, server, &budget), memory(zpmr::default_allocator(), tracker) {}

  zpmr::memory_tracker tracker;
  zpmr::counting_resource<zpmr::allocator_resource> memory;  // for any thread that works for it
  std::atomic<int> served = 0, refused = 0;
};
//! [tenant]

struct job {
  tenant& owner;
  std::size_t bytes;

  void run() const {
    try {
      const std::pmr::vector<std::byte> work(bytes, &owner.memory);
      ++owner.served;
    } catch (const zpmr::limit_exceeded&) {
      ++owner.refused;  // the answer of this job, and no one else's
    }
  }
};

/// Effects: runs all jobs on four threads, and waits for them.
void run_all(const std::vector<job>& jobs) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> pool;
  for (int i = 0; i < 4; ++i) {
    pool.emplace_back([&] {
      for (std::size_t mine = next++; mine < jobs.size(); mine = next++) jobs[mine].run();
    });
  }
  for (std::thread& each : pool) each.join();
}

int main() {
  //! [example]
  // Budgets that add up to no more than the whole: so what one takes, no other lacks.
  zpmr::hard_limit whole{4_MiB}, budget{1_MiB};
  zpmr::memory_tracker server{"server", &whole};
  std::list<tenant> tenants;
  for (const char* name : {"alice", "bob", "mallory"}) tenants.emplace_back(name, server, budget);
  //! [example]

  std::vector<job> jobs;
  for (int i = 0; i < 100; ++i) {
    for (tenant& each : tenants) {
      jobs.push_back({each, each.tracker.name() == "mallory" ? 2_MiB : 100_KiB});
    }
  }
  run_all(jobs);

  for (const tenant& each : tenants) {
    std::cout << each.tracker.name() << ": " << each.served << " jobs served, " << each.refused
              << " refused; peak " << each.tracker.peak_bytes() << " bytes\n";
    const bool greedy = each.tracker.name() == "mallory";
    expect(each.served == (greedy ? 0 : 100) && each.refused == (greedy ? 100 : 0));
    expect(each.tracker.bytes_in_use() == 0 && each.tracker.peak_bytes() <= 1_MiB);
  }
  expect(server.snapshot().denied == 100 && server.peak_bytes() <= 4_MiB);
}
