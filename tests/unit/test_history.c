/* SPDX-License-Identifier: MIT */
/*
 * From refusal to the target: the tracker, the plan and the catalogue together, as the daemon and
 * the simulated wire put them together.
 *
 * Every event also goes to a second tracker that sees nothing else, as when a recorded stream is
 * replayed: both must say the same.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reflashd/phone.h"
#include "reflashd/phone_config.h"
#include "reflashd/text.h"
#include "stock.h"

#define START (INT64_C(1795229824) * 1000)
#define IP    0x0a4f4633u

static const struct mac mac = {{0x00, 0x1b, 0x54, 0xca, 0x01, 0x02}};

struct desk {
	struct stock *stock;
	struct catalogue catalogue;
	struct phones live, replayed;
	int64_t now;
	char said[8000]; /* phone.* events: "SECONDS STAGE|CODE|alive LOAD" */
	char text[16000];
	char load[72]; /* what the last request was answered from */
};

static struct desk *desk;

static void bundle(const char *load, bool new_key)
{
	struct synth_options options = {.key = new_key ? desk->stock->g2 : desk->stock->g1};
	static struct synth_files files;

	memset(&files, 0, sizeof(files));
	stock_make(desk->stock, &files, SYNTH_JAVA11, load, &options);
	stock_folder(desk->stock, load, &files);
}

/* What of these: n(ew), b(ridge), o(ld). */
static void setup(const char *which)
{
	struct catalogue_config config = {.target = "newest"};

	desk = calloc(1, sizeof(*desk));
	assert_non_null(desk);
	desk->stock = stock_new();
	if (strchr(which, 'n'))
		bundle("SCCP11.9-4-2SR3-1S", true);
	if (strchr(which, 'b'))
		bundle("SCCP11.8-5-2S", false);
	if (strchr(which, 'o'))
		bundle("SCCP11.8-2-2S", false);
	assert_int_equal(library_finish(&desk->stock->library), 0);
	catalogue_init(&desk->catalogue, &config, &desk->stock->library);
	phones_init(&desk->live, &desk->stock->library);
	phones_init(&desk->replayed, &desk->stock->library);
}

static void teardown(void)
{
	stock_free(desk->stock);
	free(desk);
}

static void note(const struct event *e)
{
	char line[120], text[700];
	const char *what = e->type == EVENT_PHONE_RECOVERED ? "alive"
			   : e->type == EVENT_PHONE_ADVICE  ? e->code
							    : e->stage;

	if (e->type == EVENT_PHONE_PROGRESS || e->type == EVENT_PHONE_CLEARED)
		return;
	snprintf(line, sizeof(line), "%" PRId64 " %s%s%s\n", (desk->now - START) / 1000, what,
		 event_has(e, FIELD_LOAD) ? " " : "", event_has(e, FIELD_LOAD) ? e->load : "");
	assert_true(strlen(desk->said) + strlen(line) < sizeof(desk->said));
	strcat(desk->said, line);
	event_text(e, text, sizeof(text));
	assert_true(strlen(desk->text) + strlen(text) + 1 < sizeof(desk->text));
	strcat(strcat(desk->text, text), "\n");
}

static void apply(struct event *e)
{
	static struct phones_out live, replayed;
	char left[700], right[700];

	e->wall_ms = desk->now;
	phones_apply(&desk->live, e, &live);
	phones_apply(&desk->replayed, e, &replayed);
	assert_int_equal(live.event_count, replayed.event_count);
	for (unsigned i = 0; i < live.event_count; i++) {
		event_text(&live.events[i], left, sizeof(left));
		event_text(&replayed.events[i], right, sizeof(right));
		assert_string_equal(left, right);
		note(&live.events[i]);
	}
}

static void tell(enum event_type type, const char *name)
{
	struct event e;

	event_init(&e, type);
	event_set_mac(&e, mac);
	event_set_ip(&e, FIELD_IP, IP);
	if (type == EVENT_DHCP_DISCOVER || type == EVENT_DHCP_ACK)
		event_set_text(&e, FIELD_VENDOR_CLASS, name);
	else
		event_set_bytes(&e, FIELD_FILE, (const uint8_t *)name, strlen(name));
	if (type == EVENT_TFTP_START && desk->load[0])
		event_set_text(&e, FIELD_LOAD, desk->load);
	apply(&e);
}

static void at(int seconds)
{
	desk->now = START + (int64_t)seconds * 1000;
}

static const struct phone_facts *facts_of(const char *name, struct phone_facts *facts)
{
	const struct phone *phone = phones_find(&desk->live, mac);

	if (!phone)
		return NULL;
	phone_facts_asking(&desk->live, phone, name, desk->now, facts);
	return facts;
}

/* Asks and takes it; what it is served from. */
static const char *get(const char *name)
{
	struct phone_facts known;
	const struct phone_facts *facts = facts_of(name, &known);
	struct answer a;

	catalogue_find(&desk->catalogue, IP, "", name, facts, &a);
	text_copy(desk->load, sizeof(desk->load), a.bundle ? a.bundle->load : "");
	tell(EVENT_TFTP_REQUEST, name);
	if (a.kind == ANSWER_FILE || a.kind == ANSWER_XMLDEFAULT) {
		tell(EVENT_TFTP_START, name);
		tell(EVENT_TFTP_COMPLETE, name);
	} else {
		tell(EVENT_TFTP_REFUSED, name);
	}
	return desk->load;
}

/* Takes XMLDefault; the load it names for a 7906. */
static const char *get_default(void)
{
	static char load[72];
	struct phone_facts known;
	const struct phone_facts *facts = facts_of("XMLDefault.cnf.xml", &known);
	char *text, *tag;
	size_t len;

	assert_int_equal(xmldefault_render_for(&desk->stock->library, "newest", false, facts,
					       0x0a4f4601, &text, &len),
			 0);
	tag = strstr(text, "<loadInformation369 ");
	load[0] = '\0';
	if (tag) {
		tag = strchr(tag, '>') + 1;
		snprintf(load, sizeof(load), "%.*s", (int)strcspn(tag, "<"), tag);
	}
	free(text);
	get("XMLDefault.cnf.xml");
	return load;
}

/* All members of what it is being given. */
static void get_members(void)
{
	const struct bundle *b = library_bundle(&desk->stock->library, desk->load);

	assert_non_null(b);
	for (unsigned i = 0; i < b->file_count; i++)
		if (desk->stock->library.file[b->files[i]].role == FILE_IMAGE)
			get(desk->stock->library.file[b->files[i]].name);
}

static void expect(const char *said)
{
	if (strcmp(desk->said, said) != 0)
		fail_msg("\n%s\ninstead of\n%s", desk->said, said);
	desk->said[0] = '\0';
}

#define TERM "term06.default.loads"
#define NEW  "SCCP11.9-4-2SR3-1S"
#define MID  "SCCP11.8-5-2S"
#define OLD  "SCCP11.8-2-2S"

/* W-TICKETT, and what follows when it is listened to. */
static void the_7906(void **state)
{
	(void)state;
	setup("nbo");
	at(32);
	assert_string_equal(get(TERM), NEW);
	at(33);
	assert_string_equal(get(TERM), NEW);
	expect("32 seen\n32 listed " NEW "\n");
	at(180);
	assert_string_equal(get(TERM), MID); /* the very request that shows it */
	assert_string_equal(get(TERM), MID);
	expect("180 refused " NEW "\n180 list-refused\n180 listed " MID "\n");
	assert_non_null(strstr(desk->text, "took the packing list of " NEW
					   " and asked for none of its files, twice: it refuses"));
	assert_non_null(strstr(desk->text, "it is offered next: " MID "."));
	at(273);
	assert_string_equal(get(TERM), OLD);
	get_members();
	expect("273 refused " MID "\n273 list-refused\n273 listed " OLD "\n273 fetching " OLD
	       "\n273 writing " OLD "\n");
	at(600);
	tell(EVENT_DHCP_DISCOVER, "Cisco Systems, Inc. IP Phone CP-7906G");
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), MID);
	expect("600 back " OLD "\n600 next-step " OLD "\n");
	assert_string_equal(get(MID ".loads"), MID);
	get_members();
	at(900);
	tell(EVENT_DHCP_DISCOVER, "Cisco Systems, Inc. IP Phone CP-7906G");
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), NEW);
	get(NEW ".loads");
	get_members();
	assert_int_equal(desk->live.recovered, 0);
	expect("600 listed " MID "\n600 fetching " MID "\n600 writing " MID "\n900 back " MID
	       "\n900 next-step " MID "\n900 listed " NEW "\n900 fetching " NEW "\n900 writing " NEW
	       "\n");
	at(1200);
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), NEW);
	expect("1200 back " NEW "\n1200 recovered " NEW "\n1200 alive " NEW "\n");
	assert_non_null(strstr(desk->text, "is alive again and runs " NEW));
	assert_int_equal(desk->live.recovered, 1);
	teardown();
}

/* It asks again, and there is no room for one more refusal: the oldest is forgotten. */
static void many_refusals(void **state)
{
	struct phone_facts facts;
	struct phone *phone;

	(void)state;
	setup("nbo");
	at(32);
	get(TERM);
	get(TERM);
	phone = &desk->live.phone[0];
	for (unsigned i = 0; i < PLAN_REFUSED_MAX; i++)
		snprintf(phone->refused[i], sizeof(phone->refused[i]), "L%u", i);
	phone->refused_count = PLAN_REFUSED_MAX;
	at(180);
	assert_non_null(facts_of(TERM, &facts));
	assert_int_equal(facts.refused_count, PLAN_REFUSED_MAX);
	assert_string_equal(facts.refused[0], "L1");
	assert_string_equal(facts.refused[PLAN_REFUSED_MAX - 1], NEW);
	teardown();
}

/* Nothing was known of it but that it is a phone, until it asks for the list of its model. */
static void a_model_by_its_list(void **state)
{
	struct phone_facts facts;

	(void)state;
	setup("n");
	at(1);
	tell(EVENT_DHCP_DISCOVER, "Cisco Systems, Inc. IP Phone");
	assert_non_null(facts_of("XMLDefault.cnf.xml", &facts));
	assert_null(facts.model);
	assert_non_null(facts_of(TERM, &facts));
	assert_string_equal(facts.model->id, "7906");
	assert_true(facts.erased);
	teardown();
}

/* The very request that shows that it runs what it fetched. */
static void it_asks_for_its_configuration(void **state)
{
	struct phone_facts facts;

	(void)state;
	setup("o");
	at(32);
	assert_string_equal(get(TERM), OLD);
	get_members();
	at(300);
	assert_non_null(facts_of(TERM, &facts));
	assert_string_equal(facts.runs, "");
	assert_non_null(facts_of("XMLDefault.cnf.xml", &facts));
	assert_string_equal(facts.runs, OLD);
	assert_false(facts.erased);
	teardown();
}

static void with_only_the_new_one(void **state)
{
	(void)state;
	setup("n");
	at(1);
	get(TERM);
	get(TERM);
	at(100);
	assert_string_equal(get(TERM), NEW); /* there is nothing else, and it harms nothing */
	get(TERM);
	expect("1 seen\n1 listed " NEW "\n100 refused " NEW "\n100 no-bundle-helps\n");
	assert_non_null(strstr(desk->text, "best 8.5(2) (not 8.5(2)SR1): look for SCCP11.8-5-2S or "
					   "SIP11.8-5-2S."));
	at(200);
	get(TERM);
	at(300);
	get(TERM);
	expect(""); /* said once */
	teardown();
}

/* It took an old load, and here the road ends: alive, and what is missing is said. */
static void a_part_of_the_way(void **state)
{
	(void)state;
	setup("no");
	at(1);
	get(TERM);
	get(TERM);
	at(100);
	assert_string_equal(get(TERM), OLD);
	get_members();
	at(400);
	get("CTLSEP001B54CA0102.tlv");
	desk->said[0] = desk->text[0] = '\0';
	assert_string_equal(get_default(), OLD); /* so that it does not go round in circles */
	expect("400 recovered " OLD "\n400 alive " OLD "\n400 no-bundle-helps\n");
	assert_non_null(strstr(desk->text, "needs a release from 8.3(3) to 8.5(2) first"));
	assert_int_equal(desk->live.recovered, 1);
	teardown();
}

static void a_power_cut_is_no_refusal(void **state)
{
	(void)state;
	setup("nb");
	at(1);
	get(TERM);
	get(TERM);
	at(60);
	tell(EVENT_DHCP_DISCOVER, "Cisco Systems, Inc. IP Phone CP-7906G");
	assert_string_equal(get(TERM), NEW);
	get_members();
	expect("1 seen\n1 listed " NEW "\n60 fetching " NEW "\n60 writing " NEW "\n");
	/* but a phone that boots anew each time and takes the list only does refuse it */
	at(100);
	get(TERM);
	at(200);
	tell(EVENT_DHCP_DISCOVER, "Cisco Systems, Inc. IP Phone CP-7906G");
	assert_string_equal(get(TERM), NEW);
	at(300);
	tell(EVENT_DHCP_DISCOVER, "Cisco Systems, Inc. IP Phone CP-7906G");
	assert_string_equal(get(TERM), MID);
	teardown();
}

static void within_ten_seconds_it_is_one_round(void **state)
{
	(void)state;
	setup("nb");
	at(1);
	get(TERM);
	get(TERM);
	at(11);
	assert_string_equal(get(TERM), NEW);
	at(22);
	assert_string_equal(get(TERM), MID);
	teardown();
	setup("nb");
	for (int i = 0; i < 4; i++) {
		at(i);
		assert_string_equal(get(TERM), NEW);
	}
	assert_string_equal(get(TERM), MID); /* four times is no accident at any pace */
	teardown();
}

static void a_member_takes_it_back(void **state)
{
	struct phone_facts facts;

	(void)state;
	setup("nb");
	at(1);
	get(TERM);
	get(TERM);
	at(100);
	get(TERM);
	phone_facts(&desk->live, phones_find(&desk->live, mac), &facts);
	assert_true(facts_refused(&facts, NEW));
	text_copy(desk->load, sizeof(desk->load), NEW);
	tell(EVENT_TFTP_REQUEST, "cnu11.9-4-2SR3-1-27.sbn");
	tell(EVENT_TFTP_START, "cnu11.9-4-2SR3-1-27.sbn");
	phone_facts(&desk->live, phones_find(&desk->live, mac), &facts);
	assert_false(facts_refused(&facts, NEW));
	teardown();
}

/* The daemon is started anew between the refusal and the next request. */
static void a_restart_keeps_it(void **state)
{
	char text[PHONE_TEXT_MAX];
	struct fault f;
	size_t len;

	(void)state;
	setup("nb");
	at(1);
	get(TERM);
	get(TERM);
	at(100);
	get(TERM);
	len = phone_text_write(phones_find(&desk->live, mac), text, sizeof(text));
	assert_string_equal(text, "00:1b:54:ca:01:02 7906 - - erased " NEW "\n");
	phones_init(&desk->live, &desk->stock->library);
	phones_init(&desk->replayed, &desk->stock->library);
	assert_int_equal(phones_text_read(&desk->live, "phones", text, len, &f), 0);
	assert_int_equal(phones_text_read(&desk->replayed, "phones", text, len, &f), 0);
	at(200);
	assert_string_equal(get(TERM), MID);
	at(201);
	get_members();
	at(500);
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), NEW);
	teardown();
}

/* What it runs is not known; it takes the list that XMLDefault names, and goes on without. */
static void a_running_phone(void **state)
{
	(void)state;
	setup("nb");
	tell(EVENT_DHCP_ACK, "Cisco Systems, Inc. IP Phone CP-7906G");
	at(5);
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), NEW);
	get(NEW ".loads");
	at(185);
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), MID);
	get(MID ".loads");
	get_members();
	at(400);
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), NEW);
	assert_int_equal(desk->live.recovered, 0);
	/* and there it refuses it once more: this is where it stays */
	get(NEW ".loads");
	desk->said[0] = desk->text[0] = '\0';
	at(600);
	get("CTLSEP001B54CA0102.tlv");
	assert_string_equal(get_default(), MID);
	expect("600 back\n600 refused " NEW "\n600 no-bundle-helps\n600 recovered " MID
	       "\n600 alive " MID "\n");
	assert_int_equal(desk->live.recovered, 1);
	teardown();
}

/* A configuration of the user's own keeps it on the stepping stone. */
static void a_phone_that_does_not_go_on(void **state)
{
	(void)state;
	setup("nb");
	at(1);
	get(TERM);
	get(TERM);
	at(100);
	get(TERM);
	get_members();
	at(300);
	get("CTLSEP001B54CA0102.tlv");
	get_default();
	at(360);
	desk->said[0] = '\0';
	get_default();
	expect("");
	at(361);
	get_default();
	expect("361 recovered " MID "\n361 alive " MID "\n361 stays-on-step\n");
	get_default();
	expect("");
	assert_int_equal(desk->live.recovered, 1);
	teardown();
}

/* The same, and it says what it runs: then that is the proof, not its requests. */
static void a_phone_that_says_where_it_stays(void **state)
{
	struct event e;

	(void)state;
	setup("nb");
	at(1);
	get(TERM);
	get(TERM);
	at(100);
	get(TERM);
	get_members();
	at(300);
	get("CTLSEP001B54CA0102.tlv");
	get_default();
	desk->said[0] = desk->text[0] = '\0';
	event_init(&e, EVENT_CDP_SEEN);
	event_set_mac(&e, mac);
	event_set_text(&e, FIELD_DEVICE, "SEP001B54CA0102");
	event_set_text(&e, FIELD_SOFTWARE, MID);
	apply(&e);
	expect("");
	at(361);
	get_default();
	expect("361 recovered " MID "\n361 alive " MID "\n361 stays-on-step\n");
	assert_non_null(strstr(desk->text, "CDP"));
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_7906),
		cmocka_unit_test(many_refusals),
		cmocka_unit_test(a_model_by_its_list),
		cmocka_unit_test(it_asks_for_its_configuration),
		cmocka_unit_test(with_only_the_new_one),
		cmocka_unit_test(a_part_of_the_way),
		cmocka_unit_test(a_power_cut_is_no_refusal),
		cmocka_unit_test(within_ten_seconds_it_is_one_round),
		cmocka_unit_test(a_member_takes_it_back),
		cmocka_unit_test(a_restart_keeps_it),
		cmocka_unit_test(a_running_phone),
		cmocka_unit_test(a_phone_that_does_not_go_on),
		cmocka_unit_test(a_phone_that_says_where_it_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
