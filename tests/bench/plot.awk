# The picture of make bench, an SVG. Loaded behind table.awk, whose figures it takes:
#   awk -v plot=bench.svg -v machine="…" -f table.awk -f plot.awk results.tsv
#
# A panel for each test, a line for each server: how many times as good as the best of the others
# it was in the same round. The dot is the median, the line goes from the worst to the best
# round. The scale is logarithmic, so that half as good is as far to the left as twice as
# good is to the right; one scale for all panels. Absolute medians stand beside it.
BEGIN {
	short["one"] = "1 client, 512-byte blocks, one CPU"
	short["one-free"] = "1 client, 512-byte blocks, on any CPU"
	short["window"] = "1 client, 1428-byte blocks, window 64"
	short["fifty"] = "50 clients, 512-byte blocks"
	short["twohundred"] = "200 clients, 512-byte blocks"
	short["delay"] = "1 MiB, round trip 1.2 ms, nothing lost"
	short["loss"] = "1 MiB, 1 % lost each way"
	short["loss5"] = "1 MiB, 5 % lost each way"
	short["memory"] = "Resident memory, idle"
	short["burst"] = "20 leases at once: the last ACK"
	short["powered"] = "20 phones powered at once, each server as it ships"
	short["dhcp1"] = "Leases, one after another"
	short["dhcp10"] = "Leases, 10 at a time"
	short["dhcp50"] = "Leases, 50 at a time"
	short["leases"] = "Leases on disk after a kill"
	also["one"] = also["fifty"] = also["twohundred"] = "cpu_ms_mib"
	also["memory"] = "rss_load"
	also["dhcp10"] = "cpu_us"
	more["cpu_ms_mib"] = more["cpu_us"] = "%s: CPU of the server"
	more["rss_load"] = "Resident memory, 50 transfers"
	unit["mib_s"] = "MiB/s"
	unit["cpu_ms_mib"] = "ms per MiB"
	unit["cpu_us"] = "us per lease"
	unit["dora_s"] = "leases a second"
	unit["seconds_median"] = "seconds"
	unit["max_ms"] = unit["ready_ms"] = "ms"
	unit["kept"] = "%"
	unit["rss_idle"] = unit["rss_load"] = "KiB"
	row_height = 17; head = 30; gap = 16; left = 86; wide = 268; column = 490; margin = 24; top = 84
	lowest = 0.02; highest = 50
}

# low, mid and high of a server in a test: how many times as good as the best peer.
function ratios(test, server, metric,    n) {
	n = gather(test, server, metric, "best_peer")
	if (!n || sorted[1] <= 0)
		return 0
	if (better(metric, 2, 1)) {
		low = sorted[1]; mid = median(n); high = sorted[n]
	} else {
		low = 1 / sorted[n]; mid = 1 / median(n); high = 1 / sorted[1]
	}
	return n
}

function clip(x) { return x < scale_low ? scale_low : x > scale_high ? scale_high : x }
function place(x) { return left + wide * (log(clip(x)) - log(scale_low)) / (log(scale_high) - log(scale_low)) }
function write(line) { print line >plot }
function text(x, y, class, words) { write(sprintf("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>", x, y, class, words)) }
function stroke(x1, y1, x2, y2, class) {
	write(sprintf("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>", x1, y1, x2, y2, class))
}

function add_panel(test, metric, name,    list, n, s, count) {
	if (!((test, "best_peer") in seen))
		return
	n = split(servers[test], list, " ")
	for (s = 1; s <= n; s++)
		if (list[s] != "best_peer" && ratios(test, list[s], metric)) {
			panel_server[panels + 1, ++count] = list[s]
			scale_low = low < scale_low ? low : scale_low
			scale_high = high > scale_high ? high : scale_high
		}
	if (!count)
		return
	panels++
	panel_test[panels] = test; panel_metric[panels] = metric; panel_name[panels] = name; panel_rows[panels] = count
}

function draw_server(p, s, y,    server, class, test, metric, x1, x2) {
	test = panel_test[p]; metric = panel_metric[p]; server = panel_server[p, s]
	class = server == "reflashd" ? "us" : server ~ /^(floor|pingpong)/ ? "floor" : "peer"
	ratios(test, server, metric)
	text(left - 8, y + 4, "name " class, server)
	x1 = place(low); x2 = place(high)
	if (x2 - x1 > 1)
		stroke(x1, y, x2, y, "range " class)
	if (mid < scale_low || mid > scale_high) # off the scale: an arrow at its end
		write(sprintf("<path d=\"M%.1f %.1f l%d -5 v10 z\" class=\"dot %s\"/>", place(mid) + (mid < scale_low ? -4 : 4), y, mid < scale_low ? 8 : -8, class))
	else
		write(sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" class=\"dot %s\"/>", place(mid), y, class))
	text(left + wide + 64, y + 4, "end " class, sprintf(mid < 0.1 ? "%.1g&#215;" : "%.2f&#215;", mid))
	text(column, y + 4, "end " class, show(median(gather(test, server, metric, ""))))
}

function draw_panel(p, y,    i, bottom) {
	text(0, y + 12, "title", panel_name[p])
	text(column, y + 12, "end", unit[panel_metric[p]])
	y += head - 8
	bottom = y + panel_rows[p] * row_height
	for (i = 1; i <= ticks; i++)
		if (tick[i] >= scale_low && tick[i] <= scale_high) {
			stroke(place(tick[i]), y, place(tick[i]), bottom, tick[i] == 1 ? "one" : "grid")
			text(place(tick[i]), bottom + 11, "tick", tick[i])
		}
	for (i = 1; i <= panel_rows[p]; i++)
		draw_server(p, i, y + (i - 0.5) * row_height)
}

function height_of(p) { return head + panel_rows[p] * row_height + gap }

END {
	if (!plot)
		exit
	ticks = split("0.02 0.05 0.1 0.2 0.5 1 2 5 10 20 50", tick, " ")
	scale_low = 0.5; scale_high = 2
	nt = split(order, tests, " ")
	for (t = 1; t <= nt; t++)
		if (tests[t] in servers) {
			split(metrics[tests[t]], part, /[ :]/)
			if (tests[t] != "leases")
				add_panel(tests[t], part[1], tests[t] in short ? short[tests[t]] : title[tests[t]])
			if (tests[t] in also)
				add_panel(tests[t], also[tests[t]], sprintf(more[also[tests[t]]], short[tests[t]]))
		}
	if (!panels)
		exit
	scale_low = (scale_low < lowest ? lowest : scale_low) / 1.1
	scale_high = (scale_high > highest ? highest : scale_high) * 1.1
	for (p = 1; p <= panels; p++)
		sum += height_of(p)
	for (p = 1; p <= panels; p++) { # the first column gets half, and not one panel less
		second = second || used[0] + height_of(p) / 2 > sum / 2
		where[p] = second + 0
		above[p] = used[where[p]] + 0
		used[where[p]] += height_of(p)
	}
	tall = top + (used[0] > used[1] ? used[0] : used[1]) + margin
	full = 2 * column + 4 * margin
	write(sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">", full, tall, full, tall))
	write("<style>text{font:12px 'DejaVu Sans',Verdana,sans-serif;fill:#444}.head{font-size:18px;font-weight:bold;fill:#111}" \
		".title{font-size:13px;font-weight:bold;fill:#111}.name,.end{text-anchor:end}.tick{font-size:9px;text-anchor:middle;fill:#777}" \
		"text.us{fill:#06598a;font-weight:bold}text.floor{fill:#777;font-style:italic}.grid{stroke:#e3e3e3}.one{stroke:#888;stroke-width:1.5}" \
		".range{stroke:#888;stroke-width:2}.range.us{stroke:#06598a;stroke-width:3}.dot{fill:#777}.dot.us{fill:#06598a}" \
		".dot.floor{fill:#fff;stroke:#777;stroke-width:1.5}</style>")
	write(sprintf("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>", full, tall))
	text(margin, 30, "head", "How many times as good as the best of the other servers, in the same round")
	text(margin, 50, "", "To the right is better. Dot: the median; line: from the worst round to the best; 1: the best other server of that round. Beside it the median itself.")
	text(margin, 67, "", machine " Floor: bare sockets, no server.")
	for (p = 1; p <= panels; p++) {
		write(sprintf("<g transform=\"translate(%d %d)\">", margin + where[p] * (column + 2 * margin), top + above[p]))
		draw_panel(p, 0)
		write("</g>")
	}
	write("</svg>")
}
