/* links: schema viewer */
/* Places that were counted for another patch, or another picture, than the model's; clips of another number of frames than a table was made for. */
#include "causes_events.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))

static const struct operand layer[] = { TENSOR("input", 4, 1, 3, 112, 112), TENSOR("weight", 5, 8, 3, 16, 16), VALUE("stride", "int[]", "[16, 16]") };
static const struct operand patches[] = { TENSOR("output", 6, 1, 8, 7, 7) };
static const struct operand grid[] = { TENSOR("self", 6, 1, 8, 7, 7) };

/* 49 rows of one picture of 112 in patches of 16, for which PLACES are in the text, of a number called NAME. */
static void
ask_places(int64_t places, const char *name, int64_t is)
{
	const struct operand list[] = { TENSOR("self", 1, 1, 90, 8), MASK("mask", 2, 1, 90, 8), TENSOR("source", 3, 1, 49, 8) };
	struct event event = EVENT("aten::masked_scatter", list);
	char summary[100];

	start();
	text_format(summary, sizeof(summary), "{\"elements\":720,\"true\":%d,\"rows\":[%d]}", 8 * (int)places, 8 * (int)places);
	add_step(0, 90, "aten::flatten", grid, 1, 2, 49);
	add_step(0, 80, "aten::conv2d", layer, 3, 2, 7);
	stories[0].steps[1].event.outputs = patches;
	stories[0].steps[1].event.output_count = 1;
	count_values(2, summary);
	ask(&event, "Number of elements of source < number of ones in mask", NULL, number(name, is));
	count_values(0, NULL);
}

static void
test_places(void)
{
	ask_places(64, "processor.patch_size", 14);
	EXPECT("picture_grid", "likely");
	EXPECT("placeholders_differ", "");
	SAYS("text", "the text has 64 places for each picture, as many as patches of 14 (processor.patch_size = 14) would give; the model brings 49 rows");
	SAYS("fix", "processor.patch_size = 16");
	CU_ASSERT_EQUAL(mismatch.dim, 1);
	ask_places(81, "processor.image_size", 144); /* 9 x 9 of 16 */
	EXPECT("picture_grid", "likely");
	SAYS("text", "as many as a picture of 144");
}

static void
test_others(void)
{
	ask_places(64, "processor.patch_size", 12); /* would give 81 */
	EXPECT("picture_grid", "");
	ask_places(64, "processor.rows", 14); /* no name of a patch */
	EXPECT("picture_grid", "");
	ask_places(98, "processor.patch_size", 14); /* two pictures' */
	EXPECT("picture_grid", "");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "places of another grid", test_places);
	CU_add_test(suite, "places of none", test_others);
}

int
main(void)
{
	return run_suite("causes: a picture's grid", fill);
}
