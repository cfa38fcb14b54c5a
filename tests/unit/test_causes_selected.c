/* links: schema viewer */
/* What was selected or asked for: drawn twice for two sides, more than there are, as long as what was packed; and totals that were padded with 0. */
#include "causes_events.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))

/* Two sides of 31 and 35, each selected (by CHOOSING) by what DRAWING at the sites ONE and OTHER made. */
static void
ask_drawn(const char *choosing, const char *drawing, int one, int other)
{
	struct operand pair[] = { TENSOR("self", 1, 2, 31, 16), TENSOR("other", 2, 1, 35, 16) };
	const struct event event = EVENT("aten::add", pair);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 31, .actual = 35 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1 };

	start();
	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		add_step(i, 90 - i, choosing, NULL, 0, 1, i ? 35 : 31);
		add_step(i, 80 - i, drawing, NULL, 0, 0, 64);
		stories[i].steps[0].decides = true;
		stories[i].decider = 0;
		stories[i].steps[0].event.site = 2;
		stories[i].steps[1].event.site = i ? other : one;
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 1, .size = i ? 35 : 31, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_drawn(void)
{
	ask_drawn("aten::index", "aten::rand", 3, 3);
	EXPECT("drawn_twice", "likely");
	EXPECT("selected_unequally", "");
	SAYS("text", "31 were selected of the one and 35 of the other");
	SAYS("fix", "draw once");
	ask_drawn("aten::index", "aten::rand", 3, 4); /* one line on two ways */
	EXPECT("drawn_twice", "likely");
}

static void
test_not_drawn(void)
{
	ask_drawn("aten::index", "aten::rand", 1, 3); /* two lines: not the same choice */
	EXPECT("drawn_twice", "");
	ask_drawn("aten::index", "aten::eq", 3, 3); /* by values that came in */
	EXPECT("drawn_twice", "");
	ask_drawn("aten::slice", "aten::rand", 3, 3); /* as many as were asked for */
	EXPECT("drawn_twice", "");
}

/* The largest K of HAS; in earlier calls at least LEAST (0: there were none). */
static void
ask_top(const char *k, int64_t has, int64_t least, json_t *numbers)
{
	const struct operand list[] = { TENSOR("self", 1, 1, has), VALUE("k", "int", k), VALUE("dim", "int", "-1") };
	struct event event = EVENT("aten::topk", list);

	start();
	calls = least ? CALLS : 0;
	was[0].smallest = least;
	was[0].largest = 2 * least;
	line = "top = scores.topk(self.queries)";
	ask(&event, "selected index k out of range", NULL, numbers);
	calls = 0;
	line = NULL;
}

static void
test_top(void)
{
	ask_top("50", 48, 64, NULL);
	EXPECT("too_few_to_choose", "likely");
	SAYS("text", "k asks for 50 of self, which has 48 in dimension 1; in 12 earlier calls it had at least 64");
	ask_top("50", 48, 0, number("self.queries", 50));
	EXPECT("too_few_to_choose", "likely");
	SAYS("fix", "min(self.queries, self.shape[1])");
	ask_top("50", 48, 0, NULL);
	EXPECT("too_few_to_choose", "possible");
	ask_top("48", 48, 64, NULL); /* enough */
	EXPECT("too_few_to_choose", "");
}

/* PACKED of one side were unpacked, the other has OTHER by MAKER. */
static void
ask_packed(int64_t packed, int64_t other, const char *maker)
{
	struct operand pair[] = { TENSOR("self", 1, 4, packed), TENSOR("other", 2, 4, other) };
	const struct event event = EVENT("aten::add", pair);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = packed, .actual = other };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1 };

	start();
	text_format(differs.text, sizeof(differs.text), "they differ");
	add_step(0, 90, "aten::_pad_packed_sequence", NULL, 0, 1, packed);
	add_step(1, 80, maker, NULL, 0, 1, other);
	for (int i = 0; i < 2; i++) {
		stories[i].steps[0].decides = true;
		stories[i].decider = 0;
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 1, .size = i ? other : packed, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_packed(void)
{
	ask_packed(18, 19, "aten::slice");
	EXPECT("packed_longest", "likely");
	SAYS("fix", "total_length=19");
	ask_packed(19, 18, "aten::slice"); /* longer than the other: no padding is missing */
	EXPECT("packed_longest", "");
	ask_packed(18, 19, "aten::_pad_packed_sequence"); /* both were */
	EXPECT("packed_longest", "");
}

/* Lengths, the least of which is SMALLEST, made by MAKER of what was padded with PADDING. */
static void
ask_totals(const char *smallest, const char *maker, const char *padding)
{
	struct cause_facts facts;
	struct event *event;
	struct mismatch differs = { .property = "length", .operand = 1, .against = -1, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 0,
				    .actual = strtoll(smallest, NULL, 10), .text = "repeats holds less than 0" };

	start();
	add("aten::pad_sequence", 2, 9, 3);
	operands[0][0] = tensor("sequences[0]", 1, 4, -1);
	operands[0][1] = tensor("sequences[1]", 2, 3, -1);
	operands[0][0].item = 0;
	operands[0][1].item = 1;
	operands[0][2] = value("padding_value", padding);
	outputs[0][0] = tensor("output", 3, 2, 4);
	add(maker, 3, 9, 1);
	operands[1][0] = tensor("self", 3, 2, 4);
	outputs[1][0] = tensor("output", 4, 3, -1);
	event = add("aten::repeat_interleave", 0, 9, 2);
	operands[2][0] = tensor("self", 5, 3, -1);
	operands[2][1] = tensor("repeats", 4, 3, -1);
	event->status = "failed";
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 9 };
	lineage_walk(&source, 0, event, 1, -1, LINEAGE_VALUES, &stories[0]);
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = -1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_totals(void)
{
	ask_totals("-15", "aten::diff", "0.");
	EXPECT("padded_totals", "likely");
	SAYS("text", "behind the last total comes 0, a length of -15");
	ask_totals("-15", "aten::diff", "99"); /* padded with another number */
	EXPECT("padded_totals", "");
	ask_totals("-15", "aten::mul", "0."); /* no differences */
	EXPECT("padded_totals", "");
}

/* A span's end at LABEL in scores of 48 places, which MAKER made of DTYPE along DIM. */
static void
ask_places(int64_t label, const char *maker, const char *dtype, int dim)
{
	struct operand pair[] = { TENSOR("self", 1, 2, 48), INDEX("target", 2, 2) };
	const struct operand made[] = { { .name = "output", .kind = "tensor", .item = -1, .ndim = 2, .sizes = pair[0].sizes, .dtype = dtype, .device = "cpu", .layout = "strided", .tensor = 3 } };
	const struct event event = EVENT("aten::cross_entropy_loss", pair);
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 48, .actual = label,
				    .text = "target holds a label" };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1 };

	start();
	add_step(1, 80, maker, NULL, 0, dim, 48);
	stories[1].steps[0].event.outputs = made;
	stories[1].steps[0].event.output_count = 1;
	stories[1].steps[0].event.step = 0;
	stories[1].steps[0].decides = true;
	stories[1].decider = 0;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 1, .size = 48, .lineage = &stories[1] };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_places(void)
{
	ask_places(50, "aten::lift_fresh", "int64", 1);
	EXPECT("labels_outside_classes", "likely");
	SAYS("text", "the labels are places in the input, of which there are 48: target points at 50");
	SAYS("fix", "mark the place as missing");
	ask_places(50, "aten::empty", "float32", 1); /* a head's */
	EXPECT("labels_outside_classes", "likely");
	SAYS("text", "labels outside the classes");
	ask_places(50, "aten::lift_fresh", "int64", 0); /* as many as there are rows */
	SAYS("text", "labels outside the classes");
}

/* Labels that MAKER made, for ROWS of scores against 3 samples that came in. */
static void
ask_partners(const char *maker, int64_t rows)
{
	struct operand pair[] = { TENSOR("self", 1, rows, 3), INDEX("target", 2, rows) };
	const struct event event = EVENT("aten::cross_entropy_loss", pair);
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 3, .actual = 3,
				    .text = "target holds a label" };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1 };

	start();
	add_step(0, 90, maker, NULL, 0, 0, rows);
	add_step(1, 80, "aten::set_", NULL, 0, 0, 3);
	stories[1].steps[0].event.step = 0;
	stories[1].steps[0].decides = true;
	stories[1].decider = 0;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 1, .size = 3, .lineage = &stories[1] };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_partners(void)
{
	ask_partners("aten::arange", 4);
	EXPECT("labels_outside_classes", "likely");
	SAYS("text", "self scores 4 samples of one side against 3 of the other, so 1 of them have no partner");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "head"));
	ask_partners("aten::lift_fresh", 4); /* labels that came with the data */
	SAYS("text", "labels outside the classes");
	ask_partners("aten::arange", 3); /* each has its own */
	SAYS("text", "labels outside the classes");
}

/* Targets in a row, 16 of them, and lengths that come to SUM, of OPERATION. */
static void
ask_sum(const char *operation, int64_t sum)
{
	struct operand list[] = { TENSOR("log_probs", 1, 20, 3, 11), INDEX("targets", 2, 16), INDEX("input_lengths", 3, 3), INDEX("target_lengths", 4, 3) };
	const struct event event = EVENT(operation, list);
	char message[200];

	start();
	text_format(message, sizeof(message), "Expected tensor to have size %d at dimension 0, but got size 16 for argument #2 'targets' (while checking arguments for ctc_loss)", (int)sum);
	ask(&event, message, NULL, NULL);
}

static void
test_sum(void)
{
	ask_sum("aten::ctc_loss", 18);
	EXPECT("lengths_sum", "likely");
	SAYS("text", "say 18 together, and there are 16 targets in a row, 2 fewer");
	SAYS("fix", "len(ids)");
	ask_sum("aten::ctc_loss", 15);
	EXPECT("lengths_sum", "likely");
	SAYS("text", "1 more");
	ask_sum("aten::add", 18);
	EXPECT("lengths_sum", "");
}

/* repeat_interleave: as many counts as there are rows, none below 0. */
static void
test_repeats(void)
{
	const struct operand few[] = { TENSOR("self", 1, 4, 8), INDEX("repeats", 2, 3), VALUE("dim", "int", "0") };
	const struct operand enough[] = { TENSOR("self", 1, 4, 8), INDEX("repeats", 2, 4), VALUE("dim", "int", "-2") };
	struct event event = EVENT("aten::repeat_interleave", few);
	struct mismatch_facts facts = { .event = &event, .message = "" };
	struct mismatch found;

	CU_ASSERT(mismatch_find(&facts, &found));
	CU_ASSERT_EQUAL(found.expected, 4);
	CU_ASSERT_EQUAL(found.actual, 3);
	event = (struct event)EVENT("aten::repeat_interleave", enough);
	facts.event = &event;
	CU_ASSERT_FALSE(mismatch_find(&facts, &found));
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "drawn twice", test_drawn);
	CU_add_test(suite, "selected otherwise", test_not_drawn);
	CU_add_test(suite, "more than there are", test_top);
	CU_add_test(suite, "packed", test_packed);
	CU_add_test(suite, "padded totals", test_totals);
	CU_add_test(suite, "places behind the end", test_places);
	CU_add_test(suite, "samples without a partner", test_partners);
	CU_add_test(suite, "targets in a row", test_sum);
	CU_add_test(suite, "counts of what is repeated", test_repeats);
}

int
main(void)
{
	return run_suite("causes: what was selected", fill);
}
