#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/fuzz/run.sh BINDIR SECONDS TARGET…: runs each target from its seeds for that long.
# What is found goes to BINDIR/found and fails the run; seeds in the tree are never written to.
set -eu
bin=$1 seconds=$2
shift 2
mkdir -p "$bin/found"
code=0
for target; do
	name=${target#fuzz_}
	mkdir -p "$bin/corpus/$name"
	seeds=tests/fuzz/seeds/$name
	[ -d "$seeds" ] || seeds=
	if "$bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$bin/found/$name-" "$bin/corpus/$name" $seeds >"$bin/$name.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$bin/$name.log")
		cover=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$bin/$name.log" | tail -n 1)
		echo "ok      $target: $runs runs, $cover edges"
	else
		echo "FAILED  $target"
		tail -n 30 "$bin/$name.log"
		code=1
	fi
done
exit $code
