/* links: schema viewer */
/* Every rule of causes.def: a case where it holds and one where it doesn't. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "viewer/analysis/causes.h"

static struct mismatch mismatch;
static json_t *causes;

/* The causes of EVENT; numbers and frames as a note has them, taken over. */
static void
ask(const struct event *event, const char *message, json_t *frames, json_t *numbers)
{
	struct mismatch_facts facts = { .event = event, .message = message };
	struct cause_facts asked = { .event = event, .message = message, .frames = frames, .numbers = numbers };

	if (event && mismatch_find(&facts, &mismatch))
		asked.mismatch = &mismatch;
	json_decref(causes);
	causes = causes_build(&asked);
	json_decref(frames);
	json_decref(numbers);
}

static const char *
confidence_of(const char *rule)
{
	for (size_t i = 0; i < json_array_size(causes); i++)
		if (strcmp(text_get(json_array_get(causes, i), "rule"), rule) == 0)
			return text_get(json_array_get(causes, i), "confidence");
	return "";
}

#define EXPECT(rule, confidence) CU_ASSERT_STRING_EQUAL(confidence_of(rule), confidence)

static json_t *
number(const char *name, int value)
{
	return json_pack("[{s:i, s:[{s:s, s:i}]}]", "frame", 0, "numbers", "name", name, "value", value);
}

static void
test_kinds(void)
{
	const struct operand leaf[] = { TENSOR("self", 1, 4) };
	const struct operand left[] = { TENSOR_ON("input", 1, "float32", "cuda:0", 2, 3), TENSOR("weight", 2, 4, 3) };
	const struct operand mixed[] = { TENSOR_ON("input", 1, "bfloat16", "cpu", 2, 3), TENSOR("weight", 2, 4, 3) };
	const struct event a = EVENT("aten::fill_", leaf), b = EVENT("aten::linear", left), c = EVENT("aten::linear", mixed);

	ask(&a, "a leaf Variable that requires grad is being used in an in-place operation.", NULL, NULL);
	EXPECT("leaf_in_place", "certain");
	ask(&a, "something else", NULL, NULL);
	EXPECT("leaf_in_place", "");
	ask(&b, "", NULL, NULL);
	EXPECT("other_device", "likely");
	EXPECT("mixed_dtype", "");
	ask(&c, "", NULL, NULL);
	EXPECT("mixed_dtype", "likely");
	EXPECT("other_device", "");
}

static void
test_placeholders(void)
{
	const struct operand put[] = { TENSOR("self", 1, 1, 2048, 16), MASK("indices[0]", 2, 1, 2048), TENSOR("values", 3, 3420, 16) };
	const struct event event = EVENT("aten::index_put_", put);
	const char *fewer = "shape mismatch: value tensor of shape [3420, 16] cannot be broadcast to indexing result of shape [1960, 16]";
	const char *nothing = "shape mismatch: value tensor of shape [3420, 16] cannot be broadcast to indexing result of shape [0, 16]";
	const char *more = "shape mismatch: value tensor of shape [3420, 16] cannot be broadcast to indexing result of shape [3500, 16]";
	const char *check = "Image features and image tokens do not match: tokens: 20, features 24";

	ask(&event, fewer, NULL, number("data_args.cutoff_len", 2048));
	EXPECT("placeholders_cut", "likely");
	EXPECT("no_placeholder", "");
	CU_ASSERT_STRING_EQUAL(text_get(json_object_get(json_array_get(causes, 0), "setting"), "name"), "data_args.cutoff_len");
	ask(&event, fewer, NULL, number("data_args.cutoff_len", 4096));
	EXPECT("placeholders_cut", "possible");
	ask(&event, nothing, NULL, NULL);
	EXPECT("no_placeholder", "certain");
	EXPECT("placeholders_cut", "");
	ask(&event, more, NULL, NULL);
	EXPECT("placeholders_differ", "possible");
	EXPECT("placeholders_cut", "");
	ask(NULL, check, json_pack("[{s:[{s:s, s:s, s:s, s:[i, i]}]}]", "locals", "name", "input_ids", "kind", "tensor", "dtype", "int64",
				   "shape", 1, 512), number("max_length", 512));
	EXPECT("placeholders_cut", "likely");
	EXPECT("placeholders_differ", "");
	ask(NULL, "something else with 20 and 24", NULL, NULL);
	CU_ASSERT_EQUAL(json_array_size(causes), 0);
}

static void
test_shapes(void)
{
	const struct operand list[] = { ITEM("tensors[0]", 0, 1, 46, 3), ITEM("tensors[1]", 1, 2, 45, 3), ITEM("tensors[2]", 2, 3, 46, 3),
					VALUE("dim", "int", "1") };
	const struct operand pair[] = { TENSOR("self", 1, 46, 3), TENSOR("other", 2, 45, 3) };
	const struct operand view[] = { TENSOR("self", 1, 4, 6), VALUE("size", "int[]", "[4, 5]") };
	const struct operand strides[] = { TENSOR("self", 1, 4, 6), VALUE("size", "int[]", "[24]") };
	const struct operand turned[] = { TENSOR("self", 1, 2, 3), TENSOR("mat2", 2, 5, 3) };
	const struct operand straight[] = { TENSOR("self", 1, 2, 3), TENSOR("mat2", 2, 5, 7) };
	const struct operand linear[] = { TENSOR("input", 1, 2, 9), TENSOR("weight", 2, 4, 8) };
	const struct operand lookup[] = { TENSOR("weight", 1, 10, 4), INDEX("indices", 2, 3) };
	const struct event a = EVENT("aten::cat", list), b = EVENT("aten::add", pair), c = EVENT("aten::view", view),
			   d = EVENT("aten::view", strides), e = EVENT("aten::mm", turned), f = EVENT("aten::mm", straight),
			   g = EVENT("aten::linear", linear), h = EVENT("aten::embedding", lookup);

	ask(&a, "", NULL, NULL);
	EXPECT("ragged_list", "likely");
	ask(&b, "", NULL, NULL);
	EXPECT("ragged_list", "");
	ask(&c, "", NULL, NULL);
	EXPECT("elements_differ", "likely");
	EXPECT("not_contiguous", "");
	ask(&d, "view size is not compatible with input tensor's size and stride", NULL, NULL);
	EXPECT("not_contiguous", "certain");
	EXPECT("elements_differ", "");
	ask(&e, "", NULL, NULL);
	EXPECT("transposed", "possible");
	ask(&f, "", NULL, NULL);
	EXPECT("transposed", "");
	EXPECT("layer_width", "");
	ask(&g, "", NULL, NULL);
	EXPECT("layer_width", "likely");
	EXPECT("transposed", "");
	ask(&h, "index out of range in self", NULL, NULL);
	EXPECT("index_out_of_range", "likely");
	ask(&h, "", NULL, NULL);
	EXPECT("index_out_of_range", "");
}

static void
test_names(void)
{
	json_t *small = number("batch", 2), *many = json_array(), *one = number("max_len", 2048);
	struct cause_facts facts = { .numbers = small };
	int frame = -1;

	CU_ASSERT_PTR_NULL(cause_named_number(&facts, 2, &frame)); /* too common to mean anything */
	for (int i = 0; i < 9; i++)
		json_array_append_new(many, json_pack("{s:i, s:[{s:s, s:i}]}", "frame", i, "numbers", "name", "width", "value", 768));
	facts.numbers = many;
	CU_ASSERT_PTR_NULL(cause_named_number(&facts, 768, &frame)); /* too many carry it */
	facts.numbers = one;
	CU_ASSERT_PTR_NOT_NULL(cause_named_number(&facts, 2048, &frame));
	json_decref(small);
	json_decref(many);
	json_decref(one);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("causes", NULL, NULL);
	CU_add_test(suite, "leaf, device, dtype", test_kinds);
	CU_add_test(suite, "placeholders", test_placeholders);
	CU_add_test(suite, "shapes and indices", test_shapes);
	CU_add_test(suite, "named numbers", test_names);
	CU_basic_run_tests();
	json_decref(causes);
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
