/* SPDX-License-Identifier: MIT */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "exact.h"
#include "reflashd/device_page.h"
#include "reflashd/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP 0x0a4f4632u /* 10.79.70.50 */

#define OK   "HTTP/1.1 200 OK\r\n"
#define DECL "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\r\n"
/* The 7940's page on record (phones.md 10.4); its MAC address is ours. */
#define XML7940                                                                                    \
	DECL "<DeviceInformation>\r\n<MACAddress>001B2A893698</MACAddress>\r\n"                    \
	     "<HostName>SEP001B2A893698</HostName>\r\n<phoneDN>123</phoneDN>\r\n"                  \
	     "<appLoadID>P00308010200</appLoadID>\r\n<bootLoadID>PC03A300</bootLoadID>\r\n"        \
	     "<versionID>8.1(2.0)</versionID>\r\n<DSPLoadID>4.0(5.0)[A0]</DSPLoadID>\r\n"          \
	     "<modelNumber>CP-7940</modelNumber>\r\n</DeviceInformation>\r\n"
#define LOAD "<DeviceInformation><appLoadID>x</appLoadID></DeviceInformation>"

static struct models models;
static struct event event;

static int setup(void **state)
{
	(void)state;
	models_builtin(&models);
	return 0;
}

static enum device_page_state state_of(const char *data, size_t len, bool closed)
{
	uint8_t *copy = exact_copy(data, len);
	enum device_page_state s = device_page_state(copy, len, closed);

	free(copy);
	return s;
}

/* "mac device model load software", "-" for what is not there; "nothing". */
static const char *read_bytes(const char *data, size_t len)
{
	static char text[400];
	uint8_t *copy = exact_copy(data, len);
	const struct event *e = &event;
	bool good = device_page_read(copy, len, IP, &models, &event);
	char mac[MAC_TEXT_MAX];

	free(copy);
	if (!good)
		return "nothing";
	mac_format(e->mac, mac);
	assert_int_equal(e->type, EVENT_HTTP_DEVICE);
	assert_int_equal(e->ip, IP);
	text_format(text, sizeof(text), "%s %s %s %s %s", event_has(e, FIELD_MAC) ? mac : "-",
		    event_has(e, FIELD_DEVICE) ? e->device : "-",
		    event_has(e, FIELD_MODEL) ? e->model : "-",
		    event_has(e, FIELD_LOAD) ? e->load : "-",
		    event_has(e, FIELD_SOFTWARE) ? e->software : "-");
	return text;
}

static void test_ask(void **state)
{
	char text[DEVICE_PAGE_ASK_MAX];
	size_t n = device_page_ask(0xfffffffe, text);

	(void)state;
	assert_int_equal(n, strlen(text));
	assert_string_equal(text, "GET /DeviceInformationX HTTP/1.1\r\nHost: 255.255.255.254\r\n"
				  "User-Agent: reflashd\r\nConnection: close\r\n\r\n");
}

static void test_pages(void **state)
{
	static const struct {
		const char *answer, *said;
	} row[] = {
		{OK "\r\n" XML7940, "00:1b:2a:89:36:98 SEP001B2A893698 7940 P00308010200 8.1(2.0)"},
		{"HTTP/1.0 200 OK\nServer: Allegro-Software-RomPager/3.12\n\n\r\n " XML7940,
		 "00:1b:2a:89:36:98 SEP001B2A893698 7940 P00308010200 8.1(2.0)"},
		{"HTTP/1.1 200\r\n\r\n<DeviceInformation><MACAddress>001B2A893698</MACAddress>"
		 "<appLoadID>CP7905080003SCCP070409A</appLoadID><versionID>8.0.3(070409A)</"
		 "versionID>"
		 "<modelNumber>CP-7905G</modelNumber></DeviceInformation>",
		 "00:1b:2a:89:36:98 - 7905 CP7905080003SCCP070409A 8.0.3(070409A)"},
		/* A jar in place of the load, in UTF-8. */
		{OK
		 "\r\n<?xml version=\"1.0\" encoding=\"utf-8\"?><DeviceInformation>"
		 "<appLoadID> jar75sccp.9-4-2SR3-1S\n</appLoadID><versionID>9.4(2)SR3</versionID>"
		 "<modelNumber>CP-7975G</modelNumber></DeviceInformation>",
		 "- - 7975 jar75sccp.9-4-2SR3-1S 9.4(2)SR3"},
		{OK "content-LENGTH: 63 \r\n\r\n" LOAD "and more", "- - - x -"},
		{OK "Content-Length: 67\r\n\r\n\r\n  " LOAD "and more", "- - - x -"},
		/* The first address is its own. */
		{OK "\r\n<DeviceInformation><MACAddress>001B2A893698</MACAddress><MACAddress>"
		    "001B2A893699</MACAddress><appLoadID>x</appLoadID></DeviceInformation>",
		 "00:1b:2a:89:36:98 - - x -"},
		{OK "Transfer-Encoding: chunked\r\n\r\n10\r\n<DeviceInformati\r\n2F;a=b\r\n"
		    "on><appLoadID>x</appLoadID></DeviceInformation>\r\n0\r\n\r\n",
		 "- - - x -"},
		{OK "\r\n<DeviceInformation><a><b/></a><appLoadID>A&amp;B &#233;</appLoadID>"
		    "<appLoadID>2</appLoadID></DeviceInformation>",
		 "- - - A&B \\xc3\\xa9 -"},
		{OK "\r\n" DECL "<DeviceInformation><appLoadID>\xe9</appLoadID>"
		    "</DeviceInformation>",
		 "- - - \\xc3\\xa9 -"},
		{OK "\r\n<DeviceInformation><appLoadID><![CDATA[a<b]]></appLoadID>"
		    "<modelNumber>CP-9999</modelNumber><MACAddress>none</MACAddress>"
		    "</DeviceInformation>",
		 "- - - a<b -"},
		{OK "\r\n<DeviceInformation><MACAddress>000000000000</MACAddress>"
		    "<appLoadID>x</appLoadID></DeviceInformation>",
		 "- - - x -"},
		/* No load in it, no such page, no XML. */
		{OK "\r\n<DeviceInformation><MACAddress>001B2A893698</MACAddress>"
		    "</DeviceInformation>",
		 "nothing"},
		{OK "\r\n<DeviceInformation><appLoadID><x>y</x></appLoadID></DeviceInformation>",
		 "nothing"},
		{OK "\r\n<DeviceInformation><appLoadID><x/>y</appLoadID></DeviceInformation>",
		 "nothing"},
		{OK "\r\n<appLoadID>x</appLoadID>", "nothing"},
		{OK "\r\n<html><body>Access denied</body></html>", "nothing"},
		{OK "\r\n", "nothing"},
		{OK "\r\n<DeviceInformation><appLoadID>x</appLoadID>", "nothing"},
		{OK "\r\n" LOAD LOAD, "nothing"},
		{OK "\r\n<!DOCTYPE DeviceInformation>" LOAD, "nothing"},
		{OK "\r\n<!DOCTYPE DeviceInformation [<!ENTITY a \"b\">]><DeviceInformation>"
		    "<appLoadID>&a;</appLoadID></DeviceInformation>",
		 "nothing"},
		{OK "\r\n<!DOCTYPE DeviceInformation SYSTEM \"http://10.79.70.1/x\">" LOAD,
		 "nothing"},
		{OK "\r\n<DeviceInformation><appLoadID>&nope;</appLoadID></DeviceInformation>",
		 "nothing"},
		{"HTTP/1.1 404 Not Found\r\n\r\n" LOAD, "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		const char *said = read_bytes(row[i].answer, strlen(row[i].answer));

		if (strcmp(said, row[i].said) != 0)
			fail_msg("row %zu: %s", i, said);
	}
}

static void test_states(void **state)
{
	static const struct {
		const char *answer;
		enum device_page_state open, closed;
	} row[] = {
		{"", DEVICE_PAGE_MORE, DEVICE_PAGE_BROKEN},
		{"HTT", DEVICE_PAGE_MORE, DEVICE_PAGE_BROKEN},
		{"SSH-2.0", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{"HTTP/1.1 200 OK\r\n", DEVICE_PAGE_MORE, DEVICE_PAGE_BROKEN},
		{"HTTP/1.1 2x0 OK\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{"HTTP/1.1 2000 OK\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{"HTTP/1.1 20\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{"HTTP/1.1/200 OK\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{"HTTP/2.1 200 OK\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{"HTTP/1.1 200x\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{OK "Content-Length: 000000002\r\n\r\nxy", DEVICE_PAGE_WHOLE, DEVICE_PAGE_WHOLE},
		{OK "Content-Length: 0000000002\r\n\r\nxy", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n", DEVICE_PAGE_WHOLE,
		 DEVICE_PAGE_WHOLE},
		{OK "Transfer-Encoding: chunked\r\n\r\nF\r\n012345678901234\r\n0\r\n",
		 DEVICE_PAGE_WHOLE, DEVICE_PAGE_WHOLE},
		{OK "Transfer-Encoding: chunked\r\n\r\ng\r\nx\r\n0\r\n", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{"HTTP/1.1 401 No\r\n\r\n", DEVICE_PAGE_REFUSED, DEVICE_PAGE_REFUSED},
		{"HTTP/1.0 200\r\n\r\nx", DEVICE_PAGE_MORE, DEVICE_PAGE_WHOLE},
		{OK "Content-Length: 2\r\n\r\nx", DEVICE_PAGE_MORE, DEVICE_PAGE_BROKEN},
		{OK "Content-Length: 2\r\n\r\nxy", DEVICE_PAGE_WHOLE, DEVICE_PAGE_WHOLE},
		{OK "Content-Length:2\r\nContent-Length: 2\r\n\r\nxy", DEVICE_PAGE_WHOLE,
		 DEVICE_PAGE_WHOLE},
		{OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nxyz", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Content-Length: 32768\r\n\r\n", DEVICE_PAGE_MORE, DEVICE_PAGE_BROKEN},
		{OK "Content-Length: 32769\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{OK "Content-Length: 18446744073709551618\r\n\r\nxy", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Content-Length: -2\r\n\r\nxy", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{OK "Content-Length:\r\n\r\nxy", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: gzip\r\n\r\n", DEVICE_PAGE_BROKEN, DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\n", DEVICE_PAGE_MORE, DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", DEVICE_PAGE_WHOLE,
		 DEVICE_PAGE_WHOLE},
		{OK "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\n8001\r\n", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\n\r\n", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
		{OK "Transfer-Encoding: chunked\r\n\r\n-1\r\n", DEVICE_PAGE_BROKEN,
		 DEVICE_PAGE_BROKEN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		size_t len = strlen(row[i].answer);

		if (state_of(row[i].answer, len, false) != row[i].open ||
		    state_of(row[i].answer, len, true) != row[i].closed)
			fail_msg("row %zu: %d %d", i, (int)state_of(row[i].answer, len, false),
				 (int)state_of(row[i].answer, len, true));
	}
}

/* However an answer is cut, it is whole only at its end, and only then it is read. */
static void test_prefixes(void **state)
{
	static const char chunked[] = OK "Transfer-Encoding: chunked\r\n\r\n13\r\n"
					 "<DeviceInformation>\r\n2c\r\n<appLoadID>x</appLoadID>"
					 "</DeviceInformation>\r\n0\r\n";
	const struct device_page page = {.mac = {{0, 0x1b, 0x2a, 0x89, 0x36, 0x98}},
					 .load = "SCCP70.9-4-2SR3-1S",
					 .version = "9.4(2)SR3",
					 .model_number = "CP-7970G"};
	char text[1500];
	size_t len = device_page_encode(&page, (uint8_t *)text, sizeof(text));

	(void)state;
	assert_true(len > 0);
	for (size_t n = 0; n < len; n++) {
		assert_int_equal(state_of(text, n, false), DEVICE_PAGE_MORE);
		assert_int_equal(state_of(text, n, true), DEVICE_PAGE_BROKEN);
		assert_string_equal(read_bytes(text, n), "nothing");
		assert_int_equal(device_page_encode(&page, (uint8_t *)text, n), 0);
	}
	assert_int_equal(device_page_encode(&page, (uint8_t *)text, len), len);
	{
		struct device_page large = page;
		char load[1024];

		memset(load, 'x', sizeof(load) - 1);
		load[sizeof(load) - 1] = '\0';
		large.load = load;
		assert_int_equal(device_page_encode(&large, (uint8_t *)text, sizeof(text)), 0);
	}
	assert_int_equal(state_of(text, len, false), DEVICE_PAGE_WHOLE);
	assert_string_equal(read_bytes(text, len), "00:1b:2a:89:36:98 SEP001B2A893698 7970 "
						   "SCCP70.9-4-2SR3-1S 9.4(2)SR3");
	len = sizeof(chunked) - 1;
	for (size_t n = 0; n < len; n++) {
		assert_int_equal(state_of(chunked, n, false), DEVICE_PAGE_MORE);
		assert_string_equal(read_bytes(chunked, n), "nothing");
	}
	assert_string_equal(read_bytes(chunked, len), "- - - x -");
}

/* Every byte of a page once replaced. */
static void test_damaged(void **state)
{
	static const char text[] = OK "Content-Length: 374\r\n\r\n" XML7940;
	static const char with[] = {0, '<', '&', '"', '\n', (char)0xff};
	char copy[sizeof(text)];

	(void)state;
	for (size_t k = 0; k < sizeof(with); k++)
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = with[k];
			read_bytes(copy, sizeof(text) - 1);
			if (with[k] == 0 && i > 200) /* a NUL is no XML */
				assert_string_equal(read_bytes(copy, sizeof(text) - 1), "nothing");
		}
}

static void test_bounds(void **state)
{
	static const char head[] = OK "\r\n";
	char *text = malloc(DEVICE_PAGE_MAX + 1);
	size_t n;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', DEVICE_PAGE_MAX + 1);
	memcpy(text, head, strlen(head));
	assert_int_equal(state_of(text, DEVICE_PAGE_MAX - 1, false), DEVICE_PAGE_MORE);
	assert_int_equal(state_of(text, DEVICE_PAGE_MAX - 1, true), DEVICE_PAGE_WHOLE);
	assert_int_equal(state_of(text, DEVICE_PAGE_MAX, false), DEVICE_PAGE_BROKEN);
	assert_int_equal(state_of(text, DEVICE_PAGE_MAX, true), DEVICE_PAGE_WHOLE);
	assert_int_equal(state_of(text, DEVICE_PAGE_MAX + 1, true), DEVICE_PAGE_BROKEN);
	/* A head without an end. */
	memset(text + strlen(OK), 'x', DEVICE_PAGE_MAX - strlen(OK));
	assert_int_equal(state_of(text, DEVICE_PAGE_MAX, false), DEVICE_PAGE_BROKEN);
	/* Eight elements deep is read, nine are not. */
	for (unsigned depth = 7; depth <= 9; depth++) {
		n = (size_t)sprintf(text, "%s<DeviceInformation><appLoadID>x</appLoadID>", head);
		for (unsigned i = 1; i < depth; i++)
			n += (size_t)sprintf(text + n, "<a>");
		for (unsigned i = 1; i < depth; i++)
			n += (size_t)sprintf(text + n, "</a>");
		n += (size_t)sprintf(text + n, "</DeviceInformation>");
		assert_string_equal(read_bytes(text, n), depth <= 8 ? "- - - x -" : "nothing");
	}
	/* Open elements as far as they go. */
	n = strlen(head);
	while (n + 3 <= DEVICE_PAGE_MAX) {
		memcpy(text + n, "<a>", 3);
		n += 3;
	}
	assert_string_equal(read_bytes(text, n), "nothing");
	/* A text that is longer than any load is cut. */
	n = (size_t)sprintf(text, "%s<DeviceInformation><appLoadID>", head);
	memset(text + n, 'y', 1000);
	n += 1000;
	n += (size_t)sprintf(text + n, "</appLoadID></DeviceInformation>");
	assert_true(strncmp(read_bytes(text, n), "- - - yyyy", 10) == 0);
	assert_true(strlen(event.load) == sizeof(event.load) - 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask),	cmocka_unit_test(test_pages),
		cmocka_unit_test(test_states),	cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
