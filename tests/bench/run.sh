#!/bin/sh
# make bench: reflashd side by side with the TFTP and DHCP servers that are here, in one run.
#
# Two namespaces, one veth. In every round each server is started afresh, measured and stopped,
# then the next one (A B C, A B C, …), so that a machine that gets slower for a while
# slows all of them. What counts is therefore the ratio within a round; absolute figures
# drift between machines. Every byte is checked: the only way to fail is to be wrong.
#
#   BIN=build/reflashd   ROUNDS=5   TESTS="one fifty loss dhcp1 …"   SERVERS="reflashd dnsmasq …"
#   BUSYBOX=, ATFTPD=, TFTPDHPA=, RSTFTPD=, KEA=, DHCPD= paths of other builds; else what is in
#   build/bench/peers (tests/bench/peers.sh fetches it) or installed
#   SHORT=1 only goes the ways, with little work: it measures nothing
#
# one      1 client, 512-byte blocks, client and server on one CPU: the cost of a block. (On two
#          CPUs each block waits for a wake-up, which hides the server: that is "one-free".) floor: bare
#          recvfrom() and sendto() of a file for the same client, which looks at every byte; pingpong:
#          packets of the same sizes between two programs that look at nothing
# window   1 client, blksize 1428, windowsize 64, as far as the server agrees
# fifty    50 clients with an address each, 6 MiB each, wherever the scheduler puts them; floor and
#          floor4 are bare sockets that answer without a thought: what the kernel gives at most
# twohundred  200 clients in the same way
# swarm    the same by a client that takes in and sends many packets at once, to be less of a brake
# delay    5 clients, 1 MiB, a wire with 1.2 ms round trip; loss: and 1 % lost each way; loss5: 5 %
#          (round 1 only). No netem, which many kernels lack: the client delays and drops, by dice
#          that fall the same for every server. With loss comes delay, to compare with.
# memory   resident and proportional memory, idle and in the midst of 50 transfers (round 1 only)
# dhcp1    DISCOVER to ACK, one client after another; dhcp10: 10 at once; dhcp50; burst: 20, once each.
#          Then the server is killed, and the leases that its files hold are counted.
# powered  20 phones powered at once, and every server with its own checks for taken addresses, as it
#          ships; for the others these are off (round 1 only)
#
# start    from the exec of a server to its first OFFER, with a 12 MB bundle and the look for rivals that
#          reflashd takes before it serves (80 ms of it); then, once it has settled, idle: how often
#          any of its threads wakes up in ten seconds (round 1 only).
#
# CPU is that of the server's cgroup (else utime+stime of /proc): the interrupt work of a send
# is charged to the sender, as on a real machine.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BIN=${BIN:-build/reflashd}
case $BIN in /*) ;; *) BIN=$ROOT/$BIN ;; esac
ROUNDS=${ROUNDS:-5}
EVERY='one one-free window fifty twohundred swarm delay loss loss5 memory dhcp1 dhcp10 dhcp50 burst powered start'
TESTS=${TESTS:-$EVERY}
PATH=$PATH:/usr/sbin:/sbin
OUT=${OUT:-$ROOT/build/bench}
RESULTS=$OUT/results.tsv
IP=10.77.0.1
BIG=31 MANY=6 LEASES=1000 # MiB for one client, MiB for each of many, DHCP exchanges
[ -z "${SHORT:-}" ] || BIG=1 MANY=1 LEASES=40
SRV=rfb$$s CLI=rfb$$c
CPUS=$(nproc)
ALL=$(sed -n 's/^Cpus_allowed_list:[[:blank:]]*//p' /proc/self/status)
CPU_A=${ALL%%[-,]*} CPU_B=${ALL##*[-,]} # the server's when one is not enough, the client's
TEST='' CG='' CG_FILE='' PID='' BAD=0 SEED=0

say() { printf '%s\n' "$*"; }
die() {
	say "bench: $*" >&2
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
wants() { case " $TESTS " in *" $1 "*) ;; *) return 1 ;; esac }

# --- set up and clean up

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	status=$?
	trap - EXIT INT TERM HUP
	for ns in $SRV $CLI; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -9 "$pid" 2>/dev/null || :
		done
		ip netns del "$ns" 2>/dev/null || :
	done
	if [ -n "$CG" ]; then
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			rmdir "$CG" 2>/dev/null && break
			sleep 0.1
		done
	fi
	rm -rf "$W"
	exit "$status"
}

# A cgroup that counts CPU: version 1 in nanoseconds, version 2 in microseconds.
make_cgroup() {
	for base in /sys/fs/cgroup/cpuacct /sys/fs/cgroup/unified /sys/fs/cgroup; do
		for file in cpuacct.usage cpu.stat; do
			[ -e "$base/$file" ] || continue
			mkdir "$base/reflashd-bench-$$" 2>/dev/null || continue
			CG=$base/reflashd-bench-$$ CG_FILE=$file
			if [ -r "$CG/$file" ] && sh -c "echo \$\$ >'$CG/cgroup.procs'" 2>/dev/null; then
				return
			fi
			rmdir "$CG"
			CG=''
		done
	done
	say "No cgroup to count CPU in; taking utime and stime of /proc (10 ms steps)."
}

make_wire() {
	ip netns add "$SRV" 2>/dev/null || die "cannot make network namespaces here"
	ip netns add "$CLI"
	ip link add lan0 netns "$SRV" type veth peer name eth0 netns "$CLI"
	ip -n "$SRV" addr add $IP/16 dev lan0
	ip -n "$CLI" addr add 10.77.0.2/16 dev eth0
	i=0
	while [ $i -lt 200 ]; do # one for each client, as phones have
		echo "addr add 10.77.100.$((i += 1))/32 dev eth0"
	done | ip -n "$CLI" -batch -
	for end in "$SRV lan0" "$CLI eth0"; do
		ip -n "${end% *}" link set lo up
		ip -n "${end% *}" link set "${end#* }" up
		if have ethtool; then
			ip netns exec "${end% *}" ethtool -K "${end#* }" tx off >/dev/null 2>&1 || :
		fi
	done
}

make_files() {
	mkdir "$W/root"
	for mib in 1 $MANY $BIG; do
		head -c $((mib * 1048576)) /dev/urandom >"$W/root/bench-$mib.bin"
	done
	head -c 100 /dev/urandom >"$W/root/bench-0.bin"
	chmod -R a+rX "$W"
}

build_tools() {
	for tool in tftpload swarm dhcpload pingpong floor; do
		if [ ! -x "$OUT/$tool" ] || [ -n "$(find "$HERE" -name "$tool*" -newer "$OUT/$tool")" ]; then
			${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -o "$OUT/$tool" "$HERE/$tool.c"
		fi
	done
}

# --- servers

# peer NAME: as peers.sh fetched it, else as it is installed
peer() { if [ -x "$OUT/peers/$1" ]; then echo "$OUT/peers/$1"; else echo "$1"; fi; }
find_peers() {
	BUSYBOX=${BUSYBOX:-$(peer busybox)} ATFTPD=${ATFTPD:-$(peer atftpd)} RSTFTPD=${RSTFTPD:-$(peer rs-tftpd)}
	TFTPDHPA=${TFTPDHPA:-$(peer in.tftpd)} KEA=${KEA:-kea-dhcp4} DHCPD=${DHCPD:-$(peer dhcpd)}
}

tftp_servers() {
	echo reflashd
	if have dnsmasq; then echo dnsmasq; fi
	if "$TFTPDHPA" -V 2>/dev/null | grep -q tftp-hpa; then echo tftpd-hpa; fi
	if "$BUSYBOX" --list 2>/dev/null | grep -qx tftpd; then echo busybox; fi
	if have "$ATFTPD"; then echo atftpd; fi
	if have "$RSTFTPD"; then echo rs-tftpd; fi
	echo pingpong
	echo floor
	echo floor4
}

dhcp_servers() {
	echo reflashd
	if have dnsmasq; then echo dnsmasq; fi
	if have "$DHCPD"; then echo isc-dhcpd; fi
	if busybox --list 2>/dev/null | grep -qx udhcpd; then echo udhcpd; fi
	if have "$KEA"; then echo kea; fi
}

# Who is not here is named, so that nobody takes a short table for the whole field.
name_absent() {
	for peer in dnsmasq tftpd-hpa busybox atftpd rs-tftpd isc-dhcpd udhcpd kea; do
		mine $peer || continue
		{ tftp_servers && dhcp_servers; } | grep -qx $peer || printf ' %s' $peer
	done
}

kea_config() {
	cat <<-END
	{"Dhcp4": {"interfaces-config": {"interfaces": ["lan0"]}, "valid-lifetime": 3600,
	 "lease-database": {"type": "memfile", "persist": true, "name": "$W/state/leases"},
	 "option-def": [{"name": "tftp150", "code": 150, "type": "ipv4-address", "array": true}],
	 "subnet4": [{"subnet": "10.77.0.0/16", "pools": [{"pool": "10.77.16.1-10.77.31.250"}],
	 "option-data": [{"name": "tftp150", "data": "$IP", "always-send": true},
	 {"name": "tftp-server-name", "data": "$IP", "always-send": true}]}]}}
	END
}

isc_config() {
	cat <<-END
	option tftp150 code 150 = array of ip-address;
	authoritative; $1 default-lease-time 3600;
	subnet 10.77.0.0 netmask 255.255.0.0 {
		range 10.77.16.1 10.77.31.250; option tftp150 $IP; option tftp-server-name "$IP"; }
	END
}

udhcpd_config() {
	cat <<-END
	interface lan0
	start 10.77.16.1
	end 10.77.31.250
	max_leases 5000
	lease_file $W/state/leases
	pidfile $W/state/pid
	option subnet 255.255.0.0
	option lease 3600
	option tftp $IP
	option 0x96 0a4d0001
	END
}

# start SERVER tftp|dhcp|shipped CPUS: with an empty state; limits out of the way, and but for
# shipped (DHCP, too) no checks for taken addresses.
start() {
	rm -rf "$W/state"
	mkdir -m 777 "$W/state"
	cpus=$3 no_ping=''
	case $1-$2 in
	reflashd-*)
		set -- "$BIN" serve -i lan0 -a $IP/16 --clients all ${FORCE---force} --state-dir "$W/state" --control none -q \
			--pool 10.77.16.1-10.77.31.250 "${FIRMWARE:-$W/root}" ;;
	dnsmasq-tftp)
		set -- dnsmasq -k -C /dev/null --port=0 --enable-tftp --tftp-root="$W/root" \
			--tftp-max=1000 --interface=lan0 --bind-interfaces --user=root --pid-file= ;;
	dnsmasq-dhcp | dnsmasq-shipped)
		[ "$2" = shipped ] || no_ping=--no-ping
		set -- dnsmasq -k -C /dev/null --port=0 --dhcp-range=10.77.16.1,10.77.31.250,1h \
			--dhcp-leasefile="$W/state/leases" ${no_ping:-} --dhcp-authoritative \
			--dhcp-lease-max=10000 --dhcp-option-force=150,$IP --dhcp-option-force=66,$IP \
			--interface=lan0 --bind-interfaces --user=root --pid-file= ;;
	tftpd-hpa-tftp) set -- "$TFTPDHPA" -L -4 -a $IP:69 -s "$W/root" ;;
	busybox-tftp)
		set -- "$BUSYBOX" udpsvd -c 1000 $IP 69 "$BUSYBOX" tftpd -r "$W/root" ;;
	atftpd-tftp)
		set -- "$ATFTPD" --daemon --no-fork --maxthread 1000 --bind-address $IP --user root \
			--group root --logfile - "$W/root" ;;
	pingpong-tftp) set -- "$OUT/pingpong" serve $IP 69 ;;
	floor-big) set -- "$OUT/floor" $IP 69 "$W/root/bench-$BIG.bin" - ;;
	floor-small) set -- "$OUT/floor" $IP 69 "$W/root/bench-$MANY.bin" - ;;
	floor-many) set -- "$OUT/floor" $IP 69 "$W/root/bench-$MANY.bin" ;;
	floor4-many) set -- "$OUT/floor" $IP 69 "$W/root/bench-$MANY.bin" 4 ;;
	rs-tftpd-tftp) set -- "$RSTFTPD" -i $IP -p 69 -d "$W/root" -r ;;
	kea-dhcp | kea-shipped)
		kea_config >"$W/kea.json"
		set -- env KEA_PIDFILE_DIR="$W/state" KEA_LOCKFILE_DIR="$W/state" "$KEA" -c "$W/kea.json" ;;
	udhcpd-dhcp | udhcpd-shipped)
		udhcpd_config >"$W/udhcpd.conf"
		: >"$W/state/leases"
		# 0 ms: it asks by ARP whether an address is taken, but does not wait for the answer
		if [ "$2" = shipped ]; then set -- 2000; else set -- 0; fi
		set -- busybox udhcpd -f -a "$1" "$W/udhcpd.conf" ;;
	isc-dhcpd-dhcp | isc-dhcpd-shipped)
		isc_config "$([ "$2" = shipped ] || echo 'ping-check false;')" >"$W/dhcpd.conf"
		: >"$W/state/leases"
		set -- "$DHCPD" -4 -f -q -cf "$W/dhcpd.conf" -lf "$W/state/leases" \
			-pf "$W/state/pid" lan0 ;;
	*) die "do not know how to start $1 for $2" ;;
	esac
	if [ "$TEST" = start ]; then
		in_cli "$OUT/dhcpload" -i eth0 -n 1 -t 10 -S "$SRV" "$@" >"$W/server.log" 2>&1 || :
		return
	fi
	# Into the cgroup first: inside the namespace /sys is another one.
	CG_PROCS=${CG:+$CG/cgroup.procs} sh -c 'echo $$ >"${CG_PROCS:-/dev/null}"
		exec taskset -c "$0" ip netns exec "$@"' "$cpus" "$SRV" "$@" >"$W/server.log" 2>&1 &
	PID=$!
}

server_pids() { ip netns pids "$SRV"; }

stop() {
	# shellcheck disable=SC2046 # a list
	kill $(server_pids) 2>/dev/null || :
	for _ in $(seq 40); do
		[ -n "$(server_pids)" ] || break
		sleep 0.05
	done
	for pid in $(server_pids); do
		kill -9 "$pid" 2>/dev/null || :
	done
	wait "$PID" 2>/dev/null || :
}

place() {
	for pid in $(server_pids); do
		taskset -a -p -c "$1" "$pid" >/dev/null 2>&1 || :
	done
}

# --- measuring

in_cli() { timeout -k 5 200 taskset -c "$CPU" ip netns exec "$CLI" "$@"; }
tftpload() { in_cli "$OUT/tftpload" --server $IP "$@"; }
value() { printf '%s\n' "$LINE" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
note() { printf '%s\t%s\t%s\t%s\t%s\n' "$TEST" "$SERVER" "$ROUND" "$1" "$2" >>"$RESULTS"; }
calc() { awk "BEGIN { printf \"%.4f\", ($1) }"; }

cpu_usec() {
	case $CG_FILE in
	cpuacct.usage) calc "$(cat "$CG/$CG_FILE") / 1000" ;;
	cpu.stat) sed -n 's/^usage_usec //p' "$CG/$CG_FILE" ;;
	*)
		for pid in $(server_pids); do
			sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null || :
		done | awk '{ t += $12 + $13 + $14 + $15 } END { print t * 10000 }' ;;
	esac
}

# Run a client; LINE is what it printed. Slowness and a peer's refusals are only noted.
measure() {
	status=0
	cpu_before=$(cpu_usec)
	LINE=$("$@" 2>"$W/client.log") || status=$?
	CPU_USED=$(calc "$(cpu_usec) - $cpu_before")
	case $status in
	0) return ;;
	3)
		say "WRONG: $SERVER in $TEST: $(value first_error)"
		BAD=1
		note wrong 1 ;;
	*)
		say "  $SERVER in $TEST did not finish: $(value first_error)$(tail -n 1 "$W/client.log")"
		[ "$SERVER" != reflashd ] || [ -n "$LINE" ] || BAD=1
		note unfinished 1 ;;
	esac
	return 1
}

# What cannot be said of a peer is only left out; of us it is a failure.
unmeasured() {
	say "  $SERVER in $TEST was not measured: $(tail -n 1 "$W/server.log")"
	[ "$SERVER" != reflashd ] || BAD=1
	note unfinished 1
}

# tftp_test TEST CLIENTS MIB CPUS [OPTIONS OF tftpload]
tftp_test() {
	TEST=$1 clients=$2 mib=$3 CPU=$4
	shift 4
	wants "$TEST" || return 0
	place "$CPU"
	measure tftpload --clients "$clients" --source 10.77.100.1 --file "bench-$mib.bin" \
		--verify "$W/root/bench-$mib.bin" --timeout 60 "$@" || return 0
	note_tftp
}

note_tftp() {
	note mib_s "$(value mib_s)"
	note cpu_ms_mib "$(calc "$CPU_USED / 1000 / ($clients * $mib)")"
	note client_cpu_ms_mib "$(value cpu_ms_mib)" # is it the client that cannot do more?
	note slowest_median "$(calc "$(value client_max) / $(value client_median)")"
	[ "$(value retries)" = 0 ] || note retries "$(value retries)"
}

# The 200 clients once more, on one socket of the load generator (see swarm.c).
swarm_test() {
	TEST=swarm clients=200 mib=$MANY CPU=$ALL
	wants swarm || return 0
	place "$ALL"
	measure in_cli "$OUT/swarm" $IP "bench-$mib.bin" "$W/root/bench-$mib.bin" $clients 10.77.100.1 || return 0
	note_tftp
}

# Five clients with a seed each are five samples in the time of one: the wire is what they wait for.
wire_test() {
	TEST=$1 CPU=$ALL
	wants "$TEST" || return 0
	place "$ALL"
	measure tftpload --clients 5 --source 10.77.100.1 --file bench-1.bin --rtt 1200 \
		--verify "$W/root/bench-1.bin" --reack 0 --loss "$2" --seed 7 --timeout 150 || :
	[ -n "$LINE" ] || return 0
	# Those who did not finish count as 150 s.
	for which in median min max; do note "seconds_$which" "$(value "client_$which")"; done
}

memory() {
	for pid in $(server_pids); do
		awk '/^Rss/ { r = $2 } /^Pss:/ { p = $2 } END { print r, p }' "/proc/$pid/smaps_rollup" \
			2>/dev/null || :
	done | awk -v when="$1" '{ r += $1; p += $2 } END { print "rss_" when, r; print "pss_" when, p }' |
		while read -r name kib; do note "$name" "$kib"; done
}

memory_test() {
	TEST=memory CPU=$ALL
	wants memory || return 0
	place "$ALL"
	memory idle
	tftpload --clients 50 --source 10.77.100.1 --file "bench-$MANY.bin" --timeout 60 >/dev/null 2>&1 &
	client=$!
	sleep 0.5
	memory load
	wait $client || :
}

pingpong_test() {
	TEST=$1 CPU=$2
	wants "$TEST" || return 0
	place "$CPU"
	measure in_cli "$OUT/pingpong" client $IP 69 $((BIG * 2048)) || return 0
	note mib_s "$(value mib_s)"
	note cpu_ms_mib "$(calc "$CPU_USED / 1000 / $BIG")"
}

ready() {
	CPU=$ALL
	for _ in $(seq 50); do
		"$@" >/dev/null 2>&1 && return
		kill -0 "$PID" 2>/dev/null || break
		sleep 0.1
	done
	say "  $SERVER does not answer: $(tail -n 2 "$W/server.log")"
	[ "$SERVER" != reflashd ] || BAD=1
	return 1
}

# Neither the client nor the server of a ping-pong looks at the bytes.
pingpong_round() {
	wants one || wants one-free || return 0
	start pingpong tftp "$CPU_A"
	sleep 0.3
	pingpong_test one "$CPU_A"
	pingpong_test one-free "$ALL"
	stop
}

# floor_one FILE TEST MIB CPUS
floor_one() {
	wants "$2" || return 0
	start floor "$1" "$CPU_A"
	! ready tftpload --file "bench-$3.bin" --verify "$W/root/bench-$3.bin" --timeout 5 ||
		tftp_test "$2" 1 "$3" "$4"
	stop
}

# Sockets that answer without a thought. For one client: recvfrom() that blocks and sendto(). For
# many floor takes all through one socket, floor4 through four with epoll, as a real server must.
floor_round() {
	if [ "$SERVER" = floor ]; then
		floor_one big one $BIG "$CPU_A"
		floor_one small one-free $MANY "$ALL"
	fi
	wants fifty || wants twohundred || wants swarm || return 0
	start "$SERVER" many "$CPU_A"
	if ready tftpload --file "bench-$MANY.bin" --verify "$W/root/bench-$MANY.bin" --timeout 5; then
		tftp_test fifty 50 $MANY "$ALL"
		tftp_test twohundred 200 $MANY "$ALL"
		swarm_test
	fi
	stop
}

tftp_round() {
	case $SERVER in
	pingpong)
		pingpong_round
		return ;;
	floor*)
		floor_round
		return ;;
	esac
	start "$SERVER" tftp "$CPU_A"
	if ready tftpload --file bench-0.bin --verify "$W/root/bench-0.bin" --timeout 0.3; then
		[ "$ROUND" != 1 ] || memory_test
		tftp_test one 1 $BIG "$CPU_A"
		tftp_test one-free 1 $MANY "$ALL"
		tftp_test window 1 $BIG "$CPU_A" --blksize 1428 --window 64
		tftp_test fifty 50 $MANY "$ALL"
		tftp_test twohundred 200 $MANY "$ALL"
		swarm_test
		if [ "$ROUND" = 1 ]; then
			wire_test delay 0
			wire_test loss 10
			wire_test loss5 50
		fi
	fi
	stop
}

# dhcp_test TEST TOTAL OUTSTANDING: clients that this server has not seen before
dhcp_test() {
	TEST=$1
	wants "$TEST" || return 0
	CPU=$CPU_B
	measure in_cli "$OUT/dhcpload" -i eth0 -n "$2" -c "$3" -f $SEED -t 60 -w || return 0
	SEED=$((SEED + $2))
	note dora_s "$(value dora_s)"
	note median_ms "$(value median_ms)"
	note max_ms "$(value max_ms)"
	note cpu_us "$(calc "$CPU_USED / $2")"
	[ "$(value retries)$(value naks)" = 00 ] || note retries "$(value retries)+$(value naks)_NAK"
}

# What a speed is worth: the server is killed in the moment of its last ACK; how many of the leases
# it gave are in its files? (A power cut would ask for fsync, too; that is not seen here.)
count_leases() {
	cat "$W"/state/* 2>/dev/null | grep -aio '00:1b:d4:[0-9a-f:]\{8\}' | sort -u | wc -l
}
leases_test() {
	TEST=leases
	wants dhcp10 || return 0
	sleep 0.5 # those of the tests before are not asked about
	before=$(count_leases)
	# shellcheck disable=SC2016,SC2046 # for the inner shell; a list
	in_cli sh -c '"$1" -i eth0 -n "$2" -c 10 -f "$3" -t 20; shift 3; kill -9 "$@"' sh \
		"$OUT/dhcpload" $((LEASES / 2)) $SEED $(server_pids) >/dev/null 2>&1 || { unmeasured; return 0; }
	note kept "$(calc "100 * ($(count_leases) - $before) / ($LEASES / 2)")"
}

dhcp_round() {
	start "$SERVER" dhcp "$CPU_A"
	SEED=$((ROUND * 10000))
	if ready in_cli "$OUT/dhcpload" -i eth0 -n 1 -f 1 -r 200 -t 0.4; then
		dhcp_test burst 20 20
		if [ "$SERVER" != udhcpd ]; then # 50 ms each, one after another: that says it all
			dhcp_test dhcp1 $LEASES 1
			dhcp_test dhcp10 $((LEASES * 5 / 4)) 10
			dhcp_test dhcp50 $((LEASES * 5 / 4)) 50
			leases_test
		fi
	fi
	stop
	if [ "$ROUND" = 1 ] && wants powered; then
		start "$SERVER" shipped "$ALL"
		! ready in_cli "$OUT/dhcpload" -i eth0 -n 1 -f 1 -r 4000 -t 4 || dhcp_test powered 20 20
		stop
	fi
}

wakeups() {
	for pid in $(server_pids); do cat "/proc/$pid"/task/*/status 2>/dev/null || :; done |
		awk '/^voluntary/ { n += $2 } END { print n + 0 }'
}

start_round() {
	TEST=start CPU=$ALL FORCE='' FIRMWARE=$W/bundle
	[ -d "$FIRMWARE" ] || "${BIN%/*}/tools/synth" --size 3500000 java70 - "$FIRMWARE" >/dev/null
	chmod -R a+rX "$FIRMWARE"
	start "$SERVER" dhcp "$ALL"
	LINE=$(grep -a '^total=' "$W/server.log") || LINE=
	if [ "$(value "done")" = 1 ]; then
		note first_offer_ms "$(value first_offer_ms)"
	else
		unmeasured
	fi
	if [ "$ROUND" = 1 ]; then
		sleep 8
		before=$(wakeups)
		sleep 10
		note wakeups "$(calc "$(wakeups) - $before")"
	fi
	stop
	unset FORCE FIRMWARE
	TEST=
}

mine() { case " ${SERVERS:-$1} " in *" $1 "*) ;; *) return 1 ;; esac }

for test in $TESTS; do
	case " $EVERY " in *" $test "*) ;; *) die "there is no test called $test, only: $EVERY" ;; esac
done
case " $TESTS " in *" loss"*) wants delay || TESTS="$TESTS delay" ;; esac
[ "$(id -u)" = 0 ] || die "needs root, for network namespaces: sudo make bench"
have ip || die "the command ip (iproute2) is missing"
mkdir -p "$OUT"
if [ -z "${SERVERS:-}" ]; then
	have dnsmasq && have ethtool || "$ROOT/tests/deps.sh" bench || say "Going on without them."
	[ -d "$OUT/peers" ] || "$HERE/peers.sh" || say "Going on without them."
fi
find_peers
ABSENT=$(name_absent)
W=$(mktemp -d "$OUT/work.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT TERM HUP PIPE
build_tools
make_files
make_wire
make_cgroup
printf 'test\tserver\tround\tmetric\tvalue\n' >"$RESULTS"
if [ ! -x "$BIN" ]; then
	[ -n "${SERVERS:-}" ] || die "$BIN is not there: run make first"
fi

ROUND=0
while [ $((ROUND += 1)) -le "$ROUNDS" ]; do
	say "round $ROUND of $ROUNDS"
	case " $TESTS " in *" one"* | *" window "* | *" fifty "* | *" twohundred "* | *" swarm "* | *" delay "* | *" loss"* | *" memory "*)
		for SERVER in $(tftp_servers); do
			! mine "$SERVER" || tftp_round
		done ;;
	esac
	case " $TESTS " in *" dhcp"* | *" burst "* | *" powered "*)
		for SERVER in $(dhcp_servers); do
			! mine "$SERVER" || dhcp_round
		done ;;
	esac
	if wants start; then
		for SERVER in $(dhcp_servers); do
			! mine "$SERVER" || start_round
		done
	fi
done
for server in ${SERVERS:-reflashd}; do
	grep -q "	$server	" "$RESULTS" || { say "WRONG: nothing was measured of $server"; BAD=1; }
done
say
[ -z "$ABSENT" ] || say "NOT HERE, so not in these tables:$ABSENT. (tests/bench/peers.sh fetches some of them.)"
say "$(uname -sr), $CPUS CPUs, $ROUNDS rounds; medians [min-max], ratios within a round. CPU is the server's."
awk -v plot="$OUT/bench.svg" -v machine="$(uname -sr), $CPUS CPUs, $ROUNDS rounds." \
	-f "$HERE/table.awk" -f "$HERE/plot.awk" "$RESULTS"
say "All figures: ${RESULTS#"$ROOT"/}; a picture: ${OUT#"$ROOT"/}/bench.svg"
exit $BAD
