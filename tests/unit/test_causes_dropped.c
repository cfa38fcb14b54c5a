/* links: schema viewer */
/* More was made for a batch than was put together for it: told where just as many as were made are wanted, by what the line did before. */
#include "causes_events.h"

#define UNIT 4 /* rows of each */

static int64_t identity;

/* COUNT are made, of which the places in ORDER are put together. The last event is that stack. */
static struct event *
add_batch(int64_t step, int count, const int *order, int pieces)
{
	int64_t first = identity;
	struct event *stack;

	for (int i = 0; i < count; i++) {
		add("aten::randn", 0, step, 0);
		outputs[hand.event_count - 1][0] = tensor("output", identity++, 16, 16);
	}
	stack = add("aten::stack", 1, step, pieces);
	for (int i = 0; i < pieces; i++)
		operands[hand.event_count - 1][i] = tensor("tensors", first + order[i], 16, 16);
	outputs[hand.event_count - 1][0] = tensor("output", identity++, pieces, 16);
	return stack;
}

#define IN_ORDER (const int[]){ 0, 1, 2, 3 }

/* After BEFORE batches of three, of which KEPT are put together each: one of COUNT made, PIECES put together in ORDER, and places for ONE_HAS and OTHER_HAS rows. */
static void
ask_dropped(int before, int kept, int count, const int *order, int pieces, int64_t one_has, int64_t other_has)
{
	const struct operand put[] = { TENSOR("self", 1, 2, 40, 16), MASK("indices[0]", 2, 2, 40), TENSOR("values", 3, pieces * UNIT, 16) };
	struct event event = EVENT("aten::index_put_", put);
	struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true,
				    .expected = one_has + other_has, .actual = pieces * UNIT };
	json_t *noted = json_pack("{s:[{s:i, s:{s:i, s:I, s:[I, I]}}]}", "operands", "tensor", 2, "summary", "elements", 80, "true", (json_int_t)(one_has + other_has),
				  "rows", (json_int_t)one_has, (json_int_t)other_has);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .counts = noted, .last_call = -1, .step = CALLS };
	struct event *stack;

	start();
	identity = 100;
	for (int i = 0; i < before; i++)
		add_batch(i, 3, IN_ORDER, kept);
	stack = add_batch(CALLS, count, order, pieces);
	source = hand_source(&hand);
	event.id = 190;
	add_step(0, stack->id, "aten::stack", stack->operands, pieces, 0, pieces);
	stories[0].steps[0].event = *stack;
	facts.sides[0] = (struct cause_side){ .place = 2, .dim = 0, .size = pieces * UNIT, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	ask_facts(&facts);
	json_decref(noted);
}

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(text_of("piece_dropped", key), part))

static void
test_dropped(void)
{
	ask_dropped(6, 3, 5, (const int[]){ 2, 1, 3, 4 }, 4, 12, 8);
	EXPECT("piece_dropped", "likely");
	EXPECT("placeholders_differ", "");
	SAYS("text", "sequence 0 has places for 3 and gets 2: 5 were made for this batch by aten::randn at train.py:10, as many as are wanted, of which only 4 were put together "
		     "by aten::stack at train.py:20: number 0 (from 0) is left out; number 2 has its place, as in a dict where a name comes twice");
	ask_dropped(6, 3, 4, (const int[]){ 0, 1, 2 }, 3, 8, 8); /* nothing has its place */
	EXPECT("piece_dropped", "likely");
	SAYS("text", "sequence 1 has places for 2 and gets 1: 4 were made");
	SAYS("text", "number 3 (from 0) is left out");
	CU_ASSERT_PTR_NULL(strstr(text_of("piece_dropped", "text"), "dict"));
	SAYS("fix", "see what leaves it out between these two lines");
	ask_dropped(6, 3, 4, (const int[]){ 1, 3 }, 2, 8, 8);
	SAYS("text", "sequence 0 has places for 2 and gets 1; sequence 1 has places for 2 and gets 1: 4 were made");
	SAYS("text", ": 2 are left out, the first of these is number 0 (from 0)");
	ask_dropped(6, 3, 4, (const int[]){ 0, 1, 2 }, 3, 10, 6); /* no whole ones: whose it is isn't known */
	EXPECT("piece_dropped", "likely");
	CU_ASSERT_PTR_NULL(strstr(text_of("piece_dropped", "text"), "sequence"));
	ask_dropped(0, 3, 4, (const int[]){ 0, 1, 2 }, 3, 8, 8); /* nothing is known of earlier batches */
	EXPECT("piece_dropped", "possible");
}

static void
test_none(void)
{
	ask_dropped(6, 3, 4, IN_ORDER, 4, 12, 8); /* all are there: the text has places for more */
	EXPECT("piece_dropped", "");
	EXPECT("placeholders_differ", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_object_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text")),
				      "4 were made, by aten::randn at train.py:10, and all put together: 1 never came to that line"));
	ask_dropped(6, 3, 4, IN_ORDER, 4, 11, 8); /* no whole one is missing */
	CU_ASSERT_PTR_NULL(strstr(json_string_value(json_object_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text")), "never came"));
	ask_dropped(6, 3, 7, (const int[]){ 0, 1, 3, 4 }, 4, 12, 8); /* more were made than are wanted */
	EXPECT("piece_dropped", "");
	ask_dropped(6, 2, 5, (const int[]){ 0, 1, 3, 4 }, 4, 12, 8); /* some always were left out */
	EXPECT("piece_dropped", "");
	ask_dropped(6, 3, 5, (const int[]){ 0, 1, 3, 4 }, 4, 8, 4); /* too few places */
	EXPECT("piece_dropped", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "made, and not put together", test_dropped);
	CU_add_test(suite, "nothing is known to be left out", test_none);
}

int
main(void)
{
	return run_suite("causes: what was made and left out", fill);
}
