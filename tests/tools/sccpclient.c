/* SPDX-License-Identifier: MIT */
/*
 * A TCP client that speaks SCCP as a phone does, and worse, for the end-to-end tests:
 *
 *     sccpclient [-s SOURCE] ADDRESS STEP …
 *
 *     register:DEVICE:TYPE[:LOAD]   alarm:TEXT   keepalive[:COUNT]   unregister
 *     hex:BYTES        send these
 *     flood            send KeepAlives for ever and read nothing; succeeds when that is ended
 *     crowd:COUNT      open so many further connections and keep them
 *     pause:MS
 *     read             one message within 5 s; prints its bytes in hexadecimal
 *     closed:SECONDS   the other side must hang up within that time
 *
 * Exit code 0 when every step went well, else 1 and the step.
 */
#include "reflashd/bytes.h"
#include "reflashd/sccp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in source, server;

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    (source.sin_family && bind(fd, (struct sockaddr *)&source, sizeof(source)) != 0) ||
	    connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0) {
		fprintf(stderr, "sccpclient: cannot connect: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

static bool transmit(int fd, const uint8_t *data, size_t len)
{
	return len > 0 && send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool send_register(int fd, const char *text)
{
	struct sccp_register r = {0};
	uint8_t message[SCCP_ENCODE_MAX];
	unsigned type;

	if (sscanf(text, "%16[^:]:%u:%32s", r.device, &type, r.load) < 2)
		return false;
	r.type = type;
	return transmit(fd, message, sccp_encode_register(message, sizeof(message), &r));
}

static bool send_alarm(int fd, const char *text)
{
	struct sccp_alarm a = {.severity = 2};
	uint8_t message[SCCP_ENCODE_MAX];

	snprintf(a.text, sizeof(a.text), "%s", text);
	return transmit(fd, message, sccp_encode_alarm(message, sizeof(message), &a));
}

/* All of them in one piece. */
static bool send_plain(int fd, enum sccp_message what, unsigned long count)
{
	static uint8_t all[SCCP_HEADER_LEN * 1000];

	if (count == 0 || count > 1000)
		return false;
	for (unsigned long i = 0; i < count; i++)
		sccp_encode_plain(all + i * SCCP_HEADER_LEN, SCCP_HEADER_LEN, what);
	return transmit(fd, all, count * SCCP_HEADER_LEN);
}

static bool send_hex(int fd, const char *text)
{
	uint8_t data[1024];
	size_t n = 0;
	unsigned value;
	int used;

	for (; n < sizeof(data) && *text; text += used) {
		if (sscanf(text, "%2x%n", &value, &used) != 1)
			return false;
		data[n++] = (uint8_t)value;
	}
	return n > 0 && !*text && transmit(fd, data, n);
}

/* Within so many milliseconds; 1: bytes, 0: hung up, -1: nothing. */
static int receive(int fd, void *data, size_t len, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, ms) != 1)
		return -1;
	n = recv(fd, data, len, MSG_WAITALL);
	return n == (ssize_t)len;
}

static bool read_message(int fd)
{
	uint8_t message[SCCP_MESSAGE_MAX];
	size_t len;

	if (receive(fd, message, SCCP_HEADER_LEN, 5000) != 1)
		return false;
	len = (size_t)get_le32(message) + 8;
	if (len < SCCP_HEADER_LEN || len > sizeof(message) ||
	    (len > SCCP_HEADER_LEN &&
	     receive(fd, message + SCCP_HEADER_LEN, len - SCCP_HEADER_LEN, 5000) != 1))
		return false;
	for (size_t i = 0; i < len; i++)
		printf("%02x", message[i]);
	printf("\n");
	return true;
}

static bool wait_closed(int fd, int seconds)
{
	uint8_t byte;
	int got;

	while ((got = receive(fd, &byte, 1, seconds * 1000)) == 1)
		;
	return got == 0;
}

static bool flood(int fd)
{
	for (unsigned i = 0; i < 1000000; i++)
		if (!send_plain(fd, SCCP_KEEPALIVE, 10))
			return true;
	return false;
}

static bool crowd(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		dial();
	return count > 0;
}

static bool do_step(int fd, const char *step)
{
	const char *colon = strchr(step, ':'), *rest = colon ? colon + 1 : "";
	size_t len = strcspn(step, ":");
	unsigned long number = strtoul(rest, NULL, 10);

#define IS(word) (len == strlen(word) && memcmp(step, word, len) == 0)
	if (IS("register"))
		return send_register(fd, rest);
	if (IS("alarm"))
		return send_alarm(fd, rest);
	if (IS("keepalive"))
		return send_plain(fd, SCCP_KEEPALIVE, colon ? number : 1);
	if (IS("unregister"))
		return send_plain(fd, SCCP_UNREGISTER, 1);
	if (IS("hex"))
		return send_hex(fd, rest);
	if (IS("flood"))
		return flood(fd);
	if (IS("crowd"))
		return crowd((unsigned)number);
	if (IS("pause"))
		return usleep((useconds_t)number * 1000) == 0;
	if (IS("read"))
		return read_message(fd);
	if (IS("closed"))
		return wait_closed(fd, (int)number);
#undef IS
	return false;
}

int main(int argc, char **argv)
{
	int fd, i = 1;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 3 && strcmp(argv[1], "-s") == 0) {
		source.sin_family = AF_INET;
		inet_pton(AF_INET, argv[2], &source.sin_addr);
		i = 3;
	}
	server.sin_family = AF_INET;
	server.sin_port = htons(SCCP_PORT);
	if (i >= argc || inet_pton(AF_INET, argv[i], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: sccpclient [-s SOURCE] ADDRESS STEP ...\n");
		return 1;
	}
	fd = dial();
	for (i++; i < argc; i++) {
		if (do_step(fd, argv[i])) {
			fflush(stdout);
			continue;
		}
		fprintf(stderr, "sccpclient: '%s' failed\n", argv[i]);
		return 1;
	}
	return 0;
}
