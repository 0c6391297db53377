#!/bin/sh
# A firewall that drops what phones send is named with the rule that opens it, and that rule works;
# without one there is no alarm.
. "$(dirname "$0")/lib.sh"
need nft jq
ns_make
in_srv nft list ruleset >/dev/null 2>&1 || skip "nft does not work in a namespace here"
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
warned() { jq -r 'select(.code == "firewall") | .text' "$EVENTS"; }
quiet_start() {
	start_daemon
	sleep 1
	[ -z "$(warned)" ] || fail "a false alarm $1: $(warned)"
	stop_daemon
}
follow() { # runs what stands behind the last colon, without sudo
	wait_event daemon.note '"firewall"' >/dev/null
	warned | sed 's/.*let them in: //; s/sudo //g' >"$T/rule"
	in_srv sh -e "$T/rule" || fail "the advice does not work: $(cat "$T/rule")"
}
quiet_start "without any firewall"
in_srv nft -f - <<'N'
table inet guard {
	chain in {
		type filter hook input priority 0; policy drop;
		iifname "lo" accept
		meta l4proto icmp accept
		tcp dport 22 accept
	}
}
N
start_daemon
follow
warned | grep -q 'DHCP requests (UDP 67), TFTP requests (UDP 69), the phone.s part.*chain in of the nftables table inet guard' ||
	fail "it says: $(warned)"
recover_phone --model 7970 --kind erased
stop_daemon
quiet_start "after its own advice"
in_srv nft flush ruleset

if command -v iptables >/dev/null && in_srv iptables -P INPUT DROP 2>/dev/null; then
	start_daemon
	follow
	warned | grep -q "iptables -t filter -I INPUT -i lan0" || fail "it says: $(warned)"
	recover_phone --model 7970 --kind erased
	stop_daemon
	quiet_start "after its own advice for iptables"
	# Something nobody can judge from the outside is no reason for an alarm.
	in_srv iptables -F
	in_srv iptables -A INPUT -s 10.0.0.0/8 -j ACCEPT
	quiet_start "for rules that may let phones in"
else
	left_out "iptables is not installed, or does not work here"
fi
