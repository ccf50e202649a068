// SPDX-License-Identifier: MIT
//
// A program that uses zpmr, and a library beside it that does not.

#include "report.hpp"

extern "C" linkage::side other_side();

int main(int argc, char** argv) {
  return linkage::report(linkage::this_side(), other_side(), {argv + 1, argv + argc});
}
