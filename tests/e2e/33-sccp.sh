#!/bin/sh
# Phones that register by SCCP: heard, answered with a text for their screen, and never able to
# disturb each other; with --listen none the port is closed, and a port that somebody holds is
# named and done without.
. "$(dirname "$0")/lib.sh"
TOOLS=${BIN%/*}/tools
[ -x "$TOOLS/sccpclient" ] || TOOLS=$ROOT/build/tools
ns_make
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
for host in 51 52 53 54; do
	ip -n "$CLI" addr add 10.77.0.$host/24 dev eth0
done
client() { in_cli timeout 60 "$TOOLS/sccpclient" "$@"; }
open() { in_srv awk '$2 ~ /:07D0$/ && $4 == "01"' /proc/net/tcp | wc -l; }
events() { grep -Ec "\"event\": ?\"$1\"" "$EVENTS" || :; }

start_daemon

# A phone: events with what it said, and the right bytes on its screen.
client -s 10.77.0.51 $IP 'alarm:25: Name=SEP00192FA1B2C3 Load= 9.0(3S) Last=Initialized' \
	register:SEP00192FA1B2C3:115:SCCP41.9-0-3S read keepalive read unregister read >"$T/answers" ||
	fail "the phone was not answered"
text=$(printf 'Firmware runs, no call server\0\0\0' | od -An -v -tx1 | tr -d ' \n')
cat >"$T/expected" <<-END
	24000000000000009d000000$text
	040000000000000000010000
	08000000000000001801000000000000
END
diff "$T/expected" "$T/answers" || fail "these are not the answers"
wait_event sccp.register '"mac": ?"00:19:2f:a1:b2:c3"' >"$T/event"
for field in '"ip": ?"10.77.0.51"' '"device": ?"SEP00192FA1B2C3"' '"model": ?"7941"' \
	'"load": ?"SCCP41.9-0-3S"'; do
	grep -Eq "$field" "$T/event" || fail "the event lacks $field: $(cat "$T/event")"
done
wait_event sccp.alarm '"load": ?"9.0\(3S\)"' >/dev/null

# It does so again and again: that is one event.
for _ in 1 2 3 4 5; do
	client -s 10.77.0.51 $IP register:SEP00192FA1B2C3:115:SCCP41.9-0-3S read >/dev/null || fail "a retry was not answered"
done
[ "$(events sccp.register)" = 1 ] || fail "a phone that retries floods the stream"

# Everything is read anew while a phone is connected: it is still known by its model.
client -s 10.77.0.53 $IP keepalive read pause:2500 register:SEP00192FA1B2C6:437:SCCP75.9-0-3S read >/dev/null &
stays=$!
sleep 0.3
kill -HUP "$DAEMON"
wait_event daemon.note '"reloaded"' >/dev/null
wait $stays || fail "a phone was lost when everything was read anew"
wait_event sccp.register '"mac": ?"00:19:2f:a1:b2:c6".*"model": ?"7975"' >/dev/null

# A short Register, without a load and without an Alarm: answered a second later.
client -s 10.77.0.52 $IP register:SEP000E84C060A6:7 read >/dev/null || fail "a short Register was not answered"
wait_event sccp.register '"mac": ?"00:0e:84:c0:60:a6".*"load": ?null' >/dev/null

# 50 messages in one piece are 50 answers.
reads=$(printf 'read %.0s' $(seq 50))
# shellcheck disable=SC2086 # the list is a list
[ "$(client -s 10.77.0.52 $IP keepalive:50 $reads | wc -l)" = 50 ] || fail "50 KeepAlives were not answered"

# 300 connections of one that is no phone, and a phone beside them.
client -s 10.77.0.54 $IP crowd:300 pause:3000 &
crowd=$!
sleep 1
client -s 10.77.0.51 $IP keepalive read >/dev/null || fail "a crowd keeps a phone out"
# On a busy machine the crowd is still coming; a phone that was pushed aside by it tries again.
own_phone() { client -s 10.77.0.54 $IP keepalive read >/dev/null; }
wait_until 2 own_phone || fail "a crowd keeps its own phone out"
kill -0 "$crowd" 2>/dev/null || fail "the crowd had gone before the phone came in"
[ "$(open)" -le 20 ] || fail "$(open) connections stay open"
wait_event daemon.note 'sccp-crowded.*10.77.0.54|10.77.0.54.*sccp-crowded' >/dev/null
wait $crowd || fail "the crowd came to grief"

# A phone that stays, and hears us at the end of what follows.
client -s 10.77.0.52 $IP register:SEP00192FA1B2C5:30006:SCCP70.9-0-3S read pause:7000 keepalive read >"$T/stays" &
stays=$!

# The same from 40 addresses: the table is full, and a phone comes in all the same.
crowds=
for host in $(seq 100 139); do
	ip -n "$CLI" addr add 10.77.0.$host/24 dev eth0
	client -s 10.77.0.$host $IP crowd:7 pause:4000 &
	crowds="$crowds $!"
done
for _ in $(seq 100); do
	[ "$(open)" -lt 250 ] || break
	sleep 0.05
done
client -s 10.77.0.51 $IP register:SEP00192FA1B2C4:30006:SCCP70.9-0-3S read >/dev/null || fail "a full table keeps a phone out"
wait_event sccp.register '"mac": ?"00:19:2f:a1:b2:c4"' >/dev/null
[ "$(open)" -ge 200 ] && [ "$(open)" -le 256 ] || fail "$(open) connections are open, not about 256"
for pid in $crowds; do wait "$pid" || fail "a crowd came to grief"; done
wait $stays || fail "a full table threw a phone out"

# One that never says who it is, in the background: closed after 20 s.
began=$(date +%s)
client -s 10.77.0.53 $IP hex:8000 closed:30 2>"$T/silent" &
silent=$!

# One that talks and does not read; one that talks another language.
client -s 10.77.0.52 $IP flood || fail "a flood is let go on"
client -s 10.77.0.52 $IP hex:474554202f20485454502f312e310d0a closed:3 || fail "HTTP is let go on"

wait $silent || fail "a silent connection stays open: $(cat "$T/silent")"
[ $(($(date +%s) - began)) -ge 15 ] || fail "a silent connection was closed too early"
stop_daemon

start_daemon --listen none
! client -s 10.77.0.51 $IP keepalive 2>"$T/none" || fail "--listen none listens"
grep -q refused "$T/none" || fail "the port is not closed: $(cat "$T/none")"
stop_daemon

# A telephone exchange on this machine has the port.
need busybox
ip netns exec "$SRV" busybox nc -l -p 2000 >/dev/null </dev/null &
wait_until 5 in_srv grep -q ':07D0 .*:0000 0A' /proc/net/tcp /proc/net/tcp6 || fail "nc does not listen"
start_daemon
wait_event daemon.note 'sccp-port' | grep -q 'held by busybox' || fail "the holder of the port is not named"
stop_daemon
