#!/bin/sh
# A rival dnsmasq that appears in mid-run is named within ten seconds, at its own pace (it pings each
# address for three seconds before it answers); it is said once; we go on serving, but
# only phones. A phone that picks the rival is reported with its address.
# alone
. "$(dirname "$0")/lib.sh"
need dnsmasq busybox
ns_make
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
start_daemon --clients auto
# Until this wire is proven to be ours alone.
for _ in $(seq 140); do
	in_cli busybox udhcpc -i eth0 -n -q -f -t 1 -T 1 -s /bin/true >"$T/udhcpc.log" 2>&1 && break
done
wait_event dhcp.ack >/dev/null
ip -n "$CLI" addr add 10.77.0.2/24 dev eth0
# At the worst moment: just after we have asked.
cat >"$T/asked.py" <<'P'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
s.bind(("", 67))
s.settimeout(15)
s.recv(2000)
P
if command -v python3 >/dev/null; then
	in_cli python3 "$T/asked.py" || fail "nobody asks for other servers while we serve"
else
	left_out "its own questions: python3 is not installed"
fi
start_rival eth0 10.77.0
! grep -q network.rival "$EVENTS" || fail "a rival was named before there was one"
wait_event network.rival '10\.77\.0\.2"' >/dev/null # fails after ten seconds
wait_event daemon.note phones-only >/dev/null
kill -0 "$DAEMON" || fail "the daemon ended"
sleep 12
said=$(grep -c network.rival "$EVENTS")
[ "$said" = 1 ] || fail "the rival was named $said times"
# A phone that names the other server in its REQUEST.
cat >"$T/choose.py" <<'P'
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
mac = bytes.fromhex("001b54ca0102")
p = struct.pack("!BBBBIHHIIII16s64s128s", 1, 1, 6, 0, 77, 0, 0x8000, 0, 0, 0, 0, mac, b"", b"")
p += bytes.fromhex("63825363") + b"\x35\x01\x03" + b"\x36\x04\x0a\x4d\x00\x03" + b"\x32\x04\x0a\x4d\x00\xc9"
p += b"\x3c\x1cCisco Systems, Inc. IP Phone" + b"\xff"
s.sendto(p, ("255.255.255.255", 67))
P
if command -v python3 >/dev/null; then
	in_cli python3 "$T/choose.py"
	wait_event network.rival '00:1b:54:ca:01:02' | grep -q '10\.77\.0\.3' || fail "the phone's choice was not reported"
else
	left_out "a phone that chooses the other: python3 is not installed"
fi
stop_daemon
