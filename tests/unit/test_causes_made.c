/* links: schema viewer */
/* Rules that read where sizes were decided and what earlier calls had: each holds once, and once it doesn't. */
#include "causes_asked.h"

#define STEP(side, id, operation, operands, dim, size) add_step(side, id, operation, operands, COUNT(operands), dim, size)

static const struct operand whole[] = { TENSOR("self", 9, 64, 64) };

static void
earlier(int64_t count, int64_t a, int64_t b, int64_t c, int64_t d)
{
	calls = count;
	was[0].smallest = a;
	was[0].largest = b;
	was[1].smallest = c;
	was[1].largest = d;
}

static void
test_tables(void)
{
	const struct operand masked[] = { TENSOR("self", 1, 2, 2, 71, 71), MASK("mask", 2, 1, 1, 64, 64) };
	const struct operand added[] = { TENSOR("self", 1, 2, 50, 8), TENSOR("other", 2, 1, 64, 8) };
	const struct operand rotated[] = { TENSOR("self", 1, 1, 2, 6, 8), TENSOR("other", 2, 1, 1, 14, 8) };
	const struct event a = EVENT("aten::masked_fill", masked), b = EVENT("aten::add", added), c = EVENT("aten::mul", rotated);

	STEP(0, 5, "aten::ones", whole, 1, 64);
	STEP(1, 99, "aten::matmul", masked, 3, 71);
	earlier(50, 8, 64, 8, 64);
	ask(&a, "", NULL, number("self.config.block_size", 64));
	EXPECT("table_exceeded", "likely");
	EXPECT("fixed_size", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "raise self.config.block_size to 71"));
	stories[0].steps[0].event.id = 95; /* made within this step: no table */
	ask(&a, "", NULL, NULL);
	EXPECT("table_exceeded", "");
	forget();
	STEP(0, 5, "aten::zeros", whole, 1, 64);
	STEP(1, 99, "aten::linear", added, 1, 50);
	earlier(50, 64, 64, 64, 64);
	ask(&b, "", NULL, NULL);
	EXPECT("fixed_size", "likely");
	EXPECT("table_exceeded", "");
	earlier(50, 8, 64, 8, 64);
	ask(&b, "", NULL, NULL);
	EXPECT("fixed_size", ""); /* it followed the input before */
	forget();
	STEP(0, 97, "aten::arange", whole, 0, 14);
	STEP(0, 96, "aten::cos", whole, 0, 14);
	stories[0].decider = 0;
	STEP(1, 95, "aten::slice", whole, 1, 6);
	earlier(3, 4, 8, 4, 8);
	ask(&c, "", NULL, NULL);
	EXPECT("positions_length", "likely");
	STEP(1, 94, "aten::arange", whole, 0, 6); /* both counted */
	ask(&c, "", NULL, NULL);
	EXPECT("positions_length", "");
	forget();
}

static void
test_joined(void)
{
	const struct operand loss[] = { TENSOR("self", 1, 40, 10), INDEX("target", 2, 28) };
	const struct operand cat[] = { ITEM("tensors[0]", 0, 5, 2, 6, 8), ITEM("tensors[1]", 1, 6, 2, 15, 8), VALUE("dim", "int", "1") };
	const struct operand first[] = { ITEM("tensors[0]", 0, 8, 2, 0, 8), ITEM("tensors[1]", 1, 9, 2, 21, 8), VALUE("dim", "int", "1") };
	const struct operand pair[] = { ITEM("tensors[0]", 0, 1, 46, 3), ITEM("tensors[1]", 1, 2, 45, 4), VALUE("dim", "int", "1") };
	const struct operand wave[] = { TENSOR("self", 7, 72700), VALUE("size", "int", "1600"), VALUE("step", "int", "1600") };
	const struct operand even[] = { TENSOR("self", 7, 72000), VALUE("size", "int", "1600"), VALUE("step", "int", "1600") };
	const struct operand none[] = { VALUE("dim", "int", "0") };
	const struct event a = EVENT("aten::cross_entropy_loss", loss), b = EVENT("aten::cat", pair), c = EVENT("aten::cat", none);

	STEP(0, 98, "aten::slice", whole, 1, 14);
	STEP(1, 97, "aten::cat", cat, 1, 21);
	ask(&a, "", NULL, number("VIRTUAL_TOKENS", 6));
	EXPECT("grew_at_cat", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "6 were joined to 15"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "VIRTUAL_TOKENS = 6"));
	stories[0].steps[0].event.id = 97; /* both went through it */
	ask(&a, "", NULL, NULL);
	EXPECT("grew_at_cat", "");
	forget();
	STEP(0, 98, "aten::slice", whole, 1, 14);
	STEP(1, 99, "aten::cat", first, 1, 21); /* a cache's first call, after the cat that made it longer */
	STEP(1, 97, "aten::cat", cat, 1, 21);
	ask(&a, "", NULL, NULL);
	EXPECT("grew_at_cat", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "6 were joined to 15"));
	forget();
	STEP(0, 97, "aten::unfold", wave, 0, 45);
	STEP(1, 96, "aten::randn", whole, 0, 46);
	ask(&b, "", NULL, NULL);
	EXPECT("rest_cut_off", "likely");
	EXPECT("two_ways", ""); /* it has nothing to add */
	EXPECT("ragged_list", ""); /* two of different make */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "leaves 700 over"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "by 900 to a multiple of 1600"));
	forget();
	STEP(0, 97, "aten::unfold", even, 0, 45);
	STEP(1, 96, "aten::randn", whole, 0, 46);
	ask(&b, "", NULL, NULL);
	EXPECT("rest_cut_off", "");
	EXPECT("two_ways", "possible");
	EXPECT("two_ways", "possible");
	stories[1].steps[0].event.site = 97; /* one line made both */
	ask(&b, "", NULL, NULL);
	EXPECT("two_ways", "");
	forget();
	ask(&c, "torch.cat(): expected a non-empty list of Tensors", NULL, NULL);
	EXPECT("nothing_to_join", "certain");
	ask(&b, "torch.cat(): expected a non-empty list of Tensors", NULL, NULL);
	EXPECT("nothing_to_join", "");
}

static void
test_batches(void)
{
	const struct operand view[] = { TENSOR("self", 1, 10, 4, 8), VALUE("size", "int[]", "[32, -1, 64]") };
	const struct operand state[] = { TENSOR("self", 1, 10, 16), TENSOR("other", 2, 32, 16) };
	const struct operand heads[] = { TENSOR("self", 1, 2, 8, 5, 4), TENSOR("other", 2, 2, 2, 4, 5) };
	const struct event a = EVENT("aten::view", view), b = EVENT("aten::add", state), c = EVENT("aten::matmul", heads);
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.num_attention_heads", "value", 8,
				    "name", "config.num_key_value_heads", "value", 2);

	ask(&a, "", NULL, number("BATCH", 32));
	EXPECT("last_batch", "likely");
	ask(&a, "", NULL, number("width", 32));
	EXPECT("last_batch", "");
	STEP(0, 5, "aten::zeros", whole, 0, 32);
	STEP(1, 99, "aten::linear", whole, 0, 10);
	earlier(20, 32, 32, 32, 32);
	ask(&b, "", NULL, number("args.batch_size", 32));
	EXPECT("last_batch", "likely");
	EXPECT("fixed_size", "");
	earlier(20, 3, 32, 3, 32);
	ask(&b, "", NULL, number("args.batch_size", 32));
	EXPECT("last_batch", "");
	forget();
	ask(&c, "", NULL, numbers);
	EXPECT("heads_not_repeated", "likely");
	ask(&c, "", NULL, NULL);
	EXPECT("heads_not_repeated", "");
}

static void
test_cut(void)
{
	const struct operand gather[] = { TENSOR("self", 1, 2, 7, 40), INDEX("index", 2, 2, 12, 1), VALUE("dim", "int", "2") };
	const struct operand packed[] = { TENSOR("self", 1, 16, 8), TENSOR("other", 2, 24, 8) };
	const struct operand beams[] = { ITEM("tensors[0]", 0, 1, 1, 2, 8), ITEM("tensors[1]", 1, 2, 4, 2, 8), VALUE("dim", "int", "1") };
	const struct event a = EVENT("aten::gather", gather), b = EVENT("aten::mul", packed), c = EVENT("aten::cat", beams);

	STEP(1, 98, "aten::slice", whole, 1, 7);
	STEP(0, 97, "aten::full", whole, 1, 12);
	ask(&a, "", NULL, number("args.width", 7));
	EXPECT("cut_one_side", "");
	ask(&a, "", NULL, number("CAPACITY", 7));
	EXPECT("cut_one_side", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "raise CAPACITY to 12 or more"));
	calls = 4;
	was[0].smallest = 5; /* every batch asks for another number */
	was[0].largest = 12;
	was[1].smallest = was[1].largest = 7;
	ask(&a, "", NULL, number("CAPACITY", 7));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("cut_one_side", "fix"), "raise CAPACITY to what the longest batch needs (12 in this one)"));
	CU_ASSERT_PTR_NULL(strstr(text_of("cut_one_side", "fix"), "or more"));
	forget();
	STEP(1, 98, "aten::chunk", whole, 0, 16); /* the mismatch names the other first */
	STEP(0, 97, "aten::cat", whole, 0, 24);
	ask(&b, "", NULL, NULL);
	EXPECT("packed_split", "likely");
	stories[1].steps[0].dim = 1;
	ask(&b, "", NULL, NULL);
	EXPECT("packed_split", "");
	forget();
	ask(&c, "", NULL, number("num_beams", 4));
	EXPECT("heads_not_repeated", "likely");
	ask(&c, "", NULL, number("count", 4));
	EXPECT("heads_not_repeated", "");
}

static void
test_pictures(void)
{
	const struct operand added[] = { TENSOR("self", 1, 2, 36, 16), TENSOR("other", 2, 1, 16, 16) };
	const struct operand skip[] = { ITEM("tensors[0]", 0, 1, 1, 8, 11), ITEM("tensors[1]", 1, 2, 1, 8, 12), VALUE("dim", "int", "1") };
	const struct operand down[] = { TENSOR("input", 1, 1, 8, 11), TENSOR("weight", 2, 8, 8, 3), VALUE("stride", "int[]", "[2]"),
					VALUE("padding", "int[]", "[1]"), VALUE("dilation", "int[]", "[1]") };
	const struct operand half[] = { TENSOR("input", 1, 1, 8, 12), TENSOR("weight", 2, 8, 8, 3), VALUE("stride", "int[]", "[2]"),
					VALUE("padding", "int[]", "[1]"), VALUE("dilation", "int[]", "[1]") };
	const struct event a = EVENT("aten::add", added), b = EVENT("aten::cat", skip);

	STEP(0, 5, "aten::arange", whole, 0, 16);
	STEP(1, 98, "aten::conv2d", whole, 1, 36);
	earlier(300, 16, 16, 16, 16);
	ask(&a, "", NULL, number("self.config.image_size", 16));
	EXPECT("fixed_size", "likely");
	EXPECT("table_exceeded", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "image_size = 16"));
	forget();
	STEP(0, 98, "aten::conv_transpose1d", whole, 2, 12);
	STEP(0, 97, "aten::conv1d", down, 2, 6);
	ask(&b, "", NULL, NULL);
	EXPECT("rest_cut_off", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "makes 6 of 11"));
	forget();
	STEP(0, 98, "aten::conv_transpose1d", whole, 2, 12);
	STEP(0, 97, "aten::conv1d", down, 2, 5); /* nothing makes 12 of 5 */
	ask(&b, "", NULL, NULL);
	EXPECT("rest_cut_off", "");
	forget();
	STEP(0, 98, "aten::conv_transpose1d", whole, 2, 12);
	STEP(0, 97, "aten::conv1d", half, 2, 6); /* 12 is a multiple: nothing was rounded */
	ask(&b, "", NULL, NULL);
	EXPECT("rest_cut_off", "");
	forget();
}

static void
test_aligned(void)
{
	const struct operand mask[] = { MASK("condition", 1, 1, 20), TENSOR("self", 2, 1, 20, 16), TENSOR("other", 3, 1) };
	const struct operand other[] = { MASK("condition", 1, 1, 21), TENSOR("self", 2, 1, 20, 16), TENSOR("other", 3, 1) };
	const struct event a = EVENT("aten::where", mask), b = EVENT("aten::where", other);

	ask(&a, "", NULL, NULL);
	EXPECT("aligned_wrongly", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "unsqueeze(-1)"));
	ask(&b, "", NULL, NULL);
	EXPECT("aligned_wrongly", "");
}

/* Who used a tensor next after something unrecorded gave it another size didn't decide that. */
static void
test_decided(void)
{
	const struct cause_facts facts = { .event = NULL };
	struct lineage_step step = { .event = { .id = -1, .site = -1, .operation = "aten::detach" }, .size = 124, .resized = true, .entered = true, .how = "no longer kept" };
	struct text text = {{0}, 0}, other = {{0}, 0};

	cause_add_decided(&facts, &text, 124, &step);
	CU_ASSERT_STRING_EQUAL(text.data, "what made it 124 is not known, as it is no operation that is kept; with that size it was used first by aten::detach");
	step.entered = false; /* resized by that very operation */
	cause_add_decided(&facts, &other, 124, &step);
	CU_ASSERT_STRING_EQUAL(other.data, "the 124 was decided by aten::detach (no longer kept)");
}

/* squeeze() of a batch of one, after batches of four. */
static void
test_squeezed(void)
{
	const struct operand four[] = { TENSOR("self", 1, 4, 1, 6) }, made4[] = { TENSOR("output", 2, 4, 6) };
	const struct operand one[] = { TENSOR("self", 3, 1, 1, 6) }, made1[] = { TENSOR("output", 4, 6) };
	const struct operand named[] = { TENSOR("self", 3, 1, 1, 6), VALUE("dim", "int", "1") };
	const struct operand loss[] = { TENSOR("self", 4, 6), INDEX("target", 5, 1) };
	struct event events[] = {
		{ .id = 10, .site = 7, .parent = -1, .operation = "aten::squeeze", .status = "ok", .phase = "forward", .operand_count = 1, .operands = four,
		  .output_count = 1, .outputs = made4 },
		{ .id = 20, .site = 7, .parent = -1, .operation = "aten::squeeze", .status = "ok", .phase = "forward", .operand_count = 1, .operands = one,
		  .output_count = 1, .outputs = made1 },
	};
	struct hand hand = { .events = events, .event_count = 2 };
	struct source source = hand_source(&hand);
	struct event failed = EVENT("aten::nll_loss_backward", loss);
	struct cause_facts facts = { .event = &failed, .source = &source };

	failed.site = 8;
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("squeezed_away", "likely");
	events[1].operands = named;
	events[1].operand_count = 2;
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("squeezed_away", "");
}

static void
test_layers(void)
{
	const struct operand alpha[] = { TENSOR("input", 1, 1, 4, 32, 32), TENSOR("weight", 2, 8, 3, 7, 7) };
	const struct operand last[] = { TENSOR("input", 1, 1, 32, 32, 3), TENSOR("weight", 2, 8, 3, 7, 7) };
	const struct operand flat[] = { TENSOR("input", 1, 2, 576), TENSOR("weight", 2, 10, 400) };
	const struct operand maps[] = { TENSOR("self", 3, 2, 16, 6, 6) }, made[] = { TENSOR("output", 4, 2, 576) };
	const struct operand bias[] = { TENSOR("input", 1, 2, 400), TENSOR("weight", 2, 10, 400), TENSOR("bias", 3, 12) };
	const struct event a = EVENT("aten::conv2d", alpha), b = EVENT("aten::conv2d", last), c = EVENT("aten::linear", flat),
			   d = EVENT("aten::linear", bias);

	ask(&a, "", NULL, NULL);
	EXPECT("channels", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "alpha"));
	ask(&b, "", NULL, NULL);
	EXPECT("channels", "");
	EXPECT("dimension_elsewhere", "likely");
	STEP(0, 99, "aten::flatten", maps, 1, 576);
	stories[0].steps[0].event.outputs = made;
	stories[0].steps[0].event.output_count = 1;
	ask(&c, "", NULL, NULL);
	EXPECT("layer_width", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "16 x 6 x 6"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in_features=576"));
	forget();
	ask(&d, "", NULL, NULL);
	EXPECT("layer_width", "");
}

/* Values for a selection that has the counted places last. */
static void
test_selected(void)
{
	const struct operand turned[] = { TENSOR("self", 1, 24, 10, 12), VALUE("indices[0]", "none", NULL), INDEX("indices[1]", 2, 158), INDEX("indices[2]", 3, 158),
					  TENSOR("values", 4, 158, 24) };
	const struct operand other[] = { TENSOR("self", 1, 24, 10, 12), VALUE("indices[0]", "none", NULL), INDEX("indices[1]", 2, 158), INDEX("indices[2]", 3, 158),
					 TENSOR("values", 4, 158, 20) };
	const struct operand fits[] = { TENSOR("self", 1, 24, 10, 12), VALUE("indices[0]", "none", NULL), INDEX("indices[1]", 2, 158), INDEX("indices[2]", 3, 158),
					TENSOR("values", 4, 24, 158) };
	const struct event a = EVENT("aten::index_put_", turned), b = EVENT("aten::index_put_", other), c = EVENT("aten::index_put_", fits);
	const struct mismatch_facts whole = { .event = &c };
	struct mismatch none = { .property = NULL };

	ask(&a, "", NULL, NULL);
	CU_ASSERT(mismatch.against == 2 && mismatch.against_dim == 0 && mismatch.operand == 4 && mismatch.dim == 1); /* 158 is the indices' */
	EXPECT("dimension_elsewhere", "likely");
	EXPECT("aligned_wrongly", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "values [158, 24] has the sizes of the selection [24, 158] in the other order"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "values.transpose(0, 1)"));
	ask(&b, "", NULL, NULL); /* no other order of them fits */
	EXPECT("dimension_elsewhere", "possible");
	CU_ASSERT_FALSE(mismatch_find(&whole, &none));
}

static void
test_losses(void)
{
	const struct operand last[] = { TENSOR("self", 1, 2, 12, 50), INDEX("target", 2, 2, 12) };
	const struct operand second[] = { TENSOR("self", 1, 2, 50, 12), INDEX("target", 2, 2, 13) };
	const struct operand rows[] = { TENSOR("self", 1, 22, 50), INDEX("target", 2, 24) };
	const struct operand from[] = { TENSOR("self", 5, 2, 12, 50) };
	const struct event a = EVENT("aten::cross_entropy_loss", last), b = EVENT("aten::cross_entropy_loss", second),
			   c = EVENT("aten::cross_entropy_loss", rows);

	ask(&a, "", NULL, NULL);
	EXPECT("class_dimension", "likely");
	ask(&b, "", NULL, NULL);
	EXPECT("class_dimension", "");
	EXPECT("logits_and_labels", "possible");
	STEP(0, 98, "aten::randint", whole, 1, 12);
	STEP(1, 97, "aten::slice", from, 1, 11);
	ask(&c, "", NULL, NULL);
	EXPECT("logits_and_labels", "likely"); /* only one was shifted */
	forget();
}

static json_t *
grid(const char *rows, int features)
{
	return json_pack("[{s:[{s:s, s:{s:o}}, {s:s, s:s, s:[i, i]}]}]", "locals", "name", "grid_thw", "summary", "row_products",
			 json_loads(rows, 0, NULL), "name", "pixel_values", "dtype", "float32", "shape", features, 96);
}

static void
test_grids(void)
{
	const struct operand pair[] = { TENSOR("self", 1, 16, 1, 8), TENSOR("other", 2, 32, 1, 8) };
	const struct operand parts[] = { TENSOR("self", 1, 24, 8), VALUE("split_sizes", "int[]", "[8, 8, 16]"), VALUE("dim", "int", "0") };
	const struct operand odd[] = { TENSOR("self", 1, 27, 8), VALUE("split_sizes", "int[]", "[8, 8, 16]"), VALUE("dim", "int", "0") };
	const struct event a = EVENT("aten::mul", pair), b = EVENT("aten::split_with_sizes", parts), c = EVENT("aten::split_with_sizes", odd);

	ask(&a, "", grid("[16, 16]", 16), NULL);
	EXPECT("grid_and_rows", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "one picture are missing"));
	ask(&a, "", grid("[16, 11]", 16), NULL);
	EXPECT("grid_and_rows", "");
	ask(&b, "", NULL, NULL);
	EXPECT("parts_and_whole", "likely");
	ask(&c, "", NULL, NULL);
	EXPECT("parts_and_whole", "possible");
	ask(&a, "", NULL, NULL);
	EXPECT("parts_and_whole", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "tables", test_tables);
	CU_add_test(suite, "what is joined", test_joined);
	CU_add_test(suite, "batches and heads", test_batches);
	CU_add_test(suite, "cut and split", test_cut);
	CU_add_test(suite, "pictures", test_pictures);
	CU_add_test(suite, "aligned", test_aligned);
	CU_add_test(suite, "squeezed", test_squeezed);
	CU_add_test(suite, "what is known of who decided a size", test_decided);
	CU_add_test(suite, "layers", test_layers);
	CU_add_test(suite, "losses", test_losses);
	CU_add_test(suite, "values for a selection", test_selected);
	CU_add_test(suite, "grids", test_grids);
}

int
main(void)
{
	return run_suite("causes: where it was made", fill);
}
