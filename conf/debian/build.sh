#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh VERSION B: the Debian package, from a copy of the tree below B, into B.
# Objects in B that are up to date are used (REFLASHD_B=build compiles all of it anew).
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)
version=$1
mkdir -p "$2"
b=$(cd "$2" && pwd)
for tool in dpkg-buildpackage dh; do
	command -v $tool >/dev/null || { echo "make deb needs $tool: sudo apt-get install dpkg-dev debhelper" >&2; exit 1; }
done
work=$b/deb
tree=$work/reflashd-$version
rm -rf "$work"
mkdir -p "$tree"
cp -pR Makefile LICENSE README.md conf src include firmware "$tree"
rm -rf "$tree"/firmware/*/ # what a user may have put there
mkdir -p "$tree/tests/support"
cp -pR conf/debian "$tree/debian"
rm "$tree/debian/build.sh"
cd "$tree/debian"
cp ../conf/reflashd.service reflashd.service
sed -f ../conf/instance.sed reflashd.service >reflashd@.service
cp ../conf/reflashd.sysusers reflashd.sysusers
needs=$(sed -n "s/^build='\(.*\)'/\1/p" "$root/tests/deps.sh" | tr ' ' '\n' | grep -vxE 'make|gcc|libc6-dev|iproute2|util-linux' | paste -sd , | sed 's/,/, /g')
sed -i "s/@BUILD@/$needs/" control
sed 1,4d ../LICENSE | sed 's/^$/./; s/^/ /' >license
sed -i -e '/@LICENSE@/{r license' -e 'd}' -e "s/@COPYRIGHT@/$(sed -n 's/^Copyright (c) //p' ../LICENSE)/" copyright
rm license
# The changelog of releases is the repository's; a package says which one it is.
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
cat >changelog <<END
reflashd ($version) unstable; urgency=medium

  * Built from the tree of reflashd $version by make deb.

 -- $(sed -n 's/^Maintainer: //p' control)  $(date -R -u -d "@$epoch")
END
mkdir -p source
echo '3.0 (native)' >source/format
cd ..
REFLASHD_B=${REFLASHD_B:-$b} dpkg-buildpackage -b -us -uc -d >"$work/build.log" 2>&1 ||
	{ tail -n 30 "$work/build.log" >&2; exit 1; }
mv "$work"/reflashd_"$version"_*.deb "$b"
echo "$b/reflashd_${version}_$(dpkg --print-architecture).deb"
