# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
#
# What the tests of zpmr-compare do and ask: with their variables, in a directory of their own.

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat out err >&2 2>/dev/null || true
  exit 1
}

skip() {
  echo "SKIPPED: $*"
  exit 77
}

trace_of() {  # PATTERN
  "$write_trace" "$1.trace" "$1"
}

runs() {  # ARGUMENT...
  "$compare" "$@" >out 2>err || fail "status $? of: $*"
}

refuses() {  # STATUS MESSAGE ARGUMENT...
  local status=0
  "$compare" "${@:3}" >out 2>err || status=$?
  [[ $status == "$1" ]] || fail "status $status, not $1, of: ${*:3}"
  grep -qF -- "$2" err || fail "it does not say: $2"
  [[ $(grep -c '^zpmr-compare: ' err) == 1 ]] || fail "it does not say so in one line"
}

says() {
  tr '\n' ' ' <out | grep -qF -- "$1" || fail "it does not say: $1"
}

# figure NAME: the first number of that name in the JSON.
figure() {
  sed -n "s/^ *\"$1\": \([0-9.]*\),\{0,1\}\$/\1/p" out | head -n 1
}

at_least() {  # NAME NUMBER
  awk "BEGIN { exit !($(figure "$1") >= $2) }" || fail "$1 is $(figure "$1"), below $2"
}

offers() {  # ALLOCATOR
  local all
  all=$("$compare" --allocator hoard no.trace 2>&1) || true  # it is refused, with a list
  [[ $all == *"There are: "*"$1"* ]]
}
