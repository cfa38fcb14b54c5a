/* links: schema viewer */
/* Programs that fail as the traced one did: operands, calls, and what no program can be made of. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "schema/box.h"
#include "viewer/analysis/repro/repro.h"
#include "viewer/rendering/repro_text.h"

#define DONE(id_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .grad = true, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, .output_count = COUNT(outputs_), \
	  .outputs = outputs_ }
#define GRAD(name_, identity, ...) \
	{ .name = name_, .kind = "tensor", .item = -1, .ndim = (int)(sizeof(SIZES(__VA_ARGS__)) / sizeof(int64_t)), .sizes = SIZES(__VA_ARGS__), \
	  .dtype = "float32", .device = "cpu", .layout = "strided", .flags = BOX_TENSOR_GRAD, .tensor = identity }

static const struct process process = { .file = "rank0-1.db", .role = "rank", .rank = 0, .status = "failed", .exit_status = 1, .torch_version = "2.13.0" };

/* What is made of a failure of the last of EVENTS, with MESSAGE, the COUNTS of its operands and the failing frame's LOCALS. */
static json_t *
made_of(const struct event *events, int count, const char *message, const char *counts, const char *locals)
{
	json_t *exception = json_pack("{s:s, s:s}", "type", "c10::Error", "message", message);
	json_t *left = json_pack("{s:s, s:o, s:o}", "operation", events[count - 1].operation, "exception", exception, "operands", json_loads(counts, 0, NULL));
	json_t *frame = json_pack("{s:s, s:i, s:s, s:o}", "file", "/home/me/model.py", "line", 7, "function", "forward", "locals", json_loads(locals, 0, NULL));
	json_t *fatal = json_pack("{s:s, s:s, s:s, s:[o]}", "how", "excepthook", "type", "RuntimeError", "message", message, "frames", frame);
	struct note notes[] = { { .id = 1, .time_ns = 10, .event = events[count - 1].id, .kind = "operation", .json = left },
				{ .id = 2, .time_ns = 11, .event = events[count - 1].id, .kind = "fatal", .json = fatal } };
	struct hand hand = { .processes = &process, .process_count = 1, .events = events, .event_count = count, .notes = { notes }, .note_counts = { 2 } };
	struct source source = hand_source(&hand);
	json_t *repro = repro_build(&source);

	json_decref(left);
	json_decref(fatal);
	return repro;
}

static const char *
line(const json_t *repro, size_t i)
{
	const char *text = json_string_value(json_array_get(json_object_get(repro, "program"), i));

	return text ? text : "";
}

static const char *
reason(const json_t *repro)
{
	const char *text = json_string_value(json_object_get(repro, "reason"));

	return text ? text : "";
}

static void
test_counts(void)
{
	const struct operand operands[] = {
		GRAD("self", 1, 2, 12, 8), { .name = "indices[0]", .kind = "tensor", .argument = 1, .item = 0, .ndim = 2, .sizes = SIZES(2, 12), .dtype = "bool",
		.device = "cpu", .layout = "strided", .tensor = 2 }, { .name = "values", .kind = "tensor", .argument = 2, .item = -1, .ndim = 2,
		.sizes = SIZES(7, 8), .strides = SIZES(1, 7), .dtype = "bfloat16", .device = "cuda:0", .layout = "strided", .tensor = 3 },
		{ .name = "accumulate", .kind = "bool", .value = "false", .argument = 3, .item = -1, .ndim = -1, .tensor = -1 },
	};
	const struct event events[] = { EVENT("aten::index_put_", operands) };
	json_t *repro = made_of(events, 1, "shape mismatch", "[{\"tensor\":2,\"summary\":{\"elements\":24,\"true\":5,\"rows\":[2,3]}}]",
				"[{\"name\":\"embeds\",\"kind\":\"tensor\",\"tensor\":1,\"requires_grad\":true,\"is_leaf\":false},"
				"{\"name\":\"import\",\"kind\":\"tensor\",\"tensor\":2},{\"name\":\"feats[0]\",\"kind\":\"tensor\",\"tensor\":3}]");

	CU_ASSERT_STRING_EQUAL(reason(repro), "");
	CU_ASSERT_STRING_EQUAL(line(repro, 0), "embeds = torch.zeros([2, 12, 8], requires_grad=True).clone()");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "x = torch.arange(12) < torch.tensor([[2], [3]])");
	CU_ASSERT_STRING_EQUAL(line(repro, 2), "feats_0 = torch.empty_strided([7, 8], [1, 7], dtype=torch.bfloat16, device=\"cuda:0\")");
	CU_ASSERT_STRING_EQUAL(line(repro, 3), "torch.ops.aten.index_put_.default(embeds, indices=[x], values=feats_0, accumulate=False)");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(repro, "where")), "model.py:7");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(repro, "notes"), 0)), "it takes cuda:0");
	json_decref(repro);
}

static void
test_integers(void)
{
	struct operand operands[] = { TENSOR("weight", 1, 10, 4), INDEX("indices", 2, 2, 3), VALUE("padding_idx", "int", "-1") };
	const struct event events[] = { EVENT("aten::embedding", operands) };
	json_t *repro;

	operands[1].argument = 1;
	operands[2].argument = 2;
	repro = made_of(events, 1, "index out of range in self", "[{\"tensor\":2,\"summary\":{\"elements\":6,\"min\":-100,\"max\":12,\"negative\":2,\"ignored\":2,"
			"\"zero\":1,\"distinct\":4,\"sorted\":null}}]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "indices = torch.tensor([-100] * 2 + [0] + [12] * 3).view([2, 3])");
	json_decref(repro);
	repro = made_of(events, 1, "index 12 is out of bounds", "[{\"tensor\":2,\"summary\":{\"elements\":6,\"min\":-100,\"max\":12,\"negative\":2,\"ignored\":2,"
			"\"zero\":1,\"distinct\":4,\"sorted\":null}}]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "indices = torch.tensor([12] + [-100] * 2 + [0] + [12] * 2).view([2, 3])");
	json_decref(repro);
	repro = made_of(events, 1, "index out of range in self", "[]", "[]"); /* nobody counted: that is said */
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "indices = torch.zeros([2, 3], dtype=torch.int64)");
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_array_get(json_object_get(repro, "notes"), 0)), "not counted"));
	json_decref(repro);
}

/* What the message tells of values. */
static void
test_told(void)
{
	struct operand scores[] = { TENSOR("self", 1, 3), TENSOR("target", 2, 3) };
	struct operand bag[] = { TENSOR("weight", 1, 10, 4), INDEX("indices", 2, 5), INDEX("offsets", 3, 3) };
	const struct event losses[] = { EVENT("aten::binary_cross_entropy", scores) }, bags[] = { EVENT("aten::embedding_bag", bag) };
	json_t *repro = made_of(losses, 1, "all elements of target should be between 0 and 1", "[]", "[]");

	scores[1].argument = bag[1].argument = 1;
	bag[2].argument = 2;
	CU_ASSERT_STRING_EQUAL(line(repro, 0), "input = torch.zeros([3])");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "target = torch.full([3], 2.0)");
	json_decref(repro);
	repro = made_of(bags, 1, "Index 3 of input takes value 14 which is not in the valid range [0, 10)",
			"[{\"tensor\":2,\"summary\":{\"elements\":5,\"min\":1,\"max\":14,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":5,\"sorted\":false}},"
			"{\"tensor\":3,\"summary\":{\"elements\":3,\"min\":0,\"max\":4,\"negative\":0,\"zero\":1,\"ignored\":0,\"distinct\":3,\"sorted\":true}}]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "indices = torch.tensor([1] * 3 + [14] + [1])");
	CU_ASSERT_STRING_EQUAL(line(repro, 2), "offsets = torch.tensor([0] + [4] * 2)");
	json_decref(repro);
	repro = made_of(bags, 1, "offsets[-1] can not be greater than input's length 5 but got offsets[-1] of 7",
			"[{\"tensor\":3,\"summary\":{\"elements\":3,\"min\":0,\"max\":7,\"negative\":0,\"zero\":1,\"ignored\":0,\"distinct\":3,\"sorted\":true}}]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 2), "offsets = torch.tensor([0] + [7] * 2)"); /* still sorted: the first is 0 */
	json_decref(repro);
}

static void
test_list(void)
{
	struct operand operands[] = { ITEM("tensors[0]", 0, 1, 3, 8), ITEM("tensors[1]", 1, 2, 3, 8), ITEM("tensors[2]", 2, 3, 3, 8), ITEM("tensors[3]", 3, 4, 4, 8),
				      VALUE("dim", "int", "0"), VALUE("generator", "other", NULL) };
	const struct event events[] = { EVENT("aten::stack", operands) };
	json_t *repro;

	operands[4].argument = 1;
	operands[5].argument = 2;
	repro = made_of(events, 1, "stack expects", "[]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 0), "torch.ops.aten.stack.default([*[torch.zeros([3, 8]) for _ in range(3)], torch.zeros([4, 8])], dim=0,");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "    generator=None)");
	json_decref(repro);
}

static void
test_views(void)
{
	const struct operand table[] = { GRAD("self", 1, 10, 4) }, head[] = { GRAD("output", 2, 3, 4) }, written[] = { GRAD("self", 2, 3, 4) };
	struct event events[] = { DONE(1, "aten::slice", table, head), EVENT("aten::relu_", written) };
	json_t *repro = made_of(events, 2, "a view of a leaf Variable that requires grad is being used in an in-place operation.", "[]", "[]");

	CU_ASSERT_STRING_EQUAL(line(repro, 0), "input = torch.zeros([10, 4], requires_grad=True)");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "input_2 = torch.ops.aten.slice.default(input)");
	CU_ASSERT_STRING_EQUAL(line(repro, 2), "torch.ops.aten.relu_.default(input_2)");
	json_decref(repro);
	events[1].grad = false;
	repro = made_of(events, 2, "no", "[]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 2), "with torch.no_grad(): torch.ops.aten.relu_.default(input_2)");
	json_decref(repro);
}

/* Amounts aren't recorded: something stands for them, and the comment says so. */
static void
test_amounts(void)
{
	struct operand operands[] = { TENSOR("self", 1, 3), VALUE("value", "float", NULL), VALUE("alpha", "number", NULL) };
	const struct event events[] = { EVENT("aten::fill_", operands) };
	json_t *repro;

	operands[1].argument = 1;
	operands[2].argument = 2;
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "torch.ops.aten.fill_.default(input, value=0.5, alpha=1)");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(repro, "notes"), 0)), "amounts aren't recorded; stand-ins: value=0.5, alpha=1");
	json_decref(repro);
	repro = made_of(events, 1, "value cannot be converted to type c10::Half without overflow", "[]", "[]");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "torch.ops.aten.fill_.default(input, value=1e300, alpha=2**62)");
	json_decref(repro);
}

static void
test_refused(void)
{
	struct operand operands[] = { TENSOR("self", 1, 3), VALUE("other", "other", NULL) };
	struct event events[] = { EVENT("c10d::allreduce_", operands) };
	json_t *repro = made_of(events, 1, "no", "[]", "[]");

	CU_ASSERT_PTR_NOT_NULL(strstr(reason(repro), "a collective"));
	CU_ASSERT_TRUE(json_is_null(json_object_get(repro, "program")));
	json_decref(repro);
	events[0].operation = "mine::op";
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_PTR_NOT_NULL(strstr(reason(repro), "isn't one of PyTorch's own"));
	json_decref(repro);
	events[0].operation = "aten::mul";
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_PTR_NOT_NULL(strstr(reason(repro), "what was given as other isn't recorded"));
	json_decref(repro);
	operands[0].flags = BOX_TENSOR_PYTHON;
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_PTR_NOT_NULL(strstr(reason(repro), "subclass of Tensor"));
	json_decref(repro);
}

/* Nothing that requires grad took part: no node ran, no operation failed. */
static void
test_engine(void)
{
	const struct operand operands[] = { TENSOR("self", 1, 3) };
	const struct event events[] = { EVENT("aten::sum", operands) };
	static const char frames[] = "[{\"file\":\"/p/site-packages/torch/autograd/graph.py\",\"line\":9,\"function\":\"_engine_run_backward\"}]";
	json_t *fatal = json_pack("{s:s, s:s, s:s, s:o}", "how", "excepthook", "type", "RuntimeError", "message",
				  "element 0 of tensors does not require grad and does not have a grad_fn", "frames", json_loads(frames, 0, NULL));
	const struct note notes[] = { { .id = 2, .time_ns = 11, .event = 100, .kind = "fatal", .json = fatal } };
	struct hand hand = { .processes = &process, .process_count = 1, .events = events, .event_count = 1, .notes = { notes }, .note_counts = { 1 } };
	struct source source = hand_source(&hand);
	json_t *repro = repro_build(&source);

	CU_ASSERT_STRING_EQUAL(line(repro, 0), "torch.zeros([]).backward()");
	json_decref(repro);
	json_object_set_new(fatal, "message", json_string("something of the engine's"));
	repro = repro_build(&source);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason(repro), "for a reason that isn't recorded"));
	json_decref(repro);
	json_decref(fatal);
}

/* A trace is anybody's: nothing of it may become code. */
static void
test_hostile(void)
{
	struct operand operands[] = { TENSOR("self", 1, 3), VALUE("reduce", "string", "\"\\\"); import os #\"") };
	struct event events[] = { EVENT("aten::sum", operands) };
	struct page page = { 0 };
	json_t *repro;

	operands[1].argument = 1;
	repro = made_of(events, 1, "no\nimport os\rimport os", "[]", "[{\"name\":\"y=__import__('os')\\nz\",\"kind\":\"tensor\",\"tensor\":1}]");
	CU_ASSERT_STRING_EQUAL(line(repro, 0), "y___import__os_z = torch.zeros([3])");
	CU_ASSERT_STRING_EQUAL(line(repro, 1), "torch.ops.aten.sum.default(y___import__os_z, reduce=\"\\\"); import os #\")");
	repro_text(&page, repro);
	CU_ASSERT_PTR_NULL(strstr(page_string(&page), "\nimport os"));
	CU_ASSERT_PTR_NULL(strchr(page_string(&page), '\r'));
	page_free(&page);
	json_decref(repro);
	operands[0].device = "cpu\"); import os #";
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_STRING_NOT_EQUAL(reason(repro), "");
	json_decref(repro);
	operands[0].device = "cpu";
	operands[0].dtype = "float32, x=print(1)";
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_STRING_NOT_EQUAL(reason(repro), "");
	json_decref(repro);
	operands[0].dtype = "float32";
	operands[1].name = "reduce=exit(), x";
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_STRING_NOT_EQUAL(reason(repro), "");
	json_decref(repro);
	operands[1].name = "reduce";
	events[0].operation = "aten::sum(exit())";
	repro = made_of(events, 1, "no", "[]", "[]");
	CU_ASSERT_STRING_NOT_EQUAL(reason(repro), "");
	json_decref(repro);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("repro", NULL, NULL);
	CU_add_test(suite, "a mask, strides, devices", test_counts);
	CU_add_test(suite, "integers by their counts", test_integers);
	CU_add_test(suite, "what the message tells", test_told);
	CU_add_test(suite, "a list", test_list);
	CU_add_test(suite, "views and leaves", test_views);
	CU_add_test(suite, "amounts", test_amounts);
	CU_add_test(suite, "refused", test_refused);
	CU_add_test(suite, "refused by the engine", test_engine);
	CU_add_test(suite, "a hostile trace", test_hostile);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
