# SPDX-License-Identifier: MIT
# Sums up what gcov -t prints: a line per file that has uncovered lines, and all in all. The lines
# that the file named by known explains (FILE A-PIECE-OF-THE-LINE, perhaps with " <- " and a piece of
# the line before) are counted apart. A row that explains nothing is said.
BEGIN {
	while ((getline line < known) > 0) {
		if (line ~ /^#/ || line == "")
			continue
		n++
		file[n] = line; sub(/ .*/, "", file[n])
		row[n] = line
		sub(/^[^ ]+ ?/, "", line)
		at = index(line, " <- ")
		text[n] = at ? substr(line, 1, at - 1) : line
		after[n] = at ? substr(line, at + 4) : ""
	}
}

function explained(name, source, before,   i, found) {
	for (i = 1; i <= n; i++)
		if ((file[i] == name || file[i] == "*") && index(source, text[i]) &&
		    (after[i] == "" || index(before, after[i])))
			found = used[i] = 1
	return found
}

# "     COUNT:  LINE:text", and with the line 0 a header "Source:src/…"
{
	count = $0; sub(/:.*/, "", count); gsub(/[ \t]/, "", count)
	rest = substr($0, index($0, ":") + 1)
	number = rest; sub(/:.*/, "", number); gsub(/ /, "", number)
	before = source
	source = substr(rest, index(rest, ":") + 1)
}
number == 0 { if (source ~ /^Source:/) name = substr(source, 8); next }
name !~ /^src\// || count == "-" { next }
count ~ /^[#=]/ {
	if (explained(name, source, before)) {
		excused[name]++; excuses++
	} else {
		missed[name]++; misses++
		where[name] = where[name] (show ? "\n        " number ":" source : " " number)
	}
}
{ lines[name]++; all++ }

END {
	if (!all) {
		print "gcov found nothing"
		exit 1
	}
	sorted = show ? "cat" : "sort -n"
	for (f in missed) {
		printf "%6.1f %%  %s: %d of %d lines:%s\n", 100 * (lines[f] - missed[f]) / lines[f], f,
			missed[f], lines[f], where[f] | sorted
	}
	close(sorted)
	for (i = 1; i <= n; i++) {
		if (!used[i])
			print known ": this row explains nothing here: " row[i]
	}
	share = 100 * (all - misses) / (all)
	printf "%.2f %% of %d lines of the core; %d not run, %d more explained in coverage.txt\n", share, all,
		misses, excuses
	printf "%.2f %% with those counted as not run\n", 100 * (all - misses - excuses) / all
	exit share < least
}
