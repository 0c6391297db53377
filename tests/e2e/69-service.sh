#!/bin/sh
# SPDX-License-Identifier: MIT
# Under a service manager: readiness without a phone, status, watchdog, reload, the end, and a
# journal with fields. The manager is a stand-in that listens where systemd would.
. "$(dirname "$0")/lib.sh"
need python3 unshare
ns_make
synth java70 SCCP70.8-5-2S "$FILES/852"
cat >"$T/manager.py" <<'EOF'
import os, select, socket, subprocess, sys, time
t, netns, binary, files = sys.argv[1:]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); notify.bind(t + '/notify')
subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/run/systemd'], check=True)
os.makedirs('/run/systemd/journal')
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); journal.bind('/run/systemd/journal/socket')
out = open(t + '/stdout', 'w+b')
st = os.fstat(out.fileno())
env = dict(os.environ, NOTIFY_SOCKET=t + '/notify', WATCHDOG_USEC='400000',
           JOURNAL_STREAM='%d:%d' % (st.st_dev, st.st_ino))
env.pop('WATCHDOG_PID', None)
p = subprocess.Popen(['nsenter', '--net=/run/netns/' + netns, binary, 'serve', '-i', 'lan0', '-a', '10.77.0.1/24',
                      '--control', 'none', '--state-dir', t + '/state', files], env=env, stdout=out, stderr=out)
seen, entries = [], []
def until(want, limit=15):
    end = time.time() + limit
    while not want():
        if time.time() > end:
            sys.exit('not seen: %s\n%s\n%s' % (want.__doc__, seen, entries))
        for s in select.select([notify, journal], [], [], 0.2)[0]:
            data = s.recv(65536).decode()
            if s is notify: seen.append(data)
            else: entries.append(dict(l.split('=', 1) for l in data.splitlines()))
def said(text): return lambda: any(text in s for s in seen)
def entry(**kw): return lambda: any(all(e.get(k) == v for k, v in kw.items()) for e in entries)
until(said('READY=1'))
assert 'READY=1' in seen[0], seen
until(said('STATUS=Waiting for a cable'))        # the other end is down: ready all the same
until(entry(REFLASHD_EVENT='network.link'))
open(t + '/go', 'w').close()                     # the test connects the cable
until(said('STATUS=Serving on lan0, address 10.77.0.1'))
until(lambda: sum('WATCHDOG=1' in s for s in seen) > 3)
until(entry(REFLASHD_EVENT='firmware.bundle', REFLASHD_LOAD='SCCP70.8-5-2S', PRIORITY='5', SYSLOG_IDENTIFIER='reflashd'))
p.send_signal(1)
until(said('RELOADING=1\nMONOTONIC_USEC='))
n = len(seen)
until(entry(REFLASHD_CODE='reloaded'))
until(lambda: any('READY=1' in s for s in seen[n:]))
p.terminate()
until(said('STOPPING=1'))
assert p.wait(10) == 0, p.returncode
until(entry(REFLASHD_EVENT='daemon.stop'))
assert all(e['MESSAGE'] for e in entries)
numbers = [int(e['REFLASHD_SEQ']) for e in entries]
assert numbers == sorted(set(numbers)), numbers
out.seek(0)
rest = out.read().decode()
assert 'SCCP70.8-5-2S' not in rest and 'Ready on' not in rest, rest   # not said twice
EOF
ip -n "$CLI" link set eth0 down
unshare -m python3 "$T/manager.py" "$T" "$SRV" "$BIN" "$FILES" >"$T/manager.log" 2>&1 &
MANAGER=$!
for _ in $(seq 300); do
	[ ! -e "$T/go" ] || break
	kill -0 $MANAGER 2>/dev/null || break
	sleep 0.05
done
ip -n "$CLI" link set eth0 up
wait $MANAGER || fail "$(cat "$T/manager.log" "$T/stdout")"
