/* SPDX-License-Identifier: MIT */
/*
 * The way out that never waits: a pipe that nobody reads, that is read late, whose reader is gone;
 * and a plain file. It belongs to the shell, which is in no library: hence its source here.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/daemon/outlet.c"

#define PIECE 1000u

struct rig {
	int pipe[2];
	struct outlet o;
	char piece[PIECE], got[OUTLET_ROOM * 2];
};

static struct rig rig;

static int setup(void **state)
{
	struct rig *r = &rig;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(r->pipe), 0);
	fcntl(r->pipe[0], F_SETFL, O_NONBLOCK);
	outlet_open(&r->o, r->pipe[1]);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	outlet_close(&r->o, 0);
	if (r->pipe[0] >= 0)
		close(r->pipe[0]);
	close(r->pipe[1]);
	return 0;
}

/* Pieces that name themselves, until one is dropped; how many were taken. */
static unsigned write_until_full(struct rig *r)
{
	for (unsigned n = 0;; n++) {
		memset(r->piece, '.', PIECE);
		snprintf(r->piece, PIECE, "%u", n);
		r->piece[PIECE - 1] = '\n';
		if (!outlet_write(&r->o, r->piece, PIECE))
			return n;
		assert_true(n < 10000);
	}
}

/* Reads what there is and lets the rest follow; how many bytes came. */
static size_t read_all(struct rig *r)
{
	size_t len = 0;
	ssize_t n;

	do {
		while ((n = read(r->pipe[0], r->got + len, sizeof(r->got) - len)) > 0)
			len += (size_t)n;
	} while (!outlet_flush(&r->o));
	while ((n = read(r->pipe[0], r->got + len, sizeof(r->got) - len)) > 0)
		len += (size_t)n;
	return len;
}

/* Nobody reads: what fits is kept, what does not is dropped whole, and nothing waits. */
static void kept_and_dropped(void **state)
{
	struct rig *r = *state;
	unsigned taken = write_until_full(r);

	assert_in_range(taken, OUTLET_ROOM / PIECE, 2 * OUTLET_ROOM / PIECE);
	assert_int_equal(r->o.dropped, 1);
	assert_false(outlet_write(&r->o, r->piece, PIECE));
	assert_int_equal(r->o.dropped, 2);
	assert_false(outlet_flush(&r->o));
	assert_int_equal(read_all(r), taken * PIECE);
	for (unsigned n = 0; n < taken; n++) { /* in order, none cut, none twice */
		assert_int_equal(strtoul(r->got + n * PIECE, NULL, 10), n);
		assert_int_equal(r->got[n * PIECE + PIECE - 1], '\n');
	}
	/* And as if nothing had been. */
	assert_true(outlet_write(&r->o, "again\n", 6));
	assert_int_equal(read_all(r), 6);
	assert_memory_equal(r->got, "again\n", 6);
}

/* Read a little at a time: room at the front is used again. */
static void room_again(void **state)
{
	struct rig *r = *state;
	unsigned taken = write_until_full(r);

	assert_true(read(r->pipe[0], r->got, sizeof(r->got)) > (ssize_t)(2 * PIECE));
	outlet_flush(&r->o);
	assert_true(outlet_write(&r->o, r->piece, PIECE));
	assert_true(outlet_write(&r->o, r->piece, PIECE));
	assert_in_range(taken, 1, 10000);
	assert_int_equal(r->o.dropped, 1);
}

static void reader_gone(void **state)
{
	struct rig *r = *state;

	write_until_full(r);
	close(r->pipe[0]);
	r->pipe[0] = -1;
	outlet_flush(&r->o); /* ends, although nothing is taken any more */
	assert_int_equal(r->o.to, 0);
	assert_false(outlet_write(&r->o, "x", 1));
}

/* Only an open file of our own is made not to wait; whoever shares the pipe's is not hit. */
static void others_still_wait(void **state)
{
	struct rig *r = *state;

	assert_true(r->o.own && r->o.sure && r->o.fd != r->pipe[1]);
	assert_int_equal(fcntl(r->pipe[1], F_GETFL) & O_NONBLOCK, 0);
	assert_int_not_equal(fcntl(r->o.fd, F_GETFL) & O_NONBLOCK, 0);
}

static void a_socket(void **state)
{
	static struct rig r;
	struct outlet *o = &r.o;
	unsigned taken;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, r.pipe), 0);
	fcntl(r.pipe[0], F_SETFL, O_NONBLOCK);
	outlet_open(o, r.pipe[1]); /* no second open of a socket: asked before each write */
	assert_false(o->own || o->sure);
	assert_int_equal(read_all(&r), 0);
	taken = write_until_full(&r);
	assert_int_equal(read_all(&r), taken * PIECE);
	outlet_close(o, 0);
	close(r.pipe[0]);
	close(r.pipe[1]);
}

static void closed(void **state)
{
	struct outlet o = {.fd = -1};

	(void)state;
	assert_false(outlet_write(&o, "x", 1));
	outlet_close(&o, 100);
	outlet_close(&o, 100);
	assert_int_equal(o.fd, -1);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(kept_and_dropped),
		T(room_again),
		T(reader_gone),
		T(others_still_wait),
		cmocka_unit_test(a_socket),
		cmocka_unit_test(closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
