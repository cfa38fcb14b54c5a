/* links: schema viewer */
/* A cause that tells a layer that was built beside another's weight, by the wrong one of its sizes. */
#include "causes_asked.h"

static const struct frame built[] = { { "/p/lora.py", "Adapter.__init__", 32, 0 }, { "/p/lora.py", "main", 90, 0 } };
static const struct frame before[] = { { "/l/model.py", "Dense.__init__", 12, 0 }, { "/p/lora.py", "main", 80, 0 } };
static const struct frame together[] = { { "/p/lora.py", "Adapter.__init__", 31, 0 }, { "/p/lora.py", "main", 90, 0 } };
static struct site sites[] = { { 1, 2, 1, 0, built }, { 2, 2, 1, 0, before } };
static const struct operand given[] = { TENSOR("input", 1, 5, 32), TENSOR("weight", 2, 4, 96) };
static const struct operand kept[] = { TENSOR("self", 8, 96), TENSOR("mat1", 9, 5, 32), TENSOR("mat2", 7, 32, 96) };
static const struct operand linear[] = { TENSOR("input", 9, 5, 32), TENSOR("weight", 7, 96, 32) };
static const struct live_tensor *live;
static const struct operand weight[] = { TENSOR("output", 7, 32, 96) }, built_weight[] = { TENSOR("size", 2, 4, 96) };

/* Is asked about model.block.1.proj.down, beside which PATH stands with PARAMETERS in each of 12; the earlier OPERATION had OPERANDS. */
static void
ask_built(const char *path, int parameters, const char *operation, const struct operand *operands, int count)
{
	struct event events[] = {
		{ .id = 10, .site = 2, .operation = "aten::detach", .status = "ok", .output_count = 1, .outputs = weight },
		{ .id = 20, .site = 5, .operation = operation, .status = "ok", .operand_count = count, .operands = operands },
	};
	struct event failed = EVENT("aten::linear", given);
	struct hand hand = { .sites = sites, .site_count = 2, .events = events, .event_count = 2, .live = live };
	struct source source = hand_source(&hand);
	json_t *frames = json_pack("[{s:s, s:s, s:[]}]", "function", "Linear.forward", "module", "model.block.1.proj.down", "locals");
	json_t *rows = json_pack("[{s:s, s:s, s:i, s:i}]", "module", path, "class", "Dense", "modules", 12, "parameters", 12 * parameters);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 96,
				    .actual = 32 };
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .message = "", .source = &source, .frames = frames, .modules = rows, .last_call = -1 };

	failed.site = 9;
	text_format(differs.text, sizeof(differs.text), "they differ");
	forget();
	add_step(1, 30, "aten::empty", built_weight, 1, 1, 96);
	stories[1].steps[0].event.site = 1;
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 1, .size = i ? 96 : 32, .lineage = stories[i].count ? &stories[i] : NULL };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(frames);
	json_decref(rows);
}

static void
test_wrapped(void)
{
	ask_built("model.block.0-11.proj.base", 32 * 96 + 96, "aten::addmm", kept, 3);
	EXPECT("other_size", "likely");
	EXPECT("layer_width", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "96 is what model.block.1.proj.base beside it gives, and 32 what that takes: its weight [32, 96] is kept as [in, out] (Dense)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in_features=32, the weight's shape[0], and what goes to its output with 96, its shape[1]"));
	ask_built("model.block.0-11.proj.base", 32 * 96, "aten::linear", linear, 2);
	EXPECT("other_size", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "its weight [96, 32] is kept as [out, in]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "shape[1], and what goes"));
}

/* No call of it is kept, but it is alive. */
static void
test_long_ago(void)
{
	struct live_tensor there = { .tensor = 1, .made = { .site = 2, .operation = "aten::detach", .output_count = 1, .outputs = weight } };

	live = &there;
	ask_built("model.block.0-11.proj.base", 32 * 96, "aten::mul", kept, 3);
	EXPECT("other_size", "likely");
	there.made.outputs = built_weight; /* another */
	ask_built("model.block.0-11.proj.base", 32 * 96, "aten::mul", kept, 3);
	EXPECT("other_size", "");
	live = NULL;
}

static void
test_others(void)
{
	ask_built("model.block.2-11.proj.base", 32 * 96 + 96, "aten::addmm", kept, 3); /* of other blocks */
	EXPECT("other_size", "");
	ask_built("model.block.0-11.proj", 32 * 96 + 96, "aten::addmm", kept, 3);
	EXPECT("other_size", "");
	ask_built("model.block.0-11.other.base", 32 * 96 + 96, "aten::addmm", kept, 3);
	EXPECT("other_size", "");
	ask_built("model.block.0-11.proj.down", 32 * 96 + 96, "aten::addmm", kept, 3); /* itself */
	EXPECT("other_size", "");
	ask_built("model.block.0-11.proj.base", 64 * 96, "aten::addmm", kept, 3); /* another weight */
	EXPECT("other_size", "");
	ask_built("model.block.0-11.proj.base", 32 * 96, "aten::mul", kept, 3); /* none is known to be kept so */
	EXPECT("other_size", "");
	sites[1].frames = together; /* two layers of one module, one behind the other */
	ask_built("model.block.0-11.proj.base", 32 * 96, "aten::addmm", kept, 3);
	EXPECT("other_size", "");
	EXPECT("layer_width", "likely");
	sites[1].frames = before;
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "by a wrapped layer's other size", test_wrapped);
	CU_add_test(suite, "of which nothing is kept", test_long_ago);
	CU_add_test(suite, "other layers", test_others);
}

int
main(void)
{
	return run_suite("built beside a weight", fill);
}
