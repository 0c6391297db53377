#!/bin/sh
# The ISC client, which is strict about what it parses: lease, server name, options 150 and 66.
. "$(dirname "$0")/lib.sh"
need dhclient
ns_make
make_files
start_daemon

# A copy: where AppArmor guards /sbin/dhclient it may not write to our folder.
cp "$(command -v dhclient)" "$T/dhclient"
cat >"$T/conf" <<'END'
option tftp150 code 150 = array of ip-address;
request subnet-mask, routers, domain-name-servers, tftp-server-name, tftp150;
timeout 10;
END
in_cli timeout -k 1 20 "$T/dhclient" -4 -1 -d -cf "$T/conf" -sf /bin/true -lf "$T/leases" \
	-pf "$T/pid" eth0 >"$T/dhclient.log" 2>&1 &
wait_until 10 grep -qs '^}' "$T/leases" || fail "no lease: $(cat "$T/dhclient.log")"
has() { grep -q "^ *$1;" "$T/leases" || fail "no $1: $(cat "$T/leases" "$T/dhclient.log")"; }
has 'fixed-address 10\.77\.0\.[0-9]*'
has "option dhcp-server-identifier $IP"
has "option routers $IP"
has "option tftp150 $IP"
has "option tftp-server-name \"$IP\""
has "server-name \"$IP\""
wait_event dhcp.ack >/dev/null
stop_daemon
