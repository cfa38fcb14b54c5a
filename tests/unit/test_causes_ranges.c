/* links: schema viewer */
/* Ranges whose bounds are padding. */
#include "causes_events.h"

static struct cause_facts facts;
static struct mismatch differs;

static struct operand
whole(const char *name, int64_t identity, int64_t rows)
{
	struct operand is = tensor(name, identity, rows, 2);

	is.dtype = "int64";
	return is;
}

/* A stack of 4 and of what a range from START to END made, whose bounds were read as they are from a table that was padded with PADDING of ONE and OTHER rows. */
static void
ask_ranges(int64_t one, int64_t other, const char *padding, const char *start_at, const char *end_at, const char *maker)
{
	struct event *event;
	int n = 0;

	start();
	add("aten::pad_sequence", 2, 9, 3);
	operands[n][0] = whole("sequences[0]", 1, one);
	operands[n][0].item = 0;
	operands[n][1] = whole("sequences[1]", 2, other);
	operands[n][1].item = 1;
	operands[n][2] = value("padding_value", padding);
	outputs[n++][0] = whole("output", 3, 6);
	for (int i = 0; i < 2; i++) {
		add("aten::select", 3, 9, 3);
		operands[n][0] = whole("self", 3, 6);
		operands[n][1] = value("dim", "0");
		operands[n][2] = value("index", i ? "1" : "0");
		outputs[n][0] = tensor("output", 4 + i, 1, -1);
		outputs[n++][0].dtype = "int64";
	}
	for (int i = 0; i < 2; i++) {
		add("aten::item", 3, 9, 1);
		operands[n][0] = tensor("self", 4 + i, 1, -1);
		operands[n][0].dtype = "int64";
		outputs[n++][0] = value("output", i ? end_at : start_at);
	}
	add(maker, 3, 9, 2);
	operands[n][0] = value("start", start_at);
	operands[n][1] = value("end", end_at);
	outputs[n++][0] = tensor("output", 6, 0, -1);
	add("aten::arange", 3, 9, 2);
	operands[n][0] = value("start", "1");
	operands[n][1] = value("end", "5");
	outputs[n++][0] = tensor("output", 7, 4, -1);
	event = add("aten::stack", 0, 9, 2);
	operands[n][0] = tensor("tensors[0]", 6, 0, -1);
	operands[n][0].item = 0;
	operands[n][1] = tensor("tensors[1]", 7, 4, -1);
	operands[n][1].item = 1;
	event->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 4, .actual = 0,
				     .text = "they differ" };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 9 };
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, 0, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? 4 : 0, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_padded(void)
{
	source = hand_source(&hand);
	ask_ranges(1, 3, "0.", "0", "0", "aten::arange");
	EXPECT("padded_ranges", "likely");
	EXPECT("ragged_list", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "padding became data: a range from 0 to 0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "leave such rows out"));
	ask_ranges(1, 3, "-1", "-1", "-1", "aten::arange");
	EXPECT("padded_ranges", "likely");
}

static void
test_others(void)
{
	ask_ranges(3, 3, "0", "0", "0", "aten::arange"); /* nothing was padded */
	EXPECT("padded_ranges", "");
	ask_ranges(1, 3, "-1", "0", "0", "aten::arange"); /* with another number */
	EXPECT("padded_ranges", "");
	ask_ranges(1, 3, "0", "5", "3", "aten::arange"); /* no row of one number */
	EXPECT("padded_ranges", "");
	ask_ranges(1, 3, "0", "0", "0", "aten::zeros");
	EXPECT("padded_ranges", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "bounds that are padding", test_padded);
	CU_add_test(suite, "bounds that aren't", test_others);
}

int
main(void)
{
	return run_suite("causes: ranges of padding", fill);
}
