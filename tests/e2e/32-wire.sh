#!/bin/sh
# What only a raw socket hears: a phone that announces itself by CDP, one that looks for an old
# TFTP server or asks it, another DHCP server that comes later. Frames are put on the wire as
# they are, by tools/say. And what is not heard: --listen none; and not said: --cdp-power.
. "$(dirname "$0")/lib.sh"
need busybox dnsmasq
SAY=${BIN%/*}/tools/say
[ -x "$SAY" ] || fail "$SAY is not there: run make tools first"
ns_make
make_files
say_frame() { in_cli "$SAY" -i eth0 "$@" || fail "say $* failed"; }
count() { grep -Ec "\"event\": ?\"$1\"" "$EVENTS" || :; }
# Frames are heard in order: when this one was told, so was all before it.
fence=0
fence() {
	fence=$((fence + 1))
	say_frame "ffffffffffff02000000feed 0806 0001 0800 06 04 0001 02000000feed 0a4d0063 000000000000 0a4d$(printf '%04x' $((0xf000 + fence)))"
	wait_event arp.asked "\"10\.77\.240\.$fence\"" >/dev/null
}
phone=00:1e:f7:28:9c:8e
# The frame of test_cdp.c, byte for byte.
cdp_7971="01000ccccccc001ef7289c8e0072 aaaa0300000c2000 02b4c606
	0001001353455030303145463732383943384500020011000000010101cc00040a4f46320003000a506f72742031
	00040008000000100005001453434350 37302e382d332d335352325300060017436973636f2049502050686f6e652037393731000b000501"
mac=$(in_srv cat /sys/class/net/lan0/address)

say "CDP names phone, model and load"
start_daemon --clients auto
say_frame "$cdp_7971"
seen=$(wait_event cdp.seen)
for want in "\"mac\": ?\"$phone\"" '"ip": ?"10.79.70.50"' '"device": ?"SEP001EF7289C8E"' \
	'"platform": ?"Cisco IP Phone 7971"' '"software": ?"SCCP70.8-3-3SR2S"'; do
	printf '%s\n' "$seen" | grep -Eq "$want" || fail "no $want in $seen"
done
say_frame -n 5 "$cdp_7971"
fence
[ "$(count cdp.seen)" = 1 ] || fail "the same announcement was told again at once"
erased=$("$SAY" -c -m $phone -p 'Cisco IP Phone 7971' -s TERM70_LOAD)
say_frame "$erased"
wait_event cdp.seen TERM70_LOAD >/dev/null
# With a VLAN tag, which the kernel takes off; and damaged, which nobody believes.
say_frame "$(printf '%s\n' "$erased" | sed -E 's/(.{12})001ef7289c8e/\1001ef7289c8f810000 64/')"
wait_event cdp.seen '00:1e:f7:28:9c:8f' >/dev/null
say_frame "$(printf '%s\n' "$erased" | sed 's/9c8e/9c90/; s/5445524d37305f/5445524d37315f/')"
fence
! grep -q '9c:90' "$EVENTS" || fail "a damaged frame was believed"

say "ARP for somebody else, not for us, for oneself or as a probe"
before=$(count arp.asked)
arp() { say_frame "ffffffffffff001ef7289c8e 0806 0001 0800 06 04 0001 001ef7289c8e $1 000000000000 $2"; }
arp 0a4d0032 0a010105
wait_event arp.asked '"10\.1\.1\.5"' | grep -q "$phone" || fail "not told whose question it was"
arp 0a4d0032 0a4d0001
arp 0a4d0032 0a4d0032
arp 00000000 0a010106
fence
[ "$(count arp.asked)" = $((before + 2)) ] || fail "an ARP question was told that is nobody's business"

say "A TFTP request on its way to another server"
ip -n "$CLI" addr add 10.77.0.99/24 dev eth0
ip -n "$CLI" route add 10.9.9.0/24 via $IP
in_cli timeout 2 busybox tftp -g -r TERM70.DEFAULT.loads -l "$T/none" 10.9.9.9 >/dev/null 2>&1 || :
elsewhere=$(wait_event tftp.elsewhere)
for want in '"server": ?"10.9.9.9"' '"file": ?"TERM70.DEFAULT.loads"' '"ip": ?"10.77.0.99"'; do
	printf '%s\n' "$elsewhere" | grep -Eq "$want" || fail "no $want in $elsewhere"
done
in_cli busybox tftp -g -r Size-513.bin -l "$T/ours" $IP >/dev/null 2>&1 || :
fence
[ "$(count tftp.elsewhere)" = 1 ] || fail "a request to us was told as one to somebody else"

say "Nobody listens on 6970: refused at once"
begin=$(date +%s)
in_cli busybox nc -w 5 $IP 6970 </dev/null >"$T/nc" 2>&1 && fail "6970 answers"
grep -qi refused "$T/nc" || fail "6970 is not refused: $(cat "$T/nc")"
[ $(($(date +%s) - begin)) -le 2 ] || fail "6970 took its time to refuse"

say "The cable is out and in again: it hears on"
ip -n "$SRV" link set lan0 down
sleep 0.2
ip -n "$SRV" link set lan0 up
for _ in $(seq 50); do
	[ "$(in_srv cat /sys/class/net/lan0/operstate)" = up ] && break
	sleep 0.1
done
say_frame "$("$SAY" -c -m $phone -p 'Cisco IP Phone 7971' -s SCCP70.9-4-2SR3-1S)"
wait_event cdp.seen SCCP70.9-4-2SR3-1S >/dev/null

say "A flood of invented phones makes few events"
before=$(count cdp.seen)
say_frame -f 1 -n 20000 "$erased"
fence
n=$(($(count cdp.seen) - before))
{ [ $n -ge 100 ] && [ $n -le 530 ]; } || fail "$n events for 20000 invented phones"
stop_daemon

say "Nothing is sent about power unless asked for"
asks=$("$SAY" -c -m $phone -d SEP001EF7289C8E -r 7:0:12000)
start_daemon
in_cli "$SAY" -i eth0 -w 2 "$asks" >"$T/answer" && fail "power was answered without --cdp-power"
stop_daemon

say "--listen none hears no CDP"
start_daemon --listen none
say_frame -n 2 "$asks"
fence
[ "$(count cdp.seen)" = 0 ] || fail "CDP was heard with --listen none"
stop_daemon

say "--cdp-power answers that request"
start_daemon --cdp-power
grep -q unproven "$LOG" || fail "it is not said that this is unproven"
in_cli "$SAY" -i eth0 -w 1 "$("$SAY" -c -m $phone -s X)" >"$T/answer" && fail "answered, though nobody asked"
in_cli "$SAY" -i eth0 -w 5 "$asks" >"$T/answer" || fail "no answer to the request for power"
answer=$(cat "$T/answer")
case $answer in
01000ccccccc"$(printf '%s' "$mac" | tr -d :)"0066aaaa0300000c200002b4*) ;;
*) fail "not a CDP frame of ours: $answer" ;;
esac
# Request 7, management id 1, 12000 mW, no preference.
case $answer in
*0001000c7265666c61736864*0002001100000001"0101cc00040a4d0001"*001a00100007000100002ee0ffffffff) ;;
*) fail "not the answer to that request: $answer" ;;
esac
in_cli "$SAY" -i eth0 -w 5 "$("$SAY" -c -m $phone -r 8:1:99000)" >"$T/answer" || fail "no second answer"
grep -q '001a00100008000200003c28ffffffff$' "$T/answer" || fail "wrong second answer: $(cat "$T/answer")"
stop_daemon

say "Another DHCP server appears while we serve, and answers a client"
# A switch with three on it: us, that server, and the client.
printf '#!/bin/sh\n' >"$T/script"
chmod +x "$T/script"
start_daemon --force
ip -n "$CLI" addr flush dev eth0
ip -n "$CLI" link add br0 type bridge 2>/dev/null || skip "no bridge on this kernel (all before it passed)"
ip -n "$CLI" link add port0 type veth peer name phone0
for i in eth0 port0; do ip -n "$CLI" link set $i master br0; done
for i in br0 port0 phone0; do ip -n "$CLI" link set $i up; done
ip -n "$CLI" addr add 10.77.0.2/24 dev br0
start_rival br0 10.77.0 --no-ping
in_cli busybox udhcpc -B -i phone0 -n -q -f -t 5 -T 1 -s "$T/script" >/dev/null 2>&1 ||
	fail "udhcpc got no lease from anybody"
wait_event network.rival '"10\.77\.0\.2"' >/dev/null
# What a third server (10.77.0.3) grants a phone that has asked us nothing: an ACK, broadcast.
zeros=$(printf '%0404d' 0)
ack="ffffffffffff 02000000beef 0800 450001160000000040116f880a4d0003ffffffff 0043004401020000
	020106001234567800008000 00000000 0a4d0055 00000000 00000000 001ef7289c8e $zeros
	63825363 350105 36040a4d0003 ff"
say_frame -n 3 "$ack"
rival=$(wait_event network.rival '"10\.77\.0\.3"')
printf '%s\n' "$rival" | grep -q $phone || fail "the phone is not named: $rival"
fence
n=$(grep -E '"event": ?"network.rival"' "$EVENTS" | grep -c '"10\.77\.0\.3"')
[ "$n" = 1 ] || fail "the same rival was told $n times at once"
stop_daemon
