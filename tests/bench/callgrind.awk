# From a file that callgrind wrote with --compress-strings=no --compress-pos=no: the instructions of
# our own code and of all, each without what it called. mine: the name of our program's file.
#
# A line "calls=" is followed by what the callee took, which stands with the callee already.
/^ob=/ { own = $0 ~ ("/" mine "$"); next }
/^calls=/ { skip = 1; next }
/^[0-9]/ {
	if (!skip) {
		all += $2
		if (own)
			ours += $2
	}
	skip = 0
}
END { printf "%d %d\n", ours, all }
