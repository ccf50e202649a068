#!/bin/bash
# SPDX-License-Identifier: MIT
#
# readme_test.sh ROOT: the program in the README is the tested example, line by line.

set -euo pipefail
diff <(sed -n '/^```cpp$/,/^```$/p' "$1/README.md" | sed '1d;/^```$/,$d') \
     <(tail -n +2 "$1/examples/first_program.cpp") ||
  { echo 'README.md differs from examples/first_program.cpp: copy the program again' >&2; exit 1; }
