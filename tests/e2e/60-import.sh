#!/bin/sh
# Firmware as it is distributed: a zip, a tar.gz and a .cop.sgn are imported, and each is served to a
# simulated phone, straight from the archive and from the imported folder. Hostile, damaged and
# foreign archives leave nothing behind.
. "$(dirname "$0")/lib.sh"
ns_make
LIB=$T/library
synth --size 200000 java70 SCCP70.8-3-3S "$FILES/bundle"
pack() { "$ROOT/build/tools/pack" "$@" || fail "pack $*"; }
imports() { # EXIT CODE, RE IT MUST SAY, ARGS
	expected=$1 re=$2
	shift 2
	status=0
	timeout -k 1 60 "$BIN" import --keys "$ROOT/tests/keys/test-keys.ini" --to "$LIB" "$@" \
		>"$T/out" 2>&1 || status=$?
	[ $status = "$expected" ] || { cat "$T/out"; fail "exit code $status, not $expected: $*"; }
	grep -Eq -e "$re" "$T/out" || { cat "$T/out"; fail "it does not say $re: $*"; }
}
nothing_left() {
	[ ! -e "$LIB" ] || fail "$1 left something behind: $(ls -A "$LIB")"
}

mkdir "$T/archives"
A=$T/archives
pack zip "$A/zipped.8-3-3.zip" "$FILES/bundle"
pack tgz "$A/tarred.tar.gz" "$FILES/bundle"
pack cop "$A/cmterm-7970-sccp.8-3-3.cop.sgn" "$FILES/bundle"

# What must leave nothing behind, alone and beside a good one.
pack link "$T/link.tgz" "$FILES/bundle"
pack dots "$T/dots.tgz" "$FILES/bundle"
head -c 300000 "$A/zipped.8-3-3.zip" >"$T/cut.zip"
head -c 300000 "$A/cmterm-7970-sccp.8-3-3.cop.sgn" >"$T/cut.cop.sgn"
: >"$T/setup.exe"
echo hello >"$T/hello.txt"
# shellcheck disable=SC2086 # an empty $good is no word
for good in "" "$A/tarred.tar.gz"; do
	imports 3 'passwd. is a link' $good "$T/link.tgz"
	imports 3 'escaped. has a name that leads out' $good "$T/dots.tgz"
	imports 3 'cut short' $good "$T/cut.zip"
	imports 3 'cut short' $good "$T/cut.cop.sgn"
	imports 3 'installer.*\.zip' $good "$T/setup.exe"
	imports 3 'neither a folder nor an archive' $good "$T/hello.txt"
	imports 3 'No such file' $good "$T/nowhere.zip"
	nothing_left "a refused archive"
done
mkdir "$T/pictures"
echo hello >"$T/pictures/hello.txt"
pack zip "$T/pictures.zip" "$T/pictures"
imports 3 'no phone firmware' "$T/pictures.zip"
nothing_left "an archive without firmware"
for escaped in "$T/../escaped" "$T/escaped"; do
	[ ! -e "$escaped" ] || fail "an archive wrote outside of its folder"
done
status=0
"$BIN" import "$A/tarred.tar.gz" >"$T/out" 2>&1 || status=$?
[ $status = 1 ] || fail "without --to: exit code $status, not 1"

# The good ones, all at once, and the same bytes.
imports 0 'SCCP70.8-3-3S for 7970 7971: complete' "$A"
for name in zipped.8-3-3 tarred cmterm-7970-sccp.8-3-3; do
	diff -r "$FILES/bundle" "$LIB/$name" || fail "$name is not what was packed"
done
# shellcheck disable=SC2012 # our own names
[ "$(ls -A "$LIB" | wc -l)" = 3 ] || fail "more in the library than three folders: $(ls -A "$LIB")"
imports 1 'there already' "$A/tarred.tar.gz"
diff -r "$FILES/bundle" "$LIB/tarred" || fail "an imported folder was touched"

# A disk that fills up on the way: everything is taken away again.
mkdir "$T/disk"
if unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016 # the inner shell expands them
	unshare -m sh -c '
		mount -t tmpfs -o size=300k tmpfs "$1" || exit 77
		"$2" import --to "$1/library" "$3" 2>"$4"
		echo "$? $(ls -A "$1")"' sh "$T/disk" "$BIN" "$A/tarred.tar.gz" "$T/out" >"$T/full" || skip "no tmpfs here"
	[ "$(cat "$T/full")" = "6 " ] || fail "on a full disk (exit code, what is left): $(cat "$T/full" "$T/out")"
	grep -q 'No space left' "$T/out" || fail "it did not say that the disk is full"
else
	left_out "a full disk: no mounts here"
fi

# A broken bundle is imported, and said to be broken.
synth --size 200000 --break truncate:cvm70sccp.8-3-3-27.sbn:1000 java70 SCCP70.8-3-3S "$T/broken"
pack zip "$T/broken.zip" "$T/broken"
imports 3 '1,000 bytes early' "$T/broken.zip"
diff -r "$T/broken" "$LIB/broken" || fail "the broken bundle is not there"

# Straight from archives, and from what was imported of it.
mv "$FILES" "$T/bundles"
for firmware in "$A/zipped.8-3-3.zip" "$A/cmterm-7970-sccp.8-3-3.cop.sgn" "$LIB/tarred"; do
	FILES=$firmware
	DAEMON=
	rm -rf "$T/state"
	start_daemon --once --timeout 90 --keys "$ROOT/tests/keys/test-keys.ini"
	recover_phone --model 7970 --kind erased
	wait_event phone.recovered '"7970".*SCCP70\.8-3-3S' >/dev/null
	status=0
	wait "$DAEMON" || status=$?
	[ $status = 0 ] || fail "$firmware: the daemon ended with $status, not 0"
done

# In a folder a broken archive is a finding. What is done to the others behind our back reaches no
# phone: it gets the bytes that were checked.
DAEMON=
cp "$T/cut.zip" "$A/"
FILES=$A
status=0
"$BIN" check "$A" >"$T/out" 2>&1 || status=$?
[ $status = 3 ] || fail "check of a folder with a broken archive: exit code $status, not 3"
grep -q 'cut\.zip. is refused' "$T/out" || { cat "$T/out"; fail "check does not name the broken archive"; }
start_daemon --keys "$ROOT/tests/keys/test-keys.ini"
wait_event firmware.finding '"archive".*cut\.zip' >/dev/null
rm "$A/zipped.8-3-3.zip"
for f in "$A"/*; do pack tgz "$f" "$T/pictures"; done
recover_phone --model 7970 --kind erased
for f in apps70.8-3-3-27.sbn cvm70sccp.8-3-3-27.sbn; do
	wait_event tftp.complete "\"file\": ?\"$f\", ?\"bytes\": ?$(wc -c <"$T/bundles/bundle/$f")" >/dev/null
done
stop_daemon
