/* links: schema viewer */
/* Items of a batch that lack what one of its keys is stacked of. */
#include "causes_asked.h"

#define CALLS_MOST 20

/* A stack of two, one line's, which in CALLS calls before was of three, the last of them of LAST; and a batch with ROWS of input_ids. */
static bool
tell(int before, int last, json_int_t rows, const char *operation, struct text *text, struct text *fix)
{
	const struct operand two[] = { ITEM("tensors[0]", 0, 1, 5, 4), ITEM("tensors[1]", 1, 2, 5, 4) }, now[] = { TENSOR("output", 9, 2, 5, 4) }, was[] = { TENSOR("output", 8, 3, 5, 4) };
	struct event events[CALLS_MOST];
	struct hand hand = { .events = events, .event_count = before };
	struct source source = hand_source(&hand);
	json_t *frames = json_pack("[{s:[{s:s, s:s, s:[{s:s, s:s, s:[i, i]}, {s:s, s:s, s:[i, i, i]}]}]}]", "locals", "name", "batch", "kind", "dict", "items",
				   "name", "batch['input_ids']", "kind", "tensor", "shape", (int)rows, 30, "name", "batch['pixels']", "kind", "tensor", "shape", 2, 5, 4);
	struct cause_facts facts = { .source = &source, .frames = frames };
	struct lineage_step step = { .event = { .id = 90, .parent = -1, .scope = -1, .site = 10, .sequence = -1, .step = 40, .operation = operation, .overload = "", .phase = "data",
						.status = "ok", .operands = two, .operand_count = 2, .outputs = now, .output_count = 1 }, .dim = 1, .size = 5, .decides = true };
	bool told;

	for (int i = 0; i < before; i++)
		events[i] = (struct event){ .id = i + 1, .parent = -1, .scope = -1, .site = 10, .sequence = -1, .step = i, .operation = operation, .overload = "", .phase = "data",
					    .status = "ok", .output_count = 1, .outputs = i == before - 1 && last == 2 ? now : was };
	*text = *fix = (struct text){{0}, 0};
	told = cause_tell_lacking(&facts, &step, text, fix);
	json_decref(frames);
	return told;
}

static void
test_lacking(void)
{
	struct text text, fix;

	CU_ASSERT_TRUE(tell(15, 3, 3, "aten::stack", &text, &fix));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "batch['pixels'] has 2 rows where batch['input_ids'] has 3 as ever: of the items of this batch only 2 have what is put together by"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "where it was 3 in each of the last 15 calls"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fix.data, "give every item of a batch one"));
}

static void
test_not_lacking(void)
{
	struct text text, fix;

	CU_ASSERT_FALSE(tell(15, 3, 2, "aten::stack", &text, &fix)); /* every key has two: a smaller batch */
	CU_ASSERT_FALSE(tell(15, 2, 3, "aten::stack", &text, &fix)); /* they were not always three */
	CU_ASSERT_FALSE(tell(4, 3, 3, "aten::stack", &text, &fix));  /* too few calls */
	CU_ASSERT_FALSE(tell(15, 3, 3, "aten::add", &text, &fix));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "one key has fewer rows", test_lacking);
	CU_add_test(suite, "a smaller batch, or no rule", test_not_lacking);
}

int
main(void)
{
	return run_suite("items that lack a key", fill);
}
