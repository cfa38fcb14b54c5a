/* links: schema viewer */
/* A slice that ends before it begins (causes_turned_slice.c). */
#include "causes_asked.h"

static char path[] = "/tmp/shapebox-turned-slice-XXXXXX.py";
static const char program[] = "def item(self, row):\n"
			      "    x0, y0, x1, y1 = row['box']\n"
			      "    return self.fold(self.image[:, y0:y1, x0:x1])\n";

/* The line's slice took 5:END of 64 twice, and now START:END; what it left, [3, 31, LEFT], is viewed. */
static void
ask_slice(const char *start, const char *end, int64_t left)
{
	const struct frame frames[] = { { .file = path, .function = "item", .line = 3 } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames } };
	const char *starts[] = { "5", "5", start };
	const struct operand whole = TENSOR("self", 1, 3, 31, 64), cut = TENSOR("output", 11, 3, 31, 13), now = TENSOR("output", 13, 3, 31, left);
	struct operand slices[3][4], out[3][1];
	struct mismatch_knowledge known[2] = {{0}};
	const struct operand viewed[] = { TENSOR("self", 13, 3, 31, left), VALUE("shape", "int[]", "[3, 32, 32]") };
	struct event events[4];
	struct hand hand = { .events = events, .event_count = 4, .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	struct cause_facts facts = { .source = &source, .event = &events[3], .mismatch = &mismatch, .last_call = -1 };
	struct mismatch_facts asked = { .event = &events[3], .message = "invalid for input of size 0", .knowledge = known };

	for (int i = 0; i < 3; i++) {
		slices[i][0] = whole;
		slices[i][1] = (struct operand)VALUE("dim", "int", "2");
		slices[i][2] = (struct operand)VALUE("start", "int", starts[i]);
		slices[i][3] = (struct operand)VALUE("end", "int", i < 2 ? "18" : end);
		out[i][0] = i < 2 ? cut : now;
		events[i] = (struct event){ .id = i + 1, .parent = -1, .scope = -1, .overload = "", .site = 60, .sequence = -1, .operation = "aten::slice",
					    .phase = "data", .status = "ok", .operand_count = 4, .operands = slices[i], .output_count = 1, .outputs = out[i] };
	}
	events[3] = (struct event){ .id = 4, .parent = -1, .scope = -1, .overload = "", .site = 60, .sequence = -1, .operation = "aten::reshape",
				    .phase = "data", .status = "failed", .operand_count = 2, .operands = viewed };
	if (!mismatch_find(&asked, &mismatch))
		facts.mismatch = NULL;
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_turned(void)
{
	ask_slice("41", "18", 0);
	EXPECT("emptied", "likely");
	EXPECT("elements_differ", "");
	CU_ASSERT_TRUE(mismatch.mark_count == 2 && mismatch.marks[1].operand == 0 && mismatch.marks[1].dim == 2); /* the dimension that is 0 */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "` ends at 18, before it begins at 41; x0 and x1 are the values 0 and 2 of `row['box']`"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "if x1 is a size and no end (a box as x, y, width, height), it ends at x0 + x1 (41 + 18)"));
	ask_slice("41", "41", 0); /* as a size it would end beyond the 64 */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "ends where it begins, at 41"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "is a size"));
	ask_slice("41", "60", 19); /* something is left: its sizes are the matter */
	EXPECT("emptied", "");
	EXPECT("elements_differ", "possible");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a range that is turned round", test_turned);
}

int
main(void)
{
	return run_suite_with(path, program, "slices that end before they begin", fill);
}
