#!/bin/bash
# SPDX-License-Identifier: MIT
#
# compare_faults_test.sh COMPARE WRITE_TRACE CASE KEPT_TRACES [CHROMIUM]: what zpmr-compare says where
# something is missing, malformed or too much.

set -euo pipefail
# shellcheck disable=SC2034  # compare_steps.sh uses them
compare=$1 write_trace=$2 case=$3
. "${BASH_SOURCE%/*}/compare_steps.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export LC_ALL=C.UTF-8

# What an allocator has at its start must not hide what the blocks take.
little_memory() {
  trace_of little
  local each
  for each in jemalloc tcmalloc libc new_delete synchronized_pool; do
    offers $each || continue
    runs --json --runs 1 --allocator $each little.trace
    at_least peak_resident 500000
    at_least final_resident 500000
  done
}

# Stacks of so many bytes fit into no address space.
too_many_threads() {
  trace_of known
  (ulimit -s 68719476736) 2>/dev/null || skip 'the size of stacks cannot be set'
  (ulimit -s 68719476736 && exec "$compare" --help) >/dev/null 2>&1 || skip 'it starts no program'
  (
    ulimit -s 68719476736
    refuses 2 'known.trace: more threads run at a time than the system lets a process start' \
      --runs 1 known.trace
  )
}

bad_traces() {
  refuses 2 missing.trace missing.trace
  echo nonsense >text && refuses 2 text text
  : >empty && refuses 2 empty empty
  refuses 2 / /
  refuses 2 '"a�[31m�b"' $'a\033[31m\nb'
  trace_of freed_twice && refuses 2 'event 3' freed_twice.trace
  trace_of allocated_twice && refuses 2 'event 2' allocated_twice.trace
  trace_of nothing && refuses 2 'no event' nothing.trace
  trace_of terabytes && refuses 2 'event 4 takes the blocks in use to 64.0 TiB' terabytes.trace
  trace_of aligned_to_terabytes && refuses 2 'event 4 allocates a block aligned to 32.0 TiB' \
    aligned_to_terabytes.trace
  # A good one before does not help a bad one after it.
  trace_of churn && refuses 2 freed_twice.trace --runs 1 churn.trace freed_twice.trace
  [[ ! -s out ]] || fail 'it measured the good one before it read the bad one'
  # Any part of a trace can be read, or is refused with a message; nothing crashes.
  local size cut status
  size=$(stat -c %s churn.trace)
  for cut in 7 4095 4096 5000 $((size - 1)); do
    head -c "$cut" churn.trace >part
    status=0
    "$compare" --runs 1 --allocator new_delete part >out 2>err || status=$?
    [[ $status == 0 || $status == 2 ]] || fail "status $status with the first $cut bytes"
  done
}

bad_arguments() {
  trace_of churn
  refuses 2 'See --help'
  refuses 2 'See --help' --runs 0 churn.trace
  refuses 2 'See --help' --colour churn.trace
  refuses 2 'no "hoard" here. There are: ' --allocator hoard churn.trace
  refuses 2 'takes no settings' --allocator libc:arenas:1 churn.trace
  if command -v gnuplot >/dev/null; then
    refuses 2 'no/such/page.html' --html no/such/page.html churn.trace
    refuses 2 'cannot write "."' --html . churn.trace
    # An earlier page stays as it is, unless there is a new one.
    echo earlier >page.html
    refuses 2 missing.trace --html page.html missing.trace
    [[ $(cat page.html) == earlier ]] || fail 'the earlier page is gone'
    [[ ! -e page.html.part ]] || fail 'a part of a page is left'
    runs --runs 1 --allocator libc --html page.html churn.trace
    grep -q '</html>' page.html || fail 'the new page is not there'
    [[ ! -e page.html.part ]] || fail 'a part of a page is left'
    runs --runs 1 --allocator libc --html /dev/null churn.trace
    [[ -c /dev/null ]] || fail 'a device was replaced'
    refuses 1 'cannot write all of the page to "/dev/full". See whether its disk has room.' \
      --runs 1 --allocator libc --html /dev/full churn.trace
  fi
  ! PATH=$scratch "$compare" --html page.html churn.trace 2>err || fail 'drawn without gnuplot'
  grep -qF 'install gnuplot-nox' err || fail 'it does not say what is missing'
  runs --help
}

# The environment of a replay, while it runs.
inherited_settings() {
  trace_of churn
  local process tries child name children=
  GLIBC_TUNABLES=glibc.malloc.arena_max=1 LD_PRELOAD='' MALLOC_ARENA_MAX=1 MALLOC_CONF=narenas:1 \
    TCMALLOC_RELEASE_RATE=1 MIMALLOC_VERBOSE=1 ZPMR_JE_MALLOC_CONF=narenas:1 UNRELATED=1 \
    "$compare" --runs 1000 --allocator libc churn.trace >out 2>err &
  process=$!
  [[ -r /proc/$process/task/$process/children ]] || skip 'the system does not list child processes'
  for ((tries = 0; tries < 1000; ++tries)); do
    read -r children 2>/dev/null </proc/$process/task/$process/children || true  # no line end
    child=${children%% *}
    # It may just end by itself, or not be this program yet.
    if grep -qzxF -- --replay-for-zpmr-compare "/proc/$child/cmdline" 2>/dev/null &&
      tr '\0' '\n' <"/proc/$child/environ" >environment 2>/dev/null &&
      [[ -s environment ]]; then
      break
    fi
    sleep 0.01
  done
  kill $process
  wait $process || true
  grep -q '^UNRELATED=1$' environment || fail 'the replay lacks a variable that is no setting'
  for name in GLIBC_TUNABLES LD_PRELOAD MALLOC_ARENA_MAX MALLOC_CONF TCMALLOC_RELEASE_RATE \
    MIMALLOC_VERBOSE ZPMR_JE_MALLOC_CONF; do
    ! grep "^$name=" environment || fail 'the replay has a setting that is not of its candidate'
  done
}

failed_allocator() {
  offers tcmalloc || skip 'tcmalloc is not offered'
  trace_of known
  refuses 1 'the replay on tcmalloc:heap_limit_mb:20 ran out of memory' --runs 1 \
    --allocator new_delete --allocator tcmalloc:heap_limit_mb:20 known.trace
  says 'Not measured: tcmalloc:heap_limit_mb:20.'
  grep -q '^new_delete  *[0-9]' out || fail 'what was measured before is not shown'
}

lost_replay() {
  trace_of churn
  "$compare" --runs 1000 churn.trace >out 2>err &
  local process=$! status=0 tries children=
  [[ -r /proc/$process/task/$process/children ]] || skip 'the system does not list child processes'
  for ((tries = 0; tries < 1000; ++tries)); do
    read -r children 2>/dev/null </proc/$process/task/$process/children || true  # no line end
    # It may just end by itself; then it is the next one's turn. What comes after the message is
    # no replay: a sanitizer looks for leaks in a process of its own.
    [[ ! -s err ]] || break
    [[ -z $children ]] || kill -KILL ${children%% *} 2>/dev/null || true
    kill -0 $process 2>/dev/null || break
    sleep 0.01
  done
  # Nothing was killed: it fails below, and does not go on.
  [[ -s err ]] || kill $process 2>/dev/null || true
  wait $process || status=$?
  [[ $status == 1 || $status == 2 ]] || fail "status $status after its replay was killed"
  grep -q 'was ended by signal 9' err || fail 'it does not say how the replay ended'
}

$case
