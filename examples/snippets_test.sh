#!/bin/bash
# SPDX-License-Identifier: MIT
#
# snippets_test.sh ROOT: each example that a header names is there, and short.

set -euo pipefail
status=0
while read -r file name; do
  lines=$(sed -n "\\,//! \\[$name\\],,\\,//! \\[$name\\],p" "$1/examples/$file" | wc -l)
  lines=$((lines - 2))  # without the markers
  if [ "$lines" -lt 5 ] || [ "$lines" -gt 12 ]; then
    echo "examples/$file: [$name] has $lines lines, but should have 5 to 12" >&2
    status=1
  fi
done < <(grep -rhoP '\\snippet \K\S+ \S+' "$1/include" | sort -u)
exit $status
