// SPDX-License-Identifier: MIT
#include "subject.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <zpmr/default_allocator.hpp>
#include <zpmr/libc_resource.hpp>

namespace zpmr::compare {
namespace {

constexpr std::string_view new_delete = "new_delete";
constexpr std::string_view synchronized_pool = "synchronized_pool";

/// Does steps on `Memory`, whose calls are direct where its type says so.
template <class Memory>
class subject_on : public subject {
 public:
  std::chrono::nanoseconds play(std::span<const step> steps, block_places& places) override {
    return compare::play(steps, places, bare_operations<Memory>{memory()});
  }
  std::chrono::nanoseconds play(std::span<const step> steps, block_places& places,
                                latencies& times) override {
    return compare::play(steps, places, timed_operations<Memory>{{memory()}, times});
  }

 private:
  virtual Memory& memory() noexcept = 0;
};

// A program calls its resource through this type, so that call counts as the resource's.
using subject_on_resource = subject_on<std::pmr::memory_resource>;

class allocator_subject final : public subject_on_resource {
 public:
  explicit allocator_subject(allocator_resource& allocator) : allocator_(allocator) {}
  release_result release(std::size_t) override {
    allocator_.release_free_memory();
    return release_result::done;
  }

 private:
  std::pmr::memory_resource& memory() noexcept override { return allocator_; }

  allocator_resource& allocator_;
};

/// `operator new`, which takes from the C library's malloc.
class new_delete_subject final : public subject_on_resource {
 public:
  release_result release(std::size_t) override {
    libc()->release_free_memory();
    return release_result::done;
  }

 private:
  std::pmr::memory_resource& memory() noexcept override { return *std::pmr::new_delete_resource(); }
};

template <class Pool>
class pool_subject final : public subject_on_resource {
 public:
  // A pool gives back all or nothing, blocks in use included.
  release_result release(std::size_t blocks_in_use) override {
    if (blocks_in_use > 0) return release_result::impossible;
    pool_.release();
    libc()->release_free_memory();
    return release_result::done;
  }

 private:
  std::pmr::memory_resource& memory() noexcept override { return pool_; }

  Pool pool_{std::pmr::new_delete_resource()};
};

/// One and the same place for all blocks, as aligned as a page.
class one_place {
 public:
  explicit one_place(std::size_t bytes) : size_(std::max<std::size_t>(bytes, 1)) {
    // All of it in memory at once: to have pages from the system is the allocators' cost.
    place_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0);
    if (place_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~one_place() { ::munmap(place_, size_); }
  one_place(const one_place&) = delete;
  one_place& operator=(const one_place&) = delete;

  void* allocate(std::size_t, std::size_t) noexcept { return place_; }
  void deallocate(void*, std::size_t, std::size_t) noexcept {}

 private:
  void* place_;
  std::size_t size_;
};

class nothing_subject final : public subject_on<one_place> {
 public:
  explicit nothing_subject(std::size_t largest_block) : place_(largest_block) {}
  release_result release(std::size_t) override { return release_result::impossible; }

 private:
  one_place& memory() noexcept override { return place_; }

  one_place place_;
};

}  // namespace

std::vector<std::string> subject_names() {
  std::vector<std::string> names;
  for (const allocator_resource* each : allocators()) names.emplace_back(each->name());
  names.emplace_back(new_delete);
  names.emplace_back(synchronized_pool);
  names.emplace_back(unsynchronized_pool);
  return names;
}

std::string version_of(std::string_view name) {
  const allocator_resource* const allocator = find_allocator(name);
  return std::string(allocator != nullptr ? allocator->version() : name);
}

std::unique_ptr<subject> make_subject(std::string_view name, std::size_t largest_block) {
  if (name == nothing) return std::make_unique<nothing_subject>(largest_block);
  if (name == new_delete) return std::make_unique<new_delete_subject>();
  if (name == synchronized_pool) {
    return std::make_unique<pool_subject<std::pmr::synchronized_pool_resource>>();
  }
  if (name == unsynchronized_pool) {
    return std::make_unique<pool_subject<std::pmr::unsynchronized_pool_resource>>();
  }
  allocator_resource* const allocator = find_allocator(name);
  if (allocator == nullptr) throw std::invalid_argument("no allocator " + std::string(name));
  return std::make_unique<allocator_subject>(*allocator);
}

}  // namespace zpmr::compare
