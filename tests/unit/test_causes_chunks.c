/* links: schema viewer */
/* Causes of chunks that are cut one after the other and leave out the rest: in a forward, in a Function's gradient; and where no rest is left out. */
#include "causes_events.h"

#define WIDTH 16
#define SAYS(part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), part))

static const struct operand whole[] = { TENSOR("output", 1, 56, 8) }, piece[] = { TENSOR("output", 3, WIDTH, 8) };
static const struct operand pieces[] = { ITEM("tensors", 0, 11, WIDTH, 8), ITEM("tensors", 1, 12, WIDTH, 8), ITEM("tensors", 2, 13, WIDTH, 8), VALUE("dim", "int", "0") };
static const struct operand uneven[] = { ITEM("tensors", 0, 11, WIDTH, 8), ITEM("tensors", 1, 12, WIDTH, 8), ITEM("tensors", 2, 13, 8, 8), VALUE("dim", "int", "0") };
static const struct operand sum[] = { TENSOR("self", 1, 56, 8), TENSOR("other", 14, 48, 8) };

/* The line cuts its tensor at so many STARTS. */
static void
cut(const char *const *starts, int count)
{
	static char ends[EVENTS_MOST][8];

	start();
	for (int i = 0; i < count; i++) {
		struct event *event = add("aten::slice", 0, 3, 4);

		snprintf(ends[i], sizeof(ends[i]), "%d", atoi(starts[i]) + WIDTH);
		operands[event->id - 1][0] = tensor("self", 1, 56, 8);
		operands[event->id - 1][1] = value("dim", "0");
		operands[event->id - 1][2] = value("start", starts[i]);
		operands[event->id - 1][3] = value("end", ends[i]);
		outputs[event->id - 1][0] = tensor("output", 3 + i, WIDTH, 8);
	}
}

/* Asks about EVENT, or about what MESSAGE says of a gradient: side SMALL is a cat of PUT, the first of which the first cut made. */
static void
ask_chunks(const struct event *event, const char *message, const struct operand *put)
{
	static struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = message, .source = &source, .last_call = -1, .before = 100, .step = 3 };
	int small = message ? 0 : 1;

	text_format(differs.text, sizeof(differs.text), "they differ");
	add_step(small, 90, "aten::cat", put, 4, 0, 48);
	add_step(small, 80, "aten::linear", piece, 1, 0, WIDTH);
	add_step(small, 1, "aten::slice", operands[0], 4, 0, WIDTH);
	stories[small].steps[2].event = events[0];
	stories[small].decider = 0;
	add_step(!small, 0, "aten::linear", whole, 1, 0, 56);
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i == small ? 48 : 56, .lineage = &stories[i] };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_forward(void)
{
	static const char *const starts[] = { "0", "16", "32" }, *const apart[] = { "0", "16", "40" }, *const again[] = { "0", "16", "32", "0", "16", "32" };
	const struct event a = EVENT("aten::add", sum);

	cut(starts, 3);
	ask_chunks(&a, NULL, pieces);
	EXPECT("chunk_rest", "likely");
	EXPECT("cut_one_side", "");
	SAYS("other has 48 where self has 56: the last 8 of 56, which is no multiple of 16, are in no chunk: 3 chunks of 16, up to 48, are cut by aten::slice at train.py:10");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "range(0, 56, 16)"));
	cut(again, 6); /* twice, as a recomputation does */
	ask_chunks(&a, NULL, pieces);
	EXPECT("chunk_rest", "likely");
	cut(apart, 3); /* windows that are no chunks */
	ask_chunks(&a, NULL, pieces);
	EXPECT("chunk_rest", "");
	cut(starts, 2); /* a piece comes from elsewhere */
	ask_chunks(&a, NULL, pieces);
	EXPECT("chunk_rest", "");
	cut(starts, 3); /* pieces of several sizes */
	ask_chunks(&a, NULL, uneven);
	EXPECT("chunk_rest", "");
	forget();
}

static void
test_gradient(void)
{
	static const char message[] = "Function HeadBackward returned an invalid gradient at index 0 - got [48, 8] but expected shape compatible with [56, 8]";
	static const char *const starts[] = { "0", "16", "32" };
	const struct operand returned[] = { TENSOR("gradient 0", 14, 48, 8), TENSOR("input 0", 1, 56, 8) };
	const struct event a = EVENT("gradient", returned);

	cut(starts, 3);
	ask_chunks(&a, message, pieces);
	EXPECT("gradient_shape", "certain");
	EXPECT("chunk_rest", "");
	SAYS("48 instead of 56 in dimension 0: the last 8 of 56, which is no multiple of 16, are in no chunk");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "pad by"));
	cut(starts, 2); /* of pieces, and which isn't known: nothing to fill up by zeros */
	ask_chunks(&a, message, pieces);
	EXPECT("gradient_shape", "certain");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "in no chunk"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "it is put together of pieces, and 8 of the input's 56 are in none of them"));
	forget();
}

/* Rows that the forward took by an index may lie anywhere; those that a slice cut off lie at an end. */
static void
test_taken(void)
{
	static struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .text = "they differ" };
	struct cause_facts facts = { .mismatch = &differs, .last_call = -1,
				     .message = "Function HeadBackward returned an invalid gradient at index 0 - got [48, 8] but expected shape compatible with [56, 8]" };

	for (int i = 0; i < 2; i++) {
		start();
		add_step(0, 20, i ? "aten::slice" : "aten::index", whole, 1, 0, 48);
		facts.sides[0] = (struct cause_side){ .dim = 0, .size = 48, .lineage = &stories[0] };
		json_decref(causes);
		causes = causes_build(&facts);
		EXPECT("gradient_shape", "certain");
		CU_ASSERT_EQUAL(strstr(first_text("fix"), "full[index] = gradient") != NULL, i == 0);
		CU_ASSERT_EQUAL(strstr(first_text("fix"), "pad by") != NULL, i == 1);
		forget();
	}
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "a forward's chunks", test_forward);
	CU_add_test(suite, "a gradient's chunks", test_gradient);
	CU_add_test(suite, "gradients of rows that were taken", test_taken);
}

int
main(void)
{
	return run_suite("a rest in no chunk", fill);
}
