#!/bin/bash
# SPDX-License-Identifier: MIT
#
# quotes_test.sh ROOT: each block of C++, C or CMake on a page is a part of a file that is built or run,
# line by line, but for how far it is indented.

set -euo pipefail
source "$(dirname "$0")/pages.sh"
cd "$1"
status=0

unindented() {
  sed -E 's/^[[:space:]]+//; s/[[:space:]]+$//' "$@"
}

# Files that are built or run, as one text each: with a line end before it, too.
declare -A files=()
for file in examples/*.c examples/*.cpp src/*/*.cpp test/*/*_test.cpp cmake/*.cmake \
  test/consumers/*/CMakeLists.txt packaging/conan/test_package/CMakeLists.txt; do
  files[$file]=$'\n'$(unindented "$file")$'\n'
done

is_quoted() {  # block
  local file
  for file in "${!files[@]}"; do
    [[ ${files[$file]} != *$'\n'"$1"$'\n'* ]] || return 0
  done
  return 1
}

check_blocks_of() {  # page
  local line block='' inside=0 number=0
  while IFS= read -r line; do
    ((++number))
    if [[ $line =~ ^'```'(cpp|c|cmake)$ ]]; then
      inside=$number block=
    elif [[ $line == '```' ]] && ((inside)); then
      is_quoted "${block%$'\n'}" || { echo "$1:$inside: no tested file has this" >&2; status=1; }
      inside=0
    elif ((inside)); then
      block+=$line$'\n'
    fi
  done < <(unindented "$1")
}

while read -r page; do
  check_blocks_of "$page"
done < <(pages)
exit $status
