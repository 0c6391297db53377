# SPDX-License-Identifier: MIT
# Of the findings of a checker (FILE:LINE:COLUMN: KIND: WORDS [ID]) prints those that known.txt
# does not list, each with its source line. Ends with 1 when there are any.
#   awk -v known=known.txt -f fresh.awk FINDINGS
BEGIN {
	while ((getline line < known) > 0) {
		if (line ~ /^#/ || line == "")
			continue
		n++
		id[n] = line; sub(/ .*/, "", id[n])
		sub(/^[^ ]+ /, "", line)
		file[n] = line; sub(/ .*/, "", file[n])
		sub(/^[^ ]+ ?/, "", line)
		text[n] = line
		if (!stands(file[n], line)) {
			print "known.txt: nothing like this stands in " file[n] " any more: " line
			bad = 1
		}
	}
}

function stands(path, piece,   s, found, there) {
	while (!found && (getline s < path) > 0) {
		there = 1
		found = index(s, piece)
	}
	close(path)
	return piece == "" ? there : found
}

function source_line(path, number,   s, i) {
	for (i = 0; i < number && (getline s < path) > 0; i++)
		;
	close(path)
	sub(/^[ \t]+/, "", s)
	return s
}

!/^[^ :]+:[0-9]+:[0-9]+: (warning|error|style|performance|portability):/ { next }
seen[$0]++ { next }
{
	split($0, part, ":")
	path = part[1]
	if (index(path, ENVIRON["PWD"] "/") == 1)
		path = substr(path, length(ENVIRON["PWD"]) + 2)
	s = source_line(path, part[2])
	for (i = 1; i <= n; i++)
		if (file[i] == path && index($0, id[i]) && index(s, text[i]))
			next
	print path substr($0, index($0, ":"))
	print "    " s
	bad = 1
}

END { exit bad }
