/* SPDX-License-Identifier: MIT */
/*
 * A firewall that keeps phones out is said when we start: a phone whose packets it drops looks just
 * like a phone that is dead. Only a warning, since nobody but the phone itself knows for sure.
 *
 * nft wants root's rights and takes its time on a machine with many rules. So a child looks, which
 * starts before our own rights are given up, tells what it found through a pipe and ends. It
 * inherits no socket and no file of ours.
 */
#include "confine.h"
#include "daemon.h"
#include "firewall_look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct firewall_job {
	struct daemon *daemon;
	pid_t pid;
	int fd;
	uv_poll_t poll;
	size_t have;
	struct firewall_look look;
};

static void say(struct firewall_job *job)
{
	struct daemon *d = job->daemon;
	char found[250], remedy[400];
	struct event e;

	if (d->stopping || firewall_worst(&job->look) != FIREWALL_BLOCKED)
		return;
	firewall_found(&job->look, found, sizeof(found));
	firewall_remedy(&job->look, remedy, sizeof(remedy));
	event_init(&e, EVENT_DAEMON_NOTE);
	e.severity = SEVERITY_WARNING;
	event_set_text(&e, FIELD_CODE, "firewall");
	event_set_format(&e, FIELD_REASON, "%s", found);
	event_say(&e,
		  "A firewall on this machine keeps phones out: it blocks %s. To let them in: %s",
		  found, remedy);
	daemon_emit(d, &e);
}

static _Noreturn void look(const char *interface, int fd)
{
	struct firewall_look result;

	/* Whoever reads our output must not have to wait for nft. */
	if (confine_descriptors(fd) != 0)
		_exit(1);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	firewall_look(&result, interface);
	_exit(write(3, &result, sizeof(result)) != sizeof(result));
}

void firewall_report(struct daemon *d)
{
	struct firewall_job *job = calloc(1, sizeof(*job));
	int fds[2];

	if (!job)
		return;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		free(job);
		return;
	}
	job->daemon = d;
	job->fd = fds[0];
	job->pid = fork();
	if (job->pid == 0)
		look(d->config->interface, fds[1]);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	d->firewall_job = job;
}

static void on_result(uv_poll_t *poll, int status, int events)
{
	struct firewall_job *job = poll->data;
	ssize_t n = read(job->fd, (char *)&job->look + job->have, sizeof(job->look) - job->have);

	(void)status;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	job->have += n > 0 ? (size_t)n : 0;
	if (n > 0 && job->have < sizeof(job->look))
		return;
	uv_poll_stop(poll);
	if (job->have == sizeof(job->look))
		say(job);
}

void firewall_listen(struct daemon *d)
{
	struct firewall_job *job = d->firewall_job;

	if (!job)
		return;
	uv_poll_init(d->loop, &job->poll, job->fd);
	job->poll.data = job;
	uv_poll_start(&job->poll, UV_READABLE, on_result);
}

void firewall_close(struct daemon *d)
{
	struct firewall_job *job = d->firewall_job;

	if (!job)
		return;
	close(job->fd);
	/* One that still looks is not waited for: it ends by itself, and init buries it. */
	if (job->pid > 0)
		waitpid(job->pid, NULL, WNOHANG);
	free(job);
	d->firewall_job = NULL;
}
