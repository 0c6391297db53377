/* SPDX-License-Identifier: MIT */
/*
 * Who holds a port that we want: the kernel's tables name the socket, and the open files of every
 * process say whose it is. All of this is help for a sentence; where /proc does not tell it
 * stays "another program".
 */
#include "tcp.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE_LISTEN 0x0a /* of a TCP socket in /proc/net/tcp */

/* The inode of the socket in that table; 0: none seen. The columns are the same in all of them. */
static unsigned long table_inode(const char *table, bool listening, uint16_t port)
{
	FILE *file = fopen(table, "r");
	char line[512];
	unsigned long inode = 0;

	if (!file)
		return 0;
	while (!inode && fgets(line, sizeof(line), file)) {
		unsigned local, state;
		unsigned long candidate;

		if (sscanf(line,
			   " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
			   &local, &state, &candidate) == 3 &&
		    local == port && (!listening || state == STATE_LISTEN))
			inode = candidate;
	}
	fclose(file);
	return inode;
}

/* A socket of IPv6 may hold the port for IPv4, too. */
static unsigned long port_inode(int protocol, uint16_t port)
{
	bool tcp = protocol == IPPROTO_TCP;
	unsigned long inode = table_inode(tcp ? "/proc/net/tcp" : "/proc/net/udp", tcp, port);

	return inode ? inode : table_inode(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", tcp, port);
}

static bool process_holds(const char *pid, const char *link_text)
{
	char path[300], target[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = 0;
		found = strcmp(target, link_text) == 0;
	}
	closedir(dir);
	return found;
}

/* How to stop that process: its unit, when systemd started it as a service. */
static void stop_words(const char *pid, char *out, size_t size)
{
	char path[300], line[512], *name = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	snprintf(out, size, "sudo kill %.20s", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		name = strrchr(line, '/');
		/* Below user@1000.service is what somebody runs: no service of the system. */
		if (name && strlen(name) > 9 && strcmp(name + strlen(name) - 8, ".service") == 0 &&
		    !strstr(line, "/user@"))
			snprintf(out, size, "sudo systemctl stop %.80s", name + 1);
	}
	if (file)
		fclose(file);
}

/* The ports that we will want, and what was found for them while we could see everything. */
static struct note {
	int protocol;
	uint16_t port;
	char words[200];
} notes[] = {
	{IPPROTO_UDP, 67, ""},	 {IPPROTO_UDP, 69, ""},
	{IPPROTO_UDP, 5060, ""}, {IPPROTO_TCP, 2000, ""},
	{IPPROTO_TCP, 5060, ""}, {IPPROTO_TCP, 0, ""}, /* of the status page, where there is one */
};

/* To look through the kernel's tables takes milliseconds; to try takes none. */
static bool is_held(int protocol, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET,
			(protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	bool held = fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0;

	if (fd >= 0)
		close(fd);
	return held;
}

void port_holders_note(uint16_t web_port)
{
	notes[ARRAY_LEN(notes) - 1].port = web_port;
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		if (notes[i].port && is_held(notes[i].protocol, notes[i].port) &&
		    port_inode(notes[i].protocol, notes[i].port))
			port_holder(notes[i].protocol, notes[i].port, notes[i].words,
				    sizeof(notes[i].words));
}

void port_holder(int protocol, uint16_t port, char *out, size_t size)
{
	char wanted[64], path[300], name[64] = "", stop[120];
	struct dirent *entry;
	unsigned long inode;
	DIR *dir;

	for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
		if (notes[i].protocol == protocol && notes[i].port == port && notes[i].words[0]) {
			snprintf(out, size, "%s", notes[i].words);
			return;
		}
	}
	snprintf(out, size, "another program");
	inode = port_inode(protocol, port);
	dir = inode ? opendir("/proc") : NULL;
	if (!dir)
		return;
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	while ((entry = readdir(dir))) {
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !process_holds(entry->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (file && fgets(name, sizeof(name), file)) {
			name[strcspn(name, "\n")] = 0;
			stop_words(entry->d_name, stop, sizeof(stop));
			snprintf(out, size, "%s (process %.20s; `%s' ends it)", name, entry->d_name,
				 stop);
		}
		if (file)
			fclose(file);
		break;
	}
	closedir(dir);
}
