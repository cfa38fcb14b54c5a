/* links: schema viewer */
/* Causes that one recorded fact gives away: what the line did on other ways, a size counted from values, a cache that is joined twice. */

#include "causes_asked.h"
#include "program_file.h"
#include "viewer/analysis/history/elsewhere.h"
#include "viewer/analysis/mismatch/mismatch_rule.h"

#define EVENTS 8

static struct event events[EVENTS];
static const struct frame train[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/x/train.py", .function = "main", .line = 40 } };
static const struct frame sample[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/x/train.py", .function = "sample", .line = 12 } };
static const struct frame other[] = { { .file = "/x/model.py", .function = "forward", .line = 9 }, { .file = "/x/train.py", .function = "main", .line = 40 } };
static const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = train }, { .id = 2, .frame_count = 2, .frames = sample },
				     { .id = 3, .frame_count = 2, .frames = other } };
static struct hand hand = { .events = events, .sites = sites, .site_count = COUNT(sites) };
static struct source source;

/* The causes of EVENT's mismatch, with what is recorded before it. */
static void
ask_of(const struct event *event, struct mismatch *differs, int earlier)
{
	struct cause_facts facts = { .event = event, .mismatch = differs, .message = "", .source = &source, .last_call = -1, .step = event->step };

	hand.event_count = earlier;
	for (int i = 0; i < 2; i++) {
		int place = i ? differs->against : differs->operand, dim = i ? differs->against_dim : differs->dim;

		facts.sides[i] = (struct cause_side){ .place = place, .dim = dim, .size = place >= 0 && dim >= 0 ? event->operands[place].sizes[dim] : -1,
						      .lineage = stories[i].count ? &stories[i] : NULL };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

/* What was saved was written to since: by an optimizer's step, by the program itself; by whom isn't known. */
static void
test_written(void)
{
	const struct operand weights[] = { TENSOR("self", 1, 1, 48) };
	struct event saved = { .id = 10, .site = 1, .operation = "aten::linear", .phase = "forward" }, wrote = { .id = 20, .site = 3, .operation = "aten::mul_", .phase = "optimizer" };
	struct cause_facts facts = { .message = "one of the variables needed for gradient computation has been modified by an inplace operation: [torch.FloatTensor [48, 1]], "
				     "which is output 0 of AsStrided, is at version 3; expected version 1 instead.", .source = &source, .last_call = -1,
				     .saved = &saved, .wrote = &wrote };

	causes = causes_build(&facts);
	EXPECT("written_after_saved", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the optimizer's step at model.py:9 changed a weight in place (aten::mul_) between the forward at model.py:5"));
	json_decref(causes);
	wrote.phase = "forward";
	causes = causes_build(&facts);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "aten::mul_ at model.py:9 writes in place into what aten::linear at model.py:5 had saved"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "optimizer"));
	json_decref(causes);
	facts.frames = json_pack("[{s:s, s:i, s:s}, {s:s, s:i, s:s}, {s:s, s:i, s:s}]", "file", "/x/model.py", "line", 5, "function", "main", "file",
				 "/p/site-packages/torch/autograd/graph.py", "line", 979, "function", "_engine_run_backward", "file", "/x/model.py", "line", 14, "function", "main");
	wrote.phase = "optimizer";
	wrote.operand_count = 1;
	wrote.operands = weights;
	causes = causes_build(&facts);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(aten::mul_, [1, 48]) between the forward at model.py:5 that used it and the backward at model.py:14"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "call the backward at model.py:14 before the optimizer's step at model.py:9"));
	json_decref(causes);
	json_decref((json_t *)facts.frames);
	facts.frames = NULL;
	facts.saved = facts.wrote = NULL;
	causes = causes_build(&facts);
	EXPECT("written_after_saved", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "a tensor [48, 1]"));
}

/* The fix of a backward after an optimizer's step, which is at LINE of BODY. */
static const char *
order_of(const char *body, int line)
{
	static char path[] = "/tmp/shapebox-order.py";
	const struct frame train[] = { { .file = path, .function = "train", .line = line } }, forward[] = { { .file = "/x/model.py", .function = "forward", .line = 5 } };
	const struct site places[] = { { .id = 1, .frame_count = 1, .frames = forward }, { .id = 2, .frame_count = 1, .frames = train } };
	struct hand found = { .sites = places, .site_count = COUNT(places) };
	struct source its = hand_source(&found);
	struct event saved = { .id = 10, .site = 1, .operation = "aten::linear", .phase = "forward" }, wrote = { .id = 20, .site = 2, .operation = "aten::addcdiv_", .phase = "optimizer" };
	struct cause_facts facts = { .message = "one of the variables needed for gradient computation has been modified by an inplace operation", .source = &its, .last_call = -1,
				     .saved = &saved, .wrote = &wrote };

	write_program(path, "%s", body);
	json_decref(causes);
	causes = causes_build(&facts);
	unlink(path);
	return first_text("fix");
}

/* Where the optimizer's gradients were zeroed before its step, an earlier backward would add to them. */
static void
test_order(void)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(order_of("def train(self):\n    self.opt_d.zero_grad()\n    loss_d.backward()\n    self.opt_d.step()\n", 4),
				      "before self.opt_d.zero_grad() at shapebox-order.py:2: later, its gradients would go into that"));
	CU_ASSERT_PTR_NOT_NULL(strstr(order_of("def train(self):\n    self.opt_g.zero_grad()\n    loss_d.backward()\n    self.opt_d.step()\n", 4),
				      "call this backward before the optimizer's step at shapebox-order.py:4, and before that optimizer's zero_grad"));
	CU_ASSERT_PTR_NOT_NULL(strstr(order_of("def train(opt):\n    opt.step()\n    opt.zero_grad()\n", 2), "call this backward before"));
}

/* A gradient and its input, each as large as ever until the input isn't; or both varied before. */
static void
test_fixed_gradient(void)
{
	static const char message[] = "Function PackBackward returned an invalid gradient at index 0 - got [192, 8] but expected shape compatible with [120, 8]";
	const struct operand zeros[] = { VALUE("size", "int[]", "[192, 8]") }, full[] = { TENSOR("output", 2, 192, 8) }, part[] = { TENSOR("output", 3, 120, 8) };
	const struct operand hidden[] = { TENSOR("self", 1, 8, 24, 8) }, other[] = { TENSOR("output", 4, 168, 8) };
	struct cause_facts facts = { .message = message, .source = &source, .last_call = -1, .step = 9,
				     .sides = { { .place = 0, .size = 192, .lineage = &stories[0] }, { .place = 1, .size = 120, .lineage = &stories[1] } } };

	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 3; i++) {
			events[2 * i] = (struct event){ .id = 10 + 2 * i, .site = 1, .step = i, .parent = -1, .operation = "aten::flatten", .status = "ok", .phase = "forward",
							.operand_count = 1, .operands = hidden, .output_count = 1, .outputs = pass && i == 1 ? other : full };
			events[2 * i + 1] = (struct event){ .id = 11 + 2 * i, .site = 3, .step = i, .parent = -1, .operation = "aten::zeros", .status = "ok", .phase = "backward",
							    .operand_count = 1, .operands = zeros, .output_count = 1, .outputs = full };
		}
		hand.event_count = 6;
		forget();
		add_step(0, 90, "aten::zeros", zeros, 1, 0, 192);
		add_step(1, 80, "aten::flatten", hidden, 1, 0, 120);
		for (int i = 0; i < 2; i++) {
			struct event *event = &stories[i].steps[0].event;

			event->site = i ? 1 : 3;
			event->step = 9;
			event->output_count = 1;
			event->outputs = i ? part : full;
		}
		json_decref(causes);
		causes = causes_build(&facts);
		EXPECT("gradient_shape", "certain");
		CU_ASSERT_EQUAL(strstr(first_text("text"), "both were 192 in the 3 calls before, and only the input is another now") != NULL, !pass);
		CU_ASSERT_EQUAL(strstr(first_text("fix"), "take the size from the input in Pack.forward (x.shape[0]") != NULL, !pass);
	}
	forget();
}

static void
test_autocast(void)
{
	struct operand mixed[] = { TENSOR("input", 1, 2, 8), TENSOR("weight", 2, 8, 8) }, halves[] = { TENSOR("input", 3, 2, 8), TENSOR("weight", 2, 8, 8) };
	struct operand made[] = { TENSOR("output", 4, 2, 8) };
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::linear", .status = "failed", .phase = "forward", .operand_count = 2, .operands = mixed };
	struct mismatch differs = { .property = "dtype", .operand = 0, .against = 1, .dim = -1, .against_dim = -1, .actual_name = "float32",
				    .expected_name = "bfloat16", .text = "input is float32 where weight is bfloat16" };

	mixed[1].dtype = halves[0].dtype = halves[1].dtype = made[0].dtype = "bfloat16";
	for (int i = 0; i < 3; i++)
		events[i] = (struct event){ .id = 10 + i, .site = 1, .step = i, .parent = -1, .operation = "aten::linear", .status = "ok", .phase = "forward",
					    .operand_count = 2, .operands = mixed, .output_count = 1, .outputs = made };
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "certain");
	EXPECT("mixed_dtype", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "as in 3 earlier calls of this line"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it comes from train.py:12, those from train.py:40"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "dtype=torch.bfloat16"));
	for (int i = 0; i < 3; i++)
		events[i].operands = halves; /* one dtype before: nothing was converted */
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "");
	for (int i = 0; i < 3; i++) {
		events[i].operands = mixed;
		events[i].site = 3; /* another line */
	}
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "");
	for (int i = 0; i < 3; i++)
		events[i].site = 1;
	made[0].dtype = "float32"; /* promoted: no autocast */
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "");
	EXPECT("mixed_dtype", "possible");
}

/* What the line did on other ways is told with both ways. */
static void
test_elsewhere(void)
{
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::linear", .status = "failed", .phase = "forward" };
	struct text text = {{0}, 0};

	for (int i = 0; i < 3; i++)
		events[i] = (struct event){ .id = 10 + i, .site = 1, .step = i, .parent = -1, .operation = "aten::linear", .status = "ok", .phase = i ? "eval" : "forward" };
	hand.event_count = 1;
	elsewhere_add(&source, 0, &failed, &text);
	CU_ASSERT_STRING_EQUAL(text.data, "1 earlier call of this line went well, none on this way: the last came from train.py:40, this one from train.py:12");
	hand.event_count = 3;
	text = (struct text){{0}, 0};
	elsewhere_add(&source, 0, &failed, &text);
	CU_ASSERT_STRING_EQUAL(text.data, "3 earlier calls of this line went well, none on this way: the last came from train.py:40 (in evaluation), this one from train.py:12");
	text = (struct text){{0}, 0}; /* beside those of this way */
	CU_ASSERT_TRUE(elsewhere_add_more(&source, 0, &failed, &text));
	CU_ASSERT_STRING_EQUAL(text.data, "; 3 more on other ways, the last from train.py:40 (in evaluation)");
	failed.site = 3; /* another line */
	text = (struct text){{0}, 0};
	elsewhere_add(&source, 0, &failed, &text);
	CU_ASSERT_FALSE(elsewhere_add_more(&source, 0, &failed, &text));
	CU_ASSERT_STRING_EQUAL(text.data, "");
}

/* Rows for groups were asked for, as many as the largest index and one: 7 where there are 8. */
static void
test_counted(void)
{
	const struct operand index[] = { TENSOR("self", 21, 49) }, scalar[] = { TENSOR("output", 22) }, read[] = { TENSOR("self", 22) };
	struct operand number[] = { { .name = "output", .kind = "int", .value = "6", .ndim = -1, .tensor = -1 } };
	const struct operand zeros[] = { TENSOR("self", 23, 49, 16) }, made[] = { TENSOR("output", 24, 7, 16) };
	const struct operand pair[] = { TENSOR("tensors", 24, 7), TENSOR("tensors", 25, 8) };
	struct operand whole[1], whole_read[1], whole_scalar[1];
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::broadcast_tensors", .status = "failed", .phase = "forward", .operand_count = 2, .operands = pair };
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .text = "8 where 7" };

	whole[0] = index[0];
	whole_read[0] = read[0];
	whole_scalar[0] = scalar[0];
	whole[0].dtype = whole_read[0].dtype = whole_scalar[0].dtype = "int64";
	events[0] = (struct event){ .id = 50, .site = 1, .step = 3, .parent = -1, .operation = "aten::max", .status = "ok", .phase = "forward", .operand_count = 1, .operands = whole,
				    .output_count = 1, .outputs = whole_scalar };
	events[1] = (struct event){ .id = 51, .site = 1, .step = 3, .parent = -1, .operation = "aten::item", .status = "ok", .phase = "forward", .operand_count = 1, .operands = whole_read,
				    .output_count = 1, .outputs = number };
	events[2] = (struct event){ .id = 52, .site = 1, .step = 3, .parent = -1, .operation = "aten::new_zeros", .status = "ok", .phase = "forward", .operand_count = 1, .operands = zeros,
				    .output_count = 1, .outputs = made };
	add_step(1, 52, "aten::new_zeros", zeros, 1, 0, 7);
	stories[1].property = LINEAGE_SIZE;
	ask_of(&failed, &differs, 3);
	EXPECT("counted_from_index", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "one more than the largest number (6) in an index of 49"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "8 here"));
	number[0].value = "3"; /* another number was read */
	ask_of(&failed, &differs, 3);
	EXPECT("counted_from_index", "");
	number[0].value = "6";
	events[0].operation = "aten::sum"; /* not of an index's largest */
	ask_of(&failed, &differs, 3);
	EXPECT("counted_from_index", "");
	forget();
}

/* A cat in backward joins what it made in forward itself. */
static void
test_recomputed(void)
{
	static const struct frame again[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/p/torch/utils/checkpoint.py", .function = "recompute", .line = 7 } };
	struct site places[] = { { .id = 1, .frame_count = 2, .frames = train }, { .id = 2, .frame_count = 2, .frames = again } };
	const struct operand first[] = { ITEM("tensors", 0, 31, 4, 28) }, joined[] = { TENSOR("output", 32, 4, 28) };
	const struct operand both[] = { ITEM("tensors", 0, 32, 4, 28), ITEM("tensors", 1, 33, 4, 28) }, twice[] = { TENSOR("output", 34, 4, 56) };
	const struct operand pair[] = { TENSOR("self", 34, 4, 56), TENSOR("other", 35, 4, 28) };
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::add", .status = "failed", .phase = "forward", .operand_count = 2, .operands = pair };
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .text = "28 where 56" };

	hand.sites = places;
	hand.site_count = 2;
	events[0] = (struct event){ .id = 40, .site = 1, .step = 3, .parent = -1, .operation = "aten::cat", .status = "ok", .phase = "forward", .operand_count = 1, .operands = first,
				    .output_count = 1, .outputs = joined };
	events[1] = (struct event){ .id = 60, .site = 2, .step = 3, .parent = -1, .operation = "aten::cat", .status = "ok", .phase = "backward", .operand_count = 2, .operands = both,
				    .output_count = 1, .outputs = twice };
	add_step(1, 60, "aten::cat", both, 2, 1, 56);
	stories[1].steps[0].event = events[1];
	ask_of(&failed, &differs, 2);
	EXPECT("kept_across_recomputation", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "use_cache=False"));
	places[1].frames = train; /* backward's own code, nothing is recomputed */
	ask_of(&failed, &differs, 2);
	EXPECT("kept_across_recomputation", "");
	places[1].frames = again;
	events[0].step = 2; /* of the step before: a cache that is kept, but not across a recomputation */
	ask_of(&failed, &differs, 2);
	EXPECT("kept_across_recomputation", "");
	hand.sites = sites;
	hand.site_count = COUNT(sites);
	forget();
}

/* A cat in backward, where forward had none, joins what the block made and kept in forward with the same made anew. */
static void
test_kept_by_block(void)
{
	static const struct frame make[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/p/torch/utils/checkpoint.py", .function = "forward", .line = 7 } };
	static const struct frame keep[] = { { .file = "/x/model.py", .function = "forward", .line = 9 }, { .file = "/p/torch/utils/checkpoint.py", .function = "forward", .line = 7 } };
	static const struct frame join[] = { { .file = "/x/model.py", .function = "forward", .line = 7 }, { .file = "/p/torch/utils/checkpoint.py", .function = "backward", .line = 9 } };
	static const struct frame join_first[] = { { .file = "/x/model.py", .function = "forward", .line = 7 }, { .file = "/p/torch/utils/checkpoint.py", .function = "forward", .line = 7 } };
	const struct site places[] = { { .id = 1, .frame_count = 2, .frames = make }, { .id = 2, .frame_count = 2, .frames = keep }, { .id = 3, .frame_count = 2, .frames = join },
				       { .id = 4, .frame_count = 2, .frames = join_first } };
	const struct operand in[] = { TENSOR("input", 30, 4, 28) }, made[] = { TENSOR("output", 31, 4, 28) }, kept[] = { TENSOR("output", 32, 4, 28) };
	const struct operand anew[] = { TENSOR("output", 33, 4, 28) }, both[] = { ITEM("tensors", 0, 32, 4, 28), ITEM("tensors", 1, 33, 4, 28) };
	const struct operand twice[] = { TENSOR("output", 34, 4, 56) }, pair[] = { TENSOR("self", 34, 4, 56), TENSOR("other", 35, 4, 28) };
	const struct operand far[] = { TENSOR("self", 36, 4, 20) }, pieces[] = { ITEM("tensors", 0, 40, 4, 20), ITEM("tensors", 1, 41, 4, 8) };
	struct event failed = { .id = 90, .site = 3, .step = 3, .parent = -1, .operation = "aten::add", .status = "failed", .phase = "backward", .operand_count = 2, .operands = pair };
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .text = "28 where 56" };

	hand.sites = places;
	hand.site_count = COUNT(places);
	events[0] = (struct event){ .id = 40, .site = 1, .step = 3, .parent = -1, .operation = "aten::linear", .status = "ok", .phase = "forward", .operand_count = 1, .operands = in,
				    .output_count = 1, .outputs = made };
	events[1] = (struct event){ .id = 41, .site = 4, .step = 3, .parent = -1, .operation = "aten::cat", .status = "ok", .phase = "forward", .operand_count = 2,
				    .operands = pieces, .output_count = 1, .outputs = far };
	events[2] = (struct event){ .id = 42, .site = 2, .step = 3, .parent = -1, .operation = "aten::detach", .status = "ok", .phase = "forward", .operand_count = 1, .operands = made,
				    .output_count = 1, .outputs = kept };
	events[3] = events[0];
	events[3].id = 55;
	events[3].phase = "backward";
	events[3].outputs = anew;
	events[4] = (struct event){ .id = 60, .site = 3, .step = 3, .parent = -1, .operation = "aten::cat", .status = "ok", .phase = "backward", .operand_count = 2, .operands = both,
				    .output_count = 1, .outputs = twice };
	add_step(1, 60, "aten::cat", both, 2, 1, 56);
	stories[1].steps[0].event = events[4];
	ask_of(&failed, &differs, 5); /* forward joined at that line, too: the block's skip */
	EXPECT("kept_across_recomputation", "");
	events[1].step = 2; /* only in the step before */
	ask_of(&failed, &differs, 5);
	EXPECT("kept_across_recomputation", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it finds what its own forward kept, by aten::detach at model.py:9"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "switch the cache off"));
	events[3].site = 2; /* what it joins is of other code */
	ask_of(&failed, &differs, 5);
	EXPECT("kept_across_recomputation", "");
	hand.sites = sites;
	hand.site_count = COUNT(sites);
	forget();
}

/* The recomputation joins what the block's forward made and kept: nothing that a call of forward did. */
static void
test_left_by_forward(void)
{
	static const struct frame block[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/p/torch/utils/checkpoint.py", .function = "checkpoint", .line = 7 } };
	static const struct frame kept[] = { { .file = "/x/model.py", .function = "forward", .line = 7 }, { .file = "/p/torch/utils/checkpoint.py", .function = "checkpoint", .line = 7 } };
	static const struct frame cat[] = { { .file = "/x/model.py", .function = "forward", .line = 6 }, { .file = "/p/torch/utils/checkpoint.py", .function = "checkpoint", .line = 7 } };
	struct site places[] = { { .id = 1, .frame_count = 2, .frames = block }, { .id = 2, .frame_count = 2, .frames = cat }, { .id = 3, .frame_count = 2, .frames = kept },
				 { .id = 4, .frame_count = 2, .frames = train } };
	const struct operand norm[] = { TENSOR("input", 71, 1, 59, 32), TENSOR("weight", 72, 32) }, normed[] = { TENSOR("output", 73, 1, 59, 32) };
	const struct operand keep[] = { TENSOR("self", 73, 1, 59, 32) }, memory[] = { TENSOR("output", 74, 1, 59, 32) };
	const struct operand again[] = { TENSOR("input", 75, 1, 59, 32), TENSOR("weight", 72, 32) }, renormed[] = { TENSOR("output", 76, 1, 59, 32) };
	struct operand both[] = { ITEM("tensors", 0, 74, 1, 59, 32), ITEM("tensors", 1, 76, 1, 59, 32) };
	const struct operand twice[] = { TENSOR("output", 77, 1, 118, 32) };
	const struct operand pair[] = { TENSOR("recomputed tensor", 77, 118, 32), TENSOR("saved tensor", -1, 59, 32) };
	struct event made = { .id = 45, .site = -1, .step = 3, .parent = -1, .operation = SUBJECT_RECOMPUTED, .status = "", .phase = "", .operand_count = 2, .operands = pair };
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .text = "118 where 59" };
	struct cause_facts facts = { .event = &made, .mismatch = &differs, .message = "Recomputed values have different metadata", .type = "torch.utils.checkpoint.CheckpointError",
				     .source = &source, .last_call = -1, .step = 3, .before = 45 };

	hand.sites = places;
	hand.site_count = COUNT(places);
	hand.event_count = 4;
	events[0] = (struct event){ .id = 40, .site = 1, .step = 3, .parent = -1, .operation = "aten::layer_norm", .status = "ok", .phase = "forward", .operand_count = 2, .operands = norm,
				    .output_count = 1, .outputs = normed };
	events[1] = (struct event){ .id = 41, .site = 3, .step = 3, .parent = -1, .operation = "aten::detach", .status = "ok", .phase = "forward", .operand_count = 1, .operands = keep,
				    .output_count = 1, .outputs = memory };
	events[2] = (struct event){ .id = 43, .site = 1, .step = 3, .parent = -1, .operation = "aten::layer_norm", .status = "ok", .phase = "backward", .operand_count = 2, .operands = again,
				    .output_count = 1, .outputs = renormed };
	events[3] = (struct event){ .id = 44, .site = 2, .step = 3, .parent = -1, .operation = "aten::cat", .status = "ok", .phase = "backward", .operand_count = 2, .operands = both,
				    .output_count = 1, .outputs = twice };
	add_step(0, 44, "aten::cat", both, 2, 0, 118);
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 0, .size = 118, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = 0, .size = 59 };
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("left_by_forward", "likely");
	EXPECT("recomputation_differs", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made in that forward by aten::detach at model.py:7; no call of the forward did that"));
	stories[0].count = 0; /* not on the way of the size */
	stories[0].decider = -1;
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("left_by_forward", "possible");
	both[0].tensor = 73 - 2; /* what the block was given */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("left_by_forward", "");
	EXPECT("recomputation_differs", "likely");
	both[0].tensor = 74;
	places[2].frames = train; /* made outside of the block */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("left_by_forward", "");
	places[2].frames = kept;
	facts.type = "RuntimeError";
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("left_by_forward", "");
	hand.sites = sites;
	hand.site_count = COUNT(sites);
	forget();
}

/* A view into rows of 3 of what a layer makes 2 wide. */
static void
test_columns(void)
{
	const struct operand layer[] = { TENSOR("input", 41, 16, 8), TENSOR("weight", 42, 2, 8) };
	struct operand viewed[] = { TENSOR("self", 43, 16, 2), { .name = "size", .kind = "int[]", .value = "[-1, 3]", .ndim = -1, .tensor = -1 } };
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::view", .status = "failed", .phase = "forward", .operand_count = 2, .operands = viewed };

	stories[0].property = LINEAGE_SIZE;
	add_step(0, 60, "aten::linear", layer, 2, 1, 2);
	ask(&failed, "shape '[-1, 3]' is invalid for input of size 32", NULL, number("num_labels", 3));
	EXPECT("row_width", "likely");
	EXPECT("elements_differ", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "num_labels = 3"));
	CU_ASSERT_EQUAL(rule_columns(&failed, 1, &viewed[0]), 1);
	viewed[1].value = "[-1, 4]"; /* two rows in one: their number decides */
	viewed[0] = (struct operand)TENSOR("self", 43, 15, 2);
	ask(&failed, "shape '[-1, 4]' is invalid for input of size 30", NULL, NULL);
	EXPECT("row_width", "");
	CU_ASSERT_EQUAL(rule_columns(&failed, 1, &viewed[0]), -1);
	viewed[1].value = "[2, 5, 7]"; /* another number of dimensions */
	ask(&failed, "shape '[2, 5, 7]' is invalid for input of size 30", NULL, NULL);
	EXPECT("row_width", "");
	forget();
}

/* Places for 4 images of 9, features of 4 of 8: a slice left the first of each out. */
static void
test_first_left(void)
{
	struct operand cut[] = { TENSOR("self", 51, 4, 9, 16), { .name = "dim", .kind = "int", .value = "1", .ndim = -1, .tensor = -1 },
					{ .name = "start", .kind = "int", .value = "1", .ndim = -1, .tensor = -1 },
					{ .name = "end", .kind = "int", .value = "9223372036854775807", .ndim = -1, .tensor = -1 } };
	const struct operand put[] = { TENSOR("self", 52, 4, 21, 16), TENSOR("mask", 53, 4, 21, 16), TENSOR("source", 54, 32, 16) };
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::masked_scatter", .status = "failed", .phase = "forward", .operand_count = 3, .operands = put };
	struct mismatch differs = { .property = "count", .operand = 2, .against = 1, .dim = 0, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 36,
				    .actual = 32, .text = "32 rows where 36 are selected" };

	add_step(0, 60, "aten::slice", cut, 4, 1, 8);
	stories[0].property = LINEAGE_SIZE;
	ask_of(&failed, &differs, 0);
	EXPECT("first_feature_left", "likely");
	EXPECT("placeholders_differ", "");
	differs.expected = 34; /* not what was left out */
	ask_of(&failed, &differs, 0);
	EXPECT("first_feature_left", "");
	differs.expected = 36;
	cut[2].value = "0";
	ask_of(&failed, &differs, 0);
	EXPECT("first_feature_left", "");
	forget();
}

/* Both sides of a convolution have names: the input's maker is to be set. */
static void
test_channels(void)
{
	const struct operand given[] = { TENSOR("input", 61, 4, 80, 400), TENSOR("weight", 62, 16, 128, 3) };
	const struct event failed = EVENT("aten::conv1d", given);

	ask(&failed, "", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "self.config.num_mel_bins", "value", 128,
					 "name", "self.config.num_mel_bins", "value", 80, "name", "dataset.count", "value", 80, "name", "extractor.feature_size",
					 "value", 80));
	EXPECT("channels", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "num_mel_bins is 80"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "bring the input to 128")); /* one name for both numbers tells nothing */
	ask(&failed, "", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "self.num_mel_bins", "value", 128,
					 "name", "extractor.feature_size", "value", 80));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "set extractor.feature_size so"));
}

/* As many as the largest of the values and one: 7 where there are 8. */
static void
test_counted_by_values(void)
{
	const struct operand pair[] = { TENSOR("self", 25, 8), TENSOR("other", 24, 7) }, made[] = { TENSOR("output", 24, 7) };
	const struct operand wide[] = { TENSOR("self", 25, 30, 8), TENSOR("other", 24, 30, 7) }, hot[] = { TENSOR("output", 24, 30, 7) };
	struct operand given[] = { TENSOR("self", 31, 30), { .name = "minlength", .kind = "int", .value = "0", .ndim = -1, .tensor = -1 } };
	const struct event sum = EVENT("aten::mul", pair), wider = EVENT("aten::mul", wide);

	add_step(0, 50, "aten::bincount", given, 2, 0, 7);
	stories[0].steps[0].event.outputs = made;
	stories[0].steps[0].event.output_count = 1;
	calls = 20;
	was[0].smallest = was[0].largest = was[1].smallest = was[1].largest = 8;
	ask(&sum, "", NULL, NULL);
	EXPECT("counted_from_index", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("counted_from_index", "text"), "here no value is 7, the largest is 6 (of 30 values); so other has 7 where self has 8"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("counted_from_index", "fix"), "torch.bincount(..., minlength=8)"));
	was[1].smallest = 6; /* what it meets isn't constant, but they agreed */
	ask(&sum, "", NULL, NULL);
	EXPECT("counted_from_index", "possible");
	calls = 0; /* nothing tells that 8 are to be counted */
	ask(&sum, "", NULL, NULL);
	EXPECT("counted_from_index", "");
	calls = 20;
	was[1].smallest = 8;
	given[1].value = "7"; /* as many were asked for */
	ask(&sum, "", NULL, NULL);
	EXPECT("counted_from_index", "");
	stories[0].steps[0].event.operation = "aten::unique2"; /* how many there are, not the largest */
	ask(&sum, "", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("counted_from_index", "text"), "as there are different values: 7 of 8 occur"));
	stories[0].steps[0].event.operation = "aten::one_hot";
	stories[0].steps[0].event.outputs = hot;
	stories[0].steps[0].dim = 1;
	given[1] = (struct operand){ .name = "num_classes", .kind = "int", .value = "-1", .ndim = -1, .tensor = -1 };
	ask(&wider, "", NULL, NULL);
	EXPECT("counted_from_index", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("counted_from_index", "fix"), "one_hot(..., num_classes=8)"));
	given[1].value = "7";
	ask(&wider, "", NULL, NULL);
	EXPECT("counted_from_index", "");
	forget();
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "a gradient of a fixed size", test_fixed_gradient);
	CU_add_test(suite, "written after it was saved", test_written);
	CU_add_test(suite, "autocast was on at this line", test_autocast);
	CU_add_test(suite, "a line on other ways", test_elsewhere);
	CU_add_test(suite, "counted from the largest index", test_counted);
	CU_add_test(suite, "counts by the largest value", test_counted_by_values);
	CU_add_test(suite, "a backward too late", test_order);
	CU_add_test(suite, "joined once more in recomputation", test_recomputed);
	CU_add_test(suite, "joined in recomputation alone", test_kept_by_block);
	CU_add_test(suite, "read by the recomputation, made by forward", test_left_by_forward);
	CU_add_test(suite, "channels by name", test_channels);
	CU_add_test(suite, "rows of another width", test_columns);
	CU_add_test(suite, "the first feature left out", test_first_left);
}

int
main(void)
{
	return run_suite("what one fact gives away", fill);
}
