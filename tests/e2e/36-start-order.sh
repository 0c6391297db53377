#!/bin/sh
# What a start asks the wire it asks at the same time, and it answers nobody before it has the
# answers: by the order of frames at the phone's end, not by the clock. Who asked while we looked
# around is answered when that is over. A machine that has our address ends us, also when it answers
# late; one that comes by later is only named.
. "$(dirname "$0")/lib.sh"
need python3
ns_make
synth java70 SCCP70.8-3-3S "$FILES/7970"

# One DISCOVER, sent when the daemon is heard for the first time. Prints, up to the first
# OFFER (or with a number: it answers that ARP probe and those that follow): a for an ARP probe of our address,
# d for a DISCOVER of the daemon.
cat >"$T/wire.py" <<'END'
import socket, struct, sys
ours, answer = socket.inet_aton('10.77.0.1'), int(sys.argv[1])
mac = bytes.fromhex('001bd4000001')
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(('eth0', 3))
s.settimeout(20)
vendor = b'Cisco Systems, Inc. IP Phone CP-7970G'
bootp = struct.pack('!4BIHH16s6s10x192xI', 1, 1, 6, 0, 0x1234, 0, 0x8000, b'', mac, 0x63825363)
bootp += b'\x35\x01\x01\x3c' + bytes([len(vendor)]) + vendor + b'\xff'
def discover():
    udp = struct.pack('!4H', 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack('!BBHIBBH4s4s', 0x45, 0, 20 + len(udp), 0, 64, 17, 0, bytes(4), b'\xff' * 4)
    total = sum(struct.unpack('!10H', ip))
    total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack('!H', 0xffff ^ total) + ip[12:]
    s.send(b'\xff' * 6 + mac + b'\x08\x00' + ip + udp)
story, asked = '', False
print('listening', flush=True)
while True:
    try:
        f, where = s.recvfrom(2000)
    except TimeoutError:
        break
    if where[2] == socket.PACKET_OUTGOING:
        continue
    if f[12:14] == b'\x08\x06' and f[20:22] == b'\0\1' and f[28:32] == bytes(4) and f[38:42] == ours:
        story += 'a'
        if answer and len(story.replace('d', '')) >= answer: # and each that follows, as a machine does
            s.send(f[6:12] + mac + b'\x08\x06' + f[14:20] + b'\0\2' + mac + ours + f[22:28] + bytes(4))
            s.settimeout(2)
    elif f[12:14] == b'\x08\0' and f[23] == 17 and f[34:38] == b'\0\x44\0\x43':
        story += 'd'
    elif f[12:14] == b'\x08\0' and f[23] == 17 and f[34:36] == b'\0\x43' and f[42] == 2:
        break
    if story and not asked and not answer: # once: the only chance to be answered is that it is kept
        asked = True
        discover()
print(story)
END
# listen ANSWER: in the background; the story is then in $T/story
listen() {
	in_cli python3 "$T/wire.py" "$1" >"$T/story" &
	listener=$!
	wait_until 5 grep -q listening "$T/story" || fail "the listener does not listen"
}
story() { sed -n 2p "$T/story"; }

listen 0
start_daemon
wait_event dhcp.offer >/dev/null
wait $listener || fail "no OFFER for who asked while the daemon looked around"
# The first questions of both before the second of either; all of both before the OFFER.
case $(story) in
ad*a*a*) ;;
*) fail "one after the other: $(story)" ;;
esac
[ "$(story | tr -d a)" = dd ] && [ "$(story | tr -d d)" = aaa ] || fail "an OFFER too early: $(story)"
stop_daemon

# Somebody has our address: at once, or only behind a switch port that opens late.
for which in 2 4; do
	listen $which
	daemon_exits 4
	wait $listener
	grep -q '00:1b:d4:00:00:01' "$LOG" || fail "who has our address is not named"
done
wait_event daemon.note '"code": *"address-taken"' >/dev/null
