/* links: schema viewer */
/* What one model made in its dtype goes into another's layer (causes_two_models.c). */
#include "causes_asked.h"

static struct cause cause;

/* A value of bfloat16 made in event 3, a layer whose weight is of DTYPE in event LAYER, and a float32 layer of PATH that fails. */
static bool
told(const char *path, int64_t layer, const char *dtype)
{
	const struct operand first[] = { TENSOR("input", 1, 2, 8), { .name = "weight", .kind = "tensor", .item = -1, .ndim = 2, .sizes = SIZES(8, 8), .dtype = dtype, .tensor = 2 } };
	const struct operand failing[] = { TENSOR("input", 3, 2, 8), TENSOR("weight", 4, 8, 8) };
	const struct frame frames[] = { { .file = "/x/generate.py", .function = "forward", .line = 7 } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames } };
	struct event events[] = { { .id = layer, .site = 60, .operation = "aten::linear", .phase = "forward", .status = "ok", .operand_count = 2, .operands = first } };
	struct hand hand = { .events = events, .event_count = 1, .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	const struct event event = { .id = 9, .site = 60, .operation = "aten::linear", .phase = "forward", .operand_count = 2, .operands = failing };
	static struct lineage made;
	struct cause_facts facts = { .source = &source, .event = &event, .last_call = -1, .sides = { { .place = 0, .lineage = &made }, { .place = 1 } },
				     .frames = json_pack("[{s:s, s:s, s:[{s:s, s:s, s:i}]}]", "file", "/x/generate.py", "function", "forward", "locals", "name", path, "kind", "tensor",
							 "tensor", 4) };
	bool is;

	made = (struct lineage){ .property = LINEAGE_DTYPE, .count = 1, .decider = 0 };
	made.steps[0] = (struct lineage_step){ .event = { .id = 3, .site = 60, .operation = "aten::randn" }, .decides = true };
	cause = (struct cause){ .confidence = "" };
	is = cause_tell_two_models(&facts, &cause, 1, 0, "float32", "bfloat16");
	json_decref((json_t *)facts.frames);
	return is;
}

static void
test_between(void)
{
	CU_ASSERT_TRUE(told("vae.conv.weight", 5, "bfloat16"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "the last by aten::linear at generate.py:7: these are two models, vae is the one in float32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "vae.to(torch.bfloat16)"));
	CU_ASSERT_FALSE(told("vae.conv.weight", 2, "bfloat16")); /* before the value was made */
	CU_ASSERT_FALSE(told("vae.conv.weight", 5, "float32")); /* of the failing one's own dtype */
	CU_ASSERT_FALSE(told("weight", 5, "bfloat16")); /* of no module by name */
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "layers of another dtype came between", test_between);
}

int
main(void)
{
	return run_suite("two models", fill);
}
