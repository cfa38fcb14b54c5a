/* links: schema viewer */
/* Places in the text against what each sequence brings for them, counted though the mask was flattened. */
#include "causes_events.h"

#define EACH 4    /* rows of a piece */
#define LENGTH 36 /* of a sequence */

static int64_t columns = LENGTH; /* of what was flattened */

/* OPERATION makes tensor IDENTITY, of SIZE pieces. */
static void
add_piece(int64_t step, int64_t identity, int64_t size)
{
	add("aten::stack", 0, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", identity, size, 3);
}

/* Asks about two sequences with places for PLACES rows, which bring pieces of ONE and OTHER; the line that made them had LEAST to 7 before. */
static void
ask_places(int64_t one_has, int64_t other_has, int64_t one, int64_t other, int64_t least)
{
	int64_t supplied = (one + other) * EACH;
	const struct operand put[] = { TENSOR("self", 1, 2 * LENGTH, 16), MASK("indices[0]", 2, 2 * LENGTH), TENSOR("values", 3, supplied, 16) };
	const struct operand features[] = { TENSOR("self", 4, one + other, EACH, 16) }, ids[] = { INDEX("self", 5, 2, columns) };
	struct event event = EVENT("aten::index_put_", put);
	struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true,
				    .expected = one_has + other_has, .actual = supplied };
	json_t *locals = json_pack("[{s:[{s:s, s:i, s:s, s:[i], s:{s:i, s:[I, I]}}, {s:s, s:i, s:s, s:[i, i]}]}]", "locals", "name", "where", "tensor", 2, "dtype", "bool",
				   "shape", 2 * LENGTH, "summary", "as_rows_of", LENGTH, "as_rows", (json_int_t)one_has, (json_int_t)other_has, "name", "ids",
				   "tensor", 5, "dtype", "int64", "shape", 2, LENGTH);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .frames = locals, .last_call = -1, .step = CALLS };
	struct event *cat;
	int n;

	start();
	for (int i = 0; i < CALLS; i++)
		add_piece(i, 100 + i, i % 2 ? 7 : least);
	add_piece(CALLS, 200, one);
	add_piece(CALLS, 201, other);
	cat = add("aten::cat", 1, CALLS, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("tensors[0]", 200, one, 3);
	operands[n][1] = tensor("tensors[1]", 201, other, 3);
	outputs[n][0] = tensor("output", 4, one + other, 3);
	source = hand_source(&hand);
	add_step(0, 500, "aten::reshape", features, 1, 0, supplied);
	add_step(0, cat->id, "aten::cat", operands[n], 2, 0, one + other);
	add_step(1, 499, "aten::reshape", ids, 1, -1, -1);
	facts.sides[0] = (struct cause_side){ .place = 2, .dim = 0, .size = supplied, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[1] };
	ask_facts(&facts);
	json_decref(locals);
}

/* A mask as wide as the embeddings picks ONE and OTHER places of two sequences, for SUPPLIED rows; the attention's has ZEROS, the ids IDS_ZERO. */
static void
ask_padding(int64_t one, int64_t other, int64_t supplied, int64_t zeros, int64_t ids_zero, const char *name, json_t *numbers)
{
	const struct operand put[] = { TENSOR("self", 1, 2, 14, 32), { .name = "mask", .kind = "tensor", .item = -1, .ndim = 3, .sizes = (const int64_t[]){ 2, 14, 32 },
				       .dtype = "bool", .device = "cpu", .layout = "strided", .tensor = 2 }, TENSOR("source", 3, supplied, 32) };
	struct event event = EVENT("aten::masked_scatter", put);
	struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true,
				    .expected = one + other, .actual = supplied };
	json_t *locals = json_pack("[{s:[{s:s, s:i, s:s, s:[i,i,i], s:{s:I, s:[I, I]}}, {s:s, s:s, s:[i,i], s:{s:i, s:i, s:i, s:I}}, {s:s, s:s, s:[i,i], s:{s:i, s:i, s:i, s:I}}]}]",
				   "locals", "name", "places", "tensor", 2, "dtype", "bool", "shape", 2, 14, 32, "summary", "true", (json_int_t)((one + other) * 32), "rows",
				   (json_int_t)(one * 32), (json_int_t)(other * 32), "name", name, "dtype", "int64", "shape", 2, 14, "summary", "elements", 28, "min", 0,
				   "max", 1, "zero", (json_int_t)zeros, "name", "input_ids", "dtype", "int64", "shape", 2, 14, "summary", "elements", 28, "min", 0, "max", 89,
				   "zero", (json_int_t)ids_zero);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .frames = locals, .numbers = numbers, .last_call = -1, .step = CALLS };

	start();
	source = hand_source(&hand);
	facts.sides[0] = (struct cause_side){ .place = 2, .dim = 0, .size = supplied };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	ask_facts(&facts);
	json_decref(locals);
	json_decref(numbers);
}

static void
test_padding(void)
{
	ask_padding(5, 4, 8, 1, 9, "attention_mask", NULL);
	EXPECT("placeholder_is_padding", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "9 places for 8 rows of features, 1 too many, and attention_mask leaves just as many positions out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_object_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text")),
				      "places in each sequence: 5, 4")); /* not 160, 128 */
	ask_padding(5, 4, 8, 1, 2, "attention_mask", NULL); /* the ids don't confirm it */
	EXPECT("placeholder_is_padding", "possible");
	ask_padding(5, 4, 8, 1, 2, "attention_mask", json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "tokenizer.pad_token_id", "value", 7,
							       "name", "config.image_token_id", "value", 7));
	EXPECT("placeholder_is_padding", "likely");
	ask_padding(5, 4, 8, 1, 1, "attention_mask", NULL); /* the padding's id is 0, and the placeholder's another */
	EXPECT("placeholder_is_padding", "");
	ask_padding(5, 4, 8, 3, 9, "attention_mask", NULL); /* another number */
	EXPECT("placeholder_is_padding", "");
	ask_padding(4, 3, 8, 1, 7, "attention_mask", NULL); /* too few places */
	EXPECT("placeholder_is_padding", "");
	ask_padding(5, 4, 8, 1, 9, "types", NULL); /* zeros and ones that are no mask */
	EXPECT("placeholder_is_padding", "");
}

static void
test_sequences(void)
{
	ask_places(8, 28, 1, 7, 3);
	EXPECT("placeholders_of_sequence", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 0 has 8 places in the text and brings 4 rows (1 x 4), 4 too many; sequence 1 has 28 places in the text and brings 28 rows"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "a single one for the first time (the last 12 were of 3 to 7)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "count 1 for a single one (4 places instead of 8)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_object_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text")),
				      "what sequence 0 brings, 1, was made by aten::stack at train.py:10"));
	ask_places(8, 28, 1, 7, 1); /* there were single ones, and nothing was wrong */
	EXPECT("placeholders_of_sequence", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "single"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "places of sequence 0 are counted: 4 instead of 8"));
	ask_places(20, 24, 5, 5, 3); /* not a single one */
	EXPECT("placeholders_of_sequence", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "places of sequence 1 are counted: 20 instead of 24"));
}

static void
test_none(void)
{
	ask_places(8, 32, 1, 7, 3); /* both have too many */
	EXPECT("placeholders_of_sequence", "");
	EXPECT("placeholders_differ", "possible");
	ask_places(36, 4, 7, 2, 3); /* more here, fewer there: they are not in this order */
	EXPECT("placeholders_of_sequence", "");
	ask_places(4, 24, 1, 7, 3); /* fewer: cut */
	EXPECT("placeholders_of_sequence", "");
	ask_places(7, 28, 1, 7, 3); /* three rows: no whole piece */
	EXPECT("placeholders_of_sequence", "");
	columns = 18; /* the mask is of another table */
	ask_places(8, 28, 1, 7, 3);
	EXPECT("placeholders_of_sequence", "");
	columns = LENGTH;
}

/* Two sequences with ONE_HAS and OTHER_HAS places; the rows of COUNT pictures, PIECES each, were put together. LIMIT: the sequences' length has a name. */
static void
ask_rows(int64_t one_has, int64_t other_has, const int64_t *pieces, int count, bool limit)
{
	int64_t supplied = 0;

	start();
	for (int i = 0; i < count; i++) {
		add_piece(CALLS, 200 + i, pieces[i]);
		supplied += pieces[i];
	}
	{
		const struct operand put[] = { TENSOR("self", 1, 2, LENGTH, 16), MASK("indices[0]", 2, 2, LENGTH), TENSOR("values", 4, supplied, 16) };
		struct event event = EVENT("aten::index_put_", put), *cat = add("aten::cat", 1, CALLS, count);
		struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true,
					    .expected = one_has + other_has, .actual = supplied };
		json_t *noted = json_pack("{s:[{s:i, s:{s:i, s:I, s:[I, I]}}]}", "operands", "tensor", 2, "summary", "elements", 2 * LENGTH, "true", (json_int_t)(one_has + other_has),
					  "rows", (json_int_t)one_has, (json_int_t)other_has);
		json_t *numbers = number("args.max_seq_length", limit ? LENGTH : LENGTH + 1);
		struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .counts = noted, .numbers = numbers, .last_call = -1, .step = CALLS };
		int n = hand.event_count - 1;

		for (int i = 0; i < count; i++)
			operands[n][i] = tensor("tensors", 200 + i, pieces[i], 16);
		outputs[n][0] = tensor("output", 4, supplied, 16);
		source = hand_source(&hand);
		add_step(0, cat->id, "aten::cat", operands[n], count, 0, supplied);
		facts.sides[0] = (struct cause_side){ .place = 2, .dim = 0, .size = supplied, .lineage = &stories[0] };
		facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
		json_decref(causes);
		causes = causes_build(&facts);
		json_decref(noted);
		json_decref(numbers);
		forget();
	}
}

static void
test_rows(void)
{
	ask_rows(22, 17, (const int64_t[]){ 22, 13 }, 2, false);
	EXPECT("placeholders_of_sequence", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has 17 places in the text and brings 13 rows, 4 too many; sequence 0 has 22 places in the text and brings 22 rows"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "places of sequence 1 are counted: 13 instead of 17"));
	ask_rows(22, 29, (const int64_t[]){ 9, 13, 25 }, 3, false); /* two pictures are the first one's */
	EXPECT("placeholders_of_sequence", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has 29 places in the text and brings 25 rows, 4 too many"));
	ask_rows(22, 13, (const int64_t[]){ 22, 17 }, 2, false); /* too few: a limit may have done it */
	EXPECT("placeholders_of_sequence", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("placeholders_of_sequence", "text"), "sequence 1 has 13 places in the text and brings 17 rows, 4 too few"));
	ask_rows(22, 13, (const int64_t[]){ 22, 17 }, 2, true); /* and did */
	EXPECT("placeholders_of_sequence", "");
	EXPECT("placeholders_cut", "likely");
	ask_rows(24, 17, (const int64_t[]){ 22, 13 }, 2, false); /* neither has its own */
	EXPECT("placeholders_of_sequence", "");
	ask_rows(22, 25, (const int64_t[]){ 22, 22 }, 2, false); /* both alike: whose is missing isn't known */
	EXPECT("placeholders_of_sequence", "");
	ask_rows(8, 12, (const int64_t[]){ 4, 4, 4, 4 }, 4, false); /* one way or another */
	EXPECT("placeholders_of_sequence", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "padding that is counted", test_padding);
	CU_add_test(suite, "a sequence has more places than it brings", test_sequences);
	CU_add_test(suite, "rows of pictures, piece by piece", test_rows);
	CU_add_test(suite, "no sequence is known to", test_none);
}

int
main(void)
{
	return run_suite("causes: places by sequence", fill);
}
