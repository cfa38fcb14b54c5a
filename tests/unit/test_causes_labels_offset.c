/* links: schema viewer */
/* Labels that number a batch's rows, with something added. */
#include "causes_asked.h"

/* Labels of COUNTED rows, LEAST to MOST by their values, meet 77 classes by OPERATION. */
static void
ask_offset(int64_t counted, int least, int most, const char *operation)
{
	const struct operand loss[] = { TENSOR("self", 1, 77, 77), INDEX("target", 2, 77) }, made[] = { INDEX("out", 3, counted) };
	const struct event event = EVENT("aten::cross_entropy_loss", loss);
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 77, .actual = most };
	json_t *values = json_pack("{s:[{s:i, s:{s:i, s:i}}]}", "operands", "tensor", 2, "summary", "min", least, "max", most);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .counts = values, .last_call = -1,
				     .sides = { { .place = 1, .dim = -1, .size = -1 }, { .place = 0, .dim = 1, .size = 77 } } };

	add_step(0, 20, "aten::add", NULL, 0, -1, -1);
	add_step(0, 19, "aten::arange", NULL, 0, -1, -1);
	stories[0].steps[1].event.outputs = made;
	stories[0].steps[1].event.output_count = 1;
	add_step(1, 18, operation, NULL, 0, 1, 77);
	for (int i = 0; i < 2; i++)
		facts.sides[i].lineage = &stories[i];
	ask_facts(&facts);
	json_decref(values);
}

static void
test_offset(void)
{
	ask_offset(77, 77, 153, "aten::mm");
	EXPECT("labels_offset", "likely");
	EXPECT("labels_outside_classes", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("labels_offset", "text"), "target number the 77 rows of this batch, by aten::arange"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("labels_offset", "text"), "77 to 153"));
	ask_offset(77, 77, 153, "aten::linear"); /* a head's classes */
	EXPECT("labels_offset", "");
	ask_offset(80, 77, 153, "aten::mm"); /* another number of rows */
	EXPECT("labels_offset", "");
	ask_offset(77, 0, 153, "aten::mm"); /* nothing is added to all */
	EXPECT("labels_offset", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "labels with something added", test_offset);
}

int
main(void)
{
	return run_suite("causes labels offset", fill);
}
