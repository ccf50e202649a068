// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>

#include "witness.hpp"

/// \file
/// What is measured, made ready for a work.

namespace zpmr::bench {

/// What a work needs of a subject.
struct demand {
  std::size_t memories = 1;    ///< each with an account of its own, where the subject counts
  std::size_t live_bytes = 0;  ///< about as much is in use while the work runs, in all its threads
};

/// A subject while a work runs on it. `Memory` has `allocate(bytes, alignment)` and
/// `deallocate(block, bytes, alignment)`: a `std::pmr::memory_resource`, or an allocator's bare
/// functions.
template <class Memory>
class site {
 public:
  virtual ~site() = default;
  virtual Memory& memory(std::size_t index) = 0;
  /// Returns: what the subject has counted, all memories together where they have a common root;
  /// 0 where it does not count.
  [[nodiscard]] virtual std::size_t bytes_in_use() const { return 0; }
};

using resource_site = site<std::pmr::memory_resource>;

enum class rank {
  essential,  ///< runs every work
  variant,    ///< runs the works of one thread
  control,    ///< made slower on purpose: runs one work, and must be found slower
  bound,      ///< shows what nothing can fall below: runs the works with many memories
};

template <class Memory>
struct subject {
  std::string name;
  rank importance;
  const witness* allocator;  ///< the one that must be seen to serve it
  std::function<std::unique_ptr<site<Memory>>(const demand&)> make;
};

}  // namespace zpmr::bench
