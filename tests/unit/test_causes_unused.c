/* links: schema viewer */
/* A cause that tells parameters that the step before left without a gradient. */
#include "causes_events.h"

#define STEP 6

static const char said[] = "Expected to have finished reduction in the prior iteration before starting a new one. Parameter indices which did not receive grad for rank 0: 0 1";

/* In each step but the last SKIPPED ones a projector's weight is used and written to; a head's in all. */
static void
trains(bool skipped)
{
	start();
	for (int i = 0; i < STEP; i++) {
		bool whole = i < STEP - 1 || !skipped;
		int n = hand.event_count;

		if (whole) {
			add("aten::linear", 0, i, 2);
			operands[n][0] = tensor("input", 100 + i, 4, 8);
			operands[n][1] = tensor("weight", 7, 16, 8);
			outputs[n][0] = tensor("output", 200 + i, 4, 16);
			n++;
		}
		add("aten::linear", 2, i, 2);
		operands[n][0] = tensor("input", 200 + i, 4, 16);
		operands[n][1] = tensor("weight", 9, 50, 16);
		outputs[n][0] = tensor("output", 300 + i, 4, 50);
		for (int p = whole ? 7 : 9; p <= 9; p += 2) {
			n = hand.event_count;
			add("aten::addcdiv_", 5, i, 1)->phase = "optimizer";
			operands[n][0] = p == 7 ? tensor("self", 7, 16, 8) : tensor("self", 9, 50, 16);
			outputs[n][0] = operands[n][0];
		}
	}
}

static void
ask_unused(const char *text)
{
	json_t *rows = json_pack("[{s:s, s:i, s:i}, {s:s, s:i, s:i}]", "module", "model.projector", "modules", 1, "trainable", 16 * 8, "module", "model.head", "modules", 1,
				 "trainable", 50 * 16);
	struct cause_facts facts = { .message = text, .source = &source, .last_call = -1, .step = STEP, .modules = rows };

	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(rows);
}

static void
test_left(void)
{
	trains(true);
	ask_unused(said);
	EXPECT("unused_parameters", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "step 5, the one before"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "those of model.projector (128 numbers)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "aten::linear at train.py:10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "let every batch go through model.projector"));
}

static void
test_others(void)
{
	trains(false); /* all were used: what the outputs lead to isn't known */
	ask_unused(said);
	EXPECT("unused_parameters", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "model.projector"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "TORCH_DISTRIBUTED_DEBUG"));
	ask_unused("another check");
	EXPECT("unused_parameters", "");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "left without a gradient", test_left);
	CU_add_test(suite, "all were used; another check", test_others);
}

int
main(void)
{
	return run_suite("unused parameters", fill);
}
