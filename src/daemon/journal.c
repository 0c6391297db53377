/* SPDX-License-Identifier: MIT */
/*
 * Leases that survive: an ACK leaves when its lease is on disk, and nobody else waits for the disk.
 *
 * The happy path: a change of the table is one line (lease_line_write) in a batch that gathers
 * while the batch before it is being written; the ACK that relies on it waits beside it. A thread
 * appends the batch and calls fdatasync(); back in the loop, the ACKs of that batch are sent and
 * the next batch goes out. Ten phones or a thousand: as many flushes as the disk can do, never one
 * for each phone. When the journal is full, or in a quiet moment, the whole table is written beside
 * it in the same way (a new file, synced, renamed), and a new journal begins. The journal is filled
 * with zeros first: to write within a file's length leaves nothing but data to flush.
 *
 * What is durable: that an address is this phone's, and at least until when. A line says twice the
 * lease time, so the ACK of a renewal on time, which changes neither, goes at once.
 *
 * Killed at any moment: the table is the old or the new one; the journal is applied to it up to
 * the first torn line, and applying an old journal to the newer table made of it changes nothing.
 *
 * The disk fails, is full or does not come back (GIVE_UP_MS): that is said once, ACKs go at once
 * as if there were no journal, and the whole table is tried again, after a second at first and
 * then less and less often (state_retry_ms), until it is on disk. A recovery tool with a full
 * disk recovers phones.
 */
#include "daemon.h"
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_FILE  "leases.journal"
#define JOURNAL_BYTES ((size_t)256 << 10)
#define LINES_MAX     1024u /* of a batch; more: the whole table is written instead */
#define HELD_MAX      1024u /* ACKs of a batch; a phone that finds no room asks again */
#define GIVE_UP_MS    2000
#define QUIET_MS      1000 /* then the table is written, for whoever reads it */

struct held {
	enum dhcp_route route;
	uint32_t ip, lease_ip;
	struct mac mac, client;
	char vendor_class[sizeof(((struct event *)0)->vendor_class)];
	size_t len;
	uint8_t data[DHCP_PACKET_MAX];
};

/* What a line will have made durable. */
struct promise {
	struct lease *lease;
	struct mac mac;
	enum lease_state state;
	usec_t kept;
};

struct batch {
	unsigned lines, held_count;
	size_t len;
	char text[LINES_MAX * LEASE_LINE_MAX];
	struct promise promise[LINES_MAX];
	struct held held[HELD_MAX];
};

struct journal {
	struct daemon *daemon;
	uv_work_t work;
	struct timer timer;
	struct batch batch[2], *filling, *writing;
	char *table; /* the whole table is written, too */
	bool started, running;
	bool whole;  /* the next batch begins a new table and journal */
	bool unsafe; /* the disk does not do: ACKs do not wait for it */
	bool said;
	unsigned failed; /* tries to write the table that failed, since one did not */
	int fd;
	size_t at;     /* where the next line goes; the thread's while it runs */
	bool appended; /* by the thread: whatever became of the table, these lines are on disk */
	struct fault fault;
	int err;
};

/* ---- in the thread ---- */

static int journal_fault(struct journal *j, const char *path)
{
	return fault_set(&j->fault, -errno,
			 "cannot save the addresses of the phones to `%s': %s. The phones are "
			 "served all the same, but a restart may forget who has which address",
			 path, strerror(errno));
}

static int write_all(int fd, const char *data, size_t len, size_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ENOSPC;
			return -1;
		}
		data += n;
		len -= (size_t)n;
		at += (size_t)n;
	}
	return 0;
}

/* A new journal under the old name; the directory must say so before a line in it counts. */
static int begin_journal(struct journal *j)
{
	static const char zeros[4096];
	char path[CONFIG_PATH_MAX + 24], temporary[CONFIG_PATH_MAX + 32];
	size_t at = 0;
	int err = 0, fd;

	snprintf(path, sizeof(path), "%s/" JOURNAL_FILE, j->daemon->config->state_dir);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	places_unlink(temporary);
	fd = places_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	while (fd >= 0 && at < JOURNAL_BYTES && !err) {
		err = write_all(fd, zeros, sizeof(zeros), at);
		at += sizeof(zeros);
	}
	if (fd < 0 || err || fsync(fd) != 0 || places_rename(temporary, path) != 0) {
		err = journal_fault(j, path);
		places_unlink(temporary);
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (j->fd >= 0)
		close(j->fd);
	j->fd = fd;
	j->at = 0;
	return state_sync_dir(j->daemon, &j->fault);
}

static void write_batch(uv_work_t *work)
{
	struct journal *j = work->data;
	const struct batch *b = j->writing;
	char path[CONFIG_PATH_MAX + 24];
	struct stat st;

	j->err = 0;
	j->appended = false;
	snprintf(path, sizeof(path), "%s/" JOURNAL_FILE, j->daemon->config->state_dir);
	/* Before a new table the old journal is not added to: the table says it all. But should the
	 * table fail, the old journal must still be the whole truth, so: lines first. */
	if (j->fd >= 0 && j->at + b->len <= JOURNAL_BYTES) {
		if (b->len &&
		    (write_all(j->fd, b->text, b->len, j->at) != 0 || fdatasync(j->fd) != 0))
			j->err = journal_fault(j, path);
		else
			j->at += b->len;
		/* A file that somebody removed takes our lines and keeps none. */
		if (!j->err && fstat(j->fd, &st) == 0 && st.st_nlink == 0) {
			errno = ENOENT;
			j->err = journal_fault(j, path);
		}
		j->appended = !j->err;
	}
	if (!j->table)
		return;
	j->err = state_save_file(j->daemon, LEASES_FILE, j->table, strlen(j->table),
				 "the addresses of the phones", &j->fault);
	if (!j->err)
		j->err = begin_journal(j);
}

/* ---- in the loop ---- */

static void send_held(struct journal *j, struct batch *b)
{
	for (unsigned i = 0; i < b->held_count; i++) {
		const struct held *h = &b->held[i];
		struct event e;

		dhcp_port_send(&j->daemon->dhcp, h->route, h->ip, h->mac, h->data, h->len);
		event_init(&e, EVENT_DHCP_ACK);
		event_set_mac(&e, h->client);
		event_set_ip(&e, FIELD_IP, h->lease_ip);
		if (h->vendor_class[0])
			event_set_text(&e, FIELD_VENDOR_CLASS, h->vendor_class);
		daemon_emit(j->daemon, &e);
	}
	b->held_count = 0;
}

static void keep_promises(struct batch *b)
{
	for (unsigned i = 0; i < b->lines; i++) {
		const struct promise *p = &b->promise[i];

		if (p->lease->state == p->state && mac_equal(p->lease->mac, p->mac))
			p->lease->kept = p->kept;
	}
}

static void say_unsafe(struct journal *j, const char *text)
{
	j->unsafe = true;
	if (j->said)
		return;
	j->said = true;
	state_say_unsaved(j->daemon, text);
}

static void advance(struct journal *j);

static void on_timer(void *ctx)
{
	struct journal *j = ctx;

	if (!j->running) {
		j->whole |= j->at > 0;
		advance(j); /* the next try, or a quiet moment */
		return;
	}
	say_unsafe(j, "The disk of the state folder does not answer. The phones are served all the "
		      "same, but a restart may forget who has which address");
	j->whole = true;
	send_held(j, j->writing);
	send_held(j, j->filling);
}

/* A quiet moment, or, where the table could not be written, the next try. */
static void advance_later(struct journal *j)
{
	timer_in(&j->timer, j->failed ? state_retry_ms(j->failed) : QUIET_MS);
}

static void on_written(uv_work_t *work, int status)
{
	struct journal *j = work->data;
	struct batch *b = j->writing;

	(void)status; /* nobody cancels it */
	j->running = false;
	timer_stop(&j->timer);
	if (j->err) {
		j->failed++;
	} else if (j->table && j->failed) {
		j->failed = 0;
		state_save_again(j->daemon);
	}
	free(j->table);
	j->table = NULL;
	if (j->err && j->appended) {
		keep_promises(b); /* the old journal has room: nobody needs to worry yet */
		j->whole = j->unsafe;
	} else if (j->err) {
		say_unsafe(j, j->fault.text);
		j->whole = true;
	} else {
		if (j->unsafe && !j->whole) {
			j->unsafe = j->said = false;
			daemon_note(j->daemon, SEVERITY_NOTICE, "state-saved",
				    "The addresses of the phones can be saved again.");
		}
		keep_promises(b);
	}
	send_held(j, b);
	b->lines = 0;
	b->len = 0;
	if (timers_closed(&j->daemon->timers))
		return;
	if (j->err || j->at)
		advance_later(j);
	if (j->err && j->unsafe)
		send_held(j, j->filling);
	else
		advance(j);
}

/* Writes what has gathered, unless the thread is at it already. */
static void advance(struct journal *j)
{
	struct batch *b = j->filling;

	if (j->running || !j->started || (!b->lines && !j->whole) ||
	    timers_closed(&j->daemon->timers))
		return;
	if (j->at + b->len > JOURNAL_BYTES)
		j->whole = true;
	if (j->whole) {
		j->table = lease_table_save(&j->daemon->dhcp.leases, daemon_now());
		if (!j->table) {
			say_unsafe(j, "There is no memory to save the addresses of the phones");
			send_held(j, b);
			j->failed++;
			advance_later(j);
			return;
		}
	}
	j->whole = false;
	j->filling = j->writing;
	j->writing = b;
	j->work.data = j;
	j->running = uv_queue_work(j->daemon->loop, &j->work, write_batch, on_written) == 0;
	must(j->running);
	timer_in(&j->timer, GIVE_UP_MS);
}

static void hold(struct batch *b, const struct dhcp_out *out)
{
	struct held *h;
	const struct event *ack = NULL;

	for (unsigned i = 0; i < out->event_count; i++)
		if (out->events[i].type == EVENT_DHCP_ACK)
			ack = &out->events[i];
	if (b->held_count == HELD_MAX || !ack)
		return;
	h = &b->held[b->held_count++];
	h->route = out->route;
	h->ip = out->ip;
	h->mac = out->mac;
	h->client = ack->mac;
	h->lease_ip = ack->ip;
	h->vendor_class[0] = '\0';
	if (event_has(ack, FIELD_VENDOR_CLASS))
		memcpy(h->vendor_class, ack->vendor_class, sizeof(h->vendor_class));
	h->len = out->len;
	memcpy(h->data, out->data, out->len);
}

bool journal_take(struct journal *j, const struct dhcp_out *out)
{
	struct batch *b = j ? j->filling : NULL;
	struct lease *l = out->changed;
	struct promise *p;

	if (!j || (out->promise && l->kept >= l->expires))
		return false; /* on disk already */
	if (b->lines == LINES_MAX) {
		j->whole = true;
	} else {
		p = &b->promise[b->lines++];
		*p = (struct promise){.lease = l, .mac = l->mac, .state = l->state};
		b->len += lease_line_write(l, daemon_now(), b->text + b->len, &p->kept);
	}
	if (!out->promise || j->unsafe || !j->started)
		return false;
	hold(b, out);
	return true;
}

void journal_flush(struct journal *j)
{
	/* While the disk fails, the timer decides when it is tried again. */
	if (j && !j->unsafe)
		advance(j);
}

void journal_try_again(struct journal *j)
{
	if (j && j->failed && !j->running)
		timer_in(&j->timer, 0);
}

void journal_start(struct journal *j)
{
	if (!j || j->started)
		return;
	j->started = j->whole = true;
	advance(j);
}

int journal_open(struct daemon *d, struct fault *f)
{
	struct journal *j = calloc(1, sizeof(*j)); /* a page of it is used when it is touched */

	if (!j)
		return fault_set(f, -ENOMEM, "no memory for the journal of the leases");
	timer_init(&j->timer, &d->timers, on_timer, j);
	j->daemon = d;
	j->fd = -1;
	j->said = d->state_err != 0;
	j->filling = &j->batch[0];
	j->writing = &j->batch[1];
	d->journal = j;
	return 0;
}

void journal_close(struct daemon *d)
{
	struct journal *j = d->journal;

	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j);
	d->journal = NULL;
}

/* The table on disk is whole and the program at its end: the journal has nothing to add. */
void journal_remove(struct daemon *d)
{
	char path[CONFIG_PATH_MAX + 24];

	snprintf(path, sizeof(path), "%s/" JOURNAL_FILE, d->config->state_dir);
	places_unlink(path);
}

int journal_load(struct daemon *d, char *path, size_t size, struct fault *f)
{
	char *text;
	size_t len;
	int err = state_load_file(d, JOURNAL_FILE, path, size, &text, &len, f);

	if (err || !text)
		return err;
	lease_journal_replay(&d->dhcp.leases, text, len, daemon_now());
	d->leases_dirty = true;
	free(text);
	return 0;
}
