#!/bin/sh
# SPDX-License-Identifier: MIT
# The functional core knows no socket, no clock, no loop: checked by what its objects ask the
# linker for, not by a reviewer's memory.  purity.sh BUILDDIR
set -eu
code=0
sealed() { # HEADER-REGEX ALLOWED-FILE…: only these files may include that header
	header=$1
	shift
	for file in $(grep -rlE "#include *[<\"]$header" src include | sort); do
		case " $* " in
		*" $file "*) ;;
		*) echo "$file includes $header; only $* may"; code=1 ;;
		esac
	done
}
for file in $(grep -rlE '#include *[<"]uv\.h' src include); do
	case $file in
	src/daemon/*) ;;
	*) echo "$file includes uv.h outside src/daemon"; code=1 ;;
	esac
done
sealed 'libxml/' src/firmware/phone_config.c src/base/xml.c # xml.c: what strangers on the wire send, read without a tree
sealed 'ini\.h' src/base/ini.c
sealed 'openssl/' src/firmware/signature.c
# The stream; the board; check --json, which nests; what the daemon answers; what nft prints; doctor --json.
sealed 'jansson\.h' src/event/json.c src/event/board_json.c src/cli/check_json.c src/cli/cmd_ask.c src/network/firewall_nft.c src/cli/cmd_doctor.c
sealed 'zlib\.h' src/firmware/inner.c src/firmware/archive.c # archive.c: only the checksum, which libarchive does not compare
sealed 'libmnl/' src/daemon/link.c
sealed 'microhttpd\.h' src/daemon/web.c src/daemon/web_stream.c # the server; what an open page is told, piece by piece
sealed 'archive(_entry)?\.h>' src/firmware/archive.c
sealed 'dlfcn\.h' src/base/lib.c
# What another system would need anew: packet sockets, netlink, wireless, capabilities.
sealed '(linux|netpacket)/' src/daemon/added.c src/daemon/address_check.c src/daemon/candidates.c src/daemon/dhcp_port.c src/daemon/doctor_wire.c src/daemon/link.c src/daemon/pcap.c src/daemon/wire_port.c \
	src/daemon/confine.c src/daemon/rights.c src/daemon/tftp_lane.c # errqueue.h; Landlock, seccomp and capabilities are Linux by nature

# What core code may call outside itself. Anything with a socket, a file, a clock, a process or hidden state
# (getenv, time, rand, strtok, stdio streams) is missing from the list on purpose.
pure='mem(chr|cmp|cpy|move|set|mem)|str(chr|rchr|cmp|ncmp|len|nlen|spn|cspn|pbrk|str|toul|tol|toull)|v?snprintf|qsort|bsearch|gmtime_r'
memory='malloc|calloc|realloc|free|strdup|strndup|reallocarray'
compiler='__(stack_chk_fail|memcpy_chk|memmove_chk|memset_chk|v?snprintf_chk|strcpy_chk|strcat_chk|strncpy_chk|strncat_chk|ctype_b_loc|isoc23_.*)|_GLOBAL_OFFSET_TABLE_'
[ -s "$1/libreflashd.a" ] || { echo "there is no $1/libreflashd.a to look at"; exit 1; }
own=$(nm -g --defined-only "$1/libreflashd.a" 2>/dev/null | awk 'NF == 3 {print $3}' | sort -u)
for object in "$1"/src/*/*.o; do
	case $object in
	*/daemon/* | */cli/* | */man/*) continue ;; # man: a tool of the build
	*/base/base.o) allowed="$pure|fprintf|stderr|abort|__fprintf_chk" ;; # must() has to say what broke
	*/base/lib.o) allowed="$pure|dlopen|dlsym|dlerror|pthread_mutex_(un)?lock|fprintf|stderr|__fprintf_chk" ;; # loads the sealed libraries; says when it cannot
	*/base/ini.o) allowed="$pure|$memory|ini_.*" ;;
	*/event/json.o | */event/board_json.o) allowed="$pure|$memory|strftime|json_.*|jsonp_.*" ;;
	*/dhcp/lease_text.o) allowed="$pure|$memory" ;; # the saved table is as long as it is
	*/firmware/inner.o) allowed="$pure|inflate.*|crc32" ;;
	*/firmware/archive.o) allowed="$pure|$memory|crc32_z" ;; # the rest by the table of reflashd/lib.h, as with all that is loaded
	*/config/config_print.o) allowed="$pure|$memory|fprintf|fputs|fputc|putc|fwrite|__fprintf_chk" ;; # prints to the stream it is given
	*/config/*) allowed="$pure|$memory|open(64)?|read|close|fstat(64)?|fopen(64)?|fread|fclose|ferror|feof|fseek|ftell|access|__errno_location|strerror|__fread_chk|__read_chk|__open_2" ;; # reads its one file
	*/network/firewall_nft.o) allowed="$pure|$memory|json_.*" ;;
	*/network/*) allowed="$pure|$memory" ;; # a rule set is as long as it is
	*/firmware/* | */rehearsal/*) allowed="$pure|$memory" ;;
	*) allowed="$pure" ;;
	esac
	for symbol in $(nm -u "$object" | awk '{print $2}'); do
		printf '%s\n' "$symbol" | grep -qxE "$allowed|$compiler" && continue
		printf '%s\n' "$own" | grep -qxF "$symbol" && continue
		echo "$object calls $symbol, which the core must not"
		code=1
	done
done
exit $code
