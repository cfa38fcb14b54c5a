/* links: schema viewer */
/* A size that strides divide with a rest and that is brought back: told where all of its way is known, and where it isn't. */
#include "causes_asked.h"
#include "viewer/analysis/causes/layers/strides.h"

#define STEP(side, id, operation, operands, size) add_step(side, id, operation, operands, COUNT(operands), 2, size)
#define SAYS(rule, key, part) CU_ASSERT_PTR_NOT_NULL(strstr(text_of(rule, key), part))

static const struct operand joined[] = { ITEM("tensors", 0, 11, 2, 8, 7), ITEM("tensors", 1, 12, 2, 8, 8), VALUE("dim", "int", "1") };
static const struct operand of_4[] = { TENSOR("self", 1, 2, 8, 4) }, of_30[] = { TENSOR("self", 1, 2, 8, 30) };
static const struct operand half_7[] = { TENSOR("self", 2, 2, 8, 7), VALUE("kernel_size", "int[]", "[2]"), VALUE("stride", "int[]", "[2]") };
static const struct operand half_14[] = { TENSOR("self", 3, 2, 8, 14), VALUE("kernel_size", "int[]", "[2]"), VALUE("stride", "int[]", "[2]") };
static const struct operand half_28[] = { TENSOR("self", 4, 2, 8, 28), VALUE("kernel_size", "int[]", "[2]"), VALUE("stride", "int[]", "[2]") };

/* 28 -> 14 -> 7, kept and -> 4 -> 8. */
static void
tell_halves(void)
{
	forget();
	STEP(0, 90, "aten::upsample_nearest1d", of_4, 8);
	STEP(0, 80, "aten::avg_pool1d", half_7, 4);
	for (int side = 0; side < 2; side++) {
		STEP(side, 70, "aten::avg_pool1d", half_14, 7);
		STEP(side, 60, "aten::avg_pool1d", half_28, 14);
		STEP(side, 50, "aten::upsample_linear1d", of_30, 28);
		STEP(side, 40, "aten::rand", of_30, 30);
	}
}

static void
test_halves(void)
{
	const struct event a = EVENT("aten::cat", joined);
	struct strides strides;

	tell_halves();
	CU_ASSERT_TRUE(strides_find(&stories[0], &stories[1], &strides));
	CU_ASSERT_EQUAL(strides.side, 0);
	CU_ASSERT_EQUAL(strides.by, 8);
	CU_ASSERT_EQUAL(strides.entered, 28);
	CU_ASSERT_EQUAL(strides.entry, 4);
	CU_ASSERT_EQUAL(strides.rounds, 1);
	CU_ASSERT_EQUAL(strides.path_count, 5);
	CU_ASSERT_TRUE(strides_find(&stories[1], &stories[0], &strides));
	CU_ASSERT_EQUAL(strides.side, 1);
	ask(&a, "", NULL, number("cfg.bucket_reso_steps", 4));
	EXPECT("size_rounded", "likely");
	SAYS("size_rounded", "text", "the 28 that comes in, by aten::upsample_linear1d");
	SAYS("size_rounded", "text", "is no multiple of 2 x 2 x 2 = 8");
	SAYS("size_rounded", "text", "28 -> 14 -> 7 -> 4 -> 8, where 7 was kept (aten::avg_pool1d made 4 of 7)");
	SAYS("size_rounded", "fix", "make the 28 a multiple of 8 there: 24 or 32; if cfg.bucket_reso_steps decides it, set that to 8");
	ask(&a, "", NULL, number("args.steps", 4)); /* of something else */
	CU_ASSERT_PTR_NULL(strstr(text_of("size_rounded", "fix"), "args.steps"));
	ask(&a, "", NULL, number("cfg.bucket_reso_steps", 8)); /* would not have let it through */
	CU_ASSERT_PTR_NULL(strstr(text_of("size_rounded", "fix"), "bucket_reso_steps"));
	forget();
}

/* What lies between the first and the last was put into one with others and taken out again, as attention does it. */
static void
test_regrouped(void)
{
	struct strides strides;

	forget();
	STEP(0, 90, "aten::upsample_nearest1d", of_4, 8);
	STEP(0, 88, "aten::view", of_4, 4);
	STEP(0, 86, "aten::add", of_4, 20);
	STEP(0, 84, "aten::reshape", of_4, 20);
	STEP(0, 80, "aten::avg_pool1d", half_7, 4);
	for (int side = 0; side < 2; side++)
		STEP(side, 70, "aten::slice", half_14, 7);
	CU_ASSERT_TRUE(strides_find(&stories[0], &stories[1], &strides));
	CU_ASSERT_EQUAL(strides.by, 2);
	CU_ASSERT_EQUAL(strides.entered, 7);
	stories[0].steps[3].event.operation = "aten::mul"; /* another size goes on */
	CU_ASSERT_FALSE(strides_find(&stories[0], &stories[1], &strides));
	forget();
}

static void
test_others(void)
{
	const struct event a = EVENT("aten::cat", joined);
	struct strides strides;

	tell_halves();
	stories[0].steps[0].size = 16; /* brought back to twice as much: no rest makes that */
	CU_ASSERT_FALSE(strides_find(&stories[0], &stories[1], &strides));
	tell_halves();
	stories[0].steps[1].event = (struct event){ .id = 80, .site = 80, .operation = "aten::upsample_nearest1d", .operands = half_7, .operand_count = 1 };
	stories[0].steps[1].size = 3; /* scaled by a half: what is left of 7 is cut off, 3 is scaled to 6 */
	stories[0].steps[0].size = 6;
	CU_ASSERT_TRUE(strides_find(&stories[0], &stories[1], &strides));
	CU_ASSERT_EQUAL(strides.by, 8);
	stories[0].steps[1].event.operation = "aten::conv1d"; /* a layer without padding that takes 4 off */
	CU_ASSERT_FALSE(strides_find(&stories[0], &stories[1], &strides));
	tell_halves();
	stories[0].steps[1].possible = true;
	CU_ASSERT_FALSE(strides_find(&stories[0], &stories[1], &strides));
	tell_halves();
	stories[0].steps[1].event.operation = "aten::slice"; /* cut, not divided */
	CU_ASSERT_FALSE(strides_find(&stories[0], &stories[1], &strides));
	ask(&a, "", NULL, NULL);
	EXPECT("size_rounded", "");
	tell_halves();
	stories[1].steps[0].event.id = 71; /* they don't come from one tensor */
	stories[1].steps[1].event.id = 61;
	stories[1].steps[2].event.id = 51;
	stories[1].steps[3].event.id = 41;
	CU_ASSERT_FALSE(strides_find(&stories[0], &stories[1], &strides));
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "what comes in is no multiple of the strides", test_halves);
	CU_add_test(suite, "put into one and taken out on the way", test_regrouped);
	CU_add_test(suite, "other ways of two sizes", test_others);
}

int
main(void)
{
	return run_suite("causes_strides", fill);
}
