/* links: schema viewer */
/* Rules about rows, and which name explains a number: each holds once, and once it doesn't. */
#include "causes_asked.h"

#define STEP(side, id, operation, operands, dim, size) add_step(side, id, operation, operands, COUNT(operands), dim, size)

static void
test_unequal(void)
{
	const struct operand viewed[] = { TENSOR("self", 1, 44, 16), VALUE("shape", "int[]", "[3, -1, 16]") };
	const struct operand picked[] = { TENSOR("self", 2, 3, 32, 16), MASK("indices[0]", 3, 3, 32) };
	const struct event a = EVENT("aten::reshape", viewed);

	STEP(1, 98, "aten::index", picked, 0, 44);
	count_values(3, "{\"elements\":96,\"true\":44,\"rows\":[16,16,12]}");
	ask(&a, "shape '[3, -1, 16]' is invalid for input of size 704", NULL, NULL);
	EXPECT("rows_unequal", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "pick 16, 16 and 12, 44 in all"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "row 2 picks 12, the others 16"));
	count_values(3, "{\"elements\":96,\"true\":43,\"rows\":[16,16,11]}"); /* another mask's counts: not what was picked */
	ask(&a, "shape '[3, -1, 16]' is invalid for input of size 704", NULL, NULL);
	EXPECT("rows_unequal", "");
	count_values(3, NULL);
	ask(&a, "shape '[3, -1, 16]' is invalid for input of size 704", NULL, NULL);
	EXPECT("rows_unequal", "");
	forget();
}

/* The mask was turned before it picked, and the odd row was made by a slice that had always ended earlier. */
static void
test_unequal_made(void)
{
	const struct operand viewed[] = { TENSOR("self", 1, 44, 16), VALUE("shape", "int[]", "[3, -1, 16]") };
	const struct operand picked[] = { TENSOR("self", 2, 3, 32, 16), MASK("indices[0]", 3, 3, 32) };
	const struct operand turned[] = { MASK("self", 4, 3, 32) }, visible[] = { MASK("output", 3, 3, 32) };
	const struct operand rows[] = { MASK("tensors[0]", 11, 32), MASK("tensors[1]", 12, 32), MASK("tensors[2]", 13, 32), VALUE("dim", "int", "0") };
	const struct operand stacked[] = { MASK("output", 4, 3, 32) };
	const struct operand order[] = { INDEX("self", 20, 16) }, eight[] = { INDEX("output", 21, 8) }, ten[] = { INDEX("output", 22, 10) };
	const struct operand first[] = { MASK("output", 11, 32) }, second[] = { MASK("output", 12, 32) }, third[] = { MASK("output", 13, 32) };
	const struct operand small[] = { MASK("self", 30, 16) };
#define HAND(id_, site_, operation_, in, made) { .id = id_, .site = site_, .parent = -1, .operation = operation_, .status = "ok", .phase = "data", \
	.operand_count = COUNT(in), .operands = in, .output_count = 1, .outputs = made }
	struct event events[] = {
		HAND(10, 7, "aten::slice", order, eight), HAND(11, 8, "aten::repeat", small, first), HAND(12, 7, "aten::slice", order, eight),
		HAND(13, 8, "aten::repeat", small, second), HAND(14, 7, "aten::slice", order, eight), HAND(15, 8, "aten::repeat", small, second),
		HAND(16, 7, "aten::slice", order, eight), HAND(17, 8, "aten::repeat", small, second), HAND(18, 7, "aten::slice", order, ten),
		HAND(19, 8, "aten::repeat", small, third), HAND(20, 9, "aten::stack", rows, stacked), HAND(21, 10, "aten::bitwise_not", turned, visible),
	};
	struct call_history history = { .calls = 5, .measured = 5, .smallest = 8, .largest = 8, .sizes = { 8 }, .size_count = 1 };
	struct hand hand = { .events = events, .event_count = COUNT(events), .history = &history };
	struct source source = hand_source(&hand);
	struct event failed = EVENT("aten::reshape", viewed);
	struct mismatch wants = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1 };
	struct cause cause = { .confidence = NULL };
	struct cause_facts facts = { .event = &failed, .mismatch = &wants, .source = &source };

	STEP(1, 98, "aten::index", picked, 0, 44);
	facts.sides[1].lineage = &stories[1];
	count_values(4, "{\"elements\":96,\"true\":52,\"rows\":[16,16,20]}");
	facts.counts = counts;
	CU_ASSERT_TRUE(cause_rows_unequal(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "pick 16, 16 and 12"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "for row 2 alone there were 10"));
	events[8].outputs = eight; /* made as the others were */
	cause = (struct cause){ .confidence = NULL };
	CU_ASSERT_TRUE(cause_rows_unequal(&facts, &cause));
	CU_ASSERT_PTR_NULL(strstr(cause.text.data, "alone"));
	count_values(4, NULL);
	forget();
}

static void
test_selected(void)
{
	const struct operand pair[] = { TENSOR("query", 1, 3, 2, 1, 8), TENSOR("key", 2, 4, 2, 21, 8) };
	const struct operand rows[] = { TENSOR("self", 5, 4, 1), INDEX("indices[0]", 6, 3) };
	const struct operand mask[] = { TENSOR("self", 7, 4, 21), INDEX("indices[0]", 6, 3) };
	const struct operand others[] = { TENSOR("self", 5, 9, 1), INDEX("indices[0]", 6, 3) };
	const struct operand cat[] = { TENSOR("tensors[0]", 8, 4, 2, 21, 8) };
	struct event events[] = {
		{ .id = 60, .site = 1, .parent = -1, .operation = "aten::index", .status = "ok", .phase = "eval", .operand_count = 2, .operands = rows },
		{ .id = 61, .site = 2, .parent = -1, .operation = "aten::index", .status = "ok", .phase = "eval", .operand_count = 2, .operands = mask },
	};
	struct hand hand = { .events = events, .event_count = 2 };
	struct source source = hand_source(&hand);
	struct event failed = EVENT("aten::mul", pair);
	struct mismatch wants = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0 };
	struct cause cause = { .confidence = NULL };
	struct cause_facts facts = { .event = &failed, .mismatch = &wants, .source = &source, .calls = 8, .agreed = 8 };

	STEP(0, 60, "aten::index", rows, 0, 3);
	STEP(1, 50, "aten::cat", cat, 0, 4);
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? 4 : 3, .lineage = &stories[i] };
	CU_ASSERT_TRUE(cause_before_selection(&facts, &cause));
	CU_ASSERT_STRING_EQUAL(cause.confidence, "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "key was made before rows were picked, and not picked from since: of 4 rows 3 were kept"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "of 2 tensors, but not of key"));
	stories[1].steps[0].event.id = 70; /* made after that */
	CU_ASSERT_FALSE(cause_before_selection(&facts, &cause));
	stories[1].steps[0].event.id = 50;
	stories[0].steps[0].event.operands = others; /* picked from what has nothing to do with 4 */
	CU_ASSERT_FALSE(cause_before_selection(&facts, &cause));
	stories[0].steps[0].event.operands = rows;
	failed.step = 3; /* kept from another step: not of these rows */
	CU_ASSERT_FALSE(cause_before_selection(&facts, &cause));
	forget();
}

/* An unknown word has the padding's number: its row is counted one too short. */
static void
test_padding_inside(void)
{
	static const char tags[] = "[{s:[{s:s, s:s, s:[i, i], s:{s:i, s:[i, i, i, i]}}]}]";
	const struct operand loss[] = { TENSOR("self", 1, 120, 5), INDEX("target", 2, 124) };
	const struct operand packed[] = { TENSOR("data", 3, 88, 32) };
	const struct event a = EVENT("aten::cross_entropy_loss", loss);

	STEP(1, 97, "aten::_pad_packed_sequence", packed, 1, 30);
	ask(&a, "", json_pack(tags, "locals", "name", "ids", "dtype", "int64", "shape", 4, 31, "summary", "padding", 0, "padding_inside", 0, 0, 1, 0), NULL);
	EXPECT("padding_inside", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "ids is padded with 0, and row 2 holds 0 inside"));
	ask(&a, "", json_pack(tags, "locals", "name", "ids", "dtype", "int64", "shape", 4, 31, "summary", "padding", 0, "padding_inside", 0, 0, 3, 0), NULL);
	EXPECT("padding_inside", ""); /* that would be three short */
	ask(&a, "", json_pack(tags, "locals", "name", "ids", "dtype", "int64", "shape", 4, 31, "summary", "zero", 0, "rows", 0, 0, 1, 0), NULL);
	EXPECT("padding_inside", "");
	forget();
}

/* A number of layers is no length, whatever it is called. */
static void
test_names(void)
{
	const struct operand pair[] = { TENSOR("self", 1, 2, 80), TENSOR("other", 2, 2, 105) };
	const struct operand whole[] = { TENSOR("self", 3, 2, 105) };
	const struct event a = EVENT("aten::mul", pair);

	STEP(1, 60, "aten::slice", whole, 1, 80);
	ask(&a, "", NULL, number("config.max_window_layers", 80));
	EXPECT("cut_one_side", "");
	ask(&a, "", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.max_window_layers", "value", 80, "name",
				    "args.cutoff", "value", 80));
	EXPECT("cut_one_side", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "args.cutoff = 80"));
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "rows that pick unequal numbers", test_unequal);
	CU_add_test(suite, "how the odd row was made", test_unequal_made);
	CU_add_test(suite, "made before rows were picked", test_selected);
	CU_add_test(suite, "padding inside a row", test_padding_inside);
	CU_add_test(suite, "names of other counts", test_names);
}

int
main(void)
{
	return run_suite("causes: rows and names", fill);
}
