/* links: schema viewer */
/* Features that a limit cut for the first time, and their places, counted from what is uncut. */
#include "causes_asked.h"

static struct { int64_t places, rows, from, to; const char *operation, *end; bool of_mask; } is;

static void
usual_case(void)
{
	is.places = 73;
	is.rows = 60;
	is.from = 29240;
	is.to = 24000;
	is.operation = "aten::slice";
	is.end = "24000";
	is.of_mask = false;
}

static void
ask_features(void)
{
	static struct news news;
	const struct operand put[] = { TENSOR("self", 1, 79, 40), MASK("indices[0]", 2, 79), TENSOR("values", 3, is.rows, 40) };
	const struct operand wave[] = { TENSOR("self", 4, is.from), VALUE("dim", "int", "0"), VALUE("start", "int", "0"), VALUE("end", "int", is.end) };
	const struct operand left[] = { TENSOR("output", 5, is.to) };
	const struct event event = EVENT("aten::index_put_", put);
	struct event slice = EVENT(is.operation, wave);
	struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = is.places,
				    .actual = is.rows };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .last_call = -1, .message = "" };

	slice.id = 40;
	slice.status = "ok";
	slice.outputs = left;
	slice.output_count = 1;
	news = (struct news){ .count = 0, .change = { .step = { .event = slice, .dim = 0, .size = is.to }, .from = is.from, .to = is.to, .calls = 200 }, .known = true };
	facts.sides[0] = (struct cause_side){ .place = is.of_mask ? 1 : 2, .dim = 0, .size = is.rows, .news = &news };
	facts.sides[1] = (struct cause_side){ .place = is.of_mask ? 2 : 1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
}

#define EVIDENCE text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text")

static void
test_cut(void)
{
	usual_case();
	ask_features();
	EXPECT("features_cut", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "kept 24000 of 29240; there are 73 placeholders for 60 rows of features"));
	CU_ASSERT_PTR_NOT_NULL(strstr(EVIDENCE, "73 places are to 60 rows as the 29240 before the cut to the 24000 after it"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "count the places from what that cut leaves (24000 at most)"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "one version"));
	is.places = 200; /* of several sequences */
	ask_features();
	EXPECT("features_cut", "likely");
	CU_ASSERT_PTR_NULL(strstr(EVIDENCE, "places are to"));
}

static void
expect_not(void)
{
	ask_features();
	EXPECT("features_cut", "");
	usual_case();
}

static void
test_not_cut(void)
{
	usual_case();
	is.rows = 90; /* more features than places: the tokens were cut */
	expect_not();
	is.operation = "aten::conv1d"; /* nothing is cut off */
	expect_not();
	is.of_mask = true; /* of the tokens */
	expect_not();
	is.to = 30000; /* longer than before */
	expect_not();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "features cut", test_cut);
	CU_add_test(suite, "not so", test_not_cut);
}

int
main(void)
{
	return run_suite("features cut", fill);
}
