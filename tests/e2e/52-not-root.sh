#!/bin/sh
# Somebody forgets sudo, or gives a folder that is not his to read: one sentence with the remedy.
. "$(dirname "$0")/lib.sh"
need setpriv
ns_make
[ -z "${UNSHARED:-}" ] || skip "needs a second user, which a user namespace of our own has not"
synth --size 20000 java70 SCCP70.8-3-3S "$FILES/7970"
cp "$BIN" "$T/reflashd" # the tree may lie where nobody may look
chmod -R a+rX "$T"
nobody() { ip netns exec "$SRV" setpriv --reuid 65534 --clear-groups --inh-caps=-all timeout 20 "$T/reflashd" "$@"; }
expect() { # EXIT CODE, RE, ARGS
	expected=$1 re=$2
	shift 2
	status=0
	nobody "$@" >"$T/out" 2>&1 || status=$?
	[ $status = "$expected" ] || { cat "$T/out"; fail "exit code $status, not $expected: $*"; }
	grep '^reflashd:' "$T/out" | grep -Eq -e "$re" || { cat "$T/out"; fail "it does not say $re: $*"; }
}
expect 4 'Operation not permitted\. Run this with sudo\.$' -i lan0 -q --state-dir "$T/state" "$FILES"
mkdir -m 000 "$T/locked"
expect 3 'locked.: Permission denied\.$' check "$T/locked"
