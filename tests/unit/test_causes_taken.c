/* links: schema viewer */
/* Rows that one line took off each batch, before the batches came in as one array. */
#include "causes_events.h"

#define BATCHES 3

/* What differs from question to question. */
static struct { int64_t left[BATCHES], of[BATCHES]; int64_t came, whole; const char *start, *operation; int site; bool entered, later; } is;

static void
usual_case(void)
{
	static const int64_t left[BATCHES] = { 7, 7, 3 }, of[BATCHES] = { 8, 8, 4 };

	memcpy(is.left, left, sizeof(left));
	memcpy(is.of, of, sizeof(of));
	is.came = 17;
	is.whole = 20;
	is.start = "1";
	is.operation = "aten::slice";
	is.site = 0;
	is.entered = true;
	is.later = false;
}

/* Batches of 8, 8 and 4 are cut at line 10, then 17 and 20 come in by line 20 and meet. */
static void
ask_taken(void)
{
	struct cause_facts facts = { .mismatch = &mismatch, .source = &source, .message = "", .last_call = -1, .step = 9 };
	struct event *event;

	start();
	for (int i = 0; i < 2 * BATCHES; i++) { /* each is used, too: the lines between */
		add(i % 2 ? "aten::argmax" : is.operation, i % 2 ? 2 : is.site, 9, i % 2 ? 1 : 4);
		operands[i][0] = tensor("self", 10 + i, is.of[i / 2], 5);
		operands[i][1] = value("dim", "0");
		operands[i][2] = value("start", is.start);
		operands[i][3] = value("end", "9223372036854775807");
		outputs[i][0] = tensor("output", 20 + i, is.left[i / 2], 5);
	}
	for (int i = 0; i < 2; i++) {
		event = add("aten::lift_fresh", 1, 9, 1);
		operands[2 * BATCHES + i][0] = tensor("self", 1 + i, i ? is.whole : is.came, 5);
		outputs[2 * BATCHES + i][0] = tensor("output", 1 + i, i ? is.whole : is.came, 5);
		if (is.later)
			event->id = 0; /* it was there before */
		stories[i].count = 1;
		stories[i].decider = 0;
		stories[i].steps[0] = (struct lineage_step){ .event = *event, .dim = 0, .size = i ? is.whole : is.came, .entered = is.entered, .decides = true };
	}
	event = add("aten::eq", 2, 9, 2);
	event->status = "failed";
	operands[2 * BATCHES + 2][0] = tensor("self", 1, is.came, 5);
	operands[2 * BATCHES + 2][1] = tensor("other", 2, is.whole, 5);
	mismatch = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = is.came, .actual = is.whole };
	facts.event = event;
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? is.whole : is.came, .lineage = &stories[i] };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_taken(void)
{
	usual_case();
	ask_taken();
	EXPECT("rows_taken", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self has 3 rows fewer than other: each of 3 batches lost 1 before they were put together, by aten::slice at train.py:10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "keep those rows there, or take the same ones off other, too; if it is to leave out what stands first"));
	is.start = "0";
	ask_taken();
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "what stands first"));
	is.site = 99; /* whose line isn't the program's */
	is.start = "1";
	ask_taken();
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give it several (return (loss, {\"logits\": ...})"));
	usual_case();
	is.operation = "aten::index"; /* a filter: not all lose as many */
	is.left[0] = 8;
	is.left[1] = 5;
	is.left[2] = 4;
	ask_taken();
	EXPECT("rows_taken", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "3 batches lost them before"));
}

static void
test_not_taken(void)
{
	usual_case();
	is.left[1] = 8; /* what it left is one more than what came in */
	ask_taken();
	EXPECT("rows_taken", "");
	usual_case();
	is.of[2] = 3; /* it had one less */
	ask_taken();
	EXPECT("rows_taken", "");
	usual_case();
	is.entered = false; /* an operation made it: its story tells */
	ask_taken();
	EXPECT("rows_taken", "");
	usual_case();
	is.later = true;
	ask_taken();
	EXPECT("rows_taken", "");
	usual_case();
	is.operation = "aten::roll";
	ask_taken();
	EXPECT("rows_taken", "");
	usual_case();
	is.whole = 24; /* four are missing besides */
	ask_taken();
	EXPECT("rows_taken", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "rows taken off each batch", test_taken);
	CU_add_test(suite, "not so", test_not_taken);
}

int
main(void)
{
	source = hand_source(&hand);
	return run_suite("causes taken", fill);
}
