/* links: schema viewer */
/* The weights of another instance, which were cast, meet an input that a line always took (causes_cast_copy.c). */
#include "causes_events.h"

#define STEPS 5

/* What differs from question to question. */
static struct { const char *weight /* dtype in earlier calls */, *input; int maker /* site of the earlier inputs' */; int64_t steps; bool same; } is;

static const struct event *
call(int64_t step, const char *weight_dtype, int64_t weight, int maker)
{
	struct event *made = add("aten::div", maker, step, 0), *event;

	outputs[made - events][0] = tensor("output", 1000 + step, 4, 8);
	event = add("aten::linear", 3, step, 2);
	operands[event - events][0] = tensor("input", 1000 + step, 4, 8);
	operands[event - events][0].dtype = step == STEPS ? "float32" : is.input;
	operands[event - events][1] = tensor("weight", weight, 6, 8);
	operands[event - events][1].dtype = weight_dtype;
	return event;
}

static void
usual_case(void)
{
	is.weight = is.input = "float32";
	is.maker = 0;
	is.steps = STEPS;
	is.same = false;
}

static void
ask_cast(void)
{
	static struct mismatch differs;
	struct cause_facts facts = { .mismatch = &differs, .message = "", .last_call = -1, .step = STEPS };

	start();
	source = hand_source(&hand);
	for (int64_t step = STEPS - is.steps; step < STEPS; step++)
		call(step, is.weight, is.same ? 8 : 7, is.maker);
	facts.event = call(STEPS, "bfloat16", 8, 0);
	events[hand.event_count - 1].status = "failed";
	differs = (struct mismatch){ .property = "dtype", .operand = 0, .against = 1, .dim = -1, .against_dim = -1, .actual_name = "float32", .expected_name = "bfloat16", .text = "input is float32" };
	stories[1] = (struct lineage){ .property = LINEAGE_DTYPE, .count = 1, .decider = 0 };
	stories[1].steps[0] = (struct lineage_step){ .event = { .id = 0, .site = 1, .operation = "aten::to" }, .dim = -1, .decides = true };
	facts.source = &source;
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = -1, .size = -1 };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[1] };
	facts.modules = json_pack("[{s:s, s:i, s:s, s:s}]", "module", "net.fc", "parameters", 54, "dtype", "bfloat16", "device", "cpu");
	facts.frames = json_pack("[{s:s, s:s, s:i, s:s}, {s:s, s:s, s:i, s:n}]", "file", "/p/train.py", "function", "forward", "line", 31, "module", "net", "file", "/p/train.py", "function",
				 "evaluate", "line", 50, "module");
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.modules);
	json_decref((json_t *)facts.frames);
}

static bool
says(const char *key, const char *part)
{
	return strstr(text_of("mixed_dtype", key), part) != NULL;
}

static void
test_cast(void)
{
	usual_case();
	ask_cast();
	EXPECT("mixed_dtype", "likely");
	CU_ASSERT_TRUE(says("text", "the weight is the exception: 5 earlier calls of this line had input of float32, from the same maker, and a weight of float32, of another instance"));
	CU_ASSERT_TRUE(says("fix", "keep weight in float32 (it becomes bfloat16 at train.py:20); or convert input to bfloat16 just before this call (train.py:50)"));
	CU_ASSERT_FALSE(says("fix", "to bfloat16 where it is made"));
	is.same = true; /* the model itself was cast in between */
	ask_cast();
	CU_ASSERT_TRUE(says("text", "this one before it was cast"));
}

static void
test_not_cast(void)
{
	usual_case();
	is.steps = 2; /* too few tell nothing */
	ask_cast();
	CU_ASSERT_TRUE(says("text", "the input is the exception"));
	usual_case();
	is.maker = 2; /* the input came from elsewhere */
	ask_cast();
	CU_ASSERT_TRUE(says("text", "the input is the exception"));
	usual_case();
	is.weight = is.input = "bfloat16"; /* the line always had bfloat16: it is the input that changed */
	ask_cast();
	CU_ASSERT_TRUE(says("text", "the input is the exception"));
	CU_ASSERT_TRUE(says("fix", "convert input to bfloat16 where it is made"));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "cast weights of another instance", test_cast);
	CU_add_test(suite, "the input is another", test_not_cast);
}

int
main(void)
{
	return run_suite("cast copy", fill);
}
