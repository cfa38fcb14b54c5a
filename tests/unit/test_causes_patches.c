/* links: schema viewer */
/* A cause that tells a picture of another size than the model was built for. */
#include "causes_asked.h"

static const struct frame building[] = { { "/l/vision.py", "Embeddings.__init__", 12, 0 }, { "/p/train.py", "main", 80, 0 } };
static const struct frame resizing[] = { { "/p/data.py", "resize", 7, 0 }, { "/p/train.py", "main", 90, 0 } };
static struct site sites[] = { { 1, 2, 1, 0, building }, { 2, 2, 1, 0, resizing } };
static const struct operand layer[] = { TENSOR("input", 4, 2, 3, 96, 96), TENSOR("weight", 5, 48, 3, 16, 16), VALUE("stride", "int[]", "[16, 16]") };
static const struct operand grid[] = { TENSOR("self", 3, 2, 48, 6, 6) };
static const struct operand whole[] = { TENSOR("self", 9, 2, 3, 59, 70) };

/* POSITIONS of OPERATION, made at SITE, meet the patches of a picture of 96 x 96 in patches of 16, and MORE in front of them. */
static void
ask_patches(int64_t positions_has, const char *operation, int site, int64_t more)
{
	const struct operand pair[] = { TENSOR("self", 1, 2, 36 + more, 48), TENSOR("other", 2, 1, positions_has, 48) };
	struct event failed = EVENT("aten::add", pair);
	struct hand hand = { .sites = sites, .site_count = 2 };
	struct source source = hand_source(&hand);
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.image_size", "value", 64, "name", "processor['height']", "value",
				    96);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 36 + more,
				    .actual = positions_has };
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .message = "", .source = &source, .numbers = numbers, .last_call = -1 };

	text_format(differs.text, sizeof(differs.text), "they differ");
	forget();
	if (more)
		add_step(0, 98, "aten::cat", grid, 1, 1, 36 + more);
	add_step(0, 97, "aten::flatten", grid, 1, 2, 36);
	add_step(0, 96, "aten::conv2d", layer, 3, 2, 6);
	add_step(0, 95, "aten::upsample_bilinear2d", whole, 1, 2, 96);
	stories[0].decider = more ? 2 : 1;
	stories[0].steps[stories[0].count - 1].decides = true;
	stories[0].steps[stories[0].count - 1].event.site = 2;
	add_step(1, 20, operation, NULL, 0, 1, positions_has);
	stories[1].steps[0].event.site = site;
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 1, .size = i ? positions_has : 36 + more, .lineage = &stories[i] };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(numbers);
}

static void
test_built(void)
{
	ask_patches(16, "aten::arange", 1, 0);
	EXPECT("picture_size", "likely");
	EXPECT("patches_counted", "");
	EXPECT("positions_length", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "96 x 96, 6 x 6 patches of 16; other was built for 4 x 4, pictures of 64 x 64 (config.image_size = 64)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "bring the pictures to 64 x 64"));
	ask_patches(17, "aten::randn", 1, 1); /* a class token in front of both */
	EXPECT("picture_size", "likely");
}

static void
test_others(void)
{
	ask_patches(16, "aten::arange", 2, 0); /* counted by the program */
	EXPECT("picture_size", "");
	EXPECT("patches_counted", "likely");
	ask_patches(18, "aten::arange", 1, 0); /* of no square grid */
	EXPECT("picture_size", "");
	ask_patches(16, "aten::nonzero", 1, 0); /* found by value */
	EXPECT("picture_size", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "built for another picture", test_built);
	CU_add_test(suite, "made for it otherwise", test_others);
}

int
main(void)
{
	return run_suite("pictures and patches", fill);
}
