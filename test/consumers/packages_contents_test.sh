#!/bin/bash
# SPDX-License-Identifier: MIT
#
# packages_contents_test.sh DEBS ABI: what is in the Debian packages, and what they need.

set -euo pipefail
cd "$1"
abi=$2
status=0

fail() {
  printf '%s\n' "$*" >&2
  status=1
}

# field <package> <name>
field() {
  dpkg-deb --field "$1"_*.deb "$2"
}

expect() {  # package, field, what must be a part of it
  [[ $(field "$1" "$2") == *"$3"* ]] || fail "$1: $2 does not say $3, but: $(field "$1" "$2")"
}

contains() {  # package, file
  grep -qE " \./$2( -> .*)?\$" <<<"$(dpkg-deb --contents "$1"_*.deb)" || fail "$1 has no $2"
}

version=$(field "libzpmr$abi" Version)
expect "libzpmr$abi" Depends 'libstdc++6 ('
expect libzpmr-dev Depends "libzpmr$abi (= $version)"
expect zpmr-tools Depends "libzpmr$abi (= $version)"
expect zpmr-tools Recommends gnuplot-nox
contains "libzpmr$abi" "usr/lib/[^/]*/libzpmr.so.$abi"
contains "libzpmr$abi" "usr/lib/[^/]*/libzpmr_zmalloc.so.$abi"
contains libzpmr-dev 'usr/lib/[^/]*/libzpmr.so'
contains libzpmr-dev 'usr/include/zpmr/zpmr.hpp'
contains libzpmr-dev 'usr/lib/[^/]*/pkgconfig/zpmr.pc'
contains libzpmr-dev 'usr/lib/[^/]*/cmake/zpmr/zpmr-config.cmake'
contains libzpmr-dev "usr/share/gdb/auto-load/usr/lib/[^/]*/libzpmr.so.$abi.[0-9]*-gdb.py"
contains zpmr-tools usr/bin/zpmr-compare
contains zpmr-tools 'usr/share/man/man1/zpmr-compare.1.gz'

for deb in *.deb; do
  package=${deb%%_*}
  contains "$package" "usr/share/doc/$package/copyright"
  expect "$package" Description ' '
  expect "$package" Maintainer "A Packager <packager@example.org>"
  [[ $package == libzpmr-dev || -z $(dpkg-deb --contents "$deb" | grep -E '\.(hpp|h|cmake|pc)$' | grep -v tools) ]] ||
    fail "$package has what belongs into libzpmr-dev"
  if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error "$deb" || fail "$package: see lintian's errors"
  fi
done
exit $status
