// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory_resource>
#include <string_view>
#include <type_traits>
#include <vector>
#include <zpmr/export.hpp>
#include <zpmr/misuse.hpp>

/// \file
/// Finds wrong use of a memory resource: the decorator for tests, and, with samples, for
/// production. Of the library `zpmr::diagnostics`; not part of `zpmr.hpp`.
///
/// Thread safety: as the upstream, but for constructor and destructor. A block may be freed on
/// another thread.
///
/// \snippet find_misuse.cpp example

namespace zpmr {

namespace detail {
class checked_blocks;
}

/// What becomes of the bytes of a freed block.
enum class freed_bytes {
  kept,     ///< as the program left them
  poisoned  ///< overwritten with 0xde, so that who still reads them notices
};

/// How a `checked_resource` looks after its blocks. By default it looks after all.
struct checked_options {
  /// How much of the upstream's memory freed blocks may hold, so that they are not handed out again
  /// at once, and writes to them are found.
  std::size_t quarantine_bytes = 0;
  freed_bytes freed = freed_bytes::poisoned;  ///< what becomes of freed blocks
  /// Look after one block in about so many bytes, and pass all others on; 0: after every block.
  std::size_t sample_interval = 0;
  /// Whom to tell; null: write to stderr, and abort unless it is a leak.
  misuse_handler* handler = nullptr;
};

/// A memory resource that looks after the blocks it hands out. docs/checked_resource.md says what
/// it finds, and what it costs.
///
/// A block takes more of the upstream than was asked for: at least 64 bytes on either side, which
/// nobody may write to. All else is kept in memory from the system.
class ZPMR_EXPORT checked_resource final : public std::pmr::memory_resource {
 public:
  /// Preconditions: `upstream` is not null; it and the handler outlive the resource.
  /// Throws: `std::bad_alloc` if the system has no memory for the books.
  explicit checked_resource(std::pmr::memory_resource* upstream, std::string_view name = {},
                            const checked_options& options = {});

  checked_resource(const checked_resource&) = delete;
  checked_resource& operator=(const checked_resource&) = delete;

  /// Effects: `verify()`, tells the handler what was not freed, and empties the quarantine. Blocks
  /// in use stay in use upstream. A handler that throws here ends the program.
  ~checked_resource() override;

  // Hiding the base's functions makes a call through the static type direct.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) {
    return do_allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes,
                  std::size_t alignment = alignof(std::max_align_t)) {
    do_deallocate(block, bytes, alignment);
  }

  /// Effects: looks at all blocks in use, and in the quarantine, for bytes that were overwritten.
  /// Returns: the number of faults found, each of which the handler was told.
  /// Throws: what the handler throws. Complexity: linear in the blocks, for each fault.
  std::size_t verify();

  /// Returns: the blocks in use, by the calls that allocated them, those with most bytes first;
  /// with samples, those that were looked after.
  [[nodiscard]] std::vector<leak> leaks() const;

  /// Returns: the upstream's bytes that freed blocks hold now.
  [[nodiscard]] std::size_t quarantined_bytes() const noexcept;

  /// Returns: the name, cut to 63 characters.
  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }
  [[nodiscard]] const checked_options& options() const noexcept { return options_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  void* allocate_checked(std::size_t bytes, std::size_t alignment);
  void* allocate_sample(std::size_t bytes, std::size_t alignment);
  void* allocate_unpicked(std::size_t bytes, std::size_t alignment);
  void deallocate_checked(const free_call& call);

  std::pmr::memory_resource* upstream_;
  double samples_per_byte_;
  detail::checked_blocks* blocks_;
  checked_options options_;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, checked_resource>);
static_assert(std::is_final_v<checked_resource>);
static_assert(!std::is_copy_constructible_v<checked_resource>);
static_assert(!std::is_move_constructible_v<checked_resource>);

}  // namespace zpmr
