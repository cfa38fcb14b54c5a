/* links: schema viewer */
/* Coordinates that are looked up as they are: boxes whose columns share tables; categories, points of which nothing more is known, a range that is told. */
#include "causes_events.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))
#define RANGE "The `bbox` coordinate values should be within 0-1000 range."

static const struct operand lookup[] = { TENSOR("weight", 50, 1024, 8), INDEX("indices", 41, 2, 25) };

/* Column INDEX of the boxes BOX, into COLUMN, and that into TABLE of ROWS. */
static void
look_up(int64_t step, int64_t box, int columns, const char *index, int64_t column, int64_t table, int64_t rows)
{
	struct event *event = add("aten::select", 2, step, 3);
	struct operand boxes = tensor("self", box, 25, columns);

	boxes.dtype = "int64";
	operands[event->id - 1][0] = boxes;
	operands[event->id - 1][1] = value("dim", "1");
	operands[event->id - 1][2] = value("index", index);
	outputs[event->id - 1][0] = tensor("output", column, 25, -1);
	event = add("aten::embedding", 3, step, 2);
	operands[event->id - 1][0] = tensor("weight", table, rows, 8);
	operands[event->id - 1][1] = tensor("indices", column, 25, -1);
	outputs[event->id - 1][0] = tensor("output", column + 100, 25, 8);
}

/* In step 1 the columns 0 and 2 were looked up in tables 50 and OTHER of so many ROWS (COLUMNS 0: they weren't); in step 2 the first fails. OUTER: raised on as. */
static void
ask_boxes(int columns, int64_t other, int64_t rows, const char *outer)
{
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 1024, .actual = 1090 };
	struct event failed = EVENT("aten::embedding", lookup);
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .message = "index out of range in self", .outer = outer, .source = &source, .last_call = -1, .step = 2 };
	int of = columns ? columns : 4;

	start();
	text_format(differs.text, sizeof(differs.text), "indices holds 1090 where weight has 1024 rows");
	if (columns) {
		look_up(1, 10, columns, "0", 11, 50, 1024);
		look_up(1, 10, columns, columns == 2 ? "1" : "2", 12, other, rows);
	}
	look_up(2, 40, of, "0", 41, 50, 1024);
	hand.event_count--;
	failed.id = hand.event_count + 1;
	stories[0].property = LINEAGE_VALUES;
	add_step(0, hand.event_count, "aten::select", operands[hand.event_count - 1], 3, -1, -1);
	stories[0].steps[0].event = events[hand.event_count - 1];
	add_step(0, 0, "aten::lift_fresh", operands[0], 1, -1, -1);
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 0, .size = 1024 };
	ask_facts(&facts);
}

static void
test_boxes(void)
{
	ask_boxes(4, 50, 1024, NULL);
	EXPECT("coordinates_unscaled", "likely");
	EXPECT("index_out_of_range", "");
	SAYS("text", "column 0 of 4 of [25, 4] holds 1090, and weight has 1024 rows");
	SAYS("fix", "to 0 .. 1023 at most");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "1091"));
	ask_boxes(4, 50, 1024, RANGE);
	SAYS("text", "what it was raised on as says: \"" RANGE "\"");
	SAYS("fix", "to the range that is told");
	ask_boxes(0, 0, 0, RANGE); /* the first call of all */
	EXPECT("coordinates_unscaled", "likely");
}

static void
test_others(void)
{
	ask_boxes(4, 51, 1024, NULL); /* tables of their own: as many categories */
	EXPECT("coordinates_unscaled", "");
	EXPECT("index_out_of_range", "likely");
	ask_boxes(4, 51, 1024, "a category must be between 0 and 1023");
	EXPECT("coordinates_unscaled", "");
	SAYS("text", "too small for its index: indices holds 1090 where weight has 1024 rows; what it was raised on as says: \"a category must be between 0 and 1023\"");
	ask_boxes(3, 50, 1024, NULL); /* no box has three */
	EXPECT("coordinates_unscaled", "");
	ask_boxes(0, 0, 0, "forward of block 3 failed"); /* a number, and no range */
	EXPECT("coordinates_unscaled", "");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "raised on as"));
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "boxes", test_boxes);
	CU_add_test(suite, "other columns", test_others);
}

int
main(void)
{
	return run_suite("coordinates as they are", fill);
}
