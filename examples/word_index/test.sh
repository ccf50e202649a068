#!/bin/bash
# SPDX-License-Identifier: MIT
#
# test.sh PROGRAM CASE: runs word_index on files made for the case, and checks what it says.

set -euo pipefail
program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=$scratch/files
mkdir "$files"

fail() {
  printf 'FAILED: %s\n--- output\n' "$*" >&2
  cat "$scratch/out" "$scratch/err" >&2
  exit 1
}

run() {
  status=0
  "$program" "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
}

runs_well() {
  run "$@"
  [ "$status" = 0 ] || fail "status $status for: $*"
  [ ! -s "$scratch/err" ] || fail "something on stderr for: $*"
  grep -q '^Checked: never above the limit' "$scratch/out" || fail "not checked: $*"
}

# The figures of a row, one for each allocator.
figures() {
  grep "^$1  " "$scratch/out" | cut -c23- | tr -d ,
}

expect_row() {  # title, comparison, number: holds in every column
  local figure columns=0
  for figure in $(figures "$1"); do
    test "$figure" "$2" "$3" || fail "$1 is $figure, but should be $2 $3"
    columns=$((columns + 1))
  done
  [ "$columns" = "$(figures allocator | wc -w)" ] || fail "$1: $columns columns"
}

refuses() {  # what the message must name, arguments...
  local culprit=$1
  shift
  run "$@"
  [ "$status" = 2 ] || fail "status $status instead of 2 for: $*"
  [ "$(wc -l <"$scratch/err")" = 1 ] || fail "not one line on stderr for: $*"
  grep -qF -- "$culprit" "$scratch/err" || fail "the message does not name $culprit"
}

many_words() {  # 20 files of 1,000 different words each
  local file
  for file in $(seq 20); do seq "${file}0001" "${file}1000" | sed 's/^/word_/' >"$files/$file"; done
}

everything_fits() {
  printf 'one two two\nthree, (three) three;\n' >"$files/a"
  mkdir "$files/below"
  printf 'three_and_4\none' >"$files/below/b"
  runs_well --limit 1G "$files"
  expect_row 'files read' -eq 2
  expect_row 'words read' -eq 8
  expect_row 'different words kept' -eq 4
  expect_row 'places kept' -eq 8
  expect_row '  evicted' -eq 0
  expect_row refusals -eq 0
  expect_row limit -eq $((1 << 30))
  expect_row 'bytes requested' -gt 0
}

old_words_are_evicted() {
  many_words
  runs_well --limit 64K "$files"
  expect_row 'words read' -eq 20000
  expect_row '  evicted' -gt 10000
  expect_row '  too big to keep' -eq 0
  expect_row 'different words kept' -gt 100
  expect_row 'bytes at the peak' -le 65536
  expect_row 'bytes in use' -gt 32768
  expect_row refusals -gt 0
}

recent_words_stay() {
  # "always" is in every line, so it never becomes the word seen longest ago.
  seq 10000 | sed 's/.*/always word_&/' >"$files/a"
  runs_well --limit 256K "$files"
  expect_row '  evicted' -gt 0
  expect_row 'places kept' -gt 10000
}

two_runs_agree() {
  many_words
  runs_well --limit 64K "$files"
  grep -vE '^(seconds|resident)' "$scratch/out" >"$scratch/first"
  runs_well --limit 64K "$files"
  grep -vE '^(seconds|resident)' "$scratch/out" | cmp - "$scratch/first" || fail 'the runs differ'
}

files_are_read_in_order() {
  # Were "a" not read first, its many words would evict what the others have put in before.
  local file
  for file in $(seq 10); do seq 1000 | sed 's/.*/often/' >"$files/z$file"; done
  seq 20000 >"$files/a"
  runs_well --limit 256K "$files"
  expect_row '  evicted' -gt 0
  expect_row 'places kept' -ge 10000
}

one_allocator() {
  echo one >"$files/a"
  runs_well --allocator libc "$files"
  [ "$(figures allocator | wc -w)" = 1 ] || fail 'not one column'
  figures allocator | grep -q '^ *libc' || fail 'not libc'
}

one_file() {
  echo one two >"$files/a"
  echo three >"$files/b"
  runs_well "$files/a"
  expect_row 'words read' -eq 2
}

nothing_to_read() {
  runs_well "$files"
  expect_row 'files read' -eq 0
  expect_row 'bytes at the peak' -eq 0
  : >"$files/empty"
  runs_well "$files"
  expect_row 'files read' -eq 1
  expect_row 'words read' -eq 0
}

odd_files() {
  echo one >"$files/with space"
  echo two >"$files/with
newline"
  printf 'a\0b' >"$files/binary"
  ln -s nowhere "$files/dangling"
  ln -s itself "$files/itself"
  ln -s . "$files/loop"
  mkfifo "$files/pipe"
  runs_well "$files"
  expect_row 'files read' -eq 2
  expect_row '  not text' -eq 1
  expect_row '  unreadable' -eq 2
  expect_row 'words read' -eq 2
}

very_long_words() {
  { echo before; head -c 1000000 /dev/zero | tr '\0' x; echo; echo after; } >"$files/a"
  runs_well --limit 1G "$files"
  expect_row 'different words kept' -eq 3
  runs_well --limit 64K "$files"
  expect_row '  too big to keep' -eq 1
  expect_row '  evicted' -eq 0
  expect_row 'different words kept' -eq 2
}

very_long_line() {
  seq 50000 | tr '\n' ' ' >"$files/a"
  runs_well --limit 1M "$files"
  expect_row 'words read' -eq 50000
}

no_room() {
  echo one two >"$files/a"
  refuses '1 bytes' --limit 1 "$files"
  seq 1000 >"$files/a"
  runs_well --limit 1K "$files"
  expect_row 'different words kept' -gt 0
}

bad_input() {
  local size
  for size in 0 12Q -5 1.5M 0x10 M 99999999999999999999 9999999999999G 18446744073709551615; do
    refuses "\"$size\"" --limit "$size" "$files"
  done
  refuses --limit --limit
  refuses --limit --limit= "$files"
  refuses mimalloc --allocator mimalloc "$files"
  refuses --bogus --bogus
  refuses extra "$files" extra
  refuses "$files/none" "$files/none"
  refuses /dev/null /dev/null
  ln -s nowhere "$files/dangling"
  refuses "$files/dangling" "$files/dangling"
  refuses '""' ''
}

# Root may read everything, so it gives that right up first.
as_a_reader() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --inh-caps=-all --bounding-set=-dac_override,-dac_read_search "$@"
  else
    "$@"
  fi
}

unreadable_input() {
  refuses 'cannot read "/proc/self/mem"' /proc/self/mem
  chmod 0 "$files"
  local unguarded=$program
  program=as_a_reader
  refuses "cannot read (Permission denied) \"$files\"" "$unguarded" "$files"
  chmod 700 "$files"
}

control_characters() {
  refuses "$files/no\\x0ane\\x1b" "$files"$'/no\nne\e'
  refuses 'no\x0ane' --allocator 'no
ne'
  refuses '"1\x0a2"' --limit '1
2' "$files"
  refuses '--no\x0ane' '--no
ne'
  mkdir "$files/two
lines"
  runs_well "$files/two
lines"
  grep -qF 'two\x0alines' "$scratch/out" || fail 'the path is not on one line'
}

samples() {
  many_words
  runs_well --limit 1M --sample "$scratch/samples.csv" "$files"
  local name peak=0 row
  for name in $(figures allocator); do
    grep -qE "^[0-9]+\.[0-9]{6},0,[0-9]+,1048576,[0-9]*,[0-9]*,\"${name%%-*}\"" \
      "$scratch/samples.csv" || fail "no sample of $name with nothing in use, at its end"
  done
  [ "$(head -n 1 "$scratch/samples.csv" | cut -d , -f 1,7)" = $'time_seconds,tracker\r' ] ||
    fail 'no titles'
  while IFS=, read -r _ row _; do
    [ "$row" -le 1048576 ] || fail "a sample above the limit: $row"
    [ "$row" -le "$peak" ] || peak=$row
  done < <(tail -n +2 "$scratch/samples.csv")
  [ "$peak" -gt 0 ] || fail 'nothing was ever in use'
}

samples_without_a_place() {
  refuses "\"$scratch/none/samples\" (No such file" --sample "$scratch/none/samples" "$files"
  refuses '""' --sample '' "$files"
  refuses --sample "$files" --sample
  run --sample /dev/full "$files"
  [ "$status" = 1 ] || fail "status $status for a full device"
  [ "$(cat "$scratch/err")" = 'word_index: cannot write all of "/dev/full"' ] || fail stderr
}

fails_to_write() {  # arguments...
  [ "$status" = 1 ] || fail "status $status instead of 1 for: $*"
  [ "$(cat "$scratch/err")" = 'word_index: cannot write the output' ] || fail "stderr for: $*"
}

lost_output() {
  : >"$scratch/out"
  local arguments
  for arguments in "$files" --help; do
    status=0
    "$program" "$arguments" >/dev/full 2>"$scratch/err" || status=$?
    fails_to_write "$arguments into a full device"
    status=0
    "$program" "$arguments" >&- 2>"$scratch/err" || status=$?
    fails_to_write "$arguments with stdout closed"
  done
}

# A file that cannot be written ends the trace and not the demo.
traces() {
  many_words
  ZPMR_TRACE=$scratch/trace runs_well "$files"
  [ "$(head -c 7 "$scratch/trace")" = zpmrtrc ] || fail 'no trace'
  [ "$(stat -c %s "$scratch/trace")" -gt 100000 ] || fail 'too small for a trace'
  ZPMR_TRACE=/dev/full run "$files"
  [ "$status" = 0 ] || fail "status $status"
  [ "$(wc -l <"$scratch/err")" = 1 ] || fail 'not one line on stderr'
  grep -qF 'record a trace into "/dev/full"' "$scratch/err" || fail '/dev/full is not named'
}

help() {
  run --help
  [ "$status" = 0 ] || fail "status $status"
  grep -q -- '--limit' "$scratch/out" || fail 'no --limit in the help'
  grep -q -- '--sample' "$scratch/out" || fail 'no --sample in the help'
  grep -q -- '--allocator' "$scratch/out" || fail 'no --allocator in the help'
}

progress_on_terminals_only() {
  many_words
  runs_well "$files"
  ! grep -q $'[\r\e]' "$scratch/out" || fail 'piped output has control characters'
  script -qec "'$program' '$files'" /dev/null >"$scratch/out" </dev/null
  grep -q $'\r.*file 20 of 20.*\e\\[K' "$scratch/out" || fail 'no progress on a terminal'
}

"$2"
