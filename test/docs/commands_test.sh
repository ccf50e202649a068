#!/bin/bash
# SPDX-License-Identifier: MIT
#
# commands_test.sh ROOT BUILD: every command in a block "sh" of a page works. It is a line of a script that
# the tests run, or it is exempt, or it is run in a view of the repository in which BUILD stands for the build
# of each preset. cmake and ctest only say there whether they know their presets, options, targets and tests.

set -euo pipefail
source "$(dirname "$0")/pages.sh"
command -v gnuplot >/dev/null || { echo "skipped: no gnuplot here" >&2; exit 77; }
root=$1
build=$2
view=$(mktemp -d)
trap 'rm -rf "$view"' EXIT
status=0

exempt=(
  'sudo *'                                 # changes the system
  'heaptrack *' 'zstdcat *'                # are of packages that nothing else here needs
  './dev soak *' './dev mutants' './dev coverage'   # take long: their parts have tests
  'build/fuzz/test/fuzz/fuzz_operations *' # takes an hour, and clang
)

is_exempt() {  # command
  local pattern
  for pattern in "${exempt[@]}"; do
    # shellcheck disable=SC2053  # a pattern it is
    [[ $1 != $pattern ]] || return 0
  done
  return 1
}

# Without indentation and comments.
bare() {
  sed -E 's/^[[:space:]]+//; s/(^|[[:space:]]+)#.*//; s/[[:space:]]+/ /g' "$@"
}

# commands_of <page>: one a line.
commands_of() {
  sed -n '/^```sh$/,/^```$/{/^```/d; p}' "$1" | sed -E ':join; /\\$/{N; s/\\\n//; b join}' |
    bare | grep . || true
}

add_program() {  # file, of lines on stdin
  { echo '#!/bin/bash' && cat; } >"$view/$1"
  chmod +x "$view/$1"
}

make_view() {
  local preset
  mkdir -p "$view/bin" "$view/build"
  find "$root" -mindepth 1 -maxdepth 1 -not -name build -not -name .git -exec ln -s -t "$view" {} +
  grep -oP '"name": "\K[a-z]+' "$root/CMakePresets.json" | sort -u >"$view/presets"
  while read -r preset; do
    ln -s "$build" "$view/build/$preset"
  done <"$view/presets"
  cmake --build "$build" --target help | sed -E 's/^\.\.\. //; s/[: ].*//' >"$view/targets"
  sed -nE 's/^(\w+):.*/\1/p' "$build/CMakeCache.txt" >"$view/options"

  # With these ./dev installs and unpacks nothing.
  add_program bin/dpkg-query <<<'echo installed'
  add_program bin/prometheus <<<:
  add_program bin/cmake <<'TEXT'
    check() {  # what, name, file of those that there are
      grep -qxF -- "$2" "$3" || { echo "no $1 $2" >&2; exit 1; }
    }
    while (($#)); do
      case $1 in
        --preset) check preset "$2" presets ;;
        --target) check target "$2" targets ;;
        -D?*) name=${1#-D} && check option "${name%%=*}" options ;;
      esac
      shift
    done
TEXT
  add_program bin/ctest <<TEXT
    $(command -v ctest) -N "\$@" | grep 'Total Tests: [1-9]'
TEXT
  # What the pages presuppose: a program of one's own, and traces of it.
  add_program program <<<"exec '$build/examples/word_index' '$root/docs'"
  cp "$root/tools/traces/larson.trace" "$view/program.trace"
  cp "$root/tools/traces/string-cache.heaptrack" "$view/git.heaptrack"
}

make_view
cd "$view"
export PATH=$view/bin:$PATH
mapfile -t scripts < <(find "$root/test" "$root/.ci" -type f -name '*_test.sh' -o -path '*/.ci/run')
tested=$(bare "${scripts[@]}")
count=0
while read -r page; do
  while read -r command; do
    count=$((count + 1))
    ! is_exempt "$command" || continue
    ! grep -qxF -- "$command" <<<"$tested" || continue
    echo "$page: $command"
    bash -euo pipefail -c "$command" >output 2>&1 </dev/null && continue
    cat output
    echo "$page: FAILED: $command"
    status=1
  done < <(commands_of "$root/$page")
done < <(cd "$root" && pages)
((count > 0)) || { echo "no page has a command"; status=1; }
exit $status
