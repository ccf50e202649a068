#!/bin/bash
# SPDX-License-Identifier: MIT
#
# ctrl_c_test.sh COMPARE WRITE_TRACE: what zpmr-compare leaves behind when it is interrupted.

set -euo pipefail
compare=$1 write_trace=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export LC_ALL=C.UTF-8

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat out err >&2 2>/dev/null || true
  exit 1
}

expect_status() {  # SIGNAL WHEN: of the program that was sent it
  local status=0
  wait $process || status=$?
  [[ $status == $((128 + $(kill -l "$1"))) ]] || fail "status $status after SIG$1 $2"
}

"$write_trace" churn.trace churn
for signal in INT TERM HUP; do
  "$compare" --json --runs 1000 churn.trace >out 2>err &
  process=$!
  sleep 2
  kill -"$signal" $process
  expect_status "$signal" 'while it measures'
  grep -qE 'interrupted; this is what was measured so far|interrupted before anything was' err ||
    fail 'it does not say so'
  [[ $(head -c 1 out) == '[' && $(tail -n 1 out) == *']' ]] || fail 'the figures are not all there'
done

# Before anything is measured, an earlier page stays.
command -v gnuplot >/dev/null || exit 0
for signal in INT TERM; do
  echo earlier >page.html
  "$compare" --runs 1000 --html page.html $(yes churn.trace | head -n 100) >out 2>err &
  process=$!
  while [[ ! -e page.html.part ]]; do sleep 0.01; done
  kill -"$signal" $process
  expect_status "$signal" 'at the start'
  [[ $(cat page.html) == earlier && ! -e page.html.part ]] || fail 'the earlier page is gone'
done
