#!/bin/sh
# A 7961 and a bundle of the 8.3(1) days: the packing list says Jar41sccp…, the file on disk is
# jar41sccp… . On a case-sensitive server this is "file not found" and a dead phone.
. "$(dirname "$0")/lib.sh"
ns_make
synth --size 200000 --capital-j java41 SCCP41.8-3-1S "$FILES/7961"
find "$FILES/7961" -name 'jar41*' | grep -q . || fail "the test's own folder is not as it should be"
start_daemon --once --timeout 90
recover_phone --model 7961 --kind erased
wait_event tftp.request 'Jar41' >/dev/null
wait_event phone.recovered '"7961"' >/dev/null
daemon_ends
