/* links: schema viewer */
/* What isn't padded to a multiple, where the same line pads what comes on another way. */
#include <unistd.h>

#include "causes_asked.h"

#define EARLIER 8

static char path[] = "/tmp/shapebox-padded-XXXXXX.py";
static const char program[] =
	"def collate(rows, multiple=1):\n"
	"    return pad(rows, -len(rows[0]) % multiple)\n" /* 2 */
	"train = partial(collate, multiple=8)\n"
	"valid = partial(collate)\n";

/* A [4, 42, 96] viewed as SIZE came by line 2, reached from line 35; reached from line OTHER_LINE it made LENGTHS, of a size less. */
static void
ask_padded(const char *size, int other_line, const int64_t lengths[EARLIER])
{
	const struct frame here[] = { { .file = path, .function = "collate", .line = 2 }, { .file = "train.py", .function = "evaluate", .line = 35 } };
	const struct frame there[] = { { .file = path, .function = "collate", .line = 2 }, { .file = "train.py", .function = "main", .line = other_line } };
	const struct site at[] = { { .id = 60, .frame_count = 2, .frames = here }, { .id = 61, .frame_count = 2, .frames = there } };
	const struct operand viewed[] = { TENSOR("self", 1, 4, 42, 96), VALUE("size", "int[]", size) }, now[] = { TENSOR("output", 1, 4, 42) };
	const struct event event = EVENT("aten::view", viewed);
	struct event pads[EARLIER];
	struct operand given[EARLIER], made[EARLIER];
	int64_t sizes[EARLIER][2][2];
	struct hand mine = { .sites = at, .site_count = 2, .events = pads, .event_count = EARLIER };
	struct source from = hand_source(&mine);
	struct mismatch differs = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 16128, .actual = 15360 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &from, .message = "", .last_call = -1, .line = "x.view(b, t // w, w, 3, h, d // h)",
				     .numbers = number("self.window", 8) };

	forget();
	for (int i = 0; i < EARLIER; i++) {
		sizes[i][0][0] = sizes[i][1][0] = 4;
		sizes[i][0][1] = lengths[i];
		sizes[i][1][1] = lengths[i] - 1;
		made[i] = (struct operand)TENSOR("output", 10 + i, 4, 0);
		given[i] = (struct operand)TENSOR("self", 30 + i, 4, 0);
		made[i].sizes = sizes[i][0];
		given[i].sizes = sizes[i][1];
		pads[i] = (struct event){ .id = 10 + i, .site = 61, .parent = -1, .scope = -1, .sequence = -1, .operation = "aten::pad", .overload = "", .status = "ok", .phase = "forward", .step = i,
					  .operand_count = 1, .operands = &given[i], .output_count = 1, .outputs = &made[i] };
	}
	add_step(1, 90, "aten::pad", NULL, 0, 1, 42);
	stories[1].steps[0].event.site = 60;
	stories[1].steps[0].event.output_count = 1;
	stories[1].steps[0].event.outputs = now;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 1, .size = 42, .lineage = &stories[1] };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
}

static void
test_padded(void)
{
	ask_padded("[4, 5, 8, 3, 4, 8]", 50, (const int64_t[EARLIER]){ 16, 48, 24, 24, 40, 16, 32, 40 });
	EXPECT("padded_elsewhere", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "42 is no multiple of 8 (self.window = 8); it came by aten::pad at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "reached from train.py:35; reached from train.py:50, that line made a multiple of it in each of 8 calls (16 to 48, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "to a multiple of 8 (48): collate is given multiple=8 at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "py:3, and not at "));
}

static void
test_not(void)
{
	ask_padded("[4, 5, 8, 3, 4, 8]", 50, (const int64_t[EARLIER]){ 16, 48, 24, 25, 40, 16, 32, 40 }); /* once it was none */
	EXPECT("padded_elsewhere", "");
	EXPECT("sizes_do_not_divide", "likely"); /* 96 is asked for by three sizes */
	ask_padded("[4, 5, 8, 3, 4, 8]", 50, (const int64_t[EARLIER]){ 16, 48, 16, 16, 16, 16, 16, 16 }); /* two lengths */
	EXPECT("padded_elsewhere", "");
	ask_padded("[4, 5, 8, 3, 4, 8]", 35, (const int64_t[EARLIER]){ 16, 48, 24, 24, 40, 16, 32, 40 }); /* the same way */
	EXPECT("padded_elsewhere", "");
	ask_padded("[4, 6, 7, 3, 4, 9]", 50, (const int64_t[EARLIER]){ 14, 49, 21, 21, 35, 14, 28, 35 }); /* 42 is one */
	EXPECT("padded_elsewhere", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "padded on another way", test_padded);
	CU_add_test(suite, "not so", test_not);
}

int
main(void)
{
	return run_suite_with(path, program, "causes padded", fill);
}
