#!/bin/sh
# A small client, as in many a boot ROM: busybox udhcpc asks as a CP-7911G does. It must get
# an address of the pool, and our address in all four places where a phone may look for its
# TFTP server: options 150 and 66, siaddr, sname.
. "$(dirname "$0")/lib.sh"
need busybox
ns_make
make_files
start_daemon

cat >"$T/script" <<'END'
#!/bin/sh
[ "$1" != bound ] || env >"$OUT"
END
chmod +x "$T/script"
udhcpc() {
	rm -f "$T/env"
	OUT=$T/env in_cli busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s "$T/script" -O 150 -O tftp \
		"$@" || fail "udhcpc got no lease"
}
has() { grep -qix "$1" "$T/env" || fail "no $1 in what udhcpc was told: $(cat "$T/env")"; }

udhcpc -V 'Cisco Systems, Inc. IP Phone CP-7911G'
has 'ip=10\.77\.0\.[0-9]*'
has 'subnet=255\.255\.255\.0'
has "router=$IP"
has "serverid=$IP"
has 'lease=3600'
has 'opt150=0a4d0001'
has "tftp=$IP"
has "siaddr=$IP"
has "sname=$IP"
wait_event dhcp.ack 'CP-7911G' >/dev/null
first=$(grep '^ip=' "$T/env")

# The same phone once more, and again after a restart of the daemon: the same address.
udhcpc -V 'Cisco Systems, Inc. IP Phone CP-7911G'
has "$first"
stop_daemon
start_daemon
udhcpc
has "$first"
stop_daemon
