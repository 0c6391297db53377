/* SPDX-License-Identifier: MIT */
/*
 * Loading what lib.h tells of. Once loaded a library stays: nothing is ever taken out of a process
 * in which threads run.
 *
 * What can go wrong: it was not installed with us, or taken away since. Its users then fail in the
 * way they fail without memory; why is said here, once.
 */
#include "reflashd/lib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#ifndef LIBS_LINKED
#include "sonames.h"

static const char *const files[][2] = {LIB_FILES};

static const char *file_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strcmp(files[i][0], name) == 0)
			return files[i][1];
	return NULL;
}

static bool fill(const struct lib *l, void *handle)
{
	for (size_t i = 0; i < l->count; i++) {
		void *function = dlsym(handle, l->functions[i]);

		if (!function)
			return false;
		memcpy((char *)l->table + i * sizeof(function), &function, sizeof(function));
	}
	return true;
}

bool lib_load(struct lib *l)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool said;
	const char *file = file_of(l->name);
	void *handle;

	if (__atomic_load_n(&l->loaded, __ATOMIC_ACQUIRE))
		return true;
	must(file);
	pthread_mutex_lock(&lock);
	handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (handle && fill(l, handle))
		__atomic_store_n(&l->loaded, true, __ATOMIC_RELEASE);
	else if (!said)
		fprintf(stderr, "reflashd: cannot load a library: %s. Install it again.\n",
			dlerror());
	said = said || !l->loaded;
	pthread_mutex_unlock(&lock);
	return l->loaded;
}
#endif
