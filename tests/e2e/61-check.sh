#!/bin/sh
# `reflashd check` on the desk, without any network: its words, its JSON, its exit codes. `reflashd
# lint` the same for files that people write by hand.
. "$(dirname "$0")/lib.sh"

KEYS=$ROOT/tests/keys/test-keys.ini
run() { # EXPECTED EXIT CODE, ARGS: the output is in $T/out
	expected=$1
	shift
	status=0
	(cd "$FILES" && timeout 20 "$BIN" "$@") >"$T/out" 2>"$T/err" </dev/null || status=$?
	[ $status = "$expected" ] ||
		{ cat "$T/out" "$T/err"; fail "exit code $status, not $expected: $*"; }
}
says() { grep -Eq -e "$1" "$T/${2:-out}" || { cat "$T/${2:-out}"; fail "it does not say: $1"; }; }

synth --size 20000 java70 SCCP70.8-5-2S "$FILES/old"
synth --size 20000 java70 SCCP70.9-4-2SR3-1S "$FILES/new"
synth --size 20000 --break truncate:cvm41sip:1000 --break missing:apps41 \
	java41 SIP41.8-4-1S "$FILES/broken"

# What a person reads, word for word.
run 3 check --keys "$KEYS" broken new old
diff -u "$ROOT/tests/golden/check.txt" "$T/out" ||
	fail "the output is another; if it is meant: (cd $FILES && reflashd check …) >tests/golden/check.txt"
[ ! -s "$T/err" ] || fail "something on standard error"

# Exit codes.
run 0 check --keys "$KEYS" old
run 0 check --keys "$KEYS" old new
run 3 check --keys "$KEYS" broken
run 3 check "$T"/state-that-is-not-there
mkdir "$FILES/empty"
run 3 check empty
run 1 check
run 1 check --jsn old
says 'did you mean --json' err
run 2 check --keys "$T/nowhere.ini" old
run 0 help check
says 'Exit code: 0'

# The same load twice: which of the two is taken.
cp -r "$FILES/old" "$FILES/old2"
run 0 check --keys "$KEYS" old old2
says 'step +none: the same load is taken from old'

# Without the key the bundle is still whole, and it is said that nobody can tell more.
run 0 check old
says 'unknown signer'
says 'nobody here can tell whether it is'

# Colour only where it is asked for.
run 0 check --keys "$KEYS" --color always old
grep -q "$(printf '\033')" "$T/out" || fail "no colour with --color always"
run 0 check --keys "$KEYS" old
! grep -q "$(printf '\033')" "$T/out" || fail "colour in a file"

# With only the new bundle a person is told which release an old phone needs, before anything is erased.
run 0 check --keys "$KEYS" new
tr -s ' \n' '  ' <"$T/out" | grep -q 'look for SCCP70.8-5-2S or SIP70.8-5-2S' || fail "no word of the stepping stone"

# JSON: an array of bundles, each with its findings and files.
run 3 check --json --keys "$KEYS" broken new old
if command -v jq >/dev/null; then
	is() { [ "$(jq -r "$1" "$T/out")" = "$2" ] || fail "$1 is $(jq -r "$1" "$T/out"), not $2"; }
	is 'length' 3
	is '.[0].event' firmware.bundle
	is '.[0].load' SIP41.8-4-1S
	is '.[0].models | join(" ")' '7941 7941G-GE 7961 7961G-GE'
	is '.[0].complete' false
	is '.[0].missing[0]' apps41.8-4-1-27.sbn
	is '[.[0].findings[] | select(.severity == "fatal") | .code] | sort | join(" ")' 'member-missing truncated'
	is '.[0].file_list[] | select(.name | startswith("cvm")) | .missing_bytes' 1000
	is '.[0].file_list[] | select(.state == "missing") | .name' apps41.8-4-1-27.sbn
	is '.[1].generation' G2
	is '.[1].file_list | length' 8
	is '.[2].file_list[0].signed_at' 2007-10-19T14:12:12Z
	is '.[2].file_list[0].key' test-g1
	for name in $(jq -r '.[2].file_list[].name' "$T/out"); do
		is ".[2].file_list[] | select(.name == \"$name\") | .sha1" "$(sha1sum <"$FILES/old/$name" | cut -d' ' -f1)"
	done
else
	left_out "most of what --json says: jq is not installed"
	says '"load": "SIP41.8-4-1S"'
	says '"missing_bytes": 1000'
fi
run 3 check --json empty
[ "$(cat "$T/out")" = "[]" ] || fail "no bundle is not an empty array"

# lint: the variants of firmware-formats.md 11.5, each with its place.
group='<callManagerGroup><members><member priority="0"><callManager><ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup>'
lint() { # EXPECTED EXIT CODE, RE, then the lines between the group and the end
	printf '<Default>\n%s\n%s\n</Default>\n' "$group" "$3" >"$FILES/XMLDefault.cnf.xml"
	run "$1" lint --firmware old XMLDefault.cnf.xml
	says "$2"
}
lint 0 'nothing to correct' '<loadInformation30006 model="7970">SCCP70.8-5-2S</loadInformation30006>'
lint 0 'nothing to correct' '<loadInformation6></loadInformation6>'
lint 2 '^XMLDefault.cnf.xml:3:[0-9]+: warning: .*broken' '<loadInformation model="IP Phone 7970">SCCP70.8-5-2S</loadInformation30006>'
lint 2 '^XMLDefault.cnf.xml:3:3: warning: .*no number' '  <loadInformation>SCCP70.8-5-2S</loadInformation>'
lint 2 '^XMLDefault.cnf.xml:3:1: warning: ' '<loadInformation00119>SCCP70.8-5-2S</loadInformation00119>'
lint 2 '^XMLDefault.cnf.xml:4:2: warning: .*' "$(printf '<loadInformation119>SCCP70.8-5-2S</loadInformation119>\n <loadInformation119>SCCP70.8-5-2S</loadInformation119>')"
lint 2 '7962' '<loadInformation8 model="Cisco 7962">P0S3-8-12-00</loadInformation8>'
lint 2 'ends in \.loads' '<loadInformation30006>SCCP70.8-5-2S.loads</loadInformation30006>'
lint 2 'term70\.default' '<loadInformation30006>term70.default</loadInformation30006>'
lint 2 'SCCP70.8-3-3S is not in the firmware' '<loadInformation30006>SCCP70.8-3-3S</loadInformation30006>'
lint 2 'letters' '<loadInformation30006>sccp70.8-5-2s</loadInformation30006>'
lint 0 'model|nothing' "$(printf '<loadInformation30006 model="Cisco\n7970">SCCP70.8-5-2S</loadInformation30006>')"
printf '<default>\n%s\n</default>\n' "$group" >"$FILES/XMLDefault.cnf.xml"
run 2 lint XMLDefault.cnf.xml
says '^XMLDefault.cnf.xml:1:1: warning: .*<Default>'
printf '<device><loadInformation>SCCP70.8-5-2S</loadInformation></device>\n' >"$FILES/SEP001122334455.cnf.xml"
run 0 lint --firmware old SEP001122334455.cnf.xml
run 1 lint
run 6 lint not-there.cnf.xml

samples=$ROOT/../shared/samples
[ -d "$samples" ] || { say "NOTE: $samples is not there: the real files were not looked at"; exit 0; }
run 2 lint "$samples/edge/XMLDefault.not-well-formed.cnf.xml"
says ':18:77: warning: .*loadInformation434'
run 3 check "$samples"
says 'verified by b7c630, 2007-10-19'
says 'verified by af10a0, 2015-04-22'
says 'verified by be327e, 2009-05-21'
