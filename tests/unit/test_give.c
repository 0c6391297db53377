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

static void memory(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		confine_memory(UINT64_C(256) << 20);
		_exit(!can_have(64) ? 1 : !WITH_SANITIZER && can_have(512) ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_only_what_is_there),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
