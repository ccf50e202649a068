// SPDX-License-Identifier: MIT
#include "huge_pages.hpp"

#include <sys/prctl.h>

namespace zpmr::compare {

no_huge_pages::no_huge_pages() noexcept {
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

no_huge_pages::~no_huge_pages() {
  allow_huge_pages();
}

void allow_huge_pages() noexcept {
  ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}

}  // namespace zpmr::compare
