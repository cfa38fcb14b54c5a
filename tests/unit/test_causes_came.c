/* links: schema viewer */
/* Causes that rest on what a line was given before: pieces that come from elsewhere, dimensions in another order, slices beyond the end, tables that
 * end, a state in another order. */
#include "causes_asked.h"
#include "viewer/analysis/history_kind.h"
#include "viewer/analysis/otherwise.h"
#include "viewer/analysis/where.h"

#define CALLS 12
#define EVENTS_MOST 200

static struct operand operands[EVENTS_MOST][4], outputs[EVENTS_MOST][1];
static int64_t sizes[EVENTS_MOST * 5][4];
static int sizes_used;
static struct event events[EVENTS_MOST];
static const struct frame frames[] = {
	{ "/p/train.py", "encode", 10, 0 }, { "/p/train.py", "absent", 20, 0 }, { "/p/train.py", "forward", 30, 0 }, { "/p/train.py", "forward", 31, 0 },
};
static const struct site sites[] = { { 0, 1, 1, 0, &frames[0] }, { 1, 1, 1, 0, &frames[1] }, { 2, 1, 1, 0, &frames[2] }, { 3, 1, 1, 0, &frames[3] } };
static struct hand hand = { .events = events, .sites = sites, .site_count = 4 };
static struct source source;

static struct operand
tensor(const char *name, int64_t identity, int64_t a, int64_t b)
{
	sizes[sizes_used][0] = a;
	sizes[sizes_used][1] = b;
	return (struct operand){ .name = name, .kind = "tensor", .item = -1, .ndim = b < 0 ? 1 : 2, .sizes = sizes[sizes_used++], .dtype = "float32", .device = "cpu",
				 .layout = "strided", .tensor = identity };
}

static struct operand
value(const char *name, const char *is)
{
	return (struct operand){ .name = name, .kind = "int", .value = is, .item = -1, .ndim = -1, .tensor = -1 };
}

/* The next event: OPERATION at SITE in STEP, of COUNT operands (operands[its number]) and one output. */
static struct event *
add(const char *operation, int site, int64_t step, int count)
{
	int n = hand.event_count++;

	events[n] = (struct event){ .id = n + 1, .parent = -1, .scope = -1, .site = site, .sequence = -1, .operation = operation, .overload = "", .phase = "forward",
				    .status = "ok", .step = step, .operand_count = count, .operands = operands[n], .output_count = 1, .outputs = outputs[n] };
	return &events[n];
}

static void
start(void)
{
	hand.event_count = sizes_used = 0;
	forget();
}

/* Asks about EVENT, whose operand 0 has DIM in dispute with operand 1's OTHER_DIM, after CALLS calls in which they agreed. */
static void
ask_event(struct event *event, int dim, int other_dim, const char *property)
{
	static struct news news[2];
	struct mismatch differs = { .property = property, .operand = 0, .against = 1, .dim = dim, .against_dim = other_dim, .has_expected = true, .has_actual = true,
				    .expected = event->operands[1].sizes[other_dim], .actual = event->operands[0].sizes[dim] };
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = CALLS, .agreed = CALLS,
				     .step = event->step };

	event->status = "failed";
	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		int d = i ? other_dim : dim;

		lineage_walk(&source, 0, event, i, d, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = d, .size = event->operands[i].sizes[d], .calls = CALLS, .smallest = 1, .largest = 1000,
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

/* Two parameters of each of SHAPES had gradients; the state was loaded with SAVED. The first state meets the first gradient. */
static void
ask_state(const int64_t shapes[3][2], const int64_t saved[3][2])
{
	struct event *event;

	start();
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
	EXPECT("loaded_size", "");
	ask_state(shapes, other);
	EXPECT("optimizer_state", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "another shape than its parameter: 48 against 32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "nothing of this parameter's shape"));
}

/* The mask selects COUNTS in its rows; features of IMAGES pieces of 4 are put there. */
static void
ask_places(const char *counted, int64_t selected, int images)
{
	struct operand pieces[4], list[3] = { TENSOR("self", 5, 2, 40, 8), MASK("mask", 6, 2, 40), TENSOR("source", 7, 4 * images, 8) };
	const struct operand joined[] = { TENSOR("output", 7, 4 * images, 8) };
	char message[200], summary[100];
	struct event event = EVENT("aten::index_put_", list);

	list[1].name = "indices[0]";
	list[2].name = "values";
	text_format(message, sizeof(message), "shape mismatch: value tensor of shape [%d, 8] cannot be broadcast to indexing result of shape [%d, 8]", 4 * images, (int)selected);
	text_format(summary, sizeof(summary), "{\"elements\":80,\"true\":%d,\"rows\":%s}", (int)selected, counted);
	start();
	for (int i = 0; i < images; i++)
		pieces[i] = tensor("tensors[0]", 8, 4, 8);
	add_step(0, 90, "aten::cat", pieces, images, 0, 4 * images);
	stories[0].steps[0].event.outputs = joined;
	count_values(6, summary);
	ask(&event, message, NULL, NULL);
	count_values(0, NULL);
}

static void
test_whole_images(void)
{
	ask_places("[4, 8]", 12, 2);
	EXPECT("placeholders_differ", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "placeholders for 3 images (12 of 4 each) and features of 2 (8): 1 whole image too many in the text"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "sequence 1 has places for 2"));
	ask_places("[4, 0]", 4, 2); /* one whole image has no place: not cut */
	EXPECT("placeholders_cut", "");
	EXPECT("placeholders_differ", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "1 whole image too few in the text"));
	ask_places("[8, 8]", 16, 2); /* each has twice as many: counted differently, for all that is known */
	EXPECT("placeholders_differ", "possible");
	ask_places("[4, 7]", 11, 2); /* cut within an image, or counted differently */
	EXPECT("placeholders_differ", "possible");
}

static void
test_index(void)
{
	const struct operand look[] = { TENSOR("self", 1, 8, 8), INDEX("indices[0]", 2, 5) };
	const struct event event = EVENT("aten::index", look);

	start();
	count_values(2, "{\"elements\":5,\"min\":0,\"max\":8,\"negative\":0,\"zero\":1,\"ignored\":0,\"distinct\":3,\"sorted\":false}");
	ask(&event, "index 8 is out of bounds for dimension 0 with size 8", NULL, number("len(data.index)", 9));
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "counts from 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make dimension 0 of self 9 long or more"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "9 would fit: that is len(data.index)"));
	count_values(2, "{\"elements\":5,\"min\":1,\"max\":8,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":3,\"sorted\":false}");
	ask(&event, "index 8 is out of bounds for dimension 0 with size 8", NULL, number("len(data.index)", 7));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "if it counts from 1, subtract 1"));
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "would fit"));
	count_values(0, NULL);
}

/* What the failing operand was before, where its dtype disagrees. */
static void
test_kind(void)
{
	struct mismatch differs = { .property = "dtype", .operand = 0, .against = 1 };
	struct text text = {{0}, 0};
	struct event *event;

	start();
	for (int i = 0; i < CALLS + 1; i++) {
		event = add("aten::mul", 3, i, 2);
		operands[i][0] = tensor("self", 100 + i, 4, -1);
		operands[i][1] = tensor("other", 91, 4, -1);
	}
	history_add_kind(&source, 0, event, &differs, CALLS, &text);
	CU_ASSERT_STRING_EQUAL(text.data, ""); /* both as ever */
	operands[CALLS][0].dtype = "float64";
	history_add_kind(&source, 0, event, &differs, CALLS, &text);
	CU_ASSERT_STRING_EQUAL(text.data, ": self was float32 every time");
	operands[2][0].dtype = "float16";
	text = (struct text){{0}, 0};
	history_add_kind(&source, 0, event, &differs, CALLS, &text);
	CU_ASSERT_STRING_EQUAL(text.data, ""); /* it varied */
}

static json_t *
frame(const char *file, int line)
{
	return json_pack("{s:s, s:i, s:s}", "file", file, "line", line, "function", "f");
}

/* The program's own line beside an installed package's. */
static void
test_caller(void)
{
	json_t *frames = json_pack("[o, o, o]", frame("/v/site-packages/torch/nn/functional.py", 3), frame("/v/site-packages/transformers/models/llava.py", 7),
				   frame("/p/train.py", 12));

	CU_ASSERT_STRING_EQUAL(text_get(where_caller(frames), "file"), "/p/train.py");
	json_array_remove(frames, 1); /* then that line is the one that is told */
	CU_ASSERT_PTR_NULL(where_caller(frames));
	json_decref(frames);
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "a piece that comes from elsewhere", test_otherwise);
	CU_add_test(suite, "dimensions in another order", test_axes);
	CU_add_test(suite, "slices beyond the end", test_beyond);
	CU_add_test(suite, "tables that end before", test_clipped);
	CU_add_test(suite, "a state in another order", test_state);
	CU_add_test(suite, "indices that count from 0", test_index);
	CU_add_test(suite, "what a dtype was before", test_kind);
	CU_add_test(suite, "who called a package", test_caller);
	CU_add_test(suite, "whole images too many or too few", test_whole_images);
}

int
main(void)
{
	return run_suite("what came to a line", fill);
}
