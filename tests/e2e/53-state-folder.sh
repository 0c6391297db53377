#!/bin/sh
# A link in the state folder, under the name the daemon writes to first, leads nowhere: what it
# points to belongs to somebody else and stays as it is. And the state is saved all the same.
. "$(dirname "$0")/lib.sh"

need busybox
ns_make
make_files
mkdir "$T/state"
echo precious >"$T/victim"
ln -s "$T/victim" "$T/state/leases.new"
start_daemon --serve-incomplete
in_cli busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s /bin/true >"$T/client.log" 2>&1 ||
	fail "no address: $(cat "$T/client.log")"
wait_event dhcp.ack >/dev/null
stop_daemon
[ "$(cat "$T/victim")" = precious ] || fail "a file outside the state folder was overwritten"
if [ ! -f "$T/state/leases" ] || [ -L "$T/state/leases" ]; then
	fail "the leases were not saved to a file of the daemon's own"
fi
