/* links: schema viewer */
/* A cause that tells two inputs of one line, alike in every step before, which part now. */
#include "causes_events.h"

/* In each step line 10 makes two rows of ids, alike but where APART in every tenth step, in the last of FIRST and LATER; of each, line 31 stacks as many. */
static struct event *
trains(int64_t first, int64_t later, bool apart)
{
	struct event *event = NULL;

	start();
	for (int i = 0; i <= CALLS; i++) {
		int64_t size = 20 + i % 3;

		for (int side = 0; side < 2; side++) {
			int n = hand.event_count;
			int64_t is = i < CALLS ? size + (apart && i == 5 && side) : side ? later : first;

			add("aten::lift_fresh", 0, i, 1)->phase = "data";
			outputs[n][0] = tensor("output", 1000 + 10 * i + side, 4, is);
		}
		for (int side = 0; side < 2; side++) {
			int n = hand.event_count;

			add("aten::stack", 2, i, 0);
			outputs[n][0] = tensor("output", 2000 + 10 * i + side, i < CALLS || !side ? 12 : 11, -1);
		}
		event = add("aten::mul", 3, i, 2);
		for (int side = 0; side < 2; side++)
			operands[hand.event_count - 1][side] = tensor(side ? "other" : "self", 2000 + 10 * i + side, i < CALLS || !side ? 12 : 11, -1);
		outputs[hand.event_count - 1][0] = tensor("output", 3000 + i, 12, -1);
	}
	return event;
}

static void
ask_inputs(struct event *event)
{
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .has_expected = true, .has_actual = true, .expected = 12, .actual = 11 };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = CALLS, .agreed = CALLS, .step = CALLS };

	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, 0, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .size = event->operands[i].sizes[0], .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_apart(void)
{
	ask_inputs(trains(30, 28, false));
	EXPECT("inputs_apart", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made [4, 30] and then [4, 28] in this step, of one shape in each of the last 12 steps"));
}

static void
test_others(void)
{
	ask_inputs(trains(30, 30, false)); /* alike now, too */
	EXPECT("inputs_apart", "");
	ask_inputs(trains(30, 28, true)); /* they weren't always */
	EXPECT("inputs_apart", "");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "two inputs part", test_apart);
	CU_add_test(suite, "alike, or never were", test_others);
}

int
main(void)
{
	return run_suite("inputs apart", fill);
}
