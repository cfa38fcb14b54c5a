/* links: schema viewer */
/* Causes that lie in the program's own lines: sizes made side by side, batches of two steps joined, dtypes of values, scores of rows, tokens without a
 * row, what was emptied, an optimizer of another epoch. Each holds once, and once it doesn't. */
#include "causes_events.h"

static struct cause_facts facts;
static struct mismatch differs;
static json_t *reach, *variables; /* the numbers by name, the frames with theirs */

/* Asks about EVENT, whose operand 0 has DIM in dispute with operand 1's; in CALLS_BEFORE they agreed, from SMALLEST to LARGEST. */
static void
ask_sized(struct event *event, int dim, int64_t calls_before, int64_t smallest, int64_t largest)
{
	differs = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = dim, .against_dim = dim, .has_expected = true, .has_actual = true,
				     .expected = event->operands[1].sizes[dim], .actual = event->operands[0].sizes[dim] };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = calls_before, .agreed = calls_before,
				      .step = event->step };
	event->status = "failed";
	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, dim, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = dim, .size = event->operands[i].sizes[dim], .calls = calls_before, .smallest = smallest, .largest = largest,
						      .lineage = stories[i].count ? &stories[i] : NULL };
	}
	facts.numbers = reach;
	facts.frames = variables;
	json_decref(causes);
	causes = causes_build(&facts);
}

/* Two tensors of ONE and OTHER rows, made at lines of SITE and OTHERS_SITE in STEP and OTHERS_STEP, meet in OPERATION. */
static struct event *
two(int64_t one, int64_t other, int site, int others_site, int64_t step, int64_t others_step, const char *operation)
{
	struct event *event;
	int n;

	start();
	add("aten::lift_fresh", site, step, 1);
	operands[0][0] = tensor("self", 1, one, -1);
	outputs[0][0] = tensor("output", 2, one, -1);
	add("aten::zeros", others_site, others_step, 1);
	operands[1][0] = value("size", "[9]");
	outputs[1][0] = tensor("output", 4, other, -1);
	event = add(operation, 0, 9, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("self", 2, one, -1);
	operands[n][1] = tensor("other", 4, other, -1);
	return event;
}

static void
test_beside(void)
{
	ask_sized(two(15, 16, 2, 3, 9, 9, "aten::mul"), 0, 200, 4, 14); /* sites 2 and 3: two lines of forward */
	EXPECT("made_beside", "likely");
	EXPECT("two_ways", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "part where the program makes them, in forward: 15 by"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "the longer of the two, 16"));
	ask_sized(two(15, 16, 2, 2, 9, 9, "aten::mul"), 0, 200, 4, 14);
	EXPECT("made_beside", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "16 by the same line"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "what each of the two is counted from in forward"));
	ask_sized(two(15, 16, 1, 2, 9, 9, "aten::mul"), 0, 200, 4, 14); /* two functions */
	EXPECT("made_beside", "");
	ask_sized(two(15, 16, 2, 3, 9, 9, "aten::mul"), 0, 200, 8, 8); /* always one number: no lengths */
	EXPECT("made_beside", "");
	ask_sized(two(15, 16, 2, 3, 9, 9, "aten::mul"), 0, 3, 4, 14); /* chance */
	EXPECT("made_beside", "");
}

/* One of them was cut at a limit that nothing came to before. */
static void
test_beside_limit(void)
{
	reach = number("cfg['max_length']", 48);
	ask_sized(two(47, 48, 2, 3, 9, 9, "aten::mul"), 0, 200, 4, 39);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "48 is cfg['max_length'], which none of them came to: there the one was cut, and the other to 1 less"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "cut both to one length"));
	ask_sized(two(49, 48, 2, 3, 9, 9, "aten::mul"), 0, 200, 4, 39);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "there the one was cut, and the other to 1 more, or not at all"));
	ask_sized(two(70, 48, 2, 3, 9, 9, "aten::mul"), 0, 200, 4, 39);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "there the one was cut, and the other wasn't"));
	ask_sized(two(47, 48, 2, 3, 9, 9, "aten::mul"), 0, 200, 4, 60); /* longer ones passed */
	EXPECT("made_beside", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "max_length"));
	json_decref(reach);
	reach = number("cfg['width']", 48);
	ask_sized(two(47, 48, 2, 3, 9, 9, "aten::mul"), 0, 200, 4, 39); /* no limit */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "width"));
	json_decref(reach);
	reach = NULL;
}

/* Both came in from lists: one that is a few longer than the limit was cut, too. */
static void
test_cut_apart(void)
{
	struct event *event;

	reach = number("cfg['max_length']", 32);
	for (int i = 0; i < 2; i++) {
		event = two(i ? 47 : 33, 32, 2, 3, 9, 9, "aten::mul");
		events[1].operation = "aten::lift_fresh";
		ask_sized(event, 0, 200, 4, 29);
		EXPECT("cut_one_side", i ? "likely" : "");
		EXPECT("made_beside", i ? "" : "likely");
	}
	ask_sized(event, 0, 3, 4, 29); /* nothing is known of their lengths */
	EXPECT("cut_one_side", "likely");
	event = two(33, 32, 2, 3, 9, 9, "aten::mul");
	events[1].operation = "aten::lift_fresh";
	ask_sized(event, 0, 3, 4, 29);
	EXPECT("cut_one_side", "likely");
	json_decref(reach);
	reach = NULL;
}

/* OPERATION joins along dimension 0 what two batches of ROWS gave, of lengths ONE and OTHER, each of which came in as LEAD x its length. */
static struct event *
collected(int64_t rows, int64_t lead, int64_t one, int64_t other, const char *operation)
{
	struct event *event;
	int n;

	start();
	for (int i = 0; i < 2; i++) {
		add("aten::lift_fresh", 2, 9, 1);
		operands[2 * i][0] = tensor("self", 1 + 10 * i, lead, i ? other : one);
		outputs[2 * i][0] = tensor("output", 2 + 10 * i, lead, i ? other : one);
		add("aten::relu", 3, 9, 1);
		operands[2 * i + 1][0] = outputs[2 * i][0];
		outputs[2 * i + 1][0] = tensor("output", 3 + 10 * i, rows, i ? other : one);
	}
	event = add(operation, 0, 9, 3);
	n = hand.event_count - 1;
	operands[n][0] = tensor("tensors[0]", 13, rows, other);
	operands[n][1] = tensor("tensors[1]", 3, rows, one);
	operands[n][2] = value("dim", "0");
	return event;
}

static void
test_collected(void)
{
	ask_sized(collected(8, 8, 27, 28, "aten::cat"), 1, 0, 0, 0);
	EXPECT("collected_batches", "likely");
	EXPECT("ragged_list", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "each batch has a length of its own"));
	variables = json_pack("[{s:[{s:s, s:[{s:i, s:[i,i]}, {s:i, s:[i,i]}]}]}]", "locals", "name", "labels", "items", "tensor", 70, "shape", 8, 28, "tensor", 71, "shape", 8, 27);
	ask_sized(collected(8, 8, 27, 28, "aten::cat"), 1, 0, 0, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_object_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text")), "28 + 27; labels is the same"));
	json_decref(variables);
	variables = NULL;
	ask_sized(collected(1, 1, 27, 28, "aten::cat"), 1, 0, 0, 0); /* samples, not batches */
	EXPECT("collected_batches", "");
	ask_sized(collected(8, 4, 27, 28, "aten::cat"), 1, 0, 0, 0); /* it came in otherwise */
	EXPECT("collected_batches", "");
	ask_sized(collected(8, 8, 27, 28, "aten::stack"), 1, 0, 0, 0);
	EXPECT("collected_batches", "");
}

/* What two batches of ROWS gave is joined, [rows, length, WIDTH (0: length)], made by MAKER of what came in as ROWS x its length; the one was joined with as many before (MORE). */
static struct event *
collected_maps(int64_t rows, int64_t width, const char *maker, bool more)
{
	static int64_t shapes[8][3];
	struct event *event;
	int n;

	start();
	for (int i = 0; i < 2; i++) {
		int64_t length = i ? 28 : 27;

		memcpy(shapes[i], (int64_t[]){ rows, length, width ? width : length }, sizeof(shapes[i]));
		add("aten::lift_fresh", 2, 9, 1);
		operands[3 * i][0] = tensor("self", 1 + 10 * i, rows, length);
		outputs[3 * i][0] = tensor("output", 2 + 10 * i, rows, length);
		add("aten::unsqueeze", 2, 9, 2);
		operands[3 * i + 1][0] = outputs[3 * i][0];
		operands[3 * i + 1][1] = value("dim", "2");
		outputs[3 * i + 1][0] = tensor("output", 3 + 10 * i, rows, length);
		outputs[3 * i + 1][0].ndim = 3;
		outputs[3 * i + 1][0].sizes = (int64_t *)memcpy(shapes[2 + i], (int64_t[]){ rows, length, 1 }, sizeof(shapes[0]));
		add(maker, 3, 9, 1);
		operands[3 * i + 2][0] = outputs[3 * i + 1][0];
		outputs[3 * i + 2][0] = tensor("output", 4 + 10 * i, rows, length);
		outputs[3 * i + 2][0].ndim = 3;
		outputs[3 * i + 2][0].sizes = shapes[i];
	}
	n = hand.event_count;
	if (more) {
		add("aten::cat", 0, 9, 3);
		operands[n][0] = operands[n][1] = outputs[5][0];
		operands[n][2] = value("dim", "0");
		outputs[n][0] = outputs[5][0];
		outputs[n][0].tensor = 30;
		outputs[n][0].sizes = (int64_t *)memcpy(shapes[4], (int64_t[]){ 2 * rows, 28, width ? width : 28 }, sizeof(shapes[0]));
		n++;
	}
	event = add("aten::cat", 0, 9, 3);
	operands[n][0] = outputs[more ? n - 1 : 5][0];
	operands[n][0].name = "tensors[0]";
	operands[n][1] = outputs[2][0];
	operands[n][1].name = "tensors[1]";
	operands[n][2] = value("dim", "0");
	return event;
}

static void
test_attentions(void)
{
	for (int more = 0; more < 2; more++) {
		ask_sized(collected_maps(8, 0, "aten::softmax", more), 1, 0, 0, 0);
		EXPECT("collected_batches", "likely");
		EXPECT("kept_from_before", "");
		CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "attention weights of several batches are joined"));
		CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "dimensions 1 and 2 are 27 in the one, 28 in the other"));
		CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "output_attentions=False"));
	}
	ask_sized(collected_maps(8, 5, "aten::softmax", false), 1, 0, 0, 0); /* not square: scores */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "what several batches gave is joined"));
	ask_sized(collected_maps(8, 0, "aten::relu", false), 1, 0, 0, 0); /* no softmax */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "attention"));
	ask_sized(collected_maps(1, 0, "aten::softmax", false), 1, 0, 0, 0); /* samples */
	EXPECT("collected_batches", "");
}

static void
test_batches(void)
{
	struct event *event = two(29, 40, 2, 2, 0, 9, "aten::cat");

	events[0].operation = "aten::zeros";
	ask_sized(event, 0, 0, 0, 0);
	EXPECT("other_batch", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "has 29, made in step 0"));
	event = two(29, 40, 2, 2, 9, 9, "aten::cat"); /* of one step */
	events[0].operation = "aten::zeros";
	ask_sized(event, 0, 0, 0, 0);
	EXPECT("other_batch", "");
}

/* CALLS_BEFORE calls of a line that made float32, and one that makes DTYPE, which a loss is given. */
static void
ask_dtype(int calls_before, const char *dtype, const char *operation)
{
	struct event *event;
	int n;

	start();
	for (int i = 0; i <= calls_before; i++) {
		add(operation, 2, i, 1);
		operands[i][0] = tensor("self", 100 + 2 * i, 4, -1);
		outputs[i][0] = tensor("output", 101 + 2 * i, 4, -1);
		outputs[i][0].dtype = operands[i][0].dtype = i < calls_before ? "float32" : dtype;
	}
	event = add("aten::huber_loss_backward", 3, calls_before, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("self", 1, 4, -1);
	operands[n][1] = tensor("target", 101 + 2 * calls_before, 4, -1);
	operands[n][1].dtype = dtype;
	event->status = "failed";
	facts = (struct cause_facts){ .event = event, .message = "Found dtype Long but expected Float", .source = &source, .last_call = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_dtype(void)
{
	ask_dtype(CALLS, "int64", "aten::lift_fresh");
	EXPECT("dtype_by_values", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "target is int64, and was float32 in all 12 earlier calls"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "dtype=torch.float32"));
	ask_dtype(CALLS, "float32", "aten::lift_fresh"); /* as ever */
	EXPECT("dtype_by_values", "");
	ask_dtype(2, "int64", "aten::lift_fresh");
	EXPECT("dtype_by_values", "");
	ask_dtype(CALLS, "int64", "aten::argmax"); /* no plain values */
	EXPECT("dtype_by_values", "");
}

/* A label 4 for 4 classes that VIEW made of a column. */
static void
ask_choices(const char *view)
{
	static struct mismatch outside;
	struct event *event;

	start();
	add(view, 2, 1, 1);
	operands[0][0] = tensor("self", 1, 16, 1);
	outputs[0][0] = tensor("output", 2, 4, 4);
	event = add("aten::cross_entropy_loss", 3, 1, 2);
	operands[1][0] = tensor("self", 2, 4, 4);
	operands[1][1] = tensor("target", 3, 4, -1);
	operands[1][1].dtype = "int64";
	event->status = "failed";
	outside = (struct mismatch){ .property = "index", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 4, .actual = 4,
				     .text = "target holds the label 4" };
	facts = (struct cause_facts){ .event = event, .mismatch = &outside, .message = "Target 4 is out of bounds.", .source = &source, .last_call = -1, .calls = 9, .agreed = 9 };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_choices(void)
{
	ask_choices("aten::view");
	EXPECT("labels_outside_classes", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the 4 classes are rows of this batch, no outputs of a head: 16 scores"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "build the head"));
	ask_choices("aten::linear");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "build the head for 5 classes"));
}

static void
test_token(void)
{
	const struct operand table[] = { TENSOR("weight", 1, 120, 16), INDEX("indices", 2, 4, 24) };
	const struct event event = EVENT("aten::embedding", table);

	start();
	count_values(2, "{\"elements\":96,\"min\":3,\"max\":120,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":30}");
	ask(&event, "index out of range in self", NULL, number("tokenizer.pad_token_id", 120));
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "120 is tokenizer.pad_token_id: that token has no row"));
	ask(&event, "index out of range in self", NULL, number("tokenizer.pad_token_id", 119));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "that token has no row"));
	count_values(0, NULL);
}

/* The optimizer's check of groups, the checkpoint being of epoch 4 and this run in EPOCH. */
static void
ask_groups(int epoch)
{
	ask(NULL, "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
	    json_pack("[{s:[{s:s, s:s, s:i}]}]", "locals", "name", "start_epoch", "kind", "int", "value", epoch),
	    json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "len(optimizer.param_groups)", "value", 3, "name", "checkpoint['epoch']", "value", 4,
		      "name", "len(checkpoint['optimizer']['param_groups'])", "value", 3));
}

static void
test_groups(void)
{
	start();
	ask_groups(0);
	EXPECT("optimizer_groups", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "3 groups in both, one of them with more or fewer parameters"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it was saved in another epoch (checkpoint['epoch'] = 4) than this optimizer was made for"));
	ask_groups(4);
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "another epoch"));
	ask(NULL, "loaded state dict contains a parameter group that doesn't match the size of optimizer's group", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "other groups, or another number in a group"));
}

/* A view of what OPERATION (a slice from START to END) left of 3. */
static void
ask_empty(const char *operation, const char *start_at, const char *end_at, int64_t left)
{
	struct event *event;

	start();
	add("aten::lift_fresh", 0, 1, 1);
	operands[0][0] = tensor("self", 1, 1, 3);
	outputs[0][0] = tensor("output", 2, 1, 3);
	add(operation, 1, 1, 4);
	operands[1][0] = tensor("self", 2, 1, 3);
	operands[1][1] = value("dim", "1");
	operands[1][2] = value("start", start_at);
	operands[1][3] = value("end", end_at);
	outputs[1][0] = tensor("output", 3, 1, left);
	event = add("aten::argmax", 2, 1, 1);
	operands[2][0] = tensor("self", 3, 1, left);
	event->status = "failed";
	facts = (struct cause_facts){ .event = event, .message = "Expected reduction dim 1 to have non-zero size", .source = &source, .last_call = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_emptied(void)
{
	ask_empty("aten::slice", "15", "9223372036854775807", 0);
	EXPECT("emptied", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "begins at 15 and there are 3 only"));
	ask_empty("aten::slice", "1", "9223372036854775807", 2); /* there is something */
	EXPECT("emptied", "");
	ask_empty("aten::slice", "2", "1", 0); /* turned round: 2 + 1 would be within the 3 */
	EXPECT("emptied", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "ends at 1, before it begins at 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "if 1 is a size and no end, it ends at 2 + 1"));
	ask_empty("aten::slice", "2", "2", 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "ends where it begins, at 2"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "is a size and no end")); /* 4 would be beyond */
	ask_empty("aten::lift_fresh", "0", "3", 0); /* nothing tells where it went */
	EXPECT("emptied", "");
}

/* A layer of 128 is given 80; NAME is called what is 80, config.hidden_size is 128. */
static void
ask_names(const char *name)
{
	const struct operand pair[] = { TENSOR("input", 1, 4, 80), TENSOR("weight", 2, 16, 128) };
	const struct event event = EVENT("aten::linear", pair);

	ask(&event, "", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", name, "value", 80, "name", "config.hidden_size", "value", 128));
}

static void
test_names(void)
{
	start();
	ask_names("extractor.feature_size");
	EXPECT("layer_width", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "extractor.feature_size is 80, config.hidden_size is 128"));
	ask_names("config.hidden_size"); /* the name is both: it tells nothing */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "config.hidden_size is 128"));
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "attention weights of several batches", test_attentions);
	CU_add_test(suite, "made side by side", test_beside);
	CU_add_test(suite, "made side by side, one of them cut", test_beside_limit);
	CU_add_test(suite, "two lists that were cut, one to a few more", test_cut_apart);
	CU_add_test(suite, "what several batches gave", test_collected);
	CU_add_test(suite, "batches of two steps", test_batches);
	CU_add_test(suite, "a dtype of values", test_dtype);
	CU_add_test(suite, "scores of rows", test_choices);
	CU_add_test(suite, "a token without a row", test_token);
	CU_add_test(suite, "a width on both sides by name", test_names);
	CU_add_test(suite, "what was emptied", test_emptied);
	CU_add_test(suite, "an optimizer of another epoch", test_groups);
}

int
main(void)
{
	return run_suite("causes beside", fill);
}
