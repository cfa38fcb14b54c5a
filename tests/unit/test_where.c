/* links: schema viewer */
/* Whose code a frame is, and which of a stack is shown (where.h). */
#include <CUnit/Basic.h>

#include "viewer/analysis/where.h"

#define PACKAGES "/venv/lib/python3.11/site-packages/"

static void
test_passes(void)
{
	CU_ASSERT_TRUE(where_passes(PACKAGES "torch/nn/modules/module.py", "Module._call_impl"));
	CU_ASSERT_TRUE(where_passes(PACKAGES "monai/data/meta_tensor.py", "MetaTensor.__torch_function__"));
	CU_ASSERT_TRUE(where_passes(PACKAGES "accelerate/utils/operations.py", "verify_operation.<locals>.wrapper"));
	CU_ASSERT_FALSE(where_passes(PACKAGES "accelerate/utils/operations.py", "concatenate"));
	CU_ASSERT_FALSE(where_passes(PACKAGES "monai/data/meta_tensor.py", "MetaTensor.update_meta"));
	CU_ASSERT_FALSE(where_passes("/home/me/tensor.py", "Mine.__torch_function__")); /* the program's own may be what is wrong */
	CU_ASSERT_FALSE(where_passes("/home/me/train.py", "logged.<locals>.wrapper"));
}

static void
test_chosen(void)
{
	json_t *frames = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "file", PACKAGES "torch/_tensor.py", "function", "Tensor.__torch_function__", "file",
				   PACKAGES "monai/data/meta_tensor.py", "function", "MetaTensor.__torch_function__", "file", PACKAGES "monai/networks/layers/simplelayers.py", "function",
				   "SkipConnection.forward", "file", "/home/me/train.py", "function", "main");

	CU_ASSERT_EQUAL(where_choose(frames), 2);
	CU_ASSERT_PTR_EQUAL(where_caller(frames), json_array_get(frames, 3));
	json_array_remove(frames, 2);
	json_array_remove(frames, 2);
	CU_ASSERT_EQUAL(where_choose(frames), 0); /* there is no other */
	json_decref(frames);
}

/* What torch.compile traces has no frame: its line is told by the message, and is called where the program called what is compiled. */
static void
test_traced(void)
{
	json_t *list = json_pack("[{s:s, s:s, s:i}, {s:s, s:s, s:i}]", "file", PACKAGES "torch/_dynamo/utils.py", "function", "get_fake_value", "line", 9, "file", "/home/me/train.py", "function",
				 "main", "line", 50);
	const struct source source = { 0 };
	struct failure failure = { .link = -1, .context_event = -1, .has_event = true, .frames = list, .event = { .phase = "forward" },
				   .message = "failed\nfrom user code:\n  File \"/home/me/model.py\", line 33, in forward\n    att = h @ m\n" };
	json_t *frames = where_frames(&source, &failure);

	CU_ASSERT_EQUAL(where_choose(frames), 0);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(frames, 0), "line")), 33);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(where_caller(frames), "line")), 50);
	json_decref(frames);
	json_array_remove(list, 0); /* nothing was traced when it was raised: the program raised it again */
	frames = where_frames(&source, &failure);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(frames, 0), "line")), 50);
	CU_ASSERT_PTR_NULL(where_caller(frames));
	json_decref(frames);
	json_decref(list);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	suite = CU_add_suite("where", NULL, NULL);
	CU_add_test(suite, "what only passes on", test_passes);
	CU_add_test(suite, "the frame that is shown", test_chosen);
	CU_add_test(suite, "what is traced", test_traced);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
