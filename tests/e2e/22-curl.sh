#!/bin/sh
# curl asks for tsize, blksize and timeout at once, and tells by its exit code how it was refused.
. "$(dirname "$0")/lib.sh"
need curl
curl -V | grep -q '^Protocols:.*tftp' || skip "this curl speaks no TFTP"
ns_make
make_files
start_tftp

# shellcheck disable=SC2086 # options are words
fetch() { in_cli timeout 4 curl -sS --path-as-is $curl_options -o "$2" "tftp://$IP/$1"; }
put() { in_cli timeout 4 curl -sS -T "$1" "tftp://$IP/${1##*/}"; }
for curl_options in '--tftp-no-options' '--tftp-blksize 512' '--tftp-blksize 1428' \
	'--tftp-blksize 8192'; do
	say "$curl_options"
	# With options curl asks for tsize and then takes a size of 0 for an error (every server).
	# shellcheck disable=SC2034 # check_fetches of lib.sh takes them
	case $curl_options in *no-options) sizes= ;; *) sizes='1 511 512 513 1048576' ;; esac
	check_fetches
done
check_refusals

status=0
fetch No-Such-File.bin "$T/none" >/dev/null 2>&1 || status=$?
[ $status = 68 ] || fail "curl took the missing file for error $status, not 68 (not found)"
stop_daemon
