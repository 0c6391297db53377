#!/bin/sh
# A phone that is back is asked on its own web page what it runs; a page that is another device's is
# not believed, a phone without one is left in peace, and --listen switches the asking off.
. "$(dirname "$0")/lib.sh"
need busybox
ns_make
synth --size 30000 java70 SCCP70.8-3-3S "$FILES/7970"
ip -n "$CLI" link set eth0 address 00:1b:2a:89:36:98
mkdir "$T/www"

# page MAC: the phone's web server shows this
page() {
	printf '%s\r\n' '<?xml version="1.0" encoding="iso-8859-1"?>' '<DeviceInformation>' \
		"<MACAddress>$1</MACAddress>" "<HostName>SEP$1</HostName>" \
		'<appLoadID>SCCP70.8-3-3S</appLoadID>' '<versionID>8.3(3)</versionID>' \
		'<modelNumber>CP-7970G</modelNumber>' '</DeviceInformation>' >"$T/www/DeviceInformationX"
}
fetch() { in_cli busybox tftp -g -r "$1" -l "$T/got" $IP >/dev/null 2>&1 || :; }
# boot [MEMBER ...]: the address comes from us; then an erased phone fetches its list and these
# members; then the requests of a phone that starts with its own firmware.
boot() {
	in_cli busybox udhcpc -n -q -f -i eth0 -s /bin/true -V 'Cisco Systems, Inc. IP Phone CP-7970G' \
		>"$T/client.log" 2>&1 || fail "no address: $(cat "$T/client.log")"
	address=$(wait_event dhcp.ack | sed -n 's/.*"ip": *"\([0-9.]*\)".*/\1/p' | tail -n 1)
	ip -n "$CLI" addr flush dev eth0
	ip -n "$CLI" addr add "$address/24" dev eth0
	[ $# = 0 ] || fetch term70.default.loads
	for name; do fetch "$name"; done
	for name in CTLSEP001B2A893698.tlv SEP001B2A893698.cnf.xml XMLDefault.cnf.xml; do
		fetch $name
	done
	wait_event phone.stage '"stage": ?"back"' >/dev/null
}
serve_page() {
	ip netns exec "$CLI" busybox httpd -f -p 80 -h "$T/www" &
	HTTPD=$!
}

page 001B2A893698
start_daemon --listen page
serve_page
members=$(cd "$FILES/7970" && ls -- *.sbn)
# shellcheck disable=SC2086 # names without blanks
boot $members
e=$(wait_event http.device)
for want in '"mac": ?"00:1b:2a:89:36:98"' '"device": ?"SEP001B2A893698"' '"model": ?"7970"' \
	'"load": ?"SCCP70.8-3-3S"' '"software": ?"8.3\(3\)"'; do
	printf '%s' "$e" | grep -Eq "$want" || fail "not in the event: $want: $e"
done
wait_event phone.recovered '"proof": ?"http"' >/dev/null
stop_daemon

# The page of another device.
page 001B2A893699
start_daemon --listen page -v
boot
sleep 4
! grep -q '"http.device"' "$EVENTS" || fail "another device's page was believed"
stop_daemon
kill "$HTTPD"
wait "$HTTPD" 2>/dev/null || :

# An endless answer that is no page, cut off by us. It waits a moment, since nc would rather die of being
# cut off than read the request that came before.
: >"$T/asked"
{ printf 'HTTP/1.1 200 OK\r\n\r\n' && sleep 5 && head -c 1000000 /dev/zero; } |
	ip netns exec "$CLI" busybox nc -l -p 80 >"$T/asked" 2>/dev/null &
start_daemon --listen page
boot
wait_until 5 grep -q '^GET /DeviceInformationX HTTP/1.1' "$T/asked" || fail "the phone was not asked"
sleep 4
stop_daemon
! grep -q '"http.device"' "$EVENTS" || fail "nonsense was believed"
! grep -E '"severity": ?"(warning|error)"' "$EVENTS" | grep -q page || fail "a page is no reason to warn"

# Switched off.
page 001B2A893698
serve_page
start_daemon --listen none
boot
sleep 3
stop_daemon
! grep -q '"http.device"' "$EVENTS" || fail "asked although --listen says none"
