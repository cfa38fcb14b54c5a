/* links: schema viewer */
/* A cause that tells what was made in the first call, for its size, and is used ever since. */
#include "causes_events.h"

#define BATCH 8

static const struct frame cached[] = { { "/p/train.py", "labels", 12, 0 }, { "/p/train.py", "forward", 30, 0 } };
static const struct frame built[] = { { "/p/train.py", "__init__", 5, 0 }, { "/p/train.py", "main", 50, 0 } };
static const struct site places[] = { { 2, 1, 1, 0, &frames[2] }, { 3, 1, 1, 0, &frames[3] }, { 6, 2, 1, 0, cached }, { 7, 2, 1, 0, built } };
static json_t *numbers;

/* In each of CALLS steps a batch comes in and meets tensor 5, which SITE made in the first; then one of NOW does. */
static struct event *
meets(int site, int64_t now)
{
	struct event *event = NULL;

	start();
	add("aten::arange", site, 0, 1);
	operands[0][0] = value("end", "8");
	outputs[0][0] = tensor("output", 5, BATCH, -1);
	for (int i = 0; i <= CALLS; i++) {
		int64_t size = i < CALLS ? BATCH : now;
		int n = hand.event_count;

		add("aten::lift_fresh", 2, i, 1);
		operands[n][0] = tensor("self", 100 + i, size, -1);
		outputs[n][0] = tensor("output", 200 + i, size, -1);
		event = add("aten::mul", 3, i, 2);
		operands[n + 1][0] = tensor("self", 200 + i, size, -1);
		operands[n + 1][1] = tensor("other", 5, BATCH, -1);
		outputs[n + 1][0] = tensor("output", 300 + i, size, -1);
	}
	return event;
}

static void
ask_kept(struct event *event)
{
	static struct mismatch differs;
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = CALLS, .agreed = CALLS,
				     .step = event->step, .numbers = numbers };

	differs = (struct mismatch){ .property = "size", .operand = 1, .against = 0, .has_expected = true, .has_actual = true, .expected = event->operands[0].sizes[0],
				     .actual = BATCH };
	event->status = "failed";
	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, !i, 0, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = !i, .size = event->operands[!i].sizes[0], .lineage = stories[i].count ? &stories[i] : NULL };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_cached(void)
{
	struct event *event = meets(6, 3);

	ask_kept(event);
	EXPECT("made_once", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "other was made once, in step 0, for 8, and is kept since: aten::arange at train.py:12"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "what it meets has 3 now"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "smaller batch"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "drop_last=True"));
	ask_kept(meets(6, 11)); /* larger: no last batch */
	EXPECT("made_once", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "drop_last=True"));
}

/* Why it is 3: what the loader has. */
static void
test_last(void)
{
	numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "len(loader.dataset)", "value", 27, "name", "loader.batch_size",
			    "value", BATCH, "name", "loader.sampler.num_samples", "value", 11);
	ask_kept(meets(6, 3));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the last, smaller batch: loader.sampler.num_samples = 11 = 1 x 8 + 3"));
	ask_kept(meets(6, 4)); /* they leave no 4 */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "smaller batch"));
	json_decref(numbers);
	numbers = NULL;
}

static void
test_others(void)
{
	struct event *event;

	ask_kept(meets(7, 3)); /* made as the model was built */
	EXPECT("made_once", "");
	event = meets(6, 3);
	for (int i = 1; i < hand.event_count - 1; i++)
		if (events[i].operand_count == 2)
			operands[i][1].tensor = 60 + i; /* another one then */
	ask_kept(event);
	EXPECT("made_once", "");
	meets(6, 3);
	operands[hand.event_count - 1][1] = tensor("other", 5, BATCH, -1);
	events[5].operation = "aten::arange"; /* the line made another since */
	events[5].site = 6;
	ask_kept(&events[hand.event_count - 1]);
	EXPECT("made_once", "");
	event = meets(6, 3);
	events[0].step = CALLS; /* in this step */
	ask_kept(event);
	EXPECT("made_once", "");
}

static void
fill(CU_pSuite suite)
{
	hand.sites = places;
	hand.site_count = COUNT(places);
	source = hand_source(&hand);
	CU_add_test(suite, "kept from the first call", test_cached);
	CU_add_test(suite, "the last batch of a loader", test_last);
	CU_add_test(suite, "not kept from a call", test_others);
}

int
main(void)
{
	return run_suite("made once", fill);
}
