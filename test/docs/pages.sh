#!/bin/bash
# SPDX-License-Identifier: MIT
#
# For the tests of the pages to source.

# pages: those of the repository in which this runs, one a line.
pages() {
  find . -name '*.md' -not -path './build*' -not -path './.*/*' -printf '%P\n' | sort
}
