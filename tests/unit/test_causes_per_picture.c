/* links: schema viewer */
/* Places that each picture has too few of, alike; and the one sequence that lacks what a limit cut. */
#include "causes_events.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))
#define LONGEST 40

/* A mask that selects COUNTED in its rows, SELECTED in all, for IMAGES pieces of 16; DROPPED: a slice left out the first of 17. */
static void
ask_images(const char *counted, int64_t selected, int images, bool dropped, json_t *numbers)
{
	const struct operand encoded[] = { TENSOR("self", 5, 3, 17, 8), VALUE("dim", "int", "1"), VALUE("start", "int", "1"), VALUE("end", "int", "9223372036854775807"),
						  VALUE("step", "int", "1") };
	struct operand pieces[4], list[3] = { TENSOR("self", 5, 3, 40, 8), MASK("mask", 6, 3, 40), TENSOR("source", 7, 16 * images, 8) };
	struct event event = EVENT("aten::index_put_", list);
	char message[200], summary[100];

	list[1].name = "indices[0]";
	list[2].name = "values";
	text_format(message, sizeof(message), "shape mismatch: value tensor of shape [%d, 8] cannot be broadcast to indexing result of shape [%d, 8]", 16 * images, (int)selected);
	text_format(summary, sizeof(summary), "{\"elements\":120,\"true\":%d,\"rows\":%s}", (int)selected, counted);
	start();
	for (int i = 0; i < images; i++)
		pieces[i] = tensor("tensors[0]", 8, 16, 8);
	add_step(0, 90, "aten::cat", pieces, images, 0, 16 * images);
	if (dropped)
		add_step(0, 80, "aten::slice", encoded, 5, 1, 16);
	count_values(6, summary);
	ask(&event, message, NULL, numbers);
	count_values(0, NULL);
}

static void
test_every_picture(void)
{
	ask_images("[15, 15, 15]", 45, 3, true, NULL);
	EXPECT("per_picture", "likely");
	EXPECT("placeholders_differ", "");
	SAYS("text", "each of 3 images has 15 places in the text and 16 rows of features, 1 too few in every one, so nothing was cut");
	SAYS("text", "the model leaves out the first of 17 (a class token)");
	SAYS("fix", "num_additional_image_tokens=1), so that an image has 16 places");
	ask_images("[17, 34, 0]", 51, 3, false, NULL); /* one more in every one; one sequence has two, one none */
	EXPECT("per_picture", "likely");
	SAYS("text", "1 too many in every one");
	SAYS("text", "processor and model count");
	ask_images("[9, 9, 9]", 27, 3, false, NULL); /* of pictures of another size */
	EXPECT("per_picture", "possible");
	EXPECT("placeholders_cut", "");
}

static void
test_not_every(void)
{
	ask_images("[16, 16, 13]", 45, 3, true, NULL); /* one of them alone */
	EXPECT("per_picture", "");
	ask_images("[45, 0, 0]", 45, 3, true, NULL); /* one sequence: cut, for all that is known */
	EXPECT("per_picture", "");
	ask_images("[4, 4, 4]", 12, 3, false, NULL); /* four rows for each place: merged */
	EXPECT("per_picture", "");
	EXPECT("placeholders_differ", "likely");
	ask_images("[15, 15, 15]", 45, 3, true, number("args.max_length", 40)); /* a limit, which the sequences are as long as */
	EXPECT("per_picture", "");
	EXPECT("placeholders_cut", "likely");
}

/* Sequences that bring 1, 2, 4 and 1 pictures of 16 rows have places for COUNTED; batches were up to LONGEST long before, this one is LENGTH. */
static void
ask_sequences(const char *counted, int64_t selected, int64_t length)
{
	struct operand pieces[] = { TENSOR("tensors[0]", 11, 1, 3, 8), TENSOR("tensors[1]", 12, 2, 3, 8), TENSOR("tensors[2]", 13, 4, 3, 8), TENSOR("tensors[3]", 14, 1, 3, 8) };
	const struct operand layer[] = { TENSOR("self", 9, 8, 16, 8) };
	const int64_t of_mask[] = { 4, length };
	struct operand list[] = { TENSOR("self", 5, 4, 90, 8), MASK("indices[0]", 6, 4, 90), TENSOR("values", 7, 128, 8) };
	struct event event = EVENT("aten::index_put_", list);
	struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .has_expected = true, .has_actual = true, .expected = selected, .actual = 128 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1 };
	char summary[120];

	start();
	for (int n = 0; n < CALLS; n++) {
		struct event *earlier = add("aten::index_put_", 3, n, 3);

		operands[hand.event_count - 1][0] = list[0];
		operands[hand.event_count - 1][1] = tensor("indices[0]", 20 + n, 4, n % 2 ? LONGEST : LONGEST - 8);
		operands[hand.event_count - 1][1].dtype = "bool";
		operands[hand.event_count - 1][2] = list[2];
		earlier->output_count = 0;
	}
	event.site = 3;
	event.step = CALLS;
	list[1].sizes = of_mask;
	text_format(differs.text, sizeof(differs.text), "they differ");
	text_format(summary, sizeof(summary), "{\"elements\":360,\"true\":%d,\"rows\":%s}", (int)selected, counted);
	add_step(0, 99, "aten::flatten", layer, 1, 0, 128);
	add_step(0, 90, "aten::cat", pieces, 4, 0, 8);
	count_values(6, summary);
	facts.counts = counts;
	facts.sides[0] = (struct cause_side){ .place = 2, .dim = 0, .size = 128, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	count_values(0, NULL);
}

static void
test_one_sequence(void)
{
	ask_sequences("[16, 32, 48, 16]", 112, 90); /* longer than ever: that is the limit */
	EXPECT("placeholders_cut", "likely");
	SAYS("text", "sequence 2 has 48 places in the text and brings 64 rows (4 x 16), 16 too few; the other 3 have as many as they bring");
	SAYS("fix", "raise the length limit of 90 by at least 16");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "cut alike"));
	ask_sequences("[16, 32, 58, 16]", 122, LONGEST); /* a part of a picture */
	EXPECT("placeholders_cut", "likely");
	ask_sequences("[16, 32, 48, 16]", 112, LONGEST); /* as long as ever: a placeholder may be missing as well */
	EXPECT("placeholders_cut", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("placeholders_cut", "fix"), "raise the length limit by at least 16"));
	ask_sequences("[16, 24, 48, 16]", 104, 90); /* two of them: not which one alone */
	EXPECT("placeholders_cut", "possible");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "sequence 2 has"));
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "too few in every picture", test_every_picture);
	CU_add_test(suite, "not in every one", test_not_every);
	CU_add_test(suite, "one sequence was cut", test_one_sequence);
}

int
main(void)
{
	return run_suite("places of pictures", fill);
}
