#!/bin/sh
# SPDX-License-Identifier: MIT
# The tree keeps its shape: eight names at the top, headers that stand alone, no vendor firmware.
set -eu
code=0
git ls-files | grep -q '^src/' || { echo "git does not say what is in the tree"; exit 1; }
for name in $(git ls-files | cut -d/ -f1 | sort -u | grep -vxE 'src|include|tests|firmware|conf|Makefile|README\.md|LICENSE|\..*'); do
	echo "the top level has '$name'"
	code=1
done
for header in include/reflashd/*.h; do
	if ! printf '#include "%s"\n' "${header#include/}" |
		cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Iinclude -x c -fsyntax-only -; then
		echo "$header does not compile alone"
		code=1
	fi
done
for file in $(git ls-files | grep -iE '\.(sbn|sb2|zup|sbin|loads|cop|sgn)$' || true); do
	echo "$file: firmware does not belong into the tree"
	code=1
done
for file in $(git ls-files '*.c' '*.h'); do
	head -n 1 "$file" | grep -q 'SPDX-License-Identifier: MIT' || { echo "$file lacks its licence line"; code=1; }
	lines=$(wc -l <"$file")
	[ "$lines" -le 600 ] || { echo "$file has $lines lines"; code=1; }
done
exit $code
