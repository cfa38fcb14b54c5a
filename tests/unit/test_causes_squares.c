/* links: schema viewer */
/* Positions that are taken for a square grid: told where they are another grid, or the source takes a root; else not. */
#include "causes_asked.h"
#include "viewer/analysis/causes/placeholders/grids.h"

#define SAYS(rule, key, part) CU_ASSERT_PTR_NOT_NULL(strstr(text_of(rule, key), part))

static const struct operand picture[] = { TENSOR("input", 5, 2, 3, 48, 72), TENSOR("weight", 6, 16, 3, 8, 8), VALUE("stride", "int[]", "[8,8]") };
static const struct operand conv_makes[] = { TENSOR("", 7, 2, 16, 6, 9) };
static const struct operand grid_6x9[] = { TENSOR("self", 7, 2, 16, 6, 9), VALUE("start_dim", "int", "2") };
static const struct operand grid_7x7[] = { TENSOR("self", 8, 1, 16, 7, 7), VALUE("start_dim", "int", "2") };
static const struct operand small[] = { TENSOR("self", 9, 2, 3, 96, 96) };

/* 54 = 6 x 9, which a strided layer made of 48 x 72. */
static void
tell_grid(int side, int dim)
{
	add_step(side, 90, "aten::linear", small, 1, dim, 54);
	add_step(side, 80, "aten::flatten", grid_6x9, 2, 2, 54);
	add_step(side, 70, "aten::conv2d", picture, 3, 3, 9);
	stories[side].steps[2].event.outputs = conv_makes;
	stories[side].steps[2].event.output_count = 1;
	add_step(side, 60, "aten::upsample_bilinear2d", small, 1, 3, 72);
}

static void
test_grid(void)
{
	struct grid grid;

	forget();
	tell_grid(0, 1);
	CU_ASSERT_TRUE(grid_find(&stories[0], &grid));
	CU_ASSERT_EQUAL(grid.sides.high, 6);
	CU_ASSERT_EQUAL(grid.sides.wide, 9);
	CU_ASSERT_EQUAL(grid.made, 2);
	CU_ASSERT_EQUAL(grid.picture.wide, 72);
	CU_ASSERT_EQUAL(grid.stride.high, 8);
	stories[0].steps[1].size = 27; /* not what was asked about */
	CU_ASSERT_FALSE(grid_find(&stories[0], &grid));
	CU_ASSERT_EQUAL(grid_root(54), 7);
	CU_ASSERT_EQUAL(grid_root(49), 7);
	CU_ASSERT_FALSE(grid_is_uneven(49));
	CU_ASSERT_TRUE(grid_is_uneven(48));
	forget();
}

static void
test_viewed(void)
{
	const struct operand square[] = { TENSOR("self", 1, 4, 54, 192), VALUE("shape", "int[]", "[4,7,7,8,8,3]") };
	const struct operand free_one[] = { TENSOR("self", 1, 4, 54, 192), VALUE("shape", "int[]", "[4,7,7,-1]") };
	const struct operand others[] = { TENSOR("self", 1, 4, 54, 192), VALUE("shape", "int[]", "[4,7,7,8,8,4]") };
	const struct operand unequal[] = { TENSOR("self", 1, 4, 54, 192), VALUE("shape", "int[]", "[4,6,8,8,8,3]") };
	const struct operand heads[] = { TENSOR("self", 1, 4, 54, 192), VALUE("dim", "int", "1"), VALUE("sizes", "int[]", "[7,7]") };
	const struct event a = EVENT("aten::reshape", square), b = EVENT("aten::view", free_one), c = EVENT("aten::reshape", others),
			   d = EVENT("aten::reshape", unequal), e = EVENT("aten::unflatten", heads);

	forget();
	tell_grid(1, 1);
	ask(&a, "", NULL, NULL);
	EXPECT("not_square", "likely");
	SAYS("not_square", "text", "the 54 positions of self are taken for a square, 7 x 7 = 49, and are none: 6 x 9, of a picture of 48 x 72 in steps of 8");
	SAYS("not_square", "text", "decided by aten::upsample_bilinear2d");
	SAYS("not_square", "fix", "(6 and 9: its height / 8 and width / 8), or give square pictures alone (48 x 48)");
	EXPECT("elements_differ", "");
	EXPECT("sizes_do_not_divide", "");
	ask(&b, "", NULL, NULL);
	EXPECT("not_square", "likely");
	ask(&e, "", NULL, NULL);
	EXPECT("not_square", "likely");
	ask(&c, "", NULL, NULL); /* something else isn't as it is, either */
	EXPECT("not_square", "");
	ask(&d, "", NULL, NULL); /* no square is asked for */
	EXPECT("not_square", "");
	forget();
	ask(&a, "", NULL, NULL); /* nothing says that 54 is a grid */
	EXPECT("not_square", "");
}

static void
test_resized(void)
{
	const struct operand table[] = { TENSOR("self", 1, 2, 54, 16), TENSOR("other", 2, 1, 49, 16) };
	const struct event a = EVENT("aten::add", table);

	forget();
	tell_grid(1, 1); /* of self */
	add_step(0, 95, "aten::flatten", grid_7x7, 2, 2, 49);
	add_step(0, 94, "aten::upsample_bicubic2d", small, 1, 3, 7);
	ask(&a, "", NULL, NULL);
	EXPECT("not_square", "likely");
	SAYS("not_square", "text", "a table of positions is resized to a square, 7 x 7 = 49, and the 54 positions of self are none: 6 x 9");
	SAYS("not_square", "fix", "resize to the grid that there is");
	stories[0].steps[1].event.operation = "aten::reshape"; /* nothing was resized: a table of another size */
	ask(&a, "", NULL, NULL);
	EXPECT("not_square", "");
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "grids of pictures", test_grid);
	CU_add_test(suite, "viewed as a square", test_viewed);
	CU_add_test(suite, "resized to a square", test_resized);
}

int
main(void)
{
	return run_suite("causes_squares", fill);
}
