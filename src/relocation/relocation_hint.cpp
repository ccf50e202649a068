// SPDX-License-Identifier: MIT
#include <zpmr/relocation_hint.hpp>

#include <algorithm>
#include <zpmr/detail/counting_base.hpp>

#include "base/check.hpp"
#include "base/resource_cast.hpp"
#include "relocation/relocation.hpp"

namespace zpmr {

bool has_relocation_hints(const std::pmr::memory_resource& resource) noexcept {
  const std::pmr::memory_resource* source = &resource;
  while (const auto* const counting = detail::resource_cast<detail::counting_base>(source)) {
    source = counting->source();
  }
  return detail::reports_on_blocks(*source);
}

relocation relocation_hint(const std::pmr::memory_resource& resource, const void* block) noexcept {
  ZPMR_EXPECTS(block != nullptr, "null is no block");
  return has_relocation_hints(resource) ? detail::report_on(block).advice : relocation::unknown;
}

void relocation_hints(const std::pmr::memory_resource& resource,
                      std::span<const void* const> blocks, std::span<relocation> hints) noexcept {
  ZPMR_EXPECTS(blocks.size() == hints.size(), "there must be as many hints as blocks");
  if (has_relocation_hints(resource)) {
    detail::advise_on(blocks, hints);
  } else {
    std::fill(hints.begin(), hints.end(), relocation::unknown);
  }
}

}  // namespace zpmr
