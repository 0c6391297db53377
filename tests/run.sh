#!/bin/sh
# SPDX-License-Identifier: MIT
# make test: sets itself up, then runs every test there is and ends with one plain line.
#
#   gates   rules of the architecture, checked mechanically
#   checkers  the quick ones: shellcheck, cppcheck and instructions counted; with CI=true all of them (make checkers)
#   build   gcc and clang, warnings are errors
#   unit    every program of tests/unit under ASan and UBSan
#   e2e     the shipped binary in network namespaces, with real clients and a real rival
#   fuzz    a few seconds of every fuzz target from its seeds; with CI=true a minute
set -u
cd "$(dirname "$0")/.." || exit
B=build
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

ok() { passed=$((passed + 1)); echo "ok      $1"; }
bad() { failed=$((failed + 1)); echo "FAILED  $1"; sed 's/^/        /' "$log" | tail -n 60; }
# A step that is one test: its name, then the command.
step() {
	name=$1
	shift
	if ! "$@" >"$log" 2>&1; then
		bad "$name"
	elif grep -q '^SKIPPED' "$log"; then # what could be done of it was
		skipped=$((skipped + 1))
		grep '^SKIPPED' "$log"
	else
		ok "$name"
	fi
}
count() { sed -n "s/.*\[  $1[ ]*\] \([0-9]*\) test.*/\1/p" "$log" | head -n 1; }
# A cmocka program: every test in it counts.
unit() {
	name=$(basename "$1")
	if "$1" >"$log" 2>&1; then
		n=$(count PASSED)
		s=$(count SKIPPED)
		passed=$((passed + ${n:-0}))
		skipped=$((skipped + ${s:-0}))
		echo "ok      $name: ${n:-0} tests"
		[ "${n:-0}" -gt 0 ] || { failed=$((failed + 1)); echo "FAILED  $name ran no test"; }
		grep -i 'skipped:' "$log" | sed 's/^/SKIPPED /'
	else
		n=$(count PASSED)
		f=$(count FAILED)
		passed=$((passed + ${n:-0}))
		failed=$((failed + ${f:-1}))
		echo "FAILED  $name"
		grep -v '^\[ RUN\|^\[       OK' "$log" | sed 's/^/        /' | tail -n 60
	fi
}
# The checkers NAME …, each of which is a test, passes or is skipped as its own lines say.
checker() {
	for c; do
		tests/checkers/run.sh "$c" >"$log" 2>&1 && result=0 || result=1
		if [ $result != 0 ] || ! grep -qE '^(ok     |SKIPPED)' "$log"; then
			bad "$c"
		else
			passed=$((passed + $(grep -c '^ok     ' "$log")))
			skipped=$((skipped + $(grep -c '^SKIPPED' "$log")))
			grep -E '^(ok     |SKIPPED)' "$log"
		fi
	done
}
finish() {
	echo
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}

tests/deps.sh test || { echo "0 passed, 1 failed"; exit 1; }
tests/deps.sh extra || echo "SKIPPED whatever needs the tools that could not be installed; it says so below"
make="make --no-print-directory -j$(nproc)"

# shellcheck disable=SC2086 # $make is a command and its flags
{
	step "build with gcc" $make CC=gcc all units tools
	step "build with clang" $make CC=clang all units tools
	step "build with ASan and UBSan" $make SAN=1 all units tools
}
[ "$failed" = 0 ] || finish

for gate in tests/gates/*.sh; do
	step "gate $(basename "$gate" .sh)" sh "$gate" "$B"
done
checker shellcheck cppcheck instructions
for t in "$B"/asan/unit/test_*; do
	[ -x "$t" ] && case $t in *.d) ;; *) unit "$t" ;; esac
done

# Twice: the shipped binary, and the same code under ASan, UBSan and the leak checker.
e2e() {
	echo "end to end with $1:"
	BIN=$1 tests/e2e/run.sh 2>&1 | tee "$log" | grep --line-buffered -v 'passed, .* failed'
	line=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}.*/\1 \2 \4/p' "$log" | tail -n 1)
	if [ -n "$line" ]; then
		# shellcheck disable=SC2086 # three numbers
		set -- $line
		passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
	else
		failed=$((failed + 1))
		echo "FAILED  the end-to-end tests did not finish"
	fi
}
e2e "$B/reflashd"
e2e "$B/asan/reflashd"

# Ten minutes that nobody waits for at a keyboard; make checkers runs these, too.
if [ "${CI:-}" = true ]; then
	tests/deps.sh check || echo "SKIPPED the checkers that could not be installed; they say so below"
	checker analyzer tidy scan msan valgrind bigendian 32bit coverage
fi

[ "${CI:-}" = true ] && : "${FUZZ_SECONDS:=60}"
step "fuzz targets, ${FUZZ_SECONDS:=4} s each" make --no-print-directory fuzz T="$FUZZ_SECONDS"
finish
