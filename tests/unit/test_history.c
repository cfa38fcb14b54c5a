/* links: libshim */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <string.h>

#include "libshim/history.h"
#include "schema/history.h"
#include "shim_fixture.h"

static bool
open_box(uint64_t size_bytes)
{
	bool ok = fixture_open(size_bytes);

	history_open();
	return ok;
}

/* The words of one matrix [ROWS, 4]. */
static uint32_t
matrix(uint32_t op, int64_t rows)
{
	uint64_t words[6] = { BOX_VALUE_TENSOR | 2 << 8 | 6 << 16, 0, (uint64_t)rows, 4, 4, 1 };

	return fixture_signature(op, words, 6, 1);
}

/* All calls of SITE and OP, settled or not; ROWS gets what is known of dimension 0 of settled ones. */
static uint64_t
calls_of(uint32_t site, uint32_t op, struct box_varied *rows)
{
	const struct box_calls *calls = box_region(BOX_CALLS);
	const struct box_region *region = &shim_box.header->regions[BOX_HISTORY];
	const char *heap = box_region(BOX_HISTORY);
	uint64_t sum = 0;

	for (uint64_t i = 0; i < shim_box.header->regions[BOX_CALLS].size_bytes / sizeof *calls; i++) {
		const struct box_signature *signature = (const void *)((char *)box_region(BOX_SIGNATURES) + calls[i].signature * 8ull);
		if (calls[i].calls && calls[i].site == site && signature->op == op)
			sum += calls[i].calls;
	}
	for (uint64_t at = 0; at < region->used_bytes;) {
		const struct box_history *entry = (const void *)(heap + at);
		if (entry->site == site && entry->op == op) {
			sum += entry->calls;
			if (rows && entry->dims[0].varied < BOX_VARIED_LOST)
				*rows = ((struct box_varied *)box_region(BOX_VARIED))[entry->dims[0].varied];
		}
		at += sizeof *entry + entry->dim_count * sizeof entry->dims[0];
	}
	return sum;
}

/* One call that begins and ends. */
static void
call(const struct recorder *recorder, uint32_t site, uint32_t signature)
{
	history_call(recorder, history_bucket(recorder->number, site, signature), site, signature);
}

static void
every_call_is_counted(void)
{
	struct recorder recorder = { .number = 1 };
	struct box_varied rows = { 0 };

	CU_ASSERT_FATAL(open_box(4 << 20));
	for (int i = 0; i < 1000; i++)
		call(&recorder, 5, matrix(1, 8));
	CU_ASSERT_EQUAL(calls_of(5, 1, NULL), 1000);
	CU_ASSERT_EQUAL(shim_box.header->regions[BOX_HISTORY].used_bytes, 0); /* one signature: one entry, settled by nobody */
	for (int64_t i = 0; i < 20000; i++) {
		shim_box.header->step = (uint64_t)i;
		call(&recorder, 6, matrix(2, 1 + i % 3000));
	}
	CU_ASSERT_EQUAL(calls_of(6, 2, &rows), 20000);
	CU_ASSERT_EQUAL(calls_of(5, 1, NULL), 1000);
	CU_ASSERT_EQUAL(rows.smallest, 1);
	CU_ASSERT_EQUAL(rows.count, BOX_VARIED_SIZES + 1);
	history_thread_ended(1);
	CU_ASSERT_EQUAL(calls_of(6, 2, &rows), 20000);
	CU_ASSERT_EQUAL(rows.largest, 3000);
	CU_ASSERT_EQUAL(rows.at_largest, 6); /* 20,000 calls are six rounds and a half */
	CU_ASSERT_EQUAL(rows.new_step, 2999);
	for (int i = 0; i < BOX_LOSS_COUNT; i++)
		CU_ASSERT(i == BOX_LOSS_SIGNATURES_FULL || shim_box.header->lost[i] == 0);
	fixture_remove();
}

static void
a_full_tally_says_so(void)
{
	struct recorder recorder = { .number = 1 };

	CU_ASSERT_FATAL(open_box(1 << 20));
	for (uint32_t site = 1; site < 20000; site++)
		call(&recorder, site, matrix(1, 8));
	CU_ASSERT(shim_box.header->lost[BOX_LOSS_HISTORY_FULL] > 0);
	CU_ASSERT(shim_box.header->regions[BOX_HISTORY].used_bytes <= shim_box.header->regions[BOX_HISTORY].size_bytes);
	fixture_remove();
}

static void
sizes_without_a_signature_are_counted(void)
{
	struct { uint32_t odd; uint32_t words[12]; } record; /* words in a record lie on any multiple of 4 */
	uint64_t words[6] = { BOX_VALUE_TENSOR | 2 << 8 | 6 << 16, 0, 3, 4, 4, 1 };
	struct box_varied rows = { 0 };

	CU_ASSERT_FATAL(open_box(1 << 20));
	for (uint64_t i = 0; i < 10; i++) {
		words[2] = 3 + i % 2;
		memcpy(record.words, words, sizeof words);
		history_unsigned(9, 4, record.words, 6, 1);
	}
	CU_ASSERT_EQUAL(calls_of(9, 4, &rows), 10);
	CU_ASSERT(rows.smallest == 3 && rows.largest == 4 && rows.at_largest == 5 && rows.count == 2);
	fixture_remove();
}

static void *
thread_body(void *argument)
{
	struct recorder recorder = { .number = (uint32_t)(uintptr_t)argument };

	for (int64_t i = 0; i < 20000; i++)
		call(&recorder, 7, matrix(3, 1 + i % 700));
	history_thread_ended(recorder.number);
	return NULL;
}

static void
threads_count_side_by_side(void)
{
	pthread_t threads[4];

	CU_ASSERT_FATAL(open_box(4 << 20));
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread_body, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(calls_of(7, 3, NULL) + shim_box.header->lost[BOX_LOSS_HISTORY_BUSY], 80000);
	fixture_remove();
}

static void
damaged_words_end_the_reading(void)
{
	uint64_t list[2] = { BOX_VALUE_LIST | (uint64_t)1000 << 32, 0 }, cut[1] = { BOX_VALUE_INTS | BOX_LIST_CUT << 8 };
	uint64_t tensor[3] = { BOX_VALUE_TENSOR | 60 << 8, 0, 1 }, text[2] = { BOX_VALUE_STRING | UINT64_MAX << 32, 0 };
	struct history_sizes sizes;

	history_read(list, 2, 1, 0, &sizes);
	CU_ASSERT_EQUAL(sizes.dim_count, 0);
	history_read(cut, 1, 5, 0, &sizes);
	CU_ASSERT_EQUAL(sizes.dim_count, 0);
	history_read(tensor, 3, 1, 0, &sizes);
	CU_ASSERT_EQUAL(sizes.dim_count, 0);
	history_read(text, 2, 9, 0, &sizes);
	CU_ASSERT_EQUAL(sizes.dim_count, 0);
}

/* linear(input, weight), input first: layers of two shapes on one line are told apart, batches of two sizes aren't. */
static void
a_weight_has_its_own_layout(void)
{
	const uint64_t matrix = BOX_VALUE_TENSOR | 2 << 8;
	uint64_t words[] = { matrix, 0, 4, 3, 3, 1, matrix, 0, 8, 3, 3, 1 };
	struct history_sizes one, other;

	history_read(words, 12, 2, 2, &one);
	CU_ASSERT_EQUAL(one.dim_count, 4);
	words[2] = 5;
	history_read(words, 12, 2, 2, &other);
	CU_ASSERT_EQUAL(one.layout, other.layout);
	words[8] = 9;
	history_read(words, 12, 2, 2, &other);
	CU_ASSERT_NOT_EQUAL(one.layout, other.layout);
	history_read(words, 12, 2, 0, &one);
	words[8] = 8;
	history_read(words, 12, 2, 0, &other);
	CU_ASSERT_EQUAL(one.layout, other.layout);
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("history", NULL, NULL);
	CU_add_test(suite, "every call is counted", every_call_is_counted);
	CU_add_test(suite, "a full tally says so", a_full_tally_says_so);
	CU_add_test(suite, "sizes without a signature are counted", sizes_without_a_signature_are_counted);
	CU_add_test(suite, "threads count side by side", threads_count_side_by_side);
	CU_add_test(suite, "damaged words end the reading", damaged_words_end_the_reading);
	CU_add_test(suite, "a weight has its own layout", a_weight_has_its_own_layout);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
