#!/bin/sh
# Simulated phones at the end of a wire that loses a third of all frames, doubles and reorders:
# from the first DISCOVER to the last question of the running image, served by the shipped daemon.
# They all come back, and no transfer is left without an end.
#
# And they are proven, but for one that gave up a file by itself: its patience, too, runs ten times as
# fast as ours, so that a 7912 may ask for its image, hear nothing for eight of its seconds and go on with
# what it has. That is no recovery, and must not be called one.
. "$(dirname "$0")/lib.sh"

ns_make
wire_make
synth --size 2000 java70 SCCP70.8-3-3S "$FILES/7970"
synth --size 2000 legacy P003-8-12-00 "$FILES/7960"
synth --size 2000 kup7912 - "$FILES/7912"
ended() { [ "$(grep -c '"tftp.start"' "$EVENTS")" = "$(grep -Ec '"tftp.(complete|aborted)"' "$EVENTS")" ]; }
recovered() { grep '"phone.recovered"' "$EVENTS" | grep -o '"mac":"[^"]*"' | sort -u | wc -l; }
proven() { [ "$(recovered)" = "$1" ]; }
# Neither proven nor one that gave up a file.
unexplained() {
	grep -o '"mac":"00:1b:79:[^"]*"' "$EVENTS" | sort -u | while read -r mac; do
		grep -F "$mac" "$EVENTS" | grep -Eq '"phone.recovered"|"tftp.aborted"' || echo "$mac"
	done
}
start_daemon
# Each phone lives ten times as fast as a real one, since on such a wire it mostly waits to ask again;
# what it does besides (boot, write its flash, announce itself) is thirty times as fast as that.
phones=0
n=0
for bad in '30 % lost each way:--loss 30' \
	'10 % lost, 10 % doubled, 30 % reordered each way:--loss 10 --dup 10 --reorder 30 --hold 20'; do
	name=${bad%%:*}
	n=$((n + 1))
	# shellcheck disable=SC2086 # words
	wire_start --delay 1 --seed 11 ${bad#*:}
	pids=
	before=$(recovered)
	for model in 7970 7960 7912; do
		: >"$T/phone-$model.log"
		ip netns exec "$CLI" "$ROOT/build/tools/unplug" --speed 30 --hurry 10 --timeout 80 \
			--count 2 --model $model --mac "00:1b:$(echo $model | sed 's/../&:/'):0$n:00" eth0 \
			>"$T/phone-$model.log" 2>&1 &
		pids="$pids $!"
	done
	for model in 7970 7960 7912; do
		wait_until 85 grep -q 'unplug: ' "$T/phone-$model.log" || :
		grep -q 'unplug: all 2 run' "$T/phone-$model.log" ||
			{ tail -n 40 "$T/phone-$model.log"; fail "$name: a $model did not come back"; }
	done
	phones=$((phones + 6))
	wait_until 10 proven $phones || :
	proven=$(recovered)
	[ -z "$(unexplained)" ] || fail "$name: not proven, although it got all it asked for: $(unexplained)"
	[ "$proven" -ge $((phones - 2)) ] || fail "$name: only $proven of $phones phones were proven"
	# Whoever gives up a file and whose word of that is lost is waited for a minute.
	wait_until 75 ended || fail "$name: a transfer is left without an end"
	# shellcheck disable=SC2086 # several
	kill $pids
	wire_stop
	row "two 7970, 7960, 7912 each; $name" "all recover" "six recover, $((proven - before)) proven; $WIRE_DID"
done
row "and at the end" "no transfer is left" "$(grep -c '"tftp.start"' "$EVENTS") began, $(grep -c '"tftp.aborted"' "$EVENTS") were given up"
stop_daemon
