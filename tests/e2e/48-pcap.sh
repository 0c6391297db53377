#!/bin/sh
# SPDX-License-Identifier: MIT
# --pcap: the frames of both directions, in a file that tcpdump opens; a disk that is full ends the
# recording and not the service.
. "$(dirname "$0")/lib.sh"
need tcpdump tftp udhcpc
ns_make
make_files
ip -n "$CLI" addr add 10.77.0.99/24 dev eth0
start_daemon --serve-incomplete --pcap "$T/wire.pcap"
in_cli udhcpc -i eth0 -n -q -f -s /bin/true >"$T/client.log" 2>&1 || fail "no lease: $(cat "$T/client.log")"
in_cli timeout 10 tftp -m binary $IP -c get Size-1048576.bin "$T/out" || fail "no file"
cmp "$T/out" "$FILES/Size-1048576.bin" || fail "arrived damaged"
stop_daemon
count() { tcpdump -nr "$T/wire.pcap" "$@" 2>/dev/null | wc -l; }
[ "$(count 'udp src port 67 and udp dst port 68')" -ge 2 ] || fail "our DHCP answers are not recorded"
[ "$(count 'udp src port 68 and ether src host not '"$(ip netns exec "$SRV" cat /sys/class/net/lan0/address)")" -ge 2 ] ||
	fail "the client's DHCP packets are not recorded"
[ "$(count 'udp dst port 69')" = 1 ] || fail "the request is not recorded"
# 2049 blocks, 516 bytes of TFTP each (the last 4), and an ACK for each.
[ "$(count 'src host 10.77.0.1 and udp and greater 46 and not port 67')" -ge 2048 ] || fail "DATA frames are missing"
[ "$(count 'dst host 10.77.0.1 and udp and not port 69 and not port 67')" -ge 2049 ] || fail "ACK frames are missing"
tcpdump -r "$T/wire.pcap" >/dev/null 2>"$T/err" || fail "tcpdump complains: $(cat "$T/err")"

# The interface is switched off and on again: what comes then is written, and not only at the end.
start_daemon --serve-incomplete --pcap "$T/wire.pcap"
ip -n "$SRV" link set lan0 down
sleep 0.5
ip -n "$SRV" link set lan0 up
sleep 1.5
before=$(stat -c %s "$T/wire.pcap")
in_cli udhcpc -i eth0 -n -q -f -s /bin/true >"$T/client.log" 2>&1 || fail "no lease after the interface was down"
for _ in $(seq 60); do [ "$(stat -c %s "$T/wire.pcap")" = "$before" ] || break; sleep 0.05; done
[ "$(stat -c %s "$T/wire.pcap")" != "$before" ] || fail "nothing is recorded any more after the interface was down"
stop_daemon

daemon_exits 6 --pcap "$T/no/such/folder"
grep -q "no/such/folder" "$LOG" || fail "the complaint does not name the file"

start_daemon --serve-incomplete --pcap /dev/full
wait_event daemon.note 'pcap-failed.*service goes on' >/dev/null
in_cli timeout 10 tftp -m binary $IP -c get Size-513.bin "$T/out" || fail "no file after the disk was full"
stop_daemon
