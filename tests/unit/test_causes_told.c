/* links: schema viewer */
/* Rules about what PyTorch or Python itself says: each holds once, and once it doesn't. */
#include "causes_asked.h"
#include "viewer/analysis/lineage/backward.h"

static void
test_autograd(void)
{
	type = "RuntimeError";
	ask(NULL, "Function CutBackward returned an invalid gradient at index 0 - got [2, 24, 3] but expected shape compatible with [2, 31, 3]", NULL,
	    number("MAX_FRAMES", 24));
	EXPECT("gradient_shape", "certain");
	EXPECT("limit_told", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "from Cut.backward"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "by 7"));
	ask(NULL, "52 frames where 48 are allowed, from user code:\n File \"/x/a.py\", line 253, in forward", NULL, number("MAX_FRAMES", 48));
	EXPECT("limit_told", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "to 52 or more")); /* no line of a traceback is a size */
	ask(NULL, "Function CutBackward returned an invalid gradient at index 0 - got [2] but expected something", NULL, NULL);
	EXPECT("gradient_shape", "");
	ask(NULL, "Function TBackward0 returned an invalid gradient at index 0 - got [16, 18] but expected shape compatible with [16, 24]", NULL, NULL);
	EXPECT("gradient_shape", "likely"); /* PyTorch's own: its input was changed */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), ".data ="));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "TBackward0"));
	ask(NULL, "one of the variables needed for gradient computation has been modified by an inplace operation: [torch.FloatTensor [4, 8]], which is "
		  "output 0 of ReluBackward0, is at version 1", NULL, NULL);
	EXPECT("written_after_saved", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "[4, 8], the output of ReluBackward0"));
	ask(NULL, "Trying to backward through the graph a second time (or ...)", NULL, NULL);
	EXPECT("graph_used_twice", "likely");
	EXPECT("written_after_saved", "");
	ask(NULL, "element 0 of tensors does not require grad and does not have a grad_fn",
	    json_pack("[{s:[{s:s, s:[], s:b}]}]", "locals", "name", "loss", "shape", "requires_grad", 0), NULL);
	EXPECT("nothing_to_train", "likely");
	EXPECT("graph_used_twice", "");
	ask(NULL, "something else", NULL, NULL);
	EXPECT("nothing_to_train", "");
	type = "CheckpointError";
	ask(NULL, "tensor at position 1:\nsaved metadata: {'shape': torch.Size([14, 8]), 'dtype': torch.float32}\nrecomputed metadata: "
		  "{'shape': torch.Size([12, 8])}", NULL, NULL);
	EXPECT("recomputation_differs", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "14 in dimension 0 first, 12 again"));
	type = "RuntimeError";
	ask(NULL, "saved metadata", NULL, NULL);
	EXPECT("recomputation_differs", "");
	forget();
}

/* Which tensor was kept with its graph: of an earlier step, of this one. */
static void
test_kept(void)
{
	static const struct frame frames[] = { { "/x/main.py", "read", 33, 30 }, { "/x/main.py", "carry", 40, 38 } };
	static const struct site sites[] = { { 1, 1, 1, 0, &frames[0] }, { 2, 1, 1, 0, &frames[1] } };
	struct hand hand = { .sites = sites, .site_count = COUNT(sites) };
	struct source source = hand_source(&hand);
	struct backward_kept kept = { .made = { .id = 3, .site = 1, .step = 4, .operation = "aten::tanh" }, .view = { .id = 3, .site = 1, .step = 4, .operation = "aten::tanh" },
				      .used = { .id = 9, .site = 2, .step = 7, .operation = "aten::linear" } };
	struct cause_facts facts = { .message = "Trying to backward through the graph a second time (or ...)", .source = &source, .kept = &kept, .last_call = -1 };
	struct cause out = { .confidence = NULL };

	CU_ASSERT_TRUE_FATAL(cause_graph_twice(&facts, &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, "aten::linear at main.py:40"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, "aten::tanh at main.py:33 made in step 4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.fix.data, "is kept from one step to the next"));
	CU_ASSERT_PTR_NULL(strstr(out.text.data, "a cache"));
	kept.used.operation = kept.made.operation = "aten::cat"; /* of another line */
	memset(&out, 0, sizeof(out));
	CU_ASSERT_TRUE_FATAL(cause_graph_twice(&facts, &out));
	CU_ASSERT_PTR_NULL(strstr(out.text.data, "a cache"));
	kept.used.site = kept.made.site;
	memset(&out, 0, sizeof(out));
	CU_ASSERT_TRUE_FATAL(cause_graph_twice(&facts, &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, "puts it together with what is new: a cache"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.fix.data, "keys and values of each layer"));
	kept.made.step = 7;
	memset(&out, 0, sizeof(out));
	CU_ASSERT_TRUE_FATAL(cause_graph_twice(&facts, &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.fix.data, "over the sum of the losses"));
	facts.message = "something else";
	CU_ASSERT_FALSE(cause_graph_twice(&facts, &out));
}

/* The code compares a tensor's size with a limit by name; or asks that they be equal. */
static void
test_compared(void)
{
	const struct operand ids[] = { INDEX("input_ids", 1, 3, 45) };
	const struct event check = EVENT(SUBJECT_CHECK, ids);
	struct mismatch differs = { .property = "size", .operand = 0, .against = -1, .dim = 1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 32,
				    .actual = 45, .text = "input_ids has 45" };
	struct condition condition = { .operator = ">" };
	json_t *numbers = number("config.max_position_embeddings", 32);
	struct cause_facts facts = { .event = &check, .mismatch = &differs, .message = "got 45 and 32", .numbers = numbers, .condition = &condition, .last_call = -1,
				     .sides = { { .place = 0, .dim = 1, .size = 45 }, { .place = -1 } } };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("limit_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "input_ids has 45, more than config.max_position_embeddings = 32"));
	condition.operator = "!=";
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("limit_told", "possible");
	json_decref(numbers);
}

static void
test_loaded(void)
{
	ask(NULL, "Missing key(s) in state_dict: \"fc.weight\". \n\tUnexpected key(s) in state_dict: \"module.fc.weight\". ", NULL, NULL);
	EXPECT("checkpoint_keys", "likely");
	ask(NULL, "Missing key(s) in state_dict: \"fc.weight\". \n\tUnexpected key(s) in state_dict: \"head.weight\". ", NULL, NULL);
	EXPECT("checkpoint_keys", "possible");
	ask(NULL, "loaded state dict contains a parameter group that doesn't match the size of optimizer's group", NULL, NULL);
	EXPECT("optimizer_groups", "likely");
	EXPECT("checkpoint_keys", "");
	ask(NULL, "loaded state dict has a different number of things", NULL, NULL);
	EXPECT("optimizer_groups", "");
}

static void
test_optimizer(void)
{
	const struct operand state[] = { TENSOR("self", 1, 100, 8), TENSOR("end", 2, 103, 8) };
	const struct operand source[] = { TENSOR("self", 3, 100, 8) };
	struct event a = EVENT("aten::lerp_", state);

	ask(&a, "", NULL, NULL);
	EXPECT("optimizer_state", "");
	a.phase = "optimizer";
	add_step(1, 5, "aten::set_", source, 1, 0, 100);
	stories[1].steps[0].entered = true;
	ask(&a, "", NULL, NULL);
	EXPECT("optimizer_state", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "100 against 103"));
	add_step(0, 6, "aten::slice", source, 1, 0, 103);
	stories[0].steps[0].event.phase = "optimizer"; /* the step's own doing, no parameter's size */
	ask(&a, "", NULL, NULL);
	EXPECT("optimizer_state", "");
	forget();
}

static void
test_memory(void)
{
	const struct operand far[] = { TENSOR("self", 1, 100000, 1, 64), TENSOR("other", 2, 1, 100000, 64) };
	const struct event a = EVENT("aten::sub", far);

	ask(&a, "DefaultCPUAllocator: can't allocate memory: you tried to allocate 2560000000000 bytes. Error code 12", NULL, NULL);
	EXPECT("out_of_memory", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "[100000, 100000, 64]"));
	ask(&a, "something else", NULL, NULL);
	EXPECT("out_of_memory", "");
}

static void
test_layers(void)
{
	ask(NULL, "Expected more than 1 value per channel when training, got input size torch.Size([1, 8])", NULL, NULL);
	EXPECT("one_sample", "likely");
	ask(NULL, "Expected more than 1 value per channel when training, got input size torch.Size([4, 8])", NULL, NULL);
	EXPECT("one_sample", "");
	ask(NULL, "Expected hidden[0] size (1, 4, 16), got [1, 10, 16]",
	    json_pack("[{s:[{s:s, s:s, s:[i, i, i]}]}]", "locals", "name", "x", "dtype", "float32", "shape", 10, 4, 8), NULL);
	EXPECT("batch_first", "likely");
	ask(NULL, "Expected hidden[0] size (1, 4, 16), got [1, 10, 16]", NULL, NULL);
	EXPECT("batch_first", "likely"); /* a hidden state of another batch */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "a batch of 10, this batch has 4"));
	json_decref(causes);
	causes = NULL;
	ask(NULL, "The shape of the 2D attn_mask is torch.Size([20, 20]), but should be (8, 8).",
	    json_pack("[{s:s}, {s:[{s:s, s:s, s:[i, i, i]}]}]", "file", "/x/torch/nn/functional.py", "locals", "name", "x", "dtype", "float32", "shape", 8,
		      20, 32), NULL);
	EXPECT("batch_first", "likely");
	ask(NULL, "Expected something of size (1, 4, 16), got [1, 10, 16]", NULL, NULL);
	EXPECT("batch_first", "");
}

static void
test_shapes(void)
{
	ask(NULL, "Using a target size (torch.Size([8])) that is different to the input size (torch.Size([8, 1])) is deprecated", NULL, NULL);
	EXPECT("shapes_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "squeeze"));
	ask(NULL, "expecting key_padding_mask shape of (4, 10), but got torch.Size([10, 4])", NULL, NULL);
	EXPECT("shapes_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "transpose"));
	ask(NULL, "expecting key_padding_mask shape of (4, 10), but got torch.Size([4, 12])", NULL, NULL);
	EXPECT("shapes_told", "possible");
	ask(NULL, "expecting (4, 10), but got torch.Size([4, 10])", NULL, NULL);
	EXPECT("shapes_told", "");
	ask(NULL, "All shapes must be valid. Process 0: [8, 3] - Process 1: [5, 3]", NULL, NULL);
	EXPECT("shapes_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "dimension 0 is 8 on rank 0 and 5 on rank 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "pad_across_processes(x, dim=0); of the last batch: gather_for_metrics"));
	ask(NULL, "Input shapes: - Process 0: [4, 27] - Process 1: [4, 27] - Process 2: [4, 28]", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "[4, 27] and [4, 28] are those of different processes: dimension 1 is 27 on rank 0 and 28 on rank 2"));
	ask(NULL, "Input shapes: - Process 0: [4, 27] - Process 1: [4, 28]", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "dimension 1 is 27 on rank 0 and 28 on rank 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "pad_across_processes(x, dim=1) (without dim it pads dimension 0"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "last batch"));
	ask(NULL, "Process 0 made [4, 27], which is not the [4, 28] of the first", NULL, NULL);
	EXPECT("shapes_told", "possible");
	ask(NULL, "Caught RuntimeError in DataLoader worker process 1: stack expects equal size, but got [3, 35, 32] at entry 0 and [3, 38, 32] at entry 1", NULL, NULL);
	EXPECT("shapes_told", "possible"); /* of one process */
	line = "out = model(picture)";
	ask(NULL, "expected 4D input (got 3D input)",
	    json_pack("[{s:[{s:s, s:s, s:[i, i, i]}]}]", "locals", "name", "picture", "kind", "tensor", "shape", 1, 28, 28), NULL);
	EXPECT("dimensions_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "picture.unsqueeze(0)"));
	ask(NULL, "expected 4D input (got 4D input)", NULL, NULL);
	EXPECT("dimensions_told", "");
	forget();
	ask(NULL, "expected sequence of length 5 at dim 1 (got 7)", NULL, NULL);
	EXPECT("ragged_rows", "certain");
	ask(NULL, "expected sequence of length 5 at dim 1 (got 5)", NULL, NULL);
	EXPECT("ragged_rows", "");
}

static void
test_types(void)
{
	type = "RuntimeError";
	line = "return self.table(bucket)";
	ask(NULL, "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.FloatTensor instead",
	    json_pack("[{s:[{s:s, s:s, s:s, s:[i, i]}]}]", "locals", "name", "bucket", "kind", "tensor", "dtype", "float32", "shape", 4, 4), NULL);
	EXPECT("dtype_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "bucket is float32 where int64 is needed"));
	ask(NULL, "expected scalar type Long but found Float", NULL, NULL);
	EXPECT("dtype_told", "possible");
	ask(NULL, "expected scalar type Long but found Long", NULL, NULL);
	EXPECT("dtype_told", "");
	forget();
}

static void
test_numbers(void)
{
	line = "assert H % self.window == 0";
	type = "AssertionError";
	ask(NULL, "", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "H", "value", 14, "name", "self.window",
				      "value", 4));
	EXPECT("not_divisible", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "H = 14 is no multiple of self.window = 4: it leaves 2"));
	ask(NULL, "", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "H", "value", 16, "name", "self.window",
				      "value", 4));
	EXPECT("not_divisible", "");
	line = NULL;
	ask(NULL, "19 query positions are not a multiple of 4", NULL, NULL);
	EXPECT("not_divisible", "likely");
	ask(NULL, "20 query positions are not a multiple of 4", NULL, NULL);
	EXPECT("not_divisible", "");
	type = "ValueError";
	ask(NULL, "the text has 53 words, the table 48", NULL, number("MAX_WORDS", 48));
	EXPECT("limit_told", "possible");
	ask(NULL, "the text has 53 words, more than the 48 of the table", json_pack("[{s:[{s:s, s:[i, i]}]}]", "locals", "name", "labels", "shape", 2, 53),
	    number("MAX_WORDS", 48));
	EXPECT("limit_told", "likely");
	ask(NULL, "the text has 53 words, the table 48", NULL, number("width", 48));
	EXPECT("limit_told", "");
	forget();
}

static void
test_padded(void)
{
	const struct operand ragged[] = { ITEM("sequences[0]", 0, 7, 3), ITEM("sequences[1]", 1, 8, 5), VALUE("padding_value", "float", "0.0") };
	const struct operand padded[] = { INDEX("output", 5, 2, 5) };
	const struct event made[] = { { .id = 10, .site = -1, .parent = -1, .operation = "aten::pad_sequence", .status = "ok", .phase = "forward",
					.operand_count = 3, .operands = ragged, .output_count = 1, .outputs = padded } };
	struct hand hand = { .events = made, .event_count = 1 };
	struct source source = hand_source(&hand);
	json_t *frames = json_pack("[{s:[{s:s, s:s, s:s, s:i}]}]", "locals", "name", "offsets", "kind", "tensor", "dtype", "int64", "tensor", 5);
	struct cause_facts facts = { .type = "AssertionError", .message = "19 places", .frames = frames, .source = &source, .before = 50 };

	facts.rests_on[0] = json_array_get(json_object_get(json_array_get(frames, 0), "locals"), 0);
	facts.rests_count = 1;
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("padded_numbers", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "offsets was padded with 0 by aten::pad_sequence"));
	facts.rests_count = 0; /* the check has nothing to do with it */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("padded_numbers", "");
	facts.rests_count = 1;
	facts.before = 5; /* it was made later */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("padded_numbers", "");
	json_decref(frames);
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "compared with a limit", test_compared);
	CU_add_test(suite, "autograd", test_autograd);
	CU_add_test(suite, "kept with its graph", test_kept);
	CU_add_test(suite, "checkpoints", test_loaded);
	CU_add_test(suite, "optimizer", test_optimizer);
	CU_add_test(suite, "memory", test_memory);
	CU_add_test(suite, "layers", test_layers);
	CU_add_test(suite, "shapes in messages", test_shapes);
	CU_add_test(suite, "dtypes in messages", test_types);
	CU_add_test(suite, "numbers in messages", test_numbers);
	CU_add_test(suite, "padded numbers", test_padded);
}

int
main(void)
{
	return run_suite("causes: what was told", fill);
}
