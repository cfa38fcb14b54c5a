/* links: schema viewer */
/* A picture whose side is no multiple of the patch: what was written into the batch, padded or stacked tells its own size; counts that fit otherwise don't. */
#include "causes_asked.h"
#include "viewer/analysis/causes/placeholders/picture_rows.h"
#include "viewer/analysis/causes/placeholders/placeholders.h"

#define EVENTS_MOST 60
#define OPERANDS_MOST 4

static struct event events[EVENTS_MOST];
static struct operand operands[EVENTS_MOST][OPERANDS_MOST], outputs[EVENTS_MOST][2];
static struct hand hand = { .events = events };
static struct source source;
static struct lineage rows;
static struct mismatch counted;

/* OPERATION is the next event; its operands and outputs are added by given() and makes(). */
static void
add(const char *operation)
{
	int n = hand.event_count++;

	events[n] = (struct event){ .id = n + 1, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = operation, .overload = "", .phase = "forward",
				    .status = "ok", .operands = operands[n], .outputs = outputs[n] };
}

/* OPERAND with sizes that last. */
static struct operand
kept(struct operand operand)
{
	static int64_t sizes[EVENTS_MOST * 16][4];
	static int used;
	int64_t *own = sizes[used++ % (EVENTS_MOST * 16)];

	for (int d = 0; d < operand.ndim; d++)
		own[d] = operand.sizes[d];
	operand.sizes = own;
	return operand;
}

static void
given(struct operand operand)
{
	struct event *event = &events[hand.event_count - 1];

	operands[hand.event_count - 1][event->operand_count++] = kept(operand);
}

static void
makes(struct operand operand)
{
	struct event *event = &events[hand.event_count - 1];

	outputs[hand.event_count - 1][event->output_count++] = kept(operand);
}

#define GIVEN(...) given((struct operand)__VA_ARGS__)
#define MAKES(...) makes((struct operand)__VA_ARGS__)

/* Two pictures in patches of 8: the first 48 x 48, the second HIGH x 48, of which GRID rows of six are taken. */
static void
add_batch(int64_t high)
{
	add("aten::upsample_bilinear2d");
	GIVEN(TENSOR("self", 19, 3, 88, 96));
	MAKES(TENSOR("", 21, 3, high, 48));
	add("aten::zeros");
	MAKES(TENSOR("", 10, 2, 3, 48, 48));
	add("aten::select");
	GIVEN(TENSOR("self", 10, 2, 3, 48, 48));
	GIVEN(VALUE("dim", "int", "0"));
	GIVEN(VALUE("index", "int", "1"));
	MAKES(TENSOR("", 11, 3, 48, 48));
	add("aten::slice");
	GIVEN(TENSOR("self", 11, 3, 48, 48));
	MAKES(TENSOR("", 12, 3, high, 48));
	add("aten::copy_");
	GIVEN(TENSOR("self", 12, 3, high, 48));
	GIVEN(TENSOR("src", 21, 3, high, 48));
	MAKES(TENSOR("", 12, 3, high, 48));
}

/* The same, padded and stacked. */
static void
add_stack(int64_t high)
{
	add("aten::upsample_bilinear2d");
	GIVEN(TENSOR("self", 19, 3, 88, 96));
	MAKES(TENSOR("", 21, 3, high, 48));
	add("aten::pad");
	GIVEN(TENSOR("self", 21, 3, high, 48));
	MAKES(TENSOR("", 22, 3, 48, 48));
	add("aten::rand");
	MAKES(TENSOR("", 23, 3, 48, 48));
	add("aten::stack");
	GIVEN(ITEM("tensors", 0, 23, 3, 48, 48));
	GIVEN(ITEM("tensors", 1, 22, 3, 48, 48));
	MAKES(TENSOR("", 10, 2, 3, 48, 48));
}

static void
add_tower(int64_t grid)
{
	add("aten::conv2d");
	GIVEN(TENSOR("input", 10, 2, 3, 48, 48));
	GIVEN(TENSOR("weight", 9, 32, 3, 8, 8));
	GIVEN(VALUE("stride", "int[]", "[8,8]"));
	MAKES(TENSOR("", 30, 2, 32, 6, 6));
	add("aten::unbind");
	GIVEN(TENSOR("self", 30, 2, 32, 6, 6));
	GIVEN(VALUE("dim", "int", "0"));
	MAKES(TENSOR("", 31, 32, 6, 6));
	MAKES(TENSOR("", 32, 32, 6, 6));
	add("aten::slice");
	GIVEN(TENSOR("self", 32, 32, 6, 6));
	GIVEN(VALUE("dim", "int", "1"));
	GIVEN(VALUE("end", "int", "5"));
	MAKES(TENSOR("", 33, 32, grid, 6));
	add("aten::flatten");
	GIVEN(TENSOR("self", 31, 32, 6, 6));
	GIVEN(VALUE("start_dim", "int", "1"));
	MAKES(TENSOR("", 34, 32, 36));
	add("aten::t");
	GIVEN(TENSOR("self", 34, 32, 36));
	MAKES(TENSOR("", 35, 36, 32));
	add("aten::flatten");
	GIVEN(TENSOR("self", 33, 32, grid, 6));
	GIVEN(VALUE("start_dim", "int", "1"));
	MAKES(TENSOR("", 36, 32, grid * 6));
	add("aten::t");
	GIVEN(TENSOR("self", 36, 32, grid * 6));
	MAKES(TENSOR("", 37, grid * 6, 32));
	add("aten::cat");
	GIVEN(ITEM("tensors", 0, 35, 36, 32));
	GIVEN(ITEM("tensors", 1, 37, grid * 6, 32));
	MAKES(TENSOR("", 40, 36 + grid * 6, 32));
}

/* SUPPLIED rows, tensor 40, are put where the text has PLACES in the two sequences. */
static struct cause_facts
facts_of_rows(int64_t supplied, const char *places, int64_t selected)
{
	struct cause_facts facts;
	struct event *put;

	add("aten::index_put_");
	GIVEN(TENSOR("self", 50, 2, 50, 32));
	GIVEN(MASK("indices[0]", 51, 2, 50));
	GIVEN(TENSOR("values", 40, supplied, 32));
	put = &events[hand.event_count - 1];
	put->status = "failed";
	source = hand_source(&hand);
	count_values(51, places);
	lineage_walk(&source, 0, put, 2, 0, LINEAGE_SIZE, &rows);
	counted = (struct mismatch){ .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true,
				     .expected = selected, .actual = supplied };
	facts = (struct cause_facts){ .event = put, .mismatch = &counted, .message = "", .source = &source, .counts = counts, .last_call = -1 };
	facts.sides[0] = (struct cause_side){ .place = 2, .dim = 0, .size = supplied, .lineage = &rows };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	return facts;
}

/* GRID x 6 rows of the second picture, HIGH x 48. */
static struct cause_facts
facts_of(void (*batch)(int64_t high), int64_t high, int64_t grid, const char *places, int64_t selected)
{
	hand.event_count = 0;
	batch(high);
	add_tower(grid);
	return facts_of_rows(36 + grid * 6, places, selected);
}

static void
ask_pictures(void (*batch)(int64_t high), int64_t high, int64_t grid, const char *places, int64_t selected)
{
	struct cause_facts facts = facts_of(batch, high, grid, places, selected);

	json_decref(causes);
	causes = causes_build(&facts);
}

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(text_of("picture_rounded", key), part))

static const char *
first_evidence(void)
{
	return text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text");
}

static void
test_rest(void)
{
	static const char both[] = "{\"elements\":100,\"true\":72,\"rows\":[36,36]}";
	struct placeholders_uneven uneven;
	struct cause_facts facts;

	ask_pictures(add_batch, 44, 5, both, 72);
	EXPECT("picture_rounded", "likely");
	SAYS("text", "picture 1 (from 0) of 2, 44 x 48 in steps of 8, gives 5 x 6 = 30 rows where the text has 6 x 6 = 36 places: the text counts a rest as a whole step");
	SAYS("fix", "or resize every picture to multiples of 8");
	EXPECT("placeholders_differ", "");
	facts = facts_of(add_batch, 44, 5, both, 72);
	CU_ASSERT_TRUE(placeholders_rounded(&facts, &uneven));
	CU_ASSERT_EQUAL(uneven.picture, 1);
	CU_ASSERT_EQUAL(uneven.size, 44);
	CU_ASSERT_FALSE(uneven.wide);
	ask_pictures(add_stack, 44, 5, both, 72);
	EXPECT("picture_rounded", "likely");
	ask_pictures(add_stack, 44, 6, "{\"elements\":100,\"true\":66,\"rows\":[36,30]}", 66); /* the other way round */
	EXPECT("picture_rounded", "likely");
	SAYS("text", "gives 6 x 6 = 36 rows where the text has 5 x 6 = 30 places: the model makes a whole step of a rest");
	EXPECT("placeholders_cut", "");
}

static void
test_none(void)
{
	struct placeholders_uneven uneven;
	struct cause_facts facts;

	ask_pictures(add_batch, 40, 5, "{\"elements\":100,\"true\":72,\"rows\":[36,36]}", 72); /* 40 leaves no rest: a row more, for whatever reason */
	EXPECT("picture_rounded", "possible");
	SAYS("text", "picture 1 (from 0) of 2 gives 5 x 6 = 30 rows where the text has 36 places, one line of its grid more");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_evidence(), "its height is then more than 40 and less than 48"));
	ask_pictures(add_batch, 44, 5, "{\"elements\":100,\"true\":70,\"rows\":[36,34]}", 70); /* not by a whole row */
	EXPECT("picture_rounded", "");
	EXPECT("placeholders_of_sequence", "likely");
	facts = facts_of(add_batch, 44, 5, "{\"elements\":100,\"true\":70,\"rows\":[36,34]}", 70);
	CU_ASSERT_FALSE(placeholders_rounded(&facts, &uneven));
	ask_pictures(add_batch, 44, 5, "{\"elements\":100,\"true\":72,\"rows\":[30,42]}", 72); /* another sequence than the picture's lacks it */
	EXPECT("picture_rounded", "");
	count_values(0, NULL);
}

/* A picture's grid, tensor FIRST, gets a column at the end of its lines, which are laid out one after the other in STEP; an overview of four rows is put in
 * front: FIRST + 4. */
static void
add_lines(int64_t first, int64_t high, int64_t wide, int64_t step)
{
	add("aten::cat");
	GIVEN(ITEM("tensors", 0, first, 32, high, wide));
	GIVEN(ITEM("tensors", 1, 8, 32, high, 1));
	GIVEN(VALUE("dim", "int", "-1"));
	MAKES(TENSOR("", first + 1, 32, high, wide + 1));
	add("aten::flatten");
	events[hand.event_count - 1].site = 3;
	events[hand.event_count - 1].step = step;
	GIVEN(TENSOR("self", first + 1, 32, high, wide + 1));
	GIVEN(VALUE("start_dim", "int", "1"));
	MAKES(TENSOR("", first + 2, 32, high * (wide + 1)));
	add("aten::t");
	GIVEN(TENSOR("self", first + 2, 32, high * (wide + 1)));
	MAKES(TENSOR("", first + 3, high * (wide + 1), 32));
	add("aten::cat");
	GIVEN(ITEM("tensors", 0, 9, 4, 32));
	GIVEN(ITEM("tensors", 1, first + 3, high * (wide + 1), 32));
	MAKES(TENSOR("", first + 4, high * (wide + 1) + 4, 32));
}

static int came_in;       /* pictures that came in ready-made, the second CAME_HIGH high */
static int64_t came_high;

/* A square picture and one of HIGH x WIDE, after CALLS of BEFORE x 4; the text has PLACES. */
static void
ask_lines(int calls_before, int64_t before, int64_t high, int64_t wide, const char *places, int64_t selected)
{
	int64_t supplied = 24 + high * (wide + 1) + 4;
	struct cause_facts facts;

	hand.event_count = 0;
	for (int i = 0; i < came_in; i++) {
		add("aten::lift_fresh");
		events[hand.event_count - 1].step = 90;
		MAKES(TENSOR_ON("", 70 + i, "uint8", "cpu", i ? came_high : 30, i ? 90 - came_high : 30, 3));
	}
	for (int i = 0; i < calls_before; i++)
		add_lines(100 + 10 * i, before, 4, i);
	add_lines(10, 4, 4, 90);
	add_lines(20, high, wide, 90);
	add("aten::cat");
	GIVEN(ITEM("tensors", 0, 14, 24, 32));
	GIVEN(ITEM("tensors", 1, 24, supplied - 24, 32));
	MAKES(TENSOR("", 40, supplied, 32));
	facts = facts_of_rows(supplied, places, selected);
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_turned(void)
{
	ask_lines(4, 4, 4, 8, "{\"elements\":100,\"true\":68,\"rows\":[24,44]}", 68);
	EXPECT("picture_turned", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "picture 1 (from 0) of 2 brings 4 x (8 + 1) + 4 = 40 rows, and the text has 8 x (4 + 1) + 4 = 44 places for it, 4 too many"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_evidence(), "in each of the last 4 calls before this batch the grid was as high as wide"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "exchanged where the places are counted, or in the sizes that the model is given"));
	EXPECT("picture_rounded", "");
	EXPECT("placeholders_differ", "");
	came_in = 2;
	came_high = 30;
	ask_lines(4, 4, 4, 8, "{\"elements\":100,\"true\":68,\"rows\":[24,44]}", 68);
	CU_ASSERT_STRING_EQUAL(strrchr(first_text("text"), ':'), ": its height and width are exchanged where the places are counted");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_evidence(), "picture 1 is 30 high and 60 wide"));
	came_high = 60;
	ask_lines(4, 4, 4, 8, "{\"elements\":100,\"true\":68,\"rows\":[24,44]}", 68);
	CU_ASSERT_STRING_EQUAL(strrchr(first_text("text"), ':'), ": its height and width are exchanged in the sizes that the model is given");
	came_in = 3; /* of what they are isn't known */
	ask_lines(4, 4, 4, 8, "{\"elements\":100,\"true\":68,\"rows\":[24,44]}", 68);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "or in the sizes"));
	came_in = 0;
	ask_lines(0, 4, 8, 4, "{\"elements\":100,\"true\":64,\"rows\":[24,40]}", 64); /* the other way round; a square one beside it agrees */
	EXPECT("picture_turned", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "brings 8 x (4 + 1) + 4 = 44 rows, and the text has 4 x (8 + 1) + 4 = 40 places for it, 4 too few"));
	EXPECT("placeholders_cut", "");
	ask_lines(4, 8, 4, 8, "{\"elements\":100,\"true\":68,\"rows\":[24,44]}", 68); /* nothing was wrong with others that are no squares */
	EXPECT("picture_turned", "");
	ask_lines(4, 4, 4, 8, "{\"elements\":100,\"true\":67,\"rows\":[24,43]}", 67); /* another number */
	EXPECT("picture_turned", "");
	ask_lines(4, 4, 4, 8, "{\"elements\":100,\"true\":68,\"rows\":[28,40]}", 68); /* another sequence */
	EXPECT("picture_turned", "");
	ask_lines(4, 4, 4, 4, "{\"elements\":100,\"true\":52,\"rows\":[24,28]}", 52); /* a square */
	EXPECT("picture_turned", "");
	count_values(0, NULL);
}

/* A plain grid in steps of other height than width: exchanged, another rest is left. */
static void
test_turned_grid(void)
{
	struct picture_row row = { .rows = 30, .size = { 40, 96 }, .laid = { .grid = { 5, 6 } } };

	CU_ASSERT_EQUAL(picture_row_turned(&row), 24); /* 96 // 8 x 40 // 16 */
	row = (struct picture_row){ .rows = 36, .size = { 48, 96 }, .laid = { .grid = { 6, 6 } } };
	CU_ASSERT_EQUAL(picture_row_turned(&row), 36); /* none is */
	row = (struct picture_row){ .rows = 60, .size = { 40, 96 }, .laid = { .grid = { 5, 12 } } };
	CU_ASSERT_EQUAL(picture_row_turned(&row), 60); /* the same steps */
	row = (struct picture_row){ .rows = 30, .laid = { .grid = { 5, 6 } } };
	CU_ASSERT_EQUAL(picture_row_turned(&row), 30); /* nothing is known of the picture */
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a grid exchanged", test_turned_grid);
	CU_add_test(suite, "height and width exchanged", test_turned);
	CU_add_test(suite, "a rest that one side counts", test_rest);
	CU_add_test(suite, "what else makes a difference", test_none);
}

int
main(void)
{
	return run_suite("causes_rounding", fill);
}
