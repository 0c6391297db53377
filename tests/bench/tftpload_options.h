/* SPDX-License-Identifier: MIT */
/* The command line of tftpload, apart from what it does. Included once. */
#ifndef TFTPLOAD_OPTIONS_H
#define TFTPLOAD_OPTIONS_H

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX   65464u
#define CLIENTS_MAX 20000

struct settings {
	struct sockaddr_in server;
	const char *file;
	uint32_t source; /* client k sends from source + k, as each phone has its own address */
	unsigned clients, files;
	unsigned blksize, window; /* blksize 0: no options at all, blocks of 512 */
	uint8_t *content;	  /* NULL: only size and CRC are known */
	bool check_crc, check_size;
	uint64_t size;
	uint32_t crc;
	unsigned loss; /* of 1000, each way */
	uint64_t seed;
	int64_t rtt, reack, timeout; /* usec */
};

static struct settings set = {
	.file = "file",
	.clients = 1,
	.files = 1,
	.window = 1,
	.seed = 1,
	.reack = 1000000,
	.timeout = 120000000,
};

static void die(const char *what)
{
	fprintf(stderr, "tftpload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void load_content(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size = 0;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		die(path);
	rewind(f);
	set.content = malloc((size_t)size + 1);
	if (!set.content || fread(set.content, 1, (size_t)size, f) != (size_t)size)
		die(path);
	set.size = (uint64_t)size;
	set.check_size = true;
	fclose(f);
}

static void usage(const char *why)
{
	fprintf(stderr,
		"tftpload: %s\n"
		"usage: tftpload --server IP [--port N] [--file NAME] [--clients N]\n"
		"       [--files-per-client N] [--source FIRST-IP] [--blksize B|none] [--window "
		"W]\n"
		"       [--verify FILE | --size BYTES [--crc32 HEX]] [--loss PERMILLE] [--seed N]\n"
		"       [--rtt USEC] [--reack MS (0: never)] [--timeout SECONDS]\n",
		why);
	exit(1);
}

static unsigned number(const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || n < min || n > max)
		usage(text);
	return (unsigned)n;
}

static uint32_t address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		usage(text);
	return ntohl(a.s_addr);
}

static void take_option(int o)
{
	switch (o) {
	case 's': set.server.sin_addr.s_addr = htonl(address(optarg)); break;
	case 'p': set.server.sin_port = htons((uint16_t)number(optarg, 1, 65535)); break;
	case 'f': set.file = optarg; break;
	case 'n': set.clients = number(optarg, 1, CLIENTS_MAX); break;
	case 'm': set.files = number(optarg, 1, 1000000); break;
	case 'S': set.source = address(optarg); break;
	case 'b': set.blksize = strcmp(optarg, "none") ? number(optarg, 8, BLOCK_MAX) : 0; break;
	case 'w': set.window = number(optarg, 1, 1024); break;
	case 'v': load_content(optarg); break;
	case 'z':
		set.size = strtoull(optarg, NULL, 10);
		set.check_size = true;
		break;
	case 'c':
		set.crc = (uint32_t)strtoul(optarg, NULL, 16);
		set.check_crc = true;
		break;
	case 'l': set.loss = number(optarg, 0, 900); break;
	case 'e': set.seed = number(optarg, 0, 1000000000); break;
	case 'r': set.rtt = number(optarg, 0, 10000000); break;
	case 'a': set.reack = 1000 * (int64_t)number(optarg, 0, 1000000); break;
	case 't': set.timeout = (int64_t)(strtod(optarg, NULL) * 1e6); break;
	default: usage("unknown option");
	}
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {{"server", 1, NULL, 's'},
						{"port", 1, NULL, 'p'},
						{"file", 1, NULL, 'f'},
						{"clients", 1, NULL, 'n'},
						{"source", 1, NULL, 'S'},
						{"files-per-client", 1, NULL, 'm'},
						{"blksize", 1, NULL, 'b'},
						{"window", 1, NULL, 'w'},
						{"verify", 1, NULL, 'v'},
						{"size", 1, NULL, 'z'},
						{"crc32", 1, NULL, 'c'},
						{"loss", 1, NULL, 'l'},
						{"seed", 1, NULL, 'e'},
						{"rtt", 1, NULL, 'r'},
						{"reack", 1, NULL, 'a'},
						{"timeout", 1, NULL, 't'},
						{0}};
	int o;

	set.server.sin_family = AF_INET;
	set.server.sin_port = htons(69);
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(o);
	if (!set.server.sin_addr.s_addr)
		usage("--server is missing");
	if (optind != argc)
		usage(argv[optind]);
	if (strlen(set.file) > 100)
		usage("the file name is too long");
}

#endif
