#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tuning_jemalloc_test.sh PAGE PROGRAM: jemalloc takes every recipe of the page, and its defaults are those
# that the page tells. PROGRAM is any that allocates.

set -euo pipefail
export ZPMR_MALLOC=jemalloc
status=0

fail() {
  printf '%s\n' "$*" >&2
  status=1
}

run() {  # settings
  ZPMR_JE_MALLOC_CONF=abort_conf:true,$1 "$program" 2>&1
}

program=$2
recipes=$(sed -nE 's/^ZPMR_JE_MALLOC_CONF=(\S+) .*/\1/p' "$1")
[[ -n $recipes ]] || fail "$1 has no recipe"
for recipe in $recipes; do
  run "$recipe" >/dev/null || fail "jemalloc does not take $recipe"
done
! run no_such_option:1 >/dev/null || fail "jemalloc takes anything, so this test tells nothing"

options=$(run stats_print:true)
rows=$(sed -nE '/^## jemalloc/,/^### /s/^\| `([a-z_]+)` \| `([^`]+)` \|.*/\1 \2/p' "$1")
[[ -n $rows ]] || fail "$1 tells no default"
while read -r option default; do
  [[ $option != stats_print ]] || continue  # which is on here
  grep -qE "^ *opt\.$option: $default( |\$)" <<<"$options" ||
    fail "the default is not $option:$default but$(grep -F "opt.$option:" <<<"$options")"
done <<<"$rows"
exit $status
