/* SPDX-License-Identifier: MIT */
/*
 * Packs the files of a folder the way firmware is distributed, for the end-to-end tests:
 *
 *     pack zip|tar|tgz|cop ARCHIVE FOLDER     cop: a .cop.sgn, signed with a test key
 *     pack link|dots ARCHIVE FOLDER           a tgz with something hostile at its end
 */
#include "pack.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_file(struct pack *p, const char *folder, const char *name)
{
	char path[4096];
	struct synth_buffer b = {0};
	uint8_t chunk[65536];
	size_t n;
	FILE *in;

	must(snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
	in = fopen(path, "rb");
	must(in);
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		synth_put(&b, chunk, n);
	must(!ferror(in));
	fclose(in);
	pack_file(p, name, b.data, b.len);
	synth_buffer_free(&b);
}

static void add_folder(struct pack *p, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);

	must(n >= 0);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			add_file(p, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void save(const char *path, const struct synth_buffer *b, bool sign)
{
	const char *base = strrchr(path, '/');
	FILE *out = fopen(path, "wb");
	uint8_t *data = b->data;
	size_t len = b->len;

	must(out);
	if (sign) {
		struct test_key *key = test_key_load("test-g1");

		sign_file(base ? base + 1 : path, b->data, b->len, key, 1192803132, &data, &len);
		test_key_free(key);
	}
	must(fwrite(data, 1, len, out) == len && fclose(out) == 0);
	if (sign)
		free(data);
}

int main(int argc, char *argv[])
{
	struct synth_buffer b;
	struct pack *p;
	const char *kind = argc == 4 ? argv[1] : "?";

	if (!strstr(" zip tar tgz cop link dots ", kind)) {
		fprintf(stderr, "usage: pack zip|tar|tgz|cop|link|dots ARCHIVE FOLDER\n");
		return 1;
	}
	p = pack_new(strcmp(kind, "zip") == 0	? PACK_ZIP
		     : strcmp(kind, "tar") == 0 ? PACK_TAR
						: PACK_TGZ);
	add_folder(p, argv[3]);
	if (strcmp(kind, "link") == 0)
		pack_odd(p, PACK_SYMLINK, "passwd", "/etc/passwd");
	if (strcmp(kind, "dots") == 0)
		pack_file(p, "../../escaped", "x", 1);
	pack_finish(p, &b);
	save(argv[2], &b, strcmp(kind, "cop") == 0);
	synth_buffer_free(&b);
	return 0;
}
