/* SPDX-License-Identifier: MIT */
/*
 * The firmware is read by a thread of its own while the network is looked at: who waits with a dead
 * phone waits for the longer of the two, not for both. store.c and reader.c say how it is read.
 *
 * The thread lives for that only. It has no right at all; the three that the loop keeps are never
 * its own.
 */
#include "daemon.h"
#include "rights.h"
#include "sandbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct loading {
	const struct config *config;
	void (*loaded)(struct daemon *d);
	uv_async_t async;
	pthread_t thread;
	bool taken;
	struct store *store;
	struct fault fault;
	int err, exit_code;
};

static void *load(void *data)
{
	struct loading *l = data;

	rights_drop_thread();
	l->err = store_open_to_serve(&l->store, l->config, &l->exit_code, &l->fault);
	uv_async_send(&l->async);
	return NULL;
}

static void on_end(uv_async_t *async)
{
	struct daemon *d = async->data;
	struct loading *l = d->loading;

	if (!l->taken && !d->stopping)
		l->loaded(d);
}

int loading_start(struct daemon *d, void (*loaded)(struct daemon *d), struct fault *f)
{
	struct loading *l = calloc(1, sizeof(*l));
	sigset_t all, before;
	int err;

	if (!l || uv_async_init(d->loop, &l->async, on_end) != 0) {
		free(l);
		return fault_set(f, -ENOMEM, "no memory to start");
	}
	l->config = d->config;
	l->loaded = loaded;
	l->async.data = d;
	sigfillset(&all); /* they are for the loop */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&l->thread, NULL, load, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	l->taken = err != 0;
	d->loading = l;
	return err ? fault_set(f, -err, "cannot start a thread: %s", strerror(err)) : 0;
}

int loading_take(struct daemon *d, int *exit_code, struct fault *f)
{
	struct loading *l = d->loading;

	pthread_join(l->thread, NULL);
	l->taken = true;
	*exit_code = l->exit_code;
	*f = l->fault;
	if (l->err)
		sandbox_explain(f);
	else
		d->store = l->store;
	uv_close((uv_handle_t *)&l->async, NULL);
	return l->err;
}

void loading_stop(struct daemon *d)
{
	struct loading *l = d->loading;

	if (!l || l->taken)
		return;
	pthread_join(l->thread, NULL);
	l->taken = true;
	if (!l->err)
		store_close(l->store);
}

void loading_close(struct daemon *d)
{
	free(d->loading);
	d->loading = NULL;
}
