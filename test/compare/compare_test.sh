#!/bin/bash
# SPDX-License-Identifier: MIT
#
# compare_test.sh COMPARE WRITE_TRACE CASE KEPT_TRACES [CHROMIUM]: what zpmr-compare says of traces that are known,
# and of what is no trace.

set -euo pipefail
compare=$1 write_trace=$2 case=$3 kept=$4 chromium=${5-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export LC_ALL=C.UTF-8

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

known_pattern() {
  trace_of known
  runs --json --runs 1 --allocator new_delete known.trace
  says '"events": 6064,'
  says '"allocations": 4032,'
  says '"threads": 2,'
  says '"allocated_bytes": 37554432,'
  says '"peak_bytes_in_use": 35554432,'
  says '"peak_at_event": 6032,'
  says '"final_bytes_in_use": 2000000,'
  says '"final_blocks_in_use": 2000,'
  says '"largest_block": 1048576,'
  # All of it was written to, so it was in memory at the peak; and what is in use still is.
  at_least peak_resident 35554432
  at_least final_resident 2000000
  at_least ns_per_operation 0.1

  runs --runs 1 known.trace
  for each in libc new_delete synchronized_pool 'For this load take' 'At the peak' \
    "The replay's own" 'What the columns mean'; do
    says "$each"
  done
}

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

kept_traces() {
  local all=("$kept"/*.{trace,heaptrack}) bytes
  bytes=$(cat "${all[@]}" | wc -c)
  ((bytes < 2000000)) || fail "the kept traces have $bytes bytes"
  runs --runs 1 --allocator libc --allocator new_delete "${all[@]}"
  [[ $(grep -c '^libc  *[0-9]' out) == "${#all[@]}" ]] || fail 'not a table for each trace'
  ! grep 'cut short' out || fail 'a kept trace is not all there'
  [[ -z $(grep -aoE '/(home|root|work|usr)/' "$kept"/*.heaptrack) ]] || fail 'a place of a machine'
}

threads() {
  trace_of known && trace_of churn
  refuses 2 'unsynchronized_pool is for one thread, but known.trace has 2.' \
    --allocator unsynchronized_pool known.trace
  runs --runs 1 known.trace
  says 'unsynchronized_pool is for one thread, so this trace was not replayed on it.'
  ! grep '^unsynchronized_pool  ' out || fail 'it was replayed all the same'
  runs --runs 1 churn.trace
  grep -q '^unsynchronized_pool  *[0-9]' out || fail 'one thread was not replayed on it'
}

# Samples must not all fall on the moment at which a round of the program ends.
rounds() {
  trace_of rounds
  runs --json --runs 1 --allocator new_delete rounds.trace
  at_least resident_per_byte_in_use 0.5
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

progress_on_terminals_only() {
  trace_of churn
  runs --runs 1 --allocator libc churn.trace
  [[ ! -s err ]] || fail 'something on stderr, where that is no terminal'
  ! grep -q $'[\r\e]' out || fail 'piped output has control characters'
  script -qec "'$compare' --runs 2 --allocator libc churn.trace" /dev/null >out </dev/null
  local each
  for each in 'churn.trace: reading: 0 %' "churn.trace: nothing, for the replay's own cost, run 1 of 2: " \
    'churn.trace: libc, run 2 of 2: 100 %' 'churn.trace: libc, latencies: 100 %'; do
    grep -q $'\r'"$each"$'.*\e\\[K' out || fail "no progress on a terminal: $each"
  done
  # The line is gone before anything else is said.
  grep -q $'\r\e\\[Kchurn.trace: ' out || fail 'the line of progress stays'
}

settings() {
  trace_of churn
  "$compare" --help | grep -q jemalloc || skip 'no help'
  if offers jemalloc; then
    refuses 2 'ended by signal 6: see above whether it takes these settings' \
      --allocator jemalloc:dirty_decay:0 churn.trace
    grep -q 'dirty_decay:0' err || fail 'the setting is not named'
    runs --runs 1 --allocator jemalloc --allocator jemalloc:dirty_decay_ms:0,narenas:1 churn.trace
    says 'jemalloc:dirty_decay_ms:0,narenas:1'
  fi
  runs --runs 1 --allocator libc --allocator libc churn.trace
  cp churn.trace again.trace
  runs --runs 1 --allocator libc churn.trace again.trace  # both are traces, and no allocators
  says again.trace:
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

page() {
  command -v gnuplot >/dev/null || skip 'gnuplot is not installed'
  [[ -x $chromium ]] || skip 'Chromium is not installed'
  trace_of known
  trace_of churn
  cp known.trace '<b>&.trace'
  runs --runs 2 --allocator new_delete --allocator libc --html page.html '<b>&.trace' churn.trace
  ! grep -q '<script' page.html || fail 'there is a script on the page'
  ! grep -qE "(src|href)=[\"'][^#]" page.html || fail 'the page needs another file'
  ! grep -q '<h2><b>' page.html || fail 'a name is taken for a tag'
  grep -q '<a href="#trace2">churn.trace</a>' page.html || fail 'no list of the traces'
  grep -q '<section id="trace2">' page.html || fail 'the list leads nowhere'

  # So short a trace has no moment with anything in use, so no fragmentation.
  trace_of pair
  runs --runs 1 --html short.html pair.trace
  [[ ! -s err ]] || fail 'gnuplot complains of a short trace'
  [[ $(grep -c '<figure>' short.html) == 5 ]] || fail 'not 5 plots of a short trace'
  runs --runs 1 --allocator libc --html short.html pair.trace
  ! grep -q 'class="answer"' short.html || fail 'an answer that says nothing'

  # The browser counts what it has drawn: shapes that take some room, in each picture.
  sed 's|</main>|</main><p id="drawn"></p><script>\
    const drawn = [...document.querySelectorAll("figure svg")].map(\
      svg => [...svg.querySelectorAll("path, polygon, rect, polyline")].filter(shape => {\
        const box = shape.getBBox();\
        return shape.id !== "" \|\| box.width + box.height > 5;\
      }).length);\
    const texts = [...document.querySelectorAll("figure svg")].map(\
      svg => svg.querySelectorAll("text").length);\
    document.getElementById("drawn").textContent =\
      "pictures " + drawn.length + " least " + Math.min(...drawn) + " texts " + Math.min(...texts);\
    </script>|' page.html >looked_at.html
  HOME=$scratch timeout 120 "$chromium" --headless --no-sandbox --disable-gpu \
    --enable-logging=stderr --dump-dom "file://$scratch/looked_at.html" >dom 2>log ||
    fail "the browser could not open the page: $(cat log)"
  ! grep -E 'CONSOLE|Uncaught' log || fail 'the browser complains of the page'
  local counted
  counted=$(grep -oE 'pictures [0-9]+ least [0-9]+ texts [0-9]+' dom | head -n 1)
  read -r _ pictures _ least _ texts <<<"$counted"
  [[ $pictures == 12 ]] || fail "not 6 plots for each trace: $counted"
  ((least >= 8 && texts >= 6)) || fail "a plot is empty: $counted"
}

$case
