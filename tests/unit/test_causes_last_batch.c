/* links: schema viewer */
/* A batch that is smaller than all before: the loader's last one, as what is within reach tells. */
#include <stdio.h>

#include "causes_asked.h"

static struct news news;

/* A side of 5 where OPERATION in PHASE made 8 before (LARGEST at most). */
static bool
tell(json_t *numbers, const char *operation, const char *phase, int64_t largest, struct text *out)
{
	struct cause_facts facts = { .numbers = numbers };
	struct cause_side side = { .place = 0, .dim = 0, .size = 5, .news = &news };
	bool told;

	news = (struct news){ .count = 1, .known = true };
	news.change.step.event.id = -1;
	news.steps[0] = (struct news_step){ .step = { .event = { .id = 7, .site = 60, .operation = operation, .phase = phase }, .dim = 0, .size = 5 },
					    .usual = { .calls = 40, .smallest = 8, .largest = largest } };
	*out = (struct text){{0}, 0};
	told = cause_add_smaller_batch(&facts, &side, out);
	json_decref(numbers);
	return told;
}

static json_t *
reach(const char *name, int64_t value, int64_t step)
{
	return json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:I}, {s:s, s:I}]}]", "frame", 1, "numbers", "name", "loader.batch_size", "value", 8, "name", name, "value", (json_int_t)value, "name",
			 "step", "value", (json_int_t)step);
}

static void
test_told(void)
{
	struct text out;

	CU_ASSERT_TRUE(tell(reach("dataset.n", 2573, 321), "aten::stack", "data", 8, &out)); /* as batches are counted */
	CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "the last, smaller batch: dataset.n = 2573 = 321 x 8 + 5"));
	CU_ASSERT_TRUE(tell(reach("pets.n", 2573, 322), "aten::stack", "data", 8, &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "pets.n = 2573"));
	CU_ASSERT_TRUE(tell(reach("len(dataset.items)", 29, 700), "aten::cat", "other", 8, &out)); /* by its name */
	CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "len(dataset.items) = 29 = 3 x 8 + 5"));
	CU_ASSERT_TRUE(tell(reach("width", 64, 700), "aten::stack", "data", 8, &out)); /* by the batch size alone */
	CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "a batch of 5, the only one with less than loader.batch_size = 8"));
}

static void
test_not_told(void)
{
	struct text out;

	CU_ASSERT_FALSE(tell(reach("width", 2573, 700), "aten::stack", "forward", 8, &out)); /* no samples, and no loader's */
	CU_ASSERT_FALSE(tell(reach("dataset.n", 2573, 321), "aten::stack", "data", 9, &out)); /* batches always differed */
	CU_ASSERT_TRUE(tell(reach("len(loader.sampler.rows)", 653, 700), "aten::cat", "forward", 8, &out));
	CU_ASSERT_FALSE(tell(reach("len(loader.batch_sampler.batches)", 653, 700), "aten::cat", "forward", 8, &out)); /* batches, no samples */
	CU_ASSERT_FALSE(tell(reach("dataset.n", 2573, 321), "aten::slice", "data", 8, &out));
	CU_ASSERT_FALSE(tell(json_pack("[{s:i, s:[{s:s, s:i}]}]", "frame", 1, "numbers", "name", "heads", "value", 8), "aten::stack", "data", 8, &out));
}

/* A check that 5 samples don't pass. */
static void
test_check(void)
{
	struct condition condition = { .operator = "==", .left = "len(x) % 2", .right = "0", .one = { .kind = CONDITION_NUMBER, .number = 1, .whole = 5, .part = 2, .dim = -1 },
				       .other = { .kind = CONDITION_NUMBER, .dim = -1 } };
	struct text out;
	json_t *numbers = reach("dataset.n", 2573, 321);
	struct cause_facts facts = { .type = "AssertionError", .message = "even", .condition = &condition, .last_call = -1, .numbers = numbers,
				     .sides = { { .place = 0, .dim = 0, .size = 5, .news = &news } } };

	tell(json_array(), "aten::stack", "data", 8, &out);
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("not_divisible", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it is the last, smaller batch: dataset.n = 2573 = 321 x 8 + 5"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "drop_last=True"));
	news.steps[0].usual.largest = 9;
	json_decref(causes);
	causes = causes_build(&facts);
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "last"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "choose 2"));
	json_decref(numbers);
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "the last batch is told", test_told);
	CU_add_test(suite, "what isn't known to be it", test_not_told);
	CU_add_test(suite, "a check of its size", test_check);
}

int
main(void)
{
	return run_suite("causes: last batch", fill);
}
