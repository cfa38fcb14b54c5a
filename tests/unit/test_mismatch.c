/* links: schema viewer */
/* What disagrees among the operands of a failed operation: one family after the other. */
#include <CUnit/Basic.h>

#include <stdlib.h>

#include "analysis_events.h"
#include "viewer/analysis/knowledge.h"
#include "viewer/analysis/subject.h"
#include "viewer/analysis/mismatch/mismatch.h"

static struct mismatch found;
static bool finds;

static void
look(const struct event *event, const char *message)
{
	struct mismatch_facts facts = { .event = event, .message = message };

	finds = mismatch_find(&facts, &found);
}

#define EXPECT_NUMBERS(property_, operand_, against_, dim_, expected_, actual_) do { \
	CU_ASSERT_TRUE_FATAL(finds); \
	CU_ASSERT_STRING_EQUAL(found.property, property_); \
	CU_ASSERT_EQUAL(found.operand, operand_); \
	CU_ASSERT_EQUAL(found.against, against_); \
	CU_ASSERT_EQUAL(found.dim, dim_); \
	CU_ASSERT_EQUAL(found.expected, expected_); \
	CU_ASSERT_EQUAL(found.actual, actual_); \
} while (0)
#define EXPECT_NAMES(property_, operand_, expected_, actual_) do { \
	CU_ASSERT_TRUE_FATAL(finds); \
	CU_ASSERT_STRING_EQUAL(found.property, property_); \
	CU_ASSERT_EQUAL(found.operand, operand_); \
	CU_ASSERT_STRING_EQUAL(found.expected_name, expected_); \
	CU_ASSERT_STRING_EQUAL(found.actual_name, actual_); \
} while (0)

static void
test_cat(void)
{
	const struct operand two[] = { ITEM("tensors[0]", 0, 1, 3, 46), ITEM("tensors[1]", 1, 2, 3, 45), VALUE("dim", "int", "0") };
	const struct operand odd[] = { ITEM("tensors[0]", 0, 1, 3, 45), ITEM("tensors[1]", 1, 2, 3, 46), ITEM("tensors[2]", 2, 3, 3, 46),
				       VALUE("dim", "int", "0") };
	const struct operand flat[] = { ITEM("tensors[0]", 0, 1, 3, 45), ITEM("tensors[1]", 1, 2, 3), VALUE("dim", "int", "-1") };
	const struct operand good[] = { ITEM("tensors[0]", 0, 1, 3, 45), ITEM("tensors[1]", 1, 2, 7, 45), ITEM("tensors[2]", 2, 3, 0),
					VALUE("dim", "int", "0") };
	const struct event a = EVENT("aten::cat", two), b = EVENT("aten::concat", odd), c = EVENT("aten::cat", flat),
			   d = EVENT("aten::cat", good);

	look(&a, "");
	EXPECT_NUMBERS("size", 1, 0, 1, 46, 45);
	CU_ASSERT_STRING_EQUAL(found.text, "tensors[1] has 45 in dimension 1 where tensors[0] has 46");
	look(&b, "");
	EXPECT_NUMBERS("size", 0, 1, 1, 46, 45); /* the odd one out, although the message blames the second */
	look(&c, "");
	EXPECT_NUMBERS("rank", 1, 0, -1, 2, 1);
	look(&d, "");
	CU_ASSERT_FALSE(finds);
}

static void
test_stack(void)
{
	const struct operand operands[] = { ITEM("tensors[0]", 0, 1, 3, 4), ITEM("tensors[1]", 1, 2, 2, 4), VALUE("dim", "int", "0") };
	const struct event event = EVENT("aten::stack", operands);

	look(&event, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 3, 2);
}

static void
test_index_put(void)
{
	const struct operand operands[] = { TENSOR("self", 1, 1, 2048, 1536), MASK("indices[0]", 2, 1, 2048),
					    TENSOR("values", 3, 3420, 1536) };
	const struct operand mask[] = { MASK("self", 2, 1, 2048) }, rows[] = { INDEX("output", 9, 1960, 2) };
	struct event event = EVENT("aten::index_put_", operands), child = EVENT("aten::nonzero", mask);
	struct mismatch_facts facts = { .event = &event, .children = &child, .child_count = 1 };

	child.output_count = 1;
	child.outputs = rows;
	finds = mismatch_find(&facts, &found);
	EXPECT_NUMBERS("count", 2, 1, 0, 1960, 3420);
	CU_ASSERT_FALSE(found.from_message);
	look(&event, "shape mismatch: value tensor of shape [3420, 1536] cannot be broadcast to indexing result of shape [1960, 1536]");
	EXPECT_NUMBERS("count", 2, 1, 0, 1960, 3420);
	CU_ASSERT_TRUE(found.from_message);
	look(&event, NULL);
	CU_ASSERT_FALSE(finds); /* how many the mask selects isn't known */
}

static void
test_index(void)
{
	const struct operand operands[] = { TENSOR("self", 1, 8, 4), INDEX("indices[0]", 2, 3), INDEX("indices[1]", 3, 5) };
	const struct operand mask[] = { TENSOR("self", 1, 8, 4), MASK("indices[0]", 2, 7) };
	const struct operand put[] = { TENSOR("self", 1, 8, 4), INDEX("indices[0]", 2, 3), TENSOR("values", 3, 2, 4) };
	const struct event a = EVENT("aten::index", operands), b = EVENT("aten::index", mask), c = EVENT("aten::index_put_", put);

	look(&a, "");
	EXPECT_NUMBERS("size", 2, 1, 0, 3, 5);
	look(&b, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 8, 7);
	look(&c, "");
	CU_ASSERT_TRUE_FATAL(finds);
	CU_ASSERT_EQUAL(found.expected, 3);
	CU_ASSERT_EQUAL(found.actual, 2);
}

static void
test_broadcast(void)
{
	const struct operand two[] = { TENSOR("self", 1, 2, 3, 4), TENSOR("other", 2, 5, 4), VALUE("alpha", "number", NULL) };
	const struct operand fixed[] = { TENSOR("self", 1, 3, 1), TENSOR("other", 2, 3, 4) };
	const struct operand fine[] = { TENSOR("self", 1, 3, 1), TENSOR("other", 2, 4) };
	const struct event a = EVENT("aten::add", two), b = EVENT("aten::add_", fixed), c = EVENT("aten::mul", fine),
			   d = EVENT("aten::mul_", fine);

	look(&a, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 3, 5);
	CU_ASSERT_EQUAL(found.against_dim, 1);
	look(&b, "");
	EXPECT_NUMBERS("size", 1, 0, 1, 1, 4);
	look(&c, "");
	CU_ASSERT_FALSE(finds);
	look(&d, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 1, 4);
}

static void
test_products(void)
{
	const struct operand mm[] = { TENSOR("self", 1, 2, 3), TENSOR("mat2", 2, 2, 3) };
	const struct operand matmul[] = { TENSOR("self", 1, 8, 2, 3), TENSOR("other", 2, 4, 3, 5) };
	const struct operand linear[] = { TENSOR("input", 1, 7, 12), TENSOR("weight", 2, 4, 16), TENSOR("bias", 3, 4) };
	const struct operand einsum[] = { VALUE("equation", "string", "\"bqd,bkd->bqk\""), ITEM("tensors[0]", 0, 1, 2, 3, 4),
					  ITEM("tensors[1]", 1, 2, 2, 5, 6) };
	const struct event a = EVENT("aten::mm", mm), b = EVENT("aten::matmul", matmul), c = EVENT("aten::linear", linear),
			   d = EVENT("aten::einsum", einsum);

	look(&a, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 3, 2);
	look(&b, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 8, 4);
	look(&c, "");
	EXPECT_NUMBERS("size", 0, 1, 1, 16, 12);
	look(&d, "");
	EXPECT_NUMBERS("size", 2, 1, 2, 4, 6);
}

static void
test_convolution(void)
{
	const struct operand channels[] = { TENSOR("input", 1, 1, 4, 8, 8), TENSOR("weight", 2, 8, 3, 3, 3), VALUE("groups", "int", "1") };
	const struct operand small[] = { TENSOR("input", 1, 1, 3, 2, 8), TENSOR("weight", 2, 8, 3, 3, 3), VALUE("padding", "int[]", "[0, 0]"),
					 VALUE("dilation", "int[]", "[1, 1]"), VALUE("groups", "int", "1") };
	const struct operand half[] = { TENSOR_ON("input", 1, "float16", "cpu", 1, 3, 8, 8), TENSOR("weight", 2, 8, 3, 3, 3) };
	const struct operand left[] = { TENSOR_ON("input", 1, "float16", "cuda:0", 1, 3, 8, 8),
					TENSOR_ON("weight", 2, "float16", "cpu", 8, 3, 3, 3) };
	const struct event a = EVENT("aten::conv2d", channels), b = EVENT("aten::conv2d", small), c = EVENT("aten::conv2d", half),
			   d = EVENT("aten::conv2d", left);

	look(&a, "");
	EXPECT_NUMBERS("size", 0, 1, 1, 3, 4);
	look(&b, "");
	EXPECT_NUMBERS("size", 0, 1, 2, 3, 2);
	look(&c, "");
	EXPECT_NAMES("dtype", 0, "float32", "float16");
	look(&d, "Input type (torch.cuda.HalfTensor) and weight type (torch.HalfTensor) should be the same");
	EXPECT_NAMES("device", 1, "cuda:0", "cpu");
}

static void
test_forms(void)
{
	const struct operand view[] = { TENSOR("self", 1, 4, 6), VALUE("size", "int[]", "[4, 5]") };
	const struct operand free_size[] = { TENSOR("self", 1, 4, 6), VALUE("size", "int[]", "[-1, 5]") };
	const struct operand fits[] = { TENSOR("self", 1, 4, 6), VALUE("size", "int[]", "[-1, 8]") };
	const struct operand empty[] = { TENSOR("self", 1, 1, 0, 32), VALUE("size", "int[]", "[1, 0, -1, 8]") };
	const struct operand split[] = { TENSOR("self", 1, 4, 6), VALUE("split_sizes", "int[]", "[2, 3]"), VALUE("dim", "int", "1") };
	const struct operand dim[] = { TENSOR("self", 1, 4, 6), VALUE("dim0", "int", "1"), VALUE("dim1", "int", "2") };
	const struct operand expand[] = { TENSOR("self", 1, 4, 6), VALUE("size", "int[]", "[3, 6]") };
	const struct event a = EVENT("aten::view", view), b = EVENT("aten::reshape", free_size), c = EVENT("aten::view", fits),
			   d = EVENT("aten::split_with_sizes", split), e = EVENT("aten::transpose", dim),
			   f = EVENT("aten::expand", expand), g = EVENT("aten::view", empty);

	look(&g, "");
	CU_ASSERT_TRUE(finds && strcmp(found.property, "size") == 0 && found.operand == 0 && found.dim == 1);
	CU_ASSERT_TRUE(found.has_actual && found.actual == 0 && !found.has_expected);
	look(&a, "");
	EXPECT_NUMBERS("numel", 1, 0, -1, 24, 20);
	look(&b, "");
	EXPECT_NUMBERS("numel", 1, 0, -1, 24, 5);
	look(&c, "");
	CU_ASSERT_FALSE(finds);
	look(&d, "");
	EXPECT_NUMBERS("size", 1, 0, 1, 6, 5);
	look(&e, "");
	EXPECT_NUMBERS("rank", 0, 2, -1, 3, 2);
	look(&f, "");
	EXPECT_NUMBERS("size", 0, 1, 0, 3, 4);
}

static void
test_indices(void)
{
	const struct operand embedding[] = { TENSOR("weight", 1, 10, 4), INDEX("indices", 2, 3) };
	const struct operand gather[] = { TENSOR("self", 1, 4, 6), VALUE("dim", "int", "1"), INDEX("index", 2, 5, 2) };
	const struct operand classes[] = { TENSOR("self", 1, 6, 10), INDEX("target", 2, 6), VALUE("ignore_index", "int", "-100") };
	const struct operand batch[] = { TENSOR("self", 1, 6, 10), INDEX("target", 2, 5) };
	const struct mismatch_knowledge known[] = { { .leaf = -1, .trues = -1 }, { .leaf = -1, .trues = -1, .smallest = 0, .largest = 12,
						      .has_range = true } };
	const struct event a = EVENT("aten::embedding", embedding), b = EVENT("aten::gather", gather),
			   c = EVENT("aten::cross_entropy_loss", classes), d = EVENT("aten::cross_entropy_loss", batch);
	struct mismatch_facts facts = { .event = &a, .knowledge = known };

	finds = mismatch_find(&facts, &found);
	EXPECT_NUMBERS("index", 1, 0, -1, 10, 12);
	look(&a, "index out of range in self");
	CU_ASSERT_TRUE_FATAL(finds);
	CU_ASSERT_FALSE(found.has_actual);
	CU_ASSERT_EQUAL(found.expected, 10);
	look(&b, "");
	EXPECT_NUMBERS("size", 2, 0, 0, 4, 5);
	look(&c, "Target 10 is out of bounds.");
	EXPECT_NUMBERS("index", 1, 0, -1, 10, 10);
	look(&d, "");
	EXPECT_NUMBERS("size", 1, 0, 0, 6, 5);
}

/* Of a list, the odd one is told, whichever stands first; what pads the first dimension asks nothing of it. */
static void
test_lists(void)
{
	const struct operand last[] = { ITEM("sequences[0]", 0, 1, 5), ITEM("sequences[1]", 1, 2, 9), ITEM("sequences[2]", 2, 3, 2, 7) };
	const struct operand first[] = { ITEM("tensors[0]", 0, 1, 2, 7), ITEM("tensors[1]", 1, 2, 5), ITEM("tensors[2]", 2, 3, 5) };
	const struct operand wide[] = { ITEM("sequences[0]", 0, 1, 5, 80), ITEM("sequences[1]", 1, 2, 9, 80), ITEM("sequences[2]", 2, 3, 7, 64) };
	const struct operand good[] = { ITEM("sequences[0]", 0, 1, 5, 80), ITEM("sequences[1]", 1, 2, 9, 80) };
	const struct event a = EVENT("aten::pad_sequence", last), b = EVENT("aten::stack", first), c = EVENT("aten::pad_sequence", wide), d = EVENT("aten::pad_sequence", good),
			   e = EVENT("aten::_nested_tensor_from_tensor_list", last), f = EVENT("aten::_nested_tensor_from_tensor_list", wide);

	look(&a, "The size of tensor a (2) must match the size of tensor b (7) at non-singleton dimension 1");
	EXPECT_NUMBERS("rank", 2, 0, -1, 1, 2);
	CU_ASSERT_STRING_EQUAL(found.text, "sequences[2] has 2 dimensions where the other 2 have 1");
	look(&b, "");
	EXPECT_NUMBERS("rank", 0, 1, -1, 1, 2);
	look(&c, "");
	EXPECT_NUMBERS("size", 2, 0, 1, 80, 64);
	look(&d, "");
	CU_ASSERT_FALSE(finds);
	look(&e, "");
	EXPECT_NUMBERS("rank", 2, 0, -1, 1, 2);
	look(&f, "");
	CU_ASSERT_FALSE(finds);
}

static void
test_kinds(void)
{
	const struct operand leaf[] = { TENSOR("self", 1, 4), VALUE("value", "number", NULL) };
	const struct operand put[] = { TENSOR_ON("self", 1, "bfloat16", "cpu", 8, 4), MASK("indices[0]", 2, 8), TENSOR("values", 3, 8, 4) };
	const struct operand promoted[] = { TENSOR_ON("self", 1, "bfloat16", "cpu", 8, 4), TENSOR("other", 2, 8, 4) };
	const struct operand moved[] = { TENSOR_ON("self", 1, "float32", "cuda:0", 4), TENSOR("src", 2, 4) };
	const struct event a = EVENT("aten::fill_", leaf), b = EVENT("aten::index_put_", put), c = EVENT("aten::add", promoted),
			   d = EVENT("aten::copy_", moved);

	look(&a, "a view of a leaf Variable that requires grad is being used in an in-place operation.");
	CU_ASSERT_TRUE_FATAL(finds);
	CU_ASSERT_STRING_EQUAL(found.property, "leaf");
	look(&b, "");
	EXPECT_NAMES("dtype", 2, "bfloat16", "float32");
	look(&c, "");
	CU_ASSERT_FALSE(finds); /* elementwise operations promote */
	look(&d, "");
	CU_ASSERT_FALSE(finds); /* a copy may cross devices */
}

static void
test_hostile(void)
{
	const struct operand strange[] = { VALUE("size", "int[]", "[9999999999999999999, x"), VALUE("dim", "int", NULL) };
	const struct operand huge[] = { TENSOR("self", 1, INT64_MAX, INT64_MAX), VALUE("size", "int[]", "[9223372036854775807, 3]") };
	const struct event a = EVENT("aten::view", strange), b = EVENT("aten::reshape", huge), c = EVENT("", strange);

	look(&a, "");
	CU_ASSERT_FALSE(finds);
	look(&b, "");
	look(&c, "99999999999999999999999 size -");
	CU_ASSERT_FALSE(finds);
}

/* What was counted as the operation failed. */
static void
test_counts(void)
{
	const struct operand lookup[] = { TENSOR("weight", 1, 10, 4), INDEX("indices", 2, 3) };
	const struct operand loss[] = { TENSOR("self", 1, 6, 10), INDEX("target", 2, 6), VALUE("ignore_index", "int", "-100") };
	const struct operand scatter[] = { TENSOR("self", 1, 2, 40, 32), MASK("mask", 2, 2, 40, 1), TENSOR("source", 3, 20, 32) };
	const struct event a = EVENT("aten::embedding", lookup), b = EVENT("aten::cross_entropy_loss", loss),
			   c = EVENT("aten::masked_scatter", scatter);
	json_t *note = json_pack("{s:[{s:i, s:i, s:{s:i, s:i, s:i, s:i, s:i, s:i}}]}", "operands", "tensor", 2, "index", 1, "summary", "elements",
				 3, "min", 0, "max", 12, "negative", 0, "ignored", 0, "true", 24);
	json_t *summary = json_object_get(json_array_get(json_object_get(note, "operands"), 0), "summary");
	struct mismatch_knowledge known[4];
	struct mismatch_facts facts = { .event = &a, .knowledge = known };
	struct mismatch found;

	knowledge_fill(&a, note, NULL, known);
	CU_ASSERT_TRUE_FATAL(mismatch_find(&facts, &found));
	CU_ASSERT_EQUAL(found.actual, 12);
	CU_ASSERT_EQUAL(found.expected, 10);
	CU_ASSERT_FALSE(found.from_message);
	json_object_set_new(summary, "max", json_integer(9));
	knowledge_fill(&a, note, NULL, known);
	CU_ASSERT_FALSE(mismatch_find(&facts, &found));
	/* labels: -100 is ignored, another negative isn't */
	facts.event = &b;
	json_object_set_new(summary, "min", json_integer(-100));
	json_object_set_new(summary, "negative", json_integer(2));
	json_object_set_new(summary, "ignored", json_integer(2));
	knowledge_fill(&b, note, NULL, known);
	CU_ASSERT_FALSE(mismatch_find(&facts, &found));
	json_object_set_new(summary, "negative", json_integer(3));
	knowledge_fill(&b, note, NULL, known);
	CU_ASSERT_TRUE(mismatch_find(&facts, &found));
	CU_ASSERT_FALSE(found.has_actual);
	json_object_set_new(summary, "min", json_integer(-1));
	json_object_set_new(summary, "ignored", json_integer(0));
	knowledge_fill(&b, note, NULL, known);
	CU_ASSERT_TRUE(mismatch_find(&facts, &found));
	CU_ASSERT_EQUAL(found.actual, -1);
	json_object_set_new(summary, "max", json_integer(10));
	knowledge_fill(&b, note, NULL, known);
	CU_ASSERT_TRUE(mismatch_find(&facts, &found));
	CU_ASSERT_EQUAL(found.actual, 10);
	/* a mask that is broadcast over the width */
	facts.event = &c;
	json_object_set_new(summary, "elements", json_integer(80));
	knowledge_fill(&c, note, NULL, known);
	CU_ASSERT_TRUE(mismatch_find(&facts, &found));
	CU_ASSERT_EQUAL(found.expected, 24);
	CU_ASSERT_EQUAL(found.actual, 20);
	json_object_set_new(summary, "true", json_string("many")); /* not a count */
	knowledge_fill(&c, note, NULL, known);
	CU_ASSERT_FALSE(mismatch_find(&facts, &found));
	json_decref(note);
}

/* A list that can't be stacked; a checkpoint's parameter. */
static void
test_subject(void)
{
	struct subject *made = calloc(1, sizeof(*made));
	json_t *frames = json_pack("[{s:s, s:[{s:s, s:s, s:[{s:s, s:s, s:i, s:[i, i]}, {s:s, s:s, s:i, s:[i, i]}]}]}]", "file", "/x/a.py",
				   "locals", "name", "batch", "kind", "list", "items", "name", "batch[0]", "kind", "tensor", "tensor", 1,
				   "shape", 46, 3, "name", "batch[3]", "kind", "tensor", "tensor", 2, "shape", 45, 3);
	const char *message = "Error(s) in loading state_dict for Net:\n\tsize mismatch for embed.weight: copying a param with shape "
			      "torch.Size([300, 8]) from checkpoint, the shape in current model is torch.Size([310, 8]).";
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(subject_of_list(made, "aten::resize_", frames, &found));
	CU_ASSERT_STRING_EQUAL(made->event.operands[found.operand].name, "batch[3]");
	CU_ASSERT_EQUAL(made->event.operands[found.operand].item, 3);
	CU_ASSERT_EQUAL(found.expected, 46);
	CU_ASSERT_FALSE(subject_of_list(made, "aten::view", frames, &found));
	CU_ASSERT_TRUE_FATAL(subject_of_checkpoint(made, message, NULL, &found));
	CU_ASSERT_STRING_EQUAL(made->event.operands[found.operand].name, "embed.weight");
	CU_ASSERT_EQUAL(found.expected, 310);
	CU_ASSERT_EQUAL(found.actual, 300);
	CU_ASSERT_FALSE(subject_of_checkpoint(made, "size mismatch for x: [1, 2", NULL, &found));
	CU_ASSERT_FALSE(subject_of_checkpoint(made, "size mismatch for x: checkpoint [1, {}] [[2]]", NULL, &found));
	CU_ASSERT_FALSE(subject_of_checkpoint(made, NULL, NULL, &found));
	json_decref(frames);
	free(made);
}

/* No rule knows the operation; its message tells which dtype it wants. */
static void
test_told_dtypes(void)
{
	const struct operand loss[] = { TENSOR("grad_output", 1, 4), TENSOR("self", 2, 4), INDEX("target", 3, 4) };
	const struct operand two[] = { INDEX("self", 2, 4), INDEX("target", 3, 4) };
	const struct event event = EVENT("aten::huber_loss_backward", loss), both = EVENT("aten::huber_loss_backward", two);

	look(&event, "Found dtype Long but expected Float");
	EXPECT_NAMES("dtype", 2, "float32", "int64");
	CU_ASSERT_EQUAL(found.against, 0);
	look(&event, "Found dtype Double but expected Float"); /* none is float64 */
	CU_ASSERT_FALSE(finds);
	look(&both, "Found dtype Long but expected Float"); /* which of the two, it doesn't say */
	CU_ASSERT_FALSE(finds);
	look(&event, NULL);
	CU_ASSERT_FALSE(finds);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("mismatch", NULL, NULL);
	CU_add_test(suite, "cat", test_cat);
	CU_add_test(suite, "stack", test_stack);
	CU_add_test(suite, "index_put", test_index_put);
	CU_add_test(suite, "index", test_index);
	CU_add_test(suite, "broadcast", test_broadcast);
	CU_add_test(suite, "products", test_products);
	CU_add_test(suite, "convolution", test_convolution);
	CU_add_test(suite, "forms", test_forms);
	CU_add_test(suite, "lists", test_lists);
	CU_add_test(suite, "indices", test_indices);
	CU_add_test(suite, "dtype, device, leaf", test_kinds);
	CU_add_test(suite, "dtypes that a message tells", test_told_dtypes);
	CU_add_test(suite, "hostile values", test_hostile);
	CU_add_test(suite, "counts", test_counts);
	CU_add_test(suite, "lists and checkpoints", test_subject);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
