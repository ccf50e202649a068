// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>

/// \file
/// jemalloc's own functions, and its tree of figures and controls, for the sources that speak to
/// jemalloc.

#if ZPMR_JEMALLOC_PRIVATE
#define ZPMR_JE(function) zpmr_je_##function
#else
#define ZPMR_JE(function) function
#endif

extern "C" {
std::size_t ZPMR_JE(nallocx)(std::size_t bytes, int flags);
void* ZPMR_JE(mallocx)(std::size_t bytes, int flags);
void* ZPMR_JE(rallocx)(void* block, std::size_t bytes, int flags);
std::size_t ZPMR_JE(xallocx)(void* block, std::size_t bytes, std::size_t extra, int flags);
std::size_t ZPMR_JE(sallocx)(const void* block, int flags);
#if ZPMR_JEMALLOC_PRIVATE
void zpmr_je_sdallocx(void* block, std::size_t bytes, int flags) noexcept;
#else
void sdallocx(void* block, std::size_t bytes, int flags);  // as jemalloc's own header has it
#endif
int ZPMR_JE(mallctlnametomib)(const char* name, std::size_t* mib, std::size_t* depth);
int ZPMR_JE(mallctlbymib)(const std::size_t* mib, std::size_t depth, void* out,
                          std::size_t* out_size, void* in, std::size_t in_size);
}

namespace zpmr::detail::je {

/// The "arena" that stands for all arenas together, and the one for those that were destroyed.
inline constexpr unsigned all_arenas = 4096;
inline constexpr unsigned destroyed_arenas = 4097;

/// A leaf of jemalloc's tree, such as "arenas.bin.0.size". The numbers in its name only hold
/// places: each call fills them, from left to right, with its `indexes`. The name is looked up by
/// the first call, the others go by numbers.
///
/// Make it `constinit` and static: it serves before `main` and after it. No lock guards the
/// look-up, so that the child of a fork can never find it held: threads that race find the same.
///
/// Thread safety: all functions may be called from any thread, at any time.
class control {
 public:
  constexpr explicit control(const char* name) noexcept : name_(name) {
    std::size_t level = 0;
    std::size_t* place = places_.data();
    for (const char* c = name; *c != '\0'; ++c) {
      if (*c != '.') continue;
      ++level;
      if (c[1] >= '0' && c[1] <= '9') *place++ = level;
    }
  }

  /// Returns: the value, or nothing if this jemalloc refuses to tell it.
  template <class T, std::convertible_to<std::size_t>... Index>
  [[nodiscard]] std::optional<T> read(Index... indexes) noexcept {
    T value{};
    std::size_t size = sizeof value;
    if (call({static_cast<std::size_t>(indexes)...}, &value, &size, nullptr, 0) != 0)
      return std::nullopt;
    return value;
  }

  /// Returns: 0, or why this jemalloc refused, an `errno`.
  template <class T, std::convertible_to<std::size_t>... Index>
  int write(T value, Index... indexes) noexcept {
    return call({static_cast<std::size_t>(indexes)...}, nullptr, nullptr, &value, sizeof value);
  }

  /// For the leaves that are deeds, such as "arena.0.purge". Returns: as `write`.
  template <std::convertible_to<std::size_t>... Index>
  int run(Index... indexes) noexcept {
    return call({static_cast<std::size_t>(indexes)...}, nullptr, nullptr, nullptr, 0);
  }

  /// For all others: jemalloc's `mallctlbymib`.
  int call(std::initializer_list<std::size_t> indexes, void* out, std::size_t* out_size, void* in,
           std::size_t in_size) noexcept;

 private:
  static constexpr std::size_t most_levels = 8;
  using path = std::array<std::size_t, most_levels>;

  /// Returns: how many levels of `into` were written, 0 if there is no such name.
  std::size_t find(path& into) noexcept;

  const char* name_;
  std::array<std::size_t, 4> places_{};  // the levels that are numbers
  std::array<std::atomic<std::size_t>, most_levels> path_{};
  std::atomic<std::size_t> depth_{0};  // 0: not yet looked up
};

}  // namespace zpmr::detail::je
