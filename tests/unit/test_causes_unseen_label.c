/* links: schema viewer */
/* A label beyond the classes that an evaluation's data alone have, where training's always fitted. */
#include "causes_events.h"

static struct { const char *phase, *before, *operation; int trained; int64_t classes, holds; } is;

static void
usual_case(void)
{
	is.phase = "eval";
	is.before = "forward";
	is.operation = "aten::cross_entropy_loss";
	is.trained = 24;
	is.classes = 4;
	is.holds = 4;
}

static struct event *
loses(int site, int64_t step, int64_t classes)
{
	int n = hand.event_count;
	struct event *event = add(is.operation, site, step, 2);

	operands[n][0] = tensor("self", 100 + 2 * n, 8, classes);
	operands[n][1] = tensor("target", 101 + 2 * n, 8, -1);
	operands[n][1].dtype = "int64";
	outputs[n][0] = tensor("output", 500 + n, 1, -1);
	return event;
}

static void
ask_label(void)
{
	static struct mismatch differs;
	struct cause_facts facts = { .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 40 };
	struct event *event;

	start();
	for (int i = 0; i < is.trained; i++)
		loses(4, i, is.classes)->phase = is.before;
	event = loses(5, 40, 4);
	event->phase = is.phase;
	event->status = "failed";
	differs = (struct mismatch){ .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 4,
				     .actual = is.holds, .from_message = true };
	text_format(differs.text, sizeof(differs.text), "target holds the label %d", (int)is.holds);
	facts.event = event;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 1, .size = 4, .lineage = &stories[1] };
	add_step(1, 1, "aten::empty", NULL, 0, 0, 4);
	stories[1].steps[0].event.site = 1;
	json_decref(causes);
	causes = causes_build(&facts);
	start();
}

static void
test_unseen(void)
{
	usual_case();
	ask_label();
	EXPECT("unseen_label", "likely");
	EXPECT("labels_outside_classes", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the label 4 comes with evaluation's data alone (train.py:60): target holds the label 4; in the last 24 calls in training (train.py:50) every label fitted"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "built by the call at train.py:20; 4 is as many as"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "before the head is built (train.py:20) and train with them"));
	is.holds = 9;
	ask_label();
	EXPECT("unseen_label", "likely");
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "is as many as"));
}

static void
expect_not(void)
{
	ask_label();
	EXPECT("unseen_label", "");
	usual_case();
}

static void
test_seen(void)
{
	usual_case();
	is.phase = "forward"; /* in training itself */
	expect_not();
	is.before = "eval"; /* nothing was trained */
	expect_not();
	is.trained = 5; /* too few to tell */
	expect_not();
	is.classes = 6; /* of another head */
	expect_not();
	is.holds = -1;
	expect_not();
	is.holds = 255; /* a mark of what isn't labelled, no class */
	expect_not();
	is.operation = "aten::index_select"; /* no labels */
	expect_not();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a label of evaluation's alone", test_unseen);
	CU_add_test(suite, "not so", test_seen);
}

int
main(void)
{
	source = hand_source(&hand);
	return run_suite("labels of an evaluation", fill);
}
