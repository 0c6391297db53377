#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/fuzz/run.sh libfuzzer|afl|coverage BINDIR SECONDS TARGET…
#   libfuzzer, afl  runs each target for that long from its seeds (seeds/NAME, made by hand) and what
#                   earlier runs found (corpus/NAME.tar.gz, see keep.sh). What is found goes to
#                   BINDIR/found and fails the run; new inputs go to BINDIR/corpus; the tree is
#                   never written to.
#   coverage        runs all of these once, and what stands in BINDIR/../fuzz/corpus, and shows which
#                   part of the core that reaches; V=1: file by file.
set -eu
engine=$1 bin=$2 seconds=$3
shift 3
code=0
if [ $# -gt 1 ] && [ "$engine" != coverage ]; then # as many at once as there are processors
	printf '%s\n' "$@" | xargs -P"$(nproc)" -n1 "$0" "$engine" "$bin" "$seconds" || exit 1
	exit 0
fi

# Where the seeds of a target are, and its dictionary.
where() {
	name=${1#fuzz_}
	seeds=tests/fuzz/seeds/$name
	[ -d "$seeds" ] || seeds=
	dict=tests/fuzz/dict/$name.dict
	[ -f "$dict" ] || dict=
	kept=
	if [ -f "tests/fuzz/corpus/$name.tar.gz" ]; then
		kept=$bin/kept/$name
		rm -rf "$kept" && mkdir -p "$kept"
		tar -xzf "tests/fuzz/corpus/$name.tar.gz" -C "$kept"
	fi
}

by_libfuzzer() {
	mkdir -p "$bin/corpus/$name"
	# shellcheck disable=SC2086 # no seeds, no word
	if "$bin/$1" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=1024 -print_final_stats=1 \
		${dict:+-dict="$dict"} -artifact_prefix="$bin/found/$name-" "$bin/corpus/$name" $seeds $kept \
		>"$bin/$name.log" 2>&1 &&
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$bin/$name.log") && [ "${runs:-0}" -gt 0 ]; then
		cover=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$bin/$name.log" | tail -n 1)
		echo "ok      $1: $runs runs, $cover edges"
	else
		echo "FAILED  $1"
		tail -n 30 "$bin/$name.log"
		code=1
	fi
}

# AFL++ starts only from inputs that do not crash: one that does is a finding, too.
by_afl() {
	from=$bin/start/$name
	rm -rf "$from" && mkdir -p "$from" "$bin/corpus" && echo 0 >"$from/0"
	for folder in $seeds $kept; do cp "$folder"/* "$from"; done
	if AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		AFL_AUTORESUME=1 ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 \
		UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:symbolize=0 \
		afl-fuzz -i "$from" -o "$bin/corpus/$name" -V "$seconds" -t 5000+ -m none ${dict:+-x "$dict"} \
		-- "$bin/$1" >"$bin/$name.log" 2>&1 &&
		! ls "$bin/corpus/$name"/default/crashes/id* >/dev/null 2>&1; then
		awk -F' *: *' -v t="$1" '$1 == "execs_done" { runs = $2 } $1 == "edges_found" { edges = $2 }
			END { print "ok      " t ": " runs " runs, " edges " edges (AFL++)" }' \
			"$bin/corpus/$name/default/fuzzer_stats"
	else
		echo "FAILED  $1 (AFL++): see $bin/corpus/$name/default/crashes"
		tail -n 30 "$bin/$name.log"
		code=1
	fi
}

by_coverage() {
	more=$bin/../fuzz/corpus/$name
	[ -d "$more" ] || more=
	mkdir -p "$bin/profile"
	# shellcheck disable=SC2086 # no seeds, no word
	LLVM_PROFILE_FILE="$bin/profile/$name.raw" "$bin/$1" -runs=0 $seeds $kept $more >"$bin/$name.log" 2>&1 ||
		{ tail -n 30 "$bin/$name.log" && code=1; }
}

mkdir -p "$bin/found"
for target; do
	where "$target"
	case $engine in
	libfuzzer) by_libfuzzer "$target" ;;
	afl) by_afl "$target" ;;
	coverage) by_coverage "$target" ;;
	esac
done
[ "$engine" = coverage ] || exit $code

version=$(clang -dumpversion | cut -d. -f1)
tool() { command -v "$1-$version" || command -v "$1"; }
"$(tool llvm-profdata)" merge -o "$bin/all.profile" "$bin"/profile/*.raw
objects=
for target; do objects="$objects -object $bin/$target"; done
# shellcheck disable=SC2086 # a list
"$(tool llvm-cov)" report -instr-profile "$bin/all.profile" ${objects# -object} \
	-ignore-filename-regex='^tests/|/tests/|/gen/|src/daemon/' |
	awk -v show="${V:-0}" '$1 ~ /\.c$/ || $1 == "TOTAL" {
		file = $1; sub(/.*src\//, "", file); room = file; sub(/\/.*/, "", room)
		if ($1 == "TOTAL") { all = $8; gone = $9; next }
		lines[room] += $8; missed[room] += $9
		if (show == 1) printf "%7.1f %%  %4d of %4d lines  %s\n", 100 * (1 - $9 / $8), $8 - $9, $8, file
	}
	END {
		for (room in lines) printf "%7.1f %%  %5d of %5d lines  %s\n",
			100 * (1 - missed[room] / lines[room]), lines[room] - missed[room], lines[room], room | "sort -k6"
		close("sort -k6")
		printf "%7.1f %%  %5d of %5d lines  of the core, reached by the fuzz targets\n", 100 * (1 - gone / all), all - gone, all
	}'
exit $code
