/* SPDX-License-Identifier: MIT */
/*
 * Root's rights are given up, three are kept and sleep (permitted, not effective) but for the
 * moments around the calls that need them. By the system calls themselves: it is a page.
 *
 * Who we become: the user that --user names; else `reflashd', where that was made (conf/ has it for
 * systemd-sysusers, and packages make it). On a laptop where nobody made it: a number that belongs
 * to nobody, from those that systemd hands out to services of the moment (61184 to 65519). Not
 * `nobody', whom others are, too; and not the person who called sudo, whose files are worth
 * more than a phone. Whoever starts us without being root stays who he is.
 *
 * What can go wrong: inside a container there may be no other user to become, or no right to. Then
 * we stay root there, without root's rights.
 */
#include "rights.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_USER "reflashd"
#define NUMBER_FIRST 61979
#define NUMBER_LAST  62978

static bool reduced, awake;
static uint32_t left; /* what of the three we still have, since reduced */

static uint32_t bits(unsigned rights)
{
	return (rights & RIGHT_BIND ? 1u << CAP_NET_BIND_SERVICE : 0) |
	       (rights & RIGHT_RAW ? 1u << CAP_NET_RAW : 0) |
	       (rights & RIGHT_ADMIN ? 1u << CAP_NET_ADMIN : 0);
}

static int sets_put(uint32_t permitted, uint32_t effective)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{.permitted = permitted, .effective = effective}};

	return syscall(SYS_capset, &head, sets) != 0 ? -errno : 0;
}

static uint32_t permitted(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	return syscall(SYS_capget, &head, sets) == 0 ? sets[0].permitted : 0;
}

bool rights_have(unsigned rights)
{
	return (permitted() & bits(rights)) == bits(rights);
}

void rights_wake(unsigned rights)
{
	if (!(left & bits(rights)))
		return;
	awake = true;
	sets_put(left, left & bits(rights));
}

void rights_sleep(void)
{
	if (awake)
		sets_put(left, 0);
	awake = false;
}

void rights_give_up(unsigned rights)
{
	if (!reduced)
		return;
	left &= ~bits(rights);
	sets_put(left, 0);
}

/* A user namespace (a container, unshare) has only those numbers that it maps. */
static bool exists(const char *map, unsigned id)
{
	FILE *file = fopen(map, "re");
	unsigned first, outside, n;
	bool found = !file;

	while (!found && fscanf(file, "%u %u %u", &first, &outside, &n) == 3)
		found = id >= first && id - first < n;
	if (file)
		fclose(file);
	return found;
}

/*
 * By name, or (NULL) by number. The files themselves are read: what libc would load to ask others,
 * too (systemd, LDAP), is larger than all of ours, and a program that is linked statically cannot
 * rely on it.
 */
static bool find_user(const char *name, unsigned number, struct rights_user *u)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *p;
	bool found = false;

	while (file && !found && (p = fgetpwent(file))) {
		found = name ? strcmp(p->pw_name, name) == 0 : p->pw_uid == number;
		if (found && u)
			*u = (struct rights_user){p->pw_uid != 0, p->pw_uid, p->pw_gid, ""};
	}
	if (file)
		fclose(file);
#ifndef LIBS_LINKED
	/* Who is named by hand may well be known to those others only. */
	if (!found && name && strcmp(name, DEFAULT_USER) != 0 && (p = getpwnam(name))) {
		*u = (struct rights_user){p->pw_uid != 0, p->pw_uid, p->pw_gid, ""};
		found = true;
	}
#endif
	return found;
}

/* A user's, a group's, or one that systemd has given a service for as long as that runs. */
static bool is_taken(unsigned number)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *g;
	char path[64];
	bool found = false;

	while (file && !found && (g = fgetgrent(file)))
		found = g->gr_gid == number;
	if (file)
		fclose(file);
	snprintf(path, sizeof(path), "/run/systemd/dynamic-uid/%u", number);
	return found || find_user(NULL, number, NULL) || access(path, F_OK) == 0;
}

int rights_choose(struct rights_user *u, const char *name, struct fault *f)
{
	const struct rights_user stay = {.uid = geteuid(), .gid = getegid()};
	unsigned number = NUMBER_FIRST;
	bool found;

	*u = stay;
	if (geteuid() != 0)
		return 0;
	found = find_user(*name ? name : DEFAULT_USER, 0, u);
	if (!found && *name)
		return fault_set(f, -ENOENT,
				 "there is no user `%s' on this machine. Make it, or leave "
				 "--user out",
				 name);
	if (found) {
		text_format(u->name, sizeof(u->name), "the user `%s'", *name ? name : DEFAULT_USER);
	} else {
		while (number < NUMBER_LAST && is_taken(number))
			number++;
		*u = (struct rights_user){true, number, number, ""};
		text_format(u->name, sizeof(u->name), "a user of its own (%u)", number);
	}
	if (!exists("/proc/self/uid_map", u->uid) || !exists("/proc/self/gid_map", u->gid))
		*u = stay;
	return 0;
}

/* Otherwise a program with the set-user-ID bit could bring them back. */
static void bound(uint32_t keep)
{
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap > 31 || !(keep & (1u << cap)))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* a service has this done for it */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int rights_reduce(const struct rights_user *u)
{
	uint32_t keep = permitted() & bits(RIGHT_BIND | RIGHT_RAW | RIGHT_ADMIN);
	int err = 0;

	bound(bits(RIGHT_BIND | RIGHT_RAW | RIGHT_ADMIN));
	if (u->change) {
		if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
			return -errno;
		/* Either all three or none. A user namespace may forbid the first. */
		if (setgroups(1, &u->gid) != 0 || setresgid(u->gid, u->gid, u->gid) != 0 ||
		    setresuid(u->uid, u->uid, u->uid) != 0)
			err = errno == EPERM || errno == EINVAL ? 1 : -errno;
		prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	}
	/* A service whose system calls are filtered may not be let: its unit has set the limits. */
	if (err >= 0 && sets_put(keep, 0) != 0)
		return u->change ? -errno : 0;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* the kernel set it anew with the user */
	reduced = err >= 0;
	left = reduced ? keep : 0;
	return err;
}

int rights_give(int folder, const char *name, mode_t type, uid_t uid, gid_t gid)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	/* From here on it is this very one, whatever is put in its place. */
	if (fstat(fd, &st) != 0 || (st.st_mode & S_IFMT) != type ||
	    (type != S_IFDIR && st.st_nlink != 1))
		err = -ELOOP;
	else if (st.st_uid != uid && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0)
		err = -errno;
	close(fd);
	return err;
}

void rights_drop_thread(void)
{
	sets_put(0, 0);
}

void rights_drop_all(void)
{
	if (geteuid() == 0) {
		bound(0);
		if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 ||
		    setresuid(65534, 65534, 65534) != 0) {
			/* There is nobody else to become: the rights go all the same. */
		}
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	sets_put(0, 0);
}
