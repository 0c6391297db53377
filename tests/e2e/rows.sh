#!/bin/sh
# SPDX-License-Identifier: MIT
# The table of faults from the rows that the tests wrote (test, fault, promise, seen; tabs between).
set -eu
sort -s -t "$(printf '\t')" -k 1,1 "$1" | awk -F '\t' '
{
	for (i = 2; i <= 3; i++)
		if (length($i) > width[i])
			width[i] = length($i)
	row[NR] = $0
}
function line(a, b, c) { printf shape, a, b, c }
END {
	shape = "%-" width[2] "s | %-" width[3] "s | %s\n"
	line("fault", "promised", "seen")
	for (i = 1; i <= NR; i++) {
		split(row[i], at, "\t")
		if (at[1] != test)
			printf "--- %s\n", test = at[1]
		line(at[2], at[3], at[4])
	}
}'
