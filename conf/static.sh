#!/bin/sh
# SPDX-License-Identifier: MIT
# static.sh B: a reflashd that needs nothing of the system it runs on: B/reflashd-static.
#
# Debian has static libraries of libuv, inih, libcrypto, jansson and zlib. Of the others:
#
#     libmnl          none is packaged
#     libmicrohttpd   the packaged one wants GnuTLS, and that p11-kit, which has none
#     libarchive      the packaged one wants libacl, zstd, lz4, bzip2, lzma, nettle
#     libxml2         the packaged one wants ICU, 30 MB of tables
#
# so these four are compiled from Debian's own sources (apt-get source, with Debian's patches) without
# what reflashd does not use. libmnl and libmicrohttpd are LGPL 2.1: who gives the file on gives these
# sources or a way to get them, too. SOURCES=DIR names a folder where they are unpacked already.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1/static"
b=$(cd "$1" && pwd)
work=$b/static
out=$work/root
need() { command -v "$1" >/dev/null || { echo "make static needs $1: sudo apt-get install $2" >&2; exit 1; }; }
need dpkg-source dpkg-dev
need pkg-config pkg-config

# source NAME: where it is unpacked, fetched when it is not there.
sources=${SOURCES:-$work/sources}
fetch() {
	mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$sources"
	# shellcheck disable=SC1091
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	echo "deb-src http://deb.debian.org/debian $release main" >"$work/apt/sources.list"
	set -- "$1" -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root
	name=$1
	shift
	[ -n "$(find "$work/apt/lists" -name '*Sources*' | head -n 1)" ] || apt-get "$@" update -qq
	(cd "$sources" && apt-get "$@" source -qq --only-source "$name")
}
source_of() { find "$sources" -maxdepth 1 -type d -name "$1-*" | head -n 1; }

by_hand() {
	echo '#define HAVE_VISIBILITY_HIDDEN 1' >config.h
	mkdir -p "$out/lib" "$out/include" && cp -R "$src/include/libmnl" "$out/include" &&
		${CC:-cc} -std=gnu99 -O2 -fPIE -ffunction-sections -include config.h -I. -I"$src/include" -I"$src/src" -c "$src"/src/*.c &&
		ar rcs "$out/lib/libmnl.a" ./*.o
}
by_configure() {
	still="AUTOCONF=: AUTOMAKE=: ACLOCAL=: AUTOHEADER=: MAKEINFO=:" # patched, not to be made anew
	# shellcheck disable=SC2086 # words
	CFLAGS='-O2 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong' "$src/configure" \
		--prefix="$out" --disable-shared --enable-static --disable-dependency-tracking "$@" &&
		make -j"$(nproc)" $still && make $still install
}

# build NAME ARGS of configure: into $out; done once.
build() {
	name=$1
	shift
	[ ! -e "$work/$name.done" ] || return 0
	[ -n "$(source_of "$name")" ] || fetch "$name" >"$work/$name.log" 2>&1 || {
		tail -n 5 "$work/$name.log" >&2
		echo "The source of $name could not be fetched; unpack it below a folder and name that with SOURCES=" >&2
		exit 1
	}
	src=$(source_of "$name")
	echo "  STATIC  $name, from ${src##*/}"
	rm -rf "${work:?}/$name"
	mkdir -p "$work/$name"
	if [ "$name" = libmnl ]; then # four files; they need no configuration
		set -- by_hand
	else
		set -- by_configure "$@"
	fi
	(cd "$work/$name" && "$@") >"$work/$name.log" 2>&1 || {
		tail -n 20 "$work/$name.log" >&2
		exit 1
	}
	: >"$work/$name.done"
}

build libmnl
build libmicrohttpd --disable-https --disable-doc --disable-examples --disable-curl --disable-postprocessor \
	--disable-dauth --disable-bauth
build libxml2 --without-python --without-icu --without-iconv --without-lzma --without-zlib --without-http --without-ftp \
	--without-modules --without-debug --without-catalog --without-docbook --without-legacy
build libarchive --without-xml2 --without-expat --without-openssl --without-nettle --without-mbedtls --without-lzma \
	--without-zstd --without-lz4 --without-bz2lib --without-iconv --without-cng --disable-acl --disable-xattr \
	--disable-bsdtar --disable-bsdcat --disable-bsdcpio

# The program itself, with its own objects: the headers are those of what was built.
libs="$out/lib/libmicrohttpd.a $out/lib/libxml2.a $out/lib/libarchive.a $out/lib/libmnl.a"
make --no-print-directory B="$work/objects" CC="${CC:-cc}" \
	CFLAGS="-O2 -DLIBS_LINKED -ffunction-sections -fdata-sections" \
	PKG_CFLAGS="-I$out/include -I$out/include/libxml2" \
	LDFLAGS="-static-pie -Wl,--gc-sections -s" \
	PKG_LIBS="$libs $(pkg-config --variable=libdir libuv)/libuv_a.a -linih -ljansson -lcrypto -lz -lm -lpthread -ldl" \
	all 2>"$work/link.log" || { tail -n 20 "$work/link.log" >&2; exit 1; }
cp "$work/objects/reflashd" "$b/reflashd-static"
"$b/reflashd-static" version
echo "$b/reflashd-static: $(wc -c <"$b/reflashd-static") bytes"
