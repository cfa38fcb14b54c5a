/* links: schema viewer */
/* Whole walks past what only passes on: a layer that was given another size, a size that was asked for, factors of another way, one that a view doesn't ask
 * for. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "viewer/analysis/lineage/lineage.h"

#define MADE(id_, site_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .step = id_, .sequence = -1, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, \
	  .output_count = COUNT(outputs_), .outputs = outputs_ }

static const struct frame lines[] = { { "/x/main.py", "main", 3, 1 }, { "/x/net.py", "forward", 8, 1 }, { "/x/main.py", "evaluate", 9, 1 } };
static const struct frame trained[] = { { "/x/net.py", "forward", 8, 1 }, { "/x/main.py", "main", 5, 1 } };
static const struct site sites[] = { { 1, 1, 1, 0, &lines[0] }, { 2, 1, 1, 0, &lines[1] }, { 3, 1, 1, 0, &lines[2] }, { 4, 2, 1, 0, trained } };
static struct lineage walked;

static void
walk(const struct event *events, int count, int64_t tensor, int dim)
{
	struct hand hand = { .events = events, .event_count = count, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&hand);

	lineage_walk_tensor(&source, 0, tensor, 100, dim, LINEAGE_SIZE, &walked);
}

static const struct operand size[] = { VALUE("size", "int[]", "[1, 3, 40]") }, picture[] = { TENSOR("output", 1, 1, 3, 40) };
static const struct operand weight = TENSOR("weight", 9, 4, 3, 2);
static const struct operand usual_in[] = { TENSOR("input", 0, 1, 3, 32), TENSOR("weight", 9, 4, 3, 2), VALUE("stride", "int[]", "[2]") };
static const struct operand usual_out[] = { TENSOR("output", 0, 1, 4, 16) };

static void
test_layers(void)
{
	const struct operand in[] = { TENSOR("input", 1, 1, 3, 40), weight, VALUE("stride", "int[]", "[2]") }, out[] = { TENSOR("output", 2, 1, 4, 20) };
	struct event events[] = { MADE(1, 2, "aten::conv1d", usual_in, usual_out), MADE(2, 2, "aten::conv1d", usual_in, usual_out),
				  MADE(3, 2, "aten::conv1d", usual_in, usual_out), MADE(4, 1, "aten::randn", size, picture),
				  MADE(5, 2, "aten::conv1d", in, out) };

	walk(events, 5, 2, 2);
	CU_ASSERT_EQUAL_FATAL(walked.count, 2);
	CU_ASSERT_EQUAL(walked.decider, 1);
	walk(&events[3], 2, 2, 2); /* nothing is known of the layer */
	CU_ASSERT_EQUAL(walked.decider, 0);
	events[1].operands = in; /* it was given as much, and made something else of it */
	walk(events, 5, 2, 2);
	CU_ASSERT_EQUAL(walked.decider, 0);
}

static void
test_asked(void)
{
	struct operand in[] = { TENSOR("self", 1, 1, 3, 40), VALUE("output_size", "int[]", "[40]") }, out[] = { TENSOR("output", 2, 1, 3, 40) };
	const struct event events[] = { MADE(1, 1, "aten::randn", size, picture), MADE(2, 2, "aten::upsample_nearest1d", in, out) };

	walk(events, 2, 2, 2);
	CU_ASSERT_EQUAL_FATAL(walked.count, 2);
	CU_ASSERT_EQUAL(walked.decider, 0);
	in[1].name = "scale_factors";
	walk(events, 2, 2, 2);
	CU_ASSERT_EQUAL(walked.decider, 1);
}

static void
test_one_sequence(void)
{
	const struct operand made[] = { TENSOR("output", 1, 40) }, out[] = { TENSOR("output", 2, 1, 40) };
	struct operand in[] = { ITEM("sequences[0]", 0, 1, 40), ITEM("sequences[1]", 1, 3, 8), VALUE("batch_first", "bool", "true") };
	struct event events[] = { MADE(1, 1, "aten::randn", size, made), MADE(2, 2, "aten::pad_sequence", in, out) };

	walk(events, 2, 2, 1);
	CU_ASSERT_EQUAL(walked.decider, 0);
	in[1] = in[2];
	events[1].operand_count = 2;
	walk(events, 2, 2, 1);
	CU_ASSERT_EQUAL(walked.decider, 1);
}

/* Height and width that are others in evaluation than they were in training, on the same line. */
static void
test_other_way(void)
{
	struct operand before[] = { TENSOR("self", 0, 2, 4, 8, 8), VALUE("start_dim", "int", "1") };
	const struct operand before_out[] = { TENSOR("output", 0, 2, 256) };
	struct operand now[] = { TENSOR("self", 1, 2, 4, 9, 9), VALUE("start_dim", "int", "1") }, now_out[] = { TENSOR("output", 2, 2, 324) };
	const struct operand made[] = { TENSOR("output", 1, 2, 4, 9, 9) };
	const struct event events[] = { MADE(1, 4, "aten::flatten", before, before_out), MADE(2, 1, "aten::randn", size, made),
					MADE(3, 2, "aten::flatten", now, now_out) };

	walk(events, 3, 2, 1);
	CU_ASSERT_EQUAL_FATAL(walked.count, 2);
	CU_ASSERT_EQUAL(walked.steps[1].dim, 2);
	CU_ASSERT_EQUAL(walked.decider, 1);
	now[0] = (struct operand)TENSOR("self", 1, 2, 4, 9, 12); /* which of the two is in question isn't known */
	now_out[0] = (struct operand)TENSOR("output", 2, 2, 432);
	walk(events, 3, 2, 1);
	CU_ASSERT_TRUE(walked.steps[0].combines);
}

/* Places of a grid that a view takes apart again, otherwise than they were put together. */
static void
test_unasked(void)
{
	const struct operand in[] = { TENSOR("self", 1, 2, 4, 8, 5), VALUE("start_dim", "int", "2") }, out[] = { TENSOR("output", 2, 2, 4, 40) };
	const struct operand made[] = { TENSOR("output", 1, 2, 4, 8, 5) };
	const struct event events[] = { MADE(1, 1, "aten::randn", size, made), MADE(3, 2, "aten::flatten", in, out) };
	struct operand asked[] = { TENSOR("self", 2, 2, 4, 40), VALUE("size", "int[]", "[2, 4, 4, 2, 2, 2]") };
	struct event viewed = MADE(4, 1, "aten::view", asked, out);
	struct hand hand = { .events = events, .event_count = 2, .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&hand);

	lineage_walk(&source, 0, &viewed, 0, 2, LINEAGE_SIZE, &walked);
	CU_ASSERT_EQUAL_FATAL(walked.count, 2);
	CU_ASSERT_EQUAL(walked.steps[1].size, 5); /* the 8 is 4 x 2 */
	CU_ASSERT_FALSE(walked.steps[0].combines);
	asked[1].value = "[2, 4, 3, 3, 2, 3]"; /* neither of them is asked for */
	lineage_walk(&source, 0, &viewed, 0, 2, LINEAGE_SIZE, &walked);
	CU_ASSERT_EQUAL(walked.steps[1].size, 8);
	CU_ASSERT_TRUE(walked.steps[0].combines);
	asked[1].value = "[2, 4, 4, 2, 2, 2]";
	viewed.operation = "aten::add"; /* nothing is asked for */
	lineage_walk(&source, 0, &viewed, 0, 2, LINEAGE_SIZE, &walked);
	CU_ASSERT_EQUAL(walked.steps[1].size, 8);
}

/* What an operation saved for backward, packed by a hook: rows of its input put into one, by nothing recorded. */
static void
test_within(void)
{
	const struct operand made[] = { TENSOR("output", 1, 2, 40, 8) }, other[] = { TENSOR("output", 4, 2, 30, 8) };
	const struct operand in[] = { TENSOR("input", 1, 2, 40, 8), TENSOR("weight", 9, 16, 8) }, out[] = { TENSOR("output", 2, 2, 40, 16) };
	const struct operand before_in[] = { TENSOR("input", 4, 2, 30, 8), TENSOR("weight", 9, 16, 8) }, before_out[] = { TENSOR("output", 5, 2, 30, 16) };
	struct operand seen[] = { TENSOR("self", 3, 80, 8) }, packed[] = { TENSOR("output", 6, 80, 8) };
	struct event events[] = { MADE(1, 1, "aten::randn", size, other), MADE(2, 2, "aten::linear", before_in, before_out), MADE(3, 1, "aten::randn", size, made),
				  MADE(4, 2, "aten::linear", in, out), MADE(5, 2, "aten::detach", seen, packed) };

	events[4].parent = 4;
	walk(events, 5, 6, 0);
	CU_ASSERT_EQUAL_FATAL(walked.count, 2);
	CU_ASSERT_TRUE(walked.steps[0].combines);
	CU_ASSERT_EQUAL(walked.steps[1].event.id, 3);
	CU_ASSERT_EQUAL(walked.steps[1].dim, 1);
	CU_ASSERT_EQUAL(walked.decider, 1);
	walk(events, 5, 6, 1); /* the width */
	CU_ASSERT_EQUAL(walked.steps[1].dim, 2);
	events[4].parent = -1; /* an operation of the program's own: it came in */
	walk(events, 5, 6, 0);
	CU_ASSERT_TRUE(walked.steps[walked.count - 1].entered);
	events[4].parent = 4;
	seen[0] = (struct operand)TENSOR("self", 3, 80, 4); /* no view of anything that the layer was given */
	packed[0] = (struct operand)TENSOR("output", 6, 80, 4);
	walk(events, 5, 6, 0);
	CU_ASSERT_TRUE(walked.steps[walked.count - 1].entered);
}

/* A weight that was made as float32, made bfloat16 and converted back, goes into a product: the conversion gave it its dtype, not who made it. */
static void
test_converted(void)
{
	const struct operand ones[] = { TENSOR("output", 0, 32) };
	const struct operand in[] = { TENSOR("self", 9, 32), TENSOR_ON("other", 1, "bfloat16", "cpu", 4, 32) }, out[] = { TENSOR("output", 2, 4, 32) };
	const struct event events[] = { MADE(5, 2, "aten::mul", in, out) };
	struct live_tensor live = { .tensor = 9, .made = { .site = 1, .step = 0, .operation = "aten::ones", .output_count = 1, .outputs = ones },
				    .moved = { .known = true, .site = 3, .step = 0, .before = "bfloat16 cpu", .after = "float32 cpu" } };
	struct hand hand = { .events = events, .event_count = 1, .sites = sites, .site_count = COUNT(sites), .live = &live };
	struct source source = hand_source(&hand);

	for (int i = 0; i < 3; i++) {
		live.moved.known = i != 1;
		live.moved.before = i == 2 ? "float32 cuda:0" : "bfloat16 cpu"; /* of another device alone */
		lineage_walk_tensor(&source, 0, 2, 100, -1, LINEAGE_DTYPE, &walked);
		CU_ASSERT_EQUAL_FATAL(walked.count, 2);
		CU_ASSERT_STRING_EQUAL(walked.steps[1].event.operation, i ? "aten::ones" : "module conversion");
		CU_ASSERT_EQUAL(walked.decider, 1);
		if (!i)
			CU_ASSERT_STRING_EQUAL(walked.steps[1].how, "from bfloat16, in place, at step 0");
	}
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("lineage: what passes on", NULL, NULL);
	CU_add_test(suite, "a layer", test_layers);
	CU_add_test(suite, "asked for", test_asked);
	CU_add_test(suite, "one sequence", test_one_sequence);
	CU_add_test(suite, "another way", test_other_way);
	CU_add_test(suite, "what a view doesn't ask for", test_unasked);
	CU_add_test(suite, "within an operation", test_within);
	CU_add_test(suite, "converted in place", test_converted);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
