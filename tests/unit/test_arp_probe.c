/* SPDX-License-Identifier: MIT */
/*
 * Asking for another owner of our address, in virtual time; and that it goes on while the DHCP
 * probe waits, not after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reflashd/arp_probe.h"
#include "reflashd/dhcp_probe.h"

#define START USEC_SEC(7)

static void asks(void **state)
{
	static const usec_t sends[] = {0, USEC_MS(25), USEC_MS(50), USEC_MS(1500)};
	struct arp_probe p;
	unsigned sent = 0;
	usec_t now;

	(void)state;
	arp_probe_init(&p, START);
	for (now = START; p.state != ARP_PROBE_FREE; now = arp_probe_deadline(&p)) {
		enum arp_probe_state before = p.state;

		assert_true(now != USEC_NEVER);
		if (arp_probe_tick(&p, now)) {
			assert_true(sent < ARP_PROBE_SENDS);
			assert_int_equal(now - START, sends[sent++]);
		}
		if (before == ARP_PROBE_WAITING && p.state != before)
			assert_int_equal(now - START, DHCP_PROBE_FIRST);
	}
	assert_int_equal(sent, ARP_PROBE_SENDS);
	/* After the last one it listened, as long as the DHCP probe does. */
	assert_int_equal(p.last_sent, START + sends[3]);
	arp_probe_init(&p, START);
	for (now = START; p.sent < ARP_PROBE_SENDS; now = arp_probe_deadline(&p))
		arp_probe_tick(&p, now);
	assert_int_equal(arp_probe_deadline(&p) - p.last_sent, USEC_MS(3400));
	arp_probe_tick(&p, p.last_sent + USEC_MS(3400) - 1);
	assert_int_equal(p.state, ARP_PROBE_QUIET);
	arp_probe_tick(&p, p.last_sent + USEC_MS(3400));
	assert_int_equal(p.state, ARP_PROBE_FREE);
	assert_int_equal(arp_probe_deadline(&p), USEC_NEVER);
	assert_false(arp_probe_tick(&p, START + USEC_SEC(60)));
}

/* A tick too early does nothing, whenever it comes. */
static void early(void **state)
{
	struct arp_probe p;

	(void)state;
	arp_probe_init(&p, START);
	assert_true(arp_probe_tick(&p, START));
	for (usec_t now = START; now < START + DHCP_PROBE_FIRST; now += 100) {
		arp_probe_tick(&p, now);
		assert_int_equal(p.state, ARP_PROBE_WAITING);
	}
	assert_int_equal(p.sent, 3);
	assert_false(arp_probe_tick(&p, START + DHCP_PROBE_FIRST - 1));
	assert_int_equal(p.state, ARP_PROBE_WAITING);
	assert_false(arp_probe_tick(&p, START + DHCP_PROBE_FIRST));
	assert_int_equal(p.state, ARP_PROBE_QUIET);
}

/* The loop was held up for a second after any of the questions: none is left out, and after the
 * last one there is time to listen. */
static void held_up(void **state)
{
	(void)state;
	for (unsigned after = 1; after <= 3; after++) {
		struct arp_probe p;
		usec_t now = START, last = 0;

		arp_probe_init(&p, START);
		while (p.state == ARP_PROBE_WAITING) {
			if (arp_probe_tick(&p, now)) {
				assert_true(p.sent == 1 || now - last >= USEC_MS(20));
				last = now;
				if (p.sent == after)
					now += USEC_SEC(1);
			}
			if (p.state != ARP_PROBE_WAITING)
				break;
			if (arp_probe_deadline(&p) > now)
				now = arp_probe_deadline(&p);
		}
		assert_int_equal(p.sent, 3);
		assert_true(now - last >= USEC_MS(20));
		/* However late it is, the last question is asked before the address is called free.
		 */
		assert_true(arp_probe_tick(&p, now + USEC_SEC(60)));
		assert_int_equal(p.state, ARP_PROBE_QUIET);
		assert_false(arp_probe_tick(&p, now + USEC_SEC(61)));
		assert_int_equal(p.state, ARP_PROBE_QUIET);
	}
}

/*
 * Both begin with the link. Driven as the loop drives them, by whose deadline is nearer, the order
 * of what they do shows that neither waits for the other, and that both are done in the same
 * moment: nothing is offered before that, and nothing needs to wait longer.
 */
static void beside_the_dhcp_probe(void **state)
{
	const struct mac mac = {{2, 0, 0, 0, 0, 1}};
	struct dhcp_probe_out out;
	struct dhcp_probe dhcp;
	struct arp_probe arp;
	char story[64] = "";
	size_t n = 0;
	usec_t now = START;

	(void)state;
	dhcp_probe_init(&dhcp, mac, 1, 0x0a4f4601, now);
	arp_probe_init(&arp, now);
	while (dhcp.state == DHCP_PROBE_WAITING || arp.state == ARP_PROBE_WAITING) {
		usec_t a, d;

		if (arp_probe_tick(&arp, now))
			story[n++] = 'a';
		dhcp_probe_tick(&dhcp, now, &out);
		if (out.len)
			story[n++] = 'd';
		a = arp_probe_deadline(&arp);
		d = dhcp_probe_deadline(&dhcp);
		assert_true(n < sizeof(story) - 1);
		if (dhcp.state == DHCP_PROBE_WAITING || arp.state == ARP_PROBE_WAITING)
			now = a < d ? a : d;
	}
	assert_string_equal(story, "adada");
	assert_int_equal(now - START, DHCP_PROBE_FIRST);
	assert_int_equal(dhcp.state, DHCP_PROBE_QUIET);
	assert_int_equal(arp.state, ARP_PROBE_QUIET);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks),
		cmocka_unit_test(early),
		cmocka_unit_test(held_up),
		cmocka_unit_test(beside_the_dhcp_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
