/* links: libshim */
#include <CUnit/Basic.h>
#include <string.h>

#include "shim_fixture.h"

static const char *
text_of(uint32_t ref)
{
	return ((const struct box_string *)((char *)box_region(BOX_STRINGS) + ref))->text;
}

static void
a_string_is_stored_once(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	uint32_t first = dictionary_string("aten::cat", 9), other = dictionary_string("aten::cat.out", 13);

	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_NOT_EQUAL(first, other);
	CU_ASSERT_EQUAL(first, dictionary_string("aten::cat and more", 9));
	CU_ASSERT_STRING_EQUAL(text_of(first), "aten::cat");
	CU_ASSERT_EQUAL(dictionary_string("", 0), 0);
	fixture_remove();
}

static void
a_full_dictionary_counts_its_losses(void)
{
	char text[64];
	uint32_t last = 1;

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	for (int i = 0; i < 10000; i++)
		last = dictionary_string(text, (size_t)snprintf(text, sizeof text, "a rather long name, number %d", i));
	CU_ASSERT_EQUAL(last, 0);
	CU_ASSERT(shim_box.header->lost[BOX_LOSS_STRINGS_FULL] > 0);
	CU_ASSERT(shim_box.header->regions[BOX_STRINGS].used_bytes <= shim_box.header->regions[BOX_STRINGS].size_bytes);
	fixture_remove();
}

static void
signatures_that_never_come_back_leave_room(void)
{
	uint64_t words[8] = { 0 };
	uint32_t again = BOX_NONE;

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	words[0] = 77;
	uint32_t known = fixture_signature(1, words, 8, 2);
	CU_ASSERT_NOT_EQUAL(known, BOX_NONE);
	for (uint64_t i = 0; i < 100000; i++) {
		words[0] = 1000 + i;
		fixture_signature(1, words, 8, 2);
	}
	CU_ASSERT(shim_box.header->regions[BOX_SIGNATURES].used_bytes
		  < shim_box.header->regions[BOX_SIGNATURES].size_bytes * 3 / 4);
	words[0] = 77;
	CU_ASSERT_EQUAL(fixture_signature(1, words, 8, 2), known);
	for (int i = 0; i < 2; i++) { /* one that does come back is stored at the second meeting */
		words[0] = 5;
		again = fixture_signature(2, words, 8, 2);
	}
	CU_ASSERT_NOT_EQUAL(again, BOX_NONE);
	fixture_remove();
}

static void
sites_keep_both_ends_of_a_stack(void)
{
	uint32_t frames[4] = { 4, 5, 6, 7 };
	const struct site_text text = { .print = 77, .class = SITE_MODULE };

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	CU_ASSERT_EQUAL(dictionary_site_find(99), BOX_NONE);
	uint32_t ref = dictionary_site_add(99, frames, 3, 1, 12, &text);
	CU_ASSERT_EQUAL(dictionary_site_find(99), ref);
	const struct box_site *site = (const struct box_site *)((char *)box_region(BOX_SITES) + 8ull * ref);
	CU_ASSERT_EQUAL(site->frame_count, 4);
	CU_ASSERT_EQUAL(site->inner_count, 3);
	CU_ASSERT_EQUAL(site->left_out, 12);
	CU_ASSERT_EQUAL(site->frames[3], 7);
	CU_ASSERT_EQUAL(site->print, 77);
	CU_ASSERT_EQUAL(site->class, SITE_MODULE);
	fixture_remove();
}

static void
a_new_box_starts_with_empty_dictionaries(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	dictionary_site_add(123, (uint32_t[]){ 1 }, 1, 0, 0, &(struct site_text){ 0 });
	fixture_remove();
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	CU_ASSERT_EQUAL(dictionary_site_find(123), BOX_NONE);
	fixture_remove();
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("dictionary", NULL, NULL);
	CU_add_test(suite, "a string is stored once", a_string_is_stored_once);
	CU_add_test(suite, "a full dictionary counts its losses", a_full_dictionary_counts_its_losses);
	CU_add_test(suite, "signatures that never come back leave room", signatures_that_never_come_back_leave_room);
	CU_add_test(suite, "sites keep both ends of a stack", sites_keep_both_ends_of_a_stack);
	CU_add_test(suite, "a new box starts with empty dictionaries", a_new_box_starts_with_empty_dictionaries);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
