/* links: schema viewer */
/* One of a joined list has another number of dimensions: a squeeze that left it as it was, another make; and where it isn't so. */
#include "causes_events.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))
#define HUSH(key, part) CU_ASSERT_PTR_NULL(strstr(first_text(key), part))

/* pad_sequence of four, of which the last has ODD_NDIM dimensions and came by a squeeze of what was ODD_FROM at SITE; the others were [1, n], squeezed at line 30. */
static void
ask_list(const int64_t *odd, int odd_ndim, const int64_t *odd_from, int site, const char *dtype)
{
	const struct operand list[] = { ITEM("sequences[0]", 0, 1, 576), ITEM("sequences[1]", 1, 2, 849), ITEM("sequences[2]", 2, 3, 924),
					{ .name = "sequences[3]", .kind = "tensor", .item = 3, .ndim = odd_ndim, .sizes = odd, .dtype = dtype, .device = "cpu", .layout = "strided", .tensor = 4 } };
	const struct operand left[] = { { .name = "self", .kind = "tensor", .item = -1, .ndim = 2, .sizes = odd_from, .dtype = dtype, .device = "cpu", .layout = "strided", .tensor = 6 },
					VALUE("dim", "int", "0") };
	const struct operand taken[] = { TENSOR("self", 7, 1, 576), VALUE("dim", "int", "0") };
	const struct event event = EVENT("aten::pad_sequence", list);
	const struct mismatch_facts what = { .event = &event, .message = "" };
	struct cause_facts facts = { .event = &event, .message = "", .source = &source, .last_call = -1 };

	start();
	json_decref(causes);
	causes = NULL;
	if (!mismatch_find(&what, &mismatch))
		return;
	facts.mismatch = &mismatch;
	add_step(0, 99, "aten::squeeze", left, 2, -1, -1);
	stories[0].steps[0].event.site = site;
	stories[0].steps[0].event.outputs = &list[3];
	stories[0].steps[0].event.output_count = 1;
	stories[0].steps[0].decides = false;
	add_step(0, 90, "aten::lift_fresh", left, 1, -1, -1);
	stories[0].steps[1].event.site = 1;
	add_step(1, 89, "aten::squeeze", taken, 2, -1, -1);
	stories[1].steps[0].event.site = 2;
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i ? 0 : 3, .dim = -1, .size = -1, .lineage = &stories[i] };
	facts.frames = json_pack("[{s:[{s:s, s:[{s:i},{s:i},{s:i},{s:i}]}]}]", "locals", "name", "possibly_batched_index", "items", "value", 652, "value", 653, "value", 654, "value", 655);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
	forget();
}

static void
test_left(void)
{
	ask_list(SIZES(2, 742), 2, SIZES(2, 742), 2, "float32");
	EXPECT("squeeze_left", "likely");
	EXPECT("odd_rank", "");
	EXPECT("rank_differs", "");
	SAYS("text", "sample 655 of the data set) is [2, 742] where 3 of 4 have 1 dimension: aten::squeeze at train.py:30 takes dimension 0 off where it is 1, and left it here, where it is 2");
	SAYS("text", "two channels (stereo)");
	SAYS("fix", "mean over dimension 0");
	ask_list(SIZES(3, 742), 2, SIZES(3, 742), 2, "float32"); /* none that are known as channels */
	EXPECT("squeeze_left", "likely");
	HUSH("text", "stereo");
	SAYS("fix", "bring dimension 0 to 1 before that squeeze, or take one of its 3");
	ask_list(SIZES(2, 742), 2, SIZES(2, 742), 2, "int64");
	HUSH("text", "stereo");
}

static void
test_otherwise(void)
{
	ask_list(SIZES(2, 742), 2, SIZES(2, 742), 3, "float32"); /* another line's */
	EXPECT("squeeze_left", "");
	EXPECT("odd_rank", "likely");
	EXPECT("rank_differs", "");
	SAYS("text", "is [2, 742], 2 dimensions, where the other 3 have 1: two channels (stereo)");
	ask_list(SIZES(1, 742), 2, SIZES(1, 742), 2, "float32"); /* there was something to take off, in another dimension */
	EXPECT("squeeze_left", "");
	ask_list(SIZES(742), 1, SIZES(1, 742), 2, "float32"); /* as the others */
	EXPECT("squeeze_left", "");
	EXPECT("odd_rank", "");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "a squeeze that left it", test_left);
	CU_add_test(suite, "no such squeeze", test_otherwise);
}

int
main(void)
{
	return run_suite("the odd one of a list", fill);
}
