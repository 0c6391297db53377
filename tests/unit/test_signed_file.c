/* SPDX-License-Identifier: MIT */
/*
 * The signed header. One header is written out by hand, byte for byte as in firmware-formats.md
 * 2.2, with a signature of one repeated byte; the variants are put together TLV by TLV.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/bytes.h"
#include "reflashd/signed_file.h"

#include "exact.h"
#include "sign.h"

/* From an exact-size heap copy, so that ASan sees one byte too far. The spans of *h are gone. */
static enum signed_parse parse(struct signed_header *h, const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);
	enum signed_parse p;

	p = signed_header_parse(h, copy, len);
	free(copy);
	return p;
}

/*
 * P0S3-8-12-00.loads as 2.2 shows it:
 *   01 0002 0101 | 02 0002 0194 | 03 005B | 04 0027 "CN=someSigner…\0" | 05 0008 1234567890ABCDEF |
 *   06 0023 "CN=someCA…\0" | 07 000F | 08 0001 01 | 09 0008 | 0A 0001 00 | 0B 0001 02 |
 *   0C 0100 <256> | 0E 0013 "P0S3-8-12-00.loads\0" | 0D
 */
static size_t golden(uint8_t out[512])
{
	static const char text[] =
		"\x01\x00\x02\x01\x01\x02\x00\x02\x01\x94\x03\x00\x5b\x04\x00\x27"
		"CN=someSigner;OU=someOrgUnit;O=someOrg\0"
		"\x05\x00\x08\x12\x34\x56\x78\x90\xab\xcd\xef\x06\x00\x23"
		"CN=someCA;OU=someOrgUnit;O=someOrg\0"
		"\x07\x00\x0f\x08\x00\x01\x01\x09\x00\x08\x0a\x00\x01\x00\x0b\x00\x01\x02\x0c\x01"
		"\x00";
	static const char name[] = "\x0e\x00\x13P0S3-8-12-00.loads\0\x0d";
	size_t n = sizeof(text) - 1;

	memcpy(out, text, n);
	memset(out + n, 0xa5, 256);
	n += 256;
	memcpy(out + n, name, sizeof(name) - 1);
	return n + sizeof(name) - 1;
}

static void test_golden(void **state)
{
	uint8_t file[512];
	size_t len = golden(file);
	struct signed_header h;

	(void)state;
	assert_int_equal(len, 404);
	memcpy(file + len, "body", 4);
	assert_int_equal(signed_header_parse(&h, file, len + 4), SIGNED_OK);
	assert_int_equal(h.major, 1);
	assert_int_equal(h.minor, 1);
	assert_int_equal(h.length, 404);
	assert_string_equal(h.name, "P0S3-8-12-00.loads");
	assert_int_equal(h.signer.len, 39);
	assert_string_equal((const char *)h.signer.data, "CN=someSigner;OU=someOrgUnit;O=someOrg");
	assert_true(h.digest_known && h.algorithm_known && h.modulus_known);
	assert_int_equal(h.digest, SIGNED_DIGEST_SHA1);
	assert_int_equal(h.algorithm, 0);
	assert_int_equal(h.modulus_code, 2);
	assert_int_equal(h.signature_tlv, 0x7a);
	assert_int_equal(h.signature, 0x7d);
	assert_int_equal(h.signature_len, 256);
	assert_false(h.has_time);
}

/* The tests' signer writes just this header. */
static void test_signer_agrees(void **state)
{
	uint8_t want[512], *file;
	size_t want_len = golden(want), len;

	(void)state;
	sign_file("P0S3-8-12-00.loads", (const uint8_t *)"body", 4, NULL, 0, &file, &len);
	assert_int_equal(len, want_len + 4);
	memcpy(file + 0x7d, want + 0x7d, 256);
	assert_memory_equal(file, want, want_len);
	assert_memory_equal(file + want_len, "body", 4);
	free(file);
}

static void test_prefixes(void **state)
{
	uint8_t file[512];
	size_t len = golden(file);
	struct signed_header h;

	(void)state;
	for (size_t n = 0; n <= len; n++)
		assert_int_equal(parse(&h, file, n), n < 10    ? SIGNED_NONE
						     : n < len ? SIGNED_TRUNCATED
							       : SIGNED_OK);
}

/* Names of every length around the multiples of 4: zero to three pad bytes. */
static void test_padding(void **state)
{
	char name[SIGNED_NAME_MAX + 1] = "";
	struct signed_header h;

	(void)state;
	for (size_t n = 1; n <= SIGNED_NAME_MAX; n++) {
		uint8_t *file;
		size_t len;

		memset(name, 'n', n);
		sign_file(name, (const uint8_t *)"b", 1, NULL, 0, &file, &len);
		if (n < SIGNED_NAME_MAX) {
			assert_int_equal(parse(&h, file, len), SIGNED_OK);
			assert_string_equal(h.name, name);
			assert_int_equal(h.length, len - 1);
			assert_int_equal(h.length % 4, 0);
		} else {
			assert_int_equal(parse(&h, file, len), SIGNED_MALFORMED);
		}
		free(file);
	}
}

/* A header from pieces: length fixed up and padded at the end. */
struct built {
	uint8_t data[4200];
	struct writer w;
};

static void begin(struct built *b)
{
	b->w = writer_init(b->data, sizeof(b->data));
	write_bytes(&b->w, "\x01\x00\x02\x01\x00\x02\x00\x02\x00\x00", 10);
}

static void tlv(struct built *b, uint8_t tag, const void *value, size_t len)
{
	write_u8(&b->w, tag);
	write_be16(&b->w, (uint16_t)len);
	write_bytes(&b->w, value, len);
}

static void name_and_signature(struct built *b)
{
	static const uint8_t sig[256] = {1};

	tlv(b, 0x0c, sig, sizeof(sig));
	tlv(b, 0x0e, "n.sbn", 6);
}

static enum signed_parse end(struct built *b, struct signed_header *h)
{
	while (b->w.len % 4)
		write_u8(&b->w, 0x0d);
	assert_true(b->w.ok);
	b->data[8] = (uint8_t)(b->w.len >> 8);
	b->data[9] = (uint8_t)b->w.len;
	return parse(h, b->data, b->w.len);
}

/* The order is not fixed; unknown tags are skipped; pads may stand anywhere; 0F is read. */
static void test_variants(void **state)
{
	struct signed_header h;
	struct built b;

	(void)state;
	begin(&b);
	tlv(&b, 0x0e, "first.loads", 12);
	write_u8(&b.w, 0x0d);
	tlv(&b, 0x77, "whatever", 8);
	tlv(&b, 0x78, "", 0);
	tlv(&b, 0x0f, "\x4a\x15\x88\x22", 4);
	tlv(&b, 0x0c, "sig", 3);
	tlv(&b, 0x0b, "\x03", 1);
	tlv(&b, 0x08, "\x03", 1);
	tlv(&b, 0x06, "issuer", 7);
	tlv(&b, 0x04, "signer", 7);
	assert_int_equal(end(&b, &h), SIGNED_OK);
	assert_int_equal(h.minor, 0); /* as certutils writes it */
	assert_string_equal(h.name, "first.loads");
	assert_true(h.has_time);
	assert_int_equal(h.time, 0x4a158822);
	assert_int_equal(h.digest, SIGNED_DIGEST_SHA512);
	assert_false(h.algorithm_known);
	assert_int_equal(h.signature_len, 3);

	begin(&b);
	name_and_signature(&b);
	assert_int_equal(end(&b, &h), SIGNED_OK);
	assert_false(h.digest_known || h.algorithm_known || h.modulus_known);
}

/* What decides something stands once: of two, a phone may take the other. The rest is skipped. */
static void test_twice(void **state)
{
	static const struct {
		uint8_t tag;
		const char *value;
		size_t len;
		bool refused;
	} row[] = {
		{0x04, "signer", 7, false}, {0x06, "issuer", 7, false}, {0x08, "\x03", 1, true},
		{0x0a, "\x03", 1, true},    {0x0b, "\x03", 1, true},	{0x0c, "sig", 3, true},
		{0x0e, "n.sbn", 6, true},   {0x0f, "time", 4, true},	{0x10, "x", 1, false},
		{0x2f, "what", 4, false}, /* its number is '/', right behind the name */
	};
	struct signed_header h;
	struct built b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		begin(&b);
		name_and_signature(&b);
		if (row[i].tag != 0x0c && row[i].tag != 0x0e) {
			tlv(&b, row[i].tag, row[i].value, row[i].len);
			assert_int_equal(end(&b, &h), SIGNED_OK);
			assert_string_equal(h.name, "n.sbn");
			begin(&b);
			name_and_signature(&b);
			tlv(&b, row[i].tag, row[i].value, row[i].len);
		}
		tlv(&b, row[i].tag, row[i].value, row[i].len);
		if (end(&b, &h) != (row[i].refused ? SIGNED_MALFORMED : SIGNED_OK))
			fail_msg("tag %02x", row[i].tag);
	}
}

static void test_containers(void **state)
{
	struct signed_header h;
	struct built b;

	(void)state;
	/* Empty ones, ends that fall together, pads inside. */
	begin(&b);
	tlv(&b, 0x03, "", 0);
	tlv(&b, 0x07, "\x09\x00\x00", 3);
	tlv(&b, 0x07, "\x0d\x09\x00\x05\x0d\x0b\x00\x01\x02\x0d", 10);
	name_and_signature(&b);
	assert_int_equal(end(&b, &h), SIGNED_OK);
	assert_int_equal(h.modulus_code, 2);

	/* A TLV that leaves its container but not the header. */
	begin(&b);
	tlv(&b, 0x07, "\x08\x00\x02\x01", 4);
	name_and_signature(&b);
	assert_int_equal(end(&b, &h), SIGNED_MALFORMED);
	/* A container inside that leaves the outer one. */
	begin(&b);
	tlv(&b, 0x07, "\x09\x00\x01", 3);
	name_and_signature(&b);
	assert_int_equal(end(&b, &h), SIGNED_MALFORMED);
	/* Half a TLV head at the end of a container. */
	begin(&b);
	tlv(&b, 0x07, "\x08\x00", 2);
	name_and_signature(&b);
	assert_int_equal(end(&b, &h), SIGNED_MALFORMED);
}

/* Containers in containers, to any depth that fits: two are the format, more are refused. */
static void test_depth(void **state)
{
	static const uint8_t tags[] = {0x03, 0x07, 0x09};
	struct signed_header h;
	struct built b;

	(void)state;
	for (unsigned depth = 0; depth <= 1200; depth += depth < 6 ? 1 : 97) {
		begin(&b);
		for (unsigned i = 0; i < depth; i++) {
			write_u8(&b.w, tags[i % 3]);
			write_be16(&b.w, (uint16_t)(3 * (depth - i - 1)));
		}
		name_and_signature(&b);
		assert_int_equal(end(&b, &h), depth <= 2 ? SIGNED_OK : SIGNED_MALFORMED);
	}
}

static void test_values(void **state)
{
	static const struct {
		uint8_t tag;
		const char *value;
		size_t len;
		enum signed_parse want;
	} rows[] = {
		{0x08, "\x01", 1, SIGNED_OK},
		{0x08, "", 0, SIGNED_MALFORMED},
		{0x08, "\x01\x01", 2, SIGNED_MALFORMED},
		{0x0a, "", 0, SIGNED_MALFORMED},
		{0x0a, "\x00", 1, SIGNED_OK},
		{0x0b, "\x02\x02", 2, SIGNED_MALFORMED},
		{0x0f, "\x00\x00\x00\x01", 4, SIGNED_OK},
		{0x0f, "\x00\x00\x01", 3, SIGNED_MALFORMED},
		{0x0f, "\x00\x00\x00\x00\x01", 5, SIGNED_MALFORMED},
		{0x0e, "n.sbn", 6, SIGNED_MALFORMED}, /* a second name */
		{0x0c, "sig", 3, SIGNED_MALFORMED},   /* a second signature */
	};
	struct signed_header h;
	struct built b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(&b);
		name_and_signature(&b);
		tlv(&b, rows[i].tag, rows[i].value, rows[i].len);
		assert_int_equal(end(&b, &h), rows[i].want);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		enum signed_parse want;
	} rows[] = {
		{"a", 2, SIGNED_OK},	       {"a", 1, SIGNED_MALFORMED},
		{"", 1, SIGNED_MALFORMED},     {"", 0, SIGNED_MALFORMED},
		{"a\0b", 4, SIGNED_MALFORMED}, {"a/b", 4, SIGNED_MALFORMED},
		{"../a", 5, SIGNED_MALFORMED}, {"ab\0", 4, SIGNED_MALFORMED},
		{"abc", 3, SIGNED_MALFORMED},
	};
	struct signed_header h;
	struct built b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(&b);
		tlv(&b, 0x0c, "sig", 3);
		tlv(&b, 0x0e, rows[i].value, rows[i].len);
		assert_int_equal(end(&b, &h), rows[i].want);
	}
	begin(&b);
	tlv(&b, 0x0e, "name", 5);
	assert_int_equal(end(&b, &h), SIGNED_MALFORMED); /* no signature */
	begin(&b);
	tlv(&b, 0x0c, "sig", 3);
	assert_int_equal(end(&b, &h), SIGNED_MALFORMED); /* no name */
	begin(&b);
	tlv(&b, 0x0c, "", 0);
	tlv(&b, 0x0e, "name", 5);
	assert_int_equal(end(&b, &h), SIGNED_MALFORMED); /* an empty signature */
}

/* Every header length that can be written, on a file of the golden header and zeros behind it. */
static void test_header_length(void **state)
{
	static uint8_t file[8192];
	struct signed_header h;
	size_t real = golden(file);

	(void)state;
	memset(file + real, 0x0d, sizeof(file) - real);
	for (unsigned n = 0; n <= 0xffff; n++) {
		enum signed_parse p;

		file[8] = (uint8_t)(n >> 8);
		file[9] = (uint8_t)n;
		p = signed_header_parse(&h, file, sizeof(file));
		if (n <= 10 || n % 4 || n >= 4096 || n < real - 1)
			assert_int_equal(p, SIGNED_MALFORMED);
		else
			assert_int_equal(p, SIGNED_OK);
	}
	file[3] = 2; /* another major version */
	file[8] = 1;
	file[9] = 0x94;
	assert_int_equal(signed_header_parse(&h, file, sizeof(file)), SIGNED_MALFORMED);
}

/* Every TLV length of the golden header set to every value: never a read outside (ASan), and
 * whatever is accepted keeps its signature inside the header. */
static void test_hostile_lengths(void **state)
{
	static const size_t at[] = {11, 14, 56, 67, 105, 108, 112, 115, 119, 123, 382};
	uint8_t file[512];
	size_t len = golden(file);
	struct signed_header h;
	uint8_t *copy = malloc(len);

	(void)state;
	assert_non_null(copy);
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		for (unsigned n = 0; n <= 0xffff; n++) {
			memcpy(copy, file, len);
			copy[at[i]] = (uint8_t)(n >> 8);
			copy[at[i] + 1] = (uint8_t)n;
			if (signed_header_parse(&h, copy, len) != SIGNED_OK)
				continue;
			assert_true(h.signature + h.signature_len <= h.length);
			assert_int_equal(h.signature, h.signature_tlv + 3);
			assert_true(strlen(h.name) > 0);
		}
	}
	free(copy);
}

/* What is no signed file at all, although it may be called .loads or .sbn. */
static void test_foreign(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {
		{"", 0},
		{"#\r\n# This file contains", 23},
		{"\xcd\x34\x12\xab\x01\x00\x00\x00\x00\x00\x00\x00", 12}, /* 78xx */
		{"<AutoUpdateManifest>", 20},
		{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10},
		{"\x01\x00\x03\x01\x01\x03\x00\x02\x01\x94\x00\x00", 12},
		{"\x00\x02\x01\x01\x03\x00\x02\x02\x00\x02\x00\x00", 12},
	};
	/* One byte is another, or gone: a signed file that was damaged, not an unsigned one. */
	static const char almost[][13] = {
		"\x00\x00\x02\x01\x01\x02\x00\x02\x01\x94\x00\x00",
		"\x01\x00\x02\x01\x01\x03\x00\x02\x01\x94\x00\x00",
		"\x01\x00\x03\x01\x01\x02\x00\x02\x01\x94\x00\x00",
		"\x01\x00\x02\x01\x01\x02\x00\x82\x01\x94\x00\x00",
		"\x00\x02\x01\x01\x02\x00\x02\x01\x94\x00\x00\x00",
		"\x01\x01\x00\x02\x01\x01\x02\x00\x02\x01\x94\x00",
		"\x01\x00\x02\x01\x01\x02\x02\x01\x94\x00\x00\x00",
	};
	struct signed_header h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(parse(&h, (const uint8_t *)rows[i].data, rows[i].len),
				 SIGNED_NONE);
	for (size_t i = 0; i < ARRAY_LEN(almost); i++)
		assert_int_equal(parse(&h, (const uint8_t *)almost[i], 12), SIGNED_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	      cmocka_unit_test(test_signer_agrees),
		cmocka_unit_test(test_prefixes),      cmocka_unit_test(test_padding),
		cmocka_unit_test(test_variants),      cmocka_unit_test(test_twice),
		cmocka_unit_test(test_containers),    cmocka_unit_test(test_depth),
		cmocka_unit_test(test_values),	      cmocka_unit_test(test_names),
		cmocka_unit_test(test_header_length), cmocka_unit_test(test_hostile_lengths),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
