/* links: schema viewer */
/* A slice that begins below 0 (causes_slice_begin.c). */
#include <stdio.h>

#include "causes_asked.h"

#define CALLS 8

static char path[] = "/tmp/shapebox-slice-begin-XXXXXX.py";
static const char program[] = "def item(self, begin):\n"
			      "    left = begin - self.overlap\n"
			      "    return self.series[left:begin + 6]\n";

/* The slice's line is called CALLS times with starts from FIRST on, 10 apart, and then from START. */
static const char *
told(int64_t first, int64_t start)
{
	static char starts[CALLS + 1][24];
	static struct operand operands[CALLS + 1][4];
	static struct event events[CALLS + 1];
	const struct frame frames[] = { { .file = path, .function = "item", .line = 3 } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames } };
	struct hand hand = { .events = events, .event_count = CALLS + 1, .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	const struct operand pieces[] = { ITEM("tensors[0]", 0, 1, 15, 3), ITEM("tensors[1]", 1, 2, 0, 3) };
	const struct event event = { .id = 90, .site = -1, .operation = "aten::stack", .phase = "data", .operand_count = 2, .operands = pieces };
	const struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 15 };
	const struct operand whole = TENSOR("self", 9, 400, 3); /* outlives the loop, as its sizes must */
	static struct lineage slice;
	struct cause_facts facts = { .source = &source, .event = &event, .mismatch = &differs, .last_call = -1, .frames = json_array(),
				     .sides = { { .place = 1, .dim = 0, .lineage = &slice }, { .place = 0, .dim = 0, .size = 15 } } };

	for (int i = 0; i <= CALLS; i++) {
		snprintf(starts[i], sizeof(starts[i]), "%d", (int)(i == CALLS ? start : first + 10 * i));
		operands[i][0] = whole;
		operands[i][1] = (struct operand)VALUE("dim", "int", "0");
		operands[i][2] = (struct operand)VALUE("start", "int", starts[i]);
		operands[i][3] = (struct operand)VALUE("end", "int", "8");
		events[i] = (struct event){ .id = i + 1, .site = 60, .operation = "aten::slice", .phase = "data", .status = "ok", .operand_count = 4, .operands = operands[i] };
	}
	slice = (struct lineage){ .property = LINEAGE_SIZE, .count = 1 };
	slice.steps[0] = (struct lineage_step){ .event = events[CALLS], .decides = true };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
	return text_of("slice_below", "text");
}

static void
test_below(void)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(told(5, -7), "a slice begins at -7, which is counted from the end"));
	CU_ASSERT_PTR_NOT_NULL(strstr(told(5, -7), "its start is `left = begin - self.overlap`"));
	CU_ASSERT_STRING_EQUAL(told(5, 7), "");      /* it begins within */
	CU_ASSERT_STRING_EQUAL(told(-300, -7), ""); /* it always counts from the end */
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a start that fell below 0", test_below);
}

int
main(void)
{
	return run_suite_with(path, program, "slices that begin below 0", fill);
}
