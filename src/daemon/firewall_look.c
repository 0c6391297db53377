/* SPDX-License-Identifier: MIT */
/*
 * What keeps phones out of this machine? nft and iptables-save are run where they are installed,
 * and what they print is judged for each packet that a phone has to get through with.
 *
 * What can go wrong: none is installed (then there is no firewall to speak of), they want root, or
 * one hangs (it is ended after two seconds). All of that is "could not tell", never an alarm.
 */
#include "firewall_look.h"

#include "daemon.h"

#include "reflashd/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (32u << 20)
#define PATIENCE   USEC_SEC(2)

static const struct {
	enum firewall_protocol protocol;
	uint16_t port;
	bool answer;
} ways[WAYS] = {
	[WAY_DHCP] = {FIREWALL_UDP, 67, false},	     [WAY_TFTP] = {FIREWALL_UDP, 69, false},
	[WAY_REPLIES] = {FIREWALL_UDP, 40000, true}, [WAY_SCCP] = {FIREWALL_TCP, 2000, false},
	[WAY_SIP] = {FIREWALL_TCP, 5060, false},     [WAY_SIP_UDP] = {FIREWALL_UDP, 5060, false},
	[WAY_6970] = {FIREWALL_TCP, 6970, false},
};

static bool find_program(const char *name, char path[64])
{
	static const char *const folders[] = {"/usr/sbin", "/sbin", "/usr/bin", "/bin",
					      "/usr/local/sbin"};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, 64, "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* All it prints, until its end or until our patience is. */
static int read_all(int fd, char **text, size_t *len)
{
	usec_t end = daemon_now() + PATIENCE;
	size_t size = 65536;

	*text = malloc(size);
	*len = 0;
	while (*text) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		usec_t now = daemon_now();
		ssize_t n;

		if (now >= end || poll(&p, 1, (int)((end - now + 999) / 1000)) == 0)
			return -ETIMEDOUT;
		n = read(fd, *text + *len, size - *len);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		*len += n > 0 ? (size_t)n : 0;
		if (*len == size) {
			char *grown = size < OUTPUT_MAX ? realloc(*text, size * 2) : NULL;

			if (!grown)
				return -ENOMEM;
			*text = grown;
			size *= 2;
		}
	}
	return -ENOMEM;
}

/* 0 and *text (to be freed); -ENOENT: not installed; else negative errno. */
static int run(char *const argv[], char **text, size_t *len)
{
	char *const environment[] = {(char[]){"LC_ALL=C"},
				     (char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int fds[2], err, status = 0;
	sigset_t none;
	char path[64];
	pid_t pid;

	*text = NULL;
	if (!find_program(argv[0], path))
		return -ENOENT;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	err = -posix_spawn(&pid, path, &actions, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(fds[1]);
	if (!err) {
		err = read_all(fds[0], text, len);
		if (err)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(fds[0]);
	if (!err && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		err = -EPERM; /* nearly always: not root */
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}

static void judge(struct firewall_look *l, const char *tool, const char *text, size_t len, bool nft,
		  bool skip_iptables)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct firewall_question q = {l->interface, ways[i].protocol, ways[i].port,
					      ways[i].answer};
		struct firewall_answer a;
		int err = nft ? firewall_judge_nft(text, len, skip_iptables, &q, &a)
			      : firewall_judge_iptables(text, len, &q, &a);

		if (err) {
			l->failed = true;
			snprintf(l->why, sizeof(l->why), "what %s prints was not understood", tool);
			return;
		}
		if (a.verdict > l->way[i].verdict) {
			l->way[i] = a;
			l->iptables[i] = !nft;
		}
	}
	l->found = true;
}

static void find_keeper(struct firewall_look *l, const char *text)
{
	if (strstr(text, "ufw-user-input"))
		l->keeper = KEEPER_UFW;
	if (strstr(text, "\"firewalld\"") || strstr(text, "IN_public"))
		l->keeper = KEEPER_FIREWALLD;
}

static bool look_with(struct firewall_look *l, char *const argv[], bool nft, bool skip_iptables)
{
	char *text;
	size_t len;
	int err = run(argv, &text, &len);

	if (err == -ENOENT)
		return false;
	if (err) {
		l->failed = true;
		snprintf(l->why, sizeof(l->why), "%s %s", argv[0],
			 err == -EPERM ? "may only be run by root" : "did not answer");
		return false;
	}
	judge(l, argv[0], text, len, nft, skip_iptables);
	if (len) {
		text[len - 1] = 0; /* the last newline */
		find_keeper(l, text);
	}
	free(text);
	return true;
}

void firewall_look(struct firewall_look *l, const char *interface)
{
	char *const save[] = {(char[]){"iptables-save"}, NULL};
	char *const legacy[] = {(char[]){"iptables-legacy-save"}, NULL};
	char *const nft[] = {(char[]){"nft"}, (char[]){"-j"}, (char[]){"list"}, (char[]){"ruleset"},
			     NULL};
	bool saved;

	*l = (struct firewall_look){.found = false};
	text_copy(l->interface, sizeof(l->interface), interface);
	saved = look_with(l, save, false, false);
	look_with(l, legacy, false, false);
	look_with(l, nft, true, saved);
}

enum firewall_verdict firewall_worst(const struct firewall_look *l)
{
	enum firewall_verdict worst = FIREWALL_OPEN;

	for (unsigned i = WAY_DHCP; i <= WAY_REPLIES; i++)
		if (l->way[i].verdict > worst)
			worst = l->way[i].verdict;
	return worst;
}

void firewall_found(const struct firewall_look *l, char *out, size_t size)
{
	static const char *const name[WAYS] = {
		[WAY_DHCP] = "DHCP requests (UDP 67)",
		[WAY_TFTP] = "TFTP requests (UDP 69)",
		[WAY_REPLIES] = "the phone's part of a file transfer",
		[WAY_SCCP] = "TCP 2000",
		[WAY_SIP] = "TCP 5060",
		[WAY_SIP_UDP] = "UDP 5060",
		[WAY_6970] = "TCP 6970",
	};
	enum firewall_verdict worst = firewall_worst(l);
	const struct firewall_answer *first = NULL;
	bool iptables = false;

	out[0] = 0;
	for (unsigned i = 0; i < WAYS; i++) {
		/* A refusal of what is only nice to have does not hold a phone up. */
		bool counts = l->way[i].verdict == worst && (i <= WAY_REPLIES || l->way[i].silent);

		if (!counts || worst == FIREWALL_OPEN)
			continue;
		text_append(out, size, "%s%s", first ? ", " : "", name[i]);
		if (!first) {
			first = &l->way[i];
			iptables = l->iptables[i];
		}
	}
	if (first)
		text_append(out, size, " (chain %s of %s %s%s%s)", first->chain,
			    iptables ? "iptables' table" : "the nftables table",
			    iptables ? "" : first->family, iptables ? "" : " ", first->table);
}

static bool blocked(const struct firewall_look *l, enum firewall_way way)
{
	return l->way[way].verdict == FIREWALL_BLOCKED;
}

void firewall_remedy(const struct firewall_look *l, char *out, size_t size)
{
	const char *on = l->interface;
	bool asks = blocked(l, WAY_DHCP) || blocked(l, WAY_TFTP);
	enum firewall_way way = blocked(l, WAY_DHCP)   ? WAY_DHCP
				: blocked(l, WAY_TFTP) ? WAY_TFTP
						       : WAY_REPLIES;
	const struct firewall_answer *a = &l->way[way];

	out[0] = 0;
	if (l->keeper == KEEPER_UFW) {
		text_append(out, size, "sudo ufw allow in on %s to any port 67,69 proto udp", on);
	} else if (l->keeper == KEEPER_FIREWALLD) {
		text_append(out, size, "sudo firewall-cmd --zone=trusted --change-interface=%s",
			    on);
	} else if (l->iptables[way]) {
		if (asks)
			text_append(out, size,
				    "sudo iptables -t %s -I %s -i %s -p udp -m multiport --dports "
				    "67,69 -j ACCEPT",
				    a->table, a->chain, on);
		if (blocked(l, WAY_REPLIES))
			text_append(out, size,
				    "%ssudo iptables -t %s -I %s -i %s -m conntrack --ctstate "
				    "ESTABLISHED,RELATED -j ACCEPT",
				    asks ? " && " : "", a->table, a->chain, on);
	} else {
		if (asks)
			text_append(
				out, size,
				"sudo nft insert rule %s %s %s iifname %s udp dport '{ 67, 69 }' "
				"accept",
				a->family, a->table, a->chain, on);
		if (blocked(l, WAY_REPLIES))
			text_append(out, size,
				    "%ssudo nft insert rule %s %s %s iifname %s ct state "
				    "established,related accept",
				    asks ? " && " : "", a->family, a->table, a->chain, on);
	}
}
