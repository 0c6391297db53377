#!/bin/sh
# Every limit that somebody on the wire, or a folder, can reach: what is told then, and that who was
# there before goes on. (The crowds at SCCP are in 33-sccp.sh, at the page in 67-web.sh, the
# flood of invented phones in 81-flood.sh; what is counted in bytes of a file, in the unit tests.)
. "$(dirname "$0")/lib.sh"

need busybox python3
ns_make
make_files
head -c 200000 /dev/urandom >"$FILES/Slow.bin"
lease() { # MAC CLASS TRIES: has it an address?
	ip -n "$CLI" link set eth0 down
	ip -n "$CLI" link set eth0 address "$1"
	ip -n "$CLI" link set eth0 up
	in_cli busybox udhcpc -i eth0 -n -q -f -t "$3" -T 1 -V "$2" -s /bin/true >"$T/client.log" 2>&1
}
PHONE='Cisco Systems, Inc. IP Phone CP-7970G'

# --- addresses: four, of which one is kept for phones
start_daemon --serve-incomplete --pool 10.77.0.50-10.77.0.53
for n in 1 2 3; do
	lease 02:00:00:00:00:0$n 'MSFT 5.0' 5 || fail "guest $n got no address"
done
! lease 02:00:00:00:00:04 'MSFT 5.0' 2 || fail "a guest got the address that is kept for phones"
wait_event dhcp.ignored 'all 4 addresses of the pool are in use' >/dev/null
lease 00:1b:54:00:00:01 "$PHONE" 5 || fail "a phone got no address beside three guests"
! lease 00:1b:54:00:00:02 "$PHONE" 2 || fail "a fifth device got one of four addresses"
wait_event dhcp.ignored '00:1b:54:00:00:02.*"pool-full"' >/dev/null
lease 00:1b:54:00:00:01 "$PHONE" 5 || fail "a phone with a lease could not renew it in a full pool"
row "a full pool (4 addresses)" "said; one in four kept for phones; leases are renewed" "pool-full; the phone has its address, twice"
stop_daemon
rm -rf "$T/state"

# --- TFTP: nine transfers, four for one address; six addresses, and one of ours
for n in 90 91 92 93 94 95; do ip -n "$CLI" addr add 10.77.0.$n/24 dev eth0; done
start_daemon --serve-incomplete --max-transfers 9 --max-per-client 4
cat >"$T/tftp.py" <<'END'
import socket, struct, subprocess, sys, time
server, path = sys.argv[1:3]
ask = b'\0\1Slow.bin\0octet\0'
def client(host):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('10.77.0.%d' % host, 0)); s.settimeout(5)
    return s
def begin(host):
    s = client(host); s.sendto(ask, (server, 69))
    data, peer = s.recvfrom(2000)
    return s, data, peer
def fetch(s, data, peer, pause=0):
    got, n = b'', 1
    while True:
        if struct.unpack('>HH', data[:4]) == (3, n & 0xffff):
            got += data[4:]
            s.sendto(struct.pack('>HH', 4, n & 0xffff), peer)
            if len(data) < 516: return got
            n += 1
            time.sleep(pause)
        data = s.recv(2000)
want = open(path, 'rb').read()
t0 = time.time()
if sys.argv[3:]: # a forged one; one that hears us and then falls silent, twice; one that never answers
    forged = begin(95)
    s, data, peer = begin(93)
    s.sendto(b'\0\4\0\1', peer)
    unplugged, deaf = begin(93), begin(94)
    print('silent', flush=True)
    time.sleep(100)
def lease(host): # by a DHCP REQUEST for it
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.bind(('', 68))
    s.sendto(struct.pack('>BBBBIHH', 1, 1, 6, 0, 1, 0, 0x8000) + bytes(16) + b'\0\x1b\x54\0\0\2' + bytes(202) +
             b'\x63\x82\x53\x63\x35\1\3\x32\4\x0a\x4d\0' + bytes([host, 255]), (server, 67))
    assert s.recv(1000)[16:20] == bytes([10, 77, 0, host])
    subprocess.run(['ip', 'addr', 'add', '10.77.0.%d/24' % host, 'dev', 'eth0'], check=True)
slow = begin(92)                        # one that goes on through all of it
slow[0].sendto(b'\0\4\0\1', slow[2])
deaf = [begin(90) for _ in range(4)]    # never answer
assert all(d[1][:4] == b'\0\3\0\1' for d in deaf)
assert b'Too many transfers to your address' in begin(90)[1]
assert b'Too many transfers, try' in begin(91)[1]
assert b'not found' in (lambda s: (s.sendto(b'\0\1Nothing.here\0octet\0', (server, 69)), s.recv(600))[1])(client(91)).lower()
lease(77)
assert fetch(*begin(77)) == want        # a phone with a lease takes the place of one that never answered
print('full', flush=True)
assert fetch(*slow, pause=0.01) == want
assert fetch(*begin(91)) == want        # its place is free now
# What a forged request brings upon an address that asked for nothing: counted until it is over.
time.sleep(max(0, t0 + 17 - time.time()))
most = total = 0
for s, data, peer in deaf:
    s.settimeout(0.1)
    packets, size = 1, len(data) + 28
    try:
        while True:
            size += len(s.recv(2000)) + 28; packets += 1
    except TimeoutError: pass
    assert 2 <= packets <= 9, packets   # the first block, seven resends, a good-bye
    most, total = max(most, packets), total + size
print('deaf: at most %d packets each, %d bytes for four requests of %d' % (most, total, len(ask) + 28), flush=True)
for s, data, peer in deaf: s.sendto(b'\0\5\0\0bye\0', peer)
assert fetch(*begin(90)) == want        # there is room again
# A repeated request is no way around it: one block at most for each, and none in quick succession.
s = client(90); s.settimeout(0.3)
for _ in range(200): s.sendto(ask, (server, 69))
n = 0
try:
    while True: s.recv(2000); n += 1
except TimeoutError: pass
assert 1 <= n <= 10, n
print('repeated 200 times: %d blocks' % n, flush=True)
s.sendto(b'\0\5\0\0bye\0', (server, 69))
END
# Four of the nine; three are looked for at the end.
ip netns exec "$CLI" python3 "$T/tftp.py" $IP "$FILES/Slow.bin" silent >"$T/silent.log" 2>&1 &
SILENT=$!
wait_until 5 grep -q silent "$T/silent.log" || fail "no silent client: $(cat "$T/silent.log")"
in_cli python3 "$T/tftp.py" $IP "$FILES/Slow.bin" >"$T/tftp.log" 2>&1 || fail "$(tail -n 5 "$T/tftp.log")"
wait_event tftp.refused 'as many transfers running as one address may' >/dev/null
wait_event tftp.refused 'as many transfers are running as there may be' >/dev/null
row "more transfers than --max-transfers, --max-per-client" "said; a miss is answered; who is being served goes on" "busy, twice; a slow one has every byte"
wait_event tftp.aborted '10.77.0.95.*"made-room"' >/dev/null
row "every transfer is held by forged requests" "a phone with a lease is served all the same" "one that never answered made room"
row "forged requests to an address that never answers" "the first block and seven resends, then no more" "$(sed -n 's/^deaf: //p' "$T/tftp.log")"
row "the same request, again and again" "no block for each" "$(sed -n 's/^repeated /repeated /p' "$T/tftp.log")"

# --- control: sixteen who follow the events, and one more
PIDS=
for n in $(seq 16); do
	"$BIN" events --follow --json --control "$T/control" >"$T/follow.$n" 2>/dev/null &
	PIDS="$PIDS $!"
done
for n in $(seq 16); do # else who asks below may be one of the sixteen
	wait_until 10 test -s "$T/follow.$n" || fail "follower $n hears nothing"
done
told() { ! "$BIN" status --control "$T/control" >"$T/out" 2>&1 && grep -q 'too many programs ask this daemon' "$T/out"; }
wait_until 5 told || fail "the seventeenth is not told why: $(cat "$T/out")"
# shellcheck disable=SC2086 # several
kill $PIDS
answers() { "$BIN" status --control "$T/control" >"$T/out" 2>&1; }
wait_until 5 answers || fail "the control socket does not recover: $(cat "$T/out")"
row "seventeen programs ask at once" "the last is told so; room again when one goes" "'too many programs'; answers again"

# --- SIP: three hundred connections of one address
cat >"$T/sip.py" <<'END'
import socket, sys, time
def conn(host):
    s = socket.socket(); s.settimeout(3); s.bind(('10.77.0.%d' % host, 0)); s.connect((sys.argv[1], 5060))
    return s
crowd = [conn(90) for _ in range(300)]
stays = conn(91)
ping = b'\r\n\r\n'
stays.sendall(ping)
assert stays.recv(10) == b'\r\n'
print('come', flush=True)
time.sleep(2)
END
in_cli python3 "$T/sip.py" $IP >"$T/sip.log" 2>&1 &
pid=$!
wait_until 10 grep -q come "$T/sip.log" || fail "a crowd keeps a phone out of SIP: $(cat "$T/sip.log")"
open=$(in_srv awk '$2 ~ /:13C4$/ && $4 == "01"' /proc/net/tcp | wc -l)
[ "$open" -le 20 ] || fail "$open SIP connections stay open"
wait_event daemon.note 'sip-crowded.*10.77.0.90|10.77.0.90.*sip-crowded' >/dev/null
wait $pid || fail "the crowd came to grief: $(cat "$T/sip.log")"
row "300 SIP connections of one address" "eight are kept, said once; others come in" "$open open; another is answered"

# --- DHCP servers that somebody invents, by naming them as the one that was chosen
cat >"$T/rivals.py" <<'END'
import socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('10.77.0.90', 68))
for n in range(1000):
    mac, server = struct.pack('>HI', 0x200, n), struct.pack('>HH', 0x0a63, n)
    s.sendto(struct.pack('>BBBBIHH', 1, 1, 6, 0, n, 0, 0x8000) + bytes(16) + mac + bytes(202) + b'\x63\x82\x53\x63' +
             b'\x35\1\3\x36\4' + server + b'\x32\4\x0a\x4d\0\x3c\xff', (sys.argv[1], 67))
    if n % 50 == 0: time.sleep(0.01)
END
before=$(grep -c '"network.rival"' "$EVENTS" || :)
in_cli python3 "$T/rivals.py" $IP || fail "no invented servers"
wait_event network.rival '10.99.0.60' >/dev/null
sleep 0.3
told=$(($(grep -c '"network.rival"' "$EVENTS") - before))
[ "$told" -le 64 ] || fail "$told invented DHCP servers are told of one by one"
row "1000 invented DHCP servers" "64 are told in a minute" "$told told"

# --- folders and archives
L=$T/limits
mkdir "$L" "$L/many" "$L/large" "$L/deep"
python3 - "$L" <<'END'
import io, sys, zipfile
def zipped(files):
    b = io.BytesIO()
    with zipfile.ZipFile(b, 'w') as z:
        for name, data in files: z.writestr(name, data)
    return b.getvalue()
data = b'x' * 100
for n in range(5): data = zipped([('a%d.%s' % (n, 'zip' if n else 'bin'), data)])
open(sys.argv[1] + '/deep/deep.zip', 'wb').write(data)
open(sys.argv[1] + '/deep/many.zip', 'wb').write(zipped([('f%d.bin' % n, b'') for n in range(10001)]))
for n in range(20001): open('%s/many/f%d.sbn' % (sys.argv[1], n), 'w').close()
END
truncate -s 65M "$L/large/Large.sbn"
printf 'PK\003\004' >"$L/large/large.zip"
truncate -s 257M "$L/large/large.zip"
says() { # SENTENCE FOLDER
	"$BIN" check "$L/$2" 2>&1 | tr -s ' \n' ' ' >"$T/out"
	grep -q "$1" "$T/out" || fail "check $2 does not say '$1': $(cat "$T/out")"
}
says 'more than 20000 files; give the folder' many
says 'Large.sbn is left out: it is larger than any phone firmware' large
says "large.zip': it is larger than any phone firmware" large
says 'too deep inside other archives' deep
says 'more entries than any phone firmware' deep
head -c 1100000 /dev/zero | tr '\0' '#' >"$T/long.conf"
! "$BIN" serve --config "$T/long.conf" --print-config >"$T/out" 2>&1 || fail "a configuration of 1.1 MB is read"
row "firmware that is too much, too large, too deep" "left out, with a sentence that says why" "five sentences"

# --- who heard us once and fell silent, or never answered: a minute, since phones write their flash
for _ in $(seq 40); do
	! grep '"tftp.aborted"' "$EVENTS" | grep -q 'no answer for 60 s' || break
	sleep 1
done
wait_event tftp.aborted '10.77.0.93.*no answer for 60 s' >/dev/null
wait_event tftp.aborted '10.77.0.93.*though it answered before; it was unplugged' >/dev/null
wait_event tftp.aborted '10.77.0.94.*it never answered; look for a firewall' >/dev/null
kill $SILENT
row "a client that falls silent, one that never answers" "given up after a minute, and told why" "'no answer for 60 s', 'it never answered'"
stop_daemon

# --- descriptors: when there are none left for those who connect, the phones are served all the same
cat >"$T/few" <<END
#!/bin/sh
ulimit -n 48
exec "$BIN" "\$@"
END
chmod 755 "$T/few"
BIN=$T/few
start_daemon --serve-incomplete
cat >"$T/crowd.py" <<'END'
import socket, struct, sys
server, path = sys.argv[1:3]
def conn(host, port):
    s = socket.socket(); s.settimeout(3); s.bind(('10.77.0.%d' % host, 0)); s.connect((server, port))
    return s
crowd = [conn(90 + n % 5, port) for n in range(40) for port in (2000, 5060)]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.bind(('', 68))
s.sendto(struct.pack('>BBBBIHH', 1, 1, 6, 0, 1, 0, 0x8000) + bytes(16) + b'\0\x1b\x54\0\0\3' + bytes(202) +
         b'\x63\x82\x53\x63\x35\1\3\x32\4\x0a\x4d\0\x4f\xff', (server, 67))
assert s.recv(1000)[16:20] == bytes([10, 77, 0, 79])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('10.77.0.90', 0)); s.settimeout(5)
s.sendto(b'\0\1Size-513.bin\0octet\0', (server, 69))
data, peer = s.recvfrom(2000)
s.sendto(b'\0\4\0\1', peer)
assert data[4:] + s.recv(2000)[4:] == open(path, 'rb').read()
s.sendto(b'\0\4\0\2', peer)
END
in_cli timeout 60 python3 "$T/crowd.py" $IP "$FILES/Size-513.bin" >"$T/crowd.log" 2>&1 || fail "a phone is not served: $(tail -n 3 "$T/crowd.log")"
wait_event daemon.note 'Nobody more can be heard at port' >/dev/null
row "no descriptors left for connections (ulimit -n 48)" "said; phones are served all the same" "an address and a file in the crowd"
stop_daemon
