/* links: libshim */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libshim/identity.h"
#include "libshim/memory.h"
#include "libshim/operands.h"
#include "libshim/recorder.h"
#include "libshim/summary.h"
#include "fake_tensor.h"
#include "shim_fixture.h"

static char text[20000];

/* The summary of MADE as JSON; "" if there is none. */
static const char *
summarise(const struct fake_tensor *made)
{
	struct summary_budget budget;
	struct summary summary;
	struct json_writer json;

	summary_begin(&budget);
	text[0] = 0;
	if (!summary_take(&summary, made, &budget))
		return text;
	json_begin(&json, text, sizeof text - 1);
	summary_write(&json, &summary);
	json_finish(&json);
	text[json.used] = 0;
	return text;
}

static void
contiguous_integers_are_counted(void)
{
	int64_t labels[] = { 3, -100, -100, 7, 0, -1 };
	int32_t offsets[] = { 0, 4, 4, 9 };
	uint8_t bytes[] = { 200, 255 };
	int8_t chars[] = { -128, 127 };
	struct fake_storage a = STORAGE(labels), b = STORAGE(offsets), c = STORAGE(bytes), d = STORAGE(chars);
	struct fake_tensor of;

	of = tensor(&a, LONG, 1, DIMS(6), DIMS(1), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":6,\"min\":-100,\"max\":7,\"negative\":3,\"zero\":1,"
			       "\"ignored\":2,\"distinct\":5,\"sorted\":false}");
	of = tensor(&b, INT, 1, DIMS(4), DIMS(1), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":4,\"min\":0,\"max\":9,\"negative\":0,\"zero\":1,"
			       "\"ignored\":0,\"distinct\":3,\"sorted\":true}");
	of = tensor(&c, BYTE, 1, DIMS(2), DIMS(1), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"min\":200,\"max\":255,\"negative\":0"));
	of = tensor(&d, CHAR, 1, DIMS(2), DIMS(1), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"min\":-128,\"max\":127,\"negative\":1"));
}

static void
strides_and_offsets_are_followed(void)
{
	int16_t values[24];
	struct fake_storage storage = STORAGE(values);
	struct fake_tensor of;

	for (int i = 0; i < 24; i++)
		values[i] = (int16_t)(i * 10);
	of = tensor(&storage, SHORT, 1, DIMS(4), DIMS(5), 3); /* 30 80 130 180 */
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"min\":30,\"max\":180"));
	of = tensor(&storage, SHORT, 2, DIMS(6, 4), DIMS(1, 6), 0); /* transposed */
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":24,\"min\":0,\"max\":230,\"negative\":0,\"zero\":1,"
			       "\"ignored\":0,\"distinct\":24,\"sorted\":null,\"row_products\":[0,17290000,44800000,"
			       "85050000,140800000,215050000]}");
	of = tensor(&storage, SHORT, 3, DIMS(2, 1, 3), DIMS(12, 99, 2), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "{\"elements\":6,\"min\":10,\"max\":170"));
	of = tensor(&storage, SHORT, 2, DIMS(300, 300), DIMS(0, 0), 7); /* expanded */
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":90000,\"min\":70,\"max\":70,\"negative\":0,\"zero\":0,"
			       "\"ignored\":0,\"distinct\":1,\"sorted\":null}");
	of = tensor(&storage, SHORT, 0, NULL, NULL, 23); /* a scalar */
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "{\"elements\":1,\"min\":230,\"max\":230"));
}

static void
true_is_counted_by_row(void)
{
	bool mask[3][4] = { { true, true }, { false }, { true, true, true, true } };
	struct fake_storage storage = STORAGE(mask);
	struct fake_tensor of;

	of = tensor(&storage, BOOL, 2, DIMS(3, 4), DIMS(4, 1), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":12,\"true\":6,\"rows\":[2,0,4],\"runs\":[1,0,1]}");
	of = tensor(&storage, BOOL, 2, DIMS(4, 3), DIMS(1, 4), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":12,\"true\":6,\"rows\":[2,2,1,1],\"runs\":[2,2,1,1]}");
	of = tensor(&storage, BOOL, 3, DIMS(3, 4, 16), DIMS(4, 1, 0), 0); /* as masked_scatter wants it */
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":192,\"true\":96,\"rows\":[32,0,64],\"runs\":[1,0,1]}");
	of = tensor(&storage, BOOL, 3, DIMS(1, 3, 4), DIMS(12, 4, 1), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":12,\"true\":6,\"rows\":[6]}");
	of = tensor(&storage, BOOL, 1, DIMS(12), DIMS(1), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":12,\"true\":6}");
	of = tensor(&storage, BOOL, 2, DIMS(65, 4), DIMS(0, 1), 0); /* too many rows to tell */
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":260,\"true\":130}");
}

/* The summary of SECOND where FIRST, and before it ZEROTH if there is one, were counted for the same failure. */
static const char *
summarise_after(const struct fake_tensor *zeroth, const struct fake_tensor *first, const struct fake_tensor *second)
{
	struct summary_budget budget;
	struct summary summary;
	struct json_writer json;

	summary_begin(&budget);
	if (zeroth)
		summary_take(&summary, zeroth, &budget);
	summary_take(&summary, first, &budget);
	CU_ASSERT_TRUE(summary_take(&summary, second, &budget));
	json_begin(&json, text, sizeof text - 1);
	summary_write(&json, &summary);
	json_finish(&json);
	text[json.used] = 0;
	return text;
}

static void
a_flattened_mask_is_counted_as_the_rows_of_its_table(void)
{
	int64_t ids[12] = { 0 };
	uint8_t mask[24] = { 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0 };
	struct fake_storage a = STORAGE(ids), b = STORAGE(mask);
	struct fake_tensor table = tensor(&a, LONG, 2, DIMS(2, 6), DIMS(6, 1), 0), other = tensor(&a, LONG, 2, DIMS(3, 4), DIMS(4, 1), 0);
	struct fake_tensor flat = tensor(&b, BOOL, 1, DIMS(12), DIMS(1), 0), shorter = tensor(&b, BOOL, 1, DIMS(10), DIMS(1), 0);
	struct fake_tensor every = tensor(&b, BOOL, 1, DIMS(12), DIMS(2), 0);

	CU_ASSERT_STRING_EQUAL(summarise_after(NULL, &table, &flat), "{\"elements\":12,\"true\":5,\"as_rows_of\":6,\"as_rows\":[2,3],\"runs\":[1,2]}");
	CU_ASSERT_STRING_EQUAL(summarise_after(NULL, &other, &flat), "{\"elements\":12,\"true\":5,\"as_rows_of\":4,\"as_rows\":[2,1,2],\"runs\":[1,1,1]}");
	CU_ASSERT_STRING_EQUAL(summarise_after(NULL, &table, &every), "{\"elements\":12,\"true\":3,\"as_rows_of\":6,\"as_rows\":[3,0],\"runs\":[2,0]}");
	CU_ASSERT_STRING_EQUAL(summarise_after(&other, &table, &flat), "{\"elements\":12,\"true\":5}"); /* of which? */
	CU_ASSERT_STRING_EQUAL(summarise_after(NULL, &table, &shorter), "{\"elements\":10,\"true\":5}");
}

static void
rows_of_a_small_table_are_multiplied(void)
{
	int64_t grid[2][3] = { { 1, 4, 6 }, { INT64_MAX, 2, 1 } };
	struct fake_storage storage = STORAGE(grid);
	struct fake_tensor of;

	of = tensor(&storage, LONG, 2, DIMS(2, 3), DIMS(3, 1), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"row_products\":[24,null]}"));
	of = tensor(&storage, LONG, 2, DIMS(2, 1), DIMS(3, 1), 0); /* one column: that would be the values */
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "row_products"));
	of = tensor(&storage, LONG, 2, DIMS(1, 6), DIMS(6, 1), 0); /* no table of sizes */
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "row_products"));
}

static void
padding_inside_rows_is_counted(void)
{
	int64_t ids[3 * 6] = { 5, 6, 7, 8, 9, 2, /* */ 5, 0, 7, 8, 0, 0, /* */ 5, 0, 0, 0, 0, 0 };
	struct fake_storage storage = STORAGE(ids);
	struct fake_tensor of = tensor(&storage, LONG, 2, DIMS(3, 6), DIMS(6, 1), 0);

	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"padding\":0,\"padding_inside\":[0,1,0]}"));
	ids[7] = 6; /* at the rows' ends only */
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "padding"));
	ids[7] = 0;
	for (int i = 0; i < 3; i++)
		ids[i * 6 + 5] = i + 1; /* no row ends in two of one value */
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "padding"));
}

static void
marks_are_counted_by_row(void)
{
	int64_t ids[2 * 6] = { 5, -200, 7, 8, -200, 2, /* */ -200, 6, 7, -1, 3, 4 };
	struct fake_storage storage = STORAGE(ids);
	struct fake_tensor of = tensor(&storage, LONG, 2, DIMS(2, 6), DIMS(6, 1), 0);

	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"lowest\":[2,1]}"));
	of = tensor(&storage, LONG, 2, DIMS(6, 2), DIMS(1, 6), 0); /* a table of sizes */
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "lowest"));
	of = tensor(&storage, LONG, 1, DIMS(12), DIMS(1), 0); /* no rows */
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "lowest"));
	for (int i = 0; i < 12; i++)
		ids[i] = i; /* ids as they should be */
	of = tensor(&storage, LONG, 2, DIMS(2, 6), DIMS(6, 1), 0);
	CU_ASSERT_PTR_NULL(strstr(summarise(&of), "lowest"));
}

static void
empty_tensors_have_no_extremes(void)
{
	struct fake_storage none = { .data = NULL, .bytes = 0 };
	struct fake_tensor of = tensor(&none, LONG, 1, DIMS(0), DIMS(1), 0);

	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":0,\"min\":null,\"max\":null,\"negative\":0,\"zero\":0,"
			       "\"ignored\":0,\"distinct\":0,\"sorted\":true}");
	of = tensor(NULL, BOOL, 2, DIMS(0, 4), DIMS(4, 1), 0);
	CU_ASSERT_STRING_EQUAL(summarise(&of), "{\"elements\":0,\"true\":0}");
}

static void
distinct_is_exact_up_to_its_limit(void)
{
	static int32_t values[3 * (SUMMARY_DISTINCT + 1)];
	struct fake_storage storage = STORAGE(values);
	struct fake_tensor of;
	char wanted[64];

	for (int i = 0; i < 3 * (SUMMARY_DISTINCT + 1); i++)
		values[i] = (i * 7 % (SUMMARY_DISTINCT + 1)) * 65536;
	of = tensor(&storage, INT, 1, DIMS(3 * (SUMMARY_DISTINCT + 1)), DIMS(1), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"distinct\":null"));
	of = tensor(&storage, INT, 1, DIMS(SUMMARY_DISTINCT), DIMS(1), 0);
	snprintf(wanted, sizeof wanted, "\"distinct\":%d,", SUMMARY_DISTINCT);
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), wanted));
	for (int i = 0; i < SUMMARY_DISTINCT; i++) /* order across the blocks that are counted at once */
		values[i] = i;
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"sorted\":true"));
	values[512] = 510;
	CU_ASSERT_PTR_NOT_NULL(strstr(summarise(&of), "\"sorted\":false"));
}

static void
nothing_outside_the_storage_is_read(void)
{
	int64_t values[8] = { 0 };
	struct fake_storage storage = STORAGE(values), symbolic = { .data = values, .bytes = INT64_MIN + 5 };
	struct fake_storage gone = { .data = NULL, .bytes = 64 };
	struct fake_tensor of;

#define REFUSED(...) \
	of = tensor(__VA_ARGS__); \
	CU_ASSERT_STRING_EQUAL(summarise(&of), "")
	REFUSED(&storage, LONG, 1, DIMS(9), DIMS(1), 0);
	REFUSED(&storage, LONG, 1, DIMS(8), DIMS(1), 1);
	REFUSED(&storage, LONG, 1, DIMS(1), DIMS(1), -1);
	REFUSED(&storage, LONG, 1, DIMS(1), DIMS(1), 8);
	REFUSED(&storage, LONG, 1, DIMS(2), DIMS(INT64_MAX), 1);
	REFUSED(&storage, LONG, 1, DIMS(3), DIMS(INT64_MAX), 1);
	REFUSED(&storage, LONG, 1, DIMS(2), DIMS(-1), 0);
	REFUSED(&storage, LONG, 1, DIMS(-2), DIMS(1), 0);
	REFUSED(&storage, LONG, 2, DIMS(2, 5), DIMS(4, 1), 0);
	REFUSED(&symbolic, LONG, 1, DIMS(8), DIMS(1), 0);
	REFUSED(&gone, LONG, 1, DIMS(8), DIMS(1), 0);
	REFUSED(NULL, LONG, 1, DIMS(8), DIMS(1), 0);
	of = tensor(&storage, LONG, 2, DIMS(2, 4), DIMS(4, 1), 0);
	CU_ASSERT_STRING_NOT_EQUAL(summarise(&of), "");
	tensor_layout.data_known = false;
	CU_ASSERT_STRING_EQUAL(summarise(&of), "");
	learn_fakes();
}

static void
other_tensors_are_left_alone(void)
{
	int64_t values[8] = { 0 };
	struct fake_storage storage = STORAGE(values);
	struct fake_tensor of = tensor(&storage, LONG, 1, DIMS(8), DIMS(1), 0);
	static const int devices[] = { CUDA, META };

	for (uint64_t key = KEY_SPARSE; key <= KEY_NESTED; key *= 2) {
		of.keys = key;
		CU_ASSERT_STRING_EQUAL(summarise(&of), "");
	}
	of.keys = 0;
	for (int i = 0; i < 2; i++) {
		of.device_type = (int8_t)devices[i];
		CU_ASSERT_STRING_EQUAL(summarise(&of), "");
	}
	REFUSED(&storage, FLOAT, 1, DIMS(8), DIMS(1), 0);
	REFUSED(&storage, LONG, 1, DIMS(20 << 20), DIMS(0), 0); /* more than 16 M elements */
	CU_ASSERT_STRING_EQUAL(summarise(NULL), "");
}

static void
memory_that_would_fault_is_refused(void)
{
	char name[] = "/tmp/shapebox-test-XXXXXX";
	int file = mkstemp(name);
	struct fake_storage storage;
	struct fake_tensor of;

	CU_ASSERT_FATAL(file >= 0 && !ftruncate(file, 8192));
	storage.bytes = 8192;
	storage.data = mmap(NULL, 8192, PROT_READ, MAP_SHARED, file, 0);
	CU_ASSERT_FATAL(storage.data != MAP_FAILED);
	of = tensor(&storage, LONG, 1, DIMS(1024), DIMS(1), 0);
	CU_ASSERT_STRING_NOT_EQUAL(summarise(&of), "");
	if (getenv("UNDER_VALGRIND")) { /* it answers in the kernel's place, and what is mapped it says can be read */
		munmap(storage.data, 8192);
		close(file);
		unlink(name);
		return;
	}
	CU_ASSERT_FATAL(!ftruncate(file, 4096)); /* the second page now raises SIGBUS */
	errno = 77;
	CU_ASSERT_STRING_EQUAL(summarise(&of), "");
	CU_ASSERT_EQUAL(errno, 77);
	of = tensor(&storage, LONG, 1, DIMS(512), DIMS(1), 0);
	CU_ASSERT_STRING_NOT_EQUAL(summarise(&of), "");
	munmap(storage.data, 8192);
	CU_ASSERT_FALSE(memory_is_readable(storage.data, 8192));
	CU_ASSERT_FALSE(memory_is_readable((void *)(UINTPTR_MAX - 10), 100));
	close(file);
	unlink(name);
}

static void
a_failure_has_a_budget(void)
{
	int64_t values[1] = { 5 };
	struct fake_storage storage = STORAGE(values);
	struct fake_tensor many[SUMMARY_TENSORS + 1];
	struct summary_budget budget;
	struct summary summary;
	int taken = 0;

	for (int i = 0; i <= SUMMARY_TENSORS; i++)
		many[i] = tensor(&storage, LONG, 1, DIMS(1), DIMS(1), 0);
	summary_begin(&budget);
	CU_ASSERT_TRUE(summary_take(&summary, &many[0], &budget));
	CU_ASSERT_FALSE(summary_take(&summary, &many[0], &budget)); /* once is enough */
	for (int i = 1; i <= SUMMARY_TENSORS; i++)
		taken += summary_take(&summary, &many[i], &budget);
	CU_ASSERT_EQUAL(taken, SUMMARY_TENSORS - 1);
	summary_begin(&budget);
	budget.until_ns = 1; /* long past */
	CU_ASSERT_FALSE(summary_take(&summary, &many[0], &budget));
	settings.summaries = false;
	CU_ASSERT_STRING_EQUAL(summarise(&many[0]), "");
	settings.summaries = true;
}

static const char *
operands(const struct recorder *recorder, const struct open_op *open, uint32_t room)
{
	struct operands found;
	struct json_writer json;

	json_begin(&json, text, room - 1);
	operands_find(&found, recorder, open);
	operands_write(&json, &found);
	json_finish(&json);
	text[json.used] = 0;
	return text;
}

static void
operands_are_found_by_their_numbers(void)
{
	static struct recorder recorder;
	static char memory[65536] __attribute__((aligned(64)));
	struct box_chunk *chunk = (struct box_chunk *)memory;
	struct box_start *start = (struct box_start *)(chunk + 1);
	struct open_op open = { .start = start, .chunk = chunk, .event = 9 };
	const struct identity_event event = { 1, 2, 3, NULL };
	bool mask[2][2] = { { true, true }, { true, false } };
	int64_t index[] = { 4, 4 };
	float weight[] = { 1, 2 };
	struct fake_storage a = STORAGE(weight), b = STORAGE(mask), c = STORAGE(index);
	struct fake_tensor tensors[] = { tensor(&a, FLOAT, 1, DIMS(2), DIMS(1), 0),
					 tensor(&b, BOOL, 2, DIMS(2, 2), DIMS(2, 1), 0),
					 tensor(&c, LONG, 1, DIMS(2), DIMS(1), 0) };
	uint64_t block[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	settings.summaries = true;
	shim_box.header->next_tensor = (1ull << 33) - 1; /* numbers outgrow 32 bits */
	chunk->base_tensor = shim_box.header->next_tensor;
	chunk->thread = recorder.number = 3;
	chunk->first_event = 9;
	chunk->state = BOX_CHUNK_OPEN;
	start->ids = 4;
	for (int i = 0; i < 3; i++) {
		start->id[i] = (uint32_t)identity_meet(&tensors[i], 0, false, &event, block);
		if (i == 0)
			identity_meet(&block, 0, false, &event, block); /* gets the number whose low half is 0 */
	}
	start->id[3] = 0; /* not known */
	CU_ASSERT_STRING_EQUAL(operands(&recorder, &open, sizeof text), "[]"); /* ends of tensors may go unseen */
	shim_box.header->checks[BOX_CHECK_DEATHS] = BOX_CHECK_OK;
	CU_ASSERT_STRING_EQUAL(operands(&recorder, &open, 4096), "[]"); /* too little room left in the note */
	CU_ASSERT_STRING_EQUAL(operands(&recorder, &open, sizeof text),
			       "[{\"tensor\":8589934593,\"index\":1,\"summary\":{\"elements\":4,\"true\":3,"
			       "\"rows\":[2,1],\"runs\":[1,1]}},{\"tensor\":8589934594,\"index\":2,\"summary\":{\"elements\":2,"
			       "\"min\":4,\"max\":4,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":1,"
			       "\"sorted\":true}}]");
	identity_end(&tensors[1]);
	CU_ASSERT_EQUAL(strncmp(operands(&recorder, &open, sizeof text), "[{\"tensor\":8589934594,", 22), 0);
	chunk->first_event = 10; /* came round */
	CU_ASSERT_STRING_EQUAL(operands(&recorder, &open, sizeof text), "[]");
	chunk->first_event = 9;
	chunk->thread = 4; /* went to another thread */
	CU_ASSERT_STRING_EQUAL(operands(&recorder, &open, sizeof text), "[]");
	fixture_remove();
}

int
main(void)
{
	learn_fakes();
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("summary", NULL, NULL);
	CU_add_test(suite, "contiguous integers are counted", contiguous_integers_are_counted);
	CU_add_test(suite, "strides and offsets are followed", strides_and_offsets_are_followed);
	CU_add_test(suite, "True is counted by row", true_is_counted_by_row);
	CU_add_test(suite, "a flattened mask is counted as the rows of its table", a_flattened_mask_is_counted_as_the_rows_of_its_table);
	CU_add_test(suite, "rows of a small table are multiplied", rows_of_a_small_table_are_multiplied);
	CU_add_test(suite, "marks are counted by row", marks_are_counted_by_row);
	CU_add_test(suite, "padding inside rows is counted", padding_inside_rows_is_counted);
	CU_add_test(suite, "empty tensors have no extremes", empty_tensors_have_no_extremes);
	CU_add_test(suite, "distinct is exact up to its limit", distinct_is_exact_up_to_its_limit);
	CU_add_test(suite, "nothing outside the storage is read", nothing_outside_the_storage_is_read);
	CU_add_test(suite, "other tensors are left alone", other_tensors_are_left_alone);
	CU_add_test(suite, "memory that would fault is refused", memory_that_would_fault_is_refused);
	CU_add_test(suite, "a failure has a budget", a_failure_has_a_budget);
	CU_add_test(suite, "operands are found by their numbers", operands_are_found_by_their_numbers);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
