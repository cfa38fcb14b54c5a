/* links: schema viewer */
/* Rules about limits on lists, about what a checkpointed block finds again, and about weights that nothing took. */
#include <stdio.h>
#include <unistd.h>

#include "causes_asked.h"

static char path[] = "/tmp/shapebox-limits-XXXXXX.py";

/* The causes of a stack of tensors of 18, 18 and SIZE that came in from lists at line 4 of the program. */
static void
ask_stack(int64_t size, int64_t smallest, const char *limit)
{
	const struct operand stacked[] = { ITEM("tensors[0]", 0, 1, 18), ITEM("tensors[1]", 1, 2, 18), ITEM("tensors[2]", 2, 3, size), VALUE("dim", "int", "0") };
	const struct operand made[] = { TENSOR("self", 9, 18) };
	const struct frame frames[] = { { .file = path, .function = "__getitem__", .line = 4 } };
	const struct site sites[] = { { .id = 60, .frame_count = 1, .frames = frames } };
	struct event event = EVENT("aten::stack", stacked);
	struct mismatch differs = { .property = "size", .operand = 2, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true,
				    .expected = 18, .actual = size };
	struct hand hand = { .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	json_t *numbers = number(limit, 18);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .numbers = numbers, .calls = 29, .agreed = 29, .last_call = 40, .twins = true };

	add_step(0, 60, "aten::lift_fresh", made, 1, 0, size);
	add_step(1, 59, "aten::lift_fresh", made, 1, 0, 18);
	for (int i = 0; i < 2; i++) {
		stories[i].steps[0].entered = true;
		stories[i].steps[0].event.site = 60;
		facts.sides[i] = (struct cause_side){ .place = i ? 0 : 2, .dim = 0, .size = i ? 18 : size, .lineage = &stories[i], .calls = 29, .smallest = smallest,
						      .largest = 18 };
	}
	ask_facts(&facts);
	json_decref(numbers);
}

static void
test_cut_before(void)
{
	ask_stack(19, 18, "tokenizer.context_length");
	EXPECT("cut_before_added", "likely");
	EXPECT("cut_one_side", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "was cut to context_length - 1 = 17 before 2 more were added: it has 19 where the limit is 18"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "cut to context_length - 2"));
	ask_stack(19, 18, "config.max_positions"); /* no line cuts to that */
	EXPECT("cut_before_added", "possible");
	ask_stack(19, 11, "tokenizer.context_length"); /* lengths of all kinds */
	EXPECT("cut_before_added", "");
	ask_stack(31, 18, "tokenizer.context_length"); /* more than is put around a text */
	EXPECT("cut_before_added", "");
}

static void
test_sum(void)
{
	static const char message[] = "sequence length 50 cannot exceed the maximum of 40";
	json_t *frames = json_pack("[{s:[{s:s, s:[i, i]}]}]", "locals", "name", "labels", "shape", 2, 50);

	type = "ValueError";
	ask(NULL, message, json_incref(frames), json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.max_positions",
							   "value", 40, "name", "settings.prompt_tokens", "value", 20, "name", "settings.text_tokens", "value", 32));
	EXPECT("limit_told", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "settings.prompt_tokens = 20 and settings.text_tokens = 32 are each below it, and together may come to 52"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "bound both together to 40"));
	ask(NULL, message, json_incref(frames), json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.max_positions",
							   "value", 40, "name", "settings.prompt_tokens", "value", 6, "name", "settings.text_tokens", "value", 32));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "together")); /* 38: that can't be it */
	ask(NULL, message, json_incref(frames), json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.max_positions",
							   "value", 40, "name", "settings.prompt_tokens", "value", 20, "name", "other.text_tokens", "value", 32));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "together")); /* of two objects */
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "at which it is cut"));
	ask(NULL, message, json_incref(frames), json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "config.max_positions",
							   "value", 40, "name", "tokenizer.max_length", "value", 50));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "50 is just tokenizer.max_length, at which it is cut"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "lower tokenizer.max_length to 40, or raise config.max_positions"));
	json_decref(frames);
	forget();
}

/* A difference of A and B in dimension 1, which agreed on 11 to LARGEST in earlier calls; B was SHIFT more before a step of its story. */
static void
ask_two(int64_t a, int64_t b, int64_t largest, int64_t shift, const char *less, int64_t of_less, const char *more, int64_t of_more)
{
	const struct operand put[] = { TENSOR("self", 9, 2, 53) }, both[] = { TENSOR("self", 1, 2, b), TENSOR("other", 2, 2, a) };
	const struct event event = EVENT("aten::sub", both);

	forget();
	calls = 40;
	for (int i = 0; i < 2; i++) {
		was[i].smallest = 11;
		was[i].largest = largest;
		add_step(i, 30 + i, "aten::slice", put, 1, 1, i ? b : a); /* the mismatch names the other first */
		add_step(i, 20 + i, "aten::pad_sequence", put, 1, 1, i ? b + shift : a);
	}
	ask(&event, "", NULL, json_pack("[{s:i, s:[{s:s, s:I}, {s:s, s:I}]}]", "frame", 1, "numbers", "name", less, "value", (json_int_t)of_less, "name", more, "value", (json_int_t)of_more));
	forget();
}

static void
test_two_limits(void)
{
	static const char less[] = "cfg['kept']['max_length']", more[] = "cfg['train']['max_length']";

	ask_two(48, 53, 41, 0, less, 48, more, 64);
	EXPECT("two_limits", "likely");
	EXPECT("cut_one_side", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "other was cut at cfg['kept']['max_length'] = 48; the limit of self is another, cfg['train']['max_length'] = 64, and it has 53"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "set cfg['kept']['max_length'] to 64"));
	ask_two(47, 52, 41, 1, less, 48, more, 64);
	EXPECT("two_limits", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "of which 47 are left when one is taken off"));
	ask_two(47, 63, 41, 1, more, 64, less, 48); /* cut at both */
	EXPECT("two_limits", "likely");
	ask_two(49, 54, 41, -1, less, 48, more, 64);
	EXPECT("two_limits", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "which is 49 with the one that is added"));
	ask_two(47, 52, 41, 0, less, 48, more, 64); /* nothing is shifted */
	EXPECT("two_limits", "");
	ask_two(47, 64, 41, 1, less, 48, more, 64); /* 65 are within no limit */
	EXPECT("two_limits", "");
	ask_two(48, 53, 50, 0, less, 48, more, 64); /* both were longer before */
	EXPECT("two_limits", "");
	ask_two(48, 53, 11, 0, less, 48, more, 64); /* of one length */
	EXPECT("two_limits", "");
	ask_two(48, 53, 41, 0, less, 48, "cfg['max_position_embeddings']", 64); /* another kind */
	EXPECT("two_limits", "");
	ask_two(48, 53, 41, 0, "cfg['kept']['width']", 48, "cfg['train']['width']", 64); /* no limits */
	EXPECT("two_limits", "");
	ask_two(48, 53, 41, 0, more, 48, more, 64); /* one name */
	EXPECT("two_limits", "");
}

/* A dict's mask was cut between forward and backward: the check in the recomputed block meets the new one. */
static void
test_replaced(void)
{
	static const struct frame block[] = { { .file = "/x/train.py", .function = "block", .line = 20 } }, head[] = { { .file = "/x/train.py", .function = "head",
													  .line = 44 } };
	static const struct site sites[] = { { .id = 1, .frame_count = 1, .frames = block }, { .id = 2, .frame_count = 1, .frames = head } };
	const struct operand met[] = { MASK("batch['padding']", 5, 4, 23), TENSOR("x", 6, 4, 24, 16) }, whole[] = { MASK("self", 4, 4, 24) };
	const struct event before[] = {
		{ .id = 50, .site = 1, .parent = -1, .operation = "aten::zeros_like", .status = "ok", .phase = "forward", .operand_count = 1, .operands = whole },
		{ .id = 60, .site = 2, .parent = -1, .operation = "aten::slice", .status = "ok", .phase = "forward", .operand_count = 1, .operands = whole },
	};
	struct event event = EVENT(SUBJECT_CHECK, met);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true,
				    .expected = 24, .actual = 23 };
	struct hand hand = { .sites = sites, .site_count = 2, .events = before, .event_count = 2 };
	struct source source = hand_source(&hand);
	json_t *frames = json_pack("[{s:s, s:s, s:i}, {s:s, s:s}, {s:s, s:s}]", "file", "/x/train.py", "function", "block", "line", 20, "file",
				   "/x/torch/utils/checkpoint.py", "function", "recompute_fn", "file", "/x/torch/autograd/graph.py", "function", "_engine_run_backward");
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .frames = frames, .last_call = -1,
				     .sides = { { .place = 0, .dim = 1, .size = 23, .lineage = &stories[0] }, { .place = 1, .dim = 1, .size = 24 } } };
	struct cause cause = { .confidence = NULL };

	add_step(0, 60, "aten::slice", whole, 1, 1, 23);
	stories[0].steps[0].event.phase = "forward";
	CU_ASSERT_TRUE(cause_replaced_between(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "does not find batch['padding'] as it was: 24 in forward, 23 now"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "work on a copy"));
	stories[0].steps[0].event.id = 40; /* it was so when the forward ran */
	CU_ASSERT_FALSE(cause_replaced_between(&facts, &cause));
	stories[0].steps[0].event.id = 60;
	json_array_remove(frames, 1); /* a backward without recomputation */
	CU_ASSERT_FALSE(cause_replaced_between(&facts, &cause));
	json_decref(frames);
	forget();
}

/* A parameter without data, and a tensor of its shape that was read and that nothing took. */
static void
test_untaken(void)
{
	static const struct frame load[] = { { .file = "/x/site-packages/torch/serialization.py", .function = "load", .line = 1500 }, { .file = "/x/train.py", .function = "main",
											   .line = 49 } };
	static const struct site sites[] = { { .id = 7, .frame_count = 2, .frames = load } };
	const struct operand read[] = { TENSOR("self", 30, 48, 16) };
	const struct operand none[] = { TENSOR_ON("self", 2, "float32", "meta", 48, 16) }, other[] = { TENSOR("self", 31, 48, 16) };
	const struct operand met[] = { TENSOR_ON("input", 1, "float32", "cpu", 5, 4, 16), TENSOR_ON("weight", 2, "float32", "meta", 48, 16) };
	struct event before[] = {
		{ .id = 20, .site = 7, .parent = -1, .operation = "aten::set_", .status = "ok", .phase = "load", .operand_count = 1, .operands = read, .output_count = 1,
		  .outputs = read },
		{ .id = 21, .site = -1, .parent = -1, .operation = "aten::detach", .status = "ok", .phase = "load", .operand_count = 1, .operands = other },
	};
	struct event event = EVENT("aten::linear", met);
	struct hand hand = { .sites = sites, .site_count = 1, .events = before, .event_count = 2 };
	struct source source = hand_source(&hand);
	struct cause_facts facts = { .event = &event, .source = &source };
	struct cause cause = { .confidence = NULL };
	struct cause_side side = { .place = 1, .lineage = &stories[0] };

	add_step(0, 10, "aten::to", none, 1, -1, -1);
	stories[0].steps[0].event.outputs = none;
	stories[0].steps[0].event.output_count = 1;
	cause_add_untaken(&facts, &cause, &side);
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "the checkpoint read at train.py:49 has 1 tensor of its shape [48, 16] that nothing took"));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.fix.data, "unexpected_keys"));
	before[1].operands = read; /* another parameter took it */
	cause = (struct cause){ .confidence = NULL };
	cause_add_untaken(&facts, &cause, &side);
	CU_ASSERT_EQUAL(cause.text.used, 0);
	forget();
}

/* The width of what a part of the model made: its name goes into the fix. A number that is called otherwise doesn't. */
static void
test_named_width(void)
{
	const struct operand flat[] = { TENSOR("input", 1, 2, 576), TENSOR("weight", 2, 10, 400) };
	const struct operand maps[] = { TENSOR("self", 3, 2, 16, 6, 6) }, made[] = { TENSOR("output", 4, 2, 576) };
	const struct event event = EVENT("aten::linear", flat);

	add_step(0, 99, "aten::flatten", maps, 1, 1, 576);
	stories[0].steps[0].event.outputs = made;
	stories[0].steps[0].event.output_count = 1;
	ask(&event, "", NULL, number("self.backbone.num_features", 576));
	EXPECT("layer_width", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in_features=self.backbone.num_features (576)"));
	ask(&event, "", NULL, number("self.backbone.steps", 576));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "in_features=576"));
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a part's width by its name", test_named_width);
	CU_add_test(suite, "cut before more are added", test_cut_before);
	CU_add_test(suite, "two limits of one kind", test_two_limits);
	CU_add_test(suite, "limits that add up", test_sum);
	CU_add_test(suite, "replaced between forward and backward", test_replaced);
	CU_add_test(suite, "read, and taken by nothing", test_untaken);
}

int
main(void)
{
	return run_suite_with(path, "ids = [lookup(w) for w in text.split()]\nids = ids[: self.context_length - 1]\nids = [BOS] + ids + [EOS]\nreturn torch.tensor(ids)\n", "causes: limits on lists", fill);
}
