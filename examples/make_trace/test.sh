#!/bin/bash
# SPDX-License-Identifier: MIT
#
# test.sh PROGRAM: what make_trace says of bad input, and of a disk that is full.

set -euo pipefail
program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat out err >&2
  exit 1
}

refuses() {  # STATUS MESSAGE ARGUMENT...
  local status=0
  timeout 60 "$program" "${@:3}" >out 2>err || status=$?
  [[ $status == "$1" ]] || fail "status $status, not $1, of: ${*:3}"
  [[ $(grep -c '^make_trace: ' err) == 1 ]] || fail "it does not say so in one line: ${*:3}"
  grep -qF -- "$2" err || fail "it does not say: $2"
}

refuses 2 'pattern is required'
refuses 2 'file is required' pairs
refuses 2 'nosuch not in {larson,' nosuch x.trace
refuses 2 'not expected: more. See --help.' pairs x.trace more
refuses 2 'not expected: --colour' pairs x.trace --colour
for events in 0 -5 many 1.5 99999999999999999999999; do
  refuses 2 "--events: Value $events not in range" pairs x.trace --events "$events"
done
[[ ! -e x.trace ]] || fail 'bad arguments made a file'
refuses 1 'cannot record a trace into "no/such/x.trace"' pairs no/such/x.trace

"$program" pairs x.trace --events 2 >out 2>err || fail "status $? of the shortest trace"
[[ -s x.trace && ! -s err ]] || fail 'no trace'

# A file that may not grow stands for a full disk.
trap '' XFSZ
ulimit -f 3000
refuses 1 '"x.trace" lacks the end of the pattern' random-mix x.trace --events 2000000
