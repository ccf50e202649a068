// SPDX-License-Identifier: MIT
#pragma once

#include <zpmr/detail/node.hpp>
#include <zpmr/export.hpp>

namespace zpmr::detail {

/// While one lives no tracker is made or destroyed, and no peak is reset. Readers share; one thread
/// may nest them.
class ZPMR_EXPORT shape_reader {
 public:
  shape_reader() noexcept;
  ~shape_reader();
  shape_reader(const shape_reader&) = delete;
  shape_reader& operator=(const shape_reader&) = delete;
};

/// The trackers that have no parent.
ZPMR_EXPORT node_list& roots() noexcept;

}  // namespace zpmr::detail
