/* links: schema viewer */
/* Codes of an evaluation's data that were made apart from training's, beyond the table that was built for those. */
#include "causes_events.h"

enum { TRAINING = 5, RECENT = 6, TABLE = 7, OTHER = 8 };

static char path[] = "/tmp/shapebox-coded-XXXXXX.py";
static const char program[] =
	"def build(codes):\n"
	"    return nn.Embedding(len(codes), 4)\n" /* 2 */
	"def fixed():\n"
	"    return nn.Embedding(7, 4)\n"; /* 4 */
static const struct frame first[] = { { "/p/train.py", "encode", 10, 0 }, { "/p/train.py", "main", 50, 0 } };
static const struct frame second[] = { { "/p/train.py", "encode", 10, 0 }, { "/p/train.py", "main", 51, 0 } };
static const struct frame elsewhere[] = { { "/p/train.py", "read", 15, 0 }, { "/p/train.py", "main", 51, 0 } };
static const struct frame built[] = { { path, "build", 2, 0 }, { "/p/train.py", "main", 52, 0 } }, fixed[] = { { path, "fixed", 4, 0 } };
static const struct frame trains[] = { { "/p/train.py", "forward", 30, 0 }, { "/p/train.py", "main", 60, 0 } };
static const struct frame evaluates[] = { { "/p/train.py", "forward", 30, 0 }, { "/p/train.py", "evaluate", 70, 0 } };
static const struct site places[] = { { 0, 2, 1, 0, first }, { 1, 2, 1, 0, second }, { 2, 2, 1, 0, elsewhere }, { 3, 2, 1, 0, built }, { 4, 1, 1, 0, fixed }, { 5, 2, 1, 0, trains },
				      { 6, 2, 1, 0, evaluates } };
static struct { const char *phase, *before; int recent, built, table, trained; bool late; } is;

static void
usual_case(void)
{
	is.phase = "eval";
	is.before = "forward";
	is.recent = 1;
	is.built = 3;
	is.table = TABLE;
	is.trained = 6;
	is.late = false;
}

/* What SITE brought in or made as IDENTITY. */
static void
comes(int site, const char *operation, int identity, int64_t rows, int64_t columns)
{
	int n = hand.event_count;

	add(operation, site, 0, 0);
	outputs[n][0] = tensor("output", identity, rows, columns);
	outputs[n][0].dtype = columns < 0 ? "int64" : "float32";
}

static struct event *
looks_up(int site, int64_t step, int table, int indices)
{
	int n = hand.event_count;
	struct event *event = add("aten::embedding", site, step, 2);

	operands[n][0] = tensor("weight", table, 7, 4);
	operands[n][1] = tensor("indices", indices, 48, -1);
	operands[n][1].dtype = "int64";
	outputs[n][0] = tensor("output", 100 + n, 48, 4);
	return event;
}

static void
ask_coded(void)
{
	static struct mismatch differs;
	struct cause_facts facts = { .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 9 };
	struct event *event;

	start();
	if (!is.late)
		comes(0, "aten::lift_fresh", TRAINING, 48, -1);
	comes(is.built, "aten::empty", TABLE, 7, 4);
	if (is.late)
		comes(0, "aten::lift_fresh", TRAINING, 48, -1);
	comes(is.recent, "aten::lift_fresh", RECENT, 48, -1);
	for (int i = 0; i < is.trained; i++)
		looks_up(5, i, is.table, TRAINING)->phase = is.before;
	event = looks_up(6, 9, TABLE, RECENT);
	event->phase = is.phase;
	event->status = "failed";
	differs = (struct mismatch){ .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 7, .actual = 9 };
	text_format(differs.text, sizeof(differs.text), "it is out of range");
	facts.event = event;
	lineage_walk(&source, 0, event, 1, -1, LINEAGE_VALUES, &stories[0]);
	lineage_walk(&source, 0, event, 0, 0, LINEAGE_SIZE, &stories[1]);
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 0, .size = 7, .lineage = &stories[1] };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_apart(void)
{
	usual_case();
	ask_coded();
	EXPECT("coded_apart", "likely");
	EXPECT("index_out_of_range", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "they hold 9, for which weight of 7 rows, built for training's codes, has none; training's were made from train.py:50, evaluation's from train.py:51"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make evaluation's data (train.py:51) with the encoders, or the vocabulary, of training's (train.py:50)"));
}

/* Asks, and expects that nothing is told of codes. */
static void
expect_not(void)
{
	ask_coded();
	EXPECT("coded_apart", "");
	EXPECT("index_out_of_range", "likely");
	usual_case();
}

static void
test_not_apart(void)
{
	usual_case();
	is.phase = "forward"; /* in training itself */
	expect_not();
	is.before = "eval"; /* nothing fitted in training */
	expect_not();
	is.trained = 2;
	expect_not();
	is.table = OTHER; /* it was another table that was trained */
	expect_not();
	is.recent = 2; /* it was read otherwise: no codes of a kind */
	expect_not();
	is.recent = 0; /* the same data */
	expect_not();
	is.built = 4; /* 7 rows, says the line */
	expect_not();
	is.late = true; /* there was no data yet */
	expect_not();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "codes made apart", test_apart);
	CU_add_test(suite, "not so", test_not_apart);
}

int
main(void)
{
	hand.sites = places;
	hand.site_count = 7;
	source = hand_source(&hand);
	return run_suite_with(path, program, "causes coded", fill);
}
