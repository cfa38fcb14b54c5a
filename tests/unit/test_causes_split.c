/* links: schema viewer */
/* What is viewed as several sizes, one of which is another than what came in; a table that is short of what an index is valid in. */
#include "causes_asked.h"

/* 40, which came as 4 x ARRIVED, is viewed as 2 x 2 x 8; the failing frame has NAME = VALUE. */
static void
ask_view(int64_t arrived, const char *name, int value)
{
	const struct operand view[] = { TENSOR("self", 1, 2, 40, 16), VALUE("shape", "int[]", "[2, 2, 2, 8, 16]") };
	const struct event event = EVENT("aten::reshape", view);

	for (int i = 0; i < 2; i++) {
		add_step(i, 20, "aten::reshape", NULL, 0, 1, 40);
		add_step(i, 19, "aten::linspace", NULL, 0, 0, arrived);
		stories[i].decider = 0;
	}
	ask(&event, "shape '[2, 2, 2, 8, 16]' is invalid for input of size 1280", NULL, number(name, value));
	forget();
}

static void
test_part(void)
{
	ask_view(10, "num_frames", 8);
	EXPECT("part_otherwise", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("part_otherwise", "text"), "the 40 are 4 x 10, and are viewed as 4 x 8: num_frames is 8, what came in has 10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("part_otherwise", "fix"), "num_frames = 8"));
	ask_view(20, "num_frames", 8); /* no part that it could have been */
	EXPECT("part_otherwise", "");
	EXPECT("sizes_do_not_divide", "likely");
	ask_view(10, "num_frames", 9); /* the part isn't called so */
	EXPECT("part_otherwise", "");
}

/* Labels that hold 3 meet a table of 3, after OPERATION of CLASSES was given the tensor LABELS. */
static void
ask_short(const char *operation, int64_t classes, int64_t labels)
{
	const struct operand lookup[] = { TENSOR("self", 1, 3), { .name = "indices[0]", .kind = "tensor", .item = 0, .ndim = 1, .sizes = SIZES(20), .dtype = "int64", .device = "cpu", .tensor = 2 } },
			     loss[] = { TENSOR("self", 7, 20, classes), INDEX("target", labels, 20) };
	const struct event event = EVENT("aten::index", lookup);
	const struct event events[] = { { .id = 97, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = operation, .overload = "", .phase = "forward", .status = "ok",
					  .operand_count = 2, .operands = loss } };
	struct hand hand = { .events = events, .event_count = 1 };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 3, .actual = 3 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .last_call = -1, .sides = { { .place = 1, .dim = -1, .size = -1 }, { .place = 0, .dim = 0, .size = 3 } } };

	add_step(1, 18, "aten::lift_fresh", NULL, 0, 0, 3);
	facts.sides[1].lineage = &stories[1];
	ask_facts(&facts);
}

static void
test_short(void)
{
	ask_short("aten::nll_loss", 4, 2);
	EXPECT("table_short", "likely");
	EXPECT("index_out_of_range", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("table_short", "text"), "just went well with 4 classes"));
	ask_short("aten::nll_loss", 3, 2); /* it had no more */
	EXPECT("table_short", "");
	ask_short("aten::nll_loss", 4, 5); /* of other labels */
	EXPECT("table_short", "");
	ask_short("aten::add", 4, 2);
	EXPECT("table_short", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a part that is another than what came in", test_part);
	CU_add_test(suite, "a table that is too short", test_short);
}

int
main(void)
{
	return run_suite("causes split", fill);
}
