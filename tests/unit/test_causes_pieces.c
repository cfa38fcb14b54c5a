/* links: schema viewer */
/* Several pieces of one cat that are each another size than before. */
#include "causes_asked.h"

/* A cat of ONE + OTHER along dimension 1 meets a weight of WANTED; the call before had WAS[0] + WAS[1]. */
static void
ask_pieces(int64_t one, int64_t other, const int64_t was[2], int64_t wanted)
{
	const struct operand pair[] = { TENSOR("input", 1, 1, one + other), TENSOR("weight", 2, 128, wanted) }, pieces[] = { ITEM("tensors[0]", 0, 5, 1, one), ITEM("tensors[1]", 1, 6, 1, other) },
			     earlier[] = { ITEM("tensors[0]", 0, 15, 1, was[0]), ITEM("tensors[1]", 1, 16, 1, was[1]) }, made[] = { TENSOR("out", 1, 1, one + other) },
			     out[] = { TENSOR("out", 11, 1, was[0] + was[1]) };
	const struct frame frames[] = { { .file = "train.py", .function = "embed", .line = 20 } };
	const struct site sites[] = { { .id = 10, .frame_count = 1, .frames = frames } };
	const struct event event = EVENT("aten::linear", pair);
	const struct event events[] = { { .id = 7, .parent = -1, .scope = -1, .site = 10, .sequence = -1, .step = 1, .operation = "aten::cat", .overload = "", .phase = "forward", .status = "ok",
					  .operands = earlier, .operand_count = 2, .outputs = out, .output_count = 1 } };
	struct hand hand = { .sites = sites, .site_count = 1, .events = events, .event_count = 1 };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = wanted, .actual = one + other };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .last_call = -1,
				     .sides = { { .place = 0, .dim = 1, .size = one + other }, { .place = 1, .dim = 1, .size = wanted } } };

	add_step(0, 90, "aten::cat", pieces, 2, 1, one + other);
	stories[0].steps[0].event = (struct event){ .id = 90, .parent = -1, .scope = -1, .site = 10, .sequence = -1, .step = 2, .operation = "aten::cat", .overload = "", .phase = "forward",
						    .status = "ok", .operands = pieces, .operand_count = 2, .outputs = made, .output_count = 1 };
	facts.sides[0].lineage = &stories[0];
	ask_facts(&facts);
}

static void
test_pieces(void)
{
	const int64_t was[2] = { 32, 48 };

	ask_pieces(64, 96, was, 80);
	EXPECT("pieces_changed", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("pieces_changed", "text"), "input has 160 = 64 + 96"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("pieces_changed", "text"), "the call before it had the 80 that are wanted, 32 + 48: 2 of its 2 pieces"));
	ask_pieces(112, 48, was, 80); /* one alone: its own story tells it */
	EXPECT("pieces_changed", "");
	ask_pieces(64, 96, was, 90); /* what was there before isn't what is wanted */
	EXPECT("pieces_changed", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "pieces of other sizes than before", test_pieces);
}

int
main(void)
{
	return run_suite("causes pieces", fill);
}
