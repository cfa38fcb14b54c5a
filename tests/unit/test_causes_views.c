/* links: schema viewer */
/* A division that leaves a rest, a batch in the wrong place, samples of several parts, markers of a text that wasn't cut, what takes every n-th. */
#include <stdio.h>
#include <unistd.h>

#include "causes_events.h"

static char path[] = "/tmp/shapebox-views-XXXXXX.py";
static const char program[] =
	"def to_patches(frames, w, h):\n"
	"    grid_h, grid_w = h // PATCH, w // PATCH\n"
	"    x = frames.reshape(3, grid_h // MERGE, MERGE, PATCH, grid_w // MERGE, MERGE, PATCH)\n" /* 3 */
	"    y = frames.reshape(3, w // MERGE, -1)\n" /* 4 */
	"MAX_LABELS = 40\n"
	"def is_short_enough(tokens):\n"
	"    # len(tokens) <= MAX_LABELS\n"
	"    return len(tokens) <= MAX_LABELS\n" /* 8 */
	"def collate(rows):\n"
	"    return pad_sequence([torch.tensor(r) for r in rows])\n" /* 10 */
	"def to_blocks(frames, w, h):\n"
	"    block_shape = (3, h // PATCH, PATCH, w // MERGE, MERGE)\n"
	"    other = w // PATCH\n"
	"    return frames.reshape(block_shape)\n"; /* 14 */
static struct cause_facts facts;
static struct mismatch differs;

/* The view of LINE of frames [3, 48, WIDTH]. */
static void
ask_floor(int line_number, int64_t width, int grid)
{
	const struct operand viewed[] = { TENSOR("self", 1, 3, 48, width), VALUE("shape", "int[]", "[3,3,2,8,1,2,8]") };
	struct event event = EVENT("aten::reshape", viewed);
	json_t *frames_of = json_pack("[{s:s, s:i, s:s, s:[{s:s, s:s, s:i}, {s:s, s:s, s:I}, {s:s, s:s, s:i}, {s:s, s:s, s:i}]}]", "file", path, "line", line_number, "function", "to_patches",
				      "locals", "name", "h", "kind", "int", "value", 48, "name", "w", "kind", "int", "value", (json_int_t)width, "name", "grid_h", "kind", "int",
				      "value", 6, "name", "grid_w", "kind", "int", "value", grid);
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 1, "numbers", "name", "PATCH", "value", 8, "name", "MERGE", "value", 2);

	struct code_statement statements[20];
	struct condition_scope scope = { .locals = json_object_get(json_array_get(frames_of, 0), "locals"), .reach = numbers, .statements = statements };
	struct code code;

	CU_ASSERT_TRUE_FATAL(code_open(&code, path, 0));
	scope.count = code_statements(&code, line_number, statements, 20);
	code_close(&code);
	start();
	differs = (struct mismatch){ .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 3 * 48 * width,
				     .actual = 2304 };
	facts = (struct cause_facts){ .event = &event, .mismatch = &differs, .message = "", .source = &source, .frames = frames_of, .numbers = numbers, .scope = &scope, .last_call = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(frames_of);
	json_decref(numbers);
}

static void
test_floor(void)
{
	ask_floor(3, 24, 3);
	EXPECT("floor_rest", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "`grid_w // MERGE` is 3 // 2 and leaves 1: w = 24 is no multiple of 8 x 2 = 16"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "round to multiples of 16 where the 24 is made (16 or 32)"));
	ask_floor(4, 25, 3); /* the number itself */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "`w // MERGE` is 25 // 2 and leaves 1: self has 25, no multiple of 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "to a multiple of MERGE = 2 (24 or 26)"));
	ask_floor(14, 25, 3); /* by what the statement's name was set to */
	EXPECT("floor_rest", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "`w // MERGE` is 25 // 2 and leaves 1: self has 25, no multiple of 2"));
	ask_floor(14, 26, 3); /* 26 // PATCH leaves a rest, and isn't of this view */
	EXPECT("floor_rest", "");
	ask_floor(3, 32, 4); /* nothing is left */
	EXPECT("floor_rest", "");
	ask_floor(3, 100, 3); /* nobody's size */
	EXPECT("floor_rest", "");
}

/* What the file of line 10 says of a limit of BOUND, where something has MOST. */
static bool
ask_checked(int64_t bound, int64_t most, struct cause *out)
{
	const struct frame made[] = { { .file = path, .function = "collate", .line = 10 } };
	const struct site at[] = { { .id = 60, .frame_count = 1, .frames = made } };
	struct hand mine = { .sites = at, .site_count = 1 };
	struct source from = hand_source(&mine);
	struct cause_facts asked = { .source = &from };
	const struct lineage_step step = { .event = { .id = 3, .site = 60, .operation = "aten::lift_fresh" } };

	*out = (struct cause){ .confidence = NULL };
	return cause_add_checked_before(&asked, &step, bound, most, out);
}

static void
test_checked(void)
{
	struct cause out;

	CU_ASSERT_TRUE(ask_checked(40, 42, &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, "the program holds its data to MAX_LABELS = 40"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, ":8: `return len(tokens) <= MAX_LABELS`"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, "2 more"));
	CU_ASSERT_FALSE(ask_checked(41, 43, &out)); /* another number */
	CU_ASSERT_FALSE(ask_checked(40, 90, &out)); /* more than marks */
	CU_ASSERT_FALSE(ask_checked(40, 40, &out));
}

/* The width of the layer of path MODULE. */
static const json_t *
ask_width(const char *module, const char *number_name)
{
	static json_t *numbers;
	struct cause_facts asked = { .numbers = NULL };

	json_decref(numbers);
	numbers = number(number_name, 24);
	asked.numbers = numbers;
	return cause_width_of_path(&asked, module, 24);
}

static void
test_width(void)
{
	CU_ASSERT_PTR_NOT_NULL(ask_width("model.projector.fc1.weight", "cfg['projector']['in_dim']"));
	CU_ASSERT_PTR_NULL(ask_width("model.projector.fc1.weight", "cfg['vision']['in_dim']"));
	CU_ASSERT_PTR_NULL(ask_width("model.projector.fc1.weight", "cfg['projector']['layers']")); /* no width */
	CU_ASSERT_PTR_NULL(ask_width("model.weight", "model.config.hidden_size")); /* what all share says nothing */
}

/* CALLS batches of BEFORE samples [3, 22], and one of NOW, are expanded to three. */
static void
ask_square(int64_t before, int64_t now)
{
	struct event *event = NULL;
	int n = 0;

	start();
	for (int i = 0; i <= CALLS; i++) {
		int64_t pieces = i < CALLS ? before : now;

		event = add("aten::stack", 2, i, (int)pieces);
		n = hand.event_count - 1;
		for (int k = 0; k < pieces; k++) {
			operands[n][k] = tensor("tensors[]", 1000 + i * 8 + k, 3, 22);
			operands[n][k].item = k;
		}
		outputs[n][0] = (struct operand){ .name = "output", .kind = "tensor", .item = -1, .ndim = 3, .sizes = sizes[sizes_used], .dtype = "int64", .device = "cpu",
						  .layout = "strided", .tensor = 100 + i };
		memcpy(sizes[sizes_used++], (int64_t[]){ pieces, 3, 22, 0 }, sizeof(sizes[0]));
	}
	event = add("aten::expand", 3, CALLS, 2);
	operands[hand.event_count - 1][0] = outputs[n][0];
	operands[hand.event_count - 1][0].name = "self";
	operands[hand.event_count - 1][1] = value("size", "[3,-1,-1]");
	event->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 3, .actual = now };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = CALLS, .calls = CALLS, .agreed = CALLS };
	lineage_walk(&source, 0, event, 0, 0, LINEAGE_SIZE, &stories[0]);
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 0, .size = now, .lineage = &stories[0], .calls = CALLS, .smallest = before, .largest = before };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = 3 };
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_square(void)
{
	ask_square(3, 2);
	EXPECT("square_batch", "likely");
	EXPECT("table_exceeded", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the 3 that is wanted in dimension 0 of self stands in its dimension 1; its dimension 0 is the batch, which was 3 as well"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "torch.stack(..., dim=1)"));
	ask_square(4, 2); /* the batch was another number: it isn't what hid it */
	EXPECT("square_batch", "");
}

/* Two samples of ONE and OTHER parts (stacked at sites 0 and OTHERS) are stacked. */
static void
ask_parts(int64_t one, int64_t other, int others)
{
	struct event *event;
	int n;

	start();
	for (int i = 0; i < 2; i++) {
		int64_t parts = i ? other : one;

		add("aten::stack", i ? others : 0, 9, (int)parts);
		n = hand.event_count - 1;
		for (int k = 0; k < parts; k++) {
			operands[n][k] = tensor("tensors[]", 1000 + i * 8 + k, 16, -1);
			operands[n][k].item = k;
		}
		outputs[n][0] = tensor("output", 2 + i, parts, 16);
	}
	event = add("aten::stack", 3, 9, 2);
	n = hand.event_count - 1;
	for (int i = 0; i < 2; i++) {
		operands[n][i] = tensor(i ? "tensors[1]" : "tensors[0]", 2 + i, i ? other : one, 16);
		operands[n][i].item = i;
	}
	event->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = one, .actual = other };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .twins = true };
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, !i, 0, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = !i, .dim = 0, .size = i ? one : other, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_parts(void)
{
	ask_parts(3, 4, 0);
	EXPECT("parts_differ", "likely");
	EXPECT("ragged_list", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "number 1 (tensors[1]) is of 4 parts, others of 3"));
	ask_parts(3, 4, 1); /* of two lines */
	EXPECT("parts_differ", "");
}

/* Lists are stacked by two lines (sites 2 and OTHERS), of four each in CALLS batches; now of A and B. */
static void
ask_lists(int64_t a, int64_t b, int others)
{
	struct event *event;
	int n = 0;

	start();
	for (int i = 0; i <= CALLS; i++)
		for (int side = 0; side < 2; side++) {
			int64_t pieces = i < CALLS ? 4 : side ? b : a;

			add("aten::stack", side ? others : 2, i, (int)pieces);
			n = hand.event_count - 1;
			for (int k = 0; k < pieces; k++) {
				operands[n][k] = tensor("tensors[]", 1000 + (2 * i + side) * 8 + k, 16, -1);
				operands[n][k].item = k;
			}
			outputs[n][0] = tensor("output", 100 + 2 * i + side, pieces, 16);
		}
	event = add("aten::mul", 5, CALLS, 2);
	operands[hand.event_count - 1][0] = tensor("self", 100 + 2 * CALLS, a, 16);
	operands[hand.event_count - 1][1] = tensor("other", 101 + 2 * CALLS, b, 16);
	event->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = b, .actual = a };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = CALLS, .calls = CALLS, .agreed = CALLS };
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, 0, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? b : a, .lineage = &stories[i], .calls = CALLS, .smallest = 4, .largest = 4 };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_lists(void)
{
	ask_lists(4, 3, 3); /* lines 30 and 31 of forward */
	EXPECT("left_out_of_one", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "1 of the 4 samples was left out of the one, and kept in the other, in forward: 3 by aten::stack"));
	ask_lists(2, 4, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "2 of the 4 samples were left out"));
	ask_lists(2, 3, 3); /* neither is as ever */
	EXPECT("left_out_of_one", "");
	ask_lists(4, 3, 1); /* lines of two functions */
	EXPECT("left_out_of_one", "");
}

/* Starts and ends, found by value in a sequence of NOW where LONGEST were searched before. */
static void
ask_markers(int64_t now, int64_t longest)
{
	struct event *event;
	int n;

	start();
	for (int i = 0; i <= CALLS; i++)
		for (int side = 0; side < 2; side++) {
			int64_t length = i < CALLS ? (i % 2 ? longest : 9) : now;

			add("aten::nonzero", side, i, 1);
			n = hand.event_count - 1;
			operands[n][0] = tensor("self", 400 + 2 * i + side, length, -1);
			outputs[n][0] = tensor("output", 100 + 2 * i + side, side ? 2 : 3, 1);
		}
	event = add("aten::hstack", 3, CALLS, 2);
	n = hand.event_count - 1;
	for (int side = 0; side < 2; side++) {
		operands[n][side] = tensor(side ? "tensors[1]" : "tensors[0]", 100 + 2 * CALLS + side, side ? 2 : 3, 1);
		operands[n][side].item = side;
		operands[n][side].dtype = "int64";
	}
	event->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 3, .actual = 2 };
	facts = (struct cause_facts){ .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = CALLS };
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, !i, 0, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = !i, .dim = 0, .size = i ? 3 : 2, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_markers(void)
{
	ask_markers(36, 46);
	EXPECT("markers_unpaired", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "nothing was cut: the sequence that they were looked for in has 36, earlier ones up to 46"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "look for a marker that stands alone in this sample's text"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "another token has its id"));
	ask_markers(46, 46); /* as long as any: it may have been cut */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "nothing was cut"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "another token")); /* the limit tells it */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "keep the length limit from cutting"));
}

/* What a slice in steps of BEFORE, now of NOW, left. */
static bool
ask_every(int before, int now, struct text *text)
{
	struct text fix = {{0}, 0};
	struct cause_side side = { .place = 0, .dim = 0, .size = 2, .lineage = &stories[0] };
	static char words[2][4];

	snprintf(words[0], sizeof(words[0]), "%d", before);
	snprintf(words[1], sizeof(words[1]), "%d", now);
	start();
	for (int i = 0; i < 4; i++) {
		add("aten::slice", 2, i, 2);
		operands[i][0] = tensor("self", 10 + i, 8, -1);
		operands[i][1] = value("step", words[i > 1]);
		outputs[i][0] = tensor("output", 20 + i, 2, -1);
	}
	add_step(0, 4, "aten::slice", operands[3], 2, 0, 2);
	stories[0].steps[0].event = events[3];
	facts = (struct cause_facts){ .source = &source };
	*text = (struct text){{0}, 0};
	return cause_add_every(&facts, &side, text, &fix);
}

static void
test_every(void)
{
	struct text text;

	CU_ASSERT_TRUE(ask_every(2, 4, &text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "one in 4 of 8 was taken by aten::slice"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "as since step 2; before that one in 2"));
	CU_ASSERT_TRUE(ask_every(4, 4, &text));
	CU_ASSERT_PTR_NULL(strstr(text.data, "before that"));
	CU_ASSERT_FALSE(ask_every(1, 1, &text));
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a division that leaves a rest", test_floor);
	CU_add_test(suite, "what is held to a limit before", test_checked);
	CU_add_test(suite, "a width by its module's name", test_width);
	CU_add_test(suite, "a batch in the wrong place", test_square);
	CU_add_test(suite, "samples of several parts", test_parts);
	CU_add_test(suite, "samples left out of one list", test_lists);
	CU_add_test(suite, "markers of a text that wasn't cut", test_markers);
	CU_add_test(suite, "every n-th", test_every);
}

int
main(void)
{
	source = hand_source(&hand);
	return run_suite_with(path, program, "causes views", fill);
}
