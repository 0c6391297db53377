/* SPDX-License-Identifier: MIT */
/*
 * Folders and files that were opened while we still might, so that they can be reached afterwards.
 */
#ifndef REFLASHD_DAEMON_PLACES_H
#define REFLASHD_DAEMON_PLACES_H

#include "reflashd/base.h"

#include <dirent.h>
#include <sys/stat.h>

#define PLACES_MAX 48

/* Opens that folder or file for later. 0 or negative errno. */
int places_add(const char *path);
void places_close(void);

/* As the system calls of these names, for any path; where the way is closed and the path lies in a
 * place it is reached through that. */
int places_open(const char *path, int flags, mode_t mode);
int places_stat(const char *path, struct stat *st);
bool places_is_folder(const char *path);
int places_unlink(const char *path);
int places_rename(const char *from, const char *to); /* both below the same place */
DIR *places_opendir(const char *path);
int places_scandir(const char *path, struct dirent ***entries, int (*wanted)(const struct dirent *),
		   int (*order)(const struct dirent **, const struct dirent **));
/* Calls visit for each until it returns something else than 0; returns that. */
int places_each(int (*visit)(void *ctx, int fd, bool folder), void *ctx);
/* The name under which the kernel finds that folder or file for this process; path itself when that
 * does. */
const char *places_name(const char *path, char *out, size_t size);

#endif
