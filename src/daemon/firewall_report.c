/* SPDX-License-Identifier: MIT */
/*
 * A firewall that keeps phones out is said when we start: a phone whose packets it drops looks just
 * like a phone that is dead. Looked at in another thread, because nft takes its time on a
 * machine with many rules; only a warning, since nobody but the phone itself knows for sure.
 */
#include "daemon.h"
#include "firewall_look.h"

#include <stdlib.h>
#include <string.h>

struct job {
	uv_work_t work;
	struct daemon *daemon;
	struct firewall_look look;
	char interface[16];
};

static void look(uv_work_t *work)
{
	struct job *job = work->data;

	firewall_look(&job->look, job->interface);
}

static void say(uv_work_t *work, int status)
{
	struct job *job = work->data;
	struct daemon *d = job->daemon;
	char found[250], remedy[400];
	struct event e;

	if (status == 0 && !d->stopping && firewall_worst(&job->look) == FIREWALL_BLOCKED) {
		firewall_found(&job->look, found, sizeof(found));
		firewall_remedy(&job->look, remedy, sizeof(remedy));
		event_init(&e, EVENT_DAEMON_NOTE);
		e.severity = SEVERITY_WARNING;
		event_set_text(&e, FIELD_CODE, "firewall");
		event_set_format(&e, FIELD_REASON, "%s", found);
		event_say(&e,
			  "A firewall on this machine keeps phones out: it blocks %s. To let them "
			  "in: %s",
			  found, remedy);
		daemon_emit(d, &e);
	}
	free(job);
}

void firewall_report(struct daemon *d)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return;
	job->work.data = job;
	job->daemon = d;
	memcpy(job->interface, d->config->interface, sizeof(job->interface));
	if (uv_queue_work(d->loop, &job->work, look, say) != 0)
		free(job);
}
