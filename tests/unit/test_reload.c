/* SPDX-License-Identifier: MIT */
/*
 * What a reload leans on: options compared, the catalogue and the tracker moved to a library that
 * was read anew while phones are in the middle of it.
 */
#include "config_rig.h"
#include "shelf.h"

#include "reflashd/phone.h"
#include "reflashd/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every option whose value can be seen is told apart from its default. */
static void options_are_compared(void **state)
{
	static const struct {
		const char *ini;
		enum config_option option;
	} rows[] = {
		{"[network]\ninterface = eth7\n", OPTION_INTERFACE},
		{"[network]\naddress = 10.1.2.3/24\n", OPTION_ADDRESS},
		{"[network]\nforce = yes\n", OPTION_FORCE},
		{"[dhcp]\npool = 10.1.2.5-10.1.2.9\n", OPTION_POOL},
		{"[dhcp]\nrouter = 10.1.2.1\n", OPTION_ROUTER},
		{"[dhcp]\ndns = 10.1.2.1,10.1.2.2\n", OPTION_DNS},
		{"[dhcp]\nlease-time = 61\n", OPTION_LEASE_TIME},
		{"[dhcp]\nclients = all\n", OPTION_CLIENTS},
		{"[phones]\nlisten = none\n", OPTION_LISTEN},
		{"[phones]\ncdp-power = yes\n", OPTION_CDP_POWER},
		{"[firmware]\ntarget = SCCP70.8-3-3S\n", OPTION_TARGET},
		{"[firmware]\nkeys = k.ini\n", OPTION_KEYS},
		{"[firmware]\nmodels = m.ini\n", OPTION_MODELS},
		{"[firmware]\nserve-incomplete = yes\n", OPTION_SERVE_INCOMPLETE},
		{"[firmware]\npath = /srv/fw\n", OPTION_FIRMWARE},
		{"[tftp]\nmax-transfers = 7\n", OPTION_MAX_TRANSFERS},
		{"[tftp]\nmax-per-client = 7\n", OPTION_MAX_PER_CLIENT},
		{"[output]\nevents = e.json\n", OPTION_EVENTS},
		{"[output]\npcap = p.pcap\n", OPTION_PCAP},
		{"[output]\nweb = 8080\n", OPTION_WEB},
		{"[output]\ncontrol = none\n", OPTION_CONTROL},
		{"[output]\nstate-dir = /tmp\n", OPTION_STATE_DIR},
		{"[output]\ncolor = never\n", OPTION_COLOR},
	};
	struct config plain, c;
	struct fault f;

	(void)state;
	config_defaults(&plain);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		config_defaults(&c);
		assert_int_equal(config_rig_read(&c, rows[i].ini, &f), 0);
		text_copy(c.file, sizeof(c.file), plain.file); /* the rig names one */
		for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
			assert_int_equal(config_same(&plain, &c, (enum config_option)o),
					 o != rows[i].option);
		if (rows[i].option != OPTION_FIRMWARE)
			assert_non_null(strstr(rows[i].ini, config_option_name(rows[i].option)));
	}
}

static void words_are_read_again(void **state)
{
	char *argv[] = {"-i", "eth0", "--lease-time", "100", "-c", "/dev/null", "fw", NULL};
	struct config c, again;
	struct fault f;

	(void)state;
	assert_int_equal(config_load(&c, 7, argv, &f), 0);
	assert_int_equal(config_again(&again, &c, &f), 0);
	for (unsigned o = 0; o < OPTIONS_TOTAL; o++)
		assert_true(config_same(&c, &again, (enum config_option)o));
	argv[3] = "50"; /* as if it had been wrong all along */
	again.lease_seconds = 4711;
	assert_int_not_equal(config_again(&again, &c, &f), 0);
	assert_int_equal(again.lease_seconds, 4711);
}

static struct shelf *shelf_of(const char *first, const char *second)
{
	struct shelf *s = shelf_new();

	if (first)
		shelf_add(s, SYNTH_JAVA70, first, NULL, NULL);
	if (second)
		shelf_add(s, SYNTH_JAVA70, second, NULL, NULL);
	return s;
}

static const char *given(struct catalogue *c, uint32_t ip, const char *base)
{
	static struct answer a;

	catalogue_find(c, ip, "", base, NULL, &a);
	return a.bundle ? a.bundle->load : "";
}

/* Who was in the middle of a bundle stays in it when it is still there, wherever it stands now. */
static void the_catalogue_moves(void **state)
{
	struct shelf *a = shelf_of("SCCP70.8-3-3S", "SCCP70.8-5-2S"),
		     *b = shelf_of("SCCP70.8-5-2S", "SCCP70.8-3-3S"),
		     *c = shelf_of("SCCP70.8-5-2S", NULL);
	struct catalogue_config config = {.target = "SCCP70.8-3-3S"};
	struct catalogue cat;

	(void)state;
	catalogue_init(&cat, &config, &a->library);
	assert_string_equal(given(&cat, 1, "term70.default.loads"), "SCCP70.8-3-3S");
	assert_int_equal(cat.client_count, 1);
	catalogue_change(&cat, &config, &b->library);
	assert_int_equal(cat.client_count, 1);
	assert_string_equal(b->library.bundle[cat.client[0].bundle].load, "SCCP70.8-3-3S");
	catalogue_change(&cat, &config, &c->library);
	assert_int_equal(cat.client_count, 0);
	assert_string_equal(given(&cat, 1, "term70.default.loads"), "SCCP70.8-5-2S");
	shelf_free(a);
	shelf_free(b);
	shelf_free(c);
}

static void tell(struct phones *p, enum event_type type, const char *file, const char *load)
{
	static struct phones_out out;
	static int64_t now = INT64_C(1700000000000);
	struct event e;

	event_init(&e, type);
	e.wall_ms = now += 100;
	event_set_mac(&e, (struct mac){{0, 1, 2, 3, 4, 5}});
	event_set_ip(&e, FIELD_IP, 7);
	event_set_text(&e, FIELD_FILE, file);
	if (load)
		event_set_text(&e, FIELD_LOAD, load);
	phones_apply(p, &e, &out);
}

/* What a phone has fetched counts on in a bundle with the same files, and only there. */
static void the_tracker_moves(void **state)
{
	struct shelf *a = shelf_of("SCCP70.8-3-3S", NULL),
		     *b = shelf_of("SCCP70.8-5-2S", "SCCP70.8-3-3S"), *c = shelf_new(),
		     *none = shelf_of("SCCP70.8-5-2S", NULL);
	struct phones *p = calloc(1, sizeof(*p));
	const struct synth_file *member;
	const struct phone *phone;

	(void)state;
	assert_non_null(p);
	shelf_add(c, SYNTH_JAVA70, "SCCP70.8-3-3S", NULL, "missing:dsp");
	member = &a->bundle[0].file[0];
	for (unsigned i = 0; i < a->bundle[0].count; i++)
		if (text_ends_nocase(a->bundle[0].file[i].name, ".sbn"))
			member = &a->bundle[0].file[i];
	phones_init(p, &a->library);
	tell(p, EVENT_TFTP_REQUEST, "term70.default.loads", NULL);
	tell(p, EVENT_TFTP_START, "term70.default.loads", "SCCP70.8-3-3S");
	tell(p, EVENT_TFTP_COMPLETE, "term70.default.loads", NULL);
	tell(p, EVENT_TFTP_REQUEST, member->name, NULL);
	tell(p, EVENT_TFTP_START, member->name, "SCCP70.8-3-3S");
	tell(p, EVENT_TFTP_COMPLETE, member->name, NULL);
	phone = phones_find_ip(p, 7);
	assert_non_null(phone);
	assert_int_not_equal(phone->fetched, 0);

	phones_change_library(p, &b->library);
	assert_int_not_equal(phone->fetched, 0);
	assert_ptr_equal(phone->bundle, library_bundle(&b->library, "SCCP70.8-3-3S"));
	assert_ptr_equal(phone->model, models_by_id(&b->models, "7970"));

	phones_change_library(p, &none->library);
	assert_int_equal(phone->fetched, 0);
	assert_null(phone->bundle);

	phones_change_library(p, &b->library); /* it is back, and is fetched from the start */
	assert_ptr_equal(phone->bundle, library_bundle(&b->library, "SCCP70.8-3-3S"));
	assert_int_equal(phone->fetched, 0);

	tell(p, EVENT_TFTP_START, member->name, "SCCP70.8-3-3S");
	tell(p, EVENT_TFTP_COMPLETE, member->name, NULL);
	assert_int_not_equal(phone->fetched, 0);
	phones_change_library(p, &c->library); /* the same name, and another set of files */
	assert_int_equal(phone->fetched, 0);
	free(p);
	shelf_free(a);
	shelf_free(b);
	shelf_free(c);
	shelf_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_compared),
		cmocka_unit_test(words_are_read_again),
		cmocka_unit_test(the_catalogue_moves),
		cmocka_unit_test(the_tracker_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
