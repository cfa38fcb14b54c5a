/* links: schema viewer */
/* Causes that tell what a line did against what it did before. */
#include "causes_asked.h"

#define CALLS 24

static const struct operand pair[] = { TENSOR("self", 1, 3, 8), TENSOR("other", 2, 4, 8) };
static const struct operand larger[] = { TENSOR("self", 1, 6, 8), TENSOR("other", 2, 4, 8) };
static struct event events[CALLS];
static struct hand hand = { .events = events, .event_count = CALLS };
static struct source source;
static int64_t step_of_failure;

/* EVENT's operands 0 and 1 differ in dimension 0, after CALLS calls in which they agreed. */
static void
ask_apart(const struct event *event)
{
	static struct news news[2];
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true,
				    .expected = event->operands[1].sizes[0], .actual = event->operands[0].sizes[0] };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = CALLS, .agreed = CALLS,
				     .step = step_of_failure };

	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		facts.sides[i] = (struct cause_side){ .place = i, .size = event->operands[i].sizes[0], .lineage = stories[i].count ? &stories[i] : NULL };
		stories[i].property = LINEAGE_SIZE;
	}
	cause_find_news(&facts, news);
	json_decref(causes);
	causes = causes_build(&facts);
}

/* OPERATION at line 7 made OUTPUT of INPUT in every call before. */
static void
earlier(const char *operation, const struct operand *input, int count, const struct operand *output, int outputs)
{
	for (int i = 0; i < CALLS; i++)
		events[i] = (struct event){ .id = 10 + i, .site = 7, .step = i, .parent = -1, .operation = operation, .status = "ok", .phase = "forward",
					    .operand_count = count, .operands = input, .output_count = outputs, .outputs = output };
}

/* Side 0 went through that line, which made OUTPUT of INPUT now. */
static void
now(const char *operation, const struct operand *input, int count, const struct operand *output, int outputs, int64_t size)
{
	struct lineage_step *step;

	add_step(0, 80, operation, input, count, 0, size);
	step = &stories[0].steps[0];
	step->tensor = 1;
	step->event.site = 7;
	step->event.step = CALLS;
	step->event.outputs = output;
	step->event.output_count = outputs;
}

static void
test_cut(void)
{
	const struct operand whole[] = { TENSOR("self", 9, 4, 8), VALUE("end", "int", "3") }, cut[] = { TENSOR("output", 1, 3, 8) };
	const struct operand fits[] = { TENSOR("self", 9, 2, 8), VALUE("end", "int", "3") }, same[] = { TENSOR("output", 1, 2, 8) };
	const struct event a = EVENT("aten::mul", pair);

	earlier("aten::slice", fits, 2, same, 1);
	now("aten::slice", whole, 2, cut, 1, 3);
	ask_apart(&a);
	EXPECT("first_changed", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "makes 3 of 4, where 24 earlier calls left everything as it was"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "cut what other is made of to 3 as well"));
	events[4].operands = whole; /* it cut before */
	events[4].outputs = cut;
	ask_apart(&a);
	EXPECT("first_changed", "");
	forget();
}

static void
test_padded(void)
{
	const struct operand few[] = { TENSOR("self", 9, 5, 8), VALUE("pad", "int[]", "[0, 0, 0, 1]") }, padded[] = { TENSOR("output", 1, 6, 8) };
	const struct operand full[] = { TENSOR("self", 9, 6, 8), VALUE("pad", "int[]", "[0, 0, 0, 0]") };
	const struct event a = EVENT("aten::mul", larger);

	earlier("aten::pad", full, 2, padded, 1);
	now("aten::pad", few, 2, padded, 1, 6);
	ask_apart(&a);
	EXPECT("first_changed", "possible"); /* 5 is not the 4 of the other: the numbers don't come out */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "take the 1 that were added off again"));
	stories[1] = stories[0]; /* both were changed there */
	ask_apart(&a);
	EXPECT("first_changed", "");
	forget();
}

/* A mask of 3 rows was made in step 0, another of 4 in step 9 by the same line; the one of 3 is still used. */
static void
test_superseded(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[4, 8]") }, newer[] = { TENSOR("output", 7, 4, 8) }, same[] = { TENSOR("output", 8, 3, 8) };
	const struct event a = EVENT("aten::mul", pair);

	step_of_failure = CALLS;
	earlier("aten::ones", size, 1, newer, 1);
	hand.events = &events[9];
	hand.event_count = 1;
	now("aten::ones", size, 1, same, 1, 3);
	stories[0].steps[0].event.step = 0;
	ask_apart(&a);
	EXPECT("superseded", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made it in step 0 with 3, and another with 4 in step 9, which would fit other"));
	events[9].outputs = same; /* the newer one doesn't fit either */
	ask_apart(&a);
	EXPECT("superseded", "");
	events[9].outputs = newer;
	stories[0].steps[0].event.step = 9; /* it is the newest */
	ask_apart(&a);
	EXPECT("superseded", "");
	hand.events = events;
	hand.event_count = CALLS;
	forget();
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "cut for the first time", test_cut);
	CU_add_test(suite, "padded for the first time", test_padded);
	CU_add_test(suite, "an old one that is still used", test_superseded);
}

int
main(void)
{
	return run_suite("what is new", fill);
}
