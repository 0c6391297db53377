#!/bin/sh
# Never be the second DHCP server: with dnsmasq on the wire reflashd says whose address that
# is and ends with exit code 4, before it has answered anybody. With --force it serves.
. "$(dirname "$0")/lib.sh"
need dnsmasq busybox
ns_make
make_files
ip -n "$CLI" addr add 10.77.0.2/24 dev eth0
start_rival eth0 10.77.0 --no-ping

daemon_exits 4
grep -q '10\.77\.0\.2' "$LOG" || fail "the rival is not named"
wait_event network.rival '10\.77\.0\.2"' >/dev/null
! grep -Eq '"event": ?"(daemon.ready|dhcp.offer)"' "$EVENTS" || fail "it served all the same"

start_daemon --force
stop_daemon
