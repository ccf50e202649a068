#!/bin/bash
# SPDX-License-Identifier: MIT
#
# plot_samples_test.sh PLOT: what is drawn of good samples, and what is said of bad ones.

set -euo pipefail
plot=$(realpath "$1")
if ! command -v gnuplot >/dev/null; then
  echo 'SKIPPED: gnuplot is not installed'
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
samples=limit=8M.csv  # awk may take it for an assignment
picture=limit=8M.svg
titles=time_seconds,in_use_bytes,peak_bytes,limit_bytes,allocator_resident_bytes
titles+=,process_resident_bytes,tracker

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# write LINE...: makes the file of samples, with the titles.
write() {
  printf '%s\r\n' "$titles" "$@" >"$samples"
}

draws() {
  rm -f "$picture"
  [ "$("$plot" "$samples" 2>"$scratch/err")" = "$picture" ] || fail "not drawn: $(cat "$scratch/err")"
  [ ! -s "$scratch/err" ] || fail "drawn, but: $(cat "$scratch/err")"
  tail -n 2 "$picture" | grep -q '</svg>' || fail 'the picture has no end'
}

shows() {
  grep -qF -- "$1" "$picture" || fail "the picture does not show $1"
}

does_not_show() {
  ! grep -qF -- "$1" "$picture" || fail "the picture shows $1"
}

refuses() {  # what the message must say
  rm -f "$picture"
  ! "$plot" "$samples" >"$scratch/out" 2>"$scratch/err" || fail "drawn, but it should say: $1"
  grep -qF -- "$samples" "$scratch/err" || fail "the message does not name the file: $1"
  grep -qF -- "$1" "$scratch/err" || fail "the message is not: $1, but $(cat "$scratch/err")"
  [ ! -e "$picture" ] || fail "a picture, although: $1"
}

write '10.5,1048576,2,4194304,3000000,5000000,"one"' '11.0,2097152,2,4194304,3000000,5000000,"one"' \
  '12.5,3145728,2,4194304,,5000000,"two"' '13.0,0,2,4194304,,,"two"'
draws
for each in 'in use' limit 'allocator resident' 'process resident' one two '>4 MiB<' seconds; do
  shows "$each"
done
grep -q '>[[:space:]]*2.5<' "$picture" || fail 'the time does not start at 0'

write '1,0,0,,,,"a"' '2,0,0,,,,"a"'
draws
does_not_show limit
does_not_show resident

panels() {
  grep -c '<text>0 B</text>' "$picture"
}

write '1,5,5,,,,"first"' '2,5,5,,,,"first"' '2,5,5,,,,"second"' '3,5,5,,,,"second"'
draws
[ "$(panels)" = 1 ] || fail 'trackers that follow each other do not share a panel'

# Trackers of the same time: one after the other, as two samplers write, or mixed.
lines=('5,5,5,,,,"late"' '7,6,6,9,,,"late"' '4.5,5,5,,,,"early"' '6,5,5,,,,"early"')
for order in '0 1 2 3' '0 2 1 3' '2 0 3 1'; do
  read -ra at <<<"$order"
  write "${lines[at[0]]}" "${lines[at[1]]}" "${lines[at[2]]}" "${lines[at[3]]}"
  draws
  [ "$(panels)" = 2 ] || fail 'trackers of the same time do not have a panel each'
  shows '>late<'
  shows '>early<'
  grep -q '>[[:space:]]*2.5<' "$picture" || fail 'the time does not start at the earliest sample'
done

# A name may hold anything.
write $'1,5,5,,,,"quoted ""q"" \'s <&> \\, and\nnext"' '2,5,5,,,,"$(false) `false` %s"'
draws
grep -qE 'quoted (&quot;|")q(&quot;|") .s &lt;&amp;(&gt;|>)' "$picture" || fail 'a name is not shown as it is'
shows '$(false) `false` %s'
write "1,5,5,,,,\"it''s ''' here'\"" "2,5,5,,,,\"''\""
draws
shows ">it''s ''' here'<"
shows ">''<"
write $'1,5,5,,,,"\xef\xbf\xbf"'
draws
! grep -q $'\xef\xbf\xbf' "$picture" || fail 'what XML does not take is in the picture'

: >"$samples" && refuses 'line 1 is missing'
echo nonsense >"$samples" && refuses 'line 1 is not the line of titles'
write && refuses 'no sample'
write '1,5,5,,,,"a"' '2,five,5,,,,"a"' && refuses 'line 3 is not a sample'
write '1,5,5,,,,"a"' '2,5,5,,,"a"' && refuses 'line 3 is not a sample'
write '1,-5,5,,,,"a"' && refuses 'line 2 is not a sample'
write '1,5,5,,,,"a' && refuses 'not closed'
write '1,5,5,,,,"a"' '3,5,5,,,,"a"' '2,5,5,,,,"b"' '2,5,5,,,,"a"' &&
  refuses 'line 5 is earlier than the sample of "a" before it'
write $'1,5,5,,,,"a\xffb"' && refuses 'is not UTF-8'
rm "$samples" && refuses 'there is no file'

# What was drawn before stays when drawing fails.
write '1,5,5,,,,"a"'
draws
mkdir "$scratch/bin"
printf '#!/bin/sh\necho half; exit 1\n' >"$scratch/bin/gnuplot"
chmod +x "$scratch/bin/gnuplot"
! PATH=$scratch/bin:$PATH "$plot" "$samples" >"$scratch/out" 2>"$scratch/err" ||
  fail 'drawn without gnuplot'
grep -qF 'gnuplot could not draw' "$scratch/err" || fail 'the message does not name gnuplot'
tail -n 2 "$picture" | grep -q '</svg>' || fail 'the earlier picture is gone'
[ ! -e "$picture.part" ] || fail 'half a picture is left'
rm "$picture"

write '1,5,5,,,,"a"' && mkdir "$picture"
! "$plot" "$samples" 2>"$scratch/err" || fail 'written over a directory'
grep -qF "\"$picture\" cannot be written" "$scratch/err" || fail 'the message does not name the picture'
