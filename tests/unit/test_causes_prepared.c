/* links: schema viewer */
/* Data that came in with other columns than the layer was built for. */
#include <unistd.h>

#include "causes_events.h"

#define EARLIER 4

static char path[] = "/tmp/shapebox-prepared-XXXXXX.py";
static const char program[] =
	"class Houses:\n"
	"    def __init__(self, frame):\n"
	"        self.features = prepare(frame)\n"
	"\n"
	"def collate(rows):\n"
	"    return torch.from_numpy(np.stack(rows))\n"; /* 6 */

/* What differs from question to question. */
static struct { const char *phase, *before, *dtype; int64_t smallest, calls, weight_step; int dim; bool entered; const char *array; } is;

static void
usual_case(void)
{
	is.phase = "eval";
	is.before = "forward";
	is.dtype = "float32";
	is.smallest = 12;
	is.calls = 200;
	is.weight_step = 0;
	is.dim = 1;
	is.entered = true;
	is.array = NULL;
}

/* A layer for 12 is given 11, which came in by line 6. */
static void
ask_columns(void)
{
	static struct news news;
	const struct operand both[] = { TENSOR("input", 1, 16, 11), TENSOR("weight", 2, 16, 12) };
	const struct operand made[] = { TENSOR_ON("output", 1, is.dtype, "cpu", 16, 11) };
	const struct frame lines[] = { { .file = path, .function = "collate", .line = 6 }, { .file = "train.py", .function = "forward", .line = 20 } };
	const struct site at[] = { { .id = 60, .frame_count = 1, .frames = &lines[0] }, { .id = 61, .frame_count = 1, .frames = &lines[1] } };
	struct event linears[EARLIER + 1], *event = &linears[EARLIER];
	struct hand mine = { .sites = at, .site_count = 2, .events = linears, .event_count = EARLIER + 1 };
	struct source from = hand_source(&mine);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 12, .actual = 11 };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .source = &from, .message = "", .last_call = -1, .step = 320 };

	start();
	for (int i = 0; i <= EARLIER; i++)
		linears[i] = (struct event){ .id = 10 + i, .site = 61, .parent = -1, .scope = -1, .sequence = -1, .operation = "aten::linear", .overload = "", .status = i < EARLIER ? "ok" : "failed",
					     .phase = i < EARLIER ? is.before : is.phase, .step = i < EARLIER ? i : 320, .operand_count = 2, .operands = both };
	add_step(1, 3, "aten::empty", NULL, 0, 1, 12);
	stories[1].steps[0].event.step = is.weight_step;
	news = (struct news){ .count = 1, .known = true };
	news.change.step.event.id = -1;
	news.steps[0] = (struct news_step){ .step = { .event = { .id = 7, .site = 60, .operation = "aten::lift_fresh", .output_count = 1, .outputs = made, .step = 320 }, .dim = is.dim, .size = 11,
						      .entered = is.entered },
					    .usual = { .calls = is.calls, .smallest = is.smallest, .largest = 12 } };
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 1, .size = 11, .news = &news };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = 1, .size = 12, .lineage = &stories[1] };
	facts.numbers = is.array ? json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 1, "numbers", "name", is.array, "value", 11, "name", "len(train.features[0])", "value", 12) : NULL;
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
}

static void
test_apart(void)
{
	usual_case();
	ask_columns();
	EXPECT("prepared_apart", "likely");
	EXPECT("layer_width", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the data of evaluation has 11 columns, that of training, for which weight was built, 12: 1 fewer: the two were prepared apart, each by what it contains; both came in by aten::lift_fresh"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "keep the columns that were found for training"));
	is.array = "len(loader.dataset.features[0])";
	ask_columns();
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(loader.dataset.features has 11, train.features 12)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "prepare both alike (`self.features = prepare(frame)`, "));
	is.phase = "forward"; /* by the two arrays */
	ask_columns();
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "this data has 11 columns"));
}

static void
test_not_apart(void)
{
	usual_case();
	is.before = "eval"; /* it was evaluated before */
	ask_columns();
	EXPECT("prepared_apart", "");
	EXPECT("layer_width", "likely");
	is.array = "len(loader.dataset.other[0])"; /* no two of a kind */
	ask_columns();
	EXPECT("prepared_apart", "");
	usual_case();
	is.smallest = 10; /* all sizes */
	ask_columns();
	EXPECT("prepared_apart", "");
	usual_case();
	is.calls = 5;
	ask_columns();
	EXPECT("prepared_apart", "");
	usual_case();
	is.entered = false; /* an operation made it so */
	ask_columns();
	EXPECT("prepared_apart", "");
	usual_case();
	is.dim = 0; /* rows */
	ask_columns();
	EXPECT("prepared_apart", "");
	usual_case();
	is.dtype = "int64"; /* numbers of tokens */
	ask_columns();
	EXPECT("prepared_apart", "");
	usual_case();
	is.weight_step = 320; /* made in this step */
	ask_columns();
	EXPECT("prepared_apart", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "two data sets prepared apart", test_apart);
	CU_add_test(suite, "not so", test_not_apart);
}

int
main(void)
{
	source = hand_source(&hand);
	return run_suite_with(path, program, "causes prepared", fill);
}
