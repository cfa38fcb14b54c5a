/* links: schema viewer */
/* Samples of several parts each, viewed as if each had the same number. */
#include <stdio.h>
#include <unistd.h>

#include "causes_asked.h"
#include "viewer/analysis/diagnosis_parts.h"
#include "viewer/analysis/failure/samples.h"

static char path[] = "/tmp/shapebox-parts-XXXXXX.py";
static const char program[] =
	"def collate(features):\n"
	"    num_choices = len(features[0]['ids'])\n"
	"    ids = torch.tensor(rows)\n"
	"    return ids.view(len(features), num_choices, -1)\n"; /* 4 */

static json_t *
frames(const char *forms)
{
	return json_pack("[{s:s, s:s, s:i, s:[{s:s, s:s, s:o}]}, {s:s, s:s, s:[{s:s, s:s, s:[{s:i}, {s:i}, {s:i}, {s:i}]}]}]", "file", path, "function", "collate", "line", 4,
			 "locals", "name", "features", "kind", "list", "forms", json_loads(forms, 0, NULL), "file", "/x/torch/utils/data/_utils/fetch.py", "function", "fetch",
			 "locals", "name", "possibly_batched_index", "kind", "list", "items", "value", 70, "value", 71, "value", 77, "value", 73);
}

/* ROWS rows of 24 as SIZE ("[4, 4, -1]"), of samples of FORMS. */
static void
ask_view(int64_t rows, const char *size, const char *forms)
{
	const struct operand viewed[] = { INDEX("self", 1, rows, 24), VALUE("size", "int[]", size) };
	const struct event event = EVENT("aten::view", viewed);

	forget();
	line = "return ids.view(len(features), num_choices, -1)";
	ask(&event, "shape is invalid", frames(forms),
	    json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "len(features)", "value", 4, "name", "num_choices", "value", 4));
}

#define FOUR "{\"first\":0,\"count\":3,\"form\":\"{ids: [list of 3, list of 5, list of 6, list of 3], label: int}\"}"
#define THREE "{\"first\":2,\"count\":1,\"form\":\"{ids: [list of 3, list of 5, list of 6], label: int}\"}"

static void
test_fewer(void)
{
	ask_view(15, "[4, 4, -1]", "[" FOUR "," THREE "]");
	EXPECT("sample_parts", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "not every item of features has 4 in ['ids']: item 2 (sample 77 of the data set) has 3; that makes 15 rows of 4, not 4 x 4 = 16"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(num_choices = 4), taken of the first for all: `len(features[0]['ids'])`"));
	ask_view(15, "[-1, 4, 24]", "[" FOUR "," THREE "]");
	EXPECT("sample_parts", "likely");
	ask_view(15, "[4, 4, -1]", "[{\"first\":0,\"count\":3,\"form\":\"tensor float32 [4, 24]\"},{\"first\":1,\"count\":1,\"form\":\"tensor float32 [3, 24]\"}]");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "not every item of features has 4: item 1 (sample 71 of the data set) has 3"));
	ask_view(17, "[4, 4, -1]", "[{\"first\":0,\"count\":3,\"form\":\"(list of 4, int)\"},{\"first\":3,\"count\":1,\"form\":\"(list of 5, int)\"}]");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "has 4 in [0]: item 3 (sample 73 of the data set) has 5; that makes 17 rows"));
}

static void
test_other(void)
{
	ask_view(14, "[4, 4, -1]", "[" FOUR "," THREE "]"); /* not the rows of these samples */
	EXPECT("sample_parts", "");
	ask_view(15, "[5, 5, -1]", "[" FOUR "," THREE "]"); /* none has as many */
	EXPECT("sample_parts", "");
	ask_view(15, "[3, 4, -1]", "[" FOUR "," THREE "]"); /* of other samples */
	EXPECT("sample_parts", "");
	ask_view(12, "[4, 4, -1]", "[{\"first\":0,\"count\":2,\"form\":\"{ids: [list of 3, list of 5, list of 6, list of 3], label: int}\"},"
				   "{\"first\":2,\"count\":1,\"form\":\"{ids: [list of 3, list of 5, list of 6, list of 3], label: float}\"}]"); /* the last, smaller batch */
	EXPECT("sample_parts", "");
	ask_view(31, "[8, 4, -1]", "[{\"first\":0,\"count\":1,\"form\":\"list of 4\"},{\"first\":1,\"count\":1,\"form\":\"list of 3\"}]");
	EXPECT("sample_parts", "");
}

/* More forms than are kept: the last stands for several. */
static void
test_many_forms(void)
{
	struct samples_parts parts;
	json_t *forms = json_array(), *two;

	for (int i = 0; i < 8; i++)
		json_array_append_new(forms, json_pack("{s:i, s:i, s:o}", "first", i, "count", i < 7 ? 1 : 3, "form", json_sprintf("[list of %d, int]", i)));
	two = json_pack("[{s:[{s:s, s:o}]}]", "locals", "name", "batch", "forms", forms);
	CU_ASSERT_FALSE(samples_parts(two, 42, 2, &parts));
	CU_ASSERT_FALSE(samples_parts(two, 42, 4, &parts));
	json_object_set_new(json_array_get(forms, 7), "count", json_integer(1));
	CU_ASSERT_TRUE(samples_parts(two, 28, 4, &parts));
	CU_ASSERT_EQUAL(parts.odd, 7);
	CU_ASSERT_EQUAL(parts.shown, SAMPLES_PARTS_MOST);
	CU_ASSERT_STRING_EQUAL(parts.path, "[0]");
	json_decref(two);
	two = json_pack("[{s:[{s:s, s:[i, i, i]}]}]", "locals", "name", "rows", "lengths", 4, 2, 4); /* lists of lists */
	CU_ASSERT_TRUE(samples_parts(two, 10, 4, &parts));
	CU_ASSERT_EQUAL(parts.few[0].place, 1);
	CU_ASSERT_FALSE(samples_parts(two, 12, 4, &parts));
	json_decref(two);
}

/* What was 16 rows in all calls is 15: of a full batch, nothing is to be dropped. */
static void
test_full(void)
{
	const struct operand now[] = { INDEX("self", 1, 15, 24), VALUE("size", "int[]", "[4, 4, -1]") }, before[] = { INDEX("self", 1, 16, 24), VALUE("size", "int[]", "[4, 4, -1]") };
	struct event events[4];
	struct hand hand = { .events = events, .event_count = 4 };
	struct source source = hand_source(&hand);
	struct mismatch wants = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 360, .actual = 16 };
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "len(possibly_batched_index)", "value", 4, "name",
				    "loader.batch_sampler.batch_size", "value", 4);
	struct cause_facts facts = { .mismatch = &wants, .source = &source, .event = &events[3], .numbers = numbers };
	struct cause cause = { .confidence = NULL };

	for (int i = 0; i < 4; i++)
		events[i] = (struct event){ .id = i + 1, .site = 5, .parent = -1, .scope = -1, .operation = "aten::view", .overload = "", .phase = "data", .status = "ok",
					    .operand_count = 2, .operands = i == 3 ? now : before };
	CU_ASSERT_TRUE(cause_batch_is_full(&facts, 4));
	CU_ASSERT_TRUE(cause_view_changed(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "the batch is full"));
	json_object_set_new(json_array_get(json_object_get(json_array_get(numbers, 0), "numbers"), 0), "value", json_integer(3));
	CU_ASSERT_FALSE(cause_batch_is_full(&facts, 4));
	cause = (struct cause){ .confidence = NULL };
	CU_ASSERT_TRUE(cause_view_changed(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "drop_last=True"));
	json_object_set_new(json_array_get(json_object_get(json_array_get(numbers, 0), "numbers"), 0), "name", json_string("len(features)"));
	facts.line = "x.view(len(features), 4, -1)";
	CU_ASSERT_TRUE(cause_batch_is_full(&facts, 3));
	CU_ASSERT_FALSE(cause_batch_is_full(&facts, 4));
	json_decref(numbers);
}

/* Rows that are taken apart are what is followed, not what each has. */
static int
followed(const char *size)
{
	const struct operand viewed[] = { INDEX("self", 1, 15, 24), VALUE("size", "int[]", size) };
	const struct event event = EVENT("aten::view", viewed);
	const struct mismatch wants = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1 };

	return diagnosis_unasked_dim(&event, &wants, 0);
}

static void
test_followed(void)
{
	CU_ASSERT_EQUAL(followed("[4, 4, -1]"), 0);
	CU_ASSERT_EQUAL(followed("[-1, 4, 24]"), 0);
	CU_ASSERT_EQUAL(followed("[15, 5, -1]"), 1);
	CU_ASSERT_EQUAL(followed("[7, -1]"), 1);
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "samples with fewer parts", test_fewer);
	CU_add_test(suite, "no such samples", test_other);
	CU_add_test(suite, "more forms than are kept", test_many_forms);
	CU_add_test(suite, "a full batch", test_full);
	CU_add_test(suite, "which dimension is followed", test_followed);
}

int
main(void)
{
	return run_suite_with(path, program, "causes parts", fill);
}
