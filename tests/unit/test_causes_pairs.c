/* links: schema viewer */
/* Lists of pairs that are joined along their two rows (causes_pairs.c). */
#include "causes_asked.h"

#define PIECE(item_, identity, dtype_, rows, columns) \
	{ .name = "tensors", .kind = "tensor", .item = item_, .ndim = 2, .sizes = SIZES(rows, columns), .dtype = dtype_, .device = "cpu", .layout = "strided", .tensor = identity }

/* Is a cat along DIM of three pieces of ROWS rows of DTYPE told? */
static const char *
told(const char *dim, const char *dtype, int64_t rows)
{
	const struct operand pieces[] = { PIECE(0, 1, dtype, rows, 30), PIECE(1, 2, dtype, rows, 17), PIECE(2, 3, dtype, rows, 30), VALUE("dim", "int", dim) };
	const struct event event = EVENT("aten::cat", pieces);

	ask(&event, "Sizes of tensors must match except in dimension 0. Expected size 30 but got size 17 for tensor number 1 in the list.", NULL, NULL);
	return text_of("pairs_across", "text");
}

static void
test_pairs(void)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(told("0", "int64", 2), "3 lists of pairs (2 rows of whole numbers each) are joined along dimension 0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("pairs_across", "fix"), "join them along dimension 1"));
	CU_ASSERT_STRING_EQUAL(text_of("ragged_list", "text"), "");
	CU_ASSERT_STRING_EQUAL(told("0", "float32", 2), ""); /* two channels of a sound */
	CU_ASSERT_STRING_EQUAL(told("0", "int64", 4), "");   /* rows of a batch */
	CU_ASSERT_STRING_NOT_EQUAL(text_of("ragged_list", "text"), "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "joined along the wrong dimension", test_pairs);
}

int
main(void)
{
	return run_suite("pairs", fill);
}
