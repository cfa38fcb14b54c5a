/* links: schema viewer */
/* Labels that were averaged before a loss took them for classes; and labels that weren't. */
#include "causes_asked.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))
#define HUSH(key, part) CU_ASSERT_PTR_NULL(strstr(first_text(key), part))
#define SPREAD "{\"elements\":96,\"min\":0,\"max\":255,\"negative\":0,\"ignored\":0,\"distinct\":9,\"sorted\":null}"
#define FEW "{\"elements\":96,\"min\":0,\"max\":255,\"negative\":0,\"ignored\":0,\"distinct\":3,\"sorted\":null}"

/* Labels of four classes, as SUMMARY counts them, IGNORED among them, which came by OPERATION and then by NEARER ("": by nothing else). */
static void
ask_labels(const char *operation, const char *nearer, const char *ignored, const char *summary, const char *message, json_t *numbers)
{
	const struct operand mask[] = { INDEX("self", 5, 1, 1, 30, 42), VALUE("interpolation_mode", "int", "1") };
	const struct operand loss[] = { TENSOR("self", 1, 4, 4, 24, 24), INDEX("target", 2, 4, 24, 24), VALUE("ignore_index", "int", ignored) };
	const struct event event = EVENT("aten::cross_entropy_loss", loss);

	forget();
	add_step(0, 90, "aten::stack", mask, 1, -1, -1);
	if (*nearer)
		add_step(0, 89, nearer, mask, 1, -1, -1);
	add_step(0, 88, "aten::squeeze", mask, 1, -1, -1);
	add_step(0, 87, operation, mask, 2, -1, -1);
	calls = 20;
	was[0].smallest = was[0].largest = was[1].smallest = was[1].largest = 24;
	count_values(2, summary);
	ask(&event, message, NULL, numbers);
	forget();
}

static void
test_interpolated(void)
{
	ask_labels("aten::_upsample_bilinear2d_aa", "", "255", SPREAD, "Target 171 is out of bounds.", NULL);
	CU_ASSERT_EQUAL(mismatch.actual, 171);
	EXPECT("labels_interpolated", "likely");
	EXPECT("labels_outside_classes", "");
	EXPECT("padding_as_data", "");
	SAYS("text", "171 is no label, it is a number in between that aten::_upsample_bilinear2d_aa made of labels side by side: of 0 .. 3 and the ignored 255");
	SAYS("evidence", "");
	SAYS("fix", "mode=\"nearest\"");
	ask_labels("aten::avg_pool2d", "aten::round", "255", FEW, "Target 171 is out of bounds.", NULL); /* few values, one in between */
	EXPECT("labels_interpolated", "likely");
	ask_labels("aten::upsample_bilinear2d", "aten::to", "-100", SPREAD, "Target 171 is out of bounds.", NULL); /* nothing is ignored: more values than classes */
	EXPECT("labels_interpolated", "likely");
	HUSH("text", "ignored");
}

static void
test_kept(void)
{
	ask_labels("aten::upsample_nearest2d", "", "255", SPREAD, "Target 171 is out of bounds.", NULL);
	EXPECT("labels_interpolated", "");
	EXPECT("labels_outside_classes", "likely");
	HUSH("fix", "build the head"); /* beside what is ignored, far from the classes */
	SAYS("fix", "see where the 171 comes from, and map the labels to 0 .. 3 there, or to the ignored 255");
	ask_labels("aten::grid_sampler_2d", "", "255", SPREAD, "Target 171 is out of bounds.", NULL); /* nearest, too */
	EXPECT("labels_interpolated", "");
	ask_labels("aten::upsample_bilinear2d", "aten::argmax", "255", SPREAD, "Target 171 is out of bounds.", NULL); /* of scores, not of labels */
	EXPECT("labels_interpolated", "");
	ask_labels("aten::upsample_bilinear2d", "", "-100", FEW, "Target 255 is out of bounds.", NULL); /* all as they were: 255 was there before */
	EXPECT("labels_interpolated", "");
}

/* More classes are only told of where the data may have them. */
static void
test_far(void)
{
	ask_labels("aten::lift_fresh", "", "-100", "{\"elements\":96,\"min\":0,\"max\":90,\"negative\":0,\"ignored\":0,\"distinct\":3,\"sorted\":null}", "Target 90 is out of bounds.",
		   number("NUM_CLASSES", 4));
	EXPECT("labels_outside_classes", "likely");
	SAYS("fix", "; only where it is a class of the data, build the head for 91 classes: NUM_CLASSES");
	ask_labels("aten::lift_fresh", "", "-100", "{\"elements\":96,\"min\":0,\"max\":90,\"negative\":0,\"ignored\":0,\"distinct\":40,\"sorted\":null}", "Target 90 is out of bounds.",
		   NULL); /* there are more */
	SAYS("fix", "build the head for 91 classes or more");
	ask_labels("aten::lift_fresh", "", "255", FEW, "Target 4 is out of bounds.", NULL);
	SAYS("text", "holds the label 4 beside the ignored 255");
	SAYS("fix", "build the head for 5 classes or more");
	ask_labels("aten::lift_fresh", "", "255", FEW, "some other failure", NULL); /* what is ignored is nowhere too large */
	EXPECT("labels_outside_classes", "");
	ask_labels("aten::lift_fresh", "", "255", FEW, "CUDA error: device-side assert triggered", NULL);
	EXPECT("labels_outside_classes", "likely");
	CU_ASSERT_FALSE(mismatch.has_actual);
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "labels that an average made", test_interpolated);
	CU_add_test(suite, "labels that were kept as they were", test_kept);
	CU_add_test(suite, "labels far beyond the classes", test_far);
}

int
main(void)
{
	return run_suite("interpolated labels", fill);
}
