#!/bin/sh
# SPDX-License-Identifier: MIT
# Has the program become slower? Counted, not timed: the instructions for each DATA block, each DHCP
# exchange and each event, under callgrind, against what stands in instructions.txt. They depend on
# the code and the compiler, not on the machine or on who else uses it.
#
#   tests/bench/instructions.sh           fails when something takes more than 5 % more
#   tests/bench/instructions.sh record    writes instructions.txt anew: when more was meant, or when
#                                         less was reached, so that it cannot be lost again unnoticed
#
# OWN is our own code, ALL is that and the libraries'. Another compiler makes other code, so the
# figures are those of one compiler and its flags; with another one nothing is compared. With other
# libraries only OWN is. The cases count in tests/tools/count.c and tests/bench/served.sh.
set -u
cd "$(dirname "$0")/../.." || exit
B=${B:-build}
table=tests/bench/instructions.txt
T=$(mktemp -d) || exit
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM HUP

skip() { echo "SKIPPED instructions: $*"; exit 0; }
die() { echo "instructions: $*"; exit 1; }
# The lines of instructions.txt that are no figures.
known() { sed -n "s/^$1: //p" "$table" 2>/dev/null; }

for tool in gcc valgrind readelf; do
	command -v $tool >/dev/null || skip "$tool is not installed (tests/deps.sh extra installs it)"
done
make --no-print-directory -s CC=gcc B="$B" all "$B/tools/count" "$B/bench/tftpload" "$B/bench/dhcpload" >"$T/log" 2>&1 ||
	die "the build failed: $(cat "$T/log")"
# As the objects themselves say it: they may come from another run of make.
compiler=$(readelf --debug-dump=info "$B/tools/count" 2>/dev/null |
	sed -n 's/.*DW_AT_producer.*: \(GNU C[0-9].*\)/\1/p' | sort -u)
libraries="$(getconf GNU_LIBC_VERSION), $(pkg-config --modversion libuv | sed 's/^/libuv /'), $(pkg-config --modversion jansson | sed 's/^/jansson /')$(grep -qw avx2 /proc/cpuinfo && echo ', avx2')"
if [ "${1:-}" != record ] && [ "$compiler" != "$(known compiler)" ]; then
	skip "built by \"$compiler\"; the figures are for \"$(known compiler)\""
fi

pure() {
	for name in $("$B/tools/count"); do
		# Callgrind's own words are about what it was asked for.
		valgrind -q --tool=callgrind --toggle-collect='counted_*' --compress-strings=no --compress-pos=no \
			--callgrind-out-file="$T/$name" "$B/tools/count" "$name" >"$T/units" 2>"$T/log" ||
			die "$name: $(cat "$T/log")"
		read -r _ units unit <"$T/units"
		awk -v mine=count -f tests/bench/callgrind.awk "$T/$name" |
			awk -v name="$name" -v unit="$unit" -v units="$units" \
				'{ printf "%s %s %.1f %.1f\n", name, unit, $1 / units, $2 / units }'
	done
}

pure >"$T/now" || { cat "$T/now"; exit 1; }
status=0
BIN="$B/reflashd" sh tests/bench/served.sh >"$T/served" 2>&1 || status=$?
case $status in
0) cat "$T/served" >>"$T/now" ;;
77) served_not="$(tail -n 1 "$T/served" | sed 's/^SKIP: //')" ;;
*) die "$(cat "$T/served")" ;;
esac

if [ "${1:-}" = record ]; then
	[ -z "${served_not:-}" ] || die "only a whole record is one: $served_not"
	{
		echo "# Instructions for each unit of work; tests/bench/instructions.sh compares, and with \`record' writes anew."
		echo "compiler: $compiler"
		echo "libraries: $libraries"
		awk 'BEGIN { printf "# %-20s %-10s %12s %12s\n", "case", "unit", "own", "all" }
			{ printf "%-22s %-10s %12s %12s\n", $1, $2, $3, $4 }' "$T/now"
	} >"$T/new" && cp "$T/new" "$table"
	cat "$table"
	exit
fi

[ "$libraries" = "$(known libraries)" ] ||
	echo "Only our own code is compared: here are $libraries; the figures are for $(known libraries)."
[ -z "${served_not:-}" ] || echo "SKIPPED the instructions of the whole program: $served_not"
awk -v all="$([ "$libraries" = "$(known libraries)" ] && echo 1)" -v served="${served_not:-}" '
	function change(now, then) { return then > 0 ? 100 * (now / then - 1) : 0 }
	NF != 4 || /^#/ || /: / { next }
	NR == FNR { own[$1] = $3; total[$1] = $4; next }
	{
		seen[$1] = 1
		a = change($3, own[$1])
		b = all ? change($4, total[$1]) : 0 # 0 for "-", too
		word = ""
		if (!($1 in own)) { word = "NOT RECORDED"; bad = 1 }
		else if (a > 5 || b > 5) { word = "GREW"; bad = 1 }
		else if (a < -5 || b < -5) { word = "less"; less = 1 }
		printf "%-20s %9.0f own (%+.1f %%)%s for each %-10s%s\n", $1, $3, a,
			$4 == "-" ? sprintf("%29s", "") : sprintf(" %9.0f in all%s", $4,
			all ? sprintf(" (%+.1f %%)", b) : ""), $2, word
	}
	END {
		for (name in own)
			if (!(name in seen) && !(served && name ~ /^served-/)) {
				print name " is recorded, but was not counted"
				bad = 1
			}
		if (bad)
			print "More instructions than recorded. Find out why; if it was meant: tests/bench/instructions.sh record"
		else if (less)
			print "Less than recorded. Keep it that way: tests/bench/instructions.sh record"
		exit bad
	}' "$table" "$T/now"
