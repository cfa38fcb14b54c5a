/* links: schema viewer */
/* Causes of a recomputation whose sizes rest on values: random numbers on their way, what was written to in between, or neither. */
#include "causes_asked.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))
#define LACKS(key, part) CU_ASSERT_PTR_NULL(strstr(first_text(key), part))
#define EVENT_OF(id_, phase_, operation_, in, made) \
	{ .id = id_, .site = id_ % 10, .step = 3, .parent = -1, .scope = -1, .sequence = -1, .operation = operation_, .overload = "", .status = "ok", .phase = phase_, \
	  .operand_count = COUNT(in), .operands = in, .output_count = 1, .outputs = made }

/* Of site N: line N of a model within a checkpointed block. */
static const struct frame block[][3] = {
	{ { "/x/model.py", "forward", 1, 0 }, { "/p/torch/utils/checkpoint.py", "checkpoint", 7, 0 }, { "/x/model.py", "run", 35, 0 } },
	{ { "/x/model.py", "forward", 2, 0 }, { "/p/torch/utils/checkpoint.py", "checkpoint", 7, 0 }, { "/x/model.py", "run", 35, 0 } },
	{ { "/x/model.py", "forward", 3, 0 }, { "/p/torch/utils/checkpoint.py", "checkpoint", 7, 0 }, { "/x/model.py", "run", 35, 0 } },
	{ { "/x/model.py", "forward", 4, 0 }, { "/p/torch/utils/checkpoint.py", "checkpoint", 7, 0 }, { "/x/model.py", "run", 35, 0 } },
};
static const struct site sites[] = { { 1, 3, 1, 0, block[0] }, { 2, 3, 1, 0, block[1] }, { 3, 3, 1, 0, block[2] }, { 4, 3, 1, 0, block[3] } };

static const struct operand bias_of[] = { TENSOR("self", 20, 12, 3), TENSOR("other", 5, 3) }, sum[] = { TENSOR("output", 21, 12, 3) };
static const struct operand bias[] = { TENSOR("self", 5, 3) }, written[] = { TENSOR("output", 5, 3) };
static const struct operand first_in[] = { TENSOR("self", 21, 12, 3) }, first_rows[] = { TENSOR("output", 22, 6) };
static struct operand noise_in[] = { TENSOR("self", 30, 12, 3), { .name = "train", .kind = "bool", .value = "true", .item = -1, .ndim = -1, .tensor = -1 },
				     { .name = "generator", .kind = "none", .item = -1, .ndim = -1, .tensor = -1 } };
static struct operand noise[] = { TENSOR("output", 31, 12, 3) };
static struct operand again_in[] = { TENSOR("self", 31, 12, 3), TENSOR("other", 5, 3) };
static const struct operand again[] = { TENSOR("output", 32, 12, 3) }, rows_in[] = { TENSOR("self", 32, 12, 3) }, rows[] = { TENSOR("output", 33, 5) };
static const struct operand pair[] = { TENSOR("recomputed tensor", 33, 5), TENSOR("saved tensor", 22, 6) };

static struct event events[] = {
	EVENT_OF(42, "forward", "aten::add", bias_of, sum), EVENT_OF(43, "forward", "aten::nonzero", first_in, first_rows), EVENT_OF(44, "forward", "aten::add_", bias, written),
	EVENT_OF(51, "backward", "aten::dropout", noise_in, noise), EVENT_OF(52, "backward", "aten::add", again_in, again), EVENT_OF(53, "backward", "aten::nonzero", rows_in, rows),
};
static struct hand hand = { .events = events, .event_count = COUNT(events), .sites = sites, .site_count = COUNT(sites) };
static struct source source;

static void
ask_again(void)
{
	const struct event made = EVENT("recomputed", pair);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .text = "5 where 6" };
	struct cause_facts facts = { .event = &made, .mismatch = &differs, .message = "Recomputed values have different metadata", .type = "torch.utils.checkpoint.CheckpointError",
				     .source = &source, .last_call = -1, .step = 3, .before = 60 };

	forget();
	for (int i = 0; i < 2; i++) {
		add_step(i, i ? 43 : 53, "aten::nonzero", i ? first_in : rows_in, 1, 0, i ? 6 : 5);
		stories[i].steps[0].event = events[i ? 1 : 5];
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? 6 : 5, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("recomputation_differs", "likely");
	forget();
}

static void
test_drawn(void)
{
	ask_again();
	SAYS("text", "it rests on random numbers, drawn within the block by aten::dropout at model.py:1");
	SAYS("text", "unless checkpointing restores torch's state");
	SAYS("fix", "preserve_rng_state=True where the block is checkpointed (model.py:35)");
	LACKS("fix", "counter");
	noise_in[2].kind = "other";
	ask_again();
	SAYS("text", "from a generator of its own");
	LACKS("fix", "preserve_rng_state");
	noise_in[2].kind = "none";
}

/* A dropout that is off, by flag or by its rate, draws nothing; nor does one that is on no value's way. */
static void
test_written(void)
{
	noise_in[1].value = "false";
	ask_again();
	LACKS("text", "random numbers");
	SAYS("text", "it rests on a tensor that is written to after the forward has read it, by aten::add_ at model.py:4");
	SAYS("fix", "write to it once the backward is done");
	noise_in[1].value = "true";
	noise[0].tensor = 30;
	again_in[0].tensor = 30;
	ask_again();
	LACKS("text", "random numbers");
	noise[0].tensor = 34;
	ask_again();
	LACKS("text", "random numbers");
	SAYS("text", "by aten::add_ at model.py:4");
}

static void
test_neither(void)
{
	events[2].step = 2; /* written in another step */
	ask_again();
	LACKS("text", "it rests on");
	LACKS("fix", "random");
	SAYS("fix", "no counter, cache, mode or flag");
	events[2].step = 3;
	events[2].id = 41; /* before the forward read it */
	ask_again();
	LACKS("text", "it rests on");
	events[2].id = 44;
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "random numbers on the way", test_drawn);
	CU_add_test(suite, "written to in between", test_written);
	CU_add_test(suite, "neither", test_neither);
}

int
main(void)
{
	return run_suite("a recomputation by values", fill);
}
