# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# Which packages of Debian's each command of ./dev needs, and how they get here. A part of ./dev.

packages=(g++ cmake ninja-build make libjemalloc-dev libgoogle-perftools-dev libboost-test-dev
          libcli11-dev libboost-stacktrace-dev nlohmann-json3-dev prometheus-cpp-dev relacy-dev
          libmimalloc2.0 patch zlib1g-dev)
bench_packages=(libbenchmark-dev libboost-dev valgrind gnuplot-nox
                libtbb-dev libmimalloc-dev libfoonathan-memory-dev)
package_packages=(dpkg-dev file help2man)
fuzz_packages=(clang-19 libclang-rt-19-dev)

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi
}

install_packages() {
  local missing=() package by_hand
  open_log
  command -v dpkg-query >/dev/null || fail "this is not Debian: install g++, cmake and ninja," \
    "jemalloc, gperftools, Boost.Test and CLI11, and run: cmake --workflow --preset release"
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  by_hand="Check the network, or install by hand: ${missing[*]}"
  ((EUID == 0)) || command -v sudo >/dev/null ||
    fail "packages are missing, and there is neither root nor sudo to install them." \
      "Have root run: apt-get install --no-install-recommends ${missing[*]}"
  step "updating the package lists" "$by_hand" as_root apt-get update
  step "installing ${missing[*]}" "$by_hand" \
    as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
}

# unpack <directory> <package...>: packages that must not be installed, below build/<directory>.
unpack() {
  local there=build/$1 package by_hand="Check the network, or install by hand: ${*:2}"
  [[ ! -d $there/usr ]] || return 0
  rm -rf "$there" "$there.part"
  mkdir -p "$there.part"
  step "updating the package lists" "$by_hand" as_root apt-get update
  step "fetching ${*:2}" "$by_hand" env --chdir="$there.part" apt-get download "${@:2}"
  for package in "$there.part"/*.deb; do
    step "unpacking ${package##*/}" "Try again." dpkg -x "$package" "$there.part"
  done
  rm "$there.part"/*.deb
  mv "$there.part" "$there"
}

# A Prometheus server for the tests. Its package would start it, now and with every boot.
unpack_prometheus() {
  command -v prometheus >/dev/null || unpack prometheus prometheus
}

# clang's own standard library. Its packages would remove libunwind-dev.
unpack_libcxx() {
  unpack libc++ libc++-19-dev libc++1-19 libc++abi-19-dev libc++abi1-19 libunwind-19-dev libunwind-19
}
