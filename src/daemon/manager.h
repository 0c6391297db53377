/* SPDX-License-Identifier: MIT */
/*
 * Who else looks after an interface: the programs that take addresses away when a link drops.
 * Linux only.
 */
#ifndef REFLASHD_DAEMON_MANAGER_H
#define REFLASHD_DAEMON_MANAGER_H

#include "reflashd/base.h"

enum manager {
	MANAGER_NONE,
	MANAGER_NETWORKMANAGER,
	MANAGER_NETWORKD,
};

/* The one that runs and has not been told to leave the interface of that index alone. */
enum manager manager_of(unsigned index);

#endif
