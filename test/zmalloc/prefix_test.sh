#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# prefix_test.sh NM ARCHIVE PREFIX: every C function that the archive defines has the prefix.
set -euo pipefail
functions=$("$1" --defined-only --extern-only "$2" | awk '$2 == "T" && $3 !~ /^_Z/ { print $3 }')
grep -q "^$3zmalloc$" <<<"$functions"
if without=$(grep -v "^$3" <<<"$functions"); then
  echo "without the prefix $3:" $without "(list them in zpmr/detail/zmalloc_names.h)" >&2
  exit 1
fi
