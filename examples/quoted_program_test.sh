#!/bin/bash
# SPDX-License-Identifier: MIT
#
# quoted_program_test.sh PAGE LANGUAGE PROGRAM: the first block of that language on the page is the
# tested program, line by line.

set -euo pipefail
diff <(sed -n "/^\`\`\`$2\$/,/^\`\`\`\$/p" "$1" | sed '1d;/^```$/,$d') <(tail -n +2 "$3") ||
  { echo "$1 differs from $3: copy the program again" >&2; exit 1; }
