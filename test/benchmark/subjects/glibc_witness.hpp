// SPDX-License-Identifier: MIT
#pragma once

#include <malloc.h>

#include "../witness.hpp"

namespace zpmr::bench {

inline constexpr witness glibc_witness{"glibc malloc", [](std::span<void* const>) {
                                         const struct mallinfo2 now = ::mallinfo2();
                                         return now.uordblks + now.hblkhd;
                                       }};

}  // namespace zpmr::bench
