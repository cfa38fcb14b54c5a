/* links: schema viewer */
/* A check that holds a tensor's size to a setting, as the frames that called it tell. */
#include "causes_asked.h"

static const struct operand features[] = { TENSOR("hidden_states", 5, 4, 8, 32) };
static const struct operand pooled[] = { TENSOR("input", 4, 4, 16, 18), TENSOR("weight", 9, 16, 16, 3), VALUE("stride", "int[]", "[2]") };
static const struct operand wave[] = { TENSOR("input", 3, 4, 1, 96), TENSOR("weight", 8, 16, 1, 10), VALUE("stride", "int[]", "[5]") };
static const struct operand raw[] = { TENSOR("self", 2, 4, 96) };

/* The causes where NAME (set under GIVEN), 10, OPERATOR 8 was raised for; what came in was NEW this time. */
static void
ask_held(const char *name, const char *given, const char *operator, bool new)
{
	static struct news news;
	const struct event check = EVENT(SUBJECT_CHECK, features);
	struct mismatch differs = { .property = "size", .operand = 0, .against = -1, .dim = 1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 10,
				    .actual = 8, .text = "hidden_states has 8" };
	json_t *tensor = json_pack("{s:s, s:s, s:i, s:[i, i, i]}", "name", "hidden_states", "kind", "tensor", "tensor", 5, "shape", 4, 8, 32);
	struct condition condition = { .operator = operator, .right = "sequence_length", .one = { .kind = CONDITION_NUMBER, .number = 10, .dim = -1 },
				       .other = { .kind = CONDITION_NUMBER, .number = 8, .tensor = tensor, .dim = 1 } };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 1, "numbers", "name", "self.config.mask_time_length", "value", 10, "name", "mask_length", "value", 10);
	struct cause_facts facts = { .event = &check, .mismatch = &differs, .message = "no", .numbers = numbers, .condition = &condition, .last_call = -1, .source = &source,
				     .sides = { { .place = 0, .dim = 1, .size = 8, .lineage = &stories[0] }, { .place = -1, .dim = -1, .size = 10 } } };

	strcpy(condition.left, name);
	strcpy(condition.one.given, given);
	add_step(0, 30, "aten::conv1d", pooled, 3, 2, 8);
	add_step(0, 20, "aten::conv1d", wave, 3, 2, 18);
	add_step(0, 10, "aten::lift_fresh", raw, 1, 1, 96);
	news = (struct news){ .count = 1, .steps = { { .step = stories[0].steps[2], .usual = { .calls = 40, .smallest = 327, .largest = 1499 } } }, .change.step.event.id = -1 };
	facts.sides[0].news = new ? &news : NULL;
	ask_facts(&facts);
	json_decref(tensor);
	json_decref(numbers);
}

static void
test_held(void)
{
	ask_held("mask_length", "self.config.mask_time_length", ">", true);
	EXPECT("held_to_setting", "likely");
	EXPECT("never_so_before", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "which the check holds to mask_length, that is self.config.mask_time_length = 10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made 96, where 40 earlier calls made 327 to 1499"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "let what comes in be 110 or more there instead of 96, so that this is 10 or more"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "set self.config.mask_time_length to 8 or less"));
	CU_ASSERT_STRING_EQUAL(text_get(json_object_get(json_array_get(causes, 0), "setting"), "name"), "self.config.mask_time_length");
	ask_held("mask_length", "self.config.mask_time_length", ">=", true); /* not as many, either */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "so that this is 11 or more"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "to 7 or less"));
	ask_held("self.config.mask_time_length", "", "==", false); /* asserted */
	EXPECT("held_to_setting", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("held_to_setting", "text"), "which the check holds to self.config.mask_time_length = 10; it was decided by"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("held_to_setting", "fix"), "let it be 10 where it is made, or set self.config.mask_time_length to 8"));
	ask_held("mask_length", "", ">", true); /* who set it, isn't known: it may have been measured */
	EXPECT("held_to_setting", "");
	ask_held("mask_length", "self.other", ">", true); /* nothing within reach is called so */
	EXPECT("held_to_setting", "");
	ask_held("mask_length", "self.config.mask_time_length", "in", true);
	EXPECT("held_to_setting", "");
}

static void
test_window(void)
{
	const struct operand cut[] = { TENSOR("self", 1, 50, 6), VALUE("dimension", "int", "0"), VALUE("size", "int", "16"), VALUE("step", "int", "8") };
	struct lineage_step step = { .event = { .operation = "aten::conv1d", .operands = wave, .operand_count = 3 }, .dim = 2 };
	struct cause_window window;
	int64_t over, stride;

	CU_ASSERT_TRUE_FATAL(cause_window(&step, &window));
	CU_ASSERT_EQUAL(window.extent, 10);
	CU_ASSERT_EQUAL(window.stride, 5);
	CU_ASSERT_EQUAL(window.over, 96);
	step.dim = 1; /* its channels */
	CU_ASSERT_FALSE(cause_window(&step, &window));
	step = (struct lineage_step){ .event = { .operation = "aten::unfold", .operands = cut, .operand_count = 4 }, .dim = 0 };
	CU_ASSERT_TRUE(cause_window(&step, &window));
	CU_ASSERT_EQUAL(window.extent, 16);
	CU_ASSERT_EQUAL(cause_rest(&step, &over, &stride), 2);
	step.event.operation = "aten::slice";
	CU_ASSERT_FALSE(cause_window(&step, &window));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a size that is held to a setting", test_held);
	CU_add_test(suite, "a window", test_window);
}

int
main(void)
{
	return run_suite("what a check holds a size to", fill);
}
