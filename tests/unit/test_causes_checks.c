/* links: schema viewer */
/* Rules about what checks compare, odd samples, what torch.compile tells, and what lives longer than a step. */
#include "causes_asked.h"
#include "viewer/analysis/failure/compiled.h"
#include "viewer/analysis/failure/samples.h"

/* The causes of a check of Python's that compared ONE with OTHER. */
static void
check(const char *left, int64_t one, const char *right, int64_t other, json_t *frames, json_t *numbers)
{
	struct condition condition = { .operator = "==", .one = { .kind = CONDITION_NUMBER, .number = one, .dim = -1 },
				       .other = { .kind = CONDITION_NUMBER, .number = other, .dim = -1 } };
	struct cause_facts facts = { .type = "AssertionError", .message = "", .frames = frames, .numbers = numbers, .condition = left ? &condition : NULL,
				     .last_call = -1, .sides = { { .place = -1, .dim = -1, .size = -1 }, { .place = -1, .dim = -1, .size = -1 } } };

	if (left) {
		strcpy(condition.left, left);
		strcpy(condition.right, right);
	}
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(frames);
	json_decref(numbers);
}

static void
test_failed_check(void)
{
	check("len(words)", 8, "len(tags)", 7,
	      json_pack("[{s:s, s:s, s:[{s:s, s:s, s:i}]}]", "file", "data.py", "function", "Tags.__getitem__", "locals", "name", "i", "kind", "int", "value", 318),
	      NULL);
	EXPECT("check_failed", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "len(words) is 8, len(tags) is 7; it is sample 318"));
	check("height", 48, "self.size", 32, NULL, number("self.size", 32));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self.size is 32 (self.size = 32)"));
	check(NULL, 0, NULL, 0, NULL, NULL);
	EXPECT("check_failed", "");
}

static void
test_remainder(void)
{
	struct condition condition = { .operator = "==", .left = "(height + 2) % size", .right = "0",
				       .one = { .kind = CONDITION_NUMBER, .number = 3, .whole = 17, .part = 7, .dim = -1 },
				       .other = { .kind = CONDITION_NUMBER, .dim = -1 } };
	struct cause_facts facts = { .type = "ValueError", .message = "no", .condition = &condition, .last_call = -1 };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("not_divisible", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "17 is no multiple of 7: it leaves 3"));
	condition.one.whole = 14;
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("not_divisible", "");
}

static json_t *
batch(const char *forms)
{
	return json_pack("[{s:s, s:s, s:[{s:s, s:s, s:o}]}, {s:s, s:s, s:[{s:s, s:s, s:[{s:i}, {s:i}, {s:i}, {s:i}]}]}]", "file",
			 "/x/torch/utils/data/_utils/collate.py", "function", "collate", "locals", "name", "batch", "kind", "list", "forms",
			 json_loads(forms, 0, NULL), "file", "/x/torch/utils/data/_utils/fetch.py", "function", "fetch", "locals", "name",
			 "possibly_batched_index", "kind", "list", "items", "value", 70, "value", 71, "value", 77, "value", 73);
}

static void
test_odd_sample(void)
{
	check(NULL, 0, NULL, 0, batch("[{\"first\":0,\"count\":3,\"form\":\"{ids: tensor int64 [10], box: tensor float32 [4]}\"},"
				      "{\"first\":2,\"count\":1,\"form\":\"{ids: tensor int64 [10]}\"}]"), NULL);
	EXPECT("odd_sample", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "item 2 of batch (sample 77 of the data set)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it has no ['box'], where theirs is tensor float32 [4]"));
	check(NULL, 0, NULL, 0, batch("[{\"first\":0,\"count\":3,\"form\":\"(array float32 [24, 3], int)\"},"
				      "{\"first\":1,\"count\":1,\"form\":\"(array float32 [23, 3], int)\"}]"), NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "[0]: it is array float32 [23, 3] where theirs is array float32 [24, 3]"));
	check(NULL, 0, NULL, 0, batch("[{\"first\":0,\"count\":2,\"form\":\"None\"},{\"first\":1,\"count\":2,\"form\":\"int\"}]"), NULL);
	EXPECT("odd_sample", ""); /* none is usual */
	check(NULL, 0, NULL, 0, batch("[{\"first\":0,\"count\":2,\"form\":\"{ids: list of 12}\"},{\"first\":2,\"count\":2,\"form\":\"{ids: list of 15}\"}]"), NULL);
	EXPECT("odd_sample", ""); /* nothing asks for one length */
	{
		json_t *frames = batch("[{\"first\":0,\"count\":2,\"form\":\"{ids: list of 12}\"},{\"first\":2,\"count\":2,\"form\":\"{ids: list of 15}\"}]");
		struct cause_facts facts = { .type = "RuntimeError", .message = "each element in list of batch should be of equal size", .frames = frames, .last_call = -1 };

		json_decref(causes);
		causes = causes_build(&facts);
		EXPECT("odd_sample", "likely");
		CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "['ids']: item 0 is list of 12, item 2 (sample 77 of the data set) is list of 15"));
		json_decref(frames);
	}
	check(NULL, 0, NULL, 0, batch("[{\"first\":0,\"count\":4,\"form\":\"int\"}]"), NULL);
	EXPECT("odd_sample", "");
}

/* Each entry whose sizes part by the same two numbers is to be padded; what differs otherwise is another matter. */
static void
test_odd_also(void)
{
	json_t *frames = batch("[{\"first\":0,\"count\":2,\"form\":\"{embeds: tensor float32 [1, 19, 24], name: str, mask: tensor int64 [1, 19], box: tensor float32 [5, 4]}\"},"
			       "{\"first\":2,\"count\":2,\"form\":\"{embeds: tensor float32 [1, 23, 24], name: str, mask: tensor int64 [1, 23], box: tensor float32 [7, 4]}\"}]");
	struct cause_facts facts = { .type = "RuntimeError", .message = "Sizes of tensors must match except in dimension 0", .frames = frames, .last_call = -1 };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("odd_sample", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "[1, 23, 24]; so it is with ['mask']"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "box"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "pad each of ['embeds'], ['mask'] to the longest"));
	json_decref(frames);
}

static void
test_layer(void)
{
	const struct operand given[] = { TENSOR("x", 1, 4, 9, 24) };
	const struct event a = EVENT("check", given);
	struct mismatch differs = { .property = "size", .operand = 0, .against = -1, .dim = 2, .against_dim = -1, .has_expected = true, .has_actual = true,
				    .expected = 16, .actual = 24 };
	json_t *frames = json_pack("[{s:s, s:s, s:s}]", "file", "/x/torch/nn/modules/rnn.py", "module", "lstm", "module_class", "LSTM");
	struct cause_facts facts = { .event = &a, .mismatch = &differs, .message = "Expected 16, got 24", .frames = frames, .last_call = -1,
				     .sides = { { .place = 0, .dim = 2, .size = 24 }, { .place = -1, .dim = -1, .size = 16 } } };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("layer_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the layer lstm (LSTM) was built for 16 features and is given 24 in dimension 2 of x"));
	differs.dim = 0; /* no width */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("layer_told", "");
	json_decref(frames);
}

static void
test_kept(void)
{
	const struct operand joined[] = { ITEM("tensors", 0, 1, 32, 10, 16), ITEM("tensors", 1, 2, 6, 5, 16), VALUE("dim", "int", "1") };
	struct event a = EVENT("aten::cat", joined);

	a.id = 90;
	a.site = 50;
	add_step(0, 50, "aten::cat", joined, 3, 0, 32); /* site 50, too */
	add_step(0, 40, "aten::slice", joined, 1, 0, 32);
	add_step(1, 89, "aten::slice", joined, 1, 0, 6);
	ask(&a, "", NULL, NULL);
	EXPECT("kept_from_before", "likely");
	stories[1].steps[0].event.id = 45; /* as old: a layer upon a layer */
	ask(&a, "", NULL, NULL);
	EXPECT("kept_from_before", "");
	stories[1].steps[0].event.id = 89;
	stories[0].steps[0].event.site = 51; /* of another line */
	ask(&a, "", NULL, NULL);
	EXPECT("kept_from_before", "");
	forget();
}

static void
test_kept_size(void)
{
	const struct operand joined[] = { ITEM("tensors", 0, 1, 1, 10, 16), ITEM("tensors", 1, 2, 3, 5, 16), VALUE("dim", "int", "1") };
	const struct event a = EVENT("aten::cat", joined);

	calls = 20;
	was[0].smallest = was[0].largest = was[1].smallest = was[1].largest = 1;
	ask(&a, "", NULL, NULL);
	EXPECT("kept_size", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "batch_repeat_interleave(3)"));
	was[0].largest = was[1].largest = 4; /* it always came in several sizes */
	ask(&a, "", NULL, NULL);
	EXPECT("kept_size", "");
	forget();
}

static void
test_replaced(void)
{
	const struct operand now[] = { TENSOR("self", 1, 5, 8), TENSOR("end", 7, 7, 8) }, then[] = { TENSOR("self", 1, 5, 8), TENSOR("end", 3, 5, 8) };
	const struct event before[] = { { .id = 10, .site = 4, .parent = -1, .operation = "aten::lerp_", .status = "ok", .phase = "other", .operand_count = 2,
					  .operands = then } };
	struct event a = { .id = 90, .site = 4, .parent = -1, .operation = "aten::lerp_", .status = "failed", .phase = "other", .overload = "",
			   .operand_count = 2, .operands = now };
	struct hand hand = { .events = before, .event_count = 1 };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true,
				    .expected = 5, .actual = 7 };
	json_t *frames = json_pack("[{s:s, s:[{s:s, s:s, s:s, s:i}]}]", "file", "train.py", "locals", "name", "s", "kind", "tensor", "class", "Parameter",
				   "tensor", 7);
	struct cause_facts facts = { .event = &a, .mismatch = &differs, .message = "", .frames = frames, .source = &source, .last_call = -1,
				     .sides = { { .place = 1, .dim = 0, .size = 7 }, { .place = 0, .dim = 0, .size = 5 } } };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("replaced_since", "likely");
	hand.event_count = 0; /* it met nothing before */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("replaced_since", "");
	json_decref(frames);
}

#define DETACHED(n, in_step, from, to) { .id = n, .site = 3, .step = in_step, .parent = -1, .operation = "aten::detach", .status = "ok", .phase = "other", \
					 .operand_count = 1, .operands = from, .output_count = 1, .outputs = to }
#define MET(n, in_step, with) { .id = n, .site = 4, .step = in_step, .parent = -1, .operation = "aten::add_", .status = "ok", .phase = "other", \
				.operand_count = 2, .operands = with }

/* A state dict gives another tensor each time, of one parameter; then of another. */
static void
test_replaced_in_dict(void)
{
	const struct operand old[] = { TENSOR("self", 50, 5, 8) }, fresh[] = { TENSOR("self", 60, 7, 8) }, one[] = { TENSOR("output", 3, 5, 8) },
				    two[] = { TENSOR("output", 4, 5, 8) }, three[] = { TENSOR("output", 7, 7, 8) };
	const struct operand then[] = { TENSOR("self", 1, 5, 8), TENSOR("other", 3, 5, 8) }, later[] = { TENSOR("self", 1, 5, 8), TENSOR("other", 4, 5, 8) },
				    now[] = { TENSOR("self", 1, 5, 8), TENSOR("other", 7, 7, 8) };
	struct event events[] = { { .id = 5, .site = 2, .step = 0, .parent = -1, .operation = "aten::empty", .status = "ok", .phase = "other", .output_count = 1,
				    .outputs = old },
				  DETACHED(10, 1, old, one), MET(11, 1, then), DETACHED(20, 2, old, two), MET(21, 2, later),
				  { .id = 30, .site = 2, .step = 2, .parent = -1, .operation = "aten::empty", .status = "ok", .phase = "other", .output_count = 1,
				    .outputs = fresh },
				  DETACHED(40, 3, fresh, three) };
	struct event a = { .id = 90, .site = 4, .step = 3, .parent = -1, .operation = "aten::add_", .status = "failed", .phase = "other", .overload = "",
			   .operand_count = 2, .operands = now };
	struct hand hand = { .events = events, .event_count = 7 };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true,
				    .expected = 5, .actual = 7 };
	struct cause_facts facts = { .event = &a, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 3,
				     .sides = { { .place = 1, .dim = 0, .size = 7 }, { .place = 0, .dim = 0, .size = 5 } } };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("replaced_since", "likely");
	events[5].step = 3; /* it is no parameter, but of this step */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("replaced_since", "");
	events[5].step = 2;
	events[3].operands = fresh; /* it was another in each call before, too */
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("replaced_since", "");
}

static void
test_gradients(void)
{
	ask(NULL, "function ScaleBackward returned an incorrect number of gradients (expected 3, got 2)", NULL, NULL);
	EXPECT("gradient_count", "certain");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "None for each argument"));
	ask(NULL, "function ScaleBackward returned something (expected 3, got 2)", NULL, NULL);
	EXPECT("gradient_count", "");
	ask(NULL, "Function LinearBackward returned an invalid gradient at index 1 - got [8, 12] but expected shape compatible with [12, 8]", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "transpose the gradient that Linear.backward returns"));
}

static void
test_compiled(void)
{
	static const char message[] = "Dynamo failed to run FX node with fake tensors: call_function <built-in function add>(*(FakeTensor(..., size=(3, s27, 24), "
				      "grad_fn=<ViewBackward0>), Parameter(FakeTensor(..., size=(10, 24), requires_grad=True))), **{}): got RuntimeError('The size of "
				      "tensor a (s27: hint = 13) must match the size of tensor b (10) at non-singleton dimension 1)')";
	json_t *frames = json_pack("[{s:s, s:[{s:s, s:s, s:i, s:[i, i, i]}]}]", "file", "train.py", "locals", "name", "x", "kind", "tensor", "tensor", 5, "shape", 3,
				   13, 16);
	struct subject subject;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(compiled_subject(&subject, message, frames, &found));
	CU_ASSERT_STRING_EQUAL(subject.event.operation, "aten::add");
	CU_ASSERT_EQUAL(found.actual + found.expected, 23);
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 5); /* the size came in with x */
	CU_ASSERT_FALSE(compiled_subject(&subject, "Dynamo failed to run FX node with fake tensors: call_function <built-in function add>(*(FakeTensor(..., "
					 "size=(3, s27)), FakeTensor(..., size=(3, 4))), **{})", NULL, &found)); /* what s27 was, nothing tells */
	CU_ASSERT_TRUE_FATAL(compiled_subject(&subject, "Dynamo failed to run FX node with fake tensors: call_function <built-in function add>(*(FakeTensor(..., "
					      "size=(s33, 2, s50, s50)), FakeTensor(..., size=(2, 48, 48))), **{}): got RuntimeError('The size of tensor a (s50: "
					      "hint = 52) must match the size of tensor b (48) at non-singleton dimension 3)')", NULL, &found));
	CU_ASSERT_EQUAL(found.expected + found.actual, 100); /* whatever s33 was */
	CU_ASSERT_EQUAL(subject.operands[0].sizes[0], -1);
	CU_ASSERT_EQUAL(subject.operands[0].sizes[3], 52);
	CU_ASSERT_FALSE(compiled_subject(&subject, "Dynamo failed to run FX node with fake tensors: call_function <built-in function add>(*(FakeTensor(..., "
					 "size=(s33, 48)), FakeTensor(..., size=(s34, 48))), **{})", NULL, &found)); /* s33 against s34: which sizes, nothing tells */
	CU_ASSERT_FALSE(compiled_subject(&subject, "something else", frames, &found));
	json_decref(frames);
}

/* The causes of EVENT, whose operands 0 and 1 have other sizes in dimension DIM. */
static void
ask_apart(const struct event *event, int dim, struct source *source, json_t *frames, const char *message)
{
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = dim, .against_dim = dim, .has_expected = true, .has_actual = true,
				    .expected = event->operands[1].sizes[dim], .actual = event->operands[0].sizes[dim] };
	static struct news news[2];
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = message, .frames = frames, .source = source, .last_call = -1,
				     .sides = { { .place = 0, .dim = dim, .size = event->operands[0].sizes[dim] },
						{ .place = 1, .dim = dim, .size = event->operands[1].sizes[dim] } } };

	text_format(differs.text, sizeof(differs.text), "they differ");
	facts.calls = facts.agreed = calls;
	for (int i = 0; i < 2; i++)
		facts.sides[i].lineage = stories[i].count ? &stories[i] : NULL;
	cause_find_news(&facts, news);
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(frames);
}

static void
test_recomputed(void)
{
	const struct operand then[] = { TENSOR("self", 1, 3, 6, 6), TENSOR("other", 2, 3, 1, 6) }, now[] = { TENSOR("self", 5, 3, 6, 6), TENSOR("other", 6, 3, 1, 14) };
	const struct event before[] = { { .id = 10, .site = 4, .parent = -1, .operation = "aten::add", .status = "ok", .phase = "forward", .operand_count = 2,
					  .operands = then } };
	struct event a = EVENT("aten::add", now);
	struct hand hand = { .events = before, .event_count = 1 };
	struct source source = hand_source(&hand);

	a.site = 4;
	a.phase = "backward";
	add_step(0, 89, "aten::div", then, 1, 2, 6);
	stories[0].steps[0].event.phase = "backward";
	ask_apart(&a, 2, &source, json_pack("[{s:s}, {s:s}]", "file", "model.py", "file", "/x/torch/utils/checkpoint.py"), "");
	EXPECT("recomputed_otherwise", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "does not find other as it was: 6 in forward, 14 now"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give other to the checkpointed function"));
	add_step(1, 88, "aten::linear", then, 1, 2, 14);
	stories[1].steps[0].event.phase = "backward";
	ask_apart(&a, 2, &source, json_pack("[{s:s}, {s:s}]", "file", "model.py", "file", "/x/torch/utils/checkpoint.py"), ""); /* made within: nothing to give */
	EXPECT("recomputed_otherwise", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made anew by aten::linear"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "give other"));
	stories[1].count = 0;
	ask_apart(&a, 2, &source, json_pack("[{s:s}]", "file", "model.py"), ""); /* a backward of the program's own */
	EXPECT("recomputed_otherwise", "");
	hand.event_count = 0;
	ask_apart(&a, 2, &source, json_pack("[{s:s}, {s:s}]", "file", "model.py", "file", "/x/torch/utils/checkpoint.py"), "");
	EXPECT("recomputed_otherwise", "");
	forget();
}

static void
test_cut_differently(void)
{
	const struct operand whole[] = { TENSOR("self", 9, 26, 16) }, larger[] = { TENSOR("self", 8, 32, 16) };
	const struct operand parts[] = { TENSOR("self", 1, 7, 16), TENSOR("other", 2, 8, 16) };
	const struct event a = EVENT("aten::mul", parts);

	add_step(0, 50, "aten::chunk", whole, 1, 0, 7);
	add_step(1, 40, "aten::split", whole, 1, 0, 8);
	ask_apart(&a, 0, NULL, NULL, "");
	EXPECT("cut_differently", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "26 in parts of 7"));
	stories[1].steps[0].event.operands = larger; /* of another whole */
	ask_apart(&a, 0, NULL, NULL, "");
	EXPECT("cut_differently", "");
	forget();
}

static void
test_first_new(void)
{
	const struct operand whole[] = { TENSOR("self", 9, 371, 4), VALUE("start", "int", "336") };
	const struct operand full[] = { TENSOR("output", 3, 32, 4) }, rest[] = { TENSOR("output", 1, 27, 4) }, less[] = { TENSOR("output", 3, 30, 4) };
	const struct operand met[] = { TENSOR("self", 1, 27, 4), TENSOR("other", 2, 32, 4) };
	struct event a = EVENT("check", met), events[13];
	struct hand hand = { .events = events, .event_count = 13 };
	struct source source = hand_source(&hand);

	for (int i = 0; i < 13; i++)
		events[i] = (struct event){ .id = 10 + i, .site = 7, .step = i, .parent = -1, .operation = "aten::slice", .status = "ok", .phase = "data", .operand_count = 2,
					    .operands = whole, .output_count = 1, .outputs = i < 12 ? full : rest };
	add_step(0, 80, "aten::slice", whole, 2, 0, 27);
	stories[0].steps[0].tensor = 1;
	ask_apart(&a, 0, &source, NULL, "");
	EXPECT("first_new", "possible"); /* what the other side did in earlier calls isn't known */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "made 27, where 12 earlier calls always made 32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "let the last start be 339 or less"));
	calls = 12;
	ask_apart(&a, 0, &source, NULL, "");
	EXPECT("first_new", "likely");
	events[3].outputs = less; /* it varies anyway */
	ask_apart(&a, 0, &source, NULL, "");
	EXPECT("first_new", "");
	EXPECT("never_so_before", "possible");
	for (int i = 0; i < 12; i++)
		events[i].outputs = rest; /* it was so before */
	ask_apart(&a, 0, &source, NULL, "");
	EXPECT("first_new", "");
	EXPECT("never_so_before", "");
	forget();
}

/* What a program loaded and copied: no frame of torch.load's is left, but its own LINE says so. */
static void
test_loaded_copy(void)
{
	static const char *const lines[] = { "    average.load_state_dict(torch.load(path))", "    average.shadow = copy.deepcopy(values)" };
	const struct operand met[] = { TENSOR("self", 1, 5, 11), TENSOR("other", 2, 5, 8) };
	const struct event a = EVENT("aten::sub", met);

	for (int i = 0; i < 2; i++) {
		char path[] = "/tmp/shapebox-loaded-XXXXXX.py";
		const struct frame frames[] = { { .file = path, .function = "main", .line = 2 }, { .file = path, .function = "main", .line = 1 } };
		const struct site sites[] = { { .id = 7, .frame_count = 1, .frames = frames }, { .id = 8, .frame_count = 1, .frames = frames + 1 } };
		struct hand hand = { .sites = sites, .site_count = 2 };
		struct source source = hand_source(&hand);
		int file = mkstemps(path, 3);

		CU_ASSERT_FATAL(file >= 0);
		dprintf(file, "def main():\n%s\n", lines[i]);
		close(file);
		forget();
		add_step(0, 80, "aten::zeros", met, 1, 1, 11);
		add_step(1, 60, "aten::set_", met, 1, 1, 8);
		stories[0].steps[0].event.site = 8;
		stories[1].steps[0].event.site = 7;
		stories[1].steps[0].entered = true;
		ask_apart(&a, 1, &source, NULL, "");
		EXPECT("loaded_size", i ? "" : "likely");
		unlink(path);
	}
	forget();
}

static void
test_loaded(void)
{
	static const struct frame load[] = { { .file = "/x/torch/serialization.py", .function = "load", .line = 1500 }, { .file = "/x/train.py", .function = "main",
											   .line = 66 } };
	static const struct frame model[] = { { .file = "/x/train.py", .function = "main", .line = 90 } };
	static const struct site sites[] = { { .id = 7, .frame_count = 2, .frames = load }, { .id = 8, .frame_count = 1, .frames = load + 1 },
					     { .id = 9, .frame_count = 1, .frames = model } };
	const struct operand met[] = { TENSOR("self", 1, 5, 11), TENSOR("other", 2, 5, 8) };
	const struct event a = EVENT("aten::sub", met);
	struct hand hand = { .sites = sites, .site_count = 3 };
	struct event events[6];
	struct source source = hand_source(&hand);
	struct mismatch apart = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 8,
				  .actual = 11, .text = "they differ" };
	struct cause_facts named = { .event = &a, .message = "", .source = &source, .last_call = -1,
				     .sides = { { .place = 0, .dim = 1, .size = 11 }, { .place = 1, .dim = 1, .size = 8 } } };

	add_step(0, 80, "aten::zeros", met, 1, 1, 11);
	add_step(1, 60, "aten::set_", met, 1, 1, 8);
	stories[0].steps[0].event.site = 8;
	stories[1].steps[0].event.site = 7;
	ask_apart(&a, 1, &source, NULL, "");
	EXPECT("loaded_size", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "other was loaded from a checkpoint that was made with 8"));
	named.mismatch = &apart;
	named.sides[0].lineage = &stories[0];
	named.sides[1].lineage = &stories[1];
	for (int i = 0; i < 2; i++) { /* one name carries 11, or two do */
		json_t *numbers = i ? json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.hidden_size", "value", 11, "name",
						"config.intermediate_size", "value", 11) : number("config.hidden_size", 11);

		named.numbers = numbers;
		json_decref(causes);
		causes = causes_build(&named);
		CU_ASSERT_EQUAL(strstr(text_of("loaded_size", "text"), "hidden_size") != NULL, !i);
		CU_ASSERT_PTR_NULL(strstr(text_of("loaded_size", "text"), "intermediate_size"));
		json_decref(numbers);
	}
	for (int i = 0; i < 2; i++) { /* the other was given another size in this run: before it was loaded, or since */
		stories[0].steps[0].resized = true;
		stories[0].steps[0].event.id = i ? 80 : 50;
		json_decref(causes);
		causes = causes_build(&named);
		EXPECT("loaded_size", "likely");
		CU_ASSERT_EQUAL(strstr(first_text("text"), "after self had got 11 by") != NULL, !i);
		CU_ASSERT_EQUAL(strstr(first_text("text"), "self has got 11 since") != NULL, i);
		CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give what was loaded the 3 in dimension 1 that it lacks (those of self)"));
	}
	stories[0].steps[0].event.id = -1; /* when, isn't known */
	json_decref(causes);
	causes = causes_build(&named);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "was loaded from a checkpoint"));
	stories[0].steps[0].event.id = 80;
	stories[0].steps[0].resized = false;
	for (int i = 0; i < 6; i++) /* a line that reads again and again, with work in between, reads data */
		events[i] = (struct event){ .id = 20 + i, .site = i % 2 ? 9 : 7, .parent = -1, .operation = i % 2 ? "aten::linear" : "aten::set_", .status = "ok",
					    .phase = "forward", .operand_count = 2, .operands = met, .output_count = 1, .outputs = met };
	hand.events = events;
	hand.event_count = 6;
	ask_apart(&a, 1, &source, NULL, "");
	EXPECT("loaded_size", "");
	for (int i = 0; i < 6; i++)
		events[i].site = 7; /* one file of several tensors */
	ask_apart(&a, 1, &source, NULL, "");
	EXPECT("loaded_size", "likely");
	stories[1].steps[0].event.site = 8;
	ask_apart(&a, 1, &source, NULL, "");
	EXPECT("loaded_size", "");
	forget();
}

static void
test_grid(void)
{
	const struct operand shapes[] = { TENSOR("vit.position_embeddings", 1, 1, 10, 24), TENSOR("the model's", 2, 1, 17, 24) };
	const struct operand other[] = { TENSOR("vit.position_embeddings", 1, 1, 11, 24), TENSOR("the model's", 2, 1, 17, 24) };
	struct event a = EVENT(SUBJECT_LOAD, shapes);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true,
				    .expected = 17, .actual = 10, .text = "it differs" };
	json_t *numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "a.size", "value", 64, "name", "a.pretrain_size", "value", 48);
	struct cause_facts facts = { .event = &a, .mismatch = &differs, .message = "", .numbers = numbers, .last_call = -1 };
	static const struct settings given = { .count = 1, .file_count = 1, .files = { "/p/train.py" }, .list = { { "image_size", 32, 0, 27 } } };

	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("checkpoint_shape", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "10 = 3 x 3 + 1 and 17 = 4 x 4 + 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "of pictures of 48 then (a.pretrain_size = 48) and of 64 now (a.size = 64)"));
	json_decref(numbers); /* the patch is known by name, and so both pictures are: what is merely 32 is none */
	numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.image_size", "value", 32, "name",
			    "config.patch_size", "value", 8, "name", "config.intermediate_size", "value", 24, "name", "cfg['stage1']['image_size']", "value", 24);
	facts.numbers = numbers;
	json_decref(causes);
	causes = causes_build(&facts);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "of pictures of 24 then (cfg['stage1']['image_size'] = 24) and of 32 now (config.image_size = 32), in patches of 8"));
	CU_ASSERT_PTR_EQUAL(strstr(first_text("fix"), "set config.image_size to 24, as it was when this was saved, and then give it pictures of 24; or bring"), first_text("fix"));
	facts.settings = &given; /* somebody asked for the pictures of now */
	json_decref(causes);
	causes = causes_build(&facts);
	CU_ASSERT_PTR_EQUAL(strstr(first_text("fix"), "bring the saved positions from 3 x 3 to 4 x 4 by interpolation before they are loaded; or set config.image_size"), first_text("fix"));
	json_decref(numbers);
	numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "kwargs['image_size']", "value", 32, "name", "patch_size", "value", 8);
	facts.numbers = numbers;
	json_decref(causes);
	causes = causes_build(&facts);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "of 32 now (image_size = 32, train.py:27)")); /* as the call has it */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "or set image_size to 24"));
	differs.actual = 11; /* no grid's */
	a.operands = other;
	json_decref(causes);
	causes = causes_build(&facts);
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "grid"));
	json_decref(numbers);
}

/* A table saved with more rows than the model has tokens: rounded up when it was saved, unless this run made so many by a configuration and a resize then cut them. */
static void
test_tables_resized(void)
{
	static const struct frame saved[] = { { .file = "/v/site-packages/transformers/modeling_qwen2.py", .function = "__init__", .line = 319 },
					      { .file = "/p/train.py", .function = "main", .line = 15 } };
	static const struct frame cut[] = { { .file = "/v/site-packages/transformers/modeling_utils.py", .function = "PreTrainedModel.resize_token_embeddings", .line = 2961 },
					    { .file = "/p/infer.py", .function = "load", .line = 16 } };
	static const struct site sites[] = { { .id = 7, .frame_count = 2, .frames = saved }, { .id = 8, .frame_count = 2, .frames = cut } };
	const struct operand tables[] = { TENSOR("lm_head.weight", 1, 256, 48), TENSOR("the model's", 2, 131, 48) };
	struct event made[2] = { { .id = 10, .site = 7, .parent = -1, .operation = "aten::empty", .status = "ok", .phase = "other", .output_count = 1, .outputs = tables },
				 { .id = 20, .site = 8, .parent = -1, .operation = "aten::empty", .status = "ok", .phase = "other", .output_count = 1, .outputs = tables + 1 } };
	struct hand hand = { .sites = sites, .site_count = 2, .events = made, .event_count = 2 };
	struct source source = hand_source(&hand);
	struct event load = EVENT(SUBJECT_LOAD, tables);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 131,
				    .actual = 256, .text = "it differs" };
	json_t *numbers = number("config.vocab_size", 131);
	struct cause_facts facts = { .event = &load, .mismatch = &differs, .numbers = numbers, .source = &source, .last_call = -1,
				     .message = "size mismatch for lm_head.weight: copying a param with shape torch.Size([256, 48]) from checkpoint, the shape in current model is torch.Size([131, 48])." };

	load.id = 30;
	for (int i = 0; i < 3; i++) {
		made[0].site = i == 1 ? 8 : 7; /* saved after a resize, too */
		hand.event_count = i == 2 ? 0 : 2; /* saved by another run */
		json_decref(causes);
		causes = causes_build(&facts);
		EXPECT("checkpoint_shape", "likely");
		CU_ASSERT_EQUAL(strstr(first_text("text"), "resized at infer.py:16, which left out the last 125: it has 256 by its own configuration") != NULL, i == 0);
		CU_ASSERT_EQUAL(strstr(first_text("text"), "saved after a resize with pad_to_multiple_of=128") != NULL, i > 0);
		CU_ASSERT_EQUAL(strstr(first_text("fix"), "leave out the resize at infer.py:16") != NULL, i == 0);
	}
	json_decref(numbers);
}

/* What a loader collected as mismatched is told as load_state_dict would; not what is collected as something else, or told already. */
static void
test_told_shapes(void)
{
	json_t *note = json_loads("{\"shapes\":{\"name\":\"info.mismatched_keys\",\"pairs\":[{\"of\":\"head.weight\",\"shapes\":[[16,8],[36,8]]}]}}", 0, NULL);
	struct subject subject;
	struct mismatch found;
	char *told = subject_told_shapes(note, "see above");

	CU_ASSERT_PTR_NOT_NULL_FATAL(told);
	CU_ASSERT_TRUE_FATAL(subject_of_checkpoint(&subject, told, NULL, &found));
	CU_ASSERT_EQUAL(found.dim, 0);
	CU_ASSERT_EQUAL(found.actual, 16);
	CU_ASSERT_EQUAL(found.expected, 36);
	CU_ASSERT_STRING_EQUAL(subject.operands[0].name, "head.weight");
	CU_ASSERT_PTR_NULL(subject_told_shapes(note, told));
	json_object_set_new(json_object_get(note, "shapes"), "name", json_string("info.sizes"));
	CU_ASSERT_PTR_NULL(subject_told_shapes(note, "see above"));
	CU_ASSERT_PTR_NULL(subject_told_shapes(NULL, "see above"));
	free(told);
	json_decref(note);
}

static void
test_compiled_cause(void)
{
	const struct operand met[] = { TENSOR("self", 1, 13, 4), TENSOR("a parameter", -1, 10, 4) };
	const struct event a = EVENT("aten::add", met);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true,
				    .expected = 10, .actual = 13, .text = "they differ" };
	struct cause_facts facts = { .event = &a, .mismatch = &differs, .message = "fake tensors: call_function", .last_call = -1, .step = 9,
				     .sides = { { .place = 0, .size = 13 }, { .place = 1, .size = 10 } } };

	ask_apart(&a, 0, NULL, NULL, "Dynamo failed to run FX node with fake tensors: call_function <built-in function add>(...)");
	EXPECT("compiled_part", "possible");
	ask_apart(&a, 0, NULL, NULL, "The size of tensor a must match");
	EXPECT("compiled_part", "");
	/* as long as a limit says, and kept since an earlier step; or made in this one */
	add_step(1, 5, "aten::tile", met, 2, 0, 10);
	facts.sides[1].lineage = &stories[1];
	facts.numbers = number("args.max_frames", 10);
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("compiled_part", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("compiled_part", "text"), "10 is args.max_frames, and 13 is more than that; they differ"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("compiled_part", "fix"), "raise args.max_frames to 13 or more"));
	stories[1].steps[0].event.step = 9;
	json_decref(causes);
	causes = causes_build(&facts);
	EXPECT("compiled_part", "possible");
	json_decref((json_t *)facts.numbers);
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a check that failed", test_failed_check);
	CU_add_test(suite, "a remainder", test_remainder);
	CU_add_test(suite, "the odd sample", test_odd_sample);
	CU_add_test(suite, "all that differs alike in the odd sample", test_odd_also);
	CU_add_test(suite, "a layer's own check", test_layer);
	CU_add_test(suite, "what was kept", test_kept);
	CU_add_test(suite, "what is kept for another size", test_kept_size);
	CU_add_test(suite, "what was replaced", test_replaced);
	CU_add_test(suite, "a parameter of a state dict that was replaced", test_replaced_in_dict);
	CU_add_test(suite, "gradients", test_gradients);
	CU_add_test(suite, "a compiled part", test_compiled);
	CU_add_test(suite, "what a compiled part tells", test_compiled_cause);
	CU_add_test(suite, "what was loaded", test_loaded);
	CU_add_test(suite, "what was loaded and copied", test_loaded_copy);
	CU_add_test(suite, "positions of another grid", test_grid);
	CU_add_test(suite, "tables resized before they are loaded", test_tables_resized);
	CU_add_test(suite, "shapes that a loader collected", test_told_shapes);
	CU_add_test(suite, "recomputed otherwise", test_recomputed);
	CU_add_test(suite, "cut differently", test_cut_differently);
	CU_add_test(suite, "what is new", test_first_new);
}

int
main(void)
{
	return run_suite("causes: checks, samples, states", fill);
}
