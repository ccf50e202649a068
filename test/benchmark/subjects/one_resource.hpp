// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "../site.hpp"

namespace zpmr::bench {

/// A resource that does not count: there is no point in more than one.
class one_resource final : public resource_site {
 public:
  explicit one_resource(std::shared_ptr<std::pmr::memory_resource> resource)
      : resource_(std::move(resource)) {}
  std::pmr::memory_resource& memory(std::size_t) override { return *resource_; }

 private:
  std::shared_ptr<std::pmr::memory_resource> resource_;
};

/// Returns: what makes a site of one resource that lives as long as the program.
inline auto process_wide(std::pmr::memory_resource* resource) {
  return [resource](const demand&) {
    return std::make_unique<one_resource>(
        std::shared_ptr<std::pmr::memory_resource>(resource, [](auto*) {}));
  };
}

/// Returns: what makes a site of one new `Resource`.
template <class Resource>
auto new_resource() {
  return [](const demand&) { return std::make_unique<one_resource>(std::make_shared<Resource>()); };
}

}  // namespace zpmr::bench
