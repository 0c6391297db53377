#!/bin/sh
# A 7960 on its way from SCCP to SIP: the walk over configuration files, the packing list, the
# loader (.sbn), the whole walk again, the application (.sb2), and then the SIP application asks.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 200000 legacy P0S3-8-12-00 "$FILES/7960"
start_daemon --once --timeout 90
recover_phone --model 7960 --kind legacy --sip
wait_event tftp.complete 'P003-8-12-00\.sbn' >/dev/null
wait_event tftp.complete 'P0S3-8-12-00\.sb2' >/dev/null
wait_event phone.recovered '"7960".*P0S3-8-12-00' >/dev/null
! grep -q '"event": *"tftp.refused".*"severity": *"warning"' "$EVENTS" || fail "a harmless miss was called a fault"
daemon_ends
