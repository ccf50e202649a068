// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <span>
#include <string_view>
#include <zpmr/usage_sampler.hpp>

namespace zpmr::detail {

/// Effects: writes a line of CSV for each sample, under the titles of the `usage_sampler`; `name`
/// is the tracker's, any bytes.
void write_csv(std::ostream& out, std::span<const usage_sample> samples, std::string_view name);

}  // namespace zpmr::detail
