/* links: schema viewer */
/* What was spread over a larger buffer on one side only. */
#include "causes_events.h"

static struct mismatch differs;
static struct cause_facts facts;

/* Ids of WIDTH are taken by an index and put, by PUT, at places of a buffer of 24, which meets LABELS (made from the ids, or at OTHERS_LINE of another function). */
static void
ask_merged(const char *put, int64_t width, int64_t labels, int others_line)
{
	struct event *event;

	start();
	add("aten::lift_fresh", 5, 9, 1);
	operands[0][0] = tensor("self", 1, 2, width);
	outputs[0][0] = tensor("output", 2, 2, width);
	add("aten::zeros", 2, 9, 1);
	operands[1][0] = value("size", "[2, 24]");
	outputs[1][0] = tensor("output", 3, 2, 24);
	add("aten::index", 3, 9, 2);
	operands[2][0] = tensor("self", 2, 2, width);
	operands[2][1] = tensor("indices[0]", 8, 16, -1);
	outputs[2][0] = tensor("output", 4, 16, -1);
	add(put, 3, 9, 3);
	operands[3][0] = tensor("self", 3, 2, 24);
	operands[3][1] = tensor("indices[0]", 8, 16, -1);
	operands[3][2] = tensor("values", 4, 16, -1);
	outputs[3][0] = tensor("output", 3, 2, 24);
	if (others_line < 0) {
		add("aten::clone", 5, 9, 1);
		operands[4][0] = tensor("self", 2, 2, labels);
	} else {
		add("aten::lift_fresh", others_line, 9, 1);
		operands[4][0] = tensor("self", 5, 2, labels);
	}
	outputs[4][0] = tensor("output", 6, 2, labels);
	outputs[4][0].dtype = "int64";
	event = add("aten::index", 3, 9, 2);
	operands[5][0] = tensor("labels", 6, 2, labels);
	operands[5][0].dtype = "int64";
	operands[5][1] = tensor("mask", 3, 2, 24);
	event->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = labels, .actual = 24 };
	text_format(differs.text, sizeof(differs.text), "mask has 24 where labels has %d", (int)labels);
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 9 };
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, !i, 1, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = !i, .dim = 1, .size = event->operands[!i].sizes[1], .lineage = stories[i].count ? &stories[i] : NULL };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_expanded(void)
{
	ask_merged("aten::index_put_", 9, 9, -1);
	EXPECT("expanded_one_side", "likely");
	EXPECT("two_ways", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "mask was expanded on its way, from 9 positions to 24: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "labels was not and has the 9 that both had"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "expand labels the same way, where that is done: a buffer of [2, 24] full of -100"));
	ask_merged("aten::index_put_", 9, 9, 1); /* made elsewhere: as wide, by chance or not */
	EXPECT("expanded_one_side", "possible");
}

static void
test_not_expanded(void)
{
	ask_merged("aten::index_put_", 9, 11, 1); /* another size than what was put in places had */
	EXPECT("expanded_one_side", "");
	ask_merged("aten::index_put_", 24, 9, 1); /* as many as the buffer has */
	EXPECT("expanded_one_side", "");
	ask_merged("aten::add_", 9, 9, -1); /* nothing was put in places */
	EXPECT("expanded_one_side", "");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "put in places of a larger buffer", test_expanded);
	CU_add_test(suite, "not so", test_not_expanded);
}

int
main(void)
{
	return run_suite("causes expanded", fill);
}
