#!/bin/sh
# The same question to dnsmasq and to us: udhcpc must be told the same things. dnsmasq is what
# most recovery guides use, so what it says is what phones are known to live on.
. "$(dirname "$0")/lib.sh"
need dnsmasq busybox
ns_make
make_files
cat >"$T/script" <<'END'
#!/bin/sh
# Without what belongs to the lease and not to the server, and without sname: dnsmasq sends
# the name there or as option 66, we do both (10-udhcpc looks at it).
[ "$1" != bound ] || env | grep -E '^(subnet|mask|router|dns|serverid|siaddr|tftp|opt150|lease|opt58|opt59|broadcast)=' |
	sed 's/ *$//' | sort >"$OUT"
END
chmod +x "$T/script"
ask() {
	OUT=$1 in_cli busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s "$T/script" -O 150 -O tftp \
		-O 58 -O 59 -V 'Cisco Systems, Inc. IP Phone CP-7961G' || fail "udhcpc got no lease"
}

ip -n "$SRV" addr add $IP/24 dev lan0
ip netns exec "$SRV" dnsmasq -k -C /dev/null --port=0 --dhcp-range=10.77.0.50,10.77.0.250,1h \
	--dhcp-option-force=150,$IP --dhcp-option-force=66,$IP --dhcp-option=6,$IP \
	--dhcp-boot=,$IP,$IP --dhcp-leasefile="$T/leases" --no-ping --dhcp-authoritative \
	--interface=lan0 --bind-interfaces --user= --group= --pid-file= --log-facility="$T/log" &
pid=$!
ask "$T/theirs"
kill $pid
wait $pid || :

start_daemon
ask "$T/ours"
stop_daemon
diff "$T/theirs" "$T/ours" || fail "dnsmasq (<) and we (>) differ"
[ "$(wc -l <"$T/ours")" -ge 9 ] || fail "too little to compare: $(cat "$T/ours")"
