/* SPDX-License-Identifier: MIT */
/*
 * UDP sockets of one interface. SO_BINDTODEVICE keeps us off every other wire, whatever the
 * address says; IP_PKTINFO tells which of our addresses a request was sent to.
 */
#include "daemon.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The inode of a UDP socket that holds this port, from /proc/net/udp; 0: none seen. */
static unsigned long port_inode(uint16_t port)
{
	FILE *file = fopen("/proc/net/udp", "r");
	char line[512];
	unsigned long inode = 0;

	if (!file)
		return 0;
	while (!inode && fgets(line, sizeof(line), file)) {
		unsigned local;
		unsigned long candidate;

		if (sscanf(line, " %*u: %*x:%x %*x:%*x %*x %*x:%*x %*x:%*x %*x %*u %*u %lu", &local,
			   &candidate) == 2 &&
		    local == port)
			inode = candidate;
	}
	fclose(file);
	return inode;
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

/* "dnsmasq, process 812", or "another program" when /proc does not tell. */
static void port_holder(uint16_t port, char *out, size_t size)
{
	char wanted[64], path[300], name[64] = "";
	unsigned long inode = port_inode(port);
	struct dirent *entry;
	DIR *dir = inode ? opendir("/proc") : NULL;

	snprintf(out, size, "another program");
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
			snprintf(out, size, "%s (process %.20s)", name, entry->d_name);
		}
		if (file)
			fclose(file);
		break;
	}
	closedir(dir);
}

static int open_failed(const char *interface, uint16_t port, int err, struct fault *f)
{
	char holder[128];

	if (err == -EADDRINUSE) {
		port_holder(port, holder, sizeof(holder));
		return fault_set(
			f, err,
			"UDP port %u is held by %s, and phones know no other. Stop that program, "
			"then start reflashd again",
			port, holder);
	}
	if (err == -EACCES || err == -EPERM)
		return fault_set(f, err,
				 "not allowed to use UDP port %u on %s: %s. Run this with sudo",
				 port, interface, strerror(-err));
	return fault_set(f, err, "cannot use UDP port %u on %s: %s", port, interface,
			 strerror(-err));
}

int udp_open(const char *interface, uint32_t address, uint16_t port, struct fault *f)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, err;

	if (fd < 0)
		return open_failed(interface, port, -errno, f);
	/* Another program may listen on the client port (a DHCP client of this machine): share
	 * it, since both get a copy of what is broadcast. The server ports are never shared. */
	if ((port == DHCP_CLIENT_PORT &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		       (socklen_t)strlen(interface) + 1) ||
	    (port && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on))) ||
	    (port && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on))) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		err = -errno;
		close(fd);
		return open_failed(interface, port, err, f);
	}
	return fd;
}
