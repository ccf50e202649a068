#!/bin/bash
# SPDX-License-Identifier: MIT
#
# page_test.sh ROOT PAGE: each line of code that the page quotes is in the sources, and each path that
# it names exists, with mimalloc for NAME.

set -euo pipefail
cd "$1"
status=0

complain() {
  echo "$page: $*" >&2
  status=1
}

page=$2
while read -r line; do
  grep -rqF -- "$line" cmake src include || complain "nowhere in the sources: $line"
done < <(awk '/^```(cmake|cpp)$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page")

while read -r path; do
  [[ -e ${path//NAME/mimalloc} ]] || complain "there is no $path"
done < <(grep -oP '`\K(cmake|include|src|test)/[^`]+(?=`)' "$page")
exit $status
