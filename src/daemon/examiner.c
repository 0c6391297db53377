/* SPDX-License-Identifier: MIT */
/*
 * Is a file whole, and who signed it? Found out by a child of the reader (reader.c) with libcrypto
 * and zlib, so that neither ever touches the memory of the process with the sockets.
 *
 *     to the child    the keys                                      once
 *                     size of the file · is its SHA-1 wanted · file  any number of times
 *     from the child  struct exam                                    for each file
 *
 * The bytes are sent, not the file: what is examined must be what will be served. One child takes
 * the files of one reading of the library, since each is a file of the user's; archives are taken
 * apart elsewhere (unpacker.c), so whoever takes over that child cannot call his own files genuine.
 *
 * What can go wrong: a file brings the child down. That file is left out, the next one has a new
 * child. An exam that exam_make() could not have made: the same.
 */
#include "examiner.h"

#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct file_head {
	uint64_t size;
	uint64_t want_sha1;
};

#define FILE_MAX (64u << 20) /* LIBRARY_FILE_MAX: nothing larger is asked about */

/* ---- the child ---- */

_Noreturn void examiner_work(int fd)
{
	static struct keys keys;
	uint8_t *data = NULL, sum[SHA1_BYTES] = {0};
	size_t room = 0;
	struct file_head h;
	struct exam e;

	sha1_digest(sum, 0, sum); /* loads libcrypto, which reads its own files then */
	if (!reader_close_off() || !reader_get(fd, &keys, sizeof(keys)))
		_exit(1);
	while (reader_get(fd, &h, sizeof(h)) && h.size <= FILE_MAX) {
		if (h.size > room || !data) {
			free(data);
			room = h.size ? (size_t)h.size : 1;
			data = malloc(room);
		}
		if (!data || !reader_get(fd, data, (size_t)h.size))
			_exit(1);
		exam_make(&e, &keys, h.want_sha1, data, (size_t)h.size);
		if (!reader_put(fd, &e, sizeof(e)))
			_exit(1);
	}
	_exit(0);
}

/* ---- our end ---- */

static int call_child(struct examiner *x)
{
	int err = reader_ask(READER_EXAMINE, -1, &x->fd);

	if (!err && !reader_put(x->fd, x->keys, sizeof(*x->keys))) {
		examiner_rest(x);
		err = -EBADMSG;
	}
	return err;
}

int examiner_examine(void *ctx, const uint8_t *data, size_t len, struct exam *e)
{
	struct examiner *x = ctx;
	const struct file_head h = {len, *x->want_sha1};
	int err = x->fd < 0 ? call_child(x) : 0;

	if (err)
		return err;
	if (reader_put(x->fd, &h, sizeof(h)) && reader_put(x->fd, data, len) &&
	    reader_get(x->fd, e, sizeof(*e)) && exam_is_sound(e, x->keys))
		return 0;
	examiner_rest(x);
	return -EBADMSG;
}

void examiner_rest(struct examiner *x)
{
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}
