/* SPDX-License-Identifier: MIT */
/*
 * reflashd serve, from start to end.
 *
 * The happy path: give up root's rights (sandbox.c) → read the firmware, in a thread (loading.c),
 * and meanwhile look at the interface, give it an address when it has none, bind the ports of DHCP,
 * ask whether another DHCP server or another owner of our address is there → say what the firmware
 * is, bind the other ports → serve when all of that is good. Without a cable the asking begins when
 * there is one. At the end everything that was added to the system is taken away.
 *
 * What can go wrong before serving ends the program with one sentence and an exit code, the
 * firmware's before the network's; what goes wrong later is an event.
 */
#include "console.h"
#include "daemon.h"
#include "places.h"
#include "reader.h"
#include "recent.h"
#include "rights.h"
#include "sandbox.h"
#include "service.h"
#include "tcp.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES_MOST    1024 /* twice 256 connections, 64 of browsers, and what we need ourselves */
#define WARNING_LASTS USEC_SEC(60)

static void complain(const struct fault *f)
{
	char line[FAULT_TEXT_MAX + 16];

	text_format(line, sizeof(line), "reflashd: %s.", f->text);
	console_put(stderr, 4, line);
}

/* How many phones would be hurt if we went away now. */
static unsigned phones_at_work(const struct board *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->count; i++)
		n += board_phone_writes(&b->phone[i]);
	return n;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;
	const struct board *board = d->bus.board;
	unsigned n = phones_at_work(board);

	/* A hand on the keyboard may not know; a service manager means what it says. */
	if (number == SIGINT && n &&
	    (!d->warned_at_work || daemon_now() - d->warned_at_work > WARNING_LASTS)) {
		d->warned_at_work = daemon_now();
		if (board->link_known && !board->link_up)
			daemon_note(d, SEVERITY_WARNING, "phones-at-work",
				    "%u phone%s at work when the cable went: connect it again, or "
				    "press Ctrl-C again to stop anyway.",
				    n, n == 1 ? " was" : "s were");
		else
			daemon_note(d, SEVERITY_WARNING, "phones-at-work",
				    "%u phone%s at work; press Ctrl-C again to stop anyway. Leave "
				    "%s plugged in.",
				    n, n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
		return;
	}
	daemon_stop(d, EXIT_CODE_DONE, "asked to stop");
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A service is asked to read everything anew. Where there was a terminal and it was closed: end in
 * order, so that nothing of ours stays on the system. */
static void on_hangup(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	if (d->from_terminal && !has_terminal())
		on_signal(handle, number);
	else
		reload_now(d);
}

static void on_timeout(void *ctx)
{
	daemon_stop(ctx, EXIT_CODE_TIMEOUT, "the time given with --timeout is over");
}

/* Before anything is added to the system: from here on every ending is in order. */
static void catch_signals(struct daemon *d)
{
	d->from_terminal = has_terminal();
	must(uv_signal_init(d->loop, &d->sigint) == 0);
	must(uv_signal_init(d->loop, &d->sigterm) == 0);
	must(uv_signal_init(d->loop, &d->sighup) == 0);
	d->sigint.data = d->sigterm.data = d->sighup.data = d;
	must(uv_signal_start(&d->sigint, on_signal, SIGINT) == 0);
	must(uv_signal_start(&d->sigterm, on_signal, SIGTERM) == 0);
	must(uv_signal_start(&d->sighup, on_hangup, SIGHUP) == 0);
	signal(SIGPIPE, SIG_IGN); /* a reader of our output went away; the phones did not */
}

static void start_timers(struct daemon *d)
{
	timer_init(&d->save_timer, &d->timers, state_on_save, d);
	timer_init(&d->linger_timer, &d->timers, daemon_on_quiet, d);
	timer_init(&d->phones_timer, &d->timers, daemon_on_phones, d);
	timer_init(&d->watchman.timer, &d->timers, network_on_watchman, d);
	timer_init(&d->timeout_timer, &d->timers, on_timeout, d);
	bus_run(&d->bus, d->loop, &d->timers);
	if (d->config->timeout_seconds)
		timer_in(&d->timeout_timer, (uint64_t)d->config->timeout_seconds * 1000);
	firewall_listen(d);
}

/* What it takes to find out whether we may serve here; it does not want the firmware. */
static int open_ears(struct daemon *d, struct fault *f)
{
	int err;

	rights_wake(RIGHT_BIND | RIGHT_RAW | RIGHT_ADMIN);
	err = dhcp_port_open(&d->dhcp, d, f);
	if (!err)
		err = address_check_open(d, f);
	if (!err)
		err = link_watch_open(&d->watch, f);
	/* Once more: what has changed since it was looked at, by ourselves even, nobody will tell.
	 */
	if (!err)
		err = link_query_index(&d->link, d->link.index, d->address, f);
	rights_sleep();
	if (err)
		return err;
	must(uv_poll_init(d->loop, &d->watch_poll, d->watch.fd) == 0);
	d->watch_poll.data = d;
	return uv_poll_start(&d->watch_poll, UV_READABLE, network_on_news);
}

static int open_ports(struct daemon *d, struct fault *f)
{
	int err;

	rights_wake(RIGHT_BIND | RIGHT_RAW | RIGHT_ADMIN);
	err = tftp_port_open(&d->tftp, d, f);
	for (unsigned i = 0; !err && parts[i]; i++)
		err = parts[i]->open(d, f);
	sandbox_bound();
	if (!err)
		service_ready(d);
	return err;
}

static int network_error(int err)
{
	return err == -EADDRINUSE || err == -ENODEV ? EXIT_CODE_NETWORK : EXIT_CODE_SYSTEM;
}

/* What only root may do is done, then root's rights are given up: sandbox.c tells the order. */
static int become_harmless(struct daemon *d, int *exit_code, struct fault *f)
{
	int err;

	err = reader_start(f);
	*exit_code = EXIT_CODE_SYSTEM;
	if (err)
		return err;
	firewall_report(d);
	port_holders_note(d->config->web_port);
	err = pcap_prepare(d, f);
	if (err)
		return err;
	*exit_code = EXIT_CODE_CONFIG;
	err = sandbox_prepare(d, f);
	if (err)
		return err;
	*exit_code = EXIT_CODE_SYSTEM;
	return sandbox_enter(d, f);
}

static int take_firmware(struct daemon *d, int *exit_code, struct fault *f)
{
	struct catalogue_config offers = {.offer_unfit = d->config->serve_incomplete};
	int err = loading_take(d, exit_code, f);

	if (err)
		return err;
	phones_init(&d->phones, store_library(d->store));
	phones_aim(&d->phones, d->config->target, d->config->serve_incomplete);
	d->phones.listening = d->config->listen != 0;
	d->phones.own_ip = d->address;
	text_copy(offers.target, sizeof(offers.target), d->config->target);
	catalogue_init(&d->catalogue, &offers, store_library(d->store));
	*exit_code = EXIT_CODE_FIRMWARE;
	firmware_say(d, NULL);
	return firmware_judge(store_library(d->store), d->config, f);
}

/* The firmware is read: whatever still lacks follows. */
static void on_loaded(struct daemon *d)
{
	int exit_code, err;
	struct fault f;

	err = take_firmware(d, &exit_code, &f);
	if (!err) {
		exit_code = EXIT_CODE_CONFIG;
		err = state_load(d, &f);
	}
	if (!err) {
		err = open_ports(d, &f);
		exit_code = network_error(err);
	}
	if (err) {
		complain(&f);
		d->exit_code = exit_code;
		d->stopping = true;
		uv_stop(d->loop);
		return;
	}
	d->loaded = true;
	dhcp_port_go_on(&d->dhcp);
}

static int start_network(struct daemon *d, int *exit_code, struct fault *f)
{
	int err = added_open(d, f);

	*exit_code = err == -EADDRINUSE ? EXIT_CODE_NETWORK : EXIT_CODE_CONFIG;
	if (err)
		return err;
	*exit_code = EXIT_CODE_NETWORK;
	err = network_prepare(d, f);
	if (err)
		return err;
	*exit_code = EXIT_CODE_CONFIG;
	err = network_prepare_dhcp(d, f);
	if (err)
		return err;
	start_timers(d);
	err = open_ears(d, f);
	*exit_code = network_error(err);
	if (err)
		return err;
	if (d->link.running)
		dhcp_port_probe(&d->dhcp);
	else
		network_say_link(d, false);
	return 0;
}

static int start(struct daemon *d, int *exit_code, struct fault *f)
{
	struct fault firmware;
	struct event e;
	int err = bus_open(&d->bus, d->config, f), code;

	*exit_code = EXIT_CODE_SYSTEM;
	if (!err)
		err = timers_open(&d->timers, d->loop, f);
	if (err)
		return err;
	service_open(d);
	err = recent_open(d, f);
	if (err)
		return err;
	event_init(&e, EVENT_DAEMON_START);
	event_set_text(&e, FIELD_VERSION, REFLASHD_VERSION);
	event_set_number(&e, FIELD_SCHEMA, 1);
	daemon_emit(d, &e);
	err = become_harmless(d, exit_code, f);
	if (!err) {
		*exit_code = EXIT_CODE_SYSTEM;
		err = loading_start(d, on_loaded, f);
	}
	if (err)
		return err;
	catch_signals(d);
	err = start_network(d, exit_code, f);
	if (err && take_firmware(d, &code, &firmware) != 0) {
		*exit_code = code;
		*f = firmware;
	}
	return err;
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void finish(struct daemon *d)
{
	struct fault f;

	service_stop(d);
	reader_end();
	loading_stop(d);
	for (unsigned i = 0; parts[i]; i++)
		if (parts[i]->stop)
			parts[i]->stop(d);
	bus_stop(&d->bus);
	timers_close(&d->timers);
	uv_walk(d->loop, close_handle, NULL);
	while (uv_run(d->loop, UV_RUN_DEFAULT) != 0)
		;
	must(uv_loop_close(d->loop) == 0);
	if (state_dirty(d) && state_save(d, &f) != 0 && !d->state_err)
		complain(&f);
	for (unsigned i = 0; parts[i]; i++)
		if (parts[i]->close)
			parts[i]->close(d);
	dhcp_port_close(&d->dhcp);
	tftp_port_close(&d->tftp);
	address_check_close(d);
	link_watch_close(&d->watch);
	network_undo(d);
	firewall_close(d);
	if (d->store)
		store_close(d->store);
	loading_close(d);
	recent_close(d);
	service_close(d);
	bus_close(&d->bus);
	places_close();
	reader_stop();
	free(d->dhcp.leases.slots);
	free(d->dhcp.leases.index);
	free(d);
}

/*
 * We stay for months, with little to hold but firmware. Large blocks of memory always come from the
 * system and go back to it whole (else glibc keeps what the reading of firmware needed once), and
 * threads share one heap: they take turns here.
 */
static void be_modest(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_ARENA_MAX, 1);
#endif
}

/* As many descriptors as there can be connections, where the limit can be moved. */
static void be_prepared(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= FILES_MOST)
		return;
	l.rlim_cur = l.rlim_max < FILES_MOST ? l.rlim_max : FILES_MOST;
	setrlimit(RLIMIT_NOFILE, &l);
}

int daemon_serve(const struct config *config)
{
	struct daemon *d;
	uv_loop_t loop;
	struct fault f;
	int err, exit_code;

	be_modest();
	be_prepared();
	d = calloc(1, sizeof(*d));
	if (!d || uv_loop_init(&loop) != 0) {
		fprintf(stderr, "reflashd: no memory to start.\n");
		free(d);
		return EXIT_CODE_SYSTEM;
	}
	d->config = config;
	limiter_init(&d->limiter, daemon_now());
	d->loop = &loop;
	d->dhcp.server_fd = d->dhcp.client_fd = d->dhcp.raw_fd = -1;
	d->tftp.fd = d->address_check.fd = d->added.fd = d->timers.fd = -1;
	err = start(d, &exit_code, &f);
	if (err) {
		complain(&f);
		finish(d);
		return exit_code;
	}
	if (!d->stopping)
		uv_run(&loop, UV_RUN_DEFAULT);
	exit_code = d->exit_code;
	finish(d);
	return exit_code;
}
