/* links: schema viewer */
/* Where a size, a dtype or an element comes from: rows of size_flow.def, then whole walks. */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "analysis_events.h"
#include "viewer/analysis/history/history.h"
#include "viewer/analysis/lineage/lineage.h"
#include "viewer/analysis/lineage/size_flow.h"
#include "viewer/analysis/causes/ways.h"

#define MADE(id_, site_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, \
	  .output_count = COUNT(outputs_), .outputs = outputs_ }

static struct flow
flow_of(const char *operation, const struct operand *operands, int count, const struct operand *output, int dim)
{
	struct event event = { .operation = operation, .operand_count = count, .operands = operands, .output_count = 1,
			       .outputs = output };

	return size_flow(&event, 0, dim);
}

#define EXPECT_FLOW(operation, operands, output, dim_, kind_, operand_, from_) do { \
	struct flow flow = flow_of(operation, operands, COUNT(operands), &(output), dim_); \
	CU_ASSERT_EQUAL(flow.kind, kind_); \
	CU_ASSERT_EQUAL(flow.operand, operand_); \
	CU_ASSERT_EQUAL(flow.dim, from_); \
} while (0)

static void
test_passes(void)
{
	const struct operand two[] = { TENSOR("self", 1, 5, 1), TENSOR("other", 2, 7) }, sum = TENSOR("output", 3, 5, 7);
	const struct operand mm[] = { TENSOR("self", 1, 5, 3), TENSOR("mat2", 2, 3, 7) };
	const struct operand linear[] = { TENSOR("input", 1, 2, 5, 3), TENSOR("weight", 2, 7, 3) }, three = TENSOR("output", 3, 2, 5, 7);
	const struct operand permute[] = { TENSOR("self", 1, 7, 2, 5), VALUE("dims", "int[]", "[1, 2, 0]") };
	const struct operand embedding[] = { TENSOR("weight", 1, 100, 7), INDEX("indices", 2, 2, 5) };
	const struct operand transpose[] = { TENSOR("self", 1, 7, 5), VALUE("dim0", "int", "0"), VALUE("dim1", "int", "1") };

	EXPECT_FLOW("aten::add", two, sum, 0, FLOW_PASSES, 0, 0);
	EXPECT_FLOW("aten::add", two, sum, 1, FLOW_PASSES, 1, 0);
	EXPECT_FLOW("aten::mm", mm, sum, 0, FLOW_PASSES, 0, 0);
	EXPECT_FLOW("aten::mm", mm, sum, 1, FLOW_PASSES, 1, 1);
	EXPECT_FLOW("aten::linear", linear, three, 1, FLOW_PASSES, 0, 1);
	EXPECT_FLOW("aten::linear", linear, three, 2, FLOW_PASSES, 1, 0);
	EXPECT_FLOW("aten::permute", permute, three, 2, FLOW_PASSES, 0, 0);
	EXPECT_FLOW("aten::embedding", embedding, three, 1, FLOW_PASSES, 1, 1);
	EXPECT_FLOW("aten::embedding", embedding, three, 2, FLOW_PASSES, 0, 1);
	EXPECT_FLOW("aten::transpose", transpose, sum, 0, FLOW_PASSES, 0, 1);
}

static void
test_forms(void)
{
	const struct operand features[] = { TENSOR("self", 1, 5, 32) }, places = TENSOR("output", 2, 20, 8);
	const struct operand view[] = { TENSOR("self", 1, 4, 45, 6) }, folded = TENSOR("output", 2, 180, 6), same = TENSOR("output", 2, 4, 1, 45, 6);
	const struct operand reduce[] = { TENSOR("self", 1, 4, 45, 6), VALUE("dim", "int[]", "[1]"), VALUE("keepdim", "bool", "false") };
	const struct operand reduced = TENSOR("output", 2, 4, 6);
	const struct operand unsqueeze[] = { TENSOR("self", 1, 45, 6), VALUE("dim", "int", "0") }, more = TENSOR("output", 2, 1, 45, 6);
	const struct operand select[] = { TENSOR("self", 1, 4, 45, 6), VALUE("dim", "int", "1"), VALUE("index", "int", "3") };

	EXPECT_FLOW("aten::view", view, folded, 1, FLOW_PASSES, 0, 2);
	EXPECT_FLOW("aten::view", view, folded, 0, FLOW_ARGUMENTS, 0, 1);
	EXPECT_FLOW("aten::reshape", view, same, 2, FLOW_PASSES, 0, 1);
	EXPECT_FLOW("aten::view", features, places, 0, FLOW_ARGUMENTS, 0, 0); /* 20 is of the 5, not of the width */
	EXPECT_FLOW("aten::mean", reduce, reduced, 1, FLOW_PASSES, 0, 2);
	EXPECT_FLOW("aten::unsqueeze", unsqueeze, more, 1, FLOW_PASSES, 0, 0);
	EXPECT_FLOW("aten::select", select, reduced, 1, FLOW_PASSES, 0, 2);
}

static void
test_decides(void)
{
	const struct operand slice[] = { TENSOR("self", 1, 50, 6), VALUE("dim", "int", "0"), VALUE("start", "int", "0"), VALUE("end", "int", "45") };
	const struct operand cut = TENSOR("output", 2, 45, 6);
	const struct operand unfold[] = { TENSOR("self", 1, 3, 735), VALUE("dimension", "int", "1"), VALUE("size", "int", "16"),
					  VALUE("step", "int", "16") }, unfolded = TENSOR("output", 2, 3, 45, 16);
	const struct operand cat[] = { ITEM("tensors[0]", 0, 1, 20, 6), ITEM("tensors[1]", 1, 2, 25, 6), VALUE("dim", "int", "0") };
	const struct operand index[] = { TENSOR("self", 1, 50, 6), MASK("indices[0]", 2, 50) };
	const struct operand nonzero[] = { MASK("self", 1, 50) }, found = INDEX("output", 2, 45, 1);
	const struct operand size[] = { VALUE("size", "int[]", "[45, 6]") };
	const struct operand custom[] = { TENSOR("x", 1, 9, 45), TENSOR("y", 2, 45, 2) };
	struct flow flow = flow_of("aten::unfold", unfold, COUNT(unfold), &unfolded, 1);

	CU_ASSERT_EQUAL(flow.kind, FLOW_ARGUMENTS);
	CU_ASSERT_EQUAL(flow.dim, 1);
	CU_ASSERT_STRING_EQUAL(flow.how, "size 16, step 16 over 735");
	EXPECT_FLOW("aten::slice", slice, cut, 0, FLOW_ARGUMENTS, 0, 0);
	EXPECT_FLOW("aten::slice", slice, cut, 1, FLOW_PASSES, 0, 1);
	EXPECT_FLOW("aten::cat", cat, cut, 1, FLOW_PASSES, 0, 1);
	EXPECT_FLOW("aten::cat", cat, cut, 0, FLOW_ARGUMENTS, 1, 0);
	EXPECT_FLOW("aten::index", index, cut, 0, FLOW_VALUES, 1, 0);
	EXPECT_FLOW("aten::index", index, cut, 1, FLOW_PASSES, 0, 1);
	EXPECT_FLOW("aten::nonzero", nonzero, found, 0, FLOW_VALUES, 0, 0);
	EXPECT_FLOW("aten::zeros", size, cut, 0, FLOW_ARGUMENTS, -1, -1);
	EXPECT_FLOW("my::operation", custom, cut, 0, FLOW_POSSIBLE, 1, 0);
}

/* video -> unfold -> transpose -> cat, twice through the same lines */
static const struct operand none[] = { VALUE("size", "int[]", "[735, 3]") };
static const struct operand video0[] = { TENSOR("output", 1, 3, 736) }, video1[] = { TENSOR("output", 2, 3, 735) };
static const struct operand unfold0[] = { TENSOR("self", 1, 3, 736), VALUE("dimension", "int", "1"), VALUE("size", "int", "16"),
					  VALUE("step", "int", "16") };
static const struct operand unfold1[] = { TENSOR("self", 2, 3, 735), VALUE("dimension", "int", "1"), VALUE("size", "int", "16"),
					  VALUE("step", "int", "16") };
static const struct operand frames0[] = { TENSOR("output", 3, 3, 46, 16) }, frames1[] = { TENSOR("output", 4, 3, 45, 16) };
static const struct operand turn0[] = { TENSOR("self", 3, 3, 46, 16), VALUE("dim0", "int", "0"), VALUE("dim1", "int", "1") };
static const struct operand turn1[] = { TENSOR("self", 4, 3, 45, 16), VALUE("dim0", "int", "0"), VALUE("dim1", "int", "1") };
static const struct operand turned0[] = { TENSOR("output", 5, 46, 3, 16) }, turned1[] = { TENSOR("output", 6, 45, 3, 16) };
static const struct operand joined[] = { ITEM("tensors[0]", 0, 5, 46, 3, 16), ITEM("tensors[1]", 1, 6, 45, 3, 16),
					 VALUE("dim", "int", "1") };
static const struct event events[] = {
	MADE(1, 1, "aten::randn", none, video0), MADE(2, 1, "aten::randn", none, video1),
	MADE(3, 2, "aten::unfold", unfold0, frames0), MADE(4, 2, "aten::unfold", unfold1, frames1),
	MADE(5, 3, "aten::transpose", turn0, turned0), MADE(6, 3, "aten::transpose", turn1, turned1),
	{ .id = 7, .parent = -1, .scope = -1, .site = 4, .operation = "aten::cat", .status = "failed", .operand_count = 3, .operands = joined },
};
static const struct frame lines[] = { { "/x/main.py", "main", 3, 1 }, { "/x/video.py", "frames", 88, 1 }, { "/x/collate.py", "collate", 41, 1 },
				      { "/x/collate.py", "collate", 44, 1 } };
static const struct site sites[] = { { 1, 1, 1, 0, &lines[0] }, { 2, 1, 1, 0, &lines[1] }, { 3, 1, 1, 0, &lines[2] }, { 4, 1, 1, 0, &lines[3] } };
static struct hand hand = { .events = events, .event_count = COUNT(events), .sites = sites, .site_count = COUNT(sites) };
static struct lineage one, other;

static void
test_walk(void)
{
	struct source source = hand_source(&hand);
	json_t *origin, *story;

	lineage_walk(&source, 0, &events[6], 1, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 3);
	CU_ASSERT_EQUAL(one.decider, 1);
	CU_ASSERT_EQUAL(one.steps[1].event.id, 4);
	origin = lineage_origin(&source, &one, "45");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(origin, "event")), 4);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(origin, "operation")), "aten::unfold");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(origin, "where")), "/x/video.py:88");
	story = lineage_lines(&source, &one, "45 = frames[1].shape[0]");
	CU_ASSERT_EQUAL_FATAL(json_array_size(story), 3);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(story, 0)), "45 = frames[1].shape[0] <- aten::transpose collate.py:41");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(story, 1)), "<- aten::unfold video.py:88 (size 16, step 16 over 735)");
	json_decref(origin);
	json_decref(story);
}

static void
test_twins(void)
{
	struct source source = hand_source(&hand);
	char text[512];

	lineage_walk(&source, 0, &events[6], 1, 0, LINEAGE_SIZE, &one);
	lineage_walk(&source, 0, &events[6], 0, 0, LINEAGE_SIZE, &other);
	CU_ASSERT_TRUE_FATAL(lineage_part(&source, &one, &other, text, sizeof(text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "aten::randn main.py:3: 735 here, 736 there"));
	CU_ASSERT_FALSE(lineage_part(&source, &one, &one, text, sizeof(text)));
}

static void
test_ready_made(void)
{
	const struct operand used[] = { TENSOR("self", 70, 45, 3) };
	const struct event first = { .id = 1, .parent = -1, .site = 1, .operation = "aten::mul", .status = "ok", .operand_count = 1, .operands = used };
	struct hand empty = { .events = &first, .event_count = 1, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&empty);
	json_t *origin;

	lineage_walk(&source, 0, &first, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.count, 1);
	CU_ASSERT_TRUE(one.steps[0].entered);
	origin = lineage_origin(&source, &one, "45");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(origin, "where")), "/x/main.py:3");
	json_decref(origin);
	lineage_walk(&source, 0, &first, 5, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.count, 0);
}

/* What the ring has overwritten: the table of living tensors knows the maker, the first use, the last resize. */
static void
test_overwritten(void)
{
	const struct operand used[] = { TENSOR("self", 70, 45, 3) }, made[] = { TENSOR("output", 0, 45, 3) };
	const struct event now = { .id = 900, .parent = -1, .site = 2, .step = 800, .operation = "aten::mul", .status = "ok",
				   .operand_count = 1, .operands = used };
	struct live_tensor live = { .tensor = 70, .made = { .site = 1, .step = 3, .operation = "aten::zeros", .output_count = 1, .outputs = made } };
	struct hand kept = { .live = &live, .events = &now, .event_count = 1, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&kept);
	struct ways ways;
	json_t *origin;

	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one); /* zeros is told its sizes: they were decided there */
	CU_ASSERT_EQUAL_FATAL(one.count, 1);
	CU_ASSERT_EQUAL(one.decider, 0);
	CU_ASSERT_FALSE(one.steps[0].possible);
	CU_ASSERT_EQUAL(one.steps[0].size, 45);
	CU_ASSERT_STRING_EQUAL(one.steps[0].how, "asked for 45, at step 3, no longer kept");
	origin = lineage_origin(&source, &one, "45");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(origin, "where")), "/x/main.py:3");
	json_decref(origin);
	const struct operand mask[] = { TENSOR("output", 0, 64, 45) };
	live.base = (struct tensor_made){ .site = 2, .step = 1, .operation = "aten::ones", .output_count = 1, .outputs = mask };
	live.made.operation = "aten::view"; /* what it is a view of decided */
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 2);
	CU_ASSERT_EQUAL(one.decider, 1);
	CU_ASSERT_TRUE(!one.steps[0].decides && !one.steps[1].possible && one.steps[1].dim == 1 && one.steps[1].size == 45);
	CU_ASSERT_STRING_EQUAL(one.steps[1].event.operation, "aten::ones");
	lineage_walk(&source, 0, &now, 0, 1, LINEAGE_SIZE, &one); /* it has no such size: the view decided */
	CU_ASSERT_TRUE(one.count == 1 && one.decider == 0);
	lineage_walk(&source, 0, &now, 0, -1, LINEAGE_VALUES, &one); /* other elements (tril) */
	CU_ASSERT_TRUE(one.count == 1 && one.decider == 0);
	live.values = true;
	lineage_walk(&source, 0, &now, 0, -1, LINEAGE_VALUES, &one);
	CU_ASSERT_TRUE(one.count == 2 && one.decider == 1);
	live.base.entered = true;
	lineage_walk(&source, 0, &now, 0, -1, LINEAGE_VALUES, &one);
	CU_ASSERT_TRUE(one.count == 2 && one.decider == 1 && one.steps[1].entered);
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &other);
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one); /* two stories that begin with one tensor meet there */
	ways_find(&one, &other, &ways);
	CU_ASSERT_TRUE(ways.met);
	kept.live = NULL; /* it is dead */
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count == 1 && one.steps[0].entered); /* first used in the first event that is kept: it came in there ... */
	kept.made_first = 71;
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(!one.count && one.decider < 0); /* ... unless it is older than any that was made since */
	kept.made_first = 0;
	kept.live = &live;
	live.base.operation = NULL;
	live.made.operation = "aten::cat"; /* of what, is gone */
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count == 1 && one.steps[0].possible && !one.steps[0].entered);
	live.made.entered = true; /* nothing made it; its first use isn't the one that is kept */
	live.made.operation = "aten::linear";
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count == 1 && one.steps[0].entered && one.steps[0].event.step == 3);
	live.resized = (struct tensor_change){ .known = true, .site = 1, .step = 700, .operation = "aten::resize_" };
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 1);
	CU_ASSERT_STRING_EQUAL(one.steps[0].event.operation, "aten::resize_");
	CU_ASSERT_STRING_EQUAL(one.steps[0].how, "resized in place at step 700, no longer kept");
	CU_ASSERT_TRUE(one.steps[0].resized && !one.steps[0].entered);
	live.resized.operation = "aten::set_"; /* so torch.load and copy.deepcopy make a tensor */
	lineage_walk(&source, 0, &now, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count == 1 && one.steps[0].entered && !one.steps[0].resized);
}

/* Of what a line made, the whole run tells what passes from an operand; the call in question is among what it counts. */
static void
test_made_before(void)
{
	const struct operand in[] = { TENSOR("self", 1, 18) }, out[] = { TENSOR("output", 2, 18) };
	const struct operand before_in[] = { TENSOR("self", 3, 16) }, before_out[] = { TENSOR("output", 4, 16) };
	struct event events[] = { MADE(800, 1, "aten::relu", before_in, before_out), MADE(900, 1, "aten::relu", in, out) };
	struct call_history whole = { .calls = 201, .measured = 201, .smallest = 8, .largest = 18, .at_largest = 1, .new_step = 60,
				      .sizes = { 8, 16, 18 }, .size_count = 3 };
	struct hand kept = { .events = events, .event_count = 2, .sites = sites, .site_count = COUNT(sites), .history = &whole };
	struct source source = hand_source(&kept);
	struct history_size size;
	json_t *made;

	events[0].step = 59;
	events[1].step = 60;
	made = history_made(&source, 0, &events[1], 0, "hidden");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(made, "text")),
			       "200 earlier calls made hidden; dimension 0 of hidden was 8 to 16, never the 18 of now: larger than ever before");
	json_decref(made);
	CU_ASSERT_TRUE(history_size_new(&source, 0, &events[1], 0, 0, &size));
	CU_ASSERT_TRUE(size.calls == 200 && size.smallest == 8 && size.largest == 16);
	whole.at_largest = 2; /* another had it */
	CU_ASSERT_FALSE(history_size_new(&source, 0, &events[1], 0, 0, &size));
	whole.smallest = 18; /* it is the smallest, new in this step; what was before that isn't known where more sizes were than are kept */
	whole.largest = 40;
	whole.more = true;
	made = history_made(&source, 0, &events[1], 0, "hidden");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(made, "text")),
			       "200 earlier calls made hidden; in the last 1 dimension 0 of hidden was always 16, never the 18 of now");
	json_decref(made);
	whole.new_step = 58; /* an earlier call's */
	made = history_made(&source, 0, &events[1], 0, "hidden");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(made, "text")), "200 earlier calls made hidden; dimension 0 of hidden was 18 to 40");
	json_decref(made);
	whole = (struct call_history){ .calls = 201, .measured = 201, .smallest = 8, .largest = 18, .at_largest = 2, .new_step = 60, .sizes = { 8, 16, 18 }, .size_count = 3 };
	events[1].operation = events[0].operation = "aten::nonzero"; /* what it makes isn't its operand's: of the newest alone */
	whole.at_largest = 1;
	made = history_made(&source, 0, &events[1], 0, "hidden");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(made, "text")),
			       "200 earlier calls made hidden; in the last 1 dimension 0 of hidden was always 16, never the 18 of now");
	json_decref(made);
}

static void
test_dtype(void)
{
	const struct operand plain[] = { TENSOR("self", 1, 4) }, half[] = { TENSOR_ON("output", 2, "float16", "cpu", 4) };
	const struct operand scaled[] = { TENSOR_ON("self", 2, "float16", "cpu", 4) }, out[] = { TENSOR_ON("output", 3, "float16", "cpu", 4) };
	const struct event made[] = { MADE(1, 1, "aten::to", plain, half), MADE(2, 2, "aten::mul", scaled, out) };
	const struct operand replaced[] = { TENSOR_ON("weight", 3, "bfloat16", "cpu", 4) };
	const struct event later = { .id = 9, .parent = -1, .site = 1, .operation = "aten::linear", .operand_count = 1, .operands = replaced };
	struct hand with = { .events = made, .event_count = 2, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 3, 100, -1, LINEAGE_DTYPE, &one);
	CU_ASSERT_EQUAL(one.count, 2);
	CU_ASSERT_EQUAL_FATAL(one.decider, 1);
	CU_ASSERT_STRING_EQUAL(one.steps[1].how, "float32 to float16");
	lineage_walk(&source, 0, &later, 0, -1, LINEAGE_DTYPE, &one); /* seen as another dtype than it was made as: its data was replaced */
	CU_ASSERT_EQUAL(one.count, 1);
	CU_ASSERT_EQUAL(one.decider, -1);
	CU_ASSERT_TRUE(one.replaced);
}

/* `param.data = converted`: who made the new data made the tensor. */
static void
test_given_data(void)
{
	const struct operand plain[] = { TENSOR("self", 1, 4, 3) }, half[] = { TENSOR_ON("output", 2, "float16", "cpu", 4, 3) };
	const struct operand size[] = { VALUE("size", "int[]", "[4, 3]") }, made[] = { TENSOR("output", 1, 4, 3) };
	const struct operand given[] = { TENSOR("self", 1, 4, 3), TENSOR_ON("from", 2, "float16", "cpu", 4, 3) };
	const struct operand used[] = { TENSOR_ON("weight", 1, "float16", "cpu", 4, 3) }, truth[] = { VALUE("output", "bool", "true") };
	const struct event events[] = { MADE(1, 1, "aten::empty", size, made), MADE(2, 2, "aten::to", plain, half),
					MADE(3, 2, "aten::_has_compatible_shallow_copy_type", given, truth) };
	const struct event later = { .id = 9, .parent = -1, .site = 1, .operation = "aten::linear", .operand_count = 1, .operands = used };
	struct hand with = { .events = events, .event_count = 3, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk(&source, 0, &later, 0, -1, LINEAGE_DTYPE, &one);
	CU_ASSERT_EQUAL_FATAL(one.decider, 0);
	CU_ASSERT_EQUAL(one.steps[0].event.id, 2);
	CU_ASSERT_FALSE(one.replaced);
	lineage_walk(&source, 0, &later, 0, 1, LINEAGE_SIZE, &one); /* a size goes on to what was converted */
	CU_ASSERT_EQUAL_FATAL(one.count, 2);
	CU_ASSERT_EQUAL(one.steps[1].event.id, 1);
	lineage_walk_tensor(&source, 0, 1, 3, 1, LINEAGE_SIZE, &one); /* before that */
	CU_ASSERT_EQUAL_FATAL(one.count, 1);
	CU_ASSERT_EQUAL(one.steps[0].event.id, 1);
}

/* `weight.data = new`, and nothing recorded made the new data: the size is of there, where it was another before; who reads it next, or writes into it,
 * didn't make it. */
static void
test_given_size(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[4, 3]") }, made[] = { TENSOR("output", 1, 4, 3) };
	const struct operand given[] = { TENSOR("self", 1, 4, 3), TENSOR("from", 8, 6, 3) }, same[] = { TENSOR("self", 1, 6, 3), TENSOR("from", 9, 6, 3) };
	const struct operand used[] = { TENSOR("self", 1, 6, 3) }, copy[] = { TENSOR("output", 5, 6, 3) }, truth[] = { VALUE("output", "bool", "true") };
	const struct event events[] = { MADE(1, 1, "aten::empty", size, made), MADE(2, 2, "aten::_has_compatible_shallow_copy_type", given, truth),
					MADE(3, 3, "aten::clone", used, copy), MADE(4, 2, "aten::_has_compatible_shallow_copy_type", same, truth),
					MADE(5, 3, "aten::add_", used, used) };
	const struct event later = { .id = 9, .parent = -1, .site = 1, .operation = "aten::sub", .operand_count = 1, .operands = used };
	struct live_tensor read = { .resized = { .known = true, .seen = true, .site = 3, .step = 60, .operation = "aten::clone" } };
	struct hand with = { .events = events, .event_count = 3, .sites = sites, .site_count = COUNT(sites), .live = &read };
	struct source source = hand_source(&with);

	read.made.operation = "aten::detach";
	for (int more = 0; more < 3; more++) { /* its data replaced by as much; written into by an optimizer */
		with.event_count = 3 + more;
		lineage_walk(&source, 0, &later, 0, 0, LINEAGE_SIZE, &one);
		CU_ASSERT_EQUAL_FATAL(one.count, 1);
		CU_ASSERT_EQUAL_FATAL(one.decider, 0);
		CU_ASSERT_EQUAL(one.steps[0].event.id, 2);
		CU_ASSERT_EQUAL(one.steps[0].size, 6);
		CU_ASSERT_FALSE(one.steps[0].possible);
		CU_ASSERT_STRING_EQUAL(one.steps[0].event.operation, "aten::set_data");
		CU_ASSERT_STRING_EQUAL(one.steps[0].how, "its data replaced: 6 instead of 4");
	}
	lineage_walk(&source, 0, &later, 0, 1, LINEAGE_SIZE, &one); /* this one wasn't changed by it */
	CU_ASSERT_TRUE(!one.count || strcmp(one.steps[0].event.operation, "aten::set_data") != 0);
	with.events = &events[2]; /* no longer kept: first read so by clone */
	with.event_count = 1;
	lineage_walk(&source, 0, &later, 0, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.decider, 0);
	CU_ASSERT_STRING_EQUAL(one.steps[0].event.operation, "aten::clone");
	CU_ASSERT_TRUE(one.steps[0].entered);
}

/* copy.deepcopy of a tensor: `x.new_empty([]).set_(storage, ...)` is as large as x is. */
static void
test_deep_copy(void)
{
	const struct operand none[] = { TENSOR("self", 1, 0) }, read[] = { TENSOR("output", 1, 4, 3) };
	const struct operand of[] = { TENSOR("self", 1, 4, 3), VALUE("size", "list", "[]") }, of_other[] = { TENSOR("self", 1, 5, 3), VALUE("size", "list", "[]") };
	const struct operand empty[] = { { .name = "self", .kind = "tensor", .item = -1, .ndim = 0, .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = 2 } };
	const struct operand copy[] = { TENSOR("output", 2, 4, 3) };
	struct event events[] = { MADE(1, 1, "aten::set_", none, read), MADE(2, 2, "aten::new_empty", of, empty), MADE(3, 2, "aten::set_", empty, copy) };
	struct hand with = { .events = events, .event_count = 3, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 2, 100, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 2);
	CU_ASSERT_EQUAL_FATAL(one.decider, 1);
	CU_ASSERT_EQUAL(one.steps[1].event.id, 1);
	CU_ASSERT_TRUE(one.steps[1].entered && !one.steps[0].entered);
	events[1].operands = of_other; /* of another size: no copy of that */
	lineage_walk_tensor(&source, 0, 2, 100, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count == 1 && one.decider == 0 && one.steps[0].entered);
}

/* An optimizer's writes are passed over, a masked write isn't. */
static void
test_written(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[4, 5]") }, weight[] = { TENSOR("output", 1, 4, 5) };
	const struct operand update[] = { TENSOR("self", 1, 4, 5), TENSOR("other", 9, 4, 5) };
	const struct operand put[] = { TENSOR("self", 1, 4, 5), MASK("indices[0]", 8, 4), TENSOR("values", 7, 2, 5) };
	const struct event made[] = { MADE(1, 1, "aten::empty", size, weight), MADE(2, 2, "aten::uniform_", update, weight),
				      MADE(3, 3, "aten::add_", update, weight), MADE(4, 3, "aten::addcdiv_", update, weight) };
	const struct event masked[] = { MADE(1, 1, "aten::empty", size, weight), MADE(2, 2, "aten::index_put_", put, weight),
					MADE(3, 3, "aten::add_", update, weight) };
	struct hand with = { .events = made, .event_count = 4, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);
	struct event maker;
	int output, writes;
	json_t *story;

	CU_ASSERT_TRUE_FATAL(lineage_maker(&source, 0, 1, 100, LINEAGE_SIZE, &maker, &output, &writes));
	CU_ASSERT_EQUAL(maker.id, 1);
	CU_ASSERT_EQUAL(writes, 3);
	lineage_walk_tensor(&source, 0, 1, 100, 1, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 1);
	story = lineage_lines(&source, &one, "5 = weight.shape[1]");
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_array_get(story, 0)), "main.py:3 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_array_get(story, 0)), "(written in place 3 times since)"));
	json_decref(story);
	CU_ASSERT_TRUE(lineage_maker(&source, 0, 1, 100, LINEAGE_VALUES, &maker, &output, &writes));
	CU_ASSERT_EQUAL(maker.id, 4); /* the elements are what was written last */
	with.events = masked;
	with.event_count = 3;
	CU_ASSERT_TRUE(lineage_maker(&source, 0, 1, 100, LINEAGE_SIZE, &maker, &output, &writes));
	CU_ASSERT_EQUAL(maker.id, 2);
	CU_ASSERT_TRUE(lineage_maker(&source, 0, 1, 100, LINEAGE_MAKER, &maker, &output, &writes));
	CU_ASSERT_EQUAL(maker.id, 1);
	CU_ASSERT_FALSE(lineage_maker(&source, 0, 33, 100, LINEAGE_SIZE, &maker, &output, &writes));
}

static void
test_history(void)
{
	const struct operand shorter[] = { TENSOR("self", 1, 20, 3), TENSOR("other", 2, 20, 3) };
	const struct operand longer[] = { TENSOR("self", 1, 40, 3), TENSOR("other", 2, 40, 3) };
	const struct operand wrong[] = { TENSOR("self", 1, 41, 3), TENSOR("other", 2, 40, 3) }, out[] = { TENSOR("output", 3, 40, 3) };
	const struct event calls[] = { MADE(1, 1, "aten::add", shorter, out), MADE(2, 1, "aten::add", longer, out),
				       MADE(3, 2, "aten::add", longer, out), MADE(4, 1, "aten::mul", longer, out),
				       MADE(5, 1, "aten::add", wrong, out) };
	const struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0 };
	struct hand with = { .events = calls, .event_count = 5, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);
	json_t *json = history_build(&source, 0, &calls[4], &differs);
	char *series;

	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "seen_before")), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "text")), "2 earlier calls here: self and other agreed every time; "
			       "dimension 0 of self was 20 to 40, never the 41 of now: larger than ever before");
	series = json_dumps(json_object_get(json, "series"), JSON_COMPACT);
	CU_ASSERT_STRING_EQUAL(series, "{\"operand\":\"self\",\"dim\":0,\"size\":41,\"ranks\":[{\"rank\":null,\"failed\":true,"
				       "\"points\":[[0,20,1],[0,40,2],[0,41,5]]}]}");
	free(series);
	json_decref(json);
	json = history_build(&source, 0, &calls[2], NULL); /* another line */
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "seen_before")), 0);
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "text")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(json, "series"))); /* nothing disagrees: nothing to follow */
	json_decref(json);
}

/* One step of a way made by hand. */
static void
step(struct lineage *lineage, int64_t id, const char *operation, int64_t size)
{
	lineage->steps[lineage->count++] = (struct lineage_step){ .event = { .id = id, .operation = operation }, .dim = 2, .size = size };
}

static void
test_rounding(void)
{
	struct lineage_rounding rounding;

	one.count = other.count = 0;
	step(&one, 9, "aten::upsample_nearest2d", 14);
	step(&one, 8, "aten::max_pool2d", 7);
	step(&one, 7, "aten::relu", 15);
	step(&other, 7, "aten::relu", 15);
	CU_ASSERT_TRUE(lineage_rounds(&one, &other, &rounding));
	CU_ASSERT_EQUAL(rounding.from, 15);
	CU_ASSERT_EQUAL(rounding.to, 7);
	one.steps[1].event.operation = "aten::conv2d";
	one.steps[1].size = 13; /* a layer without padding takes 2 off: no rest */
	CU_ASSERT_FALSE(lineage_rounds(&one, &other, &rounding));
	one.steps[1].size = 7;
	one.steps[0].event.operation = "aten::slice"; /* samples, cut from one tensor */
	CU_ASSERT_FALSE(lineage_rounds(&one, &other, &rounding));
	one.steps[0].event.operation = "aten::relu";
	other.steps[0].event.id = 6; /* never meet */
	CU_ASSERT_FALSE(lineage_rounds(&one, &other, &rounding));
}

/* What both sides did alike, or one undid, isn't what parted them. */
static void
test_parting(void)
{
	bool others;

	one.count = other.count = 0;
	step(&one, 9, "aten::reshape", 28);
	step(&one, 8, "aten::slice", 14);
	step(&one, 1, "aten::randint", 15);
	step(&other, 19, "aten::reshape", 40);
	step(&other, 18, "aten::slice", 20);
	step(&other, 17, "aten::view", 21);
	step(&other, 16, "aten::view", 42);
	step(&other, 15, "aten::cat", 21);
	step(&other, 1, "aten::randint", 15);
	CU_ASSERT_EQUAL(lineage_parts_by(&one, &other, &others), 4);
	CU_ASSERT_TRUE(others);
	other.steps[5].event.id = 2; /* never meet */
	CU_ASSERT_EQUAL(lineage_parts_by(&one, &other, &others), -1);
	other.steps[5].event.id = 1;
	one.steps[1].size = 13; /* two reasons */
	CU_ASSERT_EQUAL(lineage_parts_by(&one, &other, &others), -1);
}

/* A size of several: where one of them is another than it was, that one is followed. */
static void
test_factors(void)
{
	const struct operand usual[] = { TENSOR("self", 1, 8, 4, 6), VALUE("size", "int[]", "[-1, 6]") }, usual_out[] = { TENSOR("output", 2, 32, 6) };
	const struct operand now[] = { TENSOR("self", 3, 5, 4, 6), VALUE("size", "int[]", "[-1, 6]") }, now_out[] = { TENSOR("output", 4, 20, 6) };
	const struct operand size[] = { VALUE("end", "int", "5") }, counted[] = { TENSOR("output", 3, 5, 4, 6) };
	const struct event events[] = { MADE(1, 1, "aten::view", usual, usual_out), MADE(2, 2, "aten::empty", size, counted),
					MADE(3, 1, "aten::view", now, now_out) };
	struct hand with = { .events = events, .event_count = 3, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 4, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 2);
	CU_ASSERT_FALSE(one.steps[0].combines);
	CU_ASSERT_EQUAL(one.steps[1].dim, 0);
	with.events = &events[1]; /* the first call */
	with.event_count = 2;
	lineage_walk_tensor(&source, 0, 4, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE_FATAL(one.steps[0].combines);
	lineage_stop_at_product(&one);
	CU_ASSERT_EQUAL(one.decider, 0);
}

/* What was padded and cut again is as it was before: who decided comes before both. */
static void
test_undone(void)
{
	const struct operand ids[] = { VALUE("size", "int[]", "[4, 57]") }, made[] = { TENSOR("output", 1, 4, 57) };
	const struct operand pad[] = { TENSOR("self", 1, 4, 57), VALUE("pad", "int[]", "[0, 1]") }, padded[] = { TENSOR("output", 2, 4, 58) };
	const struct operand slice[] = { TENSOR("self", 2, 4, 58), VALUE("dim", "int", "1"), VALUE("start", "int", "1") };
	const struct operand cut[] = { TENSOR("output", 3, 4, 57) }, shorter[] = { TENSOR("output", 3, 4, 50) };
	struct event events[] = { MADE(1, 1, "aten::zeros", ids, made), MADE(2, 2, "aten::constant_pad_nd", pad, padded),
				  MADE(3, 1, "aten::slice", slice, cut) };
	struct hand with = { .events = events, .event_count = 3, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 3, 10, 1, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.count, 3);
	CU_ASSERT_EQUAL(one.decider, 2);
	events[2].outputs = shorter; /* cut to another length: that decides */
	lineage_walk_tensor(&source, 0, 3, 10, 1, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.decider, 0);
}

/* A state that is carried from call to call has no beginning within reach: the call that carries it on is told. */
static void
test_loop(void)
{
	const struct operand usual = TENSOR("self", 0, 8, 8);
	static struct operand in[600][1], out[600][1];
	static struct event calls[600];
	struct hand with = { .events = calls, .event_count = 600, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	for (int i = 0; i < 600; i++) {
		in[i][0] = usual;
		in[i][0].tensor = i + 1;
		out[i][0] = usual;
		out[i][0].tensor = i + 2;
		calls[i] = (struct event)MADE(i + 1, 1 + i % 2, i % 2 ? "aten::tanh" : "aten::detach", in[i], out[i]);
	}
	lineage_walk_tensor(&source, 0, 601, 700, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL_FATAL(one.decider, 0);
	CU_ASSERT_EQUAL(one.steps[0].event.id, 600);
	with.events = &calls[590]; /* a short one ends where it was made */
	with.event_count = 10;
	lineage_walk_tensor(&source, 0, 601, 700, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count > 5);
	with.events = &calls[500]; /* the layers of one step: no loop */
	with.event_count = 100;
	lineage_walk_tensor(&source, 0, 601, 700, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE(one.count > 90);
	for (int i = 500; i < 600; i++)
		calls[i].step = i;
	lineage_walk_tensor(&source, 0, 601, 700, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.decider, 0);
}

static void
test_rank(void)
{
	const struct operand images[] = { TENSOR("self", 1, 400, 1, 28, 28), VALUE("dim", "int", "0"), VALUE("index", "int", "7") };
	const struct operand picture[] = { TENSOR("output", 2, 1, 28, 28) }, in[] = { TENSOR("self", 2, 1, 28, 28) }, out[] = { TENSOR("output", 3, 1, 28, 28) };
	const struct event events[] = { MADE(1, 1, "aten::select", images, picture), MADE(2, 2, "aten::relu", in, out) };
	struct hand with = { .events = events, .event_count = 2, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 3, 10, -1, LINEAGE_RANK, &one);
	CU_ASSERT_EQUAL_FATAL(one.decider, 1);
	CU_ASSERT_STRING_EQUAL(one.steps[1].how, "3 dimensions from 4");
}

/* The side that was always another is the one that changed. */
static void
test_changed(void)
{
	const struct operand usual[] = { TENSOR("self", 1, 2, 16, 8), TENSOR("other", 2, 1, 16, 8) }, sum[] = { TENSOR("output", 3, 2, 16, 8) };
	const struct operand now[] = { TENSOR("self", 4, 2, 36, 8), TENSOR("other", 2, 1, 16, 8) };
	const struct event calls[] = { MADE(1, 1, "aten::add", usual, sum), MADE(2, 1, "aten::add", usual, sum), MADE(3, 1, "aten::add", usual, sum),
				       MADE(4, 1, "aten::add", now, sum) };
	const struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .expected = 36, .actual = 16 };
	struct hand with = { .events = calls, .event_count = 4, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	CU_ASSERT_TRUE(history_other_changed(&source, 0, &calls[3], &differs));
	with.events = &calls[2]; /* too few calls to tell */
	with.event_count = 2;
	CU_ASSERT_FALSE(history_other_changed(&source, 0, &calls[3], &differs));
}

static void
test_counting(void)
{
	const struct operand row = TENSOR("output", 1, 77);
	int64_t largest;

	one.count = 0;
	step(&one, 9, "aten::unsqueeze", -1);
	step(&one, 8, "aten::arange", -1);
	one.steps[1].event.outputs = &row;
	one.steps[1].event.output_count = 1;
	CU_ASSERT_TRUE(lineage_counts(&one, &largest));
	CU_ASSERT_EQUAL(largest, 76);
	one.steps[0].event.operation = "aten::add"; /* of what, isn't known */
	CU_ASSERT_TRUE(lineage_counts(&one, &largest));
	CU_ASSERT_EQUAL(largest, -1);
	one.steps[1].event.operation = "aten::lift_fresh";
	CU_ASSERT_FALSE(lineage_counts(&one, &largest));
}

/* Of a stack of columns the second was picked: its elements came from the second. */
static void
test_part(void)
{
	const struct operand number[] = { VALUE("high", "int", "9") }, left[] = { INDEX("output", 1, 5) }, top[] = { INDEX("output", 2, 5) };
	const struct operand columns[] = { ITEM("tensors[0]", 0, 1, 5), ITEM("tensors[1]", 1, 2, 5), VALUE("dim", "int", "1") }, boxes[] = { INDEX("output", 3, 5, 2) };
	const struct operand rows[] = { ITEM("tensors[0]", 0, 3, 5, 2), VALUE("dim", "int", "0") }, batch[] = { INDEX("output", 4, 1, 5, 2) };
	const struct operand pick[] = { INDEX("self", 4, 1, 5, 2), VALUE("dim", "int", "2"), VALUE("index", "int", "1") }, picked[] = { INDEX("output", 5, 1, 5) };
	const struct operand first[] = { INDEX("self", 4, 1, 5, 2), VALUE("dim", "int", "2"), VALUE("index", "int", "0") };
	struct event events[] = { MADE(1, 1, "aten::randint", number, left), MADE(2, 2, "aten::randperm", number, top), MADE(3, 3, "aten::stack", columns, boxes),
				  MADE(4, 4, "aten::stack", rows, batch), MADE(5, 5, "aten::select", pick, picked) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	struct source source = hand_source(&hand);
	struct lineage *lineage = calloc(1, sizeof(*lineage));

	lineage_walk_tensor(&source, 0, 5, 9, -1, LINEAGE_VALUES, lineage);
	CU_ASSERT_STRING_EQUAL(lineage->steps[lineage->decider].event.operation, "aten::randperm");
	events[4].operands = first;
	lineage_walk_tensor(&source, 0, 5, 9, -1, LINEAGE_VALUES, lineage);
	CU_ASSERT_STRING_EQUAL(lineage->steps[lineage->decider].event.operation, "aten::randint");
	free(lineage);
}

/* What was made of zeros was written to through a view since: who wrote has the elements. */
static void
test_view_written(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[2, 4]") }, made[] = { INDEX("output", 1, 2, 4) };
	const struct operand of[] = { INDEX("self", 1, 2, 4), VALUE("dim", "int", "0"), VALUE("index", "int", "1") }, row[] = { INDEX("output", 2, 4) };
	const struct operand copy[] = { INDEX("self", 2, 4), INDEX("src", 3, 4) }, copied[] = { INDEX("output", 2, 4) };
	struct event events[] = { MADE(1, 1, "aten::zeros", size, made), MADE(2, 2, "aten::select", of, row), MADE(3, 2, "aten::copy_", copy, copied) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	struct source source = hand_source(&hand);
	struct lineage *lineage = calloc(1, sizeof(*lineage));

	lineage_walk_tensor(&source, 0, 1, 9, -1, LINEAGE_VALUES, lineage);
	CU_ASSERT_STRING_EQUAL(lineage->steps[lineage->decider].event.operation, "aten::copy_");
	CU_ASSERT_EQUAL(lineage->count, 2);
	lineage_walk_tensor(&source, 0, 1, 3, -1, LINEAGE_VALUES, lineage); /* before that write */
	CU_ASSERT_STRING_EQUAL(lineage->steps[lineage->decider].event.operation, "aten::zeros");
	lineage_walk_tensor(&source, 0, 1, 9, 0, LINEAGE_SIZE, lineage); /* a size isn't written */
	CU_ASSERT_STRING_EQUAL(lineage->steps[lineage->decider].event.operation, "aten::zeros");
	free(lineage);
}

/* Put into one, multiplied, and taken apart again: each part is the one that stood at its place. */
static void
test_regrouped(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[2, 4, 5, 3]") }, made[] = { TENSOR("output", 1, 2, 4, 5, 3) };
	const struct operand merge[] = { TENSOR("self", 1, 2, 4, 5, 3), VALUE("size", "int[]", "[40, 3]") }, merged[] = { TENSOR("output", 2, 40, 3) };
	const struct operand mm[] = { TENSOR("self", 2, 40, 3), TENSOR("mat2", 9, 3, 7) }, product[] = { TENSOR("output", 3, 40, 7) };
	const struct operand split[] = { TENSOR("self", 3, 40, 7), VALUE("size", "int[]", "[2, 4, 5, 7]") }, apart[] = { TENSOR("output", 4, 2, 4, 5, 7) };
	const struct operand turned[] = { TENSOR("output", 4, 5, 4, 2, 7) };
	struct event events[] = { MADE(1, 1, "aten::zeros", size, made), MADE(2, 1, "aten::view", merge, merged), MADE(3, 1, "aten::mm", mm, product),
				  MADE(4, 1, "aten::view", split, apart) };
	struct hand with = { .events = events, .event_count = COUNT(events), .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	for (int dim = 0; dim < 3; dim++) {
		lineage_walk_tensor(&source, 0, 4, 10, dim, LINEAGE_SIZE, &one);
		CU_ASSERT_EQUAL_FATAL(one.count, 4);
		CU_ASSERT_EQUAL(one.decider, 3);
		CU_ASSERT_EQUAL(one.steps[3].dim, dim);
	}
	events[3].outputs = turned; /* taken apart otherwise */
	lineage_walk_tensor(&source, 0, 4, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_FALSE(one.steps[2].regrouped);
	lineage_walk_tensor(&source, 0, 4, 10, 2, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.decider, 0);
}

/* Rows chosen by numbers that were computed: the choice made them fewer. A table read by an index has the index's length. */
static void
test_choice(void)
{
	const struct operand score[] = { TENSOR("self", 1, 24), VALUE("k", "int", "18"), VALUE("dim", "int", "0") };
	const struct operand best[] = { TENSOR("values", 2, 18), INDEX("indices", 3, 18) };
	const struct operand pick[] = { TENSOR("self", 4, 24, 16), INDEX("indices[0]", 3, 18) }, picked[] = { TENSOR("output", 5, 18, 16) };
	const struct operand lookup[] = { TENSOR("self", 6, 10, 16), INDEX("indices[0]", 3, 18) };
	struct event events[] = { MADE(1, 1, "aten::topk", score, best), MADE(2, 1, "aten::index", pick, picked) };
	struct hand with = { .events = events, .event_count = COUNT(events), .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 5, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.decider, 0);
	events[1].operands = lookup;
	lineage_walk_tensor(&source, 0, 5, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_EQUAL(one.decider, 1);
}

/* A class token that is expanded to the batch has its size from the pictures that it is put before. */
static void
test_class_token(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[6, 9, 4]") }, token[] = { TENSOR("self", 1, 1, 1, 4), VALUE("size", "int[]", "[6, -1, -1]") };
	const struct operand tokens[] = { TENSOR("output", 2, 6, 1, 4) }, pictures[] = { TENSOR("output", 3, 6, 9, 4) }, none[] = { TENSOR("self", 3, 6, 9, 4) };
	const struct operand join[] = { ITEM("tensors[0]", 0, 2, 6, 1, 4), ITEM("tensors[1]", 1, 3, 6, 9, 4), VALUE("dim", "int", "1") };
	const struct operand joined[] = { TENSOR("output", 4, 6, 10, 4) };
	struct event events[] = { MADE(1, 1, "aten::expand", token, tokens), MADE(2, 1, "aten::lift_fresh", none, pictures), MADE(3, 1, "aten::cat", join, joined) };
	struct hand with = { .events = events, .event_count = COUNT(events), .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&with);

	lineage_walk_tensor(&source, 0, 4, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE_FATAL(one.decider >= 0);
	CU_ASSERT_EQUAL(one.steps[one.decider].event.id, 2);
	events[1] = (struct event)MADE(2, 1, "aten::zeros", size, pictures); /* both were given it: the first */
	lineage_walk_tensor(&source, 0, 4, 10, 0, LINEAGE_SIZE, &one);
	CU_ASSERT_TRUE_FATAL(one.decider >= 0);
	CU_ASSERT_EQUAL(one.steps[one.decider].event.id, 1);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("lineage", NULL, NULL);
	CU_add_test(suite, "what passes", test_passes);
	CU_add_test(suite, "forms", test_forms);
	CU_add_test(suite, "what decides", test_decides);
	CU_add_test(suite, "a walk", test_walk);
	CU_add_test(suite, "twins", test_twins);
	CU_add_test(suite, "ready-made", test_ready_made);
	CU_add_test(suite, "what was overwritten", test_overwritten);
	CU_add_test(suite, "made before", test_made_before);
	CU_add_test(suite, "dtype", test_dtype);
	CU_add_test(suite, "data given since", test_given_data);
	CU_add_test(suite, "data of another size given since", test_given_size);
	CU_add_test(suite, "copied by Python", test_deep_copy);
	CU_add_test(suite, "earlier calls", test_history);
	CU_add_test(suite, "written in place since", test_written);
	CU_add_test(suite, "a size that was rounded", test_rounding);
	CU_add_test(suite, "made by counting", test_counting);
	CU_add_test(suite, "what parted two sizes", test_parting);
	CU_add_test(suite, "one size of several", test_factors);
	CU_add_test(suite, "rank", test_rank);
	CU_add_test(suite, "a state that is carried on", test_loop);
	CU_add_test(suite, "what was undone", test_undone);
	CU_add_test(suite, "what was taken apart again", test_regrouped);
	CU_add_test(suite, "a class token", test_class_token);
	CU_add_test(suite, "rows that were chosen", test_choice);
	CU_add_test(suite, "the side that changed", test_changed);
	CU_add_test(suite, "one part of a stack", test_part);
	CU_add_test(suite, "written through a view", test_view_written);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
