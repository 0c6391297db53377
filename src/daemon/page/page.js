// SPDX-License-Identifier: MIT
// The status page: shows what /api/stream tells (src/daemon/web_stream.c), and asks for nothing
// else. Everything that came from a phone or a file becomes text by textContent, never markup.
"use strict";
(() => {
const $ = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const EVENTS_KEPT = 500, EVENTS_SHOWN = 200, SECONDS = 599;
const SEVERITIES = ["debug", "info", "notice", "warning", "error"];

// stage: words (view_text.c has the same), sign, how urgent, short word for the timeline
const STAGES = {
	"seen": ["seen", "○", 3, "seen"],
	"erased": ["is erased", "○", 3, "erased"],
	"leased": ["has an address", "○", 3, "address"],
	"listed": ["has its list", "◔", 2, "list"],
	"fetching": ["fetching", "▼", 0, "fetching"],
	"writing": ["writing flash", "■", 0, "writing"],
	"back": ["starting up", "◑", 2, "starting"],
	"next-step": ["next step", "◑", 2, "next step"],
	"refused": ["refused it", "✕", 2, "refused"],
	"recovered": ["recovered", "✓", 4, "recovered"],
};
const PROOFS = {
	cdp: "it announced its load by CDP", sccp: "it registered by SCCP", sip: "it registered by SIP",
	http: "its own web page says so", requests: "it made the requests that only a running phone makes",
};
const SIGNATURES = {
	"verified": "genuine", "unknown-signer": "signed with a key that is not known here",
	"bad": "✕ damaged or forged", "unsigned": "not signed",
};

const phones = new Map(), cards = new Map();
let status = null, library = null, since = null, offset = 0, lastTick = 0, stopped = "";
let fresh = null, began = false, dirty = new Set(), order = "", drawing = false;
let log = [], paused = false, held = 0, speed = [], speedSecond = 0;

// ---- small things

function make(tag, className, text) {
	const e = document.createElement(tag);
	if (className) e.className = className;
	if (text !== undefined) e.textContent = text;
	return e;
}
function draw(tag, attributes) {
	const e = document.createElementNS(SVG, tag);
	for (const k in attributes) e.setAttribute(k, attributes[k]);
	return e;
}
function say(e, text) { if (e.textContent !== text) e.textContent = text; }
function stageOf(name) { return STAGES[name] || [name || "seen", "○", 3, name || "seen"]; }
function bytes(n) {
	if (n < 1e3) return n + " B";
	if (n < 1e6) return Math.floor(n / 1e3) + " KB";
	if (n < 1e8) return (Math.floor(n / 1e5) / 10).toFixed(1) + " MB";
	return n < 1e11 ? Math.floor(n / 1e6) + " MB" : Math.floor(n / 1e9) + " GB";
}
function two(n) { return String(n).padStart(2, "0"); }
function duration(s) {
	s = Math.max(0, Math.floor(s));
	if (s < 3600) return Math.floor(s / 60) + ":" + two(s % 60);
	if (s < 360000) return Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
	return Math.floor(s / 86400) + " days";
}
function clock(ms) {
	const d = new Date(ms);
	return two(d.getHours()) + ":" + two(d.getMinutes()) + ":" + two(d.getSeconds());
}
function now() { return Date.now() + offset; }

// ---- the header

function drawHeader() {
	if (!status) return;
	say($("where"), (status.interface ? "on " + status.interface + ", " + status.address : "getting ready") +
		" · version " + status.version + (status.since ? " · since " + new Date(status.since).toLocaleString() : ""));
	const link = $("link");
	link.className = status.link === false ? "bad" : "";
	say(link, status.interface_gone ? "✕ The interface " + status.interface + " is gone: plug its adapter in again" :
		status.interface_failed ? "✕ The interface " + status.interface + " is there again, and cannot be used yet" :
		status.link === null ? "" : status.link ? "Cable connected" : "✕ No cable");
	const notes = [];
	if (status.rival) notes.push("Another DHCP server answers on this wire: " + status.rival + ".");
	if (status.notice) notes.push(status.notice);
	$("notice").hidden = !notes.length;
	say($("notice"), "! " + notes.join(" "));
}
function drawCount() {
	let recovered = 0, all = phones.size, more = "";
	for (const p of phones.values()) recovered += p.proof ? 1 : 0;
	if (status && status.not_shown) { // more than the page has room for
		all = status.phones;
		recovered = status.recovered;
		more = "; the " + (all - status.not_shown) + " with the newest news are shown, and " + status.not_shown + " more are not";
	}
	const text = all + (all === 1 ? " phone, " : " phones, ") + recovered + " recovered" + more;
	say($("count"), phones.size ? text : "");
	$("nobody").hidden = phones.size > 0;
	$("legend").hidden = !phones.size;
	document.title = (phones.size ? recovered + " of " + all + " recovered" : "waiting") + " - reflashd";
}
function connection(lost, text) {
	const e = $("connection");
	e.className = lost ? "lost" : "";
	say(e, text);
}

// ---- timelines: each stage has a pattern of its own, and its word where there is room

const PATTERNS = {
	"seen": [], "erased": [["circle", {cx: 4, cy: 4, r: 2.2, class: "ink"}]],
	"leased": [["circle", {cx: 4, cy: 4, r: 1, class: "dot"}]],
	"listed": [["path", {d: "M0 4H8", class: "ink"}]],
	"fetching": [["path", {d: "M-2 2L2 -2M0 8L8 0M6 10L10 6", class: "ink"}]],
	"writing": [["path", {d: "M0 4H8M4 0V8", class: "ink"}]],
	"back": [["path", {d: "M4 0V8", class: "ink"}]],
	"next-step": [["path", {d: "M0 0L8 8M-2 6L2 10M6 -2L10 2", class: "ink"}]],
	"refused": [["path", {d: "M0 0L8 8M8 0L0 8", class: "ink"}]],
	"recovered": null,
};
function fillOf(stage) {
	return PATTERNS[stage] ? "url(#p-" + stage + ")" : null;
}
function segment(stage, attributes) {
	const fill = fillOf(stage), rect = draw("rect", attributes);
	if (fill) rect.setAttribute("fill", fill);
	else rect.setAttribute("class", stage === "recovered" ? "done" : "full");
	return rect;
}
function makePatterns() {
	for (const stage in PATTERNS) {
		if (PATTERNS[stage]) {
			const p = draw("pattern", {id: "p-" + stage, width: 8, height: 8, patternUnits: "userSpaceOnUse"});
			p.append(draw("rect", {width: 8, height: 8, class: stage === "seen" ? "full" : "pale"}));
			for (const [tag, a] of PATTERNS[stage]) p.append(draw(tag, a));
			$("patterns").append(p);
		}
		const item = make("li"), sample = draw("svg", {"aria-hidden": "true"});
		sample.append(segment(stage, {width: "100%", height: "100%"}));
		item.append(sample, STAGES[stage][0]);
		$("legend").append(item);
	}
}
function drawTimeline(svg, p) {
	const steps = p.timeline.map(s => [s.stage, Date.parse(s.time)]);
	if (!steps.length) { svg.replaceChildren(); return; }
	const first = steps[0][1], last = steps[steps.length - 1];
	// What is over is not stretched by the hours after it.
	const work = Math.max(1000, last[1] - first);
	const end = p.proof && last[0] === "recovered" ? last[1] + work * 0.18 : Math.max(now(), last[1] + 500);
	const whole = Math.max(1, end - first), parts = [], words = [];
	let at = 0;
	steps.forEach(([stage, begin], i) => {
		const until = i + 1 < steps.length ? steps[i + 1][1] : end;
		const width = Math.max(0.6, 100 * (until - begin) / whole);
		const short = stageOf(stage)[3];
		parts.push(segment(stage, {x: at + "%", y: 1, width: Math.min(width, Math.max(0, 100 - at)) + "%", height: 18}));
		if (width > 5 + short.length * 2.2) {
			const t = draw("text", {x: at + 1.2 + "%", y: 14});
			t.textContent = short;
			parts.push(t);
		}
		at += width;
		words.push(stageOf(stage)[0] + (stage === "recovered" ? "" : " " + duration((until - begin) / 1000)));
	});
	svg.setAttribute("aria-label", "Timeline: " + words.join(", "));
	svg.replaceChildren(...parts);
}

// ---- phones

function newCard(p) {
	const c = {li: make("li"), name: make("h3"), stage: make("p", "stage"), mac: make("p", "mac"),
		bar: make("div", "bar"), fill: make("div"), text: make("p", "num"), detail: make("p", "detail"),
		advice: make("p", "advice"), line: draw("svg", {class: "line", role: "img"})};
	const top = make("div", "top");
	top.append(c.name, c.stage);
	c.bar.setAttribute("role", "progressbar");
	c.bar.setAttribute("aria-label", "Firmware of " + p.mac);
	c.bar.setAttribute("aria-valuemin", "0");
	c.bar.setAttribute("aria-valuemax", "100");
	c.bar.append(c.fill);
	c.li.append(top, c.mac, c.bar, c.text, c.detail, c.advice, c.line);
	c.li.dataset.mac = p.mac;
	return c;
}
function rank(p) {
	const r = stageOf(p.stage)[2];
	if (r === 0) return 0;
	return p.proof ? 4 : p.advice ? 1 : r;
}
function percentOf(p) {
	if (p.stage === "writing" || p.proof) return 100;
	return p.size ? Math.min(100, Math.floor(100 * p.bytes / p.size)) : 0;
}
function progressText(p) {
	const parts = [];
	if (p.stage === "writing")
		return "Do not unplug it. " + duration((now() - Date.parse(p.since)) / 1000) + " so far";
	if (p.files) parts.push("file " + Math.min(p.done + 1, p.files) + " of " + p.files);
	if (p.size) parts.push(bytes(p.bytes) + " of " + bytes(p.size), percentOf(p) + " %");
	if (p.seconds_left !== null) parts.push(duration(p.seconds_left) + " left");
	return parts.join(" · ");
}
// Without the address and the model at its head: the card says those already.
function adviceText(p) {
	let text = p.advice.text;
	if (!text.startsWith(p.mac)) return text;
	text = text.slice(p.mac.length).replace(/^ \([^)]*\)/, "");
	return text[0] === ":" ? text.slice(1).trim() : "This phone" + text;
}
function detailText(p) {
	const parts = [];
	if (p.proof)
		return "Runs " + (p.load || "again") + ", after " + duration(p.seconds) + ". Proof: " + (PROOFS[p.proof] || p.proof) + ".";
	if (p.load) parts.push("Load " + p.load);
	if (p.loads.length > 1) parts.push("given so far: " + p.loads.join(", "));
	if (p.software && p.software.endsWith("_LOAD")) parts.push("its boot loader announces " + p.software);
	else if (p.software) parts.push("says it runs " + p.software);
	return parts.join("; ");
}
function drawPhone(p) {
	let c = cards.get(p.mac);
	if (!c) cards.set(p.mac, c = newCard(p));
	const stage = stageOf(p.stage), moves = stage[2] === 0, busy = moves || (p.stage === "listed" && p.size);
	c.li.className = p.proof && !moves ? "good" : p.advice ? "need" : moves ? "move" : "";
	say(c.name, p.model ? "Phone " + p.model : "Phone");
	say(c.stage, (p.advice ? "! " : "") + stage[1] + " " + stage[0]);
	say(c.mac, p.mac + (p.ip ? " · " + p.ip : ""));
	const percent = percentOf(p);
	c.bar.hidden = c.text.hidden = !busy;
	c.bar.setAttribute("aria-valuenow", percent);
	c.fill.style.width = percent + "%";
	c.fill.className = p.stage === "writing" ? "busy" : "";
	say(c.text, busy ? progressText(p) : "");
	const detail = detailText(p);
	c.detail.hidden = !detail;
	say(c.detail, detail);
	c.advice.hidden = !p.advice;
	say(c.advice, p.advice ? "! " + adviceText(p) : "");
	drawTimeline(c.line, p);
}
function place() {
	const list = [...phones.values()].sort((a, b) => rank(a) - rank(b) ||
		(a.first_seen < b.first_seen ? -1 : a.first_seen > b.first_seen ? 1 : a.mac < b.mac ? -1 : 1));
	const wanted = list.map(p => p.mac).join();
	if (wanted === order) return;
	order = wanted;
	const ul = $("phones");
	for (const [mac, c] of cards)
		if (!phones.has(mac)) { c.li.remove(); cards.delete(mac); }
	list.forEach((p, i) => {
		const li = cards.get(p.mac).li;
		if (ul.children[i] !== li) ul.insertBefore(li, ul.children[i] || null);
	});
	const select = $("f-phone"), chosen = select.value;
	const options = list.slice().sort((a, b) => a.mac < b.mac ? -1 : 1).map(p => {
		const o = make("option", "", p.mac + (p.model ? " (" + p.model + ")" : ""));
		o.value = p.mac;
		return o;
	});
	const all = make("option", "", "all");
	all.value = "";
	if (document.activeElement !== select) {
		select.replaceChildren(all, ...options);
		select.value = chosen;
		if (select.selectedIndex < 0) select.value = "";
	}
}
function soon() {
	if (drawing) return;
	drawing = true;
	requestAnimationFrame(() => {
		drawing = false;
		for (const mac of dirty) if (phones.has(mac)) drawPhone(phones.get(mac));
		dirty.clear();
		place();
		drawCount();
	});
}
function takePhone(p) {
	const before = phones.get(p.mac);
	phones.set(p.mac, p);
	if (fresh) fresh.add(p.mac);
	else if (p.advice && (!before || !before.advice || before.advice.code !== p.advice.code))
		$("announce").append(make("p", "", p.advice.text));
	while ($("announce").children.length > 5) $("announce").firstChild.remove();
	dirty.add(p.mac);
	soon();
}

// ---- speed

function drawSpeed() {
	if (!speed.length) return;
	const most = Math.max(1, ...speed), last = speed.slice(-5).reduce((a, b) => a + b, 0) / Math.min(5, speed.length);
	let d = "M0 99";
	speed.forEach((b, i) => { d += "L" + i + " " + (99 - 94 * b / most).toFixed(1); });
	$("area").setAttribute("d", d + "L" + (speed.length - 1) + " 99Z");
	const peak = Math.max(...speed);
	const text = peak ? bytes(Math.round(last)) + "/s now, at most " + bytes(peak) + "/s in the last ten minutes" : "nothing was sent in the last ten minutes";
	say($("speed"), text + (status ? " · " + bytes(status.bytes) + " in all" : ""));
	$("chart").setAttribute("aria-label", "Bytes a second over the last ten minutes: " + text);
}
function takeTick(t) {
	offset = t.now - Date.now();
	// The newest values of it are told again with each tick: none is lost when one comes late.
	for (let n = Math.min(SECONDS, t.second - speedSecond); n > 0 && speed.length; n--) speed.push(0);
	speed = speed.slice(-SECONDS);
	if (speed.length) speed.splice(-t.bytes.length, t.bytes.length, ...t.bytes);
	speedSecond = t.second;
	drawSpeed();
	// What lasts grows by itself.
	for (const p of phones.values()) if (!p.proof) dirty.add(p.mac);
	soon();
}

// ---- firmware

function stateOf(b) {
	if (!b.complete) return ["bad", "✕ incomplete: " + (b.missing.length ? b.missing.join(", ") + " missing" : "a file is damaged")];
	return b.fit ? ["good", "✓ complete"] : ["bad", "✕ not offered, see below"];
}
function findingList(list) {
	const ul = make("ul");
	for (const f of list) {
		const li = make("li");
		if (f.severity !== "note") li.append(make("span", f.severity === "error" ? "bad" : "warn", f.severity === "error" ? "✕ " : "! "));
		li.append((f.file && !f.text.includes(f.file) ? f.file + ": " : "") + f.text);
		ul.append(li);
	}
	return ul;
}
function addFindings(to, title, list) {
	if (!list.length) return;
	const d = make("details"), notes = list.every(f => f.severity === "note");
	d.open = !notes;
	d.append(make("summary", "", title + ": " + list.length + (list.length === 1 ? " remark" : " remarks")), findingList(list));
	to.append(d);
}
function drawLibrary() {
	const rows = [], findings = $("findings");
	findings.replaceChildren();
	for (const b of library.bundles) {
		const tr = make("tr"), name = make("th", "", b.load), state = stateOf(b);
		name.scope = "row";
		tr.append(name, make("td", "", b.models.join(", ") || "not known"), make("td", "num", String(b.files)),
			make("td", state[0], state[1]),
			make("td", b.signature === "bad" ? "bad" : "", (SIGNATURES[b.signature] || b.signature) + (b.generation ? " (" + b.generation + ")" : "")));
		rows.push(tr);
		addFindings(findings, b.load + " in " + b.source, b.findings);
	}
	addFindings(findings, "Other files", library.findings);
	$("library").replaceChildren(...rows);
	const plan = [];
	for (const r of library.plan) plan.push(make("dt", "", r.models.join(", ")), make("dd", "", r.road));
	$("plan").replaceChildren(...plan);
}

// ---- events

function passes(e) {
	const text = $("f-text").value.trim().toLowerCase(), mac = $("f-phone").value;
	return SEVERITIES.indexOf(e.severity) >= Number($("f-severity").value) && (!mac || e.mac === mac) &&
		(!text || e.text.toLowerCase().includes(text) || e.event.includes(text));
}
function eventLine(e) {
	const li = make("li"), time = make("time", "", clock(e.time));
	time.dateTime = new Date(e.time).toISOString();
	const bad = e.severity === "error", warn = e.severity === "warning";
	li.append(time, make("span", "sev" + (bad ? " bad" : warn ? " warn" : ""), (bad ? "✕ " : warn ? "! " : "") + e.severity), make("span", "", e.text));
	return li;
}
function count() {
	say($("shown"), "newest first, " + $("events").children.length + " shown" + (paused && held ? ", " + held + " new ones held back" : ""));
}
function drawEvents() {
	const lines = [];
	for (let i = log.length - 1; i >= 0 && lines.length < EVENTS_SHOWN; i--)
		if (passes(log[i])) lines.push(eventLine(log[i]));
	held = 0;
	$("events").replaceChildren(...lines);
	count();
}
function takeEvent(e) {
	if (log.length && e.seq <= log[log.length - 1].seq) return;
	log.push(e);
	if (log.length > EVENTS_KEPT) log.shift();
	if (e.event === "daemon.stop") stopped = e.text;
	if (!passes(e)) return;
	if (paused) held++;
	else {
		$("events").prepend(eventLine(e));
		if ($("events").children.length > EVENTS_SHOWN) $("events").lastChild.remove();
	}
	count();
}

// ---- the stream

function begin() { // of a connection: what is not told again is gone
	fresh = new Set();
	began = true;
	stopped = "";
}
function complete() {
	for (const mac of [...phones.keys()]) if (!fresh.has(mac)) phones.delete(mac);
	fresh = null;
	order = "-";
	soon();
}
function takeStatus(s) {
	if (since !== null && s.since !== since) { // another run
		log = [];
		drawEvents();
	}
	since = s.since;
	status = s;
	drawHeader();
	soon();
}
function connect() {
	const source = new EventSource("api/stream");
	const on = (name, take) => source.addEventListener(name, m => take(JSON.parse(m.data)));
	source.onopen = begin;
	on("status", takeStatus);
	on("library", l => { library = l; drawLibrary(); });
	on("phone", takePhone);
	on("gone", mac => { phones.delete(mac); soon(); });
	on("speed", s => { speed = s.bytes; speedSecond = s.second; });
	on("log", takeEvent);
	on("tick", t => {
		lastTick = Date.now();
		if (fresh) complete();
		connection(false, "● Live");
		takeTick(t);
	});
	source.onerror = () => {
		lost();
		if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
	};
}
function lost() {
	const from = lastTick ? " What stands here is from " + clock(lastTick) + "." : "";
	connection(true, stopped ? "✕ " + stopped + from : "✕ Connection lost; trying again." + from);
}

$("filter").addEventListener("input", drawEvents);
$("filter").addEventListener("submit", e => e.preventDefault());
$("pause").addEventListener("click", () => {
	paused = !paused;
	$("pause").setAttribute("aria-pressed", String(paused));
	if (!paused) drawEvents();
	count();
});
setInterval(() => { if (began && Date.now() - lastTick > 5000) lost(); }, 1000);
makePatterns();
connect();
})();
