/* SPDX-License-Identifier: MIT */
/*
 * libarchive and zlib are a hundred thousand lines that read what strangers have made. They
 * never run in a process with sockets, files or rights: an error in them reaches nothing but the
 * bytes of the archive that caused it.
 *
 * The happy path: a keeper is forked off when we start, while we still are one small thread. It
 * closes all files, gives up all rights and waits. For each archive it is handed the archive, open
 * for reading, and one end of a connection, and forks a child for it; the child cuts itself off
 * from all but computing (seccomp), reads the archive, walks it and writes back each file, then
 * how it ended. The next archive gets a new child, so one cannot leave anything behind for the
 * next.
 *
 *     to the child    size of the name · size of the archive · name
 *     from the child  0 · size of the name · size of the file · name · file    any number of times
 *                     1 · errno · size of the sentence · sentence              once, at the end
 *
 * What comes back is from a stranger, too: names must be plain names, sizes and numbers within the
 * limits of archive.h, the sentence printable. Whether a file is what it claims to be is then found
 * out by its signature and its SHA-1 as ever. That is done here and not over there: it is
 * libcrypto over bytes of known length and our own parsers (no compression, no nesting), it holds
 * for loose files as well, and the verdict has to be ours.
 *
 * What can go wrong: the child crashes, or needs more time or memory than any archive may. Then
 * the connection ends early, and the archive is refused. The keeper gone: no archive is read
 * until the next start.
 */
#include "unpacker.h"

#include "confine.h"
#include "rights.h"

#include "reflashd/text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_MAX_     255
#define PATH_NAME_MAX 4096
#define CPU_SECONDS   300 /* the largest archive that may be takes a few */
#define BUFFER_BYTES  (1 << 20)

enum { A_FILE, THE_END };

struct head {
	uint32_t kind; /* of THE_END: then size is -errno */
	uint32_t name_len;
	uint64_t size;
};

static int keeper_fd = -1;
static pid_t keeper_pid;

/* ---- both ends ---- */

static bool put(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool get(int fd, void *data, size_t len)
{
	char *at = data;

	while (len) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool put_message(int fd, const struct head *h, const char *name, const void *data,
			size_t len)
{
	return put(fd, h, sizeof(*h)) && put(fd, name, h->name_len) && put(fd, data, len);
}

/* ---- the child ---- */

static int send_file(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	const int *fd = ctx;
	struct head h = {A_FILE, (uint32_t)strlen(name), len};

	return put_message(*fd, &h, name, data, len) ? 0 : fault_set(f, -EPIPE, "nobody listens");
}

static void limit(void)
{
	const struct rlimit none = {0, 0}, time = {CPU_SECONDS, CPU_SECONDS};

	setrlimit(RLIMIT_CPU, &time);
	setrlimit(RLIMIT_FSIZE, &none);
	setrlimit(RLIMIT_NOFILE, &none);
	setrlimit(RLIMIT_NPROC, &none);
}

static _Noreturn void walk(int fd, int file)
{
	char name[PATH_NAME_MAX + 1];
	struct fault f = {0};
	struct head h;
	uint8_t *data;
	int err;

	limit();
	err = confine_to_computing();
	if (err && err != -ENOSYS)
		_exit(1);
	if (!get(fd, &h, sizeof(h)) || h.name_len > PATH_NAME_MAX || h.size > ARCHIVE_SIZE_MAX ||
	    !get(fd, name, h.name_len))
		_exit(1);
	name[h.name_len] = 0;
	data = malloc(h.size ? (size_t)h.size : 1);
	if (!data || !get(file, data, (size_t)h.size))
		_exit(1);
	err = archive_walk(name, data, (size_t)h.size, send_file, &fd, &f);
	h = (struct head){THE_END, err ? (uint32_t)strlen(f.text) : 0, (uint64_t)-err};
	_exit(put_message(fd, &h, f.text, NULL, 0) ? 0 : 1);
}

/* ---- the keeper ---- */

static bool receive(int from, int fds[2])
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return false;
	memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	return true;
}

static _Noreturn void keep(int fd)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD};
	const struct confine_files none = {.path_count = 0};
	int job[2];

	/* It ends when its connection does, and by nothing else: Ctrl-C is for the other one. */
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "reflashd-unpack", 0, 0, 0);
	if (confine_descriptors(fd) != 0)
		_exit(1);
	rights_drop_all();
	if (confine_process() != 0 || confine_files(&none) < 0)
		_exit(1);
	confine_calls(); /* where there is no filter the rest has to do */
	while (receive(3, job)) {
		/* Not fork(): libuv would have its own files closed in the child, and their numbers
		 * are long those of others. */
		if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
			close(3);
			walk(job[0], job[1]);
		}
		close(job[0]);
		close(job[1]);
	}
	_exit(0);
}

int unpacker_start(struct fault *f)
{
	int ends[2];

	if (keeper_fd >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_set(f, -ENOMEM, "cannot start the process that unpacks archives: %s",
				 strerror(errno));
	keeper_pid = fork();
	if (keeper_pid == 0)
		keep(ends[1]);
	close(ends[1]);
	if (keeper_pid < 0) {
		close(ends[0]);
		return fault_set(f, -ENOMEM, "cannot start the process that unpacks archives: %s",
				 strerror(errno));
	}
	keeper_fd = ends[0];
	return 0;
}

void unpacker_stop(void)
{
	if (keeper_fd < 0)
		return;
	close(keeper_fd);
	keeper_fd = -1;
	while (waitpid(keeper_pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- our end ---- */

static bool hand_over(int connection, int file)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = {.space = {0}};
	struct iovec part = {(char[]){0}, 1};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), (int[]){connection, file}, 2 * sizeof(int));
	return sendmsg(keeper_fd, &m, MSG_NOSIGNAL) == 1;
}

/* As archive.h promises: no folder, no dot at the front, nothing that upsets a terminal. */
static bool is_plain(const char *name, size_t len)
{
	if (len == 0 || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == '/')
			return false;
	return true;
}

struct answer {
	const char *path;
	archive_visit *visit;
	void *ctx;
	uint8_t *data; /* for one file at a time */
	size_t room;
	uint64_t total;
	unsigned files;
};

static int broken(const struct answer *a, struct fault *f)
{
	return fault_set(f, -EBADMSG,
			 "`%s' brings down what unpacks it: it is badly damaged, or made to do "
			 "harm. Get it again",
			 a->path);
}

static int take_file(struct answer *a, int fd, const struct head *h, struct fault *f)
{
	char name[NAME_MAX_ + 1];

	if (h->name_len > NAME_MAX_ || h->size > ARCHIVE_FILE_MAX ||
	    ++a->files > ARCHIVE_ENTRIES_MAX || !get(fd, name, h->name_len))
		return broken(a, f);
	name[h->name_len] = 0;
	a->total += h->size;
	if (a->total > ARCHIVE_TOTAL_MAX || !is_plain(name, h->name_len))
		return broken(a, f);
	if (h->size > a->room || !a->data) {
		free(a->data);
		a->room = h->size < BUFFER_BYTES ? BUFFER_BYTES : (size_t)h->size;
		a->data = malloc(a->room);
	}
	if (!a->data)
		return fault_set(f, -ENOMEM, "no memory to read `%s'", a->path);
	if (!get(fd, a->data, (size_t)h->size))
		return broken(a, f);
	return a->visit(a->ctx, name, a->data, (size_t)h->size, f);
}

static int take_end(const struct answer *a, int fd, const struct head *h, struct fault *f)
{
	char text[FAULT_TEXT_MAX];

	if (h->size == 0)
		return 0;
	if (h->name_len == 0 || h->name_len >= sizeof(text) || !get(fd, text, h->name_len))
		return broken(a, f);
	text[h->name_len] = 0;
	for (size_t i = 0; i < h->name_len; i++)
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
			text[i] = '?';
	return fault_set(f, h->size == ENOMEM ? -ENOMEM : -EBADMSG, "%s", text);
}

static int take_answer(struct answer *a, int fd, struct fault *f)
{
	struct head h;
	int err = 0;

	while (!err) {
		if (!get(fd, &h, sizeof(h)))
			return broken(a, f);
		if (h.kind == THE_END)
			return take_end(a, fd, &h, f);
		err = h.kind == A_FILE ? take_file(a, fd, &h, f) : broken(a, f);
	}
	return err;
}

/* Without a signal when the reader goes away: that it did is seen by what it says, or does not. */
static void ask(int fd, const char *name, size_t len)
{
	struct head h = {0, (uint32_t)strlen(name), len};
	char question[sizeof(h) + PATH_NAME_MAX];

	if (h.name_len > PATH_NAME_MAX)
		return;
	memcpy(question, &h, sizeof(h));
	memcpy(question + sizeof(h), name, h.name_len);
	send(fd, question, sizeof(h) + h.name_len, MSG_NOSIGNAL);
}

int unpacker_walk(const char *name, int file, size_t len, archive_visit *visit, void *ctx,
		  struct fault *f)
{
	struct answer a = {.path = name, .visit = visit, .ctx = ctx};
	int ends[2], size = BUFFER_BYTES, err = unpacker_start(f);
	bool asked;

	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_set(f, -ENOMEM, "cannot read `%s': %s", name, strerror(errno));
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	asked = hand_over(ends[1], file);
	close(ends[1]);
	if (!asked)
		err = fault_set(f, -EBADMSG,
				"`%s' cannot be read: the process that unpacks archives is gone. "
				"Restart reflashd",
				name);
	if (!err) {
		ask(ends[0], name, len);
		err = take_answer(&a, ends[0], f);
	}
	free(a.data);
	close(ends[0]);
	return err;
}
