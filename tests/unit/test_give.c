/* SPDX-License-Identifier: MIT */
/*
 * What root gives away, and how much memory who reads firmware may have. The files are of the
 * shell, which is no library: they are included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/daemon/confine.c"
#include "../../src/daemon/rights.c"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* What is given away is what was looked at, never what a link leads to. */
static void gives_only_what_is_there(void **state)
{
	char folder[] = "/tmp/reflashd-give-XXXXXX", file[128], other[128];
	int at, fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	at = open(folder, O_PATH | O_DIRECTORY);
	fd = openat(at, "gift.txt", O_CREAT | O_WRONLY, 0644);
	assert_true(at >= 0 && fd >= 0);
	close(fd);
	assert_int_equal(rights_give(at, "gift.txt", S_IFREG, geteuid(), getegid()), 0);
	assert_int_equal(rights_give(at, "gift.txt", S_IFSOCK, geteuid(), getegid()), -ELOOP);
	assert_int_equal(rights_give(at, "none.txt", S_IFREG, geteuid(), getegid()), -ENOENT);
	snprintf(file, sizeof(file), "%s/gift.txt", folder);
	snprintf(other, sizeof(other), "%s/soft.txt", folder);
	assert_int_equal(symlink("gift.txt", other), 0);
	assert_int_equal(rights_give(at, "soft.txt", S_IFREG, geteuid(), getegid()), -ELOOP);
	unlink(other);
	assert_int_equal(link(file, other), 0);
	assert_int_equal(rights_give(at, "soft.txt", S_IFREG, geteuid(), getegid()), -ELOOP);
	unlink(other);
	unlink(file);
	close(at);
	rmdir(folder);
}

static bool can_have(size_t mib)
{
	void *volatile got = malloc(mib << 20);

	free(got);
	return got != NULL;
}

/* In a child, with or without our limit: 1: not even 64 MiB; 2: 512 MiB, too. */
static int what_can_be_had(bool ours)
{
	const struct rlimit limit = {256 << 20, 256 << 20};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (ours)
			confine_memory(limit.rlim_max);
		else if (setrlimit(RLIMIT_DATA, &limit) != 0)
			_exit(3);
		_exit(!can_have(64) ? 1 : can_have(512) ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void memory(void **state)
{
	(void)state;
	if (WITH_SANITIZER || what_can_be_had(false) == 2)
		skip(); /* under a sanitizer there is no limit; under qemu none holds */
	assert_int_equal(what_can_be_had(true), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_only_what_is_there),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
