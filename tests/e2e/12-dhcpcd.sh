#!/bin/sh
# dhcpcd, the client of Raspberry Pi and Alpine, probes the offered address with ARP first and
# must find it free.
. "$(dirname "$0")/lib.sh"
need dhcpcd unshare
ns_make
make_files
start_daemon

cat >"$T/conf" <<'END'
define 150 array ipaddress tftp150
option subnet_mask, routers, domain_name_servers, tftp_server_name, tftp150
ipv4only
END
cat >"$T/script" <<END
#!/bin/sh
[ "\$reason" != BOUND ] || env >"$T/env"
END
chmod +x "$T/script"
# shellcheck disable=SC2016 # $1 is for the inner shell
# Its files have fixed places; give it places of its own.
in_cli unshare -m sh -c 'mount -t tmpfs tmpfs /run && { [ ! -d /var/lib/dhcpcd ] ||
	mount -t tmpfs tmpfs /var/lib/dhcpcd; } && exec timeout -k 1 25 \
	dhcpcd -4 -B -1 -t 15 -f "$1/conf" -c "$1/script" eth0' sh "$T" >"$T/dhcpcd.log" 2>&1 ||
	fail "dhcpcd got no lease: $(cat "$T/dhcpcd.log")"
has() { grep -qx "$1" "$T/env" || fail "no $1: $(cat "$T/env" "$T/dhcpcd.log")"; }
has 'new_ip_address=10\.77\.0\.[0-9]*'
has "new_dhcp_server_identifier=$IP"
has "new_routers=$IP"
has "new_tftp_server_name=$IP"
has "new_tftp150=$IP"
has "new_server_name=$IP"
wait_event dhcp.ack >/dev/null
stop_daemon
