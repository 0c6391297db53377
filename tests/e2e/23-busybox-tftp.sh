#!/bin/sh
# The smallest client: without options, and with blksize and tsize.
. "$(dirname "$0")/lib.sh"
need busybox
busybox tftp 2>&1 | grep -q 'not found' && skip "this busybox has no tftp"
ns_make
make_files
start_tftp

fetch() { in_cli timeout 4 busybox tftp -g -b "$blksize" -r "$1" -l "$2" $IP; }
put() { in_cli timeout 4 busybox tftp -p -l "$1" -r "${1##*/}" $IP; }
for blksize in 512 1428; do
	say "blksize $blksize"
	check_fetches
done
check_refusals
stop_daemon
