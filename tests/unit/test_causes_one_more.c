/* links: schema viewer */
/* A table that the source builds one larger than its classes (causes_one_more.c). */
#include "causes_asked.h"

static char path[] = "/tmp/shapebox-one-more-XXXXXX.py";
static struct cause cause;

static const char program[] =
	"class Detector:\n"
	"    def __init__(self, config):\n"
	"        self.head = nn.Linear(\n"
	"            config.d_model, config.num_labels + 1\n" /* 3 to 5 */
	"        )\n"
	"        self.plain = nn.Linear(config.d_model, config.num_labels)\n" /* 6 */
	"        self.places = nn.Linear(config.d_model, config.patches + 1)\n" /* 7 */
	"        self.more = nn.Linear(config.d_model, config.num_labels + 10)\n"; /* 8 */

/* Is an index of VALUE beyond a table of ROWS, whose size was made at LINE, told as one beyond the classes? */
static bool
told(int line, int64_t rows, int64_t value)
{
	const struct frame frames[] = { { .file = path, .function = "Detector.__init__", .line = line } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames } };
	struct hand hand = { .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	struct lineage table = { .property = LINEAGE_SIZE, .count = 1 };
	const struct mismatch mismatch = { .property = "index", .operand = 1, .against = 0, .expected = rows, .actual = value, .has_actual = true };
	const struct event event = { .operation = "aten::index" };
	struct cause_facts facts = { .source = &source, .event = &event, .mismatch = &mismatch };

	table.steps[0] = (struct lineage_step){ .event = { .id = 3, .site = 60, .operation = "aten::empty" }, .size = rows, .decides = true };
	facts.sides[1].lineage = &table;
	cause = (struct cause){ .confidence = "" };
	return cause_tell_one_more(&facts, &cause);
}

static void
test_told(void)
{
	CU_ASSERT(told(4, 6, 9));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "is built for 5 classes, 0 to 4, and its last of 6 is none of them (`config.num_labels + 1` at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "map the values to 0 .. 4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "10 classes or more: config.num_labels; at 9,"));
}

static void
test_not_told(void)
{
	CU_ASSERT_FALSE(told(6, 6, 9)); /* as many as classes */
	CU_ASSERT_FALSE(told(7, 6, 9)); /* no classes */
	CU_ASSERT_FALSE(told(8, 16, 19)); /* more than one */
	CU_ASSERT_FALSE(told(4, 6, 3)); /* it fits */
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "told", test_told);
	CU_add_test(suite, "not told", test_not_told);
}

int
main(void)
{
	return run_suite_with(path, program, "one more than the classes", fill);
}
