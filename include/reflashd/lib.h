/* SPDX-License-Identifier: MIT */
/*
 * Libraries that not every run needs.
 *
 * What an idle server has in memory is for the greater part libraries that it has no use for at
 * that moment: libmicrohttpd brings GnuTLS, libxml2 brings ICU. So the one file that knows such a
 * library loads it when it first wants something of it, and calls it through a table:
 *
 *     #define FUNCTIONS(F) F(archive_read_new) F(archive_read_free) …
 *     LIB(tar, "archive", FUNCTIONS)
 *
 *     if (!tar_load())
 *             …
 *     a = tar.archive_read_new();
 *
 * Which file that is at run time (libarchive.so.13) was found by the linker when this was built:
 * gen/sonames.h. A build with everything inside (-DLIBS_LINKED, conf/static.sh) has the same
 * tables, filled by the compiler.
 */
#ifndef REFLASHD_LIB_H
#define REFLASHD_LIB_H

#include "reflashd/base.h"

struct lib {
	const char *name;
	const char *const *functions;
	size_t count;
	void *table; /* of as many pointers */
	bool loaded;
};

/* For any thread. False: it is not there; the first time the reason goes to standard error. */
bool lib_load(struct lib *l);

#define LIB_MEMBER_(function)  __typeof__(&function) function;
#define LIB_NAME_(function)    #function,
#define LIB_ADDRESS_(function) &function,

#ifdef LIBS_LINKED
#define LIB(table_, name_, FUNCTIONS)                                                              \
	static const struct {                                                                      \
		FUNCTIONS(LIB_MEMBER_)                                                             \
	} table_ = {FUNCTIONS(LIB_ADDRESS_)};                                                      \
	static bool table_##_load(void)                                                            \
	{                                                                                          \
		return true;                                                                       \
	}
#else
#define LIB(table_, name_, FUNCTIONS)                                                              \
	static struct {                                                                            \
		FUNCTIONS(LIB_MEMBER_)                                                             \
	} table_;                                                                                  \
	static bool table_##_load(void)                                                            \
	{                                                                                          \
		static const char *const functions[] = {FUNCTIONS(LIB_NAME_)};                     \
		static struct lib lib = {name_, functions, ARRAY_LEN(functions), &table_, false};  \
                                                                                                   \
		_Static_assert(sizeof(table_) == ARRAY_LEN(functions) * sizeof(void *), "");       \
		return lib_load(&lib);                                                             \
	}
#endif

#endif
