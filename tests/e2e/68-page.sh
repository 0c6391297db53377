#!/bin/sh
# SPDX-License-Identifier: MIT
# The status page in a browser: twenty phones come back on it, nobody needs eyes, a mouse or a
# wide screen for it, and a phone with evil names is only text.
# PICTURES=DIR keeps what the browser saw; AXE=axe.min.js runs axe-core, too.
. "$(dirname "$0")/lib.sh"
need python3
command -v "${CHROMIUM:-chromium}" >/dev/null || skip "NO BROWSER: the status page was not looked at (install chromium)"
ns_make
mkdir "$T/pictures"
W=http://127.0.0.1:8079/
look() { ip netns exec "$SRV" timeout 110 python3 "$E2E/page.py" $W "$1" "$T/pictures" >"$T/page.log" 2>&1; }
keep() { [ -z "${PICTURES:-}" ] || { mkdir -p "$PICTURES" && cp "$T"/pictures/*.png "$PICTURES"; } || :; }

# Somebody on the wire whose names are traps.
synth java70 SCCP70.8-5-2S "$FILES/852"
start_daemon --web 8079 -v
cat >"$T/evil.py" <<'PY'
import socket, struct, time
mac = bytes.fromhex('001b54666601')
evil = b'<script>window.hurt=3</script>"\'&<b>\x00\xe2\x80\xae\x1b[31m\x0d\x0adata: x'
def tlv(kind, value): return struct.pack('!HH', kind, 4 + len(value)) + value
def checksum(data):
    if len(data) % 2: data = data[:-1] + b'\0' + data[-1:]
    s = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
def announce(n): # other words each time, or it would be told once a minute only
    body = tlv(1, b'SEP001B54666601') + tlv(5, b'%d' % n + evil) + tlv(6, b'Cisco IP Phone 7970') + tlv(3, b'Port 1')
    cdp = b'\x02\xb4' + struct.pack('!H', checksum(b'\x02\xb4\0\0' + body)) + body
    llc = b'\xaa\xaa\x03\x00\x00\x0c\x20\x00' + cdp
    return b'\x01\x00\x0c\xcc\xcc\xcc' + mac + struct.pack('!H', len(llc)) + llc
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind(('eth0', 0))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(60):
    raw.send(announce(n))
    udp.sendto(b'\x00\x01<img src=x onerror="window.hurt=1">\xe2\x80\xae.cnf\x00octet\x00', ('10.77.0.1', 69))
    time.sleep(0.5)
PY
ip -n "$CLI" addr add 10.77.0.99/24 dev eth0
ip netns exec "$CLI" python3 "$T/evil.py" >"$T/evil.log" 2>&1 &
EVIL=$!
look hostile || { keep; fail "$(tail -n 4 "$T/page.log" "$T/evil.log")"; }
kill $EVIL 2>/dev/null || :
stop_daemon
ip -n "$CLI" addr flush dev eth0
rm -rf "$FILES/852" "$T/state"

synth --size 200000 java42 SIP42.9-4-2SR3-1S "$FILES/7942"
# The interface goes and comes back, and then there are more phones than the page has room for.
CC=${CC:-cc}
$CC -O1 -D_GNU_SOURCE -o "$T/dhcpload" "$ROOT/tests/bench/dhcpload.c" || fail "dhcpload does not build"
start_daemon --web 8079 -a $IP/20 --pool 10.77.1.1-10.77.8.255
look away &
LOOK=$!
wants() {
	wait_until 30 test -e "$T/pictures/$1" || { keep; fail "no $1: $(tail -n 4 "$T/page.log")"; }
}
wants pull
ip -n "$SRV" link del lan0
wants plug
ip link add lan0 netns "$SRV" type veth peer name eth0 netns "$CLI"
ip -n "$CLI" link set eth0 up
wants crowd
in_cli "$T/dhcpload" -i eth0 -t 15 -r 500 -c 20 -n 1100 -V 'Cisco Systems, Inc. IP Phone CP-7970G' >"$T/crowd.log" 2>&1 || :
wait $LOOK || { keep; fail "$(tail -n 4 "$T/page.log"; cat "$T/crowd.log"; tail -n 2 "$EVENTS")"; }
"$BIN" status --control "$T/control" >"$T/out"
grep -q '^1100 phones, 0 recovered' "$T/out" && grep -q "shows the 1024 with the newest news, and not the 76 others" "$T/out" ||
	fail "the status does not tell: $(cat "$T/out")"
"$BIN" phones --control "$T/control" >"$T/out"
[ "$(grep -c ' 7970 ' "$T/out")" = 1024 ] && tail -n 1 "$T/out" | grep -q 'how many others there are' ||
	fail "the phones do not tell of the others: $(tail -n 2 "$T/out")"
stop_daemon
rm -rf "$T/state"

# Twenty phones.
start_daemon --web 8079
look watch &
LOOK=$!
sleep 3
recover_phone --model 7942 --kind erased --sip --count 20 --speed 25 --timeout 80
for _ in $(seq 600); do
	[ ! -e "$T/pictures/watched" ] || break
	kill -0 $LOOK 2>/dev/null || break
	sleep 0.1
done
[ -e "$T/pictures/watched" ] || { keep; fail "$(tail -n 4 "$T/page.log")"; }
stop_daemon
wait $LOOK || { keep; fail "$(tail -n 4 "$T/page.log")"; }
keep
cat "$T/page.log"
