#!/bin/bash
# SPDX-License-Identifier: MIT
#
# test.sh PROGRAM CASE [PROMETHEUS]: runs serve_metrics and asks it, or a Prometheus server that asks it.

set -euo pipefail
program=$1
prometheus=${3-}
scratch=$(mktemp -d)
started=()

finish() {
  local process
  for process in "${started[@]}"; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap finish EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n 100 "$scratch"/* >&2 2>/dev/null
  exit 1
}

# Repeats the command until it succeeds, for two minutes.
until_it_works() {
  local end=$((SECONDS + 120))
  until "$@"; do
    ((SECONDS < end)) || fail "gave up: $*"
    sleep 0.2
  done
}

# get PORT PATH: prints the answer, its head included.
get() {
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return
  printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&3
  cat <&3
  exec 3>&-
}

start_program() {
  "$program" >"$scratch/url" 2>"$scratch/program" &
  started+=($!)
  until_it_works grep -q /metrics "$scratch/url"
  port=$(grep -oP ':\K[0-9]+' "$scratch/url")
}

has_line() {
  grep -qxF -- "$1" "$scratch/page" || fail "no line: $1"
}

scrape() {
  start_program
  get "$port" /metrics | tr -d '\r' >"$scratch/page"
  has_line 'HTTP/1.1 200 OK'
  has_line '# TYPE zpmr_in_use_bytes gauge'
  has_line '# TYPE zpmr_allocations_total counter'
  has_line 'zpmr_limit_bytes{tracker="server/cache"} 16777216'
  has_line 'zpmr_requested_in_use_bytes{tracker="server"} 4000'
  has_line 'zpmr_allocations_total{tracker="server/cache"} 1'
  ! grep -q 'zpmr_limit_bytes{tracker="server"}' "$scratch/page" || fail 'a limit that is none'
  grep -q '^zpmr_allocator_allocated_bytes{allocator="' "$scratch/page" || fail 'no allocator'
  kill "${started[0]}"
  wait "${started[0]}" || fail "status $? after the signal to end"
}

refuses() {  # what the message must name, arguments...
  local culprit=$1 status=0
  shift
  "$program" "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  [ "$status" = 1 ] || fail "status $status instead of 1 for: $*"
  grep -qF -- "$culprit" "$scratch/err" || fail "the message does not name $culprit"
}

bad_input() {
  refuses '"nine"' nine
  refuses '"65536"' 65536
  refuses '""' ''
  refuses usage 1 2
  start_program
  refuses "127.0.0.1:$port" "$port"
}

# start_prometheus: on a port that is free, which it cannot tell by itself.
start_prometheus() {
  cat >"$scratch/config.yml" <<TEXT
global: {scrape_interval: 1s}
scrape_configs: [{job_name: zpmr, static_configs: [{targets: ['127.0.0.1:$port']}]}]
TEXT
  local attempt
  for attempt in 1 2 3 4 5; do
    server_port=$((20000 + RANDOM % 10000))
    "$prometheus" --config.file="$scratch/config.yml" --storage.tsdb.path="$scratch/data$attempt" \
      --web.listen-address="127.0.0.1:$server_port" 2>"$scratch/prometheus" &
    started+=($!)
    until_it_works is_ready_or_gone
    ! kill -0 "${started[-1]}" 2>/dev/null || return 0
  done
  fail 'Prometheus does not start'
}

is_ready_or_gone() {
  ! kill -0 "${started[-1]}" 2>/dev/null ||
    get "$server_port" /-/ready 2>/dev/null | grep -q 'is Ready'
}

# answers QUERY PATTERN
answers() {
  get "$server_port" "/api/v1/query?query=$1" >"$scratch/answer"
  grep -qE -- "$2" "$scratch/answer"
}

ask_prometheus() {
  if [ ! -x "$prometheus" ]; then
    echo 'SKIPPED: no Prometheus server was found when this was configured'
    exit 77
  fi
  start_program
  start_prometheus
  until_it_works answers zpmr_limit_bytes \
    '"tracker":"server/cache"},"value":\[[0-9.]+,"16777216"\]'
  until_it_works answers 'up' '"job":"zpmr"},"value":\[[0-9.]+,"1"\]'
  # Everything was taken: in use, for each of the two trackers and nothing else.
  until_it_works answers 'count(zpmr_in_use_bytes)' '"value":\[[0-9.]+,"2"\]'
}

"$2"
