/* links: schema viewer */
/* What is made for a number by name, or for a count, and gets more. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"

#define EARLIER 20

static char path[] = "/tmp/shapebox-made-for-XXXXXX.py";

/* EARLIER calls of both lines: the first made FIXED (the last of them LAST), the second LEAST, LEAST + 1, ... of dimension 0. */
struct past { int64_t fixed, last, least; };

static int64_t sizes[2 * EARLIER];
static struct operand outputs[2 * EARLIER];
static struct event events[2 * EARLIER];

static void
remember(const struct past *past)
{
	for (int i = 0; i < 2 * EARLIER; i++) {
		sizes[i] = i % 2 ? past->least + i / 2 : i / 2 == EARLIER - 1 ? past->last : past->fixed;
		outputs[i] = (struct operand){ .name = "out", .kind = "tensor", .item = -1, .ndim = 1, .sizes = &sizes[i], .dtype = "float32", .device = "cpu", .tensor = 50 + i };
		events[i] = (struct event){ .id = i, .parent = -1, .scope = -1, .site = i % 2 ? 11 : 10, .sequence = -1, .step = i / 2, .operation = i % 2 ? "aten::zeros" : "aten::arange",
					    .overload = "", .phase = "data", .status = "ok", .output_count = 1, .outputs = &outputs[i] };
	}
}

/* Side I was made by OPERATION at SITE, of SIZE. */
static void
make(int i, const char *operation, int64_t site, const struct operand *out, int64_t size)
{
	add_step(i, site, operation, NULL, 0, 0, size);
	stories[i].steps[0].event = (struct event){ .id = 90 + i, .parent = -1, .scope = -1, .site = site, .sequence = -1, .step = 40, .operation = operation, .overload = "", .phase = "data",
						    .status = "ok", .outputs = out, .output_count = 1 };
}

static const struct frame frames[2] = { { .file = path, .function = "collate", .line = 2 }, { .file = path, .function = "collate", .line = 3 } };
static const struct site sites[2] = { { .id = 10, .frame_count = 1, .frames = &frames[0] }, { .id = 11, .frame_count = 1, .frames = &frames[1] } };

/* A mask of 36, by arange at a line of BODY, meets regions of GIVEN. */
static void
ask_made(const char *body, const struct past *past, int64_t given, int value)
{
	const struct operand pair[] = { MASK("self", 1, 36), TENSOR("other", 2, given) }, none[] = { TENSOR("out", 1, 36) }, more[] = { TENSOR("out", 2, given) };
	const struct event event = EVENT("aten::add", pair);
	struct hand hand = { .sites = sites, .site_count = 2, .events = events, .event_count = 2 * EARLIER };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = given, .actual = 36 };
	json_t *numbers = number("TOP", value);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .numbers = numbers, .last_call = -1,
				     .sides = { { .place = 0, .dim = 0, .size = 36 }, { .place = 1, .dim = 0, .size = given } } };

	write_program(path, "%s", body);
	remember(past);
	make(0, "aten::arange", 10, none, 36);
	make(1, "aten::zeros", 11, more, given);
	for (int i = 0; i < 2; i++)
		facts.sides[i].lineage = &stories[i];
	ask_facts(&facts);
	json_decref(numbers);
}

static void
test_made_for(void)
{
	static const char named[] = "def collate(counts):\n    empty = torch.arange(TOP)\n    regions = torch.zeros(max(counts), 12)\n";
	const struct past past = { 36, 36, 11 }, other = { 36, 35, 11 }, beyond = { 36, 36, 20 };

	ask_made(named, &past, 41, 36);
	EXPECT("made_for", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_for", "text"), "self is made for TOP = 36 and no more, by aten::arange"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_for", "text"), "has 41 for the first time (11 to 30 in the last 20 calls)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_for", "fix"), "raise TOP to 41 or more"));
	ask_made(named, &past, 41, 40); /* no number by name */
	EXPECT("made_for", "");
	ask_made(named, &past, 30, 36); /* less than it is made for */
	EXPECT("made_for", "");
	ask_made(named, &other, 41, 36); /* it isn't always that */
	EXPECT("made_for", "");
	ask_made(named, &beyond, 41, 36); /* it was more before */
	EXPECT("made_for", "");
}

/* An index that numbers COUNT things is written by to 6 rows; by OPERATION. */
static void
ask_numbered(const char *operation, int64_t count, int64_t most)
{
	const struct past past = { 6, 6, 30 };
	const struct operand both[] = { TENSOR("self", 1, 6, 16), INDEX("index", 2, 40) }, rows[] = { TENSOR("out", 1, 6, 16) }, counted[] = { INDEX("out", 3, count) };
	const struct event event = EVENT(operation, both);
	struct hand hand = { .sites = sites, .site_count = 2, .events = events, .event_count = 2 * EARLIER };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 6, .actual = most };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .last_call = -1,
				     .sides = { { .place = 1, .dim = -1, .size = -1 }, { .place = 0, .dim = 0, .size = 6 } } };

	write_program(path, "def pool(sizes):\n    owner = torch.arange(len(sizes))\n    out = torch.zeros(count, 16)\n");
	remember(&past);
	make(0, "aten::arange", 10, counted, -1);
	stories[0].steps[0].dim = -1;
	make(1, "aten::zeros", 11, rows, 6);
	for (int i = 0; i < 2; i++)
		facts.sides[i].lineage = &stories[i];
	ask_facts(&facts);
}

static void
test_numbered(void)
{
	ask_numbered("aten::scatter_add_", 7, 6);
	EXPECT("numbered_more", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("numbered_more", "text"), "index numbers 7, by aten::arange"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("numbered_more", "text"), "there are rows for 6, by aten::zeros"));
	ask_numbered("aten::scatter_add_", 9, 6); /* its largest is another */
	EXPECT("numbered_more", "");
	ask_numbered("aten::embedding", 7, 6); /* nothing is written */
	EXPECT("numbered_more", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "made for a number by name", test_made_for);
	CU_add_test(suite, "numbered by counting more than there are rows for", test_numbered);
}

int
main(void)
{
	return run_suite_with(path, "", "made for", fill);
}
