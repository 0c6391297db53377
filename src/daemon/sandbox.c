/* SPDX-License-Identifier: MIT */
/*
 * Root's rights are given up before anything is read that somebody else has written.
 *
 * The order of a start (serve.c):
 *
 *   with all rights   the files of --events and --pcap are opened, and the socket of the service
 *                     manager; the control socket is made; a child looks at the firewall (nft wants
 *                     root) and ends; who holds our ports is noted (only root can see that); the
 *                     process that reads firmware starts (reader.c); the state folder is made
 *                     and given to the user we become; firmware folders, --keys and --models are
 *                     opened (places.c)
 *   sandbox_enter()   another user; of all rights three are left and asleep (rights.c); no core
 *                     files, no more rights by running programs; Landlock; seccomp (confine.c)
 *   firmware          is read; archives are parsed and signatures checked in children that have
 *                     neither files nor sockets nor rights
 *   network           our address and the sockets, each with the rights woken up for it
 *   sandbox_bound()   CAP_NET_BIND_SERVICE goes; no new packet or raw sockets any more
 *   serving           two rights are left, asleep: CAP_NET_ADMIN for putting our address back when
 *                     a network manager takes it and for taking it away at the end; CAP_NET_RAW for
 *                     tying our sockets to an interface that was taken away and came back
 *                     (comeback.c). What else that one is good for, raw sockets, the filter refuses
 *
 * So root is gone earlier than "when the sockets are bound": binding is done with the three rights.
 *
 * Started by root from a shell we become another user (rights.c says which). As a service we are
 * one already, with the three rights from the unit; the rest is the same. Anybody else lacks the
 * three rights and hears so from the first thing that needs one.
 *
 * What stays reachable: to read, the firmware and what its symbolic links lead to at the start, the
 * folders of the configuration file, of --keys, of --models and of an archive that was named (a
 * file that was replaced is another one to Landlock), time zones, libraries, /proc and what network
 * managers write below /run (both to say who took our address); to write, the state folder, and the
 * folder of the control socket when it is ours. TCP: only the ports we listen on and the phones'
 * port 80.
 *
 * What can go wrong: a kernel without Landlock or seccomp: said at debug, the rest holds. Firmware
 * that only root may read: said with the command that helps. A state folder that belongs to
 * something else: refused, since giving it to our user would break that. A control socket in a
 * folder that is not ours stays behind as a file at the end; the next start takes it over.
 */
#include "sandbox.h"

#include "confine.h"
#include "daemon.h"
#include "places.h"
#include "rights.h"

#include "reflashd/device_page.h"
#include "reflashd/sccp.h"
#include "reflashd/sip.h"
#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS_MAX 512

static struct rights_user user;
static bool entered;

/* ---- the state folder ---- */

/* Somebody's phones.ods in his home folder is not. */
static bool is_ours(const char *name)
{
	static const char *const begin[] = {"leases.journal", "leases", "phones"},
				 *const end[] = {"", ".new", ".damaged"};

	for (size_t i = 0; i < ARRAY_LEN(begin); i++)
		for (size_t k = 0; k < ARRAY_LEN(end); k++)
			if (strncmp(name, begin[i], strlen(begin[i])) == 0 &&
			    strcmp(name + strlen(begin[i]), end[k]) == 0)
				return true;
	return strncmp(name, "added.", 6) == 0;
}

/* Gives our files to the user; tells whether the folder is one that we may give away, too. */
static bool give_files(int folder)
{
	bool ours = false, strange = false;
	int again = dup(folder);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *entry;

	if (!dir && again >= 0)
		close(again);
	while (dir && (entry = readdir(dir))) {
		int err;

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "firmware") == 0)
			continue;
		if (!is_ours(entry->d_name)) {
			strange = true;
			continue;
		}
		ours = true;
		/* A link is left as it is: we never write through one. */
		err = rights_give(folder, entry->d_name, S_IFREG, user.uid, user.gid);
		strange |= err && err != -ELOOP;
	}
	if (dir)
		closedir(dir);
	return ours || !strange;
}

/* What cannot be done on this disk is found later by whom it hinders (state_try); only a folder
 * that is somebody else's is a mistake of who named it. */
static int give_state(const char *path, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	bool hinders;
	struct stat st;

	if (fd < 0)
		return 0;
	hinders = fstat(fd, &st) == 0 && st.st_uid != user.uid && !(st.st_mode & S_IWOTH);
	if (give_files(fd)) {
		if (hinders && fchown(fd, user.uid, user.gid) != 0) {
			/* As on a read-only disk. */
		}
	} else if (hinders && user.change)
		err = fault_set(
			f, -EACCES,
			"the state folder `%s' holds other things than reflashd's own, and %s, "
			"which reflashd goes on as, may not write to it. Name a folder that is "
			"reflashd's alone with --state-dir",
			path, user.name);
	close(fd);
	return err;
}

int sandbox_prepare(struct daemon *d, struct fault *f)
{
	const struct config *c = d->config;
	int err = rights_choose(&user, c->user, f);

	if (!err)
		d->state_err = state_dir_make(c->state_dir);
	/* Root, too: without the right to pass over permissions it is a user like others. */
	if (!err && !d->state_err && geteuid() == 0)
		err = give_state(c->state_dir, f);
	/* Without rights the network says better what is missing. */
	if (err && rights_have(RIGHT_ADMIN))
		return err;
	/* What is not there or not to be read is said by those who read it. */
	err = control_prepare(d, user.uid, user.gid, f);
	if (err)
		return err;
	places_add(c->state_dir);
	for (unsigned i = 0; i < c->firmware_count; i++)
		places_add(c->firmware[i]);
	if (*c->keys)
		places_add(c->keys);
	if (*c->models)
		places_add(c->models);
	return 0;
}

/* ---- what Landlock lets through ---- */

struct reach {
	const struct config *config;
	unsigned count;
	struct confine_path path[PATHS_MAX];
};

static void add_fd(struct reach *r, int fd, bool write)
{
	if (fd < 0)
		return; /* it is not there, so nobody will look for it */
	if (r->count == PATHS_MAX)
		close(fd);
	else
		r->path[r->count++] = (struct confine_path){fd, write};
}

static void add(struct reach *r, const char *path, bool write)
{
	add_fd(r, open(path, O_PATH | O_CLOEXEC), write);
}

static void add_folder_of(struct reach *r, const char *path)
{
	char folder[CONFIG_PATH_MAX];
	char *slash;

	if (!*path || !text_copy(folder, sizeof(folder), path))
		return;
	slash = strrchr(folder, '/');
	if (!slash)
		text_copy(folder, sizeof(folder), ".");
	else
		slash[slash == folder] = 0;
	add(r, folder, false);
}

/* Symbolic links in a firmware folder, as deep as the scan goes. */
static void add_links(struct reach *r, int folder, unsigned depth)
{
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *entry;

	if (!dir && again >= 0)
		close(again);
	while (dir && (entry = readdir(dir))) {
		int fd;

		if (entry->d_name[0] == '.' || entry->d_type == DT_REG)
			continue;
		if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
			add_fd(r, openat(again, entry->d_name, O_PATH | O_CLOEXEC), false);
		if (depth == 0)
			continue;
		fd = openat(again, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			add_links(r, fd, depth - 1);
			close(fd);
		}
	}
	if (dir)
		closedir(dir);
}

static int add_place(void *ctx, int fd, bool folder)
{
	struct reach *r = ctx;

	add_fd(r, fcntl(fd, F_DUPFD_CLOEXEC, 3), false);
	if (folder)
		add_links(r, fd, 2);
	return 0;
}

static void add_control(struct reach *r)
{
	char folder[CONFIG_CONTROL_MAX];
	char *slash;
	struct stat st;

	text_copy(folder, sizeof(folder), r->config->control);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = 0;
	if (stat(folder, &st) == 0 && st.st_uid == user.uid)
		add(r, folder, true);
}

static int confine_to_our_files(const struct config *c)
{
	static const char *const system_paths[] = {
		"/proc",	  "/run/NetworkManager", "/run/systemd/netif",
		"/etc/localtime", "/usr/share/zoneinfo", "/dev/tty",
	};
	const uint16_t bind[] = {SCCP_PORT, SIP_PORT, c->web_port, 0};
	const uint16_t connect[] = {DEVICE_PAGE_PORT, 0};
	struct reach *r = calloc(1, sizeof(*r));
	struct confine_files files;
	int err;

	if (!r)
		return -ENOMEM;
	r->config = c;
	for (size_t i = 0; i < ARRAY_LEN(system_paths); i++)
		add(r, system_paths[i], false);
	for (size_t i = 0; confine_libraries[i]; i++)
		add(r, confine_libraries[i], false);
	add(r, c->state_dir, true);
	add_folder_of(r, c->file);
	add_folder_of(r, c->keys);
	add_folder_of(r, c->models);
	for (unsigned i = 0; i < c->firmware_count; i++)
		if (!places_is_folder(c->firmware[i]) &&
		    strrchr(c->firmware[i], '/') != c->firmware[i])
			add_folder_of(r, c->firmware[i]); /* but never all there is, for /X.zip */
	add_control(r);
	places_each(add_place, r);
	files = (struct confine_files){
		.path = r->path, .path_count = r->count, .bind = bind, .connect = connect};
	err = confine_files(&files);
	while (r->count)
		close(r->path[--r->count].fd);
	free(r);
	return err;
}

/* ---- for good ---- */

static void say(struct daemon *d, int stayed, int files, int calls)
{
	daemon_note(
		d, SEVERITY_DEBUG, "sandbox",
		"From here on reflashd runs as %s, with rights for the network only: %s, and %s.",
		stayed	      ? "root still, because this system lets it become nobody else"
		: user.change ? user.name
			      : "the user who started it",
		files > 0 ? "it reaches no files but the firmware and its own state"
			  : "this kernel has no Landlock, so only permissions keep it from other "
			    "files",
		calls == 0 ? "system calls that no server needs are refused"
			   : "system calls are not filtered on this system");
}

int sandbox_enter(struct daemon *d, struct fault *f)
{
	int stayed, files, calls, err;

	err = confine_process();
	if (err)
		return fault_set(f, err, "cannot give up the right to more rights: %s",
				 strerror(-err));
	files = confine_to_our_files(d->config);
	if (files < 0)
		return fault_set(f, files, "cannot close off this machine's files (Landlock): %s",
				 strerror(-files));
	stayed = rights_reduce(&user);
	if (stayed < 0)
		return fault_set(f, stayed, "cannot give up root's rights: %s", strerror(-stayed));
	if (stayed)
		user.change = false;
	calls = confine_calls();
	if (calls < 0 && calls != -ENOSYS)
		return fault_set(f, calls, "cannot close off system calls (seccomp): %s",
				 strerror(-calls));
	entered = true;
	say(d, stayed, files, calls);
	return 0;
}

void sandbox_bound(void)
{
	rights_sleep();
	rights_give_up(RIGHT_BIND);
	confine_sockets(); /* where there is no filter it was said already */
}

void sandbox_explain(struct fault *f)
{
	char why[FAULT_TEXT_MAX];

	if (!entered || !user.change || f->err != -EACCES)
		return;
	text_copy(why, sizeof(why), f->text);
	fault_set(f, f->err,
		  "%s. Root's rights were given up before that: it has to be readable for %s. "
		  "To make it so: `sudo chmod -R a+rX' and its name. What was not named when "
		  "reflashd started needs a restart as well",
		  why, user.name);
}
