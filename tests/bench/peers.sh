#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches the peers of make bench that would be in the way as installed packages, or of which there
# is none: into build/bench/peers, and nowhere else. Nothing is installed and nothing is started
# (Debian starts a server as soon as it is installed, and a DHCP server nobody asked for is a nuisance).
#
#   busybox     tftpd and udpsvd, which Debian's own busybox lacks, built from Debian's source
#   dhcpd       ISC's, from the package isc-dhcp-server
#   atftpd      from the package atftpd, and in.tftpd from tftpd-hpa: they exclude one another
#   rs-tftpd    from crates.io, where there is a cargo
#
# Kea's libraries are many: make bench takes it when kea-dhcp4-server is installed.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/bench/peers
P=$PWD/build/bench/peers
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
trap 'exit 130' INT TERM HUP

say() { printf '%s\n' "$*"; }
# try NAME COMMAND: one that cannot be had is only left out.
try() {
	name=$1
	shift
	if [ -x "$P/$name" ]; then
		say "  $name is there"
	elif "$@" >"$W/log" 2>&1 && [ -x "$P/$name" ]; then
		say "  $name"
	else
		say "  $name cannot be had here: $(tail -n 1 "$W/log")"
	fi
}

# An apt with lists of its own, for the source packages that most machines do not list.
apt_here() {
	apt-get -o Dir::Etc::SourceList="$W/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$W/lists" -o Dir::Cache="$W/cache" -o APT::Sandbox::User= "$@"
}
build_busybox() {
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	echo "deb-src http://deb.debian.org/debian $release main" >"$W/sources.list"
	mkdir -p "$W/lists/partial" "$W/cache/archives/partial" "$W/busybox"
	(cd "$W" && apt_here update -o APT::Update::Error-Mode=any && apt_here source --download-only busybox) || return
	tar -xf "$W"/busybox_*.orig.tar.* -C "$W/busybox" --strip-components=1
	cd "$W/busybox"
	make allnoconfig
	for applet in BUSYBOX UDPSVD TFTP TFTPD FEATURE_TFTP_GET FEATURE_TFTP_PUT FEATURE_TFTP_BLOCKSIZE; do
		sed -i "s/^# CONFIG_$applet is not set/CONFIG_$applet=y/" .config
	done
	yes '' 2>/dev/null | make oldconfig
	make busybox
	cp busybox "$P/busybox"
}

# unpack PACKAGE PATH: one program out of it
unpack() {
	(cd "$W" && apt-get -o APT::Sandbox::User= download "$1") || return
	dpkg-deb -x "$W/$1"_*.deb "$W/$1"
	cp "$W/$1/$2" "$P/"
	missing=$(ldd "$P/${2##*/}" | sed -n 's/ => not found//p')
	[ -z "$missing" ] || { rm "$P/${2##*/}" && echo "these libraries are missing:" "$missing" && return 1; }
}

build_rs() {
	cargo install --root "$W/rs" --version 1.0.0 tftpd && cp "$W/rs/bin/tftpd" "$P/rs-tftpd"
}

have() { command -v "$1" >/dev/null 2>&1; }
have apt-get && have dpkg-deb || { say "This needs Debian's apt-get and dpkg-deb."; exit 1; }
say "Into build/bench/peers:"
try busybox build_busybox
try dhcpd unpack isc-dhcp-server usr/sbin/dhcpd
try atftpd unpack atftpd usr/sbin/atftpd
try in.tftpd unpack tftpd-hpa usr/sbin/in.tftpd
if have cargo; then try rs-tftpd build_rs; else say "  rs-tftpd needs cargo"; fi
