// SPDX-License-Identifier: MIT
#pragma once

/// \file
/// Whether the system gives this process huge pages.

namespace zpmr::compare {

/// While one lives, this process and those that it starts get no huge pages. What an allocator
/// touches at the start of a program would take whole ones, into which blocks then fit for nothing:
/// MiBs before the first event.
class no_huge_pages {
 public:
  no_huge_pages() noexcept;
  ~no_huge_pages();
  no_huge_pages(const no_huge_pages&) = delete;
  no_huge_pages& operator=(const no_huge_pages&) = delete;
};

/// Effects: this process may have huge pages from now on, where the system gives such.
void allow_huge_pages() noexcept;

}  // namespace zpmr::compare
