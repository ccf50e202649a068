#!/bin/bash
# SPDX-License-Identifier: MIT
#
# links_test.sh ROOT: every link of every page that stays within the repository leads somewhere, to a
# heading too; and each example and each page is in the list of its kind.

set -euo pipefail
source "$(dirname "$0")/pages.sh"
cd "$1"
status=0

fail() {
  printf '%s\n' "$*" >&2
  status=1
}

# prose <page>: its lines outside of code.
prose() {
  awk '/^```/ { code = !code; next } !code' "$1"
}

# anchors <page>: of its headings, as the places that show Markdown make them.
anchors() {
  prose "$1" | sed -nE 's/^#+ +//p' | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

check_link() {  # page, target
  local file=${2%%#*} anchor=
  [[ $2 != *'#'* ]] || anchor=${2#*#}
  [[ -n $file ]] && file=$(dirname "$1")/$file || file=$1
  [[ -e $file ]] || fail "$1: there is no $2"
  [[ -z $anchor ]] || anchors "$file" | grep -qxF -- "$anchor" || fail "$1: no heading for $2"
}

while read -r page; do
  while read -r target; do
    [[ $target =~ ^(https?|mailto): ]] || check_link "$page" "$target"
  done < <(prose "$page" | grep -oP '\]\(\K[^) ]+' || true)
done < <(pages)

for example in examples/*.c examples/*.cpp; do
  grep -qF "](${example#*/})" examples/README.md || fail "examples/README.md does not name $example"
done
for page in docs/*.md; do
  grep -qF "]($page)" README.md || fail "README.md does not name $page"
done
exit $status
