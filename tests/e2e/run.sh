#!/bin/sh
# Run the end-to-end tests: all of them, or those named (10-udhcpc or a path).
# Exit 0 when none failed. One line each, the log only of what failed.
set -eu
cd "$(dirname "$0")"

passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

[ $# -gt 0 ] || set -- [0-9]*.sh
for test; do
	name=$(basename "$test" .sh)
	status=0
	timeout -k 10 "${E2E_TIMEOUT:-120}" sh "./$name.sh" >"$log" 2>&1 || status=$?
	case $status in
	0)
		echo "ok $name"
		passed=$((passed + 1))
		;;
	77)
		echo "SKIPPED $name: $(sed -n 's/^SKIP: //p' "$log" | tail -n 1)"
		skipped=$((skipped + 1))
		;;
	*)
		echo "FAILED $name (exit code $status)"
		sed 's/^/    /' "$log"
		failed=$((failed + 1))
		;;
	esac
done
[ $skipped = 0 ] || skips=", $skipped skipped"
echo "$passed passed, $failed failed${skips:-}"
[ $failed = 0 ]
