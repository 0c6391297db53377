#!/bin/sh
# Somebody pulls the plug at every step: as many phones as a small recovery has frames, each of them
# unplugged after another frame that it sent, all at once and in one daemon. Every one comes back and
# is proven; the daemon keeps one address for each, ends every transfer, and holds no more
# descriptors than before.
. "$(dirname "$0")/lib.sh"

ns_make
synth --size 2000 java70 SCCP70.8-3-3S "$FILES/7970"
synth --size 2000 legacy P003-8-12-00 "$FILES/7960"
synth --size 2000 kup7912 - "$FILES/7912"
ended() { [ "$(grep -c '"tftp.start"' "$EVENTS")" = "$(grep -Ec '"tftp.(complete|aborted)"' "$EVENTS")" ]; }
proven() { [ "$(grep '"phone.recovered"' "$EVENTS" | grep -o '"mac":"[^"]*"' | sort -u | wc -l)" = "$1" ]; }
held() { find "/proc/$DAEMON/fd" -mindepth 1 | wc -l; }
told() { sed -n "s/^unplug: .*$1.*/\\1/p" "$T/phone.log"; }
# phones ARGS: $PHONES is the process; they live on until it is killed
phones() {
	: >"$T/phone.log"
	ip -n "$CLI" addr flush dev eth0
	ip netns exec "$CLI" "$ROOT/build/tools/unplug" --speed 30 --hurry 10 --timeout 60 --model "$model" \
		"$@" eth0 >"$T/phone.log" 2>&1 &
	PHONES=$!
	wait_until 65 grep -q '^unplug: ' "$T/phone.log" || :
	grep -q '^unplug: all' "$T/phone.log" || { tail -n 40 "$T/phone.log"; fail "not every $model came back"; }
}

for model in 7970 7960 7912; do
	start_daemon --clients phones
	phones --mac 00:1b:54:00:ff:00
	kill $PHONES
	frames=$(told 'at most \([0-9]*\) frames')
	before=$(held)
	# 200 addresses, and no phone waits for one.
	[ "$frames" -gt 20 ] && [ "$frames" -lt 190 ] || fail "$model: $frames frames is no small recovery"
	phones --mac 00:1b:54:00:00:00 --count "$frames" --cut 1
	cut=$(told '; \([0-9]*\) were unplugged')
	# No phone sends quite as many frames as the next: some of the last are done before.
	[ "$cut" -ge $((frames * 9 / 10)) ] || fail "only $cut of $frames $model were unplugged"
	wait_until 20 proven $((frames + 1)) || fail "$model: not all of $((frames + 1)) were proven"
	wait_until 10 ended || fail "$model: a transfer was left without an end"
	kill $PHONES
	addresses=$(grep '"dhcp.ack"' "$EVENTS" | grep -o '"ip":"[^"]*"' | sort -u | wc -l)
	[ "$addresses" = $((frames + 1)) ] || fail "$((frames + 1)) $model have had $addresses addresses"
	back() { [ "$(held)" -le "$before" ]; }
	wait_until 5 back || fail "$before descriptors before, $(held) after: $(ls -l "/proc/$DAEMON/fd")"
	row "$model, unplugged after its n-th frame, n = 1 to $frames" "comes back, proven; one address each; nothing left over" \
		"$cut unplugged, all came back; $(grep -c '"tftp.start"' "$EVENTS") transfers, $(grep -c '"tftp.aborted"' "$EVENTS") cut short, none left; $before descriptors"
	stop_daemon
	rm -rf "$T/state"
done
