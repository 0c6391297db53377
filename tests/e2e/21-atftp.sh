#!/bin/sh
# The client with every option: blksize, tsize, timeout, windowsize. What the server
# acknowledges must be what it does; atftp gives up when it is not.
. "$(dirname "$0")/lib.sh"
need atftp
ns_make
make_files
start_tftp

fetch() {
	in_cli timeout 4 atftp --option "blksize $blksize" --option "windowsize $window" \
		--option "tsize" --option "timeout 2" -g -r "$1" -l "$2" $IP 69
}
put() { in_cli timeout 4 atftp -p -l "$1" -r "${1##*/}" $IP 69; }
for blksize in 512 1428; do
	for window in 1 16; do
		say "blksize $blksize windowsize $window"
		check_fetches
	done
done
check_refusals

# What the server said to one such request, as atftp shows it.
in_cli timeout 4 atftp --trace --option "blksize 1428" --option "windowsize 16" --option tsize \
	--option "timeout 2" -g -r Size-513.bin -l "$T/out" $IP 69 >"$T/trace" 2>&1
oack=$(grep -i 'received OACK' "$T/trace") || fail "no OACK: $(cat "$T/trace")"
for part in 'blksize: 1428' 'windowsize: 16' 'tsize: 513' 'timeout: 2'; do
	case $oack in *"$part"*) ;; *) fail "no $part in: $oack" ;; esac
done
stop_daemon
