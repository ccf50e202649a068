#!/bin/bash
# SPDX-License-Identifier: MIT
#
# packages_installed_test.sh DEBS: the Debian packages in that directory are installed by dpkg, used as any other of
# the system's, and removed, and then nothing is left of them. All that happens on a copy-on-write view of
# the file system that only this process sees, so it needs root, and takes it no further.

set -euo pipefail
debs=$(realpath "$1")
consumers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() {
  echo "skipped: $*" >&2
  exit 77
}

if [ "${2-}" != inside ]; then
  ((EUID == 0)) || skip "only root can install packages"
  unshare --mount true 2>/dev/null || skip "this container gives no view of the file system"
  view=$(mktemp -d)
  trap 'rmdir "$view"' EXIT
  status=0
  unshare --mount -- bash -euc '
    mount -t tmpfs none "$1" || exit 78
    mkdir "$1"/changes "$1"/work "$1"/root
    mount -t overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" overlay "$1"/root || exit 78
    for place in /dev /proc; do mount --rbind $place "$1"/root$place || exit 78; done
    mkdir "$1"/root/tmp/debs "$1"/root/tmp/consumers
    cp "$2"/*.deb "$1"/root/tmp/debs
    cp "$4"/*.c "$4"/*.cpp "$4"/*.sh "$1"/root/tmp/consumers
    cp -r "$4"/find_package "$1"/root/tmp/consumers
    cp "$3" "$1"/root/tmp/test.sh
    exec chroot "$1"/root bash /tmp/test.sh /tmp/debs inside' \
    bash "$view" "$debs" "${BASH_SOURCE[0]}" "$consumers" || status=$?
  [ $status != 78 ] || skip "this container gives no view of the file system"
  exit $status
fi

cd /tmp
export LC_ALL=C
traces_of_zpmr() {
  find /etc /usr /var -xdev -iname '*zpmr*' | sort
}
traces_of_zpmr >before

for deb in debs/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's,^\./,/,; /[^/]$/p'
done >files
packages=$(cd debs && printf '%s\n' *.deb | cut -d_ -f1)
dpkg --install debs/*.deb  # which refuses where a dependency is missing
dpkg --verify $packages
/sbin/ldconfig -p | grep -q 'libzpmr\.so\.0\.1 .*=> /'

# By pkg-config and CMake, with no word of where it is; and the tool.
cp consumers/consumer.cpp app.cpp
cp consumers/zmalloc_consumer.c app.c
c++ -std=c++20 app.cpp $(pkg-config --cflags --libs zpmr) -o app
cc app.c $(pkg-config --cflags --libs zpmr-zmalloc) -o c_app
./app
./c_app
cmake -S consumers/find_package -B build
cmake --build build --parallel 2
build/app
zpmr-compare --help | grep -q TRACE
readelf -d app | grep -q 'NEEDED.*libzpmr.so'
if gdb --batch -nx -ex 'python print(1)' 2>&1 | grep -qx 1; then  # where there is one, with Python
  gdb --batch -nx -ex 'info pretty-printer global zpmr' "$(readlink -f /usr/lib/*/libzpmr.so)" |
    grep -q memory_tracker
fi

dpkg --purge $packages
while read -r file; do
  [ ! -e "$file" ] || { echo "$file is left" >&2; exit 1; }
done <files
traces_of_zpmr >after
diff before after
echo "Nothing is left."
