#!/bin/sh
# Real clients at the end of a wire that loses, doubles and reorders frames, by
# dice that fall the same way in every run (tests/tools/wire.c): the shipped daemon serves
# them through it, to the last byte.
#
# What a client bears is its own affair, too. All four ask again when their request is lost (after
# 1 to 5 s), repeat the ACK of a block that came twice, and get through 10 % each way. By
# itself curl asks the server to wait 6 s before each repetition (RFC 2349): it gets what it asked
# for, only not today; as here, it does without options. busybox and atftp count silences: at 30 %
# they may give up by themselves, and so only phones are tried there (89-bad-wire-phones.sh).
. "$(dirname "$0")/lib.sh"

need busybox
ns_make
wire_make
head -c 100000 /dev/urandom >"$FILES/Large.bin"

has_tftp_hpa() { tftp -V 2>&1 | grep -q tftp-hpa; }
has_atftp() { command -v atftp >/dev/null; }
has_curl() { curl -V 2>/dev/null | grep -q '^Protocols:.*tftp'; }
has_busybox() { ! busybox tftp 2>&1 | grep -q 'not found'; }
get_tftp_hpa() { in_cli timeout 50 tftp -m binary $IP -c get "$1" "$2"; }
get_atftp() { in_cli timeout 50 atftp --option "blksize 1428" --option "windowsize 4" -g -r "$1" -l "$2" $IP 69; }
get_curl() { in_cli timeout 50 curl -sS -m 50 --tftp-no-options -o "$2" "tftp://$IP/$1"; }
get_busybox() { in_cli timeout 50 busybox tftp -g -r "$1" -l "$2" $IP; }

# The end of the transfer may be seen later than the client has its file: its last ACK may be lost.
# When it then closes its port while a whole window was on its way, it looks like one that hung up;
# in lock-step it must not.
served() { # CLIENT
	end='"tftp.complete"'
	[ "$1" != atftp ] || end="$end|\"hung-up\""
	grep -Ec "$end" "$EVENTS" || :
}
more_than() { [ "$(served "$2")" -gt "$1" ]; }

start_daemon --serve-incomplete --force
wire_start --delay 1 --seed 7 --loss 30 --dup 10
for n in 1 2 3 4 5 6; do
	ip -n "$CLI" link set eth0 address 00:1b:54:00:00:0$n
	# -A: it gives up an offer after three requests, and begins anew.
	in_cli timeout 60 busybox udhcpc -i eth0 -q -f -t 30 -T 1 -A 1 -s /bin/true >"$T/client.log" 2>&1 ||
		fail "udhcpc got no address: $(tail -n 3 "$T/client.log")"
done
wire_stop
[ "$(grep '"dhcp.ack"' "$EVENTS" | grep -o '"ip":"[^"]*"' | sort -u | wc -l)" = 6 ] ||
	fail "six clients have other than six addresses"
row "udhcpc, six in turn, 30 % lost, 10 % doubled each way" "an address each" "six; $WIRE_DID"
ip -n "$CLI" addr replace 10.77.0.99/24 dev eth0
for bad in '5 % lost:--loss 5' '10 % lost:--loss 10' \
	'5 % lost, 10 % doubled, 10 % reordered:--loss 5 --dup 10 --reorder 10'; do
	name=${bad%%:*}
	for client in tftp_hpa busybox atftp curl; do
		if ! has_$client; then
			row "$client, $name" "the whole file" "SKIPPED: not here"
			continue
		fi
		# shellcheck disable=SC2086 # words
		wire_start --delay 1 --seed 7 ${bad#*:}
		before=$(served $client)
		rm -f "$T/out"
		get_$client Large.bin "$T/out" >"$T/client.log" 2>&1 ||
			fail "$client, $name: $(tail -n 3 "$T/client.log")"
		cmp "$T/out" "$FILES/Large.bin" || fail "$client, $name: the file arrived damaged"
		wait_until 15 more_than "$before" $client || fail "$client, $name: the daemon saw no end"
		wire_stop
		row "$client, $name each way" "every byte" "every byte; $WIRE_DID"
	done
done
stop_daemon
