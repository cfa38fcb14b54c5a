/* links: schema viewer */
/* An index that is a class's number (causes_classes.c). */
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

/* An index of VALUE beyond ROWS, which a number of NAME is. */
static bool
told_setting(const char *name, int64_t rows, int64_t value)
{
	json_t *number = json_pack("{s:s, s:I}", "name", name, "value", (json_int_t)rows);
	const struct mismatch mismatch = { .property = "index", .operand = 1, .against = 0, .expected = rows, .actual = value, .has_actual = true };
	const struct event event = { .operation = "aten::index_put_" };
	struct cause_facts facts = { .event = &event, .mismatch = &mismatch };
	bool told;

	cause = (struct cause){ .confidence = "", .setting = number };
	told = cause_tell_classes(&facts, &cause);
	json_decref(number);
	return told;
}

static void
test_setting(void)
{
	CU_ASSERT(told_setting("self.num_classes", 80, 90));
	CU_ASSERT_STRING_EQUAL(cause.text.data, "; that is no class: they go from 0 to 79");
	CU_ASSERT_STRING_EQUAL(cause.fix.data, "map the values to 0 .. 79 where they are made, or build the model for 91 classes or more: self.num_classes");
	CU_ASSERT_FALSE(told_setting("self.max_nodes", 80, 90));
	CU_ASSERT_FALSE(told_setting("self.num_classes", 80, -3));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "told", test_told);
	CU_add_test(suite, "not told", test_not_told);
	CU_add_test(suite, "a setting that counts classes", test_setting);
}

int
main(void)
{
	return run_suite_with(path, program, "classes", fill);
}
