#!/bin/sh
# The classic client: 512-byte blocks without options, as the old phones fetch. One file is
# longer than 65536 blocks, so the block number wraps to 0 in the middle of it.
. "$(dirname "$0")/lib.sh"
need tftp
tftp -V 2>&1 | grep -q tftp-hpa || skip "tftp is not tftp-hpa"
ns_make
make_files
head -c 41943040 /dev/urandom >"$FILES/Wrap.bin"
start_tftp

limit=4
fetch() { in_cli timeout $limit tftp -m binary $IP -c get "$1" "$2"; }
put() { in_cli timeout $limit tftp -m binary $IP -c put "$1" "${1##*/}"; }
check_fetches
check_refusals
limit=60
check_fetch Wrap.bin Wrap.bin
wait_event tftp.complete 'Wrap.bin.*41943040|41943040.*Wrap.bin' >/dev/null
stop_daemon
