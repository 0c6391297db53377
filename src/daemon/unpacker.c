/* SPDX-License-Identifier: MIT */
/*
 * Archives, walked by a child of the reader (reader.c).
 *
 * The happy path: the child is handed the archive, open for reading, reads it, walks it and writes
 * back each file, then how it ended.
 *
 *     to the child    size of the name · size of the archive · name
 *     from the child  0 · size of the name · size of the file · name · file    any number of times
 *                     1 · errno · size of the sentence · sentence              once, at the end
 *
 * What comes back is from a stranger, too: names must be plain names, sizes and numbers within the
 * limits of archive.h, the sentence printable. Whether a file is what it claims to be is then found
 * out as for any other file, by another child (examiner.c), which knows nothing of archives.
 *
 * What can go wrong: the child ends early. Then the archive is refused.
 */
#include "unpacker.h"

#include "reader.h"

#include "reflashd/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_     255
#define PATH_NAME_MAX 4096
#define BUFFER_BYTES  (1 << 20)

enum { A_FILE, THE_END };

struct head {
	uint32_t kind; /* of THE_END: then size is -errno */
	uint32_t name_len;
	uint64_t size;
};

static bool put_message(int fd, const struct head *h, const char *name, const void *data,
			size_t len)
{
	return reader_put(fd, h, sizeof(*h)) && reader_put(fd, name, h->name_len) &&
	       reader_put(fd, data, len);
}

/* ---- the child ---- */

static int send_file(void *ctx, const char *name, const uint8_t *data, size_t len, struct fault *f)
{
	const int *fd = ctx;
	struct head h = {A_FILE, (uint32_t)strlen(name), len};

	return put_message(*fd, &h, name, data, len) ? 0 : fault_set(f, -EPIPE, "nobody listens");
}

_Noreturn void unpacker_work(int fd, int file)
{
	char name[PATH_NAME_MAX + 1];
	struct fault f = {0};
	struct head h;
	uint8_t *data;
	int err;

	if (!archive_ready() || !reader_close_off())
		_exit(1);
	if (!reader_get(fd, &h, sizeof(h)) || h.name_len > PATH_NAME_MAX ||
	    h.size > ARCHIVE_SIZE_MAX || !reader_get(fd, name, h.name_len))
		_exit(1);
	name[h.name_len] = 0;
	data = malloc(h.size ? (size_t)h.size : 1);
	if (!data || !reader_get(file, data, (size_t)h.size))
		_exit(1);
	err = archive_walk(name, data, (size_t)h.size, send_file, &fd, &f);
	h = (struct head){THE_END, err ? (uint32_t)strlen(f.text) : 0, (uint64_t)-err};
	_exit(put_message(fd, &h, f.text, NULL, 0) ? 0 : 1);
}

/* ---- our end ---- */

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
	    ++a->files > ARCHIVE_ENTRIES_MAX || !reader_get(fd, name, h->name_len))
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
	if (!reader_get(fd, a->data, (size_t)h->size))
		return broken(a, f);
	return a->visit(a->ctx, name, a->data, (size_t)h->size, f);
}

static int take_end(const struct answer *a, int fd, const struct head *h, struct fault *f)
{
	char text[FAULT_TEXT_MAX];

	if (h->size == 0)
		return 0;
	if (h->name_len == 0 || h->name_len >= sizeof(text) || !reader_get(fd, text, h->name_len))
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
		if (!reader_get(fd, &h, sizeof(h)))
			return broken(a, f);
		if (h.kind == THE_END)
			return take_end(a, fd, &h, f);
		err = h.kind == A_FILE ? take_file(a, fd, &h, f) : broken(a, f);
	}
	return err;
}

int unpacker_walk(const char *name, int file, size_t len, archive_visit *visit, void *ctx,
		  struct fault *f)
{
	struct answer a = {.path = name, .visit = visit, .ctx = ctx};
	struct head h = {0, (uint32_t)strnlen(name, PATH_NAME_MAX + 1), len};
	int fd, err = reader_ask(READER_UNPACK, file, &fd);

	if (err == -EPIPE)
		return fault_set(f, -EBADMSG,
				 "`%s' cannot be read: the process that reads firmware is gone. "
				 "Restart reflashd",
				 name);
	if (err)
		return fault_set(f, err, "cannot read `%s': %s", name, strerror(-err));
	/* One that ended already is found out by what it does not say. */
	if (h.name_len <= PATH_NAME_MAX && reader_put(fd, &h, sizeof(h)))
		reader_put(fd, name, h.name_len);
	err = take_answer(&a, fd, f);
	free(a.data);
	close(fd);
	return err;
}
