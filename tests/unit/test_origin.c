/* links: schema viewer */
/* Where a loss left the graph; who made a parameter of a checkpoint's shape. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis_events.h"
#include "schema/box.h"
#include "viewer/analysis/diagnosis_parts.h"
#include "viewer/analysis/text.h"
#include "viewer/analysis/where.h"

#define MADE(id_, site_, grad_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .grad = grad_, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, \
	  .output_count = COUNT(outputs_), .outputs = outputs_ }
#define WITH_GRAPH(name_, identity, ...) \
	{ .name = name_, .kind = "tensor", .item = -1, .ndim = COUNT(SIZES(__VA_ARGS__)), .sizes = SIZES(__VA_ARGS__), .dtype = "float32", .device = "cpu", \
	  .layout = "strided", .tensor = identity, .flags = BOX_TENSOR_GRAD }

static const struct process processes[] = { { .file = "x.db", .role = "rank", .status = "failed" } };
static const struct frame inside[] = { { .file = "/x/site-packages/torch/utils/checkpoint.py", .line = 30, .function = "forward" },
				       { .file = "/x/a.py", .line = 9, .function = "main" } };
static const struct frame linear[] = { { .file = "/x/site-packages/torch/nn/modules/sparse.py", .line = 150, .function = "Embedding.__init__" },
				       { .file = "/x/site-packages/transformers/modeling_utils.py", .line = 2819, .function = "resize" },
				       { .file = "/x/a.py", .line = 24, .function = "train" } };
static const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = inside }, { .id = 2, .frame_count = 3, .frames = linear } };
static char path[] = "/tmp/shapebox-origin-XXXXXX.py";

static const char *
told(struct diagnosis *diagnosis, char out[96])
{
	diagnosis_follow(diagnosis);
	text_format(out, 96, "%s %d", text_get(diagnosis->origin, "operation"), (int)json_integer_value(json_object_get(diagnosis->origin, "event")));
	diagnosis_end(diagnosis);
	return out;
}

/* What is told of the loss, tensor 7, whose backward was refused. */
static const char *
cut_of(struct hand *hand, char out[96])
{
	struct note note = { .kind = "exception", .json = json_pack("{s:[]}", "frames") };
	struct failure failure = { .kind = "python", .context_event = 50, .link = -1, .note = &note,
				   .message = "element 0 of tensors does not require grad and does not have a grad_fn" };
	struct source source = hand_source(hand);
	struct diagnosis diagnosis = { .source = &source, .failure = &failure, .followed = { .id = -1 },
				       .frames = json_pack("[{s:s, s:i, s:s, s:[{s:s, s:s, s:i, s:[], s:s}]}]", "file", path, "line", 2, "function", "main", "locals", "name",
							   "loss", "kind", "tensor", "tensor", 7, "shape", "dtype", "float32") };

	told(&diagnosis, out);
	json_decref((json_t *)note.json);
	return out;
}

/* The operation nearest to the loss that was given a graph and left it; of checkpointed layers the first. Where nothing had one, nothing is told. */
static void
test_cut(void)
{
	const struct operand none[] = { VALUE("size", "int[]", "[]") }, data[] = { TENSOR("output", 1, 4, 8) };
	const struct operand layer[] = { TENSOR("input", 1, 4, 8), WITH_GRAPH("weight", 2, 8, 8) }, hidden[] = { TENSOR("output", 3, 4, 8) };
	const struct operand second[] = { TENSOR("input", 3, 4, 8), WITH_GRAPH("weight", 4, 8, 8) }, higher[] = { TENSOR("output", 5, 4, 8) };
	const struct operand sum[] = { TENSOR("self", 5, 4, 8) }, loss[] = { TENSOR("output", 7, 1) };
	const struct operand frozen[] = { TENSOR("input", 1, 4, 8), TENSOR("weight", 2, 8, 8) }, frozen_too[] = { TENSOR("input", 3, 4, 8), TENSOR("weight", 4, 8, 8) };
	struct event events[] = { MADE(1, -1, true, "aten::randn", none, data), MADE(2, -1, false, "aten::linear", layer, hidden),
				  MADE(3, -1, false, "aten::linear", second, higher), MADE(4, -1, true, "aten::sum", sum, loss) };
	struct hand hand = { .events = events, .event_count = COUNT(events), .processes = processes, .process_count = 1, .sites = sites, .site_count = 2 };
	char out[96];

	CU_ASSERT_STRING_EQUAL(cut_of(&hand, out), "aten::linear 3");
	events[1].site = events[2].site = 1; /* within checkpointing */
	CU_ASSERT_STRING_EQUAL(cut_of(&hand, out), "aten::linear 2");
	events[1].operands = frozen;
	events[2].operands = frozen_too;
	CU_ASSERT_STRING_NOT_EQUAL(cut_of(&hand, out), "aten::linear 2");
	CU_ASSERT_STRING_NOT_EQUAL(cut_of(&hand, out), "aten::linear 3");
}

/* A table that was resized in this run before it was saved has the origin; one of another shape hasn't. */
static void
test_loaded(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[122, 32]") }, table[] = { TENSOR("output", 1, 122, 32) }, other[] = { TENSOR("output", 1, 99, 32) };
	const struct operand pair[] = { TENSOR("embed.weight", -1, 122, 32), TENSOR("the model's embed.weight", -1, 120, 32) };
	const struct operand now[] = { TENSOR("output", 2, 120, 32) };
	struct event events[] = { MADE(1, 2, true, "aten::empty", size, table), MADE(2, 2, true, "aten::empty", size, now) };
	const struct event subject = { .id = 50, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = SUBJECT_LOAD, .overload = "", .phase = "load",
				       .status = "failed", .operand_count = 2, .operands = pair };
	struct hand hand = { .events = events, .event_count = 1, .processes = processes, .process_count = 1, .sites = sites, .site_count = 2 };
	struct failure failure = { .kind = "python", .context_event = 49, .link = -1, .message = "" };
	struct source source = hand_source(&hand);
	const struct diagnosis fresh = { .source = &source, .failure = &failure, .subject = &subject, .has_mismatch = true, .followed = { .id = -1 },
					 .mismatch = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .expected = 120, .actual = 122,
						       .has_expected = true, .has_actual = true } };
	struct diagnosis diagnosis = fresh;
	char out[96];

	CU_ASSERT_STRING_EQUAL(told(&diagnosis, out), "aten::empty 1");
	hand.event_count = 2; /* the model's own: the last of its shape, beside it */
	diagnosis = fresh;
	diagnosis_follow(&diagnosis);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(diagnosis.origin, "event")), 1);
	CU_ASSERT_EQUAL(json_array_size(diagnosis.lineage), 2);
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(diagnosis.lineage, 0), "operand"), "perhaps the saved embed.weight");
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(diagnosis.lineage, 1), "operand"), "the model's embed.weight");
	diagnosis_end(&diagnosis);
	hand.event_count = 1;
	events[0].outputs = other;
	diagnosis = fresh;
	CU_ASSERT_STRING_NOT_EQUAL(told(&diagnosis, out), "aten::empty 1");
}

/* Keys that are as many as ever don't fit into the end of a ring: the slice of it has the origin. */
static void
test_assigned(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[16, 1000]") }, queue[] = { TENSOR("output", 1, 16, 1000) };
	const struct operand keys[] = { TENSOR("output", 2, 16, 12) }, cut[] = { TENSOR("output", 3, 16, 4) };
	const struct operand ring[] = { TENSOR("self", 1, 16, 1000), VALUE("dim", "int", "1"), VALUE("start", "int", "996"), VALUE("end", "int", "1008") };
	const struct operand inside[] = { TENSOR("self", 1, 16, 1000), VALUE("dim", "int", "1"), VALUE("start", "int", "8"), VALUE("end", "int", "12") };
	const struct operand given[] = { TENSOR("self", 2, 16, 12), VALUE("size", "int[]", "[16, 4]") };
	struct event events[] = { MADE(1, -1, false, "aten::randn", size, queue), MADE(2, -1, false, "aten::randn", size, keys), MADE(3, -1, false, "aten::slice", ring, cut) };
	const struct event failed = { .id = 4, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = "aten::expand", .overload = "", .phase = "forward",
				      .status = "failed", .operand_count = 2, .operands = given };
	struct hand hand = { .events = events, .event_count = 3, .processes = processes, .process_count = 1, .sites = sites, .site_count = 2 };
	struct failure failure = { .kind = "operation", .has_event = true, .event = failed, .operation_name = failed.operation, .context_event = 3, .link = -1, .message = "" };
	struct source source = hand_source(&hand);
	struct diagnosis diagnosis;
	char out[96];

	diagnosis_start(&diagnosis, &source, &failure);
	CU_ASSERT_STRING_EQUAL(told(&diagnosis, out), "aten::slice 3");
	events[2].operands = inside; /* it is as long as it was asked for */
	events[2].operand_count = COUNT(inside);
	diagnosis_start(&diagnosis, &source, &failure);
	CU_ASSERT_STRING_EQUAL(told(&diagnosis, out), "aten::randn 2");
}

/* The origin where an optimizer's state, tensor 4, meets the gradient, tensor 3, of a parameter that was made in event MADE. */
static const char *
state_origin(int64_t made, bool entered, char out[96])
{
	const struct operand size[] = { VALUE("size", "int[]", "[14, 8]") }, gradient[] = { TENSOR("output", 3, 14, 8) }, state[] = { TENSOR("output", 4, 10, 8) };
	const struct operand read[] = { TENSOR("self", 5, 10, 8) }, both[] = { TENSOR("self", 4, 10, 8), TENSOR("end", 3, 14, 8) };
	const struct operand zeros[] = { VALUE("size", "int[]", "[10, 8]") };
	struct event first = MADE(2, -1, false, "aten::empty", size, gradient), second = MADE(5, -1, false, "aten::to", read, state);
	struct event events[2];
	const struct event failed = { .id = 60, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = "aten::lerp_", .overload = "", .phase = "optimizer",
				      .status = "failed", .operand_count = 2, .operands = both };
	struct hand hand = { .events = events, .event_count = 2, .processes = processes, .process_count = 1, .sites = sites, .site_count = 2 };
	struct failure failure = { .kind = "operation", .has_event = true, .event = failed, .operation_name = failed.operation, .context_event = 59, .link = -1,
				   .message = "", .phase = "optimizer" };
	struct source source = hand_source(&hand);
	struct diagnosis diagnosis;

	first.id = made;
	if (!entered) {
		second.operation = "aten::zeros";
		second.operands = zeros;
		second.operand_count = 1;
	}
	events[made > 5] = first;
	events[made < 5] = second;
	diagnosis_start(&diagnosis, &source, &failure);
	return told(&diagnosis, out);
}

/* A state that was loaded where the parameter was there already brought the wrong size in; a parameter that was made since has it itself. */
static void
test_state(void)
{
	static struct lineage parameter, state;
	char out[96];

	parameter.count = state.count = 1;
	parameter.steps[0].event.id = 2;
	state.steps[0].event.id = 5;
	CU_ASSERT_TRUE(diagnosis_was_decided_before(&parameter, &state));
	parameter.steps[0].event.id = 9;
	CU_ASSERT_FALSE(diagnosis_was_decided_before(&parameter, &state));
	CU_ASSERT_STRING_EQUAL(state_origin(2, true, out), "aten::to 5");
	CU_ASSERT_STRING_EQUAL(state_origin(2, false, out), "aten::empty 2"); /* nothing was loaded */
}

/* Where an exception was raised from another, the frame that caught it lends its variables to the other's traceback, which has none. */
static void
test_lent(void)
{
	struct note note = { .kind = "exception", .json = json_loads(
		"{\"frames\":[{\"file\":\"/x/b.py\",\"line\":20,\"function\":\"convert\",\"locals\":[{\"name\":\"value\",\"kind\":\"list\",\"length\":2,\"lengths\":[4,3]}]},"
		"{\"file\":\"/x/a.py\",\"line\":9,\"function\":\"main\"}],\"chain\":[{\"frames\":[{\"file\":\"/x/b.py\",\"line\":3,\"function\":\"as_tensor\"},"
		"{\"file\":\"/x/b.py\",\"line\":12,\"function\":\"convert\"}]}]}", 0, NULL) };
	json_t *frames = json_object_get(json_array_get(json_object_get(note.json, "chain"), 0), "frames"), *built;
	struct failure failure = { .kind = "python", .context_event = -1, .link = 0, .note = &note, .message = "", .frames = frames };
	struct hand hand = { .processes = processes, .process_count = 1 };
	struct source source = hand_source(&hand);

	built = where_frames(&source, &failure);
	CU_ASSERT_EQUAL(json_array_size(built), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(built, 1), "line")), 12);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json_array_get(built, 1), "locals")), 1);
	CU_ASSERT_PTR_NULL(json_object_get(json_array_get(built, 0), "locals"));
	CU_ASSERT_PTR_NULL(json_object_get(json_array_get(frames, 1), "locals")); /* the note is as it was */
	json_decref(built);
	json_decref((json_t *)note.json);
}

int
main(void)
{
	static const char program[] = "def main(loss):\n    loss.backward()\n";
	int file = mkstemps(path, 3);
	CU_pSuite suite;
	unsigned failures;

	if (file < 0 || write(file, program, sizeof(program) - 1) != (ssize_t)sizeof(program) - 1 || close(file) || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("origin", NULL, NULL);
	CU_add_test(suite, "a graph that was left", test_cut);
	CU_add_test(suite, "a checkpoint's shape", test_loaded);
	CU_add_test(suite, "what is assigned to the end of a ring", test_assigned);
	CU_add_test(suite, "an optimizer's state", test_state);
	CU_add_test(suite, "variables that are lent", test_lent);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(path);
	return failures ? 1 : 0;
}
