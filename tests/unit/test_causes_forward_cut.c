/* links: schema viewer */
/* A gradient that lacks what the forward of its function cut off. */
#include "causes_asked.h"

static struct { const char *function, *operation; int64_t taken; } is;

static void
ask_gradient(void)
{
	const struct operand whole[] = { TENSOR("self", 4, 8, 26, 28) }, left[] = { TENSOR("output", 5, 8, is.taken, 28) };
	const struct frame frames[] = { { .file = "/p/ops.py", .function = is.function, .line = 10 }, { .file = "/p/train.py", .function = "main", .line = 50 } };
	const struct site sites[] = { { .id = 7, .frame_count = 2, .frames = frames } };
	struct event slice = { .id = 30, .parent = -1, .scope = -1, .site = 7, .sequence = -1, .operation = is.operation, .overload = "", .phase = "forward", .status = "ok",
			       .operand_count = 1, .operands = whole, .output_count = 1, .outputs = left };
	struct hand hand = { .sites = sites, .site_count = 1, .events = &slice, .event_count = 1 };
	struct source source = hand_source(&hand);
	struct cause_facts facts = { .type = "RuntimeError", .source = &source, .before = 90, .last_call = -1,
				     .message = "Function BlockMeanBackward returned an invalid gradient at index 0 - got [8, 24, 28] but expected shape compatible with [8, 26, 28]" };

	facts.sides[0].place = facts.sides[1].place = -1;
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
usual_case(void)
{
	is.function = "BlockMean.forward";
	is.operation = "aten::slice";
	is.taken = 24;
}

static void
test_cut(void)
{
	usual_case();
	ask_gradient();
	EXPECT("gradient_shape", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "its forward leaves out 2 of the 26: aten::slice at ops.py:10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "zeros (torch.nn.functional.pad of the gradient) for the 2 that its forward leaves out, by aten::slice at ops.py:10"));
}

static void
expect_not(void)
{
	ask_gradient();
	EXPECT("gradient_shape", "certain");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "leaves out, by"));
	usual_case();
}

static void
test_not_cut(void)
{
	usual_case();
	is.function = "Other.forward"; /* of another function */
	expect_not();
	is.taken = 20; /* of another length */
	expect_not();
	is.operation = "aten::mean";
	expect_not();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "left out by the forward", test_cut);
	CU_add_test(suite, "not so", test_not_cut);
}

int
main(void)
{
	return run_suite("cut in a forward", fill);
}
