/* SPDX-License-Identifier: MIT */
/*
 * The walls around the daemon, tried from the inside: each case is a child that confines itself
 * with the functions that the daemon uses and then tries what it must not be able to do, and what
 * it must. What comes back from those who read firmware is tried with a made-up one at the other
 * end.
 *
 * The files are of the shell, which is no library: they are included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/daemon/confine.c"
#include "../../src/daemon/rights.c"
#define put put_bytes
#include "../../src/daemon/examiner.c"
#include "../../src/daemon/reader.c"
#include "../../src/daemon/unpacker.c"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

static char folder[64];

/* In a child: the number of the line that did not hold, 0 when all did. */
#define HOLDS(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			_exit((__LINE__ % 250) + 1);                                               \
	} while (0)
#define REFUSED(call, with) HOLDS((call) < 0 && errno == (with))

static void in_child(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		body();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		fail_msg("killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 255)
		skip();
	if (WEXITSTATUS(status))
		fail_msg("line %d (modulo 250) does not hold", WEXITSTATUS(status) - 1);
}

static void make(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (strchr(name, '.')) {
		fd = open(path, O_CREAT | O_WRONLY, 0644);
		close(fd);
	} else {
		mkdir(path, 0755);
	}
}

static int try_open(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags, 0644);
	if (fd >= 0)
		close(fd);
	return fd;
}

static int try_bind(uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int err = bind(fd, (struct sockaddr *)&sa, sizeof(sa)), why = errno;

	close(fd);
	errno = why;
	return err;
}

static void files_body(void)
{
	char path[128];
	struct confine_path paths[2] = {{.write = false}, {.write = true}};
	const uint16_t ports[] = {54321, 0};
	struct confine_files files = {.path = paths, .path_count = 2, .bind = ports};
	int version;

	snprintf(path, sizeof(path), "%s/library", folder);
	paths[0].fd = open(path, O_PATH);
	snprintf(path, sizeof(path), "%s/state", folder);
	paths[1].fd = open(path, O_PATH);
	HOLDS(try_open("other/a.txt", O_RDONLY) >= 0);
	HOLDS(confine_process() == 0);
	version = confine_files(&files);
	if (version == 0)
		_exit(255); /* a kernel without */
	HOLDS(version > 0);
	HOLDS(try_open("library/a.txt", O_RDONLY) >= 0);
	HOLDS(try_open("library", O_RDONLY | O_DIRECTORY) >= 0);
	REFUSED(try_open("library/a.txt", O_WRONLY), EACCES);
	REFUSED(try_open("library/new.txt", O_WRONLY | O_CREAT), EACCES);
	HOLDS(try_open("state/new.txt", O_RDWR | O_CREAT) >= 0);
	snprintf(path, sizeof(path), "%s/state/new.txt", folder);
	HOLDS(unlink(path) == 0);
	REFUSED(try_open("other/a.txt", O_RDONLY), EACCES);
	REFUSED(try_open("other", O_RDONLY | O_DIRECTORY), EACCES);
	REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
	snprintf(path, sizeof(path), "%s/other/a.txt", folder);
	REFUSED(unlink(path), EACCES);
	snprintf(path, sizeof(path), "%s/state/dir", folder);
	REFUSED(mkdir(path, 0700), EACCES);
	if (version >= 4) {
		HOLDS(try_bind(54321) == 0);
		REFUSED(try_bind(54322), EACCES);
	}
	if (version >= 6)
		REFUSED(kill(getppid(), 0), EPERM);
}

static void files(void **state)
{
	(void)state;
	in_child(files_body);
}

static void *nothing(void *ctx)
{
	return ctx;
}

static int make_namespace(void)
{
	return (int)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static void calls_body(void)
{
	char *const argv[] = {(char[]){"false"}, NULL};
	pthread_t thread;
	pid_t pid;
	int err;

	HOLDS(confine_process() == 0);
	err = confine_calls();
	if (err == -ENOSYS)
		_exit(255);
	HOLDS(err == 0);
	REFUSED(execve("/bin/false", argv, argv + 1), EPERM);
	REFUSED(mount("x", "/", "tmpfs", 0, NULL), EPERM);
	REFUSED(unshare(CLONE_NEWUSER), EPERM);
	REFUSED(make_namespace(), EPERM);
	REFUSED(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM);
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
	REFUSED(setuid(getuid()), EPERM);
	REFUSED(chroot("/"), EPERM);
	REFUSED(ioctl(0, TIOCSTI, "x"), EPERM);
#if !WITH_SANITIZER
	REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
#endif
	/* And what a server does goes on. */
	HOLDS(pthread_create(&thread, NULL, nothing, NULL) == 0);
	HOLDS(pthread_join(thread, NULL) == 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	HOLDS(pid > 0 && waitpid(pid, NULL, 0) == pid);
	HOLDS(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	HOLDS(open("/dev/null", O_RDWR) >= 0);
	HOLDS(confine_sockets() == 0);
	HOLDS(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	HOLDS(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	HOLDS(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	HOLDS(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) >= 0);
#ifndef SYS_socketcall /* one call for all, its arguments where no filter sees them: x86, 32 bits */
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	REFUSED(socket(AF_INET6, SOCK_DGRAM, 0), EPERM);
	REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_UDP), EPERM);
	REFUSED(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), EPERM);
	REFUSED(socket(AF_INET, SOCK_PACKET, 0), EPERM);
#endif
}

static void calls(void **state)
{
	(void)state;
	in_child(calls_body);
}

static void computing_body(void)
{
	int fds[2], err;
	char byte = 'x', *memory;

	HOLDS(pipe(fds) == 0 && confine_process() == 0);
	err = confine_to_computing();
	if (err == -ENOSYS)
		_exit(255);
	HOLDS(err == 0);
	HOLDS(write(fds[1], &byte, 1) == 1 && read(fds[0], &byte, 1) == 1);
	memory = malloc((size_t)64 << 20);
	HOLDS(memory);
	memset(memory, 1, (size_t)64 << 20);
	free(memory);
	REFUSED(open("/etc/passwd", O_RDONLY), EPERM);
	REFUSED(socket(AF_INET, SOCK_DGRAM, 0), EPERM);
	REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
	REFUSED(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), EPERM);
	REFUSED(kill(1, 0), EPERM);
	REFUSED(send(fds[1], &byte, 1, 0), EPERM);
	REFUSED(unlink("/nowhere"), EPERM);
}

/* Who waits for a child that does nothing is told at once that nothing is read any more, and the
 * child is gone. */
static void ends_with_its_keeper(void **state)
{
	static const struct keys none;
	const struct file_head empty = {0, 0};
	int fd, one[2];
	struct exam e;
	char byte;

	(void)state;
	alarm(20); /* else it would be for ever */
	assert_int_equal(pipe(one), 0);
	assert_int_equal(reader_ask(READER_EXAMINE, one[1], &fd), 0);
	close(one[1]);
	assert_true(reader_put(fd, &none, sizeof(none)) && reader_put(fd, &empty, sizeof(empty)));
	assert_true(reader_get(fd, &e, sizeof(e))); /* it works, and waits for the next one */
	reader_end();
	assert_false(reader_get(fd, &byte, 1));
	/* The child had the other end of it. */
	assert_int_equal(read(one[0], &byte, 1), 0);
	close(fd);
	assert_int_equal(reader_ask(READER_UNPACK, -1, &fd), -EPIPE);
	reader_stop();
	ended = false;
	close(one[0]);
	alarm(0);
}

static void computing(void **state)
{
	(void)state;
	in_child(computing_body);
}

static void process_body(void)
{
	struct rlimit core;

	HOLDS(confine_process() == 0);
	HOLDS(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
	HOLDS(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	HOLDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void process(void **state)
{
	(void)state;
	in_child(process_body);
}

static int raw_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void user_body(void)
{
	struct rights_user u;
	struct fault f;
	int err;

	if (geteuid() != 0 || raw_socket() < 0)
		_exit(255);
	HOLDS(rights_choose(&u, "no-such-user-here", &f) == -ENOENT);
	HOLDS(strstr(f.text, "no-such-user-here") && strstr(f.text, "--user"));
	HOLDS(rights_choose(&u, "", &f) == 0 && u.change && u.uid != 0);
	err = rights_reduce(&u);
	if (err == 1)
		_exit(255); /* inside a user namespace there is nobody else */
	HOLDS(err == 0);
	HOLDS(getuid() == u.uid && geteuid() == u.uid && getgid() == u.gid);
	REFUSED(setresuid(0, 0, 0), EPERM);
	REFUSED(open("/etc/shadow", O_RDONLY), EACCES);
	HOLDS(rights_have(RIGHT_BIND | RIGHT_RAW | RIGHT_ADMIN));
	/* asleep, awake, asleep, gone */
	REFUSED(raw_socket(), EPERM);
	rights_wake(RIGHT_BIND);
	REFUSED(raw_socket(), EPERM);
	rights_wake(RIGHT_RAW);
	HOLDS(raw_socket() >= 0);
	rights_sleep();
	REFUSED(raw_socket(), EPERM);
	rights_give_up(RIGHT_RAW);
	HOLDS(!rights_have(RIGHT_RAW) && rights_have(RIGHT_ADMIN));
	rights_wake(RIGHT_RAW | RIGHT_ADMIN);
	REFUSED(raw_socket(), EPERM);
}

static void user(void **state)
{
	(void)state;
	in_child(user_body);
}

/* ---- what the unpacker may say ---- */

static unsigned visits;

static int visit(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	(void)f;
	assert_string_equal(name, "term70.default.loads");
	assert_int_equal(len, 3);
	assert_memory_equal(data, "abc", 3);
	visits++;
	return *(int *)ctx;
}

struct lie {
	const char *what;
	struct head head;
	const char *rest;
	size_t cut; /* this many bytes of it are not sent */
};

static int answer_to(const struct lie *l, unsigned times, struct fault *f)
{
	int ok = 0, fds[2], err;
	struct answer a = {.path = "x.zip", .visit = visit, .ctx = &ok};
	size_t len = strlen(l->rest);
	struct head end = {THE_END, 0, 0};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(write(fds[1], &l->head, sizeof(l->head)), sizeof(l->head));
		assert_int_equal(write(fds[1], l->rest, len - l->cut), len - l->cut);
	}
	if (l->head.kind == A_FILE && !l->cut)
		assert_int_equal(write(fds[1], &end, sizeof(end)), sizeof(end));
	close(fds[1]);
	visits = 0;
	err = take_answer(&a, fds[0], f);
	free(a.data);
	close(fds[0]);
	return err;
}

static void lies(void **state)
{
	static const struct lie truth = {"truth", {A_FILE, 20, 3}, "term70.default.loadsabc", 0};
	static const struct lie cases[] = {
		{"no name", {A_FILE, 0, 3}, "abc", 0},
		{"a folder", {A_FILE, 5, 3}, "../xyabc", 0},
		{"a folder inside", {A_FILE, 3, 3}, "a/babc", 0},
		{"a hidden file", {A_FILE, 2, 3}, ".aabc", 0},
		{"an escape", {A_FILE, 3, 3}, "a\033babc", 0},
		{"a long name", {A_FILE, 256, 3}, "x", 0},
		{"a huge name", {A_FILE, UINT32_MAX, 3}, "x", 0},
		{"a large file", {A_FILE, 20, ARCHIVE_FILE_MAX + 1}, "term70.default.loads", 0},
		{"a huge file", {A_FILE, 20, UINT64_MAX}, "term70.default.loads", 0},
		{"the end in a file", {A_FILE, 20, 3}, "term70.default.loadsabc", 1},
		{"the end in a name", {A_FILE, 20, 3}, "term70.default.loadsabc", 5},
		{"another kind", {7, 20, 3}, "term70.default.loadsabc", 0},
		{"no sentence", {THE_END, 0, EBADMSG}, "", 0},
		{"a long sentence", {THE_END, FAULT_TEXT_MAX, EBADMSG}, "x", 0},
	};
	struct fault f;

	(void)state;
	assert_int_equal(answer_to(&truth, 1, &f), 0);
	assert_int_equal(visits, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (answer_to(&cases[i], 1, &f) != -EBADMSG || visits)
			fail_msg("%s: %u visits", cases[i].what, visits);
		assert_non_null(strstr(f.text, "x.zip"));
	}
}

static void sentences(void **state)
{
	static const struct lie refused = {"", {THE_END, 6, EBADMSG}, "a\033[31m", 0};
	static const struct lie eight_bit = {"", {THE_END, 6, EBADMSG}, "a\2333\1771m", 0};
	static const struct lie memory = {"", {THE_END, 2, ENOMEM}, "no", 0};
	static const struct lie odd = {"", {THE_END, 2, UINT64_C(1) << 40}, "no", 0};
	struct fault f;

	(void)state;
	assert_int_equal(answer_to(&refused, 1, &f), -EBADMSG);
	assert_string_equal(f.text, "a?[31m");
	assert_int_equal(answer_to(&eight_bit, 1, &f), -EBADMSG);
	assert_string_equal(f.text, "a?3?1m");
	assert_int_equal(answer_to(&memory, 1, &f), -ENOMEM);
	assert_int_equal(answer_to(&odd, 1, &f), -EBADMSG);
}

/* A tar of one file by hand, walked by the real one. */
static void walked(void **state)
{
	char tar[512 * 4] = "term70.default.loads", path[128];
	unsigned sum = 0;
	int ok = 0, fd;
	struct fault f;

	(void)state;
	memcpy(tar + 100,
	       "0000644\0"
	       "0000000\0"
	       "0000000\0"
	       "00000000003\0"
	       "00000000000\0        0",
	       8 + 8 + 8 + 12 + 12 + 9);
	memcpy(tar + 257,
	       "ustar\0"
	       "00",
	       8);
	for (unsigned i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	tar[155] = ' ';
	memcpy(tar + 512, "abc", 3);
	snprintf(path, sizeof(path), "%s/a.tar", folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	assert_int_equal(write(fd, tar, sizeof(tar)), sizeof(tar));
	for (int i = 0; i < 3; i++) { /* the keeper outlives each */
		lseek(fd, 0, SEEK_SET);
		visits = 0;
		if (unpacker_walk("a.tar", fd, i == 1 ? 515 : sizeof(tar), visit, &ok, &f) !=
			    (i == 1 ? -EBADMSG : 0) &&
		    i != 1)
			fail_msg("%s", f.text);
		assert_int_equal(visits, i == 1 ? visits : 1);
	}
	/* What the visitor says is handed on, and the child ends by itself. */
	ok = -ENOSPC;
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(unpacker_walk("a.tar", fd, sizeof(tar), visit, &ok, &f), -ENOSPC);
	/* Not an archive. */
	lseek(fd, 600, SEEK_SET);
	assert_int_equal(unpacker_walk("a.zip", fd, 100, visit, &ok, &f), -EBADMSG);
	/* Less in the file than was said. */
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(unpacker_walk("a.tar", fd, sizeof(tar) + 1, visit, &ok, &f), -EBADMSG);
	assert_non_null(strstr(f.text, "brings down"));
	close(fd);
	reader_stop();
}

/* ---- what the examiner may say ---- */

static struct keys known;
static bool sha1_wanted;

static const uint8_t abc_sha1[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
				   0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};

static void examined(void **state)
{
	struct examiner x = {&known, &sha1_wanted, -1};
	uint8_t *large = calloc(1, 3 << 20);
	struct exam e, here;
	int child;

	(void)state;
	keys_builtin(&known);
	assert_non_null(large);
	assert_int_equal(examiner_examine(&x, (const uint8_t *)"abc", 3, &e), 0);
	assert_int_equal(e.signature, SIGNATURE_UNSIGNED);
	assert_memory_equal(e.identity, abc_sha1, sizeof(abc_sha1));
	child = x.fd;
	/* The same child, larger files and none at all, and the same as is found here. */
	sha1_wanted = true;
	for (size_t len = 0; len <= 3 << 20; len += 1 << 20) {
		assert_int_equal(examiner_examine(&x, large, len, &e), 0);
		exam_make(&here, &known, true, large, len);
		assert_memory_equal(e.sha1, here.sha1, sizeof(e.sha1));
		assert_memory_equal(&e.image, &here.image, sizeof(e.image));
	}
	assert_int_equal(x.fd, child);
	/* It ends over a file; the next one has a new child. */
	shutdown(x.fd, SHUT_RDWR);
	assert_int_equal(examiner_examine(&x, large, 3, &e), -EBADMSG);
	assert_int_equal(x.fd, -1);
	assert_int_equal(examiner_examine(&x, (const uint8_t *)"abc", 3, &e), 0);
	assert_memory_equal(e.identity, abc_sha1, sizeof(abc_sha1));
	examiner_rest(&x);
	/* The one that makes the children is gone: said as that. */
	shutdown(keeper_fd, SHUT_RDWR);
	assert_int_equal(examiner_examine(&x, large, 3, &e), -EPIPE);
	assert_int_equal(x.fd, -1);
	free(large);
	reader_stop();
}

/* One that was taken over: what it says must make sense at least. */
static void lying_exams(void **state)
{
	struct exam truth, e;
	struct examiner x = {&known, &sha1_wanted, -1};

	(void)state;
	keys_builtin(&known);
	exam_make(&truth, &known, false, (const uint8_t *)"abc", 3);
	for (unsigned lie = 0; lie < 12; lie++) {
		struct exam said = truth;
		size_t cut = 0;
		int fds[2];

		switch (lie) {
		case 0: break; /* the truth */
		case 1: said.signature = SIGNATURE_VERIFIED; break;
		case 2: said.signature = SIGNATURE_BAD; break;
		case 3: said.key = 1; break;
		case 4:
			said.signature = SIGNATURE_VERIFIED;
			said.key = known.count + 1;
			break;
		case 5: said.signature = (enum signature)4; break;
		case 6: said.signature = (enum signature) - 1; break;
		case 7: said.image.format = (enum image_format)(IMAGE_SB2 + 1); break;
		case 8: said.image.state = (enum image_state) - 1; break;
		case 9: memset(said.image.name, 'x', sizeof(said.image.name)); break;
		case 10: said.image.tag[0] = '\033'; break;
		default: cut = 1;
		}
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(write(fds[1], &said, sizeof(said) - cut), sizeof(said) - cut);
		shutdown(fds[1], SHUT_WR);
		x.fd = fds[0];
		if (examiner_examine(&x, (const uint8_t *)"abc", 3, &e) != (lie ? -EBADMSG : 0))
			fail_msg("lie %u is believed", lie);
		examiner_rest(&x);
		close(fds[1]);
	}
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/reflashd-sandbox-XXXXXX");
	if (!mkdtemp(folder) || chmod(folder, 0755) != 0)
		return -1;
	make("library");
	make("state");
	make("other");
	make("library/a.txt");
	make("other/a.txt");
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process),     cmocka_unit_test(files),
		cmocka_unit_test(calls),       cmocka_unit_test(ends_with_its_keeper),
		cmocka_unit_test(computing),   cmocka_unit_test(user),
		cmocka_unit_test(lies),	       cmocka_unit_test(sentences),
		cmocka_unit_test(walked),      cmocka_unit_test(examined),
		cmocka_unit_test(lying_exams),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
