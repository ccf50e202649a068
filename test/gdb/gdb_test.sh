#!/bin/bash
# SPDX-License-Identifier: MIT
#
# gdb_test.sh PROGRAM PRINTERS: what gdb shows of trackers, in a live process and in its core, is what
# the program says of itself.

set -euo pipefail
program=$1
printers=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skip() {
  echo "skipped: $*"
  exit 77
}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n +1 "$scratch"/expected "$scratch"/live "$scratch"/core.out >&2
  exit 1
}

look=(-ex 'print root' -ex 'print idle' -ex 'print by_reference' -ex 'print memory' -ex 'print typed')
start=(gdb --batch -nx -ex "source $printers" -ex 'set width 0' -ex 'set print elements 0')

command -v gdb >/dev/null || skip 'no gdb here'
gdb --batch -nx -ex 'python print(1)' 2>&1 | grep -qx 1 || skip 'this gdb has no Python'

"${start[@]}" -ex 'break stop_here' -ex "run >$scratch/expected" -ex up "${look[@]}" \
  -ex "generate-core-file $scratch/core" "$program" >"$scratch/live" 2>&1 </dev/null || true
! grep -qiE 'ptrace: |could not trace|warning: Error disabling' "$scratch/live" ||
  skip 'processes cannot be traced here'
"${start[@]}" "$program" "$scratch/core" -ex up "${look[@]}" >"$scratch/core.out" 2>&1 || true

[[ $(wc -l <"$scratch/expected") == 5 ]] || fail 'the program did not come to where gdb looks'
for shown in live core.out; do
  while read -r line; do
    grep '^\$' "$scratch/$shown" | grep -qF -- "$line" || fail "$shown does not show: $line"
  done <"$scratch/expected"
  # Children stand in braces behind their parents, and a tracker without any has none.
  grep -qE '^\$1 = tracker "root": .* = \{tracker "crowd": .* = \{tracker "leaf .*\}, tracker "idle": .*\}$' \
    "$scratch/$shown" || fail "$shown does not show the tree"
  grep -qE '^\$2 = tracker "idle": 0 bytes in use .* 0 overdrafts$' "$scratch/$shown" ||
    fail "$shown does not show a tracker by itself"
  grep -qE '^\$4 = counting on zpmr::libc_resource, tracker "leaf ' "$scratch/$shown" ||
    fail "$shown does not show what a resource takes from"
  grep -qE '^\$5 = counting on zpmr::libc_resource, tracker "typed": ' "$scratch/$shown" ||
    fail "$shown does not show a resource of known type"
done
