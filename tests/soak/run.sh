#!/bin/sh
# SPDX-License-Identifier: MIT
# A soak: thousands of recoveries by one daemon over real sockets, in namespaces of its own.
#
#     make soak N=10000                  N recoveries of the same phones again and again, then of N
#     tests/soak/run.sh                  that were never seen before; N=10000 COUNT=150 AGAIN=2000
#
# COUNT simulated phones are on the cable at a time. Eight kinds: one step and two, SCCP and SIP,
# with and without a packing list, proven by CDP, SCCP, SIP, their web page or their requests. One in
# seven loses its power on the way, and half of these stay away for eight seconds. Who is back is
# unplugged without a farewell. Pauses of the phones are 300 times shorter than real ones; what they
# say on the wire and how long they wait for an answer is not. A phone comes again, dead once more, after
# 40 seconds at the soonest: no real one is quicker, and what it announced before is forgotten by then.
#
# What is promised, and looked at once a second:
# - every phone says that it is back, and for every one of them there is one phone.recovered;
# - memory: when every one of those that come again and again has been there once, the median of the
#   last tenth of what follows is at most 256 KiB above that of its first tenth. Of those that are new
#   each may cost 4 KiB, until the table of phones (8,192) is full;
#   With less than 1,000 it is 20 KiB: each touches pages of its own in tables that are there from the
#   start. Not of a sanitized program, which keeps what is freed to see who still uses it.
# - descriptors: in the end as many as in the beginning, and never more than 300 above that;
# - threads as many as in the beginning; no warning but of the firmware that half-knowing phones refuse,
#   of transfers that nobody answers any more because the power failed, and of addresses that are somebody
#   else's before CDP forgets who had them (leases last a minute here, CDP remembers for three).
. "$(dirname "$0")/../e2e/lib.sh"
N=${N:-10000} COUNT=${COUNT:-150} AGAIN=${AGAIN:-2000}
AGAIN=$((AGAIN / 8 * 8)) # of eight kinds: a phone that comes again is what it was
KEYS=$ROOT/tests/keys/test-keys.ini
TOOLS=${TOOLS:-$ROOT/build/tools}
case $TOOLS in /*) ;; *) TOOLS=$ROOT/$TOOLS ;; esac
SIM=$TOOLS/simphone
SAMPLES=$T/samples # seconds, recovered, anonymous KiB, resident KiB, descriptors, threads, events
PHASE=$T/phase
ADDR=10.77.0.1/20 POOL=10.77.0.50-10.77.15.250
need awk mkfifo
ns_make
[ -x "$SIM" ] || fail "$SIM is not there: run make tools first"

firmware() {
	synth --size 60000 java70 SCCP70.8-5-2S "$FILES/7970-85"
	synth --size 60000 java70 SCCP70.9-4-2SR3-1S "$FILES/7970-94"
	synth --size 60000 --capital-j java41 SCCP41.8-3-1S "$FILES/7961"
	synth --size 60000 java42 SIP42.9-4-2SR3-1S "$FILES/7942"
	synth --size 60000 java11 SCCP11.9-4-2SR3-1S "$FILES/7911"
	synth --size 60000 legacy P0S3-8-12-00 "$FILES/7960"
	synth --size 60000 kup7912 CP7912080003SCCP070409A "$FILES/7912"
}

# Of the events only those that count: all of them would be hundreds of megabytes.
serve() {
	mkfifo "$T/fifo"
	exec 9<>"$T/fifo"
	grep --line-buffered -E '"event": ?"(phone\.recovered|daemon\.[a-z]*)"|"severity": ?"(warning|error)"' \
		<"$T/fifo" >"$EVENTS" 9>&- &
	ip -n "$SRV" addr add $ADDR dev lan0
	ip netns exec "$SRV" "$BIN" serve -i lan0 -a $ADDR --clients all --pool $POOL --lease-time 60 --max-transfers 2000 \
		--state-dir "$T/state" --events "$T/fifo" --control "$T/control" --keys "$KEYS" "$FILES" \
		>"$LOG" 2>&1 9>&- &
	DAEMON=$!
	wait_event daemon.ready >/dev/null
	sleep 1
}

recovered() { grep -c '"phone.recovered"' "$EVENTS" || :; }
# shellcheck disable=SC2012 # names are numbers
descriptors() { ls "/proc/$DAEMON/fd" 2>/dev/null | wc -l; }

# $begin is when the phase began, $BEFORE what was recovered before it.
sample() {
	awk -v s=$(($(date +%s) - begin)) -v n=$(($(recovered) - BEFORE)) -v fds="$(descriptors)" \
		-v events="$(tail -n 1 "$EVENTS" | sed 's/.*"seq": *\([0-9]*\).*/\1/')" '
		/^Anonymous:/ { anon = $2 } /^Rss:/ { rss = $2 } /^Threads:/ { threads = $2 }
		END { print s, n, anon, rss, fds, threads, events }' \
		"/proc/$DAEMON/smaps_rollup" "/proc/$DAEMON/status" >>"$SAMPLES"
}

# crowd FIRST-MAC OF-HOW-MANY
crowd() {
	set -- -i eth0 --count "$COUNT" --total "$N" --macs "$2" --rest 40 --cut 7 --patience 150 --keys "$KEYS" --mac "$1" \
		--speed 300 --model 7970 --load SCCP70.9-4-2SR3-1S
	set -- "$@" --and --speed 300 --model 7970 --knows g1 --speak cdp,sccp
	set -- "$@" --and --speed 300 --model 7961 --speak sccp --load SCCP41.8-3-1S
	set -- "$@" --and --speed 300 --model 7960 --sip
	set -- "$@" --and --speed 300 --model 7912
	set -- "$@" --and --speed 300 --model 7942 --sip --speak sip --load SIP42.9-4-2SR3-1S
	set -- "$@" --and --speed 300 --model 7971 --speak page --load SCCP70.9-4-2SR3-1S
	set -- "$@" --and --speed 300 --model 7911 --speak none --load SCCP11.9-4-2SR3-1S
	ip netns exec "$CLI" nice "$SIM" "$@" >/dev/null 2>"$T/lost" 9>&-
}

# How often the kernel found its table of neighbours full: 1,024 for all of the machine, by default. Other
# tests that run meanwhile fill it, too; then this is no fault of the daemon's.
full() { [ ! -r /proc/net/stat/arp_cache ] || awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "table_fulls") c = i } NR > 1 { print "0x" $c }' /proc/net/stat/arp_cache | while read -r n; do echo $((n)); done | awk '{ s += $1 } END { print s + 0 }'; }

# phase NAME FIRST-MAC OF-HOW-MANY WARM-AFTER MAY-GROW-KIB
phase() {
	BEFORE=$(recovered) begin=$(date +%s) fulls=$(full)
	: >"$SAMPLES"
	crowd "$2" "$3" &
	phones=$!
	while sleep 1 && kill -0 $phones 2>/dev/null; do sample; done
	status=0
	wait $phones || status=$?
	fulls=$(($(full) - fulls))
	[ $fulls = 0 ] || say "The kernel's table of neighbours was full $fulls times (MANY PHONES in the manual)."
	[ $status = 0 ] || fail "$1: $(tail -n 5 "$T/lost")"
	all_recovered() { [ $(($(recovered) - BEFORE)) -ge "$N" ]; }
	wait_until 15 all_recovered || :
	sample
	say "$1: $(($(recovered) - BEFORE)) recovered in $(($(date +%s) - begin)) s"
	grep '"phone.recovered"' "$EVENTS" | tail -n +$((BEFORE + 1)) |
		sed 's/.*"mac": *"\([^"]*\)".*/\1/' | sort | uniq -c | awk '{ print $1 }' | sort -n | uniq -c >"$PHASE"
	[ $(($(recovered) - BEFORE)) = "$N" ] || fail "$1: $N phones were on the cable, $(($(recovered) - BEFORE)) proven; phones by number of proofs: $(cat "$PHASE")"
	awk -v warm="$4" -v may="$5" -v fds0="$FDS" -v threads0="$THREADS" -v what="$1" '
		function median(from, to,   i, j, k, v) {
			k = 0
			for (i = from; i <= to; i++) v[++k] = anon[i]
			for (i = 2; i <= k; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
			return v[int((k + 1) / 2)]
		}
		$2 <= warm { cold = NR }
		{ at[NR] = $1; n[NR] = $2; anon[NR] = $3; rss[NR] = $4; fds[NR] = $5; threads[NR] = $6; events[NR] = $7 }
		END {
			print "  seconds recovered anonymous resident descriptors threads  events"
			for (i = 1; i <= 10; i++) {
				k = int(i * NR / 10); if (k < 1) k = 1
				printf "  %7d %9d %5d KiB %4d KiB %9d %7d %9d\n", at[k], n[k], anon[k], rss[k], fds[k], threads[k], events[k]
			}
			tenth = int((NR - cold) / 10)
			for (i = 1; i <= NR; i++) {
				if (fds[i] > fds0 + 300) bad = bad " descriptors: " fds[i]
				if (threads[i] != threads0) bad = bad " threads: " threads[i]
			}
			if (tenth >= 3 && may >= 0) {
				first = median(cold + 1, cold + tenth); last = median(NR - tenth + 1, NR)
				printf "  anonymous memory from second %d on, median of the first tenth and of the last: %d and %d KiB\n", at[cold + 1], first, last
				if (last > first + may) bad = bad " memory grows by " last - first " KiB"
			}
			if (bad) { print what ":" bad; exit 1 }
		}' "$SAMPLES" || fail "$1 is not flat"
}

firmware
serve
FDS=$(descriptors) THREADS=$(awk '/^Threads:/ { print $2 }' "/proc/$DAEMON/status")
case $BIN in
*/asan/*) GROWS=-1 GROWS_NEW=-1 ;;
*) GROWS=256 GROWS_NEW=$(((N < 8192 ? N : 8192) * (N < 1000 ? 20 : 4) + 256)) ;;
esac
phase "the same $AGAIN phones again and again" 00:1b:54:10:00:00 "$AGAIN" "$AGAIN" $GROWS
phase "phones that were never seen" 00:1b:54:40:00:00 "$N" -1 $GROWS_NEW

# Connections of phones that were unplugged are given up, and with them the descriptors. Of those that
# only their requests proved up to 256 stand in line for a look at their web page, eight at a time, five
# seconds each and four times at most: in practice that is over in three minutes.
as_before() { [ "$(descriptors)" -le "$FDS" ]; }
wait_until 900 as_before || fail "$(descriptors) descriptors in the end, $FDS in the beginning"
grep -E '"severity": ?"(warning|error)"' "$EVENTS" | grep -v -e 'refuses this firmware' -e '"code": \?"\(fell-silent\|never-answered\)"' \
	-e '"address-conflict"' >"$T/odd" || :
[ ! -s "$T/odd" ] || fail "$(wc -l <"$T/odd") warnings, such as: $(head -n 3 "$T/odd")"
stop_daemon
say "$((2 * N)) recoveries, not one phone lost; $FDS descriptors in the beginning and in the end"
