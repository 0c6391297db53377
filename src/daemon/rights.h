/* SPDX-License-Identifier: MIT */
/*
 * Which user we are, and the three rights (capabilities) that a server of DHCP and TFTP needs.
 */
#ifndef REFLASHD_DAEMON_RIGHTS_H
#define REFLASHD_DAEMON_RIGHTS_H

#include "reflashd/fault.h"

#include <sys/types.h>

enum right {
	RIGHT_BIND = 1, /* CAP_NET_BIND_SERVICE: ports below 1024 */
	RIGHT_RAW = 2, /* CAP_NET_RAW: packet sockets; SO_BINDTODEVICE, for a socket that is tied */
	/* already and before Linux 5.7 for any */
	RIGHT_ADMIN = 4, /* CAP_NET_ADMIN: our address on the interface */
};

struct rights_user {
	bool change; /* false: we stay who we are */
	uid_t uid;
	gid_t gid;
	char name[40]; /* for a sentence: "the user `reflashd'" */
};

/* Who to become. name: from --user, or "". A fault when there is no user of that name. */
int rights_choose(struct rights_user *u, const char *name, struct fault *f);
/* Becomes that user for good. Of all rights only the three are left, and asleep. 0; 1: this
 * system does not let us become anybody else (we stayed, with the three rights); else
 * negative errno. */
int rights_reduce(const struct rights_user *u);
/* For a helper that needs none at all: nobody, no right. Best effort. */
void rights_drop_all(void);
/* The calling thread has none any more, for good; other threads keep theirs. */
void rights_drop_thread(void);
/* Wakes up those of the rights that we still have, and puts all to sleep again. Before
 * rights_reduce() both do nothing. */
void rights_wake(unsigned rights);
void rights_sleep(void);
/* Gives these up for good. */
void rights_give_up(unsigned rights);
/* Gives what stands there to that user, if it is of that type (S_IFREG …) and has no other name
 * anywhere: so never what a link leads to, whoever may write to the folder. 0; -ELOOP: it is
 * something else; else negative errno. */
int rights_give(int folder, const char *name, mode_t type, uid_t uid, gid_t gid);
/* May the network be changed, by a right that is awake or asleep? */
bool rights_have(unsigned rights);

#endif
