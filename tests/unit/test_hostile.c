/* links: schema viewer */
/* The analysis on events that nothing sane recorded: it may say anything, it must not fall. */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "analysis_events.h"
#include "viewer/analysis/causes/causes.h"
#include "viewer/analysis/history/history.h"
#include "viewer/analysis/knowledge.h"
#include "viewer/analysis/lineage/lineage.h"
#include "viewer/analysis/mismatch/operand.h"
#include "viewer/analysis/lineage/size_flow.h"
#include "viewer/analysis/subject.h"

#define OPERANDS 6
#define ROUNDS 400

static uint64_t state = 1;

static uint32_t
chance(uint32_t most)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % most;
}

static const int64_t numbers[] = { 0, 1, -1, 2, 3, 16, 1000, INT64_MAX, INT64_MIN, INT64_MAX / 2, -100, (int64_t)1 << 40 };
static const char *const names[] = { "self", "other", "input", "weight", "indices", "indices[0]", "index", "target", "values", "source", "mask",
				     "tensors[0]", "tensors[1]", "src", "mat2", "size", "dim", "query", "key", "bias", "split_sizes", "", NULL };
static const char *const values[] = { "[1, -1, 9223372036854775807]", "[", "7", "-9223372036854775808", "[2,3,4", "true", "null", "[[[]]]", NULL };
static const char *const dtypes[] = { "float32", "int64", "bool", "uint8", "bfloat16", "", NULL };
static const char *const devices[] = { "cpu", "cuda:0", "meta", NULL };
static const char *const messages[] = { "", NULL, "Target -9223372036854775808 is out of bounds", "shape mismatch: indexing result of shape [",
					"size mismatch for x: [[] checkpoint [", "tokens: 99999999999999999999, features 1",
					"leaf Variable in-place view of a leaf", "index 7 is out of bounds for dimension 99 with size -3" };

#define ANY(array) array[chance(sizeof(array) / sizeof(*(array)))]
#define RULE(function, names) names " "
#define FLOW(function, names) names " "
static const char operations[] =
#include "viewer/analysis/mismatch/mismatch_rules.def"
#include "viewer/analysis/lineage/size_flow.def"
	;

static int64_t sizes[2 * OPERANDS][64];

static void
any_operand(struct operand *out, int64_t *own)
{
	*out = (struct operand){ .name = ANY(names), .kind = chance(4) ? "tensor" : ANY(names), .item = (int)chance(4) - 1, .value = ANY(values),
				 .ndim = chance(8) ? (int)chance(6) - 1 : 64, .sizes = own, .strides = own, .dtype = ANY(dtypes),
				 .device = ANY(devices), .layout = "strided", .tensor = (int64_t)chance(4) - 1, .flags = chance(16) };
	for (int i = 0; i < 64; i++)
		own[i] = chance(3) ? (int64_t)chance(6) : ANY(numbers);
	if (strcmp(out->kind ? out->kind : "", "tensor") != 0)
		out->ndim = -1;
}

static json_t *
any_summary(void)
{
	return json_pack("{s:[{s:i, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:[I, I, n, s], s:[I, I]}}]}", "operands", "tensor", (int)chance(3), "summary",
			 "min", ANY(numbers), "max", ANY(numbers), "true", ANY(numbers), "elements", ANY(numbers), "negative", ANY(numbers),
			 "ignored", ANY(numbers), "rows", ANY(numbers), ANY(numbers), "x", "row_products", ANY(numbers), ANY(numbers));
}

static void
try_event(const struct event *event)
{
	struct mismatch_knowledge known[OPERANDS];
	json_t *counts = any_summary(), *frames = json_pack("[n, {s:[{s:s, s:o}]}, {s:i}]", "locals", "name", "x", "summary",
							    json_deep_copy(json_object_get(json_array_get(json_object_get(counts, "operands"), 0),
											   "summary")), "locals", 3);
	struct mismatch_facts facts = { .event = event, .message = ANY(messages), .knowledge = known };
	struct mismatch found;
	struct hand hand = { .events = event, .event_count = 1 };
	struct source source = hand_source(&hand);
	struct cause_facts asked = { .event = event, .message = facts.message, .frames = frames, .counts = counts };
	json_t *json;

	knowledge_fill(event, counts, frames, known);
	if (mismatch_find(&facts, &found)) {
		asked.mismatch = &found;
		json_decref(mismatch_json(&found, event));
		json_decref(history_build(&source, 0, event, &found));
	}
	json = causes_build(&asked);
	CU_ASSERT_PTR_NOT_NULL(json);
	json_decref(json);
	for (int dim = 0; event->output_count && dim < event->outputs[0].ndim && dim < 4; dim++)
		size_flow(event, 0, dim);
	json_decref(operand_list(&source, 0, event, frames, asked.mismatch));
	json_decref(counts);
	json_decref(frames);
}

static void
test_events(void)
{
	char copy[sizeof(operations)], name[128], *rest = copy;

	memcpy(copy, operations, sizeof(copy));
	for (const char *word; (word = strsep(&rest, " "));)
		for (int round = 0; *word && round < ROUNDS / 20; round++) {
			struct operand operands[2 * OPERANDS];
			struct event event = { .id = 9, .parent = -1, .scope = -1, .site = 1, .sequence = -1, .grad = chance(2), .operation = name,
					       .overload = "", .phase = "forward", .status = "failed", .operand_count = (int)chance(OPERANDS + 1),
					       .operands = operands, .output_count = (int)chance(2), .outputs = operands + OPERANDS };

			snprintf(name, sizeof(name), "aten::%s%s", word, chance(3) ? "" : "_");
			for (int i = 0; i < 2 * OPERANDS; i++)
				any_operand(&operands[i], sizes[i]);
			try_event(&event);
		}
}

static void
test_subjects(void)
{
	struct subject *made = calloc(1, sizeof(*made));
	struct mismatch found;

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		subject_of_checkpoint(made, messages[i], NULL, &found);
	for (int i = 0; i < ROUNDS; i++) {
		json_t *shape = json_pack("[I, I]", ANY(numbers), ANY(numbers)), *items = json_array(), *frames;

		for (uint32_t n = chance(80); n > 0; n--)
			json_array_append_new(items, chance(9) ? json_pack("{s:s, s:s, s:O}", "kind", "tensor", "name", "x[99999999999999]", "shape", shape)
							       : json_pack("{s:s, s:s, s:[I, s]}", "kind", "tensor", "name", "[", "shape", ANY(numbers), "x"));
		frames = json_pack("[{s:[{s:s, s:s, s:o}]}]", "locals", "name", "x", "kind", "list", "items", items);
		subject_of_list(made, "aten::resize_", frames, &found);
		json_decref(frames);
		json_decref(shape);
	}
	free(made);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("hostile", NULL, NULL);
	CU_add_test(suite, "events", test_events);
	CU_add_test(suite, "subjects", test_subjects);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
