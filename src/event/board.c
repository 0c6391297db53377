/* SPDX-License-Identifier: MIT */
/*
 * The board, folded from events.
 *
 * The happy path: the tracker's events (phone.*) make a phone and move it; DHCP tells its
 * address, TFTP the bytes, the listeners what it says of itself; the rest is about ourselves.
 *
 * What can go wrong:
 * - More phones than there is room for: the one without news for longest goes, and is counted on.
 * - A phone fetches several files at once, and a file twice: each transfer is followed by
 *   itself, so that every byte is counted as it leaves and only once.
 * - Who fetches is no phone (curl, a laptop): its bytes are counted when it is done.
 * - A recovered phone is erased once more: its clock starts anew.
 * - The clock of the machine is set: a second of throughput that is older than what is kept,
 *   or newer than now, must not bring back old values.
 */
#include "reflashd/board.h"

#include "reflashd/hash.h"
#include "reflashd/text.h"

#include <string.h>

#define SPEED_SECONDS 5 /* over so many the speed is smoothed */

/* ---- phones ---- */

/* The place of that MAC in the index: where it stands, or where it would. */
static unsigned place_of(const struct board *b, struct mac mac)
{
	unsigned at = hash32(HASH32, mac.b, sizeof(mac.b)) % BOARD_INDEX;

	while (b->index[at] && !mac_equal(b->phone[b->index[at] - 1].mac, mac))
		at = (at + 1) % BOARD_INDEX;
	return at;
}

const struct board_phone *board_find(const struct board *b, struct mac mac)
{
	unsigned at = place_of(b, mac);

	return b->index[at] ? &b->phone[b->index[at] - 1] : NULL;
}

/* It is full: the phone that has been away for longest is no longer counted. */
static void note_away(struct board *b, const struct board_phone *p)
{
	if (b->away_count == BOARD_AWAY_MAX) {
		b->recovered -= b->away[0].recovered;
		memmove(&b->away[0], &b->away[1], sizeof(b->away[0]) * --b->away_count);
	}
	b->away[b->away_count++] = (struct board_away){p->mac, p->proof[0] != 0};
}

/* What became of its firmware is forgotten, but not that it was proven. */
static void take_back(struct board *b, struct board_phone *p)
{
	unsigned i = 0;

	while (i < b->away_count && !mac_equal(b->away[i].mac, p->mac))
		i++;
	if (i == b->away_count)
		return;
	if (b->away[i].recovered)
		text_copy(p->proof, sizeof(p->proof), "unknown");
	b->away_count--;
	memmove(&b->away[i], &b->away[i + 1], sizeof(b->away[0]) * (b->away_count - i));
}

/* Takes the phone without news for longest off the board; its number. */
static unsigned make_room(struct board *b)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < b->count; i++)
		if (b->phone[i].last_ms < b->phone[oldest].last_ms)
			oldest = i;
	note_away(b, &b->phone[oldest]);
	b->phone[oldest].mac = (struct mac){{0}};
	/* Taking one out of the middle of a chain would break it: all go in anew. */
	memset(b->index, 0, sizeof(b->index));
	for (unsigned i = 0; i < b->count; i++)
		if (i != oldest)
			b->index[place_of(b, b->phone[i].mac)] = (uint16_t)(i + 1);
	return oldest;
}

static struct board_phone *find_by_ip(struct board *b, uint32_t ip)
{
	for (unsigned i = 0; ip && i < b->count; i++)
		if (b->ip[i] == ip)
			return &b->phone[i];
	return NULL;
}

/* The phone the event is about; NULL when it is about none that is on the board. */
static struct board_phone *phone_of(struct board *b, const struct event *e)
{
	if (event_has(e, FIELD_MAC)) {
		unsigned at = place_of(b, e->mac);

		return b->index[at] ? &b->phone[b->index[at] - 1] : NULL;
	}
	return event_has(e, FIELD_IP) ? find_by_ip(b, e->ip) : NULL;
}

static struct board_phone *new_phone(struct board *b, const struct event *e)
{
	unsigned i = b->count < BOARD_PHONES_MAX ? b->count++ : make_room(b);
	struct board_phone *p = &b->phone[i];

	memset(p, 0, sizeof(*p));
	p->mac = e->mac;
	p->seconds_left = UINT64_MAX;
	p->first_ms = p->stage_ms = e->wall_ms;
	take_back(b, p);
	b->ip[i] = 0;
	b->index[place_of(b, p->mac)] = (uint16_t)(i + 1);
	if (b->stranger_said[0] && mac_equal(b->stranger, p->mac)) {
		text_copy(p->software, sizeof(p->software), b->stranger_said);
		text_copy(p->was, sizeof(p->was), b->stranger_said);
	}
	b->stranger_said[0] = 0;
	return p;
}

static void take_text(char *out, size_t size, const struct event *e, enum event_field field,
		      const char *value)
{
	if (event_has(e, field) && *value)
		text_copy(out, size, value);
}

static void take_ip(struct board *b, struct board_phone *p, const struct event *e)
{
	struct board_phone *before;

	if (!event_has(e, FIELD_IP) || !e->ip || p->ip == e->ip)
		return;
	before = find_by_ip(b, e->ip);
	if (before)
		before->ip = b->ip[before - b->phone] = 0;
	p->ip = b->ip[p - b->phone] = e->ip;
}

/* ---- what the tracker says ---- */

static bool is(const struct board_phone *p, const char *stage)
{
	return strcmp(p->stage, stage) == 0;
}

bool board_phone_writes(const struct board_phone *p)
{
	return is(p, "fetching") || is(p, "writing");
}

static void add_load(struct board_phone *p, const char *load)
{
	if (p->load_count && strcmp(p->loads[p->load_count - 1], load) == 0)
		return;
	if (p->load_count == BOARD_LOADS_MAX)
		memmove(p->loads[0], p->loads[1], sizeof(p->loads[0]) * --p->load_count);
	text_copy(p->loads[p->load_count++], sizeof(p->loads[0]), load);
}

static void add_step(struct board_phone *p, int64_t ms)
{
	struct board_step *s;

	if (p->step_count == BOARD_STEPS_MAX)
		memmove(&p->step[0], &p->step[1], sizeof(p->step[0]) * --p->step_count);
	s = &p->step[p->step_count++];
	memcpy(s->stage, p->stage, sizeof(s->stage));
	s->ms = ms;
}

/* It was recovered and takes firmware again. */
static void begin_again(struct board *b, struct board_phone *p, int64_t ms)
{
	b->recovered--;
	p->proof[0] = 0;
	p->seconds = 0;
	p->first_ms = ms;
	p->load_count = 0;
	p->sent = 0;
	p->fetched = p->ran = p->erased = false;
	p->was[0] = 0;
}

static void apply_stage(struct board *b, struct board_phone *p, const struct event *e)
{
	bool fed, moved;

	text_copy(p->stage, sizeof(p->stage), event_has(e, FIELD_STAGE) ? e->stage : "seen");
	fed = is(p, "listed") || board_phone_writes(p);
	moved = !p->step_count || strcmp(p->step[p->step_count - 1].stage, p->stage) != 0;
	if ((fed || is(p, "erased")) && p->proof[0])
		begin_again(b, p, e->wall_ms);
	p->erased |= is(p, "erased");
	if (moved) {
		p->stage_ms = e->wall_ms;
		add_step(p, e->wall_ms);
	}
	if (event_has(e, FIELD_LOAD)) {
		text_copy(p->load, sizeof(p->load), e->load);
		if (board_phone_writes(p))
			add_load(p, p->load);
	}
	p->fetched |= board_phone_writes(p);
	p->ran |= is(p, "back") && !p->fetched;
	if (is(p, "listed"))
		p->bytes = p->size = p->done = p->files = 0;
	if (!board_phone_writes(p)) {
		p->seconds_left = UINT64_MAX;
		p->file[0] = 0;
	}
}

static void apply_progress(struct board_phone *p, const struct event *e)
{
	take_text(p->load, sizeof(p->load), e, FIELD_LOAD, e->load);
	take_text(p->file, sizeof(p->file), e, FIELD_FILE, e->file);
	if (event_has(e, FIELD_BYTES))
		p->bytes = e->bytes;
	if (event_has(e, FIELD_SIZE))
		p->size = e->size;
	if (event_has(e, FIELD_DONE))
		p->done = e->done;
	if (event_has(e, FIELD_FILES))
		p->files = e->files;
	p->seconds_left = event_has(e, FIELD_SECONDS) ? e->seconds : UINT64_MAX;
}

static void apply_recovered(struct board *b, struct board_phone *p, const struct event *e)
{
	b->recovered += !p->proof[0];
	text_copy(p->proof, sizeof(p->proof),
		  event_has(e, FIELD_PROOF) && e->proof[0] ? e->proof : "unknown");
	take_text(p->load, sizeof(p->load), e, FIELD_LOAD, e->load);
	if (event_has(e, FIELD_SECONDS))
		p->seconds = e->seconds;
	text_copy(p->stage, sizeof(p->stage), "recovered"); /* should the stage be missing */
	p->seconds_left = UINT64_MAX;
	p->code[0] = p->advice[0] = 0;
}

static void apply_tracker(struct board *b, const struct event *e)
{
	struct board_phone *p = phone_of(b, e);

	if (!p && event_has(e, FIELD_MAC) && e->type != EVENT_PHONE_CLEARED)
		p = new_phone(b, e);
	if (!p)
		return;
	p->last_ms = e->wall_ms;
	take_ip(b, p, e);
	take_text(p->model, sizeof(p->model), e, FIELD_MODEL, e->model);
	switch ((unsigned)e->type) {
	case EVENT_PHONE_STAGE: apply_stage(b, p, e); break;
	case EVENT_PHONE_PROGRESS: apply_progress(p, e); break;
	case EVENT_PHONE_RECOVERED: apply_recovered(b, p, e); break;
	case EVENT_PHONE_ADVICE:
		text_copy(p->code, sizeof(p->code), event_has(e, FIELD_CODE) ? e->code : "advice");
		event_text(e, p->advice, sizeof(p->advice));
		p->advice_severity = e->severity;
		break;
	case EVENT_PHONE_CLEARED:
		if (!event_has(e, FIELD_CODE) || strcmp(p->code, e->code) == 0)
			p->code[0] = p->advice[0] = 0;
		break;
	default: break;
	}
}

/* ---- what the phone says ---- */

static void note_software(struct board_phone *p, const char *said)
{
	if (!*said)
		return;
	text_copy(p->software, sizeof(p->software), said);
	if (!p->was[0] && !p->fetched)
		text_copy(p->was, sizeof(p->was), said);
}

/* Who speaks SCCP or SIP says who it is; from another address than the phone's, it is not. */
static bool is_impostor(const struct board_phone *p, const struct event *e)
{
	bool by_name = e->type == EVENT_SCCP_REGISTER || e->type == EVENT_SCCP_ALARM ||
		       e->type == EVENT_SIP_REGISTER;

	return by_name && event_has(e, FIELD_IP) && e->ip && p->ip && p->ip != e->ip;
}

static void apply_voice(struct board *b, const struct event *e)
{
	struct board_phone *p = phone_of(b, e);
	const char *said = event_has(e, FIELD_SOFTWARE) && e->software[0] ? e->software
			   : event_has(e, FIELD_LOAD)			  ? e->load
									  : "";

	if (!p && event_has(e, FIELD_MAC)) {
		/* If it is a phone, the tracker says so next, and these were its first words. */
		b->stranger = e->mac;
		text_copy(b->stranger_said, sizeof(b->stranger_said), said);
	}
	if (!p || is_impostor(p, e))
		return;
	p->last_ms = e->wall_ms;
	take_ip(b, p, e);
	note_software(p, said);
}

/* ---- bytes ---- */

static void count_bytes(struct board *b, struct board_phone *p, int64_t wall_ms, uint64_t bytes)
{
	int64_t second = wall_ms / 1000;
	uint32_t *slot;

	b->bytes += bytes;
	if (p)
		p->sent += bytes;
	if (second <= 0)
		return;
	if (second > b->second_last) {
		if (second - b->second_last >= BOARD_SECONDS)
			memset(b->second, 0, sizeof(b->second));
		else
			for (int64_t s = b->second_last + 1; s <= second; s++)
				b->second[s % BOARD_SECONDS] = 0;
		b->second_last = second;
	} else if (b->second_last - second >= BOARD_SECONDS) {
		return; /* the clock was set back that far: nowhere to put it */
	}
	slot = &b->second[second % BOARD_SECONDS];
	*slot = bytes > UINT32_MAX - *slot ? UINT32_MAX : *slot + (uint32_t)bytes;
}

uint64_t board_speed(const struct board *b, int64_t now_ms)
{
	int64_t now = now_ms / 1000;
	uint64_t sum = 0;

	for (int64_t s = now - SPEED_SECONDS; s < now; s++)
		if (s > 0 && s <= b->second_last && b->second_last - s < BOARD_SECONDS)
			sum += b->second[s % BOARD_SECONDS];
	return sum / SPEED_SECONDS;
}

/* The transfer of that file, or the one to follow it in: a free one, else the first. */
static struct board_transfer *transfer_of(struct board_phone *p, const char *file, bool *known)
{
	uint32_t name = hash32(HASH32, file, strlen(file));
	struct board_transfer *unused = NULL;

	name += !name;
	for (unsigned i = 0; i < BOARD_OPEN_MAX; i++) {
		if (p->open[i].name == name) {
			*known = true;
			return &p->open[i];
		}
		if (!p->open[i].name && !unused)
			unused = &p->open[i];
	}
	*known = false;
	unused = unused ? unused : &p->open[0];
	*unused = (struct board_transfer){.name = name};
	return unused;
}

static void apply_transfer(struct board *b, const struct event *e)
{
	struct board_phone *p = phone_of(b, e);
	uint64_t bytes = event_has(e, FIELD_BYTES) ? e->bytes : 0;
	struct board_transfer *t;
	bool known, over = e->type == EVENT_TFTP_COMPLETE || e->type == EVENT_TFTP_ABORTED;

	if (over && event_has(e, FIELD_RESENT))
		b->resent += e->resent;
	if (!p) {
		if (over)
			count_bytes(b, NULL, e->wall_ms, bytes);
		return;
	}
	p->last_ms = e->wall_ms;
	take_ip(b, p, e);
	t = transfer_of(p, event_has(e, FIELD_FILE) ? e->file : "", &known);
	if (e->type == EVENT_TFTP_START) {
		t->bytes = 0;
		return;
	}
	if (bytes > t->bytes) {
		count_bytes(b, p, e->wall_ms, bytes - t->bytes);
		t->bytes = bytes;
	}
	if (over)
		*t = (struct board_transfer){0};
}

static void apply_refused(struct board *b, const struct event *e)
{
	struct board_phone *p = phone_of(b, e);

	if (!p)
		return;
	p->last_ms = e->wall_ms;
	p->refused += !(event_has(e, FIELD_REASON) && strcmp(e->reason, "expected") == 0);
}

static void apply_heard(struct board *b, const struct event *e)
{
	struct board_phone *p = phone_of(b, e);

	if (!p)
		return;
	p->last_ms = e->wall_ms;
	if (e->type == EVENT_DHCP_ACK)
		take_ip(b, p, e);
}

/* ---- firmware and ourselves ---- */

static void apply_bundle(struct board *b, const struct event *e)
{
	struct board_bundle *bundle = NULL;

	if (!event_has(e, FIELD_LOAD))
		return;
	for (unsigned i = 0; i < b->bundle_count; i++) /* the library was read again */
		if (strcmp(b->bundle[i].load, e->load) == 0 &&
		    strcmp(b->bundle[i].source, e->source) == 0)
			bundle = &b->bundle[i];
	if (!bundle && b->bundle_count == BOARD_BUNDLES_MAX)
		return;
	if (!bundle)
		bundle = &b->bundle[b->bundle_count++];
	memset(bundle, 0, sizeof(*bundle));
	text_copy(bundle->load, sizeof(bundle->load), e->load);
	text_copy(bundle->models, sizeof(bundle->models), e->models);
	text_copy(bundle->signature, sizeof(bundle->signature), e->signature);
	text_copy(bundle->generation, sizeof(bundle->generation), e->generation);
	text_copy(bundle->source, sizeof(bundle->source), e->source);
	bundle->files = event_has(e, FIELD_FILES) ? e->files : 0;
	bundle->complete = event_has(e, FIELD_COMPLETE) && e->complete;
	for (const char *p = e->missing; *p; p++)
		bundle->missing += p == e->missing || p[-1] == '\n';
}

static void apply_gone(struct board *b, const struct event *e)
{
	unsigned i = 0;

	while (i < b->bundle_count && (strcmp(b->bundle[i].load, e->load) != 0 ||
				       strcmp(b->bundle[i].source, e->source) != 0))
		i++;
	if (i == b->bundle_count)
		return;
	b->bundle_count--;
	memmove(&b->bundle[i], &b->bundle[i + 1], (b->bundle_count - i) * sizeof(b->bundle[0]));
}

/* A finding follows its bundle; one of no bundle has a folder of its own. */
static void apply_finding(struct board *b, const struct event *e)
{
	for (unsigned i = b->bundle_count; i-- > 0;) {
		if (strcmp(b->bundle[i].source, e->source) != 0)
			continue;
		b->bundle[i].findings++;
		return;
	}
}

static void apply_note(struct board *b, const struct event *e)
{
	bool gone = strcmp(e->code, "interface-gone") == 0;
	bool failed = strcmp(e->code, "interface-failed") == 0;

	if (!event_has(e, FIELD_CODE) || !(gone || failed))
		return;
	b->interface_gone = gone;
	b->interface_failed = failed;
	b->notice_passes |= e->severity >= SEVERITY_WARNING;
}

/* Whatever is said of its cable, it is there. */
static void apply_link(struct board *b, const struct event *e)
{
	take_text(b->interface, sizeof(b->interface), e, FIELD_INTERFACE, e->interface);
	b->link_known = event_has(e, FIELD_UP);
	b->link_up = b->link_known && e->up;
	b->interface_gone = b->interface_failed = false;
	if (b->notice_passes)
		b->notice[0] = 0;
	b->notice_passes = false;
}

static void apply_ourselves(struct board *b, const struct event *e)
{
	if (e->severity >= SEVERITY_WARNING) {
		event_text(e, b->notice, sizeof(b->notice));
		b->notice_passes = false;
	}
	switch ((unsigned)e->type) {
	case EVENT_DAEMON_READY:
		b->ready = b->link_known = b->link_up = true; /* we serve only over a cable */
		take_text(b->interface, sizeof(b->interface), e, FIELD_INTERFACE, e->interface);
		take_text(b->address, sizeof(b->address), e, FIELD_ADDRESS, e->address);
		break;
	case EVENT_DAEMON_STOP: b->stopped = true; break;
	case EVENT_DAEMON_NOTE: apply_note(b, e); break;
	case EVENT_NETWORK_LINK: apply_link(b, e); break;
	case EVENT_NETWORK_RIVAL:
		if (event_has(e, FIELD_SERVER))
			b->rival = e->server;
		break;
	default: break;
	}
}

static void begin(struct board *b, const struct event *e)
{
	board_init(b);
	b->start_ms = e->wall_ms;
	take_text(b->version, sizeof(b->version), e, FIELD_VERSION, e->version);
}

void board_init(struct board *b)
{
	b->version[0] = b->interface[0] = b->address[0] = 0;
	b->ready = b->link_known = b->link_up = b->stopped = false;
	b->interface_gone = b->interface_failed = b->notice_passes = false;
	b->rival = 0;
	b->start_ms = b->now_ms = 0;
	b->seq = 0;
	b->count = b->away_count = b->recovered = b->bundle_count = 0;
	memset(b->events, 0, sizeof(b->events));
	b->bytes = b->resent = 0;
	memset(b->second, 0, sizeof(b->second));
	b->second_last = 0;
	b->notice[0] = b->stranger_said[0] = 0;
	memset(b->index, 0, sizeof(b->index));
}

static void apply(struct board *b, const struct event *e)
{
	switch (e->type) {
	case EVENT_PHONE_STAGE:
	case EVENT_PHONE_PROGRESS:
	case EVENT_PHONE_ADVICE:
	case EVENT_PHONE_CLEARED:
	case EVENT_PHONE_RECOVERED: apply_tracker(b, e); break;
	case EVENT_CDP_SEEN:
	case EVENT_SCCP_REGISTER:
	case EVENT_SCCP_ALARM:
	case EVENT_SIP_REGISTER:
	case EVENT_HTTP_DEVICE: apply_voice(b, e); break;
	case EVENT_TFTP_START:
	case EVENT_TFTP_PROGRESS:
	case EVENT_TFTP_COMPLETE:
	case EVENT_TFTP_ABORTED: apply_transfer(b, e); break;
	case EVENT_TFTP_REFUSED: apply_refused(b, e); break;
	case EVENT_DHCP_DISCOVER:
	case EVENT_DHCP_OFFER:
	case EVENT_DHCP_REQUEST:
	case EVENT_DHCP_ACK:
	case EVENT_DHCP_NAK:
	case EVENT_DHCP_IGNORED:
	case EVENT_DHCP_RELEASE:
	case EVENT_DHCP_DECLINE:
	case EVENT_TFTP_REQUEST:
	case EVENT_TFTP_ELSEWHERE:
	case EVENT_ARP_ASKED: apply_heard(b, e); break;
	case EVENT_FIRMWARE_BUNDLE: apply_bundle(b, e); break;
	case EVENT_FIRMWARE_GONE: apply_gone(b, e); break;
	case EVENT_FIRMWARE_FINDING: apply_finding(b, e); break;
	case EVENT_DAEMON_START: break; /* begin() */
	case EVENT_DAEMON_READY:
	case EVENT_DAEMON_NOTE:
	case EVENT_DAEMON_STOP:
	case EVENT_NETWORK_LINK:
	case EVENT_NETWORK_RIVAL: apply_ourselves(b, e); break;
	case EVENT_TYPE_COUNT: break;
	}
}

void board_apply(struct board *b, const struct event *e)
{
	must((unsigned)e->type < EVENT_TYPE_COUNT);
	if (e->type == EVENT_DAEMON_START)
		begin(b, e);
	b->seq = e->seq;
	b->now_ms = e->wall_ms;
	b->events[e->type]++;
	apply(b, e);
}
