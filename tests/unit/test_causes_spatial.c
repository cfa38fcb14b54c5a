/* links: schema viewer */
/* Pictures of another height and width than a model gave, and a slice that cut nothing. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-spatial-XXXXXX.py";

/* A model's 32 x 32 (by MODEL) meets SIDE x SIDE of CHANNELS, which OPERATION made. */
static void
ask_spatial(const char *model, int64_t channels, int64_t side, const char *operation)
{
	const struct operand pair[] = { TENSOR("self", 1, 2, 1, 32, 32), TENSOR("other", 2, 2, channels, side, side) };
	const struct event event = EVENT("aten::mul", pair);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 2, .against_dim = 2, .has_expected = true, .has_actual = true, .expected = side, .actual = 32 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .last_call = -1, .sides = { { .place = 0, .dim = 2, .size = 32 }, { .place = 1, .dim = 2, .size = side } } };

	add_step(0, 20, model, NULL, 0, 2, 32);
	add_step(1, 19, operation, NULL, 0, 2, side);
	for (int i = 0; i < 2; i++)
		facts.sides[i].lineage = &stories[i];
	ask_facts(&facts);
}

static void
test_spatial(void)
{
	ask_spatial("aten::conv2d", 1, 300, "aten::lift_fresh");
	EXPECT("spatial_sizes", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("spatial_sizes", "text"), "self comes out of the model with 32 x 32, other is 300 x 300 as it came in"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("spatial_sizes", "fix"), "F.interpolate(self, size=other.shape[-2:]"));
	ask_spatial("aten::conv2d", 3, 300, "aten::lift_fresh"); /* its channels, too */
	EXPECT("spatial_sizes", "");
	ask_spatial("aten::conv2d", 1, 300, "aten::conv2d"); /* both are a model's */
	EXPECT("spatial_sizes", "");
	ask_spatial("aten::rand", 1, 300, "aten::lift_fresh"); /* neither is */
	EXPECT("spatial_sizes", "");
}

/* 42, taken by a line whose slice ends at LAST, meets 32. */
static void
ask_cut(const char *line, int last, int64_t agreed)
{
	const struct operand pair[] = { TENSOR("self", 1, 1, 1, 42), TENSOR("mat2", 2, 1, 32, 16) };
	const struct frame frames[] = { { .file = path, .function = "attend", .line = 2 } };
	const struct site sites[] = { { .id = 10, .frame_count = 1, .frames = frames } };
	struct hand hand = { .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	const struct event event = EVENT("aten::bmm", pair);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 2, .has_expected = true, .has_actual = true, .expected = 42, .actual = 32 };
	json_t *numbers = number("NUM_TOKENS", last);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .numbers = numbers, .last_call = -1, .calls = agreed, .agreed = agreed,
				     .sides = { { .place = 1, .dim = 1, .size = 32 }, { .place = 0, .dim = 2, .size = 42 } } };

	write_program(path, "def attend(maps):\n    %s\n", line);
	add_step(1, 10, "aten::mean", NULL, 0, 2, 42);
	facts.sides[1].lineage = &stories[1];
	ask_facts(&facts);
	json_decref(numbers);
}

static void
test_cut_nothing(void)
{
	ask_cut("atts = maps[:, -1, :NUM_TOKENS].mean(1)", 256, 0);
	EXPECT("cut_nothing", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("cut_nothing", "text"), "the slice `:NUM_TOKENS` at aten::mean"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("cut_nothing", "text"), "ends at 256, behind all 42 that there are"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("cut_nothing", "fix"), "let that slice end at 32"));
	ask_cut("atts = maps[:, -1, :256].mean(1)", 0, 0);
	EXPECT("cut_nothing", "likely");
	ask_cut("atts = maps[:, -1, :NUM_TOKENS].mean(1)", 40, 0); /* it would have cut */
	EXPECT("cut_nothing", "");
	ask_cut("atts = maps[:, -1, :].mean(1)", 256, 0);
	EXPECT("cut_nothing", "");
	ask_cut("atts = maps[:, -1, :NUM_TOKENS].mean(1)", 256, 9); /* calls that went well had it */
	EXPECT("cut_nothing", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "pictures of another size than a model's", test_spatial);
	CU_add_test(suite, "a slice that cut nothing", test_cut_nothing);
}

int
main(void)
{
	return run_suite_with(path, "", "spatial", fill);
}
