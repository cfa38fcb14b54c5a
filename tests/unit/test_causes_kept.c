/* links: schema viewer */
/* What is of an earlier batch, a convolution's groups that stayed, a last place of a row that has nothing. */
#include "causes_events.h"

static struct cause_facts facts;
static int64_t last_call = 3; /* of the line that fails: after the keys were made, and with them */
static bool twins;
static json_t *variables; /* the frames with theirs */
static struct mismatch differs;

/* Keys of OLD are made of what came in at site 0 in event 1; if AGAIN isn't 0, the same line has brought AGAIN since: before the keys (EARLY), or after. */
static struct event *
cache(int64_t old, int64_t again, bool early)
{
	struct event *event;
	int n;

	start();
	add("aten::lift_fresh", 0, 9, 0);
	outputs[0][0] = tensor("output", 1, 6, old);
	for (int i = 0; i < 2; i++)
		if (again && early == (i == 0)) {
			n = hand.event_count;
			add("aten::lift_fresh", 0, 9, 0);
			outputs[n][0] = tensor("output", 5, 6, again);
		} else if (i == 0 || !early) {
			n = hand.event_count;
			add("aten::relu", 1, 9, 1);
			operands[n][0] = tensor("self", 1, 6, old);
			outputs[n][0] = tensor("output", 2, 6, old);
		}
	if (early) {
		n = hand.event_count;
		add("aten::relu", 1, 9, 1);
		operands[n][0] = tensor("self", 1, 6, old);
		outputs[n][0] = tensor("output", 2, 6, old);
	}
	event = add("aten::mul", 3, 9, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("self", 2, 6, old);
	operands[n][1] = tensor("other", 7, 6, 22);
	event->status = "failed";
	return event;
}

static void
ask_cache(struct event *event)
{
	differs = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 22,
				     .actual = event->operands[0].sizes[1] };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = last_call, .twins = twins, .step = 9 };
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, 1, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 1, .size = event->operands[i].sizes[1], .lineage = stories[i].count ? &stories[i] : NULL };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_earlier(void)
{
	ask_cache(cache(30, 22, false));
	EXPECT("of_earlier_batch", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self is of an earlier batch: it was made of what had 30"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "since then that line has made 22, which other has"));
	ask_cache(cache(30, 0, false)); /* nothing came in since */
	EXPECT("of_earlier_batch", "");
	ask_cache(cache(30, 22, true)); /* both came in before anything was made of them: a pair */
	EXPECT("of_earlier_batch", "");
	ask_cache(cache(30, 25, false)); /* of another size than the other side */
	EXPECT("of_earlier_batch", "");
}

/* What one line brings twice in a step, each for a side of its own, is no batch of before. */
static void
test_pair(void)
{
	struct event *event;

	last_call = 1;
	ask_cache(cache(30, 22, false)); /* made since the line ran last */
	EXPECT("of_earlier_batch", "");
	event = cache(30, 22, false);
	events[1].step = 8; /* in the step before */
	ask_cache(event);
	EXPECT("of_earlier_batch", "likely");
	last_call = 3;
	twins = true;
	ask_cache(cache(30, 22, false)); /* the second of several pairs */
	EXPECT("of_earlier_batch", "");
	twins = false;
}

/* The batch was put together of samples that didn't come in at once, in PHASE. */
static void
ask_collated(const char *phase)
{
	struct event *event = cache(30, 22, false);

	for (int i = 0; i < 3; i += 2) {
		events[i].operation = "aten::pad_sequence";
		events[i].phase = phase;
		events[i].operand_count = 1;
		operands[i][0] = tensor("sequences[0]", 20 + i, i ? 22 : 30, 6);
	}
	ask_cache(event);
}

static void
test_collated(void)
{
	ask_collated("other");
	EXPECT("of_earlier_batch", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it was made of what had 30, by aten::pad_sequence"));
	ask_collated("forward"); /* a part of the model: of another of its levels */
	EXPECT("of_earlier_batch", "");
}

/* A depthwise convolution of FILTERS, for an input of CHANNELS, in GROUPS. */
static void
ask_groups(int64_t filters, int64_t each, int64_t channels, const char *groups)
{
	const struct operand given[] = { TENSOR("input", 1, 8, channels, 10, 10), TENSOR("weight", 2, filters, each, 3, 3), VALUE("groups", "int", groups) };
	struct event event = EVENT("aten::conv2d", given);
	struct mismatch_facts asked = { .event = &event, .message = "" };

	start();
	facts = (struct cause_facts){ .event = &event, .mismatch = mismatch_find(&asked, &differs) ? &differs : NULL, .message = "", .source = &source, .last_call = -1, .frames = variables };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_groups(void)
{
	ask_groups(18, 1, 18, "24");
	EXPECT("groups_left", "likely");
	CU_ASSERT_STRING_EQUAL(differs.text, "weight has 18 filters in dimension 0, no multiple of 24 groups");
	CU_ASSERT_EQUAL(differs.expected, 24);
	CU_ASSERT_EQUAL(differs.actual, 18);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "still in 24 groups: its weight has 18 filters"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "groups = in_channels = out_channels = 18"));
	variables = json_pack("[{s:[{s:s, s:s, s:i}]}]", "locals", "name", "kernel", "kind", "tensor", "tensor", 2);
	ask_groups(1, 1, 1, "3"); /* no layer's */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "its weight has 1 filter of one channel each, for the 1 channel that it is given"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "groups=1 here"));
	json_decref(variables);
	variables = NULL;
	ask_groups(24, 1, 18, "24"); /* the input has too few channels */
	EXPECT("groups_left", "");
	ask_groups(48, 6, 18, "4"); /* groups of several channels */
	EXPECT("groups_left", "");
}

/* An index of -1 that is OPERATION's result over rows of a mask, less one (LESS: by that operation). */
static void
ask_last(const char *operation, const char *less, int64_t least)
{
	const struct operand gather[] = { TENSOR("self", 1, 4, 8, 32), VALUE("dim", "int", "1"), INDEX("index", 2, 4, 1, 32) };
	const struct operand rows[] = { INDEX("self", 8, 4, 8) }, taken[] = { INDEX("self", 7, 4), INDEX("other", 6) };
	const struct event event = EVENT("aten::gather", gather);
	json_t *frames = json_pack("[{s:[{s:s, s:s, s:i}]}]", "locals", "name", "attention_mask", "kind", "tensor", "tensor", 8);

	start();
	add_step(0, 30, less, taken, 2, -1, -1);
	add_step(0, 29, operation, rows, 1, -1, -1);
	stories[0].steps[0].event.operands = (const struct operand[]){ taken[0], { .name = "other", .kind = "tensor", .item = -1, .ndim = 0, .dtype = "int64", .tensor = 6 } };
	stories[0].property = LINEAGE_VALUES;
	counts = json_pack("{s:[{s:i, s:i, s:{s:i, s:I, s:i, s:i, s:i}}]}", "operands", "tensor", 2, "index", 2, "summary", "elements", 128, "min", (json_int_t)least, "max", 7, "negative", 32,
			   "distinct", 4);
	ask(&event, "index -1 is out of bounds for dimension 1 with size 8", frames, NULL);
	json_decref(counts);
	counts = NULL;
	forget();
}

static void
test_last(void)
{
	ask_last("aten::sum", "aten::sub", -1);
	EXPECT("counted_none", "likely");
	EXPECT("padding_as_data", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "a row has nothing: its last place is the count less one"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "for at least one row of attention_mask"));
	ask_last("aten::argmax", "aten::sub", -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "what is looked for isn't in a row, or stands first in it"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "where that is a full row (no padding in it)"));
	ask_last("aten::sum", "aten::mul", -1); /* nothing was taken away */
	EXPECT("counted_none", "");
	ask_last("aten::embedding", "aten::sub", -1); /* nothing was counted */
	EXPECT("counted_none", "");
	ask_last("aten::sum", "aten::sub", -100);
	EXPECT("counted_none", "");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "what is of an earlier batch", test_earlier);
	CU_add_test(suite, "a pair that one line brings", test_pair);
	CU_add_test(suite, "what is of an earlier batch, put together of samples", test_collated);
	CU_add_test(suite, "groups that stayed", test_groups);
	CU_add_test(suite, "the last place of a row that has nothing", test_last);
}

int
main(void)
{
	return run_suite("causes kept", fill);
}
