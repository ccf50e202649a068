// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "../site.hpp"

/// \file
/// The allocators' own fastest pairs of functions, called directly. The frees of jemalloc and
/// tcmalloc are told the size, as those of every resource are; glibc has no such free.

extern "C" {
void* zpmr_je_malloc(std::size_t bytes) noexcept;
void zpmr_je_sdallocx(void* block, std::size_t bytes, int flags) noexcept;
void* zpmr_tc_malloc(std::size_t bytes);
void zpmr_tc_free_sized(void* block, std::size_t bytes);
}

namespace zpmr::bench {

struct raw_jemalloc {
  static void* allocate(std::size_t bytes, std::size_t) { return zpmr_je_malloc(bytes); }
  static void deallocate(void* block, std::size_t bytes, std::size_t) {
    zpmr_je_sdallocx(block, bytes, 0);
  }
};

struct raw_tcmalloc {
  static void* allocate(std::size_t bytes, std::size_t) { return zpmr_tc_malloc(bytes); }
  static void deallocate(void* block, std::size_t bytes, std::size_t) {
    zpmr_tc_free_sized(block, bytes);
  }
};

struct raw_libc {
  static void* allocate(std::size_t bytes, std::size_t) { return std::malloc(bytes); }
  static void deallocate(void* block, std::size_t, std::size_t) { std::free(block); }
};

template <class Raw>
class raw_site final : public site<Raw> {
 public:
  static std::unique_ptr<site<Raw>> make(const demand&) { return std::make_unique<raw_site>(); }
  Raw& memory(std::size_t) override { return memory_; }

 private:
  Raw memory_;
};

}  // namespace zpmr::bench
