// SPDX-License-Identifier: MIT
#include "side.hpp"

extern "C" linkage::side other_side();
extern "C" linkage::side other_side() {
  return linkage::this_side();
}
