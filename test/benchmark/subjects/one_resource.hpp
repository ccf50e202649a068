// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
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

/// As many resources as a work asks for.
template <class Resource>
class many_resources final : public resource_site {
 public:
  explicit many_resources(const demand& needs) : resources_(needs.memories) {}
  std::pmr::memory_resource& memory(std::size_t index) override { return resources_[index]; }

  static std::unique_ptr<resource_site> make(const demand& needs) {
    return std::make_unique<many_resources>(needs);
  }

 private:
  std::deque<Resource> resources_;
};

}  // namespace zpmr::bench
