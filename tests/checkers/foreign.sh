#!/bin/sh
# SPDX-License-Identifier: MIT
# The core and its unit tests, built for another kind of machine and run: what is right only where
# an integer lies with its low octet first, or where size_t, off_t and time_t have 64 bits, shows here.
#   tests/checkers/foreign.sh s390x|i386     big-endian, 64 bits | little-endian, 32 bits
#
# The libraries of that machine come from Debian into a folder under build/, unpacked and never
# installed. Programs run by qemu where the kernel does not take them. Exit 77: not to be had here.
set -u
cd "$(dirname "$0")/../.." || exit
arch=${1:?s390x or i386}
case $arch in
s390x) tuple=s390x-linux-gnu ;;
i386) tuple=i686-linux-gnu ;;
*) echo "no machine called $arch here"; exit 1 ;;
esac
B=${B:-build/check}/$arch
root=$PWD/$B/root
libs='libuv1-dev libinih-dev libxml2-dev libssl-dev libjansson-dev libmnl-dev libarchive-dev zlib1g-dev libmicrohttpd-dev libcmocka-dev'
skip() { echo "SKIPPED $*"; exit 77; }

for tool in "$tuple-gcc" apt-get dpkg-deb pkg-config; do
	command -v "$tool" >/dev/null || skip "$tool is not installed; tests/deps.sh check installs it"
done

# An apt of its own: its lists and what it believes is installed (nothing) are files beside the root.
fetch() {
	apt=$PWD/$B/apt
	rm -rf "$root" "$apt"
	mkdir -p "$root" "$apt/lists/partial" "$apt/archives/partial" && : >"$apt/status"
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb [signed-by=$keys] ${MIRROR:-http://deb.debian.org/debian} $release main" >"$apt/sources"
	set -- -qq -o Dir::State="$apt" -o Dir::Cache="$apt" -o Dir::State::status="$apt/status" \
		-o Dir::Etc::SourceList="$apt/sources" -o Dir::Etc::SourceParts=- -o APT::Architecture="$arch" \
		-o APT::Architectures="$arch" -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" \
		-o Debug::NoLocking=1 -o Acquire::Retries=3
	# shellcheck disable=SC2086 # the list is a list
	apt-get "$@" update && apt-get "$@" install -y --no-install-recommends --download-only $libs || return
	for deb in "$apt"/archives/*.deb; do
		dpkg-deb -x "$deb" "$root" || return
	done
	rm -rf "$apt"
}
[ -e "$root/done" ] || { fetch && touch "$root/done"; } >"$B.log" 2>&1 ||
	{ tail -n 5 "$B.log"; skip "the libraries for $arch could not be fetched from Debian"; }

dirs=$(find "$root/usr/lib" "$root/usr/share" -type d -name pkgconfig | tr '\n' ':')
export PKG_CONFIG_LIBDIR="$dirs" PKG_CONFIG_SYSROOT_DIR="$root"
make --no-print-directory -s -k -j"$(nproc)" B="$B" CC="$tuple-gcc --sysroot=$root" CFLAGS='-O2 -g' units || exit 1

loader=$(find "$root/lib" "$root/lib64" "$root/usr/lib" -name 'ld*.so.[0-9]*' 2>/dev/null | head -n 1)
run="$loader --library-path $(find "$root/lib" "$root/usr/lib" -maxdepth 1 -name '*-linux-gnu' | tr '\n' ':')"
if ! $loader --version >/dev/null 2>&1; then # a kernel of 64 bits mostly takes programs of 32
	command -v "qemu-$arch-static" >/dev/null || skip "qemu-$arch-static is not installed; tests/deps.sh check installs it"
	run="qemu-$arch-static -L $root"
fi
export run B
rm -f "$B"/unit/*.counted
# A program that says nothing of its tests has not run them. What the sandbox asks of a kernel qemu has
# not got: those tests skip themselves and are named.
# shellcheck disable=SC2016 # the shells of xargs expand it
printf '%s\n' tests/unit/test_*.c | xargs -P "$(nproc)" -n 1 sh -c '
	name=$(basename "$1" .c) && log=$B/unit/$name.log
	if timeout 900 $run "$B/unit/$name" >"$log" 2>&1 && grep "\[  PASSED  \] [0-9]" "$log" >"$B/unit/$name.counted"; then
		sed -n "s/^\[  SKIPPED \] \([a-z_0-9]*\)$/skipped ${name#test_}:\1/p" "$log" | sort -u >>"$B/unit/$name.counted"
	else
		echo "$name:" && grep -v "^\[ RUN\|^\[       OK" "$log" | tail -n 20 && exit 1
	fi' one || exit 1
cat "$B"/unit/*.counted | awk -v arch="$arch" '$1 == "skipped" { not = not " " $2; next } { n += $4 }
	END { print n " tests ran on " arch (not ? "; skipped there:" not : ""); exit !n }'
