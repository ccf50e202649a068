#!/bin/bash
# SPDX-License-Identifier: MIT
#
# pkg_config_test.sh PREFIX static|shared: programs are built by hand with the zpmr that is installed in
# PREFIX, by $CXX and $CC, and run.

set -euo pipefail
command -v pkg-config >/dev/null || { echo "pkg-config is not installed" >&2; exit 77; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
cp "$here/consumer.cpp" app.cpp
cp "$here/zmalloc_consumer.c" app.c

libraries=$(find "$prefix" -name zpmr.pc -printf '%h/..')
export PKG_CONFIG_PATH=$libraries/pkgconfig
if [ "$2" = shared ]; then
  $CXX -std=c++20 app.cpp $(pkg-config --cflags --libs zpmr) -o app
  $CC app.c $(pkg-config --cflags --libs zpmr-zmalloc) -o c_app
  export LD_LIBRARY_PATH=$libraries
else
  $CXX -std=c++20 app.cpp $(pkg-config --static --cflags --libs zpmr) -o app
  $CC app.c $(pkg-config --static --cflags --libs zpmr-zmalloc) -o c_app
fi
./app
./c_app

# Those with needs of their own, where they were built.
[ "$2" = shared ] || static=--static
for module in prometheus diagnostics; do
  [ -e "$PKG_CONFIG_PATH/zpmr-$module.pc" ] || continue
  $CXX -std=c++20 "$here/${module}_consumer.cpp" \
    $(pkg-config ${static-} --cflags --libs "zpmr-$module") -o "$module"
  "./$module"
done

[ "$(pkg-config --modversion zpmr)" = "$(./app --version)" ] ||
  { echo "zpmr.pc tells another version than zpmr/config.hpp" >&2; exit 1; }
