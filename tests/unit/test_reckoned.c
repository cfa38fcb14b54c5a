/* links: schema viewer */
/* How numbers are reckoned from settings, by the source (reckoned.c). */
#include <stdio.h>
#include <unistd.h>

#include "causes_asked.h"
#include "viewer/analysis/causes/code/reckoned.h"

static char path[] = "/tmp/shapebox-reckoned-XXXXXX.py";
static struct settings set;
static struct text found;

static const char program[] =
	"SIDE, PATCH = 32, 8\n"
	"class Clips:\n"
	"    def __init__(self, max_seconds, fps, cfg):\n"
	"        self.when = torch.zeros(max_seconds * fps, 16)\n" /* 4 */
	"        places = (SIDE // PATCH) ** 2\n"
	"        count = places\n"
	"        self.where = torch.zeros(1, count, 16)\n" /* 7 */
	"        self.plain = torch.zeros(fps, cfg.width)\n" /* 8 */
	"        self.table = torch.zeros(self.config.n_positions, 4)\n" /* 9 */
	"        self.ends = torch.zeros(min(cfg.width, fps * 3), 4)\n" /* 10 */
	"    def forward(self, rows):\n"
	"        return torch.zeros(rows * 4)\n" /* 12 */
	"# n_positions=max_seconds * 100\n"
	"config = Config(n_positions=max_seconds * fps + 4, heads=2)\n" /* 14 */
	"def frames(wave, rate, window):\n"
	"    size, hop = int(rate * 0.025), round(rate / 147)\n"
	"    own = int(rate * window)\n" /* 17 */
	"    a = wave.unfold(0, size, hop)\n" /* 18 */
	"    b = wave.unfold(0, own, hop)\n" /* 19 */
	"    both = int(rate * window)\n"
	"    both = 9 if hop else both\n"
	"    c = wave.unfold(0, both, hop)\n" /* 22 */
	"    late = int(rate * window)\n"
	"    rate = 8000\n"
	"    d = wave.unfold(0, late, hop)\n"; /* 25 */

static json_t *stack; /* frames with locals; NULL */

/* What the statement of LINE says of VALUE, where NUMBERS (taken over) are within reach. */
static const char *
ask_line(int line_number, int64_t value, json_t *numbers)
{
	const struct frame frames[] = { { .file = path, .function = stack ? "frames" : "__init__", .line = line_number } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames } };
	struct hand hand = { .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	struct cause_facts facts = { .source = &source, .numbers = numbers, .settings = &set, .frames = stack };
	const struct lineage_step step = { .event = { .id = 3, .site = 60, .operation = "aten::zeros" }, .size = value };

	found = (struct text){{0}, 0};
	CU_ASSERT_EQUAL(reckoned_at_step(&facts, &step, value, &found), found.used > 0);
	json_decref(numbers);
	return found.data;
}

static json_t *
reach(int64_t seconds, int64_t other_seconds)
{
	return json_pack("[{s:i, s:[{s:s, s:I}, {s:s, s:i}, {s:s, s:i}]}, {s:i, s:[{s:s, s:I}]}]", "frame", 0, "numbers", "name", "args.max_seconds", "value", (json_int_t)seconds,
			 "name", "args.fps", "value", 2, "name", "cfg.width", "value", 48, "frame", 1, "numbers", "name", "data.max_seconds", "value", (json_int_t)other_seconds);
}

static void
test_statement(void)
{
	char wanted[200];

	snprintf(wanted, sizeof(wanted), "12 is `max_seconds * fps` at %s:4: 6 * 2", strrchr(path, '/') + 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(4, 12, reach(6, 6)), wanted));
	CU_ASSERT_PTR_NOT_NULL(strstr(found.data, "max_seconds: on the command line"));
	CU_ASSERT_STRING_EQUAL(ask_line(4, 14, reach(6, 6)), ""); /* another number */
	CU_ASSERT_STRING_EQUAL(ask_line(4, 12, reach(6, 8)), ""); /* one name, two values */
	CU_ASSERT_STRING_EQUAL(ask_line(8, 48, reach(6, 6)), ""); /* a name alone is no reckoning */
	CU_ASSERT_STRING_EQUAL(ask_line(12, 40, json_pack("[{s:i, s:[{s:s, s:i}]}]", "frame", 0, "numbers", "name", "rows", "value", 10)), ""); /* no setting */
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(10, 6, reach(6, 6)), "6 is `min(cfg.width, fps * 3)` at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(found.data, ": min(48, 2 * 3)"));
}

static void
test_assigned(void)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(7, 16, NULL), "16 is `(SIDE // PATCH) ** 2` at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(found.data, ":5: (32 // 8) ** 2"));
	CU_ASSERT_STRING_EQUAL(ask_line(7, 15, NULL), "");
}

/* An attribute is what the line that gives it its value makes of others. */
static void
test_given(void)
{
	json_t *numbers = reach(6, 6);

	json_array_append_new(json_object_get(json_array_get(numbers, 0), "numbers"), json_pack("{s:s,s:i}", "name", "model.config.n_positions", "value", 16));
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(9, 16, numbers), "16 is `max_seconds * fps + 4` at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(found.data, ":14: 6 * 2 + 4"));
	CU_ASSERT_STRING_EQUAL(ask_line(9, 600, reach(6, 6)), ""); /* a comment gives nothing */
}

/* Numbers with a point, made whole as Python does it, of a frame's own numbers. */
static void
test_made_whole(void)
{
	stack = json_pack("[{s:s, s:s, s:[{s:s,s:s,s:i}, {s:s,s:s,s:i}, {s:s,s:s,s:i}, {s:s,s:s,s:i}, {s:s,s:s,s:i}, {s:s,s:s,s:i}]}]", "file", path, "function", "frames", "locals", "name", "rate",
			  "kind", "int", "value", 22050, "name", "size", "kind", "int", "value", 551, "name", "hop", "kind", "int", "value", 150, "name", "own", "kind", "int", "value", 551,
			  "name", "both", "kind", "int", "value", 551, "name", "late", "kind", "int", "value", 551);
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(18, 551, NULL), "551 is `int(rate * 0.025)` at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(found.data, ":16: int(22050 * 0.025)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(18, 150, NULL), ":16: round(22050 / 147)"));
	CU_ASSERT_STRING_EQUAL(ask_line(18, 552, NULL), "");
	CU_ASSERT_PTR_NOT_NULL(strstr(ask_line(19, 551, NULL), "551 is `int(rate * window)` at ")); /* what isn't known keeps its name */
	CU_ASSERT_PTR_NOT_NULL(strstr(found.data, ":17: int(22050 * window)"));
	CU_ASSERT_STRING_EQUAL(ask_line(19, 400, NULL), ""); /* it isn't what is recorded */
	CU_ASSERT_STRING_EQUAL(ask_line(22, 551, NULL), ""); /* given twice */
	CU_ASSERT_STRING_EQUAL(ask_line(25, 551, NULL), ""); /* its rate isn't the one that is recorded */
	json_decref(stack);
	stack = NULL;
}

static struct condition_value
read_alone(const char *text)
{
	const struct condition_scope scope = { .count = 0 };

	return condition_read(&scope, text);
}

static void
test_points(void)
{
	CU_ASSERT_EQUAL(read_alone("int(0.29 * 100)").number, 28); /* as Python's own, in double precision */
	CU_ASSERT_EQUAL(read_alone("int(16000 * .025)").number, 400);
	CU_ASSERT_EQUAL(read_alone("round(2.5)").number, 2);
	CU_ASSERT_EQUAL(read_alone("math.ceil(7 / 2)").number, 4);
	CU_ASSERT_EQUAL(read_alone("int(7.5 // 2)").number, 3);
	CU_ASSERT_EQUAL(read_alone("8 / 2").kind, CONDITION_NUMBER);
	CU_ASSERT_EQUAL(read_alone("7 / 2").kind, CONDITION_FLOAT);
	CU_ASSERT_EQUAL(read_alone("int(1e400)").kind, CONDITION_UNKNOWN);
	CU_ASSERT_EQUAL(read_alone("int(1e300)").kind, CONDITION_UNKNOWN);
	CU_ASSERT_EQUAL(read_alone("1.5 / 0").kind, CONDITION_UNKNOWN);
	CU_ASSERT_EQUAL(read_alone("10_000").kind, CONDITION_UNKNOWN);
	CU_ASSERT_EQUAL(read_alone("int(0.5 * unknown)").kind, CONDITION_UNKNOWN);
}

int
main(void)
{
	CU_pSuite suite;
	int descriptor = mkstemps(path, 3);
	unsigned failures;

	if (descriptor < 0 || write(descriptor, program, sizeof(program) - 1) != (ssize_t)sizeof(program) - 1 || CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	close(descriptor);
	settings_add_line(&set, "SIDE, PATCH = 32, 8", 0, 1);
	settings_add_command(&set, json_pack("[s,s,s]", "train.py", "--max-seconds", "6"));
	set.file_count = 1;
	snprintf(set.files[0], sizeof(set.files[0]), "%s", path);
	suite = CU_add_suite("reckoned", NULL, NULL);
	CU_add_test(suite, "the statement that made it", test_statement);
	CU_add_test(suite, "an assignment before", test_assigned);
	CU_add_test(suite, "what a name is given", test_given);
	CU_add_test(suite, "made whole", test_made_whole);
	CU_add_test(suite, "numbers with a point", test_points);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(path);
	return failures ? 1 : 0;
}
