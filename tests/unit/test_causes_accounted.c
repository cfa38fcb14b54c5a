/* links: schema viewer */
/* Places that are accounted for sequence by sequence: which one has a few more than its images take, or than the model counts. */
#include "causes_events.h"

#define EACH 4 /* rows of an image */
#define LENGTH 30

static int width = EACH; /* rows of an image in the calls before */

/* The mask has PLACES in RUNS stretches (NULL: not counted) in its rows; features [IMAGES, 4, 16]. AGREED: as many were made in calls before. */
static void
ask_images(const char *places, const char *runs, int64_t selected, int64_t images, bool agreed)
{
	struct operand list[] = { TENSOR("image_features", 4, images, EACH, 16), MASK("special_image_mask", 2, 3, LENGTH) };
	struct operand before[] = { TENSOR("output", 3, images, width, 16) };
	const struct operand now[] = { TENSOR("output", 4, images, EACH, 16) }, ids[] = { INDEX("self", 5, 3, LENGTH) };
	struct event event = EVENT("masked_scatter", list);
	struct mismatch differs = { .property = "count", .operand = 0, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true,
				    .expected = selected, .actual = images * EACH, .text = "differ" };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = CALLS, .before = 500 };
	char summary[200];

	text_format(summary, sizeof(summary), "{\"elements\":90,\"true\":%d,\"rows\":%s%s%s}", (int)selected, places, runs ? ",\"runs\":" : "", runs ? runs : "");
	start();
	for (int i = 0; i < CALLS && agreed; i++) {
		add("aten::to", 2, i, 0);
		events[hand.event_count - 1].outputs = before;
	}
	add("aten::to", 2, CALLS, 0)->outputs = now;
	add("aten::lift_fresh", 0, CALLS, 0)->outputs = ids;
	add("aten::eq", 2, CALLS, 1);
	operands[hand.event_count - 1][0] = ids[0];
	outputs[hand.event_count - 1][0] = list[1];
	source = hand_source(&hand);
	add_step(0, 0, "aten::to", now, 0, 0, images);
	stories[0].steps[0].event = events[agreed ? CALLS : 0];
	count_values(2, summary);
	facts.counts = counts;
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 0, .size = images, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	count_values(0, NULL);
	forget();
}

static const char *
evidence(void)
{
	return text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text");
}

static void
test_literal(void)
{
	ask_images("[4, 5, 4]", "[1, 2, 1]", 13, 3, true);
	EXPECT("placeholders_accounted", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has 5 places in the text, 1 more than its 1 image of 4 rows; the other 2 have as many as they bring: the placeholder "
							  "stands in that sample's own text as well"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "take it out of that sample's text (number 1 of the batch, from 0)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(evidence(), "those of sequence 1 are in 2 stretches, apart from one another, where the others' are in 1; in 12 earlier calls they agreed"));
	ask_images("[4, 5, 4]", "[1, 2, 1]", 13, 3, false); /* the stretches alone say so, too */
	EXPECT("placeholders_accounted", "likely");
	ask_images("[4, 5, 4]", NULL, 13, 3, true); /* and that it never was so */
	EXPECT("placeholders_accounted", "likely");
	ask_images("[8, 11, 4]", "[2, 5, 1]", 23, 5, true); /* three words, and two images */
	EXPECT("placeholders_accounted", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "3 more than its 2 images of 4 rows"));
}

/* None at all, where batches before had them: the data of this one. */
static void
test_none_here(void)
{
	ask_images("[0, 0, 0]", "[0, 0, 0]", 0, 3, true);
	EXPECT("no_placeholder", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("no_placeholder", "fix"), "look at the data of this batch (step 12"));
	CU_ASSERT_PTR_NULL(strstr(text_of("no_placeholder", "fix"), "of one version"));
	CU_ASSERT_PTR_NOT_NULL(strstr(evidence(), "in 12 earlier calls there were as many places as features"));
	ask_images("[0, 0, 0]", "[0, 0, 0]", 0, 3, false); /* the first: the template may lack it */
	EXPECT("no_placeholder", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("no_placeholder", "fix"), "check that the prompt template"));
}

static void
test_no_literal(void)
{
	ask_images("[4, 5, 4]", NULL, 13, 3, false); /* nothing says so */
	EXPECT("placeholders_accounted", "");
	EXPECT("placeholders_differ", "possible");
	ask_images("[4, 5, 4]", "[1, 1, 1]", 13, 3, true); /* one stretch: counted so, but by no formula that is wrong for all */
	EXPECT("placeholders_accounted", "");
	EXPECT("placeholders_differ", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "as many rows had their places in 12 earlier calls, so that no formula is wrong"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "differently"));
	ask_images("[5, 5, 5]", "[1, 1, 1]", 15, 3, false); /* all of them: the formula */
	EXPECT("placeholders_accounted", "");
	ask_images("[4, 7, 4]", "[1, 2, 1]", 15, 3, true); /* a second one that was cut */
	EXPECT("placeholders_accounted", "");
	ask_images("[4, 3, 4]", "[1, 1, 1]", 11, 3, true); /* cut */
	EXPECT("placeholders_accounted", "");
	ask_images("[4, 8, 4]", "[1, 2, 1]", 16, 3, true); /* a whole image */
	EXPECT("placeholders_accounted", "");
	EXPECT("placeholders_differ", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "1 whole image too many in the text"));
	CU_ASSERT_PTR_NOT_NULL(strstr(evidence(), "those of sequence 1 are in 2 stretches, apart from one another; in 12 earlier calls they agreed"));
}

/* A check tells PLACES tokens in all, FIRST of them in sequence 0 in RUNS stretches, for features that a mask picked: 40 and 25. */
static void
ask_sounds(int64_t first, int64_t second, const char *runs, const char *picked_dtype, bool agreed)
{
	const struct operand before[] = { TENSOR("output", 3, 77, 16) }, now[] = { TENSOR("output", 4, 65, 16) };
	struct operand by[] = { TENSOR("self", 8, 2, 50, 16), MASK("indices[0]", 9, 2, 50) }, length[] = { INDEX("self", 10, 2) };
	char message[120];
	struct cause_facts facts = { .type = "ValueError", .message = message, .source = &source, .last_call = -1, .step = CALLS, .before = 500 };

	by[1].dtype = picked_dtype;
	text_format(message, sizeof(message), "Audio features and audio tokens do not match, tokens: %d, features: 65", (int)(first + second));
	start();
	for (int i = 0; i < CALLS && agreed; i++)
		add("aten::index", 2, i, 0)->outputs = before;
	add("aten::index", 2, CALLS, 2)->outputs = now;
	events[hand.event_count - 1].operands = by;
	source = hand_source(&hand);
	add_step(0, 0, "aten::index", by, 2, 0, 65);
	stories[0].steps[0].event = events[hand.event_count - 1];
	add_step(0, 400, "aten::add", length, 1, -1, -1);
	stories[0].decider = 0;
	facts.frames = json_pack("[{s:[{s:s, s:i, s:s, s:[i, i]}, {s:s, s:i, s:s, s:[i, i], s:{s:I, s:[I, I], s:o}}, {s:s, s:i, s:s, s:[i, i], s:{s:i, s:[i, i]}}]}]", "locals",
				 "name", "input_ids", "tensor", 1, "dtype", "int64", "shape", 2, 58,
				 "name", "audio_tokens", "tensor", 2, "dtype", "bool", "shape", 2, 58, "summary", "true", (json_int_t)(first + second), "rows", (json_int_t)first,
				 (json_int_t)second, "runs", runs ? json_loads(runs, 0, NULL) : json_array(),
				 "name", "kept", "tensor", 9, "dtype", "bool", "shape", 2, 50, "summary", "true", 65, "rows", 40, 25);
	facts.sides[0] = (struct cause_side){ .place = -1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = -1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
	forget();
}

static void
test_counted(void)
{
	ask_sounds(40, 26, "[1, 1]", "bool", true);
	EXPECT("placeholders_accounted", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has 26 places in the text and brings 25 rows, 1 too many; the other sequence has as many as it brings: the text's places "
							  "are counted by another formula than the model's, and the two part for such a length"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "25 for this sample (number 1 of the batch, from 0) instead of 26"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "The model's own is here: aten::add"));
	CU_ASSERT_PTR_NOT_NULL(strstr(evidence(), "places in each sequence: 40, 26; those of sequence 1 stand one beside the other"));
	ask_sounds(40, 26, "[1, 1]", "bool", false); /* it never agreed */
	EXPECT("placeholders_accounted", "possible");
	ask_sounds(40, 24, "[1, 1]", "bool", true); /* too few: it may have been cut */
	EXPECT("placeholders_accounted", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(or the text was cut)"));
	ask_sounds(40, 26, "[1, 2]", "bool", true); /* one by itself: a word of the text */
	EXPECT("placeholders_accounted", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has 26 places in the text, 1 more than the 25 rows that it brings"));
}

static void
test_not_counted(void)
{
	ask_sounds(41, 26, "[1, 1]", "bool", true); /* both */
	EXPECT("placeholders_accounted", "");
	ask_sounds(40, 35, "[1, 1]", "bool", true); /* by more than a formula rounds */
	EXPECT("placeholders_accounted", "");
	ask_sounds(40, 26, "[1, 1]", "int64", true); /* no mask: what each brings isn't known */
	EXPECT("placeholders_accounted", "");
	EXPECT("placeholders_differ", "possible");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a placeholder that is a word of the text", test_literal);
	CU_add_test(suite, "none in this batch", test_none_here);
	CU_add_test(suite, "others that aren't", test_no_literal);
	CU_add_test(suite, "two formulas that part for a length", test_counted);
	CU_add_test(suite, "others that don't", test_not_counted);
}

int
main(void)
{
	return run_suite("causes: places accounted for", fill);
}
