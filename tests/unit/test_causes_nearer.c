/* links: schema viewer */
/* Causes that lie a step before what fails: rows mixed by a view, a batch sampler's stranger, a slice over a gap, tokens that a model wrote, tables
 * that were resized elsewhere, layers that ran without a graph. Each holds once, and once it doesn't. */
#include "causes_events.h"
#include "schema/box.h"
#include "viewer/analysis/mismatch/operand.h"

static struct cause_facts facts;
static struct mismatch differs;

/* Asks about EVENT, whose operand 0 has DIM in dispute with operand 1's OTHER_DIM; FOUND and LOCALS (taken over) as they are. */
static void
ask_sized(struct event *event, int dim, int other_dim, int64_t actual, int64_t expected, json_t *locals)
{
	differs = (struct mismatch){ .property = "size", .operand = 0, .against = 1, .dim = dim, .against_dim = other_dim, .has_expected = true, .has_actual = true,
				     .expected = expected, .actual = actual };
	facts.event = event;
	facts.mismatch = &differs;
	facts.message = "";
	facts.source = &source;
	facts.last_call = -1;
	facts.frames = locals;
	event->status = "failed";
	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++) {
		struct cause_side *side = &facts.sides[i];

		side->place = i;
		side->dim = i ? other_dim : dim;
		side->size = i ? expected : actual;
		if (event->operands[i].tensor > 0)
			lineage_walk(&source, 0, event, i, side->dim, LINEAGE_SIZE, &stories[i]);
		side->lineage = stories[i].count ? &stories[i] : NULL;
	}
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(locals);
	facts = (struct cause_facts){ .event = NULL };
}

/* [ROWS, 6] is flattened, made 8 wide, viewed as 2 rows, joined to 32, and given to a layer of WIDTH. */
static void
ask_rows(int64_t rows, int64_t width)
{
	struct event *event;
	int n;

	start();
	add("aten::cat", 0, 1, 1);
	operands[0][0] = tensor("tensors[0]", 1, rows, 6);
	outputs[0][0] = tensor("output", 2, rows, 6);
	add("aten::flatten", 1, 1, 1);
	operands[1][0] = tensor("self", 2, rows, 6);
	outputs[1][0] = tensor("output", 3, rows * 6, -1);
	add("aten::mul", 1, 1, 2);
	operands[2][0] = tensor("self", 3, rows * 6, -1);
	operands[2][1] = value("other", "2");
	outputs[2][0] = tensor("output", 4, rows * 6, 8);
	add("aten::reshape", 2, 1, 1);
	operands[3][0] = tensor("self", 4, rows * 6, 8);
	outputs[3][0] = tensor("output", 5, 2, rows * 24);
	add("aten::cat", 2, 1, 3);
	operands[4][0] = tensor("tensors[0]", 6, 2, 32);
	operands[4][1] = tensor("tensors[1]", 5, 2, rows * 24);
	operands[4][2] = value("dim", "1");
	outputs[4][0] = tensor("output", 7, 2, 32 + rows * 24);
	event = add("aten::linear", 3, 1, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("input", 7, 2, 32 + rows * 24);
	operands[n][1] = tensor("weight", 8, 16, width);
	ask_sized(event, 1, 1, 32 + rows * 24, width, NULL);
}

static void
test_rows(void)
{
	ask_rows(1, 80);
	EXPECT("rows_mixed", "likely");
	EXPECT("layer_width", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the numbers of 1 row (48 each) were spread over 2 (24 each)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "32 + 48 = 80"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give it 2 rows"));
	ask_rows(1, 90); /* with no number of rows would it be that */
	EXPECT("rows_mixed", "");
	EXPECT("layer_width", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "bring the input to 90")); /* a layer isn't fitted to what may be wrong */
	ask_rows(2, 64); /* as many rows as there were */
	EXPECT("rows_mixed", "");
}

/* Four samples, one of them odd; CALLS_BEFORE of one size within, from SMALLEST to LARGEST. */
static void
ask_batch(int64_t calls_before, int64_t smallest, int64_t largest)
{
	const struct operand samples[] = { ITEM("tensors[3]", 3, 1, 4, 12), ITEM("tensors[0]", 0, 2, 4, 16), ITEM("tensors[1]", 1, 3, 4, 16), ITEM("tensors[2]", 2, 4, 4, 16) };
	struct event event = EVENT("aten::stack", samples);

	start();
	facts.twins = true;
	facts.calls = facts.agreed = calls_before;
	for (int i = 0; i < 2; i++) {
		facts.sides[i].calls = calls_before;
		facts.sides[i].smallest = smallest;
		facts.sides[i].largest = largest;
	}
	ask_sized(&event, 1, 1, 12, 16, NULL);
}

static void
test_stranger(void)
{
	ask_batch(120, 12, 20);
	EXPECT("ragged_list", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "each of 120 batches before was of one size within (12 to 20)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "batch sampler"));
	ask_batch(120, 16, 16); /* all were alike: the sample is odd */
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "batch sampler"));
	ask_batch(3, 12, 20); /* may have been chance */
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "batch sampler"));
}

/* mask[1:21] = 18 values; positions from 1 to LARGEST, of which there are 18. */
static void
ask_gap(int largest)
{
	struct event *event;
	int n;

	start();
	add("aten::slice", 0, 1, 4);
	operands[0][0] = tensor("self", 1, 42, -1);
	operands[0][1] = value("dim", "0");
	operands[0][2] = value("start", "1");
	operands[0][3] = value("end", "21");
	outputs[0][0] = tensor("output", 2, 20, -1);
	event = add("aten::expand", 1, 1, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("self", 3, 18, -1);
	operands[n][1] = value("size", "[20]");
	ask_sized(event, 0, 0, 18, 20,
		  json_pack("[{s:[{s:s, s:s, s:[i], s:{s:i, s:i, s:i}}]}]", "locals", "name", "places", "dtype", "int64", "shape", 18, "summary", "min", 1, "max", largest,
			    "distinct", 18));
}

static void
test_gap(void)
{
	ask_gap(20);
	EXPECT("slice_over_gap", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "20 places, of which places has 18"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "index with places"));
	ask_gap(30); /* other positions than the slice's */
	EXPECT("slice_over_gap", "");
}

/* 5 places for 4 rows, in tokens whose newest piece OPERATION made; an image has EACH. */
static void
ask_tokens(const char *operation, int each)
{
	struct mismatch counted = { .property = "count", .operand = 0, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 5,
				    .actual = 4 };
	struct event *event;

	start();
	for (int i = 0; i < 4; i++)
		add(i == 0 ? operation : i == 1 ? "aten::squeeze" : i == 2 ? "aten::cat" : "aten::eq", i, 1, i == 2 ? 2 : 1);
	operands[0][0] = tensor("self", 1, 2, 1000);
	outputs[0][0] = tensor("output", 2, 2, 1);
	operands[1][0] = tensor("self", 2, 2, 1);
	outputs[1][0] = tensor("output", 3, 2, 1);
	operands[2][0] = tensor("tensors[0]", 4, 2, 18);
	operands[2][1] = tensor("tensors[1]", 3, 2, 1);
	outputs[2][0] = tensor("output", 5, 2, 19);
	operands[3][0] = tensor("self", 5, 2, 19);
	outputs[3][0] = tensor("output", 6, 2, 19);
	for (int i = 0; i < 3; i++)
		outputs[i][0].dtype = operands[i + 1][0].dtype = "int64";
	operands[2][1].dtype = "int64";
	outputs[3][0].dtype = "bool";
	event = add("masked_scatter", 3, 1, 2);
	operands[4][0] = tensor("image_features", 7, 4, 32);
	operands[4][1] = tensor("special_image_mask", 6, 2, 19);
	count_values(6, "{\"elements\":38,\"true\":5,\"rows\":[2,3]}");
	facts.event = event;
	facts.mismatch = &counted;
	facts.message = "";
	facts.source = &source;
	facts.counts = counts;
	facts.numbers = number("processor.tokens_per_image", each);
	stories[1].count = 1;
	stories[1].steps[0] = (struct lineage_step){ .event = events[3], .dim = -1, .size = -1, .tensor = 6 };
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 0, .size = 4 };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[1] };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
	facts = (struct cause_facts){ .event = NULL };
	count_values(0, NULL);
}

static void
test_generated(void)
{
	ask_tokens("aten::multinomial", 2);
	EXPECT("placeholder_generated", "likely");
	EXPECT("placeholders_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "suppress_tokens"));
	ask_tokens("aten::multinomial", 1); /* an image more in the prompt would make as many */
	EXPECT("placeholder_generated", "possible");
	ask_tokens("aten::index_select", 2); /* nothing was drawn */
	EXPECT("placeholder_generated", "");
	EXPECT("placeholders_differ", "possible");
}

/* What load_state_dict says of two tables, SAVED rows and OTHER, with a number NAME of 120. */
static void
ask_saved(int64_t saved, const char *other, const char *name)
{
	const struct operand shapes[] = { TENSOR("embed.weight", -1, saved, 32), TENSOR("the model's", -1, 120, 32) };
	struct event event = EVENT(SUBJECT_LOAD, shapes);
	struct mismatch apart = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 120,
				  .actual = saved, .text = "it differs" };
	json_t *numbers = number(name, 120);
	char message[512];

	text_format(message, sizeof(message), "size mismatch for embed.weight: copying a param with shape torch.Size([%d, 32]) from checkpoint, the shape in current model "
		    "is torch.Size([120, 32]).\n\tsize mismatch for head.weight: copying a param with shape torch.Size([%s]) from checkpoint, the shape in current model is "
		    "torch.Size([120, 32]).", (int)saved, other);
	facts = (struct cause_facts){ .event = &event, .mismatch = &apart, .message = message, .numbers = numbers, .last_call = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	facts = (struct cause_facts){ .event = NULL };
	json_decref(numbers);
}

/* Keys are projected to 32 in the model, to SAVED in the checkpoint, by a parameter called PARAMETER; NAME is 4. */
static void
ask_heads(const char *parameter, int64_t saved, const char *name)
{
	const int64_t was[] = { saved, 32 };
	const struct operand shapes[] = { { .name = parameter, .kind = "tensor", .item = -1, .ndim = 2, .sizes = was, .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = -1 },
					  TENSOR("the model's", -1, 32, 32) };
	struct event event = EVENT(SUBJECT_LOAD, shapes);
	struct mismatch apart = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 32,
				  .actual = saved, .text = "it differs" };
	json_t *numbers = number(name, 4);

	facts = (struct cause_facts){ .event = &event, .mismatch = &apart, .message = "size mismatch", .numbers = numbers, .last_call = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	facts = (struct cause_facts){ .event = NULL };
	json_decref(numbers);
}

static void
test_heads(void)
{
	ask_heads("layers.0.self_attn.k_proj.weight", 16, "config.num_key_value_heads");
	EXPECT("checkpoint_shape", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the model has 4 (config.num_key_value_heads = 4) of 8 each, what was saved has 2"));
	ask_heads("layers.0.self_attn.q_proj.weight", 16, "config.num_key_value_heads"); /* queries have heads of their own */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "heads for keys"));
	ask_heads("layers.0.self_attn.k_proj.weight", 12, "config.num_key_value_heads"); /* no whole heads of 8 */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "heads for keys"));
	ask_heads("layers.0.self_attn.k_proj.weight", 16, "config.num_layers");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "heads for keys"));
}

static void
ask_tables(const char *other, const char *name)
{
	ask_saved(122, other, name);
}

static void
test_tables(void)
{
	ask_tables("122, 32", "config.vocab_size");
	EXPECT("checkpoint_shape", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "2 parameters of the checkpoint: 122 rows where the model has one for each of its 120 tokens"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "resize_token_embeddings(122)"));
	ask_tables("122, 48", "config.vocab_size"); /* other parts differ, too: another model */
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
	ask_tables("122, 32", "config.num_classes");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "the model has config.num_classes = 120");
	ask_saved(128, "128, 32", "config.vocab_size"); /* padded to a multiple */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "128 is 120 rounded up to a multiple of 64: saved after a resize with pad_to_multiple_of=64"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "resize_token_embeddings(len(tokenizer), pad_to_multiple_of=64), or resize_token_embeddings(128); after"));
	ask_saved(190, "190, 32", "config.vocab_size"); /* of no multiple: another tokenizer's */
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
	ask_saved(256, "256, 32", "config.vocab_size"); /* far more */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "rounded up"));
	ask_saved(320, "320, 32", "config.vocab_size"); /* not the next one */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "rounded up"));
}

/* Layers that ran without gradients, CHECKPOINTED or not, and then one with them whose input has FLAGS. */
static void
ask_reentrant(bool checkpointed, unsigned flags)
{
	const struct frame own[] = { { "/p/layers.py", "forward", 30, 0 }, { "/p/lib/torch/utils/checkpoint.py", "forward", 274, 0 }, { "/p/lib/torch/utils/checkpoint.py", "checkpoint", 511, 0 },
				     { "/p/model.py", "run", 120, 0 } };
	const struct site all[] = { { 0, checkpointed ? 4 : 1, 4, 0, own }, { 1, 1, 1, 0, &frames[1] } };

	start();
	hand.sites = all;
	hand.site_count = 2;
	add("aten::add", 0, 1, 1);
	operands[0][0] = tensor("self", 1, 4, 8);
	outputs[0][0] = tensor("output", 2, 4, 8);
	add("aten::linear", 1, 1, 1)->grad = true;
	operands[1][0] = tensor("input", 2, 4, 8);
	operands[1][0].flags = flags;
	outputs[1][0] = tensor("output", 3, 4, 8);
	facts = (struct cause_facts){ .message = "element 0 of tensors does not require grad and does not have a grad_fn", .type = "RuntimeError", .source = &source, .before = 3,
				      .step = 1, .last_call = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	facts = (struct cause_facts){ .event = NULL };
	hand.sites = sites;
	hand.site_count = 4;
}

static void
test_reentrant(void)
{
	ask_reentrant(true, 0);
	EXPECT("reentrant_without_grad", "certain");
	EXPECT("nothing_to_train", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "checkpointed at model.py:120"));
	ask_reentrant(true, BOX_TENSOR_GRAD); /* it came out with a graph */
	EXPECT("reentrant_without_grad", "");
	EXPECT("nothing_to_train", "possible");
	ask_reentrant(false, 0); /* no_grad of its own */
	EXPECT("reentrant_without_grad", "");
}

static const int64_t told_sizes[] = { 2, 16, 100 };

/* MESSAGE, where a local tensor [2, 16, 100] came from a line of the program, or of FRAME's file alone. */
static void
ask_told(const char *message, const char *file)
{
	json_t *locals = json_pack("[{s:s, s:[{s:s, s:s, s:i, s:s, s:[i, i, i]}]}]", "file", file, "locals", "name", "input_features", "kind", "tensor", "tensor", 2, "dtype", "float32",
				   "shape", 2, 16, 100);

	start();
	add("aten::unfold", 2, 1, 1);
	operands[0][0] = tensor("self", 1, 16000, -1);
	outputs[0][0] = (struct operand){ .name = "output", .kind = "tensor", .item = -1, .ndim = 3, .sizes = told_sizes, .dtype = "float32", .device = "cpu",
					  .layout = "strided", .tensor = 2 };
	facts = (struct cause_facts){ .message = message, .type = "ValueError", .source = &source, .before = 2, .step = 1, .last_call = -1, .frames = locals };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(locals);
	facts = (struct cause_facts){ .event = NULL };
}

static void
test_told(void)
{
	ask_told("It expects features of length 120, but found 100.", "/p/model.py");
	EXPECT("size_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "input_features has 100 in dimension 2 where the check asks for 120"));
	ask_told("It expects features of length 120, but found 99.", "/p/model.py"); /* no tensor has that */
	EXPECT("size_told", "");
	ask_told("It expects 3 pictures, but found 2.", "/p/model.py"); /* 2 is any tensor's */
	EXPECT("size_told", "");
	ask_told("100 is not what 120 was", "/p/model.py");
	EXPECT("size_told", "");
	ask_told("each element in list of batch should be of equal size", "/p/lib/torch/utils/data/_utils/collate.py");
	EXPECT("lists_told", "likely");
	ask_told("each element in list of batch should be of equal size", "/p/model.py"); /* somebody else says so */
	EXPECT("lists_told", "");
	ask_told("At least one stride in the given numpy array is negative, and tensors with negative strides are not currently supported.", "/p/data.py");
	EXPECT("view_told", "certain");
	ask_told("Inference tensors cannot be saved for backward.", "/p/model.py");
	EXPECT("view_told", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "no_grad()"));
	ask_told("stride 2 is negative", "/p/data.py");
	EXPECT("view_told", "");
}

static json_t *limit; /* named numbers within reach */

/* Positions that end with MOST, counted by OPERATION, for 66 columns and as many rows. */
static void
ask_positions(const char *operation, int64_t most)
{
	const struct operand look[] = { TENSOR("weight", 1, 66, 16), INDEX("indices", 2, 4, 66) };
	struct event event = EVENT("aten::embedding", look);
	struct mismatch outside = { .property = "index", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 66, .actual = most,
				    .text = "it is outside" };

	start();
	stories[0].count = 1;
	stories[0].steps[0] = (struct lineage_step){ .event = { .id = 5, .site = -1, .operation = operation }, .dim = -1, .size = -1 };
	facts = (struct cause_facts){ .event = &event, .mismatch = &outside, .message = "index out of range in self", .last_call = -1, .numbers = limit };
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	json_decref(causes);
	causes = causes_build(&facts);
	facts = (struct cause_facts){ .event = NULL };
}

static void
test_offset(void)
{
	ask_positions("aten::cumsum", 67);
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "these positions begin at 2, not at 0: a table of 66 rows holds sequences of 64, and this one has 66"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "cut the sequences to 64"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "raises both"));
	limit = number("args.positions", 66);
	ask_positions("aten::cumsum", 67);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "the sequence is as long as args.positions: if that is its limit, too, raising it raises both"));
	json_decref(limit);
	limit = NULL;
	ask_positions("aten::lift_fresh", 67); /* tokens */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "begin at"));
	ask_positions("aten::cumsum", 120); /* no offset is so large */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "begin at"));
}

/* Of two shapes that a message tells, what differs is in question. */
static void
test_mentioned(void)
{
	json_t *shape = json_pack("[i, i]", 122, 32), *dims = operand_mentioned(shape, "shape torch.Size([122, 32]) from checkpoint, in current model torch.Size([120, 32])");

	CU_ASSERT_EQUAL(json_array_size(dims), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(dims, 0)), 0);
	json_decref(dims);
	dims = operand_mentioned(shape, "shape [122, 32] is wrong"); /* nothing to compare with */
	CU_ASSERT_EQUAL(json_array_size(dims), 2);
	json_decref(dims);
	json_decref(shape);
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "heads of keys", test_heads);
	CU_add_test(suite, "rows mixed by a view", test_rows);
	CU_add_test(suite, "a stranger in a batch of one size", test_stranger);
	CU_add_test(suite, "a slice over a gap", test_gap);
	CU_add_test(suite, "placeholders that the model wrote", test_generated);
	CU_add_test(suite, "tables that were resized", test_tables);
	CU_add_test(suite, "sizes that a message tells", test_told);
	CU_add_test(suite, "positions from more than 0", test_offset);
	CU_add_test(suite, "what a message tells apart", test_mentioned);
	CU_add_test(suite, "layers without a graph", test_reentrant);
}

int
main(void)
{
	return run_suite("causes nearer", fill);
}
