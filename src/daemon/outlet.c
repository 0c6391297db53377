/* SPDX-License-Identifier: MIT */
/*
 * Writing without waiting.
 *
 * O_NONBLOCK belongs to the open file, not to the descriptor: set on our standard output it would
 * hit the shell that started us, too, and outlive us after a crash. So a terminal and a pipe are
 * opened anew through /proc, which gives an open file of our own. Where that is not
 * allowed (a terminal of another user, a socket of the journal), poll() says whether there is
 * room, and little is written at a time. A plain file is written as it is.
 */
#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS      20
#define CLOSE_MOST_MS 10000
#define CAREFUL	      64 /* bytes at a time, where a write might wait */

static bool is_plain(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

void outlet_open(struct outlet *o, int fd)
{
	char path[32];
	int again;

	*o = (struct outlet){.fd = fd, .sure = is_plain(fd)};
	if (o->sure)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_APPEND);
	if (again < 0)
		return;
	o->fd = again;
	o->own = o->sure = true;
}

void outlet_take(struct outlet *o, int fd)
{
	*o = (struct outlet){.fd = fd, .own = true, .sure = true};
}

/* How much was written; 0: no room now; -1: never again. */
static ssize_t try_write(struct outlet *o, const char *data, size_t len)
{
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};
	ssize_t n;

	if (!o->sure) {
		if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
			return p.revents & (POLLERR | POLLNVAL | POLLHUP) ? -1 : 0;
		n = send(o->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == ENOTSOCK)
			n = write(o->fd, data, len < CAREFUL ? len : CAREFUL);
	} else {
		n = write(o->fd, data, len);
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n;
}

bool outlet_flush(struct outlet *o)
{
	while (o->from < o->to) {
		ssize_t n = try_write(o, o->kept + o->from, o->to - o->from);

		if (n < 0) { /* nobody will ever read it */
			o->dropped++;
			o->from = o->to;
		}
		if (n <= 0)
			break;
		o->from += (size_t)n;
	}
	if (o->from < o->to)
		return false;
	o->from = o->to = 0;
	return true;
}

static bool keep(struct outlet *o, const char *data, size_t len)
{
	if (!o->kept)
		o->kept = malloc(OUTLET_ROOM);
	if (o->kept && o->to + len > OUTLET_ROOM) {
		memmove(o->kept, o->kept + o->from, o->to - o->from);
		o->to -= o->from;
		o->from = 0;
	}
	if (!o->kept || o->to + len > OUTLET_ROOM)
		return false;
	memcpy(o->kept + o->to, data, len);
	o->to += len;
	return true;
}

bool outlet_write(struct outlet *o, const char *data, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	if (o->fd < 0)
		return false;
	if (!outlet_flush(o)) {
		if (keep(o, data, len))
			return true;
		o->dropped++;
		return false;
	}
	while (done < len && n > 0) {
		n = try_write(o, data + done, len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	if (done == len || (n == 0 && keep(o, data + done, len - done)))
		return true;
	o->dropped++;
	return false;
}

void outlet_close(struct outlet *o, int wait_ms)
{
	int idle_ms = 0, all_ms = 0;

	while (o->fd >= 0 && idle_ms < wait_ms && all_ms < CLOSE_MOST_MS) {
		size_t left = o->to - o->from;

		if (outlet_flush(o))
			break;
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000}, NULL);
		idle_ms = o->to - o->from < left ? 0 : idle_ms + PAUSE_MS;
		all_ms += PAUSE_MS;
	}
	if (o->own && o->fd >= 0)
		close(o->fd);
	free(o->kept);
	*o = (struct outlet){.fd = -1};
}
