/* links: schema viewer */
/* Causes that rest on what a line was given before: pieces that come from elsewhere, dimensions in another order, slices beyond the end, tables that
 * end, a state in another order. */
#include "causes_events.h"
#include "viewer/analysis/causes/state/otherwise.h"

static int64_t calls_here = CALLS; /* on the failing call's own way */
static json_t *reach;             /* named numbers */

/* Asks about EVENT, whose operand 0 has DIM in dispute with operand 1's OTHER_DIM, after calls in which they agreed. */
static void
ask_event(struct event *event, int dim, int other_dim, const char *property)
{
	static struct news news[2];
	struct mismatch differs = { .property = property, .operand = 0, .against = 1, .dim = dim, .against_dim = other_dim, .has_expected = true, .has_actual = true,
				    .expected = event->operands[1].sizes[other_dim], .actual = event->operands[0].sizes[dim] };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = calls_here, .agreed = calls_here,
				     .step = event->step, .numbers = reach };

	event->status = "failed";
	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		int d = i ? other_dim : dim;

		lineage_walk(&source, 0, event, i, d, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = d, .size = event->operands[i].sizes[d], .calls = calls_here, .smallest = 1, .largest = 1000,
						      .lineage = stories[i].count ? &stories[i] : NULL };
	}
	cause_find_news(&facts, news);
	json_decref(causes);
	causes = causes_build(&facts);
}

/* A cat of 4 and a piece of SIZE that OPERATION at SITE makes, multiplied with a weight of 8. */
static struct event *
joined(int64_t step, const char *operation, int site, int64_t size)
{
	int64_t id = 100 + 10 * step;
	struct event *event;

	event = add(operation, site, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", id, 2, size);
	event = add("aten::cat", 2, step, 3);
	operands[hand.event_count - 1][0] = tensor("tensors[0]", 90, 2, 4);
	operands[hand.event_count - 1][1] = tensor("tensors[1]", id, 2, size);
	operands[hand.event_count - 1][2] = value("dim", "1");
	outputs[hand.event_count - 1][0] = tensor("output", id + 1, 2, 4 + size);
	event = add("aten::mul", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", id + 1, 2, 4 + size);
	operands[hand.event_count - 1][1] = tensor("other", 91, 1, 8);
	return event;
}

static void
test_otherwise(void)
{
	struct otherwise found;
	struct event *event;

	start();
	for (int i = 0; i < CALLS; i++)
		joined(i, "aten::mean", 0, 4);
	event = joined(CALLS, "aten::zeros", 1, 6);
	CU_ASSERT_TRUE(otherwise_find(&source, 0, event, 0, 1, LINEAGE_SIZE, &found));
	CU_ASSERT(found.piece == 1 && found.pieces == 2 && found.now.size == 6 && found.before.size == 4);
	ask_event(event, 1, 1, "size");
	EXPECT("came_otherwise", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "piece 2 of the 2 that self is put together of (4 + 6) is 6 this time, by aten::zeros at train.py:20"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it was 4, in the last by aten::mean at train.py:10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make it 4 there"));
	events[3 * 5].operation = "aten::zeros"; /* it came that way once, and was 4 */
	events[3 * 5].site = 1;
	ask_event(event, 1, 1, "size");
	EXPECT("came_otherwise", "");
	start();
	for (int i = 0; i < CALLS; i++)
		joined(i, "aten::mean", 0, 4);
	ask_event(joined(CALLS, "aten::mean", 0, 6), 1, 1, "size"); /* the same line as ever */
	EXPECT("came_otherwise", "");
}

/* A product of SIZE, made at MAKER, with a weight of 8, at SITE. */
static struct event *
multiplied(int64_t step, int maker, int64_t size, int site)
{
	struct event *event;

	event = add("aten::zeros", maker, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", 100 + step, 2, size);
	event = add("aten::mul", site, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", 100 + step, 2, size);
	operands[hand.event_count - 1][1] = tensor("other", 91, 1, 8);
	return event;
}

/* A weight of ROWS x COLUMNS is made: tensor ID. */
static void
weight(int64_t step, int site, int64_t id, int64_t rows, int64_t columns)
{
	add("aten::zeros", site, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", id, rows, columns);
}

/* Layer FIRST makes WIDTH of 4, layer SECOND takes 8. */
static struct event *
two_layers(int64_t step, int64_t first, int64_t width, int64_t second)
{
	struct event *event = add("aten::linear", 2, step, 2);

	operands[hand.event_count - 1][0] = tensor("input", 90, 3, 4);
	operands[hand.event_count - 1][1] = tensor("weight", first, width, 4);
	outputs[hand.event_count - 1][0] = tensor("output", 200 + step, 3, width);
	event = add("aten::linear", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("input", 200 + step, 3, width);
	operands[hand.event_count - 1][1] = tensor("weight", second, 5, 8);
	return event;
}

/* Both layers are made at the start; later the first is made anew, and with BOTH the second, too. */
static void
ask_layers(int64_t before, bool both)
{
	start();
	weight(0, 0, 11, before, 4);
	weight(0, 1, 12, 5, 8);
	for (int i = 0; i < CALLS; i++)
		two_layers(i, 11, before, 12);
	weight(CALLS, 4, 13, 6, 4);
	if (both)
		weight(CALLS, 5, 14, 5, 8);
	ask_event(two_layers(CALLS, before == 8 ? 13 : 11, before == 8 ? 6 : before, both ? 14 : 12), 1, 1, "size");
}

static void
test_layer_replaced(void)
{
	ask_layers(8, false);
	EXPECT("layer_replaced", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "replaced after 12 calls in which both agreed: its new weight, of 6, is made by aten::zeros at train.py:31"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "this layer is still the one for 8, by aten::zeros at train.py:20"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "replace this layer, too, by one that takes 6"));
	EXPECT("came_otherwise", "");
	ask_layers(8, true); /* both were */
	EXPECT("layer_replaced", "");
	ask_layers(6, false); /* it never was another */
	EXPECT("layer_replaced", "");
}

/* In each step one more is joined to what was kept, at SITE; then four at line 31, and what comes of it meets MASK. */
static struct event *
cached(int site, int64_t mask)
{
	struct event *event;

	start();
	add("aten::zeros", 0, 0, 0);
	outputs[0][0] = tensor("output", 500, 2, 6);
	for (int i = 0; i < 6; i++) {
		bool last = i == 5;

		add("aten::zeros", 1, i, 0);
		outputs[hand.event_count - 1][0] = tensor("output", 600 + i, 2, last ? 4 : 1);
		add("aten::cat", last ? 3 : site, i, 3);
		operands[hand.event_count - 1][0] = tensor("tensors[0]", 500 + i, 2, 6 + i);
		operands[hand.event_count - 1][1] = tensor("tensors[1]", 600 + i, 2, last ? 4 : 1);
		operands[hand.event_count - 1][0].item = 0;
		operands[hand.event_count - 1][1].item = 1;
		operands[hand.event_count - 1][2] = value("dim", "1");
		outputs[hand.event_count - 1][0] = tensor("output", 501 + i, 2, last ? 15 : 7 + i);
	}
	add("aten::ones", 0, 6, 0);
	outputs[hand.event_count - 1][0] = tensor("output", 700, 2, mask);
	event = add("aten::add", 2, 6, 2);
	operands[hand.event_count - 1][0] = tensor("self", 506, 2, 15);
	operands[hand.event_count - 1][1] = tensor("other", 700, 2, mask);
	return event;
}

/* In each step 7 are joined to what there is and meet a mask, which is as long in all but the last; BEFORE of these steps come first. */
static struct event *
joined_each_time(int before)
{
	struct event *event = NULL;

	start();
	for (int i = 0; i <= before; i++) {
		int64_t rest = i == before ? 24 : 10 + i, mask = i == before ? 24 : rest + 7;

		add("aten::zeros", 0, i, 0);
		outputs[hand.event_count - 1][0] = tensor("output", 500 + i, 2, rest);
		add("aten::cat", 3, i, 3);
		operands[hand.event_count - 1][0] = tensor("tensors[0]", 600 + i, 2, 7);
		operands[hand.event_count - 1][1] = tensor("tensors[1]", 500 + i, 2, rest);
		operands[hand.event_count - 1][0].item = 0;
		operands[hand.event_count - 1][1].item = 1;
		operands[hand.event_count - 1][2] = value("dim", "1");
		outputs[hand.event_count - 1][0] = tensor("output", 700 + i, 2, rest + 7);
		add("aten::ones", 1, i, 0);
		outputs[hand.event_count - 1][0] = tensor("output", 800 + i, 2, mask);
		event = add("aten::add", 2, i, 2);
		operands[hand.event_count - 1][0] = tensor("self", 700 + i, 2, rest + 7);
		operands[hand.event_count - 1][1] = tensor("other", 800 + i, 2, mask);
	}
	return event;
}

static void
test_joined_each_time(void)
{
	ask_event(joined_each_time(0), 1, 1, "size");
	EXPECT("grew_at_cat", "likely");
	ask_event(joined_each_time(CALLS), 1, 1, "size"); /* calls that agreed joined as many */
	EXPECT("grew_at_cat", "possible");
}

/* Joined once, and the mask (or OTHERS, another one) was as well, which isn't what is used. */
static struct event *
joined_beside(int64_t others)
{
	struct event *event;

	start();
	add("aten::zeros", 0, 0, 0);
	outputs[hand.event_count - 1][0] = tensor("output", 500, 2, 24);
	add("aten::ones", 1, 0, 0);
	outputs[hand.event_count - 1][0] = tensor("output", 800, 2, 24);
	for (int i = 0; i < 2; i++) {
		add("aten::cat", i ? 4 : 3, 0, 3);
		operands[hand.event_count - 1][0] = tensor("tensors[0]", 600 + i, 2, 7);
		operands[hand.event_count - 1][1] = tensor("tensors[1]", i ? others : 500, 2, 24);
		operands[hand.event_count - 1][0].item = 0;
		operands[hand.event_count - 1][1].item = 1;
		operands[hand.event_count - 1][2] = value("dim", "1");
		outputs[hand.event_count - 1][0] = tensor("output", 700 + i, 2, 31);
	}
	event = add("aten::add", 2, 0, 2);
	operands[hand.event_count - 1][0] = tensor("self", 700, 2, 31);
	operands[hand.event_count - 1][1] = tensor("other", 800, 2, 24);
	return event;
}

static void
test_joined_beside(void)
{
	const json_t *evidence;

	ask_event(joined_beside(800), 1, 1, "size");
	EXPECT("grew_at_cat", "likely");
	evidence = json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(evidence, "text"), "one of 31 was made of other by aten::cat"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("grew_at_cat", "fix"), "use what aten::cat"));
	ask_event(joined_beside(900), 1, 1, "size"); /* something else was made as long */
	EXPECT("grew_at_cat", "likely");
	CU_ASSERT_PTR_NULL(strstr(text_of("grew_at_cat", "fix"), "use what"));
}

static void
test_cached(void)
{
	ask_event(cached(3, 4), 1, 1, "size");
	EXPECT("grew_at_cat", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("grew_at_cat", "text"), "11 were joined to 4 on the way to self only"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("grew_at_cat", "text"), "at this same line before, in 5 calls: a cache"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("grew_at_cat", "fix"), "let other span what was kept as well as what is new, 15"));
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json_array_get(causes, 0), "evidence")), 1);
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "new at"));
	ask_event(cached(2, 4), 1, 1, "size"); /* it grew at another line */
	EXPECT("grew_at_cat", "likely");
	CU_ASSERT_PTR_NULL(strstr(text_of("grew_at_cat", "text"), "a cache"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("grew_at_cat", "fix"), "extend other by the same 11"));
}

/* Words of table TABLE go through LAYER, which makes WIDTH of 4, and are viewed as 2 x 4. */
static struct event *
heads(int64_t step, int64_t table, int64_t layer, int64_t width)
{
	struct event *event;

	add("aten::embedding", 0, step, 2);
	operands[hand.event_count - 1][0] = tensor("weight", table, 9, 4);
	operands[hand.event_count - 1][1] = tensor("indices", 90, 3, -1);
	outputs[hand.event_count - 1][0] = tensor("output", 300 + step, 3, 4);
	add("aten::linear", 2, step, 2);
	operands[hand.event_count - 1][0] = tensor("input", 300 + step, 3, 4);
	operands[hand.event_count - 1][1] = tensor("weight", layer, width, 4);
	outputs[hand.event_count - 1][0] = tensor("output", 200 + step, 3, width);
	event = add("aten::view", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", 200 + step, 3, width);
	operands[hand.event_count - 1][1] = value("size", "[3,2,4]");
	outputs[hand.event_count - 1][0] = tensor("output", 400 + step, 6, 4);
	return event;
}

/* The layer, of BEFORE, is made anew with 4; with BOTH the table, too. */
static void
ask_heads(int64_t before, bool both)
{
	struct mismatch differs = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 24,
				    .actual = 12 };
	struct cause_facts facts = { .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .line = "x.view(n, self.heads, self.width)",
				     .numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "self.heads", "value", 2, "name",
							  "self.width", "value", 4, "name", "self.whole", "value", 8) };
	struct event *event;

	start();
	weight(0, 0, 11, before, 4);
	weight(0, 1, 15, 9, 4);
	for (int i = 0; i < CALLS; i++)
		heads(i, 15, 11, before);
	weight(CALLS, 4, 13, 4, 4);
	if (both)
		weight(CALLS, 5, 16, 9, 4);
	event = heads(CALLS, both ? 16 : 15, before == 8 ? 13 : 11, 4);
	event->status = "failed";
	facts.event = event;
	lineage_walk(&source, 0, event, 0, 1, LINEAGE_SIZE, &stories[1]);
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = 24 };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 1, .size = 12, .lineage = &stories[1] };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
}

static void
test_layer_resized(void)
{
	ask_heads(8, false);
	EXPECT("layer_resized", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "was replaced by aten::zeros at train.py:31 (asked for 4): its weight is [4, 4], and was [8, 4] in the last 12 calls"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "2 x 4 = 8 is still the old one's"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "bring what still counts 8 to 4, too: self.heads = 1 (4 / 4), self.whole = 4"));
	ask_heads(8, true); /* another model */
	EXPECT("layer_resized", "");
	EXPECT("sizes_do_not_divide", "likely");
	ask_heads(4, false); /* it never was another */
	EXPECT("layer_resized", "");
	start();
	weight(0, 0, 11, 8, 4);
	for (int i = 0; i < CALLS; i++)
		two_layers(i, 11, 8, 12);
	weight(CALLS, 4, 13, 6, 4);
	add("aten::mul", 5, CALLS, 2);
	operands[hand.event_count - 1][0] = tensor("self", 99, 3, 5);
	operands[hand.event_count - 1][1] = tensor("weight", 12, 5, 8);
	two_layers(CALLS, 13, 6, 12);
	hand.event_count--;
	add("aten::mul", 1, CALLS, 2);
	operands[hand.event_count - 1][0] = tensor("self", 200 + CALLS, 3, 6);
	operands[hand.event_count - 1][1] = tensor("other", 91, 1, 8);
	ask_event(&events[hand.event_count - 1], 1, 1, "size"); /* what it meets is no layer's weight */
	EXPECT("layer_resized", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "its weight is [6, 4], and was [8, 4] in the last 12 calls; what it meets is still of 8"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "bring what goes with it"));
}

/* A table of 8 rows, then 6, is transposed for a product that meets a bias of 8; ONE: it is a tensor that lasts, otherwise made for each call. */
static void
ask_transposed(bool one)
{
	start();
	weight(0, 1, 91, 1, 8);
	for (int i = 0; i <= CALLS; i++) {
		int64_t id = one ? 11 + (i == CALLS) : 300 + i, rows = i == CALLS ? 6 : 8;

		if (!one || i == 0 || i == CALLS)
			weight(i, 0, id, rows, 4);
		add("aten::t", 2, i, 1);
		operands[hand.event_count - 1][0] = tensor("self", id, rows, 4);
		outputs[hand.event_count - 1][0] = tensor("output", 200 + i, 4, rows);
		add("aten::add", 3, i, 2);
		operands[hand.event_count - 1][0] = tensor("self", 200 + i, 4, rows);
		operands[hand.event_count - 1][1] = tensor("other", 91, 1, 8);
	}
	ask_event(&events[hand.event_count - 1], 1, 1, "size");
}

static void
test_table_resized(void)
{
	ask_transposed(true);
	EXPECT("layer_resized", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "its weight is [6, 4], and was [8, 4] in the last 12 calls"));
	ask_transposed(false); /* what a batch makes anew */
	EXPECT("layer_resized", "");
}

/* Features are converted to DTYPE at one line, on the way by SITE, and meet a weight of bfloat16. */
static struct event *
converted(int64_t step, const char *dtype, int site)
{
	struct event *event;

	event = add("aten::zeros", 0, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", 100 + 10 * step, 3, 4);
	event = add("aten::to", site, step, 1);
	operands[hand.event_count - 1][0] = tensor("self", 100 + 10 * step, 3, 4);
	outputs[hand.event_count - 1][0] = tensor("output", 101 + 10 * step, 3, 4);
	outputs[hand.event_count - 1][0].dtype = dtype;
	event = add("aten::linear", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("input", 101 + 10 * step, 3, 4);
	operands[hand.event_count - 1][0].dtype = dtype;
	operands[hand.event_count - 1][1] = tensor("weight", 91, 5, 4);
	operands[hand.event_count - 1][1].dtype = "bfloat16";
	return event;
}

static void
ask_dtype(struct event *event)
{
	struct mismatch differs = { .property = "dtype", .operand = 0, .against = 1, .dim = -1, .against_dim = -1, .actual_name = event->operands[0].dtype,
				    .expected_name = event->operands[1].dtype };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = event->step };

	event->status = "failed";
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, -1, LINEAGE_DTYPE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = -1, .lineage = stories[i].count ? &stories[i] : NULL };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_converted_otherwise(void)
{
	start();
	for (int i = 0; i < CALLS; i++)
		converted(i, "bfloat16", 4);
	ask_dtype(converted(CALLS, "float32", 5));
	EXPECT("converted_otherwise", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "input is float32 this time: aten::to at train.py:31"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made bfloat16 in 12 earlier calls, which came by train.py:50; this one comes by train.py:60"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "what train.py:60 gives that line decides: let it be bfloat16, as by train.py:50"));
	start();
	for (int i = 0; i < CALLS; i++)
		converted(i, i == 3 ? "float32" : "bfloat16", 4); /* it made both before */
	ask_dtype(converted(CALLS, "float32", 5));
	EXPECT("converted_otherwise", "");
	start();
	ask_dtype(converted(0, "float32", 5)); /* never called before */
	EXPECT("converted_otherwise", "");
	start();
	for (int i = 0; i < CALLS; i++)
		converted(i, "bfloat16", 4)->operation = "aten::mul"; /* it went elsewhere then */
	ask_dtype(converted(CALLS, "float32", 5));
	EXPECT("converted_otherwise", "");
}

/* Positions of as many features as ONE and OTHER put together, of a table of 64; a frame holds the features. */
static void
ask_positions(int64_t one, int64_t other)
{
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 0, .has_expected = true, .has_actual = true,
				    .expected = 64, .actual = one + other - 1 };
	json_t *frames = json_pack("[{s:s, s:[{s:s, s:s, s:s, s:[i, i, i], s:i}]}]", "file", "/p/model.py", "locals", "name", "embeds", "kind", "tensor", "dtype", "float32",
				   "shape", 2, (int)(one + other), 8, "tensor", 103);
	struct cause_facts facts = { .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .frames = frames, .positions = true };
	struct event *event;

	start();
	event = add("aten::cat", 2, 0, 3);
	operands[0][0] = tensor("tensors[0]", 101, 2, one);
	operands[0][1] = tensor("tensors[1]", 102, 2, other);
	operands[0][2] = value("dim", "1");
	outputs[0][0] = tensor("output", 103, 2, one + other);
	event = add("aten::embedding", 3, 0, 2);
	operands[1][0] = tensor("weight", 104, 64, 8);
	operands[1][1] = tensor("indices", 105, 1, one + other);
	operands[1][1].dtype = "int64";
	event->status = "failed";
	facts.event = event;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1 };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 0 };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(frames);
}

static void
test_joined_positions(void)
{
	ask_positions(8, 60);
	EXPECT("position_table", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "68 are put together by aten::cat at train.py:30 (8 + 60)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "cut the sequences to 64, with all that is joined to them (the 60 to 56)"));
	ask_positions(0, 68); /* nothing was joined */
	EXPECT("position_table", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "put together"));
}

/* What is new began in a step that a setting names. */
static void
test_began(void)
{
	static const struct { const char *name; int value; bool told; } cases[] = {
		{ "settings.augment_after", CALLS, true }, { "settings.augment_after", CALLS + 1, false }, { "settings.width", CALLS, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		start();
		for (int n = 0; n < CALLS; n++)
			multiplied(n, 0, 8, 4);
		reach = number(cases[i].name, cases[i].value);
		ask_event(multiplied(CALLS, 0, 6, 4), 1, 1, "size");
		const char *text = text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text");

		CU_ASSERT_EQUAL(strstr(text, "this is step 12, which is settings.augment_after") != NULL, cases[i].told);
		json_decref(reach);
		reach = NULL;
	}
}

/* A picture of HEIGHT x WIDTH, multiplied with a window of 8. */
static struct event *
picture(int64_t step, int64_t height, int64_t width)
{
	struct event *event;

	event = add("aten::stack", 0, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", 100 + step, height, width);
	event = add("aten::mul", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", 100 + step, height, width);
	operands[hand.event_count - 1][1] = tensor("other", 91, 8, -1);
	return event;
}

static void
test_square_before(void)
{
	start();
	for (int i = 0; i < CALLS; i++)
		picture(i, 5, 8);
	ask_event(picture(CALLS, 8, 5), 1, 0, "size");
	EXPECT("dimension_elsewhere", "possible");
	start();
	for (int i = 0; i < CALLS; i++)
		picture(i, 8, 8); /* both sides always were what is wanted: nothing was turned */
	ask_event(picture(CALLS, 8, 5), 1, 0, "size");
	EXPECT("dimension_elsewhere", "");
}

static void
test_other_way(void)
{
	start();
	calls_here = 0;
	for (int i = 0; i < CALLS; i++)
		multiplied(i, 0, 8, 4);
	ask_event(multiplied(CALLS, 1, 6, 5), 1, 1, "size");
	EXPECT("other_way", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self had 8 in all 12 earlier calls of this line, which came by train.py:50 (in training): there "
							  "aten::zeros at train.py:10 (asked for 8) makes it 8; this one comes by train.py:60, and aten::zeros at train.py:20 (asked for 6) makes it 6"));
	ask_event(multiplied(CALLS + 1, 0, 6, 5), 1, 1, "size"); /* from the same line */
	EXPECT("other_way", "");
	start();
	for (int i = 0; i < CALLS; i++)
		multiplied(i, 0, i ? 8 : 1, 4); /* it didn't always fit there */
	ask_event(multiplied(CALLS, 1, 6, 5), 1, 1, "size");
	EXPECT("other_way", "");
	calls_here = CALLS;
}

/* A mean over dimension 0 of [A, B], then a product with a window of 64. */
static struct event *
averaged(int64_t step, int64_t a, int64_t b)
{
	int64_t id = 100 + 10 * step;
	struct event *event;

	add("aten::mean", 0, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", id, a, b);
	operands[hand.event_count - 1][1] = (struct operand)VALUE("dim", "int[]", "[0]");
	outputs[hand.event_count - 1][0] = tensor("output", id + 1, b, -1);
	event = add("aten::mul", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", id + 1, b, -1);
	operands[hand.event_count - 1][1] = tensor("other", 91, 300, -1);
	return event;
}

static void
test_axes(void)
{
	start();
	for (int i = 0; i < CALLS; i++)
		averaged(i, 1 + i % 2, 300 + 10 * i);
	ask_event(averaged(CALLS, 320, 2), 0, 0, "size");
	EXPECT("axes_turned", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "was given [320, 2], in 12 earlier calls [1 to 2, 300 to 410]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "took away the 320 and kept the 2"));
	hand.event_count -= 2;
	ask_event(averaged(CALLS, 2, 20), 0, 0, "size"); /* short, and in the usual order */
	EXPECT("axes_turned", "");
	start();
	for (int i = 0; i < CALLS; i++)
		averaged(i, 1 + 30 * i, 300 + 10 * i); /* both vary, and overlap */
	ask_event(averaged(CALLS, 320, 2), 0, 0, "size");
	EXPECT("axes_turned", "");
}

/* COUNT places from START on of a buffer of 12 are written to. */
static struct event *
written(int64_t step, const char *from, const char *to, int64_t left, int64_t count)
{
	int64_t id = 100 + 10 * step;
	struct event *event;

	add("aten::slice", 0, step, 4);
	operands[hand.event_count - 1][0] = tensor("self", 90, 12, -1);
	operands[hand.event_count - 1][1] = value("dim", "0");
	operands[hand.event_count - 1][2] = value("start", from);
	operands[hand.event_count - 1][3] = value("end", to);
	outputs[hand.event_count - 1][0] = tensor("output", id, left, -1);
	event = add("aten::copy_", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("src", id + 1, count, -1);
	operands[hand.event_count - 1][1] = tensor("self", id, left, -1);
	return event;
}

static void
buffer(bool turning)
{
	static const char *const at[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12" };

	start();
	add("aten::zeros", 1, 0, 0);
	outputs[0][0] = tensor("output", 90, 12, -1);
	for (int i = 0; i < CALLS; i++)
		written(i, turning ? at[i % 2 * 6] : at[i], turning ? at[i % 2 * 6 + 6] : at[i + 1], turning ? 6 : 1, turning ? 6 : 1);
}

static void
test_beyond(void)
{
	buffer(true);
	ask_event(written(CALLS, "20", "24", 0, 4), 0, 0, "size");
	EXPECT("slice_beyond", "likely");
	EXPECT("slice_ended", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "20:24 begins beyond the 12 that there are: nothing is left for the 4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "was made for 12 and has not grown"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make it 24 long"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "begin at 0 again"));
	buffer(false); /* each call goes on where the last one ended: full, and maybe meant to go round */
	ask_event(written(CALLS, "12", "13", 0, 1), 0, 0, "size");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "what it is cut from is full"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "begin at 0 again"));
	buffer(true);
	ask_event(written(CALLS, "10", "14", 2, 4), 0, 0, "size"); /* it begins within, and ends beyond */
	EXPECT("slice_beyond", "");
	EXPECT("slice_ended", "likely");
}

/* [A, B] was cut from a table (of step 0, or of this step where FRESH), put into one dimension and added to C x D. */
static struct event *
laid_out(int64_t step, int64_t a, int64_t b, int64_t c, int64_t d, bool fresh)
{
	int64_t id = 100 + 10 * step;
	struct event *event;

	if (fresh) {
		add("aten::zeros", 1, step, 0);
		outputs[hand.event_count - 1][0] = tensor("output", id + 9, 10, 10);
	}
	add("aten::slice", 0, step, 4);
	operands[hand.event_count - 1][0] = tensor("self", fresh ? id + 9 : 90, 10, 10);
	operands[hand.event_count - 1][1] = value("dim", "0");
	operands[hand.event_count - 1][2] = value("start", "0");
	operands[hand.event_count - 1][3] = value("end", a == 6 ? "6" : a == 5 ? "5" : "4");
	outputs[hand.event_count - 1][0] = tensor("output", id, a, b);
	add("aten::reshape", 0, step, 1);
	operands[hand.event_count - 1][0] = tensor("self", id, a, b);
	outputs[hand.event_count - 1][0] = tensor("output", id + 1, a * b, -1);
	add("aten::rand", 3, step, 0);
	outputs[hand.event_count - 1][0] = tensor("output", id + 2, c, d);
	add("aten::flatten", 2, step, 1);
	operands[hand.event_count - 1][0] = tensor("self", id + 2, c, d);
	outputs[hand.event_count - 1][0] = tensor("output", id + 3, c * d, -1);
	event = add("aten::add", 3, step, 2);
	operands[hand.event_count - 1][0] = tensor("self", id + 3, c * d, -1);
	operands[hand.event_count - 1][1] = tensor("other", id + 1, a * b, -1);
	return event;
}

static void
test_clipped(void)
{
	for (int fresh = 0; fresh < 2; fresh++) {
		start();
		add("aten::zeros", 1, 0, 0);
		outputs[0][0] = tensor("output", 90, 10, 10);
		for (int i = 0; i < CALLS; i++)
			laid_out(i + 1, 4 + i % 2, 7 + i % 4, 4 + i % 2, 7 + i % 4, fresh);
		ask_event(laid_out(CALLS + 1, 6, 10, 6, 14, fresh), 0, 0, "size");
		EXPECT("clipped", fresh ? "" : "likely"); /* a table that is made in this step has what it was made for */
		if (!fresh)
			CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "other has 60 = 6 x 10 where 84 = 6 x 14 are wanted: the table that it is cut from ends at 10 in dimension 1"));
	}
	start();
	add("aten::zeros", 1, 0, 0);
	outputs[0][0] = tensor("output", 90, 10, 10);
	for (int i = 0; i < CALLS; i++)
		laid_out(i + 1, 4 + i % 2, 10, 4 + i % 2, 10, false); /* always all of it: made for just that */
	ask_event(laid_out(CALLS + 1, 6, 10, 6, 14, false), 0, 0, "size");
	EXPECT("clipped", "");
}

static const int *copied; /* in which order load_state_dict took the three weights of the file; NULL: it had none */

/* A file's three weights, read by one line and taken by another. */
static void
take_weights(void)
{
	for (int i = 0; i < 3; i++) {
		add("aten::set_", 0, 3, 1);
		operands[hand.event_count - 1][0] = tensor("self", 60 + i, 0, -1);
		outputs[hand.event_count - 1][0] = tensor("output", 60 + i, 5 + i, 16);
	}
	for (int i = 0; i < 3; i++) {
		add("aten::copy_", 1, 3, 2);
		operands[hand.event_count - 1][0] = tensor("self", 70 + copied[i], 5 + copied[i], 16);
		operands[hand.event_count - 1][1] = tensor("src", 60 + copied[i], 5 + copied[i], 16);
		outputs[hand.event_count - 1][0] = tensor("output", 70 + copied[i], 5 + copied[i], 16);
	}
}

/* Two parameters of each of SHAPES had gradients; the state was loaded with SAVED. The first state meets the first gradient. */
static void
ask_state(const int64_t shapes[3][2], const int64_t saved[3][2])
{
	struct event *event;

	start();
	if (copied)
		take_weights();
	for (int i = 0; i < 6; i++) {
		add("aten::to", 0, 3, 1);
		operands[hand.event_count - 1][0] = tensor("self", 10 + i, saved[i / 2][0], saved[i / 2][1]);
		outputs[hand.event_count - 1][0] = tensor("output", 20 + i, saved[i / 2][0], saved[i / 2][1]);
	}
	for (int i = 0; i < 3; i++) {
		event = add("aten::detach", 1, 3, 1);
		event->phase = "backward";
		operands[hand.event_count - 1][0] = tensor("self", 30 + i, shapes[i][0], shapes[i][1]);
		outputs[hand.event_count - 1][0] = tensor("output", 40 + i, shapes[i][0], shapes[i][1]);
	}
	event = add("aten::lerp_", 2, 3, 2);
	event->phase = "optimizer";
	operands[hand.event_count - 1][0] = tensor("self", 20, saved[0][0], saved[0][1]);
	operands[hand.event_count - 1][1] = tensor("end", 40, shapes[0][0], shapes[0][1]);
	ask_event(event, 0, 0, "size");
}

static void
test_state(void)
{
	const int64_t shapes[3][2] = { { 32, 16 }, { 50, 16 }, { 2, 16 } }, turned[3][2] = { { 50, 16 }, { 32, 16 }, { 2, 16 } };
	const int64_t other[3][2] = { { 48, 16 }, { 50, 16 }, { 2, 16 } };

	ask_state(shapes, turned);
	EXPECT("optimizer_state", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "in another order than its parameters: the shapes that it was saved with are those of the 3 parameters"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "resize"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make the optimizer over the parameters in the order"));
	EXPECT("loaded_size", "");
	ask_state(shapes, other);
	EXPECT("optimizer_state", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "another shape than its parameter: 48 against 32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "nothing of this parameter's shape"));
}

/* The model's weights in that file tell whether it is the model's modules that are in another order, or the optimizer's parameters alone. */
static void
test_model_order(void)
{
	const int64_t shapes[3][2] = { { 32, 16 }, { 50, 16 }, { 2, 16 } }, turned[3][2] = { { 50, 16 }, { 32, 16 }, { 2, 16 } };
	static const int other[] = { 0, 2, 1 }, same[] = { 0, 1, 2 };

	copied = other;
	ask_state(shapes, turned);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "add the model's modules in one order in every run"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "behind the first 1 comes [6, 16] there, [7, 16] here"));
	copied = same;
	ask_state(shapes, turned);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make the optimizer over the parameters in the order"));
	copied = NULL;
}

/* A line makes SIZE in forward and AGAIN when it is recomputed. */
static void
computed(int64_t step, int64_t size, int64_t again)
{
	add("aten::topk", 0, step, 0);
	outputs[hand.event_count - 1][0] = tensor("values", 100 + 2 * step, size, -1);
	add("aten::topk", 0, step, 0)->phase = "backward";
	outputs[hand.event_count - 1][0] = tensor("values", 101 + 2 * step, again, -1);
}

static void
test_both_times(void)
{
	struct cause_facts facts = { .source = &source };
	struct lineage_step step = { .dim = 0 };

	start();
	for (int i = 0; i < CALLS; i++)
		computed(i, 9 - i % 3, 9 - i % 3);
	computed(CALLS, 8, 7);
	step.event = events[hand.event_count - 1];
	CU_ASSERT_EQUAL(cause_same_both_times(&facts, &step), CALLS - 1); /* the oldest may be in part */
	outputs[2 * 7][0] = tensor("values", 114, 5, -1); /* they differed before, and nothing failed */
	CU_ASSERT_EQUAL(cause_same_both_times(&facts, &step), 0);
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "a piece that comes from elsewhere", test_otherwise);
	CU_add_test(suite, "a layer that was replaced", test_layer_replaced);
	CU_add_test(suite, "joined beside", test_joined_beside);
	CU_add_test(suite, "kept from call to call", test_cached);
	CU_add_test(suite, "joined in calls that agreed, too", test_joined_each_time);
	CU_add_test(suite, "a layer of another width, and what counts the old one", test_layer_resized);
	CU_add_test(suite, "a tied table of another length", test_table_resized);
	CU_add_test(suite, "another line on another way", test_other_way);
	CU_add_test(suite, "a square that isn't one any more", test_square_before);
	CU_add_test(suite, "positions of what was joined", test_joined_positions);
	CU_add_test(suite, "the step in which something begins", test_began);
	CU_add_test(suite, "a line that converts otherwise on another way", test_converted_otherwise);
	CU_add_test(suite, "dimensions in another order", test_axes);
	CU_add_test(suite, "slices beyond the end", test_beyond);
	CU_add_test(suite, "tables that end before", test_clipped);
	CU_add_test(suite, "a state in another order", test_state);
	CU_add_test(suite, "whose order it is", test_model_order);
	CU_add_test(suite, "alike both times before", test_both_times);
}

int
main(void)
{
	return run_suite("what came to a line", fill);
}
