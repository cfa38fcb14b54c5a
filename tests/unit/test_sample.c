/* links: libshim */
#include <CUnit/Basic.h>
#include <string.h>

#include "fake_tensor.h"
#include "libshim/sample.h"
#include "schema/box.h"

static char text[8192];

static const char *
written(void)
{
	struct json_writer json;

	json_begin(&json, text, sizeof text - 1);
	sample_write(&json);
	json_finish(&json);
	text[json.used] = 0;
	return text;
}

static void
take(enum sample_kind kind, uint32_t site, const struct fake_tensor *one, const struct fake_tensor *two, const struct fake_tensor *three)
{
	static struct values values;

	values.tensor_count = three ? 3 : 2;
	values.tensors[0] = one;
	values.tensors[1] = two;
	values.tensors[2] = three;
	sample_take(kind, site, &values);
}

static void
operations(void)
{
	CU_ASSERT_EQUAL(sample_of("aten::cross_entropy_loss"), SAMPLE_LABELS);
	CU_ASSERT_EQUAL(sample_of("aten::nll_loss_nd"), SAMPLE_LABELS);
	CU_ASSERT_EQUAL(sample_of("aten::masked_scatter"), SAMPLE_PLACES);
	CU_ASSERT_EQUAL(sample_of("aten::masked_scatter_backward"), SAMPLE_NONE);
	CU_ASSERT_EQUAL(sample_of("aten::linear"), SAMPLE_NONE);
}

static void
labels(void)
{
	int64_t none[] = { -100, -100, -100, -100 }, some[] = { -100, -100, 3, -100 };
	float scores[8] = { 0 };
	struct fake_storage a = STORAGE(none), b = STORAGE(some), c = STORAGE(scores);
	struct fake_tensor input = tensor(&c, FLOAT, 2, DIMS(4, 2), DIMS(2, 1), 0);
	struct fake_tensor ignored = tensor(&a, LONG, 2, DIMS(2, 2), DIMS(2, 1), 0), kept = tensor(&b, LONG, 1, DIMS(4), DIMS(1), 0);
	struct fake_tensor first_two = tensor(&b, LONG, 1, DIMS(2), DIMS(1), 0), beyond = tensor(&b, LONG, 1, DIMS(5), DIMS(1), 0);
	struct fake_tensor shares = tensor(&c, FLOAT, 2, DIMS(4, 2), DIMS(2, 1), 0), away = ignored;

	sample_forget();
	take(SAMPLE_LABELS, 9, &input, &kept, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"what\":\"labels_ignored\",\"site\":9,\"calls\":1,\"looked\":1,\"odd\":0"));
	take(SAMPLE_LABELS, 9, &input, &ignored, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"calls\":2,\"looked\":2,\"odd\":1,\"count\":4"));
	take(SAMPLE_LABELS, 9, &input, &first_two, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"calls\":3,\"looked\":3,\"odd\":2,\"count\":2"));
	away.device_type = CUDA;
	take(SAMPLE_LABELS, 9, &input, &away, NULL);   /* not here */
	take(SAMPLE_LABELS, 9, &input, &beyond, NULL); /* beyond its storage: not read */
	take(SAMPLE_LABELS, 9, &input, &shares, NULL); /* probabilities */
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"calls\":6,\"looked\":3,\"odd\":2"));
	take(SAMPLE_LABELS, 0, &input, &kept, NULL);
	CU_ASSERT_PTR_NULL(strstr(written(), "\"site\":0"));
}

static void
places(void)
{
	uint8_t mask[] = { 1, 0, 1, 0, 0, 1 };
	float numbers[32] = { 0 };
	struct fake_storage a = STORAGE(mask), b = STORAGE(numbers);
	struct fake_tensor self = tensor(&b, FLOAT, 3, DIMS(2, 3, 4), DIMS(12, 4, 1), 0), expanded = tensor(&a, BOOL, 3, DIMS(2, 3, 4), DIMS(3, 1, 0), 0);
	struct fake_tensor three = tensor(&b, FLOAT, 2, DIMS(3, 4), DIMS(4, 1), 0), four = tensor(&b, FLOAT, 2, DIMS(4, 4), DIMS(4, 1), 0);

	sample_forget();
	take(SAMPLE_PLACES, 4, &self, &expanded, &three);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"what\":\"source_in_part\",\"site\":4,\"calls\":1,\"looked\":1,\"odd\":0"));
	take(SAMPLE_PLACES, 4, &self, &expanded, &four);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"calls\":2,\"looked\":2,\"odd\":1,\"count\":12,\"of\":16"));
}

static void
indices(void)
{
	int64_t ids[] = { 3, 0, 9, 4 }, rows[] = { 2, 3, 4, 2, 3, 4 }, more[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	float numbers[100] = { 0 };
	struct fake_storage a = STORAGE(ids), b = STORAGE(rows), c = STORAGE(more), d = STORAGE(numbers);
	struct fake_tensor table = tensor(&d, FLOAT, 2, DIMS(10, 10), DIMS(10, 1), 0), mask = tensor(&a, BOOL, 1, DIMS(4), DIMS(1), 0);
	struct fake_tensor words = tensor(&a, LONG, 2, DIMS(2, 2), DIMS(2, 1), 0), places = tensor(&b, LONG, 2, DIMS(2, 3), DIMS(3, 1), 0);
	struct fake_tensor further = tensor(&c, LONG, 1, DIMS(8), DIMS(1), 0);

	CU_ASSERT_EQUAL(sample_of("aten::embedding"), SAMPLE_INDEX);
	sample_forget();
	take(SAMPLE_INDEX, 4, &table, &words, NULL); /* to the table's end */
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"what\":\"index\",\"site\":4,\"calls\":1,\"looked\":1,\"odd\":0,\"count\":0,\"of\":0,"
						 "\"largest\":9,\"rows\":10,\"grew\":0,\"runs\":0"));
	take(SAMPLE_INDEX, 5, &table, &places, NULL); /* 2, 3, 4 twice */
	take(SAMPLE_INDEX, 5, &table, &further, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"site\":5,\"calls\":2,\"looked\":2,\"odd\":2,\"count\":8,\"of\":10,"
						 "\"largest\":7,\"rows\":10,\"grew\":1,\"runs\":2"));
	take(SAMPLE_INDEX, 5, &table, &mask, NULL); /* no index */
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"calls\":3,\"looked\":2"));
}

static void
bounded(void)
{
	int64_t none[] = { -100 };
	struct fake_storage a = STORAGE(none);
	struct fake_tensor one = tensor(&a, LONG, 1, DIMS(1), DIMS(1), 0);

	sample_forget();
	for (int i = 0; i < 1000; i++)
		take(SAMPLE_LABELS, 1, &one, &one, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(written(), "\"calls\":1000,\"looked\":21,")); /* 16, then 32, 64, ..., 512 */
	for (uint32_t site = 1; site < 1000; site++)
		take(SAMPLE_LABELS, site, &one, &one, NULL);
	int told = 0;
	for (const char *at = written(); (at = strstr(at, "\"site\":")); at++)
		told++;
	CU_ASSERT(told >= 30 && told <= (int)SAMPLE_SITES); /* the note has room for some 35 of them here */
	sample_forget();
	settings.summaries = false;
	take(SAMPLE_LABELS, 1, &one, &one, NULL);
	CU_ASSERT_STRING_EQUAL(written(), "[]");
	settings.summaries = true;
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	learn_fakes();
	suite = CU_add_suite("sample", NULL, NULL);
	CU_add_test(suite, "operations", operations);
	CU_add_test(suite, "labels", labels);
	CU_add_test(suite, "places", places);
	CU_add_test(suite, "indices", indices);
	CU_add_test(suite, "bounded", bounded);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
