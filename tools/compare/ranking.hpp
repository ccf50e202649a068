// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "comparison.hpp"
#include "rank_sum.hpp"

/// \file
/// Who is best by one figure, and who is not told apart from the best.

namespace zpmr::compare {

/// A candidate and a figure of it; less is better.
struct ranked {
  const result* one;
  double figure;
};

/// All candidates whose figure is known: those that are not behind the best, and the others, each
/// from the best on.
struct ranking {
  std::vector<ranked> first;
  std::vector<ranked> others;

  [[nodiscard]] std::size_t size() const { return first.size() + others.size(); }
  [[nodiscard]] const ranked& best() const { return first.front(); }
  [[nodiscard]] const ranked& last() const { return others.empty() ? first.back() : others.back(); }
};

/// Bytes. Of candidates that hold less, none is behind another: the system itself is not as exact.
inline constexpr double least_memory_worth_comparing = 1 << 20;

/// Returns: whether its median is no further from the best than the same code at another address.
[[nodiscard]] bool are_as_fast(const ranked& best, const ranked& other);

/// Returns: how clearly the times of all runs say that `one` is faster.
[[nodiscard]] difference how_clearly_faster(const ranked& one, const ranked& other);

/// Returns: the order by the median time. Behind is who is not as fast as the best, unless the runs
/// differ so much that this is not clear.
[[nodiscard]] ranking ranking_by_time(const comparison& what);

/// Returns: the order by a figure in bytes.
[[nodiscard]] ranking ranking_by_memory(
    const comparison& what, const std::function<std::optional<double>(const result&)>& figure);

}  // namespace zpmr::compare
