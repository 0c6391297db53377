/* SPDX-License-Identifier: MIT */
/*
 * What we add to the system is written down before it is added: one small file for each
 * interface in the state folder.
 *
 * The happy path: the file is locked for as long as we run, and removed at the end together with
 * what stands in it. After a kill -9 or a power cut nobody holds the lock, and the next start,
 * on whatever interface, takes away what stands there: if the machine was not started again
 * since (the boot id), and if it is still the same interface (index and MAC address).
 *
 * What can go wrong: another reflashd serves on this interface right now (the lock is held): that
 * one must keep its address, and we end. The file cannot be written: phones are served all the
 * same, and it is said what stays behind should we be killed. No permission at all: whoever may not
 * change the network hears about sudo then.
 */
#include "daemon.h"
#include "places.h"
#include "rights.h"

#include "reflashd/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_PREFIX "added."
#define FILE_MAX    1024

struct record {
	char boot[40], interface[16], mac[MAC_TEXT_MAX], address[IP4_TEXT_MAX];
	unsigned index, prefix_len, pid;
	bool has_address, switched_on;
};

static void boot_id(char out[40])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

	if (!file || !fgets(out, 40, file))
		text_copy(out, 40, "unknown");
	out[strcspn(out, "\n")] = 0;
	if (file)
		fclose(file);
}

static void record_read(int fd, struct record *r)
{
	char text[FILE_MAX], *rest = text;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	*r = (struct record){.index = 0};
	text[n > 0 ? n : 0] = 0;
	for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "boot %39s", r->boot) == 1 ||
		    sscanf(line, "process %u", &r->pid) == 1 ||
		    sscanf(line, "interface %15s %u %17s", r->interface, &r->index, r->mac) == 3)
			continue;
		if (sscanf(line, "address %15[0-9.]/%u", r->address, &r->prefix_len) == 2)
			r->has_address = r->prefix_len <= 32;
		else if (strcmp(line, "switched-on") == 0)
			r->switched_on = true;
	}
}

/* Takes away what stands in the file. False: not permitted, so the file has to stay. */
static bool take_away(struct daemon *d, const struct record *r)
{
	char boot[40];
	struct link_state s;
	struct fault f;
	struct mac mac;
	uint32_t ip;
	int err;

	boot_id(boot);
	if (strcmp(boot, r->boot) != 0 || (!r->has_address && !r->switched_on) ||
	    !mac_parse(r->mac, &mac) || link_query(&s, r->interface, 0, &f) != 0 ||
	    s.index != r->index || !mac_equal(s.mac, mac))
		return true;
	if (r->has_address && ip4_parse(r->address, &ip)) {
		err = link_remove_address(&s, ip, r->prefix_len);
		if (err == -EPERM)
			return false;
		if (!err)
			daemon_note(d, SEVERITY_INFO, "address-removed",
				    "An earlier run did not come to its end: its address %s/%u was "
				    "taken away from %s.",
				    r->address, r->prefix_len, r->interface);
	}
	/* Somebody who gave it an address since then wants it on. */
	if (r->switched_on && link_query(&s, r->interface, 0, &f) == 0 && !s.has_address)
		return link_switch_off(&s) != -EPERM;
	return true;
}

/* The file, locked, and certainly the one that stands in the folder. -EWOULDBLOCK: held. */
static int open_locked(const char *path, int flags)
{
	for (;;) {
		struct stat st;
		int fd = places_open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0644), err;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			err = -errno;
			close(fd);
			return err;
		}
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return fd;
		close(fd); /* removed by its owner while we came */
	}
}

static void clean_one(struct daemon *d, const char *name)
{
	char path[CONFIG_PATH_MAX + 300];
	struct record r;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", d->config->state_dir, name);
	fd = open_locked(path, 0);
	if (fd < 0)
		return; /* its owner lives, or it is not ours to touch */
	record_read(fd, &r);
	if (take_away(d, &r))
		places_unlink(path);
	close(fd);
}

static void clean_all(struct daemon *d)
{
	DIR *dir = places_opendir(d->config->state_dir);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, FILE_PREFIX, strlen(FILE_PREFIX)) == 0)
			clean_one(d, entry->d_name);
	closedir(dir);
}

static int already_serving(const struct daemon *d, struct fault *f)
{
	struct record r = {.pid = 0};
	int fd = places_open(d->added.path, O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0) {
		record_read(fd, &r);
		close(fd);
	}
	return fault_set(f, -EADDRINUSE,
			 "another reflashd (process %u) serves on %s already. Stop that one first: "
			 "sudo kill %u",
			 r.pid, d->config->interface, r.pid);
}

static void not_noted(struct daemon *d, const char *why)
{
	/* Of the whole folder it is said elsewhere. Without rights nothing will be added. */
	if (!d->state_err && rights_have(RIGHT_ADMIN))
		daemon_note(
			d, SEVERITY_WARNING, "added-not-noted",
			"Cannot note in `%s' what is added to this machine: %s. Should "
			"reflashd be killed, its address stays on %s. Make room in that folder, "
			"remove that file, or name another folder with --state-dir.",
			d->added.path, why, d->config->interface);
}

int added_open(struct daemon *d, struct fault *f)
{
	int fd;

	state_try(d);
	snprintf(d->added.path, sizeof(d->added.path), "%s/" FILE_PREFIX "%s", d->config->state_dir,
		 d->config->interface);
	clean_all(d);
	fd = open_locked(d->added.path, O_CREAT);
	if (fd == -EWOULDBLOCK)
		return already_serving(d, f);
	if (fd < 0)
		not_noted(d, strerror(-fd));
	d->added.fd = fd < 0 ? -1 : fd;
	added_note(d);
	return 0;
}

void added_note(struct daemon *d)
{
	char text[FILE_MAX], boot[40], mac[MAC_TEXT_MAX], ip[IP4_TEXT_MAX];
	size_t len;

	if (d->added.fd < 0)
		return;
	boot_id(boot);
	mac_format(d->link.mac, mac);
	ip4_format(d->address, ip);
	snprintf(text, sizeof(text),
		 "# What reflashd has added to this machine; its end, or its next start, takes it "
		 "away.\nboot %s\nprocess %u\n",
		 boot, (unsigned)getpid());
	len = strlen(text);
	if (d->link.index) {
		snprintf(text + len, sizeof(text) - len, "interface %s %u %s\n%s", d->link.name,
			 d->link.index, mac, d->switched_on ? "switched-on\n" : "");
		len += strlen(text + len);
	}
	if (d->address_added)
		snprintf(text + len, sizeof(text) - len, "address %s/%u\n", ip, d->prefix_len);
	len = strlen(text);
	/* Not synced: it has to outlive us, not the machine, whose next start is another boot id.
	 */
	errno = ENOSPC; /* a short write to a file means just that */
	if (ftruncate(d->added.fd, 0) != 0 || pwrite(d->added.fd, text, len, 0) != (ssize_t)len)
		not_noted(d, strerror(errno));
}

void added_close(struct daemon *d)
{
	if (d->added.fd < 0)
		return;
	places_unlink(d->added.path);
	close(d->added.fd);
	d->added.fd = -1;
}
