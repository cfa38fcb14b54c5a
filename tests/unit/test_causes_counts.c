/* links: schema viewer */
/* Rules about places and counts that two pieces of code make each by itself: each holds once, and once it doesn't. */
#include "causes_asked.h"
#include "viewer/analysis/subject.h"
#include "viewer/analysis/told.h"

#define STEP(side, id, operation, operands, dim, size) add_step(side, id, operation, operands, COUNT(operands), dim, size)

static const struct operand whole[] = { TENSOR("self", 9, 64, 64) };

static void
test_padded(void)
{
	const struct operand wave[] = { TENSOR("self", 1, 1, 1, 50), VALUE("pad", "int[]", "[64,64]"), VALUE("mode", "string", "\"reflect\"") };
	const struct operand enough[] = { TENSOR("self", 1, 1, 1, 65), VALUE("pad", "int[]", "[64,64]"), VALUE("mode", "string", "\"reflect\"") };
	const struct operand zeros[] = { TENSOR("self", 1, 1, 1, 50), VALUE("pad", "int[]", "[64,64]"), VALUE("mode", "string", "\"constant\"") };
	const struct operand circle[] = { TENSOR("self", 1, 1, 1, 64), VALUE("pad", "int[]", "[64,64]"), VALUE("mode", "string", "\"circular\"") };
	const struct event a = EVENT("aten::pad", wave), b = EVENT("aten::pad", enough), c = EVENT("aten::pad", zeros), d = EVENT("aten::pad", circle);

	STEP(0, 97, "aten::slice", whole, 2, 50);
	ask(&a, "", NULL, NULL);
	EXPECT("padded_more", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "needs at least 65"));
	ask(&b, "", NULL, NULL);
	EXPECT("padded_more", "");
	ask(&c, "", NULL, NULL);
	EXPECT("padded_more", "");
	ask(&d, "", NULL, NULL);
	EXPECT("padded_more", "");
	forget();
}

static void
test_small(void)
{
	const struct operand short_[] = { TENSOR("input", 1, 1, 16, 2), TENSOR("weight", 2, 16, 16, 3), VALUE("stride", "int[]", "[2]"),
					  VALUE("padding", "int[]", "[0]"), VALUE("dilation", "int[]", "[1]"), VALUE("groups", "int", "1") };
	const struct operand before[] = { TENSOR("input", 3, 1, 16, 5), TENSOR("weight", 4, 16, 16, 3), VALUE("stride", "int[]", "[2]"),
					  VALUE("padding", "int[]", "[0]"), VALUE("dilation", "int[]", "[1]") };
	const struct operand channels[] = { TENSOR("input", 1, 1, 8, 20), TENSOR("weight", 2, 16, 16, 3), VALUE("stride", "int[]", "[2]"),
					    VALUE("padding", "int[]", "[0]"), VALUE("dilation", "int[]", "[1]"), VALUE("groups", "int", "1") };
	const struct event a = EVENT("aten::conv1d", short_), b = EVENT("aten::conv1d", channels);

	STEP(0, 97, "aten::conv1d", before, 2, 2);
	STEP(0, 96, "aten::randn", whole, 2, 5);
	ask(&a, "Calculated padded input size per channel: (2). Kernel size: (3).", NULL, NULL);
	EXPECT("input_too_small", "likely");
	EXPECT("rest_cut_off", ""); /* a kernel's size is no count */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "5 came in, at least 7 are needed"));
	forget();
	ask(&a, "", NULL, NULL);
	EXPECT("input_too_small", "possible");
	ask(&b, "", NULL, NULL);
	EXPECT("input_too_small", "");
	forget();
}

static void
test_resolution(void)
{
	const struct operand pair[] = { TENSOR("self", 1, 2, 4, 16, 24), TENSOR("other", 2, 2, 4, 64, 96) };
	const struct operand one_way[] = { TENSOR("self", 1, 2, 4, 64, 24), TENSOR("other", 2, 2, 4, 64, 96) };
	const struct operand latents[] = { TENSOR("self", 1, 2, 4, 16, 16), TENSOR("other", 2, 2, 4, 32, 32) };
	const struct operand stem[] = { TENSOR("input", 3, 2, 3, 64, 96), TENSOR("weight", 4, 8, 3, 7, 7), VALUE("stride", "int[]", "[4, 4]"),
					VALUE("padding", "int[]", "[3, 3]"), VALUE("dilation", "int[]", "[1, 1]") };
	const struct operand like[] = { TENSOR("self", 7, 2, 3, 32, 32) };
	const struct event a = EVENT("aten::mul", pair), b = EVENT("aten::mul", one_way), c = EVENT("aten::add", latents);

	STEP(1, 97, "aten::conv2d", stem, 3, 24);
	STEP(1, 96, "aten::rand", whole, 3, 96);
	stories[1].decider = 0;
	STEP(0, 95, "aten::randint", whole, 3, 96);
	ask(&a, "", NULL, NULL);
	EXPECT("resolution", "likely");
	EXPECT("rest_cut_off", "");
	EXPECT("two_ways", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "4 times as many each way"));
	ask(&b, "", NULL, NULL);
	EXPECT("resolution", ""); /* the one dimension only */
	stories[1].steps[0].event.operation = "aten::slice"; /* cut, not divided */
	ask(&a, "", NULL, NULL);
	EXPECT("resolution", "");
	forget();
	STEP(1, 97, "aten::conv2d", stem, 3, 16);
	STEP(1, 96, "aten::rand", whole, 3, 32);
	stories[1].decider = 0;
	STEP(0, 98, "aten::randn_like", like, 3, 32);
	STEP(0, 96, "aten::rand", whole, 3, 32);
	ask(&c, "", NULL, NULL);
	EXPECT("resolution", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "aten::randn_like"));
	forget();
}

static void
test_patches(void)
{
	const struct operand pair[] = { TENSOR("self", 1, 2, 16, 32), TENSOR("other", 2, 2, 196, 1) };
	const struct operand grid[] = { TENSOR("self", 3, 2, 32, 4, 4) };
	const struct operand stem[] = { TENSOR("input", 4, 2, 3, 32, 32), TENSOR("weight", 5, 32, 3, 8, 8), VALUE("stride", "int[]", "[8, 8]") };
	const struct event a = EVENT("aten::mul", pair);

	STEP(1, 97, "aten::flatten", grid, 2, 16);
	STEP(1, 96, "aten::conv2d", stem, 2, 4);
	stories[1].decider = 1;
	STEP(0, 95, "aten::rand", whole, 1, 196);
	ask(&a, "", NULL, NULL);
	EXPECT("patches_counted", "likely");
	EXPECT("two_ways", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "4 x 4 = 16 patches"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "196 (14 x 14)"));
	stories[0].steps[0].event.operation = "aten::nonzero"; /* found by value: not a number that was asked for */
	ask(&a, "", NULL, NULL);
	EXPECT("patches_counted", "");
	forget();
}

static void
test_classes(void)
{
	const struct operand loss[] = { TENSOR("self", 1, 4, 4), INDEX("target", 2, 4), TENSOR("weight", 3, 3) };
	const struct operand rows[] = { TENSOR("self", 1, 4, 4), INDEX("target", 2, 5) };
	const struct operand hot[] = { INDEX("self", 2, 8), VALUE("num_classes", "int", "7") };
	const struct event a = EVENT("aten::cross_entropy_loss", loss), b = EVENT("aten::cross_entropy_loss", rows), c = EVENT("aten::one_hot", hot);

	STEP(0, 5, "aten::bincount", whole, 0, 3);
	ask(&a, "", NULL, NULL);
	EXPECT("class_weights", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "minlength=4"));
	forget();
	ask(&a, "", NULL, NULL);
	EXPECT("class_weights", "possible");
	ask(&b, "", NULL, NULL);
	EXPECT("class_weights", "");
	count_values(2, "{\"elements\":8,\"min\":1,\"max\":7,\"negative\":0,\"ignored\":0,\"distinct\":6,\"sorted\":false}");
	calls = 289;
	ask(&c, "Class values must be smaller than num_classes.", NULL, number("CLASSES", 7));
	EXPECT("labels_outside_classes", "likely");
	EXPECT("index_out_of_range", "");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "subtract 1")); /* the earlier ones fitted */
	count_values(2, "{\"elements\":8,\"min\":0,\"max\":6,\"negative\":0,\"ignored\":0,\"distinct\":6,\"sorted\":false}");
	ask(&c, "", NULL, NULL);
	EXPECT("labels_outside_classes", "");
	count_values(0, NULL);
	forget();
}

static void
test_lengths(void)
{
	const struct operand ctc[] = { TENSOR("log_probs", 1, 24, 3, 12), INDEX("targets", 2, 3, 4), INDEX("input_lengths", 3, 3), INDEX("target_lengths", 4, 3) };
	const struct operand pooled[] = { TENSOR("self", 7, 3, 8, 8, 49), VALUE("kernel_size", "int[]", "[8, 2]"), VALUE("stride", "int[]", "[8, 2]") };
	const struct event a = EVENT("aten::ctc_loss", ctc);

	count_values(3, "{\"elements\":3,\"min\":20,\"max\":25,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":3,\"sorted\":false}");
	STEP(0, 99, "aten::lift_fresh", whole, 0, 3);
	STEP(1, 98, "aten::max_pool2d", pooled, 3, 24);
	ask(&a, "Expected input_lengths to have value at most 24, but got value 25", NULL, NULL);
	EXPECT("lengths_apart", "likely");
	CU_ASSERT_STRING_EQUAL(mismatch.property, "length");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "max_pool2d"));
	count_values(3, "{\"elements\":3,\"min\":20,\"max\":24,\"negative\":0,\"zero\":0,\"ignored\":0,\"distinct\":3,\"sorted\":false}");
	ask(&a, "", NULL, NULL);
	EXPECT("lengths_apart", "");
	count_values(0, NULL);
	forget();
}

static void
test_batches(void)
{
	const struct operand joined[] = { TENSOR("self", 1, 8, 3), TENSOR("other", 2, 24) }, other[] = { TENSOR("self", 1, 8, 3), TENSOR("other", 2, 23) };
	const struct operand view[] = { TENSOR("self", 1, 144), VALUE("size", "int[]", "[12, 12, 3]") };
	const struct operand odd[] = { TENSOR("self", 1, 150), VALUE("size", "int[]", "[12, 12, 3]") };
	const struct operand added[] = { TENSOR("self", 1, 64, 32), TENSOR("other", 2, 67, 32) };
	const struct event a = EVENT("aten::sub", joined), b = EVENT("aten::sub", other), c = EVENT("aten::view", view), d = EVENT("aten::view", odd),
			   e = EVENT("aten::add_", added);

	STEP(0, 5, "aten::cat", whole, 0, 24);
	STEP(1, 97, "aten::linear", whole, 1, 3);
	ask(&a, "", NULL, NULL);
	EXPECT("flattened", "likely");
	EXPECT("two_ways", "");
	ask(&b, "", NULL, NULL);
	EXPECT("flattened", "");
	forget();
	calls = 600;
	ask(&c, "", NULL, NULL);
	EXPECT("picture_channels", "likely");
	EXPECT("sizes_do_not_divide", "");
	ask(&d, "", NULL, NULL);
	EXPECT("picture_channels", "");
	forget();
	calls = 300;
	STEP(0, 98, "aten::embedding", whole, 0, 67);
	stories[0].steps[0].resized = true;
	STEP(1, 5, "aten::clone", whole, 0, 64);
	ask(&e, "", NULL, NULL);
	EXPECT("copied_before", "likely");
	stories[1].steps[0].event.id = 99; /* it was copied after that */
	ask(&e, "", NULL, NULL);
	EXPECT("copied_before", "");
	stories[1].steps[0].event.id = 5;
	stories[0].steps[0].resized = false;
	ask(&e, "", NULL, NULL);
	EXPECT("copied_before", "");
	forget();
}

/* A check of Python's that wants one size: against a number, or against another tensor. */
static void
test_exact(void)
{
	const struct operand alone[] = { TENSOR("input_features", 1, 2, 16, 100) };
	const struct operand both[] = { TENSOR("padding", 1, 6, 21), TENSOR("x", 2, 6, 22, 32) };
	const struct event a = EVENT(SUBJECT_CHECK, alone), b = EVENT(SUBJECT_CHECK, both);
	struct mismatch wants = { .property = "size", .operand = 0, .against = -1, .dim = 2, .against_dim = -1, .expected = 120, .actual = 100 };
	struct cause_facts facts = { .event = &a, .mismatch = &wants, .numbers = number("self.config.max_source_positions", 60) };
	struct cause cause = { .confidence = NULL };

	CU_ASSERT_TRUE(cause_expected_size(&facts, &cause));
	CU_ASSERT_STRING_EQUAL(cause.confidence, "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.evidence.data, "120 is 2 x self.config.max_source_positions"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "pad input_features by 20 to 120"));
	json_decref((json_t *)facts.numbers);
	facts.numbers = NULL;
	cause = (struct cause){ .confidence = NULL };
	CU_ASSERT_TRUE(cause_expected_size(&facts, &cause));
	CU_ASSERT_STRING_EQUAL(cause.confidence, "possible");
	facts.event = &b;
	wants = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .expected = 22, .actual = 21 };
	CU_ASSERT_FALSE(cause_expected_size(&facts, &cause)); /* two tensors disagree */
}

/* Lists that are no tensors yet: the odd one is told, with the number of its sample. */
static void
test_lists(void)
{
	struct subject made;
	struct mismatch found;
	json_t *frames = json_pack("[{s:[{s:s, s:s, s:i, s:[i, i, i, i]}]}, {s:[{s:s, s:s, s:i, s:[{s:s, s:s, s:i}]}]}]", "locals", "name", "batch", "kind", "list",
				   "length", 4, "lengths", 12, 12, 15, 12, "locals", "name", "possibly_batched_index", "kind", "list", "length", 4, "items",
				   "name", "possibly_batched_index[2]", "kind", "int", "value", 1650);
	json_t *even = json_pack("[{s:[{s:s, s:s, s:i, s:[i, i]}]}]", "locals", "name", "batch", "kind", "list", "length", 2, "lengths", 12, 12);
	struct cause_facts facts = { .event = &made.event, .mismatch = &found, .frames = frames };
	struct cause cause = { .confidence = NULL };

	CU_ASSERT_TRUE_FATAL(subject_of_lengths(&made, "each element in list of batch should be of equal size", frames, &found));
	CU_ASSERT_EQUAL(found.expected, 12);
	CU_ASSERT_EQUAL(found.actual, 15);
	CU_ASSERT_TRUE(cause_ragged_lists(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "batch[2] has 15 items where others have 12 (it is sample 1650"));
	made.event.operation = SUBJECT_CHECK; /* two sizes that were compared: no batch */
	CU_ASSERT_FALSE(cause_ragged_lists(&facts, &cause));
	CU_ASSERT_FALSE(subject_of_lengths(&made, "something else", frames, &found));
	CU_ASSERT_FALSE(subject_of_lengths(&made, "each element in list of batch should be of equal size", even, &found));
	json_decref(frames);
	json_decref(even);
}

static void
test_numbers(void)
{
	int64_t expected, actual;

	CU_ASSERT_TRUE(told_numbers("Expected key_padded_mask.shape[1] to be 22, but got 21", &expected, &actual));
	CU_ASSERT_EQUAL(expected, 22);
	CU_ASSERT_EQUAL(actual, 21);
	CU_ASSERT_TRUE(told_numbers("expects the features to be of length 120, but found 100. Make sure to pad them to 120.", &expected, &actual));
	CU_ASSERT_EQUAL(expected, 120);
	CU_ASSERT_EQUAL(actual, 100);
	CU_ASSERT_FALSE(told_numbers("Expected 3 or 4 dimensions, got 7", &expected, &actual));
	CU_ASSERT_FALSE(told_numbers("10 samples and 12 labels", &expected, &actual));
	CU_ASSERT_FALSE(told_numbers("expected 4D input (got 3D input)", &expected, &actual));
}

static void
test_told(void)
{
	const char *swapped = "Function QuantizeBackward returned an invalid gradient at index 0 - got [16, 6] but expected shape compatible with [10, 6]";
	const char *broadcast = "Function ScaleBackward returned an invalid gradient at index 0 - got [16, 6] but expected shape compatible with [1, 6]";

	ask(NULL, swapped, NULL, NULL);
	EXPECT("gradient_shape", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in the order of its forward's inputs"));
	ask(NULL, broadcast, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "sum over those dimensions"));
}

static void
test_tables(void)
{
	const struct operand lookup[] = { TENSOR("weight", 1, 1, 32), INDEX("indices", 2, 4, 23) };
	const struct event a = EVENT("aten::embedding", lookup);

	count_values(2, "{\"elements\":92,\"min\":0,\"max\":1,\"negative\":0,\"zero\":80,\"ignored\":0,\"distinct\":2,\"sorted\":false}");
	line = "token_type_embeddings = self.token_type_embeddings(indices)";
	ask(&a, "index out of range in self", NULL, NULL);
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
	line = "return self.head(self.words(indices).mean(1))";
	ask(&a, "index out of range in self", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
	line = "inputs_embeds = self.word_embeddings(indices)";
	ask(&a, "index out of range in self", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
	count_values(0, NULL);
	forget();
}

static void
test_cut_labels(void)
{
	const struct operand loss[] = { TENSOR("self", 1, 96, 90), INDEX("target", 2, 114) };
	const struct operand logits[] = { TENSOR("self", 3, 2, 48, 90) }, labels[] = { INDEX("self", 4, 2, 57) };
	const struct event a = EVENT("aten::cross_entropy_loss", loss);

	STEP(0, 99, "aten::view", labels, 0, 114);
	STEP(1, 98, "aten::view", logits, 0, 96);
	ask(&a, "", NULL, number("CUTOFF", 48));
	EXPECT("logits_and_labels", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the sequences were cut to CUTOFF = 48"));
	ask(&a, "", NULL, number("width", 48)); /* no limit by name */
	EXPECT("logits_and_labels", "possible");
	forget();
}

static void
test_labels_per_token(void)
{
	const struct operand loss[] = { TENSOR("self", 1, 8, 4), INDEX("target", 2, 344) }, labels[] = { INDEX("self", 4, 8, 43) };
	const struct operand hidden[] = { TENSOR("self", 3, 8, 43, 32) }, first[] = { TENSOR("", 5, 8, 32) }, ids[] = { TENSOR("weight", 6, 90, 32), INDEX("indices", 7, 8, 43) };
	const struct event a = EVENT("aten::cross_entropy_loss", loss);

	STEP(0, 99, "aten::view", labels, 0, 344);
	STEP(0, 80, "aten::clone", labels, 0, 8);
	STEP(0, 79, "aten::lift_fresh", labels, 0, 8);
	STEP(1, 98, "aten::select", hidden, 0, 8);
	stories[1].steps[0].event.outputs = first;
	stories[1].steps[0].event.output_count = 1;
	STEP(1, 90, "aten::embedding", ids, 0, 8);
	ask(&a, "", NULL, NULL);
	EXPECT("labels_per_token", "likely");
	EXPECT("logits_and_labels", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "one for each position, [8, 43], from aten::clone"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "since aten::select"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "copy of the tokens"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "shift"));
	STEP(1, 79, "aten::lift_fresh", labels, 0, 8); /* the tokens are what the labels were made of */
	ask(&a, "", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "copy of the tokens"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "one label for each sequence, [8]"));
	stories[1].steps[0].event.outputs = hidden; /* nothing was left out of the logits */
	ask(&a, "", NULL, NULL);
	EXPECT("labels_per_token", "");
	EXPECT("logits_and_labels", "possible");
	forget();
}

static void
test_never_pooled(void)
{
	const struct operand loss[] = { TENSOR("self", 1, 344, 4), INDEX("target", 2, 8) }, labels[] = { INDEX("self", 4, 8) };
	const struct operand logits[] = { TENSOR("self", 3, 8, 43, 4) }, layer[] = { TENSOR("input", 5, 8, 43, 32), TENSOR("weight", 6, 4, 32) };
	struct operand ids[] = { TENSOR("weight", 7, 90, 32), INDEX("indices", 8, 8, 43) };
	const struct event a = EVENT("aten::cross_entropy_loss", loss);

	STEP(0, 99, "aten::view", labels, 0, 8);
	STEP(1, 98, "aten::view", logits, 0, 344);
	STEP(1, 97, "aten::linear", layer, 0, 8);
	STEP(1, 90, "aten::embedding", ids, 0, 8);
	ask(&a, "", NULL, NULL);
	EXPECT("never_pooled", "likely");
	EXPECT("logits_and_labels", "");
	EXPECT("two_ways", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "one row for each position, [8, 43, ...], labels one for each sequence, [8]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "all 43 positions: aten::linear"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "8 rows of logits. The labels stay as they are"));
	ids[0].sizes = SIZES(4, 32); /* as many classes as tokens: a language model, whose labels are wrong */
	ask(&a, "", NULL, NULL);
	EXPECT("never_pooled", "");
	ids[0].sizes = SIZES(90, 32);
	stories[0].steps[0].size = 12; /* not one for each sequence */
	ask(&(struct event)EVENT("aten::cross_entropy_loss", ((const struct operand[]){ TENSOR("self", 1, 344, 4), INDEX("target", 2, 12) })), "", NULL, NULL);
	EXPECT("never_pooled", "");
	forget();
	STEP(1, 97, "aten::linear", layer, 0, 8); /* as the layer gave them */
	ask(&(struct event)EVENT("aten::cross_entropy_loss", ((const struct operand[]){ TENSOR("self", 1, 8, 43, 4), INDEX("target", 2, 8) })), "", NULL, NULL);
	EXPECT("never_pooled", "likely");
	EXPECT("rank_differs", "");
	ask(&(struct event)EVENT("aten::cross_entropy_loss", ((const struct operand[]){ TENSOR("self", 1, 8, 43, 4), INDEX("target", 2, 43) })), "", NULL, NULL);
	EXPECT("never_pooled", "");
	forget();
}

static void
test_pairs(void)
{
	const struct operand pair[] = { TENSOR("self", 1, 4), TENSOR("other", 2, 3) };
	const struct operand matrices[] = { TENSOR("self", 1, 32, 96), TENSOR("other", 2, 96, 32) };
	const struct operand view[] = { TENSOR("self", 1, 20, 1), VALUE("size", "int[]", "[8, 4]") };
	const struct operand uneven[] = { TENSOR("self", 1, 21, 1), VALUE("size", "int[]", "[8, 4]") };
	const struct operand cat[] = { ITEM("tensors[0]", 0, 5, 6, 8), ITEM("tensors[1]", 1, 6, 6, 8), VALUE("dim", "int", "0") };
	const struct operand loss[] = { TENSOR("self", 1, 12, 12), INDEX("target", 2, 6) };
	const struct event a = EVENT("aten::sub", pair), b = EVENT("aten::add_", matrices), c = EVENT("aten::view", view), d = EVENT("aten::view", uneven),
			   e = EVENT("aten::cross_entropy_loss", loss);

	STEP(0, 97, "aten::index", whole, 0, 3);
	STEP(1, 96, "aten::index", whole, 0, 4);
	calls = 300;
	ask(&a, "", NULL, NULL);
	EXPECT("selected_unequally", "likely");
	stories[1].steps[0].event.operation = "aten::linear"; /* the one side only */
	ask(&a, "", NULL, NULL);
	EXPECT("selected_unequally", "");
	forget();
	STEP(0, 97, "aten::randn", whole, 1, 32);
	STEP(1, 96, "aten::linear", whole, 1, 96);
	ask(&b, "", NULL, number("config.n_positions", 32));
	EXPECT("dimension_elsewhere", "likely");
	EXPECT("cut_one_side", ""); /* asked for, not cut: the number is chance */
	stories[0].steps[0].event.operation = "aten::slice";
	ask(&b, "", NULL, number("config.n_positions", 32));
	EXPECT("cut_one_side", "likely");
	forget();
	ask(&c, "", NULL, number("BATCH", 8));
	EXPECT("last_batch", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "asks for a batch of 8, this one has 5"));
	ask(&d, "", NULL, number("BATCH", 8)); /* not whole rows of 4 */
	EXPECT("last_batch", "");
	STEP(0, 97, "aten::arange", whole, 0, 6);
	STEP(1, 96, "aten::cat", cat, 0, 12);
	ask(&e, "", NULL, NULL);
	EXPECT("grew_at_cat", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "torch.arange(12)"));
	forget();
}

/* Each kind of layer calls its width otherwise. */
static void
test_widths(void)
{
	const struct operand norm[] = { TENSOR("input", 1, 2, 16, 9, 9), TENSOR("weight", 2, 8) };
	const struct operand linear[] = { TENSOR("input", 1, 2, 9), TENSOR("weight", 2, 4, 8) };
	const struct event a = EVENT("aten::batch_norm", norm), b = EVENT("aten::linear", linear);

	ask(&a, "", NULL, NULL);
	EXPECT("layer_width", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "num_features=16"));
	ask(&b, "", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in_features=9"));
}

static void
test_checks(void)
{
	ask(NULL, "hook 'watch' has changed the size of value", NULL, NULL);
	EXPECT("hook_changed", "certain");
	ask(NULL, "hook 'watch' raised", NULL, NULL);
	EXPECT("hook_changed", "");
	line = "layer = nn.TransformerEncoderLayer(d_model=WIDTH, nhead=HEADS, batch_first=True)";
	ask(NULL, "embed_dim must be divisible by num_heads", NULL,
	    json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "WIDTH", "value", 100, "name", "HEADS", "value", 12));
	EXPECT("not_divisible", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "WIDTH = 100 is no multiple of HEADS = 12"));
	ask(NULL, "embed_dim must be divisible by num_heads", NULL,
	    json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "WIDTH", "value", 96, "name", "HEADS", "value", 12));
	EXPECT("not_divisible", "");
	forget();
}

static bool
slice_before(void *context, int process, int64_t id, struct event *out)
{
	(void)process;
	if (id != 99)
		return false;
	*out = *(const struct event *)context;
	return true;
}

/* A slice that ended where its tensor ends, of which a line then assigns more than is left. */
static void
test_slice_ended(void)
{
	const struct operand queue[] = { TENSOR("self", 5, 16, 256), VALUE("dim", "int", "1"), VALUE("start", "int", "252"), VALUE("end", "int", "284") };
	const struct operand whole_queue[] = { TENSOR("self", 5, 16, 256), VALUE("dim", "int", "1"), VALUE("start", "int", "252"), VALUE("end", "int", "256") };
	const struct operand left[] = { TENSOR("output", 6, 16, 4) }, assigned[] = { TENSOR("self", 1, 16, 32), VALUE("size", "int[]", "[16, 4]") };
	struct event slice = { .id = 99, .operation = "aten::slice", .operands = queue, .operand_count = 4, .outputs = left, .output_count = 1 };
	struct event expand = { .id = 100, .site = -1, .operation = "aten::expand", .phase = "forward", .operands = assigned, .operand_count = 2 };
	struct mismatch wants = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = -1, .has_expected = true, .has_actual = true,
				  .expected = 4, .actual = 32 };
	struct source source = { .context = &slice, .event = slice_before };
	struct cause_facts facts = { .event = &expand, .mismatch = &wants, .source = &source };
	struct cause cause = { .confidence = NULL };

	CU_ASSERT_TRUE(cause_slice_ended(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "the slice 252:284 ends beyond the 256 that there are: 4 are left for the 32"));
	slice.operands = whole_queue; /* it asked for no more than there is */
	CU_ASSERT_FALSE(cause_slice_ended(&facts, &cause));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "inputs too small", test_small);
	CU_add_test(suite, "padding that takes more than there is", test_padded);
	CU_add_test(suite, "resolution", test_resolution);
	CU_add_test(suite, "patches", test_patches);
	CU_add_test(suite, "classes", test_classes);
	CU_add_test(suite, "lengths", test_lengths);
	CU_add_test(suite, "batches and copies", test_batches);
	CU_add_test(suite, "one size exactly", test_exact);
	CU_add_test(suite, "lists of lists", test_lists);
	CU_add_test(suite, "numbers that a message tells", test_numbers);
	CU_add_test(suite, "gradients", test_told);
	CU_add_test(suite, "tables that are no vocabulary", test_tables);
	CU_add_test(suite, "pairs", test_pairs);
	CU_add_test(suite, "widths", test_widths);
	CU_add_test(suite, "checks of autograd and of heads", test_checks);
	CU_add_test(suite, "slices that ended", test_slice_ended);
	CU_add_test(suite, "labels that weren't cut", test_cut_labels);
	CU_add_test(suite, "labels of each token, logits of each sequence", test_labels_per_token);
	CU_add_test(suite, "never pooled", test_never_pooled);
}

int
main(void)
{
	return run_suite("counts and places", fill);
}
