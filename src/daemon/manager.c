/* SPDX-License-Identifier: MIT */
/*
 * Network managers, by what they write below /run: no D-Bus, no question, nothing that could hang.
 *
 *     NetworkManager     /run/NetworkManager/devices/INDEX          managed=true
 *     systemd-networkd   /run/systemd/netif/links/INDEX             ADMIN_STATE=configured
 *
 * The files outlive the programs, so the program must run, too.
 */
#include "manager.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define COMM_MAX 15

/* Names are cut to 15 characters, as the kernel does. */
static bool process_runs(const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		char path[300], comm[32] = "";
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(comm, sizeof(comm), file)) {
			comm[strcspn(comm, "\n")] = 0;
			found = strncmp(comm, name, COMM_MAX) == 0;
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Copies the rest of the first line that begins with key. */
static bool find_line(const char *folder, unsigned index, const char *key, char value[64])
{
	char path[128], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", folder, index);
	file = fopen(path, "r");
	while (file && !found && fgets(line, sizeof(line), file)) {
		found = strncmp(line, key, strlen(key)) == 0;
		if (!found)
			continue;
		snprintf(value, 64, "%.63s", line + strlen(key));
		value[strcspn(value, "\n")] = 0;
	}
	if (file)
		fclose(file);
	return found;
}

enum manager manager_of(unsigned index)
{
	char value[64];

	if (find_line("/run/NetworkManager/devices", index, "managed=", value) &&
	    strcmp(value, "true") == 0 && process_runs("NetworkManager"))
		return MANAGER_NETWORKMANAGER;
	if (find_line("/run/systemd/netif/links", index, "ADMIN_STATE=", value) &&
	    strcmp(value, "unmanaged") != 0 && process_runs("systemd-networkd"))
		return MANAGER_NETWORKD;
	return MANAGER_NONE;
}
