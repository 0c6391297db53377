#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/fuzz/keep.sh BINDIR TARGET…: what long runs found becomes part of the tree. Of the seeds, of
# what was kept before and of BINDIR/corpus (libFuzzer's folder, AFL++'s queues in BINDIR-afl/corpus)
# as few and small inputs as reach every edge go to tests/fuzz/corpus/NAME.tar.gz.
set -eu
bin=$1
shift
for target; do
	name=${target#fuzz_}
	work=$bin/keep/$name
	rm -rf "$work" && mkdir -p "$work/old" "$work/new" tests/fuzz/corpus
	[ ! -f "tests/fuzz/corpus/$name.tar.gz" ] || tar -xzf "tests/fuzz/corpus/$name.tar.gz" -C "$work/old"
	from="$work/old"
	for folder in "tests/fuzz/seeds/$name" "$bin/corpus/$name" "$bin-afl/corpus/$name"/*/queue ${ALSO:+"$ALSO/$name"}; do
		[ ! -d "$folder" ] || from="$from $folder"
	done
	# shellcheck disable=SC2086 # folders without blanks
	"$bin/$target" -merge=1 -use_counters=0 -max_len=4096 -rss_limit_mb=2048 "$work/new" $from >"$work.log" 2>&1 ||
		{ tail -n 20 "$work.log" && exit 1; }
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work/new" -cf "$work.tar" .
	gzip -9nc "$work.tar" >"tests/fuzz/corpus/$name.tar.gz"
	echo "$name: $(find "$work/new" -type f | wc -l) inputs, $(stat -c %s "tests/fuzz/corpus/$name.tar.gz") bytes"
done
