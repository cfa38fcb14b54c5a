/* links: schema viewer */
/* Which side of a mismatch is to be explained, and which step of two stories is the origin. */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "analysis_events.h"
#include "viewer/analysis/report_failure.h"
#include "viewer/analysis/text.h"

#define MADE(id_, site_, step_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .step = step_, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, \
	  .output_count = COUNT(outputs_), .outputs = outputs_ }
#define FAILED(id_, site_, step_, operation_, operands_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .step = step_, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "failed", .operand_count = COUNT(operands_), .operands = operands_ }

static const struct process processes[] = { { .file = "x.db", .role = "rank", .status = "failed" } };

static void
start(struct hand *hand, const struct event *event, const json_t *modules, struct diagnosis *out)
{
	static struct failure failure;
	static struct source source;
	static struct note note;

	hand->processes = processes;
	hand->process_count = 1;
	source = hand_source(hand);
	note = (struct note){ .kind = "exception", .json = json_pack("{s:O?, s:[]}", "modules", modules, "frames") };
	failure = (struct failure){ .kind = "operation", .has_event = true, .event = *event, .operation_name = event->operation, .context_event = -1, .link = -1,
				    .note = modules ? &note : NULL, .message = "" };
	diagnosis_start(out, &source, &failure);
	diagnosis_follow(out);
	json_decref((json_t *)note.json);
}

/* A tower that the model's .cuda() didn't reach, and a picture that was moved: more of the parameters are where the tower is. */
static void
test_left_behind(void)
{
	const struct operand picture[] = { TENSOR_ON("self", 1, "float32", "cpu", 1, 3, 8, 8) }, moved[] = { TENSOR_ON("output", 2, "float32", "cuda:0", 1, 3, 8, 8) };
	const struct operand conv[] = { TENSOR_ON("input", 2, "float32", "cuda:0", 1, 3, 8, 8), TENSOR_ON("weight", 3, "float32", "cpu", 4, 3, 2, 2) };
	const struct event events[] = { MADE(1, 1, 0, "aten::_to_copy", picture, moved), FAILED(2, 2, 0, "aten::conv2d", conv) };
	struct hand hand = { .events = events, .event_count = 2 };
	json_t *rows = json_pack("[{s:s, s:i}, {s:s, s:i}]", "device", "cpu", "parameters", 392, "device", "cuda:0", "parameters", 72);
	struct live_tensor live = { .tensor = 3, .moved = { .known = true, .before = "float32 cuda:0", .after = "float32 cpu" } };
	struct diagnosis diagnosis;

	start(&hand, &events[1], rows, &diagnosis);
	CU_ASSERT_TRUE_FATAL(diagnosis.has_mismatch);
	CU_ASSERT_STRING_EQUAL(diagnosis.mismatch.property, "device");
	CU_ASSERT_EQUAL(diagnosis.mismatch.operand, 1);
	CU_ASSERT_STRING_EQUAL(diagnosis.mismatch.actual_name, "cpu");
	diagnosis_end(&diagnosis);
	hand.live = &live; /* it was set aside */
	start(&hand, &events[1], rows, &diagnosis);
	CU_ASSERT_EQUAL(diagnosis.mismatch.operand, 1);
	diagnosis_end(&diagnosis);
	live.moved.before = "float32 cuda:1";
	live.moved.after = "float32 cuda:2"; /* both were brought: the one that few of the parameters are with */
	start(&hand, &events[1], rows, &diagnosis);
	CU_ASSERT_EQUAL(diagnosis.mismatch.operand, 0);
	diagnosis_end(&diagnosis);
	json_decref(rows);
}

/* The origin that is told of two sizes that differ. */
static const char *
origin_of(struct hand *hand, const struct event *event, char out[96])
{
	struct diagnosis diagnosis;

	start(hand, event, NULL, &diagnosis);
	text_format(out, 96, "%s %d", text_get(diagnosis.origin, "operation"), (int)json_integer_value(json_object_get(diagnosis.origin, "event")));
	diagnosis_end(&diagnosis);
	return out;
}

/* Two cats of as many pieces, of which one differs: its maker is the origin, not the cat. */
static void
test_pieces(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, two[] = { TENSOR("output", 1, 2) }, three[] = { TENSOR("output", 2, 3) };
	const struct operand four[] = { TENSOR("output", 3, 4) }, six[] = { TENSOR("output", 4, 6) }, seven[] = { TENSOR("output", 5, 7) };
	const struct operand one[] = { ITEM("tensors[0]", 0, 1, 2), ITEM("tensors[1]", 1, 3, 4), VALUE("dim", "int", "0") };
	const struct operand other[] = { ITEM("tensors[0]", 0, 2, 3), ITEM("tensors[1]", 1, 3, 4), VALUE("dim", "int", "0") };
	const struct operand pair[] = { TENSOR("self", 4, 6), TENSOR("other", 5, 7) };
	const struct event events[] = { MADE(1, 1, 0, "aten::randn", size, two), MADE(2, 2, 0, "aten::randn", size, three), MADE(3, 3, 0, "aten::randn", size, four),
					MADE(4, 4, 0, "aten::cat", one, six), MADE(5, 5, 0, "aten::cat", other, seven), FAILED(6, 6, 0, "aten::add", pair) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_TRUE(strcmp(origin_of(&hand, &events[5], told), "aten::randn 1") == 0 || strcmp(told, "aten::randn 2") == 0);
}

/* Both come from one tensor, and one was cut since: the cut is the origin, whichever side it is of. */
static void
test_parting(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, whole[] = { TENSOR("output", 1, 9) }, part[] = { TENSOR("output", 2, 8) };
	const struct operand cut[] = { TENSOR("self", 1, 9), VALUE("dim", "int", "0"), VALUE("start", "int", "1") };
	const struct operand pair[] = { TENSOR("self", 2, 8), TENSOR("other", 1, 9) }, turned[] = { TENSOR("self", 1, 9), TENSOR("other", 2, 8) };
	const struct event events[] = { MADE(1, 1, 0, "aten::randn", size, whole), MADE(2, 2, 0, "aten::slice", cut, part), FAILED(3, 3, 0, "aten::add", pair),
					FAILED(4, 3, 0, "aten::add", turned) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[2], told), "aten::slice 2");
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[3], told), "aten::slice 2");
}

#define CALLS 12

/* A line that always made 8 made 7: its side has the origin, though the other is asked about first. */
static void
test_news(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, as_ever[] = { TENSOR("output", 1, 8) }, new[] = { TENSOR("output", 2, 7) };
	const struct operand kept[] = { TENSOR("output", 3, 8) }, pair[] = { TENSOR("self", 3, 8), TENSOR("other", 2, 7) };
	const struct operand before[] = { TENSOR("self", 3, 8), TENSOR("other", 1, 8) };
	struct event events[3 * CALLS + 3];
	struct hand hand = { .events = events, .event_count = 3 * CALLS + 3 };
	char told[96];

	for (int i = 0; i <= CALLS; i++) {
		const struct event triple[] = { MADE(3 * i + 1, 1, i, "aten::randn", size, kept), MADE(3 * i + 2, 2, i, "aten::randn", size, as_ever),
						MADE(3 * i + 3, 3, i, "aten::add", before, kept) };

		memcpy(&events[3 * i], triple, sizeof(triple));
	}
	events[3 * CALLS + 1].outputs = new;
	events[3 * CALLS + 2] = (struct event)FAILED(3 * CALLS + 3, 3, CALLS, "aten::add", pair);
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[3 * CALLS + 2], told), "aten::randn 38");
}

int
main(void)
{
	unsigned failures;
	CU_pSuite suite;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("diagnosis", NULL, NULL);
	CU_add_test(suite, "left behind", test_left_behind);
	CU_add_test(suite, "one piece of a cat", test_pieces);
	CU_add_test(suite, "where two sizes part", test_parting);
	CU_add_test(suite, "the side that is new", test_news);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
