#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tuning_tcmalloc_test.sh PROGRAM: tcmalloc's variables do what docs/tuning.md says. PROGRAM is
# tuned_tcmalloc.

set -euo pipefail
program=$1
status=0

expect() {  # what it must say, variables...
  local said
  said=$(env "${@:2}" "$program" 2>/dev/null)
  [[ " $said " == *" $1 "* ]] || { echo "${*:2}: it says \"$said\", not $1" >&2; status=1; }
}

expect 'release_rate=1 given_back=no 64_MiB=yes' NOTHING=set
expect 'release_rate=10' TCMALLOC_RELEASE_RATE=10
expect 'release_rate=0' TCMALLOC_RELEASE_RATE=0
expect 'release_rate=0' TCMALLOC_RELEASE_RATE=soon
expect 'given_back=yes' TCMALLOC_AGGRESSIVE_DECOMMIT=true
expect '64_MiB=no' TCMALLOC_HEAP_LIMIT_MB=32
expect 'given_back_when_asked=yes transfer=32' NOTHING=set
expect 'given_back_when_asked=no' TCMALLOC_DISABLE_MEMORY_RELEASE=true
expect 'transfer=8' TCMALLOC_TRANSFER_NUM_OBJ=8
expect 'transfer=64' TCMALLOC_TRANSFER_NUM_OBJ=64
exit $status
