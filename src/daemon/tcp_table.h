/* SPDX-License-Identifier: MIT */
/*
 * A listening TCP port and a table of its connections, each around one protocol machine. Private
 * to src/daemon.
 *
 * What can go wrong lies with the peers: many at once (the table is bounded, and whom the protocol
 * can spare makes room), one that does not read (what is sent is written at once or not at all:
 * there is no queue), one that does not talk (the machine's deadline).
 */
#ifndef REFLASHD_DAEMON_TCP_TABLE_H
#define REFLASHD_DAEMON_TCP_TABLE_H

#include "daemon.h"

#define TCP_CONNECTIONS_MAX	256
#define TCP_CONNECTIONS_OF_PEER 8
#define TCP_READ_MAX		8192

struct tcp_table;

/* The head of a protocol's own struct. */
struct tcp_connection {
	uv_tcp_t tcp;
	struct tcp_table *table;
	unsigned slot;
	uint32_t ip; /* of the peer */
	uint16_t port;
};

struct tcp_protocol {
	uint16_t port;
	const char *crowded; /* the code of the note that one had to make room */
	int send_buffer; /* of a connection's socket */
	size_t size;	 /* of the protocol's own struct, which is all zero at first */
	/* False: that peer is sent away. */
	bool (*begin)(struct tcp_connection *c, usec_t now);
	/* Returns how many bytes it took, at least one. What there is to do is done in perform. */
	size_t (*receive)(struct tcp_connection *c, const uint8_t *data, size_t len, usec_t now);
	void (*tick)(struct tcp_connection *c, usec_t now);
	/* After each of these two; false: the connection is closed. */
	bool (*perform)(struct tcp_connection *c);
	usec_t (*deadline)(const struct tcp_connection *c);
	/* Should a rather than b make room? */
	bool (*goes_first)(const struct tcp_connection *a, const struct tcp_connection *b);
};

/* All zero before tcp_table_open(). */
struct tcp_table {
	struct daemon *daemon;
	const struct tcp_protocol *protocol;
	void *owner;
	uv_poll_t listener;
	int fd; /* listens; -1: none */
	struct timer timer;
	usec_t crowded_until; /* until then nothing is noted */
	struct tcp_connection *connection[TCP_CONNECTIONS_MAX]; /* NULL: free */
	uint8_t buffer[TCP_READ_MAX];
};

/* A negative errno with a fault that says why nobody is heard there. */
int tcp_table_open(struct tcp_table *t, struct daemon *d, const struct tcp_protocol *protocol,
		   void *owner, struct fault *f);
/* Closes all connections; listener and timer are left to the end of the loop. */
void tcp_table_stop(struct tcp_table *t);
/* When the loop is gone. */
void tcp_table_close(struct tcp_table *t);
/* As parts.h has it: listens on, and hangs up on everybody. */
int tcp_table_tie(struct tcp_table *t);
/* All of it at once, or false. */
bool tcp_send(struct tcp_connection *c, const void *data, size_t len);

#endif
