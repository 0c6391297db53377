# The tables of make bench, from results.tsv: per test one line per server, each metric as
# median [min-max], the first metric also as ratio to the reference servers, taken round by
# round (so a slow minute of the machine cancels out) and then the median of those. "best peer" is
# whichever other server was best in that round; the floors are no servers. With loss the time is
# also given as a multiple of what the same server took in the same round when nothing was lost.
BEGIN {
	FS = "\t"
	title["one"] = "TFTP, 512-byte blocks, 1 client, 31 MiB, client and server on one CPU (floor: bare recvfrom/sendto of the same\n" \
		"  bytes for the same client; pingpong: of the same sizes, and nobody looks at the bytes)"
	title["one-free"] = "the same, 6 MiB, wherever the scheduler puts them"
	title["window"] = "TFTP, blksize 1428 windowsize 64 (where the server knows it), 1 client, one CPU"
	title["fifty"] = "TFTP, 512-byte blocks, 50 clients, 6 MiB each"
	title["twohundred"] = "TFTP, 512-byte blocks, 200 clients, 6 MiB each"
	title["swarm"] = "the same, by a client with one socket for all of them"
	title["delay"] = "TFTP, 512-byte blocks, 1 MiB, round trip 1.2 ms, no loss (5 clients).\n" \
		"  Not by netem: delay and loss are made in the client (tftpload), with the same dice for every server"
	title["loss"] = "the same with 1 % lost each way; the client never repeats an ACK (who is not done counts as 150 s)"
	title["loss5"] = "the same with 5 % lost each way"
	title["memory"] = "Memory of all processes of the server, KiB (pss shares what is shared)"
	title["burst"] = "DHCP, 20 clients at the same moment"
	title["dhcp1"] = "DHCP, one client after another"
	title["dhcp10"] = "DHCP, 10 clients at a time"
	title["dhcp50"] = "DHCP, 50 clients at a time"
	title["powered"] = "DHCP, 20 phones powered at once, every server with its own checks for taken addresses"
	title["leases"] = "DHCP, 500 leases, then the server is killed at the last ACK: how many do its files hold?"
	title["start"] = "Start to first OFFER, and wake-ups of all threads in 10 s of idleness"
	tftp = "mib_s:MiB/s cpu_ms_mib:CPU_ms/MiB slowest_median:slowest/median"
	for (t in title)
		metrics[t] = tftp
	metrics["delay"] = "seconds_median:seconds seconds_min:fastest seconds_max:slowest"
	metrics["loss"] = metrics["loss5"] = "seconds_median:seconds x_lossless:x_its_own_lossless seconds_min:fastest seconds_max:slowest"
	metrics["memory"] = "rss_idle:idle_rss pss_idle:idle_pss rss_load:load_rss pss_load:load_pss"
	metrics["burst"] = metrics["powered"] = "max_ms:last_ACK_ms median_ms:median_ms"
	metrics["dhcp1"] = metrics["dhcp10"] = metrics["dhcp50"] = "dora_s:DORA/s median_ms:latency_ms cpu_us:CPU_us/DORA"
	metrics["leases"] = "kept:percent_kept"
	metrics["start"] = "first_offer_ms:first_OFFER_ms wakeups:wakeups_in_10_s"
	order = "one one-free window fifty twohundred swarm delay loss loss5 memory burst powered dhcp1 dhcp10 dhcp50 leases start"
	nrefs = split("dnsmasq best_peer floor", refs, " ")
}

NR == 1 { next }
{
	test = $1; server = $2; round = $3; metric = $4
	if (!((test, server) in seen)) {
		seen[test, server] = 1
		servers[test] = servers[test] " " server
	}
	value[test, server, metric, round] = $5
	if (round > rounds)
		rounds = round
	if (metric == "unfinished" || metric == "wrong") {
		gave_up[test, server, round] = 1
		trouble[test, server] = trouble[test, server] " " metric "_in_round_" round
	}
	if (metric == "retries")
		trouble[test, server] = trouble[test, server] " resent:" $5
}

# More is better of these, less of all others.
function better(metric, a, b) {
	return metric ~ /^(mib_s|dora_s|kept)$/ ? a + 0 > b + 0 : a + 0 < b + 0
}

# A server that is not done even without loss has no such time.
function compare_with_lossless(    key, part, without) {
	for (key in value) {
		split(key, part, SUBSEP)
		without = "delay" SUBSEP part[2] SUBSEP part[3] SUBSEP part[4]
		if (part[1] ~ /^loss/ && part[3] == "seconds_median" && without in value && value[without] > 0 &&
		    !(("delay", part[2], part[4]) in gave_up))
			lossy[part[1], part[2], "x_lossless", part[4]] = value[key] / value[without]
	}
	for (key in lossy)
		value[key] = lossy[key]
}

# The server "best_peer": of each metric and round the best that another server reached.
function find_best(    key, part, r) {
	for (key in value) {
		split(key, part, SUBSEP)
		if (part[2] == "reflashd" || part[2] ~ /^(floor|pingpong)/ || part[2] == "best_peer")
			continue
		r = part[1] SUBSEP "best_peer" SUBSEP part[3] SUBSEP part[4]
		if (!(r in best) || better(part[3], value[key], best[r]))
			best[r] = value[key]
		seen[part[1], "best_peer"] = 1
	}
	for (key in best)
		value[key] = best[key]
}

# Fills sorted[1..n]; returns n.
function gather(test, server, metric, ref,    r, n, i, v) {
	n = 0
	for (r = 1; r <= rounds; r++) {
		if (!((test, server, metric, r) in value))
			continue
		v = value[test, server, metric, r]
		if (ref != "") {
			if (!((test, ref, metric, r) in value) || value[test, ref, metric, r] == 0)
				continue
			v /= value[test, ref, metric, r]
		}
		for (i = n++; i > 0 && sorted[i] + 0 > v + 0; i--)
			sorted[i + 1] = sorted[i]
		sorted[i + 1] = v
	}
	return n
}

function median(n) {
	return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function show(x) {
	return x >= 1000 ? sprintf("%d", x + 0.5) : x >= 100 ? sprintf("%.0f", x) : \
	       x >= 10 ? sprintf("%.1f", x) : sprintf("%.2f", x)
}

function cell(test, server, metric,    n) {
	n = gather(test, server, metric, "")
	if (!n)
		return "-"
	if (n == 1)
		return show(sorted[1])
	return show(median(n)) " [" show(sorted[1]) "-" show(sorted[n]) "]"
}

function table(test,    m, names, n, i, j, k, s, part, list, head, line, c) {
	print title[test]
	k = split(metrics[test], m, " ")
	head = sprintf("  %-10s", "")
	for (i = 1; i <= k; i++) {
		split(m[i], part, ":")
		gsub("_", " ", part[2])
		head = head sprintf(" %20s", part[2])
		if (i > 1)
			continue
		for (j = 1; j <= nrefs; j++)
			if ((test, refs[j]) in seen)
				head = head sprintf(" %11s", "x " (refs[j] == "best_peer" ? "best peer" : refs[j]))
	}
	print head
	n = split(servers[test], list, " ")
	for (s = 1; s <= n; s++) {
		line = sprintf("  %-10s", list[s])
		for (i = 1; i <= k; i++) {
			split(m[i], part, ":")
			line = line sprintf(" %20s", cell(test, list[s], part[1]))
			if (i > 1)
				continue
			for (j = 1; j <= nrefs; j++) {
				if (!((test, refs[j]) in seen))
					continue
				c = gather(test, list[s], part[1], refs[j])
				line = line sprintf(" %11s", c ? show(median(c)) : "-")
			}
		}
		print line trouble[test, list[s]]
	}
	print ""
}

END {
	compare_with_lossless()
	find_best()
	n = split(order, tests, " ")
	for (t = 1; t <= n; t++)
		if (tests[t] in servers)
			table(tests[t])
}
