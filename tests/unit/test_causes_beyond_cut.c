/* links: schema viewer */
/* An index beyond what was cut at a limit: the line on the table's way that cuts is read from its file. */
#include "causes_asked.h"

static char path[] = "/tmp/shapebox-beyond-XXXXXX.py";
static const char program[] = "MAX_LEN = 64\n"
			      "def read(row):\n"
			      "    return torch.tensor(row['ids'][:MAX_LEN]), row['at']\n" /* 3 */
			      "def whole(row):\n"
			      "    return torch.tensor(row['ids']), row['at']\n"; /* 5 */
static struct { int line; int64_t rows, largest, holds; const char *operation; } is;

static void
usual_case(void)
{
	is.line = 3;
	is.rows = 64;
	is.largest = 60;
	is.holds = 77;
	is.operation = "aten::index";
}

/* A table of IS.ROWS, brought in at IS.LINE, is asked for row IS.HOLDS. */
static void
ask_beyond(void)
{
	const struct operand pair[] = { TENSOR("self", 1, 4, is.rows, 8), INDEX("indices[1]", 2, 4) };
	const struct frame made[] = { { .file = path, .function = "read", .line = is.line } };
	const struct site sites[] = { { .id = 10, .frame_count = 1, .frames = made } };
	struct hand hand = { .sites = sites, .site_count = 1, .processes = (const struct process[]){ { .parent_pid = -1 } }, .process_count = 1 };
	struct source source = hand_source(&hand);
	const struct event event = EVENT(is.operation, pair);
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = is.rows,
				    .actual = is.holds };
	struct settings *set = calloc(1, sizeof(*set));
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .settings = set, .last_call = -1, .message = "",
				     .sides = { { .place = 1, .dim = -1, .size = -1 },
						{ .place = 0, .dim = 1, .size = is.rows, .calls = 9, .smallest = 20, .largest = is.largest, .lineage = &stories[1] } } };
	json_t *files = json_pack("[{s:s, s:i, s:s}]", "file", path, "line", is.line, "function", "read");

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	settings_load(&source, 0, files, 0, set);
	add_step(1, 10, "aten::lift_fresh", NULL, 0, 0, is.rows);
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(files);
	free(set);
	forget();
}

static void
test_beyond(void)
{
	usual_case();
	ask_beyond();
	EXPECT("index_beyond_cut", "likely");
	EXPECT("index_out_of_range", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self was made of what is cut at MAX_LEN = 64"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), ".py:3), and indices[1] isn't held to that: it holds 77"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "or raise MAX_LEN to 78 or more, which this sample needs"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), ".py:1)"));
}

static void
expect_not(void)
{
	ask_beyond();
	EXPECT("index_beyond_cut", "");
	usual_case();
}

static void
test_not_beyond(void)
{
	usual_case();
	is.line = 5; /* nothing is cut there */
	expect_not();
	is.rows = 60; /* not at the limit */
	expect_not();
	is.largest = 90; /* the limit isn't one: there was more */
	expect_not();
	is.holds = -3;
	expect_not();
	is.operation = "aten::embedding";
	expect_not();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a place behind the cut", test_beyond);
	CU_add_test(suite, "not so", test_not_beyond);
}

int
main(void)
{
	return run_suite_with(path, program, "index beyond a cut", fill);
}
