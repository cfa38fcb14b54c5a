/* links: libshim */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "libshim/expected.h"

static struct expected_order order;

static void
clear(void)
{
	order = (struct expected_order){ 0 };
}

/* One operation of KEY from SITE, as the recorder goes about it. True: it was known. */
static bool
one(uint64_t key, uint32_t site)
{
	struct expected *found = expected_find(&order, key, site);

	if (expected_is(found, key, site))
		return found->signature == (uint32_t)key * 3 + site;
	*found = (struct expected){ .key = key, .from = { 1, site }, .signature = (uint32_t)key * 3 + site, .next = found->next };
	return false;
}

static void
a_round_that_comes_again_is_known(void)
{
	int known = 0;

	clear();
	for (int round = 0; round < 3; round++) {
		known = 0;
		for (uint64_t i = 1; i <= 1000; i++)
			known += one(i * 0x9e3779b97f4a7c15ull | 1, (uint32_t)i % 7 + 1);
	}
	CU_ASSERT(known > 950);
	for (uint32_t i = 0; i < 20; i++)
		one((uint64_t)(i % 5 + 1) << 20 | 1, 9);
	uint32_t guess = order.guess;
	one(1ull << 20 | 1, 9);
	CU_ASSERT_EQUAL(order.last, guess); /* which one follows is known, too */
}

static void
another_site_or_key_is_another_operation(void)
{
	clear();
	CU_ASSERT_FALSE(one(5, 1));
	CU_ASSERT(one(5, 1));
	CU_ASSERT_FALSE(one(5, 2));
	CU_ASSERT_FALSE(one(7, 1));
	CU_ASSERT(one(5, 2));
}

/* However often places are fought for, nothing is taken for another. */
static void
what_is_found_is_what_was_looked_for(void)
{
	int wrong = 0, known = 0;

	clear();
	srand(3);
	for (int i = 0; i < 200000; i++) {
		uint64_t key = (uint64_t)(rand() % 300 + 1) << 19 | 1;
		uint32_t site = (uint32_t)rand() % 20;
		struct expected *found = expected_find(&order, key, site);
		if (!expected_is(found, key, site)) {
			*found = (struct expected){ .key = key, .from = { 1, site }, .signature = (uint32_t)(key >> 19) << 5 | site, .next = found->next };
			continue;
		}
		wrong += found->signature != ((uint32_t)(key >> 19) << 5 | site);
		known++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(known > 1000);
}

int
main(void)
{
	if (CU_initialize_registry())
		return CU_get_error();
	CU_pSuite suite = CU_add_suite("expected", NULL, NULL);
	CU_add_test(suite, "a round that comes again is known", a_round_that_comes_again_is_known);
	CU_add_test(suite, "another site or key is another operation", another_site_or_key_is_another_operation);
	CU_add_test(suite, "what is found is what was looked for", what_is_found_is_what_was_looked_for);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
