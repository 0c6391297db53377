#!/bin/sh
# SPDX-License-Identifier: MIT
# make coverage: which lines of the core the unit tests have not run (gcc and gcov, nothing else).
#   V=1 prints the lines themselves. Fails under ${LEAST:-98} % of what coverage.txt does not explain.
set -u
cd "$(dirname "$0")/../.." || exit
B=${B:-build}/coverage
lines=$(mktemp) || exit
trap 'rm -f "$lines"' EXIT

make --no-print-directory -s -j"$(nproc)" CC=gcc B="$B" HARDEN=-fPIE LDFLAGS=--coverage \
	CFLAGS='-O0 -g --coverage -Wno-error' units >"$lines" 2>&1 || { cat "$lines"; exit 1; }
find "$B" -name '*.gcda' -exec rm -f {} +
for t in tests/unit/test_*.c; do
	"$B/unit/$(basename "$t" .c)" >"$lines" 2>&1 || { cat "$lines"; exit 1; }
done
# shellcheck disable=SC2046 # a list of files; an object that no test linked has no .gcda
gcov -t $(find "$B/src" -name '*.gcda') >"$lines" 2>/dev/null
awk -v least="${LEAST:-98}" -v show="${V:-0}" -v known=tests/checkers/coverage.txt \
	-f tests/checkers/coverage.awk "$lines"
