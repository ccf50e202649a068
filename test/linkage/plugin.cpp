// SPDX-License-Identifier: MIT
//
// A library that uses zpmr, for programs that open it while they run.

#include "report.hpp"

extern "C" int run_plugin(const linkage::side& program, int argc, char** argv);
extern "C" int run_plugin(const linkage::side& program, int argc, char** argv) {
  return linkage::report(linkage::this_side(), program, {argv, argv + argc});
}
