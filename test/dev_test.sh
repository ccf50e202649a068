#!/bin/bash
# SPDX-License-Identifier: MIT
#
# dev_test.sh DEV: what ./dev says of bad arguments, before it installs or builds anything.

set -euo pipefail
dev=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf -v long '%*s' 10000 x

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat "$scratch/out" "$scratch/err" >&2
  exit 1
}

refuses() {  # what the message must say, arguments...
  local expected=$1
  shift
  ! "$dev" "$@" >"$scratch/out" 2>"$scratch/err" || fail "taken: $*"
  grep -qF -- "dev: $expected" "$scratch/err" || fail "the message does not say: $expected"
}

refuses 'unknown command: tset' tset
refuses 'unknown command: --test' --test
refuses "unknown command: $long" "$long"
refuses 'unknown command: $(false)' '$(false)'
refuses 'unknown preset: relaese' test relaese
refuses 'unknown preset: relaese' test debug relaese
refuses 'unknown preset: ' test ''
refuses 'unknown preset: *' test '*'
refuses 'unknown preset: debug release' test 'debug release'
refuses 'unknown argument: --raport' bench --raport
refuses 'unknown argument: --report --accept' bench --report --accept
refuses 'unknown argument: site' docs site
refuses 'unknown argument: src' lint src
refuses 'unknown argument: deb' package deb
refuses 'unknown argument: tracker' coverage tracker
refuses 'give one file of samples' plot
refuses 'give one file of samples' plot one two

for argument in '' help -h --help; do
  "$dev" $argument >"$scratch/out" 2>"$scratch/err" || fail "no help for: $argument"
  grep -q '^./dev test' "$scratch/out" || fail "not the help for: $argument"
done
