/* SPDX-License-Identifier: MIT */
/*
 * libarchive, zlib and libcrypto are half a million lines that read what strangers have made. While
 * we serve they never run in a process with sockets, files or rights: an error in them reaches
 * nothing but the bytes that caused it. And what they need for their work is in memory only while
 * they work.
 *
 * The happy path: a keeper is forked off when we start, while we still are one small thread. It
 * closes all files, gives up all rights (of files it may read the system's libraries, nothing else)
 * and waits. For each job it is handed one end of a connection, perhaps with an open file, and
 * forks a child for it; the child loads the library that the job wants, cuts itself off from all
 * but computing (seccomp), works, and ends. The next job gets a new child, so one cannot leave
 * anything behind for the next.
 *
 * What can go wrong: the child crashes, needs more time or memory than any firmware may, or falls
 * silent. Then the connection ends early; whoever asked says what that means. The keeper gone: its
 * children end with it, and nothing is read until the next start. So the end of the program need
 * not wait for a child that is still at work, or that somebody has taken over.
 */
#include "reader.h"

#include "confine.h"
#include "rights.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_SECONDS  300 /* the largest archive that may be takes a few */
#define MEMORY_BYTES (UINT64_C(3) << 30) /* the largest needs a third: archive, inner one, file */
#define SILENT_MOST  (CPU_SECONDS + 30)	 /* seconds */
#define BUFFER_BYTES (1 << 20)

static bool ended;
static int keeper_fd = -1;
static pid_t keeper_pid;
static bool closed_off;

/* ---- both ends ---- */

/* Without a signal when the other end is gone: that it is, is seen by the answer that lacks. The
 * child may not send(), and ignores that signal. */
bool reader_put(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = closed_off ? write(fd, at, len) : send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool reader_get(int fd, void *data, size_t len)
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

/* ---- the child ---- */

bool reader_close_off(void)
{
	const struct rlimit none = {0, 0}, time = {CPU_SECONDS, CPU_SECONDS};
	int err;

	setrlimit(RLIMIT_CPU, &time);
	setrlimit(RLIMIT_FSIZE, &none);
	setrlimit(RLIMIT_NOFILE, &none);
	setrlimit(RLIMIT_NPROC, &none);
	confine_memory(MEMORY_BYTES);
	err = confine_to_computing();
	closed_off = true;
	return !err || err == -ENOSYS;
}

/* ---- the keeper ---- */

/* Not fork(): libuv would have its own files closed in the child, and their numbers are long those
 * of others. */
static long fork_alone(void)
{
#ifdef __s390__ /* the stack first, then the flags (clone(2)) */
	return syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0);
#else
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

static bool receive(int from, char *job, int fds[2])
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec part = {job, 1};
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

/* Of all files only the libraries, for the child that wants one. */
static int confine_to_libraries(void)
{
	struct confine_path path[16];
	struct confine_files files = {.path = path};
	int err;

	for (size_t i = 0; confine_libraries[i] && files.path_count < ARRAY_LEN(path); i++) {
		int fd = open(confine_libraries[i], O_PATH | O_CLOEXEC);

		if (fd >= 0)
			path[files.path_count++] = (struct confine_path){fd, false};
	}
	err = confine_files(&files);
	while (files.path_count)
		close(path[--files.path_count].fd);
	return err;
}

static _Noreturn void keep(int fd)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD, SIGXFSZ};
	pid_t self = getpid();
	int own[2];
	char job;

	/* It ends when its connection does, and by nothing else: Ctrl-C is for the other one. And a
	 * child does not end over a line that valgrind writes for it (RLIMIT_FSIZE). */
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "reflashd-reader", 0, 0, 0);
	if (confine_descriptors(fd) != 0)
		_exit(1);
	rights_drop_all();
	if (confine_process() != 0 || confine_to_libraries() < 0)
		_exit(1);
	confine_calls(); /* where there is no filter the rest has to do */
	while (receive(3, &job, own)) {
		if (fork_alone() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			if (getppid() != self)
				_exit(1);
			close(3);
			if (job == READER_UNPACK)
				unpacker_work(own[0], own[1]);
			examiner_work(own[0]);
		}
		close(own[0]);
		close(own[1]);
	}
	_exit(0);
}

int reader_start(struct fault *f)
{
	int ends[2];

	if (keeper_fd >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_set(f, -ENOMEM, "cannot start the process that reads firmware: %s",
				 strerror(errno));
	keeper_pid = fork();
	if (keeper_pid == 0)
		keep(ends[1]);
	close(ends[1]);
	if (keeper_pid < 0) {
		close(ends[0]);
		return fault_set(f, -ENOMEM, "cannot start the process that reads firmware: %s",
				 strerror(errno));
	}
	keeper_fd = ends[0];
	return 0;
}

void reader_end(void)
{
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
	if (keeper_fd >= 0)
		shutdown(keeper_fd, SHUT_RDWR);
}

void reader_stop(void)
{
	if (keeper_fd < 0)
		return;
	close(keeper_fd);
	keeper_fd = -1;
	while (waitpid(keeper_pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- our end ---- */

static bool hand_over(char job, int connection, int file)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = {.space = {0}};
	struct iovec part = {&job, 1};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), (int[]){connection, file < 0 ? connection : file}, 2 * sizeof(int));
	return sendmsg(keeper_fd, &m, MSG_NOSIGNAL) == 1;
}

int reader_ask(enum reader_job job, int file, int *fd)
{
	const struct timeval patience = {.tv_sec = SILENT_MOST};
	int ends[2], size = BUFFER_BYTES;
	struct fault f;
	bool asked;

	if (__atomic_load_n(&ended, __ATOMIC_RELAXED))
		return -EPIPE;
	if (reader_start(&f) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -ENOMEM;
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	asked = hand_over((char)job, ends[1], file);
	close(ends[1]);
	if (asked)
		*fd = ends[0];
	else
		close(ends[0]);
	return asked ? 0 : -EPIPE;
}
