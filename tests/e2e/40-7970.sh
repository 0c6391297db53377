#!/bin/sh
# A 7970 with an empty flash: DHCP, its default packing list, five members, a dark phase, the
# reboot, XMLDefault.cnf.xml. --once ends the daemon when the phone is proven to be back.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 300000 java70 SCCP70.8-3-3S "$FILES/7970"
start_daemon --once --timeout 90
recover_phone --model 7970 --kind erased
wait_event phone.recovered '"7970".*SCCP70\.8-3-3S.*cdp' >/dev/null
daemon_ends
