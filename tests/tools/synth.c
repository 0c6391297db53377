/* SPDX-License-Identifier: MIT */
/*
 * synth: writes a folder with a bundle of synthetic firmware (tests/support/synth.h), for the
 * demo, the end-to-end tests and trying things by hand. Says each file that it wrote.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reflashd/loads.h"
#include "reflashd/text.h"
#include "synth.h"

#define BREAKS_MAX 8

struct request {
	enum synth_kind kind;
	const char *load, *folder, *key;
	struct synth_options options;
	const char *breaks[BREAKS_MAX];
	unsigned break_count;
};

static const struct option long_options[] = {
	{"size", required_argument, NULL, 's'},
	{"seed", required_argument, NULL, 'r'},
	{"capital-j", no_argument, NULL, 'j'},
	{"key", required_argument, NULL, 'k'},
	{"hardware-comp", required_argument, NULL, 'c'},
	{"member-version", required_argument, NULL, 'm'},
	{"break", required_argument, NULL, 'b'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void usage(FILE *out)
{
	fputs("usage: synth [OPTIONS] KIND LOAD OUTDIR\n"
	      "Writes a bundle of made-up phone firmware, in the true formats, into OUTDIR.\n"
	      "\n"
	      "KIND is one of these; LOAD is its load name, '-' for the one shown:\n",
	      out);
	for (unsigned k = 0; k < SYNTH_KINDS; k++)
		fprintf(out, "  %-8s  %s\n", synth_kind_name((enum synth_kind)k),
			synth_default_load((enum synth_kind)k));
	fputs("\n"
	      "  --size BYTES          size of the largest member (default 6000; real ones: "
	      "3000000)\n"
	      "  --seed N              other contents (default 0); the same N gives the same "
	      "bytes\n"
	      "  --member-version V    version in the names of the members, e.g. 8-3-2-27\n"
	      "  --hardware-comp N     put '#HARDWARE_COMP_1 N' into the packing lists\n"
	      "  --capital-j           the list says Jar70…, the file on disk is jar70…\n"
	      "  --key FILE.pem        sign with this key; 'none': do not sign. Default: test-g1 "
	      "up\n"
	      "                        to 8.5(2), test-g2 for newer loads of the Java phones\n"
	      "  --break HOW           break the bundle (may be given again); HOW is one of\n"
	      "        missing:MEMBER           leave the file out\n"
	      "        truncate:MEMBER:BYTES    cut so many bytes off its end\n"
	      "        flip:MEMBER              turn one bit over\n"
	      "        rename                   copy LOAD.loads over each termXX.default.loads\n"
	      "        case                     file names in capitals, packing lists excepted\n"
	      "                        MEMBER is a file name or its beginning: cnu, term71\n",
	      out);
}

_Noreturn static void fail(int code, const char *text, const char *subject, const char *why)
{
	fprintf(stderr, "synth: %s '%s': %s\n", text, subject, why);
	exit(code);
}

static uint64_t number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (!text_to_u64(text, min, max, &n)) {
		fprintf(stderr, "synth: %s wants a number from %llu to %llu, not '%s'\n", option,
			(unsigned long long)min, (unsigned long long)max, text);
		exit(1);
	}
	return n;
}

static void read_arguments(struct request *q, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (c) {
		case 's': q->options.size = number("--size", optarg, 1, 60u << 20); break;
		case 'r': q->options.seed = number("--seed", optarg, 0, UINT64_MAX); break;
		case 'j': q->options.capital_j = true; break;
		case 'k': q->key = optarg; break;
		case 'c':
			q->options.has_hardware_comp = true;
			q->options.hardware_comp =
				(uint32_t)number("--hardware-comp", optarg, 0, UINT32_MAX);
			break;
		case 'm': q->options.member_version = optarg; break;
		case 'b':
			if (q->break_count == BREAKS_MAX)
				fail(1, "--break", optarg, "too many of them");
			q->breaks[q->break_count++] = optarg;
			break;
		case 'h': usage(stdout); exit(0);
		default: fputs("Try 'synth --help'.\n", stderr); exit(1);
		}
	}
	if (argc - optind != 3) {
		usage(stderr);
		exit(1);
	}
	if (!synth_kind_parse(argv[optind], &q->kind))
		fail(1, "unknown kind", argv[optind], "'synth --help' lists them");
	q->load =
		strcmp(argv[optind + 1], "-") == 0 ? synth_default_load(q->kind) : argv[optind + 1];
	q->folder = argv[optind + 2];
}

/* The generation that the real load of this version is signed with. */
static const char *usual_key(const struct request *q)
{
	struct load_version last_g1, version;

	must(load_version_parse("8.5(2)", &last_g1));
	if (q->kind < SYNTH_LEGACY && load_version_parse(q->load, &version) &&
	    load_version_order(&version, &last_g1) > 0)
		return "test-g2";
	return "test-g1";
}

/* A path with a folder and ".pem", or the bare name of one of the tests' keys. */
static struct test_key *load_key(const struct request *q)
{
	char name[64], *slash;
	char path[4096];

	if (q->key == NULL)
		return test_key_load(usual_key(q));
	if (strcmp(q->key, "none") == 0)
		return NULL;
	if (!text_copy(path, sizeof(path), q->key))
		fail(1, "cannot use the key", q->key, "its path is too long");
	slash = strrchr(path, '/');
	if (slash != NULL && access(path, R_OK) < 0)
		fail(6, "cannot read the key", path, strerror(errno));
	if (!text_copy(name, sizeof(name), slash != NULL ? slash + 1 : path))
		fail(1, "cannot use the key", q->key, "its name is too long");
	if (text_ends_nocase(name, ".pem"))
		name[strlen(name) - 4] = '\0';
	if (slash != NULL) {
		*slash = '\0';
		setenv("REFLASHD_TEST_KEYS", path, 1);
	}
	return test_key_load(name);
}

static void write_file(const char *folder, const struct synth_file *file)
{
	char path[4096];
	FILE *f;

	if (!text_format(path, sizeof(path), "%s/%s", folder, file->name))
		fail(1, "cannot write to", folder, "the path is too long");
	f = fopen(path, "wb");
	if (f == NULL || fwrite(file->data, 1, file->len, f) != file->len || fclose(f) != 0)
		fail(6, "cannot write", path, strerror(errno));
	printf("%8zu  %s\n", file->len, path);
}

int main(int argc, char **argv)
{
	struct request q = {0};
	struct synth_files files = {0};
	struct test_key *key;
	char why[160];

	read_arguments(&q, argc, argv);
	key = load_key(&q);
	q.options.key = key;
	if (synth_bundle(q.kind, q.load, &q.options, synth_collect, &files) != 0)
		fail(1, "this is no load name of the kind", synth_kind_name(q.kind), q.load);
	for (unsigned i = 0; i < q.break_count; i++)
		if (!synth_break(&files, q.breaks[i], why))
			fail(1, "cannot break the bundle with", q.breaks[i], why);
	if (mkdir(q.folder, 0777) < 0 && errno != EEXIST)
		fail(6, "cannot make the folder", q.folder, strerror(errno));
	for (unsigned i = 0; i < files.count; i++)
		write_file(q.folder, &files.file[i]);
	synth_files_free(&files);
	test_key_free(key);
	return 0;
}
