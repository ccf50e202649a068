#!/bin/bash
# SPDX-License-Identifier: MIT
#
# installing_test.sh ROOT: each block of code of docs/installing.md is a part of a file that the tests run,
# line by line, but for how far it is indented.

set -euo pipefail
cd "$1"
page=docs/installing.md
status=0

unindented() {
  sed -E 's/^[[:space:]]+//; s/[[:space:]]+$//' "$@"
}

files=()
for file in test/consumers/*/CMakeLists.txt test/consumers/*_test.sh packaging/conan/test_package/CMakeLists.txt; do
  [ "$file" = test/consumers/installing_test.sh ] || files+=($'\n'"$(unindented "$file")"$'\n')
done

is_tested() {  # block
  local file
  for file in "${files[@]}"; do
    [[ $file != *$'\n'"$1"$'\n'* ]] || return 0
  done
  return 1
}

blocks=0 inside=
while IFS= read -r line; do
  if [[ $line == '```'* && -z $inside ]]; then
    inside=yes block=
  elif [[ $line == '```' ]]; then
    inside=''
    blocks=$((blocks + 1))
    is_tested "${block%$'\n'}" || { printf '%s: no tested file has this:\n%s' $page "$block" >&2; status=1; }
  elif [[ -n $inside ]]; then
    block+=$line$'\n'
  fi
done < <(unindented $page)
((blocks > 0)) || { echo "$page has no blocks" >&2; status=1; }
exit $status
