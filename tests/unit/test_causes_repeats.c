/* links: schema viewer */
/* Causes of rows that are repeated by counts: counts that were bounded before; and of gradients of a shape that no input has. */
#include "causes_asked.h"

#define ROWS 9
#define GROUPS 4

static const char *const gradient =
	"Function MeanBackward returned an invalid gradient at index 0 - got [10, 6] but expected shape compatible with [9, 6]";
static const struct operand apart[] = { TENSOR("self", 1, 10, 6), TENSOR("other", 2, ROWS, 6) };
static const struct operand repeated[] = { TENSOR("self", 3, GROUPS, 6), INDEX("repeats", 4, GROUPS) };
static const struct operand least[] = { INDEX("self", 5, GROUPS), VALUE("min", "number", NULL), VALUE("max", "none", "null") };
static const struct operand most[] = { INDEX("self", 5, GROUPS), VALUE("min", "none", "null"), VALUE("max", "number", NULL) };
static const struct operand indices[] = { INDEX("self", 6, ROWS) }, fewer[] = { INDEX("self", 6, 7) };

/* Side 0 has 10 rows, repeated by counts of COUNTED that were BOUNDED by three operands. */
static void
repeat(const char *bounding, const struct operand *bounded, const struct operand *counted)
{
	forget();
	add_step(0, 93, "aten::repeat_interleave", repeated, 2, 0, 10);
	add_step(0, 92, bounding, bounded, 3, 0, GROUPS);
	stories[0].steps[1].decides = false;
	add_step(0, 91, "aten::bincount", counted, 1, 0, GROUPS);
	stories[0].decider = 0;
}

/* What is told of the sides of EVENT, or of what MESSAGE says of a gradient. */
static void
ask_repeated(const struct event *event, const char *message, struct source *source)
{
	const struct operand returned[] = { TENSOR("gradient 0", 1, 10, 6), TENSOR("input 0", 2, ROWS, 6) };
	const struct event raised = EVENT("gradient", returned);
	static struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .has_expected = true, .has_actual = true, .expected = ROWS, .actual = 10 };
	struct cause_facts facts = { .event = event ? event : &raised, .mismatch = &differs, .message = message, .source = source, .last_call = -1, .before = 100 };

	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .size = i ? ROWS : 10, .lineage = stories[i].count ? &stories[i] : NULL };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_forward(void)
{
	const struct event a = EVENT("aten::sub", apart);

	repeat("aten::clamp", least, indices);
	ask_repeated(&a, "", NULL);
	EXPECT("bounded_counts", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self has 10, other 9: 1 more: its rows are repeated by counts that were given a minimum"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "before that they add up to 9"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "repeat by the counts as they were before aten::clamp"));
	repeat("aten::clamp", least, fewer); /* they were others all along */
	ask_repeated(&a, "", NULL);
	EXPECT("bounded_counts", "possible");
	repeat("aten::clamp", most, indices); /* a maximum makes none more */
	ask_repeated(&a, "", NULL);
	EXPECT("bounded_counts", "");
	repeat("aten::mul", least, indices);
	ask_repeated(&a, "", NULL);
	EXPECT("bounded_counts", "");
	forget();
}

static void
test_gradient(void)
{
	repeat("aten::clamp_min", least, indices);
	ask_repeated(NULL, gradient, NULL);
	EXPECT("gradient_shape", "certain");
	EXPECT("bounded_counts", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "10 instead of 9 in dimension 0: 1 more: its rows are repeated by counts"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "repeat by the counts as they were before aten::clamp"));
	repeat("aten::mul", least, indices);
	ask_repeated(NULL, gradient, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in the order of its forward's inputs"));
	forget();
}

/* Whether one of the forward's inputs has the shape that the gradient has is what its operations were given. */
static void
test_inputs(void)
{
	static const struct frame forward[] = { { .file = "/x/model.py", .function = "Mean.forward", .line = 5 }, { .file = "/x/model.py", .function = "forward", .line = 40 } };
	static const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = forward } };
	const struct operand given[] = { TENSOR("self", 2, ROWS, 6), TENSOR("other", 7, 6) }, swapped[] = { TENSOR("self", 2, ROWS, 6), TENSOR("other", 7, 10, 6) };
	struct event event = { .id = 50, .site = 1, .operation = "aten::mul", .status = "ok", .phase = "forward", .operand_count = 2, .operands = given };
	struct hand hand = { .sites = sites, .site_count = 1, .events = &event, .event_count = 1 };
	struct source source = hand_source(&hand);

	add_step(1, 40, "aten::relu", indices, 1, 0, ROWS);
	ask_repeated(NULL, gradient, &source);
	EXPECT("gradient_shape", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "none of its forward's inputs has the one that is returned"));
	event.operands = swapped;
	ask_repeated(NULL, gradient, &source);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in the order of its forward's inputs"));
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "counts that were bounded", test_forward);
	CU_add_test(suite, "a gradient by such", test_gradient);
	CU_add_test(suite, "what a forward was given", test_inputs);
}

int
main(void)
{
	return run_suite("repeated by counts", fill);
}
