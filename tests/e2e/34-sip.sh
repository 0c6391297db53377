#!/bin/sh
# Phones that register by SIP are heard on UDP and TCP, answered with 404 and believed; keepalives
# are answered, an exchange that holds the port is named, and --listen switches all this off.
. "$(dirname "$0")/lib.sh"
need bash busybox timeout
ns_make
make_files
ip -n "$CLI" addr add 10.77.0.60/24 dev eth0

# register UDP|TCP LOAD: the text of a 7970's REGISTER
register() {
	printf '%s\r\n' "REGISTER sip:$IP SIP/2.0" "Via: SIP/2.0/$1 10.77.0.60:5060;branch=z9hG4bK1;rport" \
		"From: <sip:6010@$IP>;tag=1" "To: <sip:6010@$IP>" "Call-ID: 1@10.77.0.60" "CSeq: 101 REGISTER" \
		"User-Agent: Cisco-CP7970G/8.4.0" \
		"Contact: <sip:6010@10.77.0.60>;+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-001b2a893698>\";+u.sip!model.ccm.cisco.com=\"30006\"" \
		"Reason: SIP;cause=200;text=\"cisco-alarm:23 Name=SEP001B2A893698 Load=$2 Last=reset-restart\"" \
		"Content-Length: 0" ""
}
# ask udp|tcp: sends standard input, prints what comes back within a second
ask() {
	cat >"$T/ask"
	# One write, so that a datagram stays one.
	in_cli timeout 2 bash -c "exec 3<>/dev/$1/$IP/5060; dd bs=65536 count=1 if='$T/ask' status=none >&3; timeout 1 cat <&3" ||
		:
}

start_daemon --listen sip
register UDP SIP70.8-4-2-30S | ask udp >"$T/answer"
grep -q '^SIP/2.0 404 Not Found' "$T/answer" || fail "no 404 by UDP: $(cat "$T/answer")"
grep -q ';received=10.77.0.60;rport=' "$T/answer" || fail "rport was not filled in"
e=$(wait_event sip.register)
for want in '"mac": ?"00:1b:2a:89:36:98"' '"device": ?"SEP001B2A893698"' '"model": ?"7970"' \
	'"load": ?"SIP70.8-4-2-30S"' '"software": ?"8.4.0"' '"ip": ?"10.77.0.60"'; do
	printf '%s' "$e" | grep -Eq "$want" || fail "not in the event: $want"
done

{ printf '\r\n\r\n'; register TCP SIP70.9-4-2SR3-1S; register TCP SIP70.9-4-2SR3-1S; } | ask tcp >"$T/answer"
[ "$(grep -c '^SIP/2.0 404' "$T/answer")" = 2 ] || fail "not two answers by TCP: $(cat "$T/answer")"
[ "$(head -n 1 "$T/answer")" = "$(printf '\r')" ] || fail "the keepalive was not answered"
wait_event sip.register SIP70.9-4-2SR3-1S >/dev/null

# Everything is read anew, the catalogue of models as well.
kill -HUP "$DAEMON"
wait_event daemon.note '"reloaded"' >/dev/null

# Nonsense gets nothing, and the next phone is heard all the same.
head -c 3000 /dev/urandom | ask udp >/dev/null
head -c 9000 /dev/urandom | ask tcp >/dev/null
register UDP SIP70.1 | ask udp | grep -q '^SIP/2.0 404' || fail "silent after nonsense"
wait_event sip.register '"model": ?"7970".*SIP70\.1' >/dev/null
[ "$(grep -Ec '"event": ?"sip.register"' "$EVENTS")" = 3 ] || fail "not three sip.register"

# More connections than one phone may have: the newest are kept, and nobody else is shut out.
in_cli bash -c "for i in {10..29}; do eval \"exec \$i<>/dev/tcp/$IP/5060\"; done; sleep 2" &
sleep 1
held=$(ip netns exec "$SRV" cat /proc/net/tcp | awk '$2 ~ /:13C4$/ && $4 == "01"' | wc -l)
[ "$held" -le 8 ] || fail "$held connections of one phone are held"
stop_daemon

# A phone that does not register by a listener that is off.
start_daemon --listen none
register UDP SIP70.2 | ask udp >"$T/answer"
[ ! -s "$T/answer" ] || fail "answered although --listen says none"
stop_daemon

# Somebody else has the port: named, and the service goes on.
ip netns exec "$SRV" busybox nc -l -p 5060 >/dev/null 2>&1 </dev/null &
wait_until 5 in_srv grep -q ':13C4 .*:0000 0A' /proc/net/tcp /proc/net/tcp6 || fail "nc does not listen"
start_daemon --listen sip
wait_event daemon.note 'TCP port 5060 is held by' >/dev/null
register UDP SIP70.3 | ask udp | grep -q '^SIP/2.0 404' || fail "UDP is silent when only TCP is taken"
stop_daemon
