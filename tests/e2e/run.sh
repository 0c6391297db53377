#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the end-to-end tests: all of them, or those named (10-udhcpc or a path).
# Exit 0 when none failed. One line each, the log only of what failed. At the end the table of
# faults: what was done to the program, what it promises then, and what was seen.
#
# They mostly wait, and each has namespaces of its own: JOBS of them run side by side (3). A test
# that says "# alone" measures a promise in seconds, or takes all of the machine, and runs by itself.
set -eu
cd "$(dirname "$0")"

if [ "${1:-}" = --one ]; then # --one FOLDER TEST: its lines go to a file of their own first
	results=$2
	name=$(basename "$3" .sh)
	log=$results/$name.log
	status=0
	ROWS_FILE=$results/$name.rows timeout -k 10 "${E2E_TIMEOUT:-180}" sh "./$name.sh" >"$log" 2>&1 || status=$?
	case $status in
	0) line="ok $name" ;;
	77) line="SKIPPED $name: $(sed -n 's/^SKIP: //p' "$log" | tail -n 1)" ;;
	*) line="FAILED $name (exit code $status)" ;;
	esac
	{ echo "$line" && sed -n "s/^LEFT OUT: /SKIPPED $name, in part: /p" "$log" | sort -u; } >"$results/$name.result"
	if [ "$status" = 0 ] || [ "$status" = 77 ]; then
		cat "$results/$name.result"
	else # in one piece, since others print, too
		{ echo "$line" && sed 's/^/    /' "$log"; } >"$log.shown"
		cat "$log.shown"
	fi
	exit 0
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM HUP
[ $# -gt 0 ] || set -- [0-9]*.sh
together='' alone=''
for test; do
	test=$(basename "$test" .sh).sh
	if grep -q '^# alone' "$test"; then alone="$alone $test"; else together="$together $test"; fi
done
# shellcheck disable=SC2086 # names without blanks
{
	[ -z "$together" ] || printf '%s\n' $together | xargs -P "${JOBS:-3}" -n 1 ./run.sh --one "$results"
	[ -z "$alone" ] || printf '%s\n' $alone | xargs -n 1 ./run.sh --one "$results"
}
# A test of which a part is left out has a line for that, too.
count() { cat "$results"/*.result | grep -c "^$1" || :; }
passed=$(count ok) failed=$(count FAILED) skipped=$(count SKIPPED)
[ "$(find "$results" -name '*.result' | wc -l)" = $# ] || failed=$((failed + 1)) # one came to no end
cat "$results"/*.rows 2>/dev/null >"$results/rows" || :
[ ! -s "$results/rows" ] || sh ./rows.sh "$results/rows"
if [ "$skipped" = 0 ]; then skips=''; else skips=", $skipped skipped"; fi
echo "$passed passed, $failed failed$skips"
[ "$failed" = 0 ]
