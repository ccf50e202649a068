#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# bad_input_test.sh <directory of the programs>: what the benchmark's own programs say of bad input.
set -euo pipefail
programs=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{dumps,bad_dumps,run/1,empty}
printf 'desc: Trigger: Client Request: 10 pair/jemalloc\nsummary: 1000\n' >"$scratch/dumps/zpmr"
printf 'desc: Trigger: Client Request: many pair/jemalloc\nsummary: few\n' >"$scratch/bad_dumps/zpmr"

refuses() {  # what the message must say, command...
  local expected=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then
    echo "FAILED: taken: $*" >&2
    exit 1
  fi
  grep -qF -- "$expected" "$scratch/out" || { cat "$scratch/out" >&2; echo "FAILED: $*" >&2; exit 1; }
}

report=$programs/bench_report
refuses subcommand "$report"
refuses nonsense "$report" nonsense
refuses 'run is required' "$report" print
refuses "$scratch/none" "$report" print "$scratch/none"
refuses 'holds no results' "$report" print "$scratch/empty"
for content in '' '{' '[]' '{"benchmarks": 1}' '{"benchmarks": [{"name": 5}]}' $'\0'; do
  printf '%s' "$content" >"$scratch/run/1/zpmr.json"
  refuses "$scratch/run/1/zpmr.json" "$report" print "$scratch/run"
done

refuses "$scratch/none" "$report" compare "$scratch/none" "$scratch/accepted"
refuses 'holds no counts' "$report" compare "$scratch/empty" "$scratch/accepted"
refuses 'for a number' "$report" compare "$scratch/bad_dumps" "$scratch/accepted"
refuses "cannot read $scratch/accepted" "$report" compare "$scratch/dumps" "$scratch/accepted"
for content in '{' '{}' '{"compiler": "x", "instructions": 5}'; do
  printf '%s' "$content" >"$scratch/accepted"
  refuses "$scratch/accepted: " "$report" compare "$scratch/dumps" "$scratch/accepted"
done
refuses 'cannot write /dev/full' "$report" accept "$scratch/dumps" /dev/full
refuses "cannot write $scratch/none/file" "$report" accept "$scratch/dumps" "$scratch/none/file"

for program in tracker_footprint refusal_cost; do
  for count in '' 0 -1 many 1x 1000001 99999999999999999999; do
    refuses 'usage:' "$programs/$program" "$count"
  done
  refuses 'usage:' "$programs/$program"
  refuses 'usage:' "$programs/$program" 1 2
done
refuses nonsense "$programs/bench_zpmr" --nonsense
