#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what a purpose needs and nothing that is there already.
#   tests/deps.sh build|test|extra|fuzz|bench|check
# Debian and Ubuntu are done by apt-get (with sudo when not root); elsewhere the packages are named.
set -eu

build='make gcc libc6-dev pkg-config libuv1-dev libinih-dev libxml2-dev libssl-dev libjansson-dev libmnl-dev libarchive-dev zlib1g-dev libmicrohttpd-dev iproute2 util-linux'
test="$build clang libcmocka-dev libclang-rt-14-dev dnsmasq-base tftp-hpa atftp curl busybox udhcpc isc-dhcp-client dhcpcd-base ethtool procps python3 jq tcpdump nftables iptables"
# Large, or wanted by one test only, which says that it is skipped where these cannot be had.
extra='faketime chromium mandoc zsh systemd libseccomp2 debhelper dpkg-dev lintian cppcheck shellcheck valgrind'
check="$test $extra clang-tidy clang-tools gcc-s390x-linux-gnu gcc-i686-linux-gnu qemu-user-static"
fuzz="$build clang libclang-rt-14-dev llvm afl++"
bench="$build dnsmasq-base ethtool procps"

case ${1:-build} in
build) want=$build ;;
test) want=$test ;;
extra) want=$extra ;;
fuzz) want=$fuzz ;;
bench) want=$bench ;;
check) want=$check ;;
*) echo "usage: tests/deps.sh build|test|extra|fuzz|bench|check" >&2; exit 1 ;;
esac

if ! command -v apt-get >/dev/null; then
	# Nothing to install with: go on when the build would work, else say what is needed.
	if command -v cc >/dev/null && command -v pkg-config >/dev/null &&
		pkg-config --exists libuv inih libxml-2.0 libcrypto jansson libmnl libarchive zlib libmicrohttpd; then
		exit 0
	fi
	cat >&2 <<-EOF
	reflashd needs a C compiler, make, pkg-config and these libraries. Please install:
	  Fedora: sudo dnf install gcc make pkgconf libuv-devel inih-devel libxml2-devel openssl-devel jansson-devel libmnl-devel libarchive-devel zlib-devel libmicrohttpd-devel iproute
	  Arch:   sudo pacman -S base-devel libuv libinih libxml2 openssl jansson libmnl libarchive zlib libmicrohttpd iproute2
	  Alpine: sudo apk add build-base pkgconf libuv-dev inih-dev libxml2-dev openssl-dev jansson-dev libmnl-dev libarchive-dev zlib-dev libmicrohttpd-dev linux-headers iproute2
	EOF
	exit 1
fi

missing=
for package in $want; do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	*' installed') ;;
	*)
		# The clang runtime has the compiler's version in its name; take what this release has.
		if [ "$package" = libclang-rt-14-dev ] && ! apt-cache show "$package" >/dev/null 2>&1; then
			package=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1)
		fi
		missing="$missing $package"
		;;
	esac
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
	echo "These packages are missing and will be installed with sudo:$missing"
else
	echo "Installing what is missing:$missing"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # the list is a list
if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "The packages could not be installed; the reason stands above." >&2
	exit 1
fi
