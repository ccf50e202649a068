#!/bin/bash
# SPDX-License-Identifier: MIT
#
# compare_test.sh COMPARE WRITE_TRACE CASE KEPT_TRACES [CHROMIUM]: what zpmr-compare says of traces
# that are known.

set -euo pipefail
# shellcheck disable=SC2034  # compare_steps.sh uses them
compare=$1 write_trace=$2 case=$3 kept=$4 chromium=${5-}
. "${BASH_SOURCE%/*}/compare_steps.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export LC_ALL=C.UTF-8

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
