#!/bin/sh
# SPDX-License-Identifier: MIT
# The status page as a program sees it: what it answers, to whom and with which headers; that its
# stream tells of a phone within a second; that nobody who is rude to it hurts anybody else.
. "$(dirname "$0")/lib.sh"
need curl python3
ns_make
synth --size 60000 java70 SCCP70.8-5-2S "$FILES/852"
synth java41 SCCP41.9-4-2SR3-1S "$FILES/942"
mv "$FILES"/942/cnu41* "$T/"
W=http://127.0.0.1:8079
get() { in_srv curl -sS -m 10 "$@"; }
status() { get -o /dev/null -w '%{http_code}' "$@"; }
expect() { # CODE CURL-ARGS
	want=$1
	shift
	got=$(status "$@")
	[ "$got" = "$want" ] || fail "$* answers $got, not $want"
}

start_daemon --web 8079
grep -q 'status page is at http://127.0.0.1:8079/ for browsers on this machine' "$LOG" || fail "nobody says where the page is"

# The page: three files, all of it ours, none of it large.
total=0
for path in / /page.css /page.js; do
	get -D "$T/head" -o "$T/body" $W$path
	total=$((total + $(wc -c <"$T/body")))
	grep -q '^HTTP/1.1 200' "$T/head" || fail "$path: $(head -n 1 "$T/head")"
	for header in "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'" \
		'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer' 'Cache-Control: no-store'; do
		grep -qF "$header" "$T/head" || fail "$path has no $header"
	done
	! grep -qi 'Access-Control' "$T/head" || fail "$path may be read from elsewhere"
	! grep -E 'https?://' "$T/body" | grep -v 'www.w3.org/2000/svg' || fail "$path names another place"
done
[ $total -lt 40000 ] || fail "the page has $total bytes"
! grep -E 'innerHTML|outerHTML|insertAdjacent|document\.write|eval\(' "$ROOT/src/daemon/page/page.js" ||
	fail "the page makes markup of text"
get $W/ >"$T/body"
! grep -E '<script>|<style|style=| on[a-z]+=' "$T/body" || fail "something inline"
# One vocabulary: the stage words of the terminal.
sed -n '/stage_table\[\] = {/,/};/s/.*{"\([a-z-]*\)", *"[^"]*", *"\([^"]*\)"}.*/\1|\2/p' "$ROOT/src/event/view_text.c" >"$T/stages"
[ "$(wc -l <"$T/stages")" -ge 9 ] || fail "cannot read the stage words"
while IFS='|' read -r stage words; do
	grep -qF "\"$stage\": [\"$words\"" "$ROOT/src/daemon/page/page.js" || fail "the page has other words for $stage than the terminal"
done <"$T/stages"

# What may be asked, how, and under which name.
expect 404 $W/nothing
expect 404 $W/..%2fetc/passwd
expect 404 "$W//"
for method in POST PUT DELETE OPTIONS PATCH; do expect 405 -X $method $W/api/phones; done
expect 405 -d "x=$(head -c 100000 /dev/zero | tr '\0' x)" $W/
expect 200 -I $W/
expect 200 -I $W/api/stream
for host in 127.0.0.1:8079 localhost LOCALHOST:8079 10.77.0.1 '[::1]' '[::1]:8079' "$(hostname)"; do
	expect 200 -H "Host: $host" $W/
done
for host in evil.example evil.example:8079 127.0.0.1.evil.example localhost.evil 'a:b:c' '[::1' '127.0.0.1:x' 'localhost:'; do
	expect 421 -H "Host: $host" $W/api/phones
done
expect 421 -H 'Host;' $W/
expect 403 -H 'Sec-Fetch-Site: cross-site' $W/api/phones
expect 200 -H 'Sec-Fetch-Site: cross-site' $W/
expect 200 -H 'Sec-Fetch-Site: same-origin' $W/api/phones
expect 400 "$W/api/events?after=x"
expect 400 "$W/api/events?limit=-1"
# Off the loopback there is nobody.
[ "$(in_srv curl -s -m 3 -o /dev/null -w '%{http_code}' http://10.77.0.1:8079/ || :)" = 000 ] || fail "it listens on more than the loopback"

# A phone, and what the stream says of it, with the time at which it was said.
cat >"$T/watch.py" <<'PY'
import json, socket, sys, time
s = socket.create_connection(('127.0.0.1', 8079))
s.sendall(b'GET /api/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
s.settimeout(30)
out = open(sys.argv[1], 'w')
data = b''
while True:
    part = s.recv(65536)
    if not part: break
    data += part
    now = time.time()
    while b'\n\n' in data:
        message, data = data.split(b'\n\n', 1)
        fields = dict(l.split(': ', 1) for l in message.decode().split('\n') if ': ' in l)
        if 'event' in fields: # a chunk's length may stand between messages, never inside a name
            out.write('%f %s %s\n' % (now, fields['event'], fields.get('data', '').replace('\r', ' ')))
            out.flush()
PY
in_srv python3 "$T/watch.py" "$T/stream" >"$T/watch.log" 2>&1 &
in_srv curl -sSN $W/api/stream >"$T/sse" 2>"$T/sse.err" &
recover_phone --model 7970 --kind erased --speed 60
wait_event phone.recovered >/dev/null
sleep 1.5
python3 - "$T/sse" "$EVENTS" "$T/stream" <<'EOF' || fail "the stream: $(tail -n 3 "$T/sse" "$T/watch.log")"
import json, re, sys, datetime
messages = []
for m in open(sys.argv[1]).read().split('\n\n'):
    fields = [l.split(': ', 1) for l in m.split('\n') if l]
    d = {k: v for k, v in fields}
    if 'event' in d: messages.append((d['event'], d.get('id'), json.loads(d['data'])))
names = [m[0] for m in messages]
for n in ('status', 'library', 'phone', 'speed', 'log', 'tick'): assert n in names, n
phones = [m[2] for m in messages if m[0] == 'phone']
stages = [p['stage'] for p in phones]
assert 'writing' in stages and stages[-1] == 'recovered', stages
log = [m for m in messages if m[0] == 'log']
seqs = [m[2]['seq'] for m in log]
assert seqs == sorted(set(seqs)) and all(int(m[1]) == m[2]['seq'] for m in log)
want = [json.loads(l) for l in open(sys.argv[2])]
want = [e['seq'] for e in want if not e['event'].endswith('.progress')][-50:]
assert set(want) <= set(seqs), 'log lines are lacking'
lib = [m[2] for m in messages if m[0] == 'library'][-1]
by = {b['load']: b for b in lib['bundles']}
assert by['SCCP70.8-5-2S']['complete'] and by['SCCP70.8-5-2S']['fit']
bad = by['SCCP41.9-4-2SR3-1S']
assert not bad['complete'] and bad['missing'] and bad['findings'], bad
assert any('7970' in r['models'] and 'SCCP70.8-5-2S' in r['road'] for r in lib['plan']), lib['plan']
# Within a second: from the event's own time to its arrival.
said = {}
for l in open(sys.argv[2]):
    e = json.loads(l)
    if e['event'] == 'phone.stage':
        said.setdefault(e['stage'], datetime.datetime.fromisoformat(e['time'].replace('Z', '+00:00')).timestamp())
heard = {}
for l in open(sys.argv[3]):
    t, name, rest = l.split(' ', 2)
    m = re.search(r'"stage":"([a-z-]+)"', rest)
    if name == 'phone' and m: heard.setdefault(m.group(1), float(t))
assert 'recovered' in heard, heard
for stage in heard:
    assert heard[stage] - said[stage] < 1, (stage, heard[stage] - said[stage])
EOF

# The same as data.
get $W/api/phones >"$T/phones"
get $W/api/status >"$T/status"
get $W/api/library >"$T/lib"
get "$W/api/events?after=5&limit=3" >"$T/few"
get "$W/api/events" >"$T/newest"
get "$W/api/events?after=18446744073709551615" >"$T/none"
python3 - "$T" "$EVENTS" <<'EOF' || fail "the data: $(head -c 600 "$T/few")"
import json, sys
load = lambda n: json.load(open(sys.argv[1] + '/' + n))
stream = [json.loads(l) for l in open(sys.argv[2])]
assert load('phones')[0]['stage'] == 'recovered' and load('status')['recovered'] == 1
assert load('few') == [e for e in stream if 6 <= e['seq'] <= 8]
assert load('newest')[-1]['seq'] >= stream[-1]['seq'] - 2 and len(load('newest')) <= 100
assert load('none') == [] and load('lib')['bundles']
EOF

# Numbers for Prometheus, read by its own rules.
get -D "$T/head" $W/metrics >"$T/metrics"
grep -qi '^Content-Type: text/plain; version=0.0.4' "$T/head" || fail "the type of /metrics"
python3 - "$T/metrics" <<'EOF' || fail "/metrics: $(head -n 20 "$T/metrics")"
import re, sys
text = open(sys.argv[1]).read()
assert text.endswith('\n')
kinds, helped, values, last = {}, set(), {}, None
for line in text.split('\n')[:-1]:
    m = re.match(r'# (HELP|TYPE) (\S+) (.+)$', line)
    if m:
        if m[1] == 'HELP':
            assert m[2] not in helped
            helped.add(m[2])
        else:
            assert m[2] not in kinds and m[3] in ('gauge', 'counter')
            kinds[m[2]] = m[3]
        last = m[2]
        continue
    m = re.fullmatch(r'([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? ([0-9.]+)', line)
    assert m, line
    assert m[1] == last and m[1] in kinds and m[1] in helped, line
    assert kinds[m[1]] != 'counter' or m[1].endswith('_total')
    assert (m[1], m[2]) not in values, line
    values[m[1], m[2]] = float(m[3])
v = lambda n, l=None: values[n, l]
assert v('reflashd_phones', '{stage="recovered"}') == 1 and v('reflashd_phones', '{stage="fetching"}') == 0
assert v('reflashd_recovered_total') == 1 and v('reflashd_tftp_bytes_total') > 100000
assert v('reflashd_events_total', '{event="phone.recovered"}') == 1
assert v('reflashd_bundles', '{state="complete"}') == 1 and v('reflashd_bundles', '{state="incomplete"}') == 1
assert v('reflashd_link_up') == 1 and v('reflashd_web_viewers') == 2 and v('reflashd_ready') == 1
EOF

# Whoever comes back is told only what it has not heard.
in_srv curl -sN -m 1 -H 'Last-Event-ID: 12' $W/api/stream >"$T/again" 2>/dev/null || :
[ "$(sed -n 's/^id: //p' "$T/again" | sort -n | head -n 1)" -gt 12 ] || fail "Last-Event-ID is not heeded"
in_srv curl -sN -m 1 -H 'Last-Event-ID: 99999999' $W/api/stream >"$T/again" 2>/dev/null || :
grep -q '^id: 1$' "$T/again" || fail "a number of another run hides what was said"

# The firmware changes: the page hears of it.
mv "$T"/cnu41* "$FILES/942/"
kill -HUP "$DAEMON"
wait_event firmware.bundle '"load": ?"SCCP41.9-4-2SR3-1S".*"complete": ?true' >/dev/null
for _ in $(seq 30); do
	! tail -n 40 "$T/sse" | grep -q '"load":"SCCP41.9-4-2SR3-1S".*"complete":true' || break
	sleep 0.1
done
grep '^data: {"bundles"' "$T/sse" | tail -n 1 | grep -q '"models":\["7941","7941G-GE","7961","7961G-GE"\],"road":"SCCP41' ||
	fail "the plan on the page is the old one: $(grep '^data: {"bundles"' "$T/sse" | tail -n 1)"

# Rude visitors: they read nothing, say nothing, come a hundred at a time, talk nonsense. Nobody
# is hurt, a phone is served all the while.
cat >"$T/rude.py" <<'EOF'
import socket, time
def conn(source):
    s = socket.socket()
    s.settimeout(3)
    s.bind((source, 0))
    s.connect(('127.0.0.1', 8079))
    return s
deaf, mute = [], []
for i in range(40): # more viewers than there are places, who never read
    try:
        s = conn('127.0.1.%d' % (1 + i % 4))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b'GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
        deaf.append(s)
    except OSError: pass
for junk in (b'\x00' * 3000, b'GET ' + b'/' * 60000, b'GET / HTTP/1.1\r\n' + b'A: b\r\n' * 9000, b'\x16\x03\x01\x02\x00',
             b'GET / HTTP/9.9\r\n\r\n', b'\r\n' * 5000,
             b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n',
             b'GET /api/events?after=%00%ff&limit=99999999999999999999999 HTTP/1.1\r\nHost: localhost\r\n\r\n',
             b'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n'):
    try:
        s = conn('127.0.3.1')
        s.settimeout(0.5)
        s.sendall(junk)
        s.recv(4096)
    except OSError: pass
    s.close()
for i in range(100):
    try: mute.append(conn('127.0.2.1'))
    except OSError: pass
print('ready', flush=True)
time.sleep(60)
EOF
ip netns exec "$SRV" python3 "$T/rude.py" >"$T/rude.log" 2>&1 &
RUDE=$!
wait_until 20 grep -q ready "$T/rude.log" || fail "the rude visitors did not come: $(cat "$T/rude.log")"
recover_phone --model 7970 --kind erased --mac 00:1b:54:00:77:01
# Who is silent goes within ten seconds, and there is room again.
for _ in $(seq 150); do
	[ "$(in_srv curl -s -m 2 -o /dev/null -w '%{http_code}' $W/metrics || :)" != 200 ] || break
	sleep 0.1
done
viewers() { get $W/metrics | sed -n 's/^reflashd_web_viewers //p'; }
[ "$(viewers)" -le 32 ] || fail "more viewers than there are places"
kill "$RUDE" 2>/dev/null || :
for _ in $(seq 100); do # who is gone is noticed
	[ "$(viewers)" -gt 2 ] || break
	sleep 0.1
done
[ "$(viewers)" = 2 ] || fail "viewers that left are still counted: $(viewers)"

# The end is told to who looks.
stop_daemon
wait_until 3 grep -q '"event":"daemon.stop"' "$T/sse" || fail "the stream does not say that it ends"

# A port that is held: by whom, and the exit code of the network.
ip netns exec "$SRV" python3 -m http.server 8079 --bind 127.0.0.1 >/dev/null 2>&1 &
HOLDER=$!
for _ in $(seq 50); do
	[ "$(in_srv curl -s -o /dev/null -w '%{http_code}' $W/ || :)" != 200 ] || break
	sleep 0.1
done
daemon_exits 4 --web 8079
grep -q 'held by python3.*process' "$LOG" || fail "it does not say who holds the port: $(cat "$LOG")"
kill $HOLDER
daemon_exits 4 --web 192.0.2.1:8079
grep -q 'no such address' "$LOG" || fail "a foreign address is not named"
