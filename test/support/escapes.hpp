// SPDX-License-Identifier: MIT
#pragma once

#include <memory_resource>

#include "support/probe_resource.hpp"

namespace zpmr::test {

/// Effects: allocates 8 bytes from the default resource, and frees them.
[[gnu::noinline]] inline void escape() {
  std::pmr::memory_resource* const memory = std::pmr::get_default_resource();
  memory->deallocate(memory->allocate(8), 8);
}

/// A default resource of the test's own, for its lifetime.
struct with_probe {
  probe_resource probe;
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&probe);
  ~with_probe() { std::pmr::set_default_resource(before); }
};

}  // namespace zpmr::test
