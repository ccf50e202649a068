#!/bin/bash
# SPDX-License-Identifier: MIT
#
# exports_test.sh INCLUDE LIBRARY...: each shared library shows only names that stand in a public header,
# but for those that zpmr's other files of the same release call, and something at all.

set -euo pipefail
public=$(grep -rhoE '[A-Za-z_]+[A-Za-z_0-9]*' "$1" | sort -u)
own='add_up append buffered_line columns cut file_name next_line read_more rounded_size shortened take_until text_file
  three_digits
  zpmr_je_mallocx zpmr_je_rallocx zpmr_je_sallocx zpmr_je_xallocx zpmr_tc_block_size zpmr_tc_free
  zpmr_tc_free_sized zpmr_tc_malloc zpmr_tc_memalign'
status=0

for library in "${@:2}"; do
  names=$(nm -D --defined-only --demangle "$library" | cut -d' ' -f3-)
  [ -n "$names" ] || { echo "$library shows nothing" >&2; status=1; }
  # Names of functions without arguments and results, split at "::" and spaces.
  parts=$(sed -E 's/\[abi:[a-z0-9]+\]//; s/^.* for //; s/\(.*//; s/<.*>//' <<<"$names" |
    grep -oE '[A-Za-z_]+[A-Za-z_0-9]*' | sort -u)
  private=$(comm -23 <(echo "$parts") <(sort -u <(echo "$public") <(grep -o '[^ ]*' <<<"$own")))
  if [ -n "$private" ]; then
    echo "$library shows what is no name of a public header:" $private >&2
    status=1
  fi
  if grep -E '^(void )?(std|boost|prometheus)::' <<<"$names" >&2; then
    echo "$library shows names of others" >&2
    status=1
  fi
done
exit $status
