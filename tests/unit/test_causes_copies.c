/* links: schema viewer */
/* Copies of parameters (an average of weights) that meet what stands in their place now. */
#include "causes_events.h"

enum { NEW = 9, COPY = 5 };

#define LISTED(name_, argument_, item_, identity, ...) \
	{ .name = name_, .kind = "tensor", .argument = argument_, .item = item_, .ndim = (int)(sizeof(SIZES(__VA_ARGS__)) / sizeof(int64_t)), \
	  .sizes = SIZES(__VA_ARGS__), .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = identity }

/* A list of copies meets a list of parameters; the last pair differs. */
static struct operand lists[] = {
	LISTED("self[0]", 0, 0, 101, 8, 8), LISTED("self[1]", 0, 1, 102, 8), LISTED("tensors1[0]", 1, 0, 201, 8, 8), LISTED("tensors1[1]", 1, 1, 202, 8),
	LISTED("self[58]", 0, 58, COPY, 5, 8), LISTED("tensors1[58]", 1, 58, NEW + 1, 7, 8),
};
static struct event failed;
static struct mismatch differs;

/* The copy was made of tensor 1 as COPIED in step 0, the other as NEW in step MADE, and detached in step 3. */
static void
make(int64_t copied, int64_t made)
{
	start();
	source = hand_source(&hand);
	operands[0][0] = tensor("self", 1, 5, 8);
	outputs[0][0] = tensor("output", copied, 5, 8);
	add("aten::clone", 0, 0, 1);
	outputs[1][0] = tensor("output", NEW, 7, 8);
	add("aten::empty", 1, made, 0);
	operands[2][0] = tensor("self", NEW, 7, 8);
	outputs[2][0] = tensor("output", NEW + 1, 7, 8);
	add("aten::detach", 2, 3, 1);
	lists[4].tensor = copied;
	failed = (struct event){ .id = 90, .site = 3, .step = 3, .parent = -1, .operation = "aten::_foreach_lerp_", .status = "failed", .phase = "other", .overload = "",
				 .operand_count = COUNT(lists), .operands = lists };
	differs = (struct mismatch){ .property = "size", .operand = 5, .against = 4, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true,
				     .expected = 5, .actual = 7 };
	add_step(0, 2, "aten::empty", NULL, 0, 0, 7);
	stories[0].steps[0].event.site = 1;
	stories[0].steps[0].event.phase = "other";
	add_step(1, 1, "aten::clone", operands[0], 1, 0, 5);
	stories[1].steps[0].event.site = 0;
	stories[1].steps[0].event.phase = "other";
}

static void
ask_of(json_t *local)
{
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .message = "", .frames = local, .source = &source, .last_call = -1, .step = 3,
				     .sides = { { .place = 5, .dim = 0, .size = 7, .lineage = &stories[0] }, { .place = 4, .dim = 0, .size = 5, .lineage = &stories[1] } } };

	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(local);
}

static void
ask_list(json_t *local)
{
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .message = "", .frames = local, .source = &source, .last_call = -1, .step = 3,
				     .sides = { { .place = 2, .dim = -1, .size = -1 }, { .place = 0, .dim = -1, .size = -1 } } };

	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(local);
}

static void
test_replaced_after_copy(void)
{
	make(COPY, 1);
	ask_of(json_pack("[{s:s, s:[{s:s, s:s, s:s, s:i}]}]", "file", "train.py", "locals", "name", "values[58]", "kind", "tensor", "parameter", "model.head.weight",
			 "tensor", NEW + 1));
	EXPECT("replaced_after_copy", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "values[58] (model.head.weight) was replaced after self[58] was copied: the copy has the 5 of what was there then, "
						    "the new one has 7"));
	ask_of(NULL); /* a state dict's view of what was there before this step */
	EXPECT("replaced_after_copy", "likely");
}

/* Of an old copy the last operation alone is known: by the function that it was called from, it copied. */
static void
test_copied_by_python(void)
{
	static const struct frame copying[] = { { "/p/torch/nn/parameter.py", "Parameter.__deepcopy__", 60, 0 }, { "/p/train.py", "main", 5, 0 } };
	static const struct site with[] = { { 0, 2, 0, 0, copying } };

	make(COPY, 1);
	stories[1].steps[0].event.operation = "aten::detach";
	ask_of(NULL);
	EXPECT("replaced_after_copy", ""); /* any line's */
	hand.sites = with;
	hand.site_count = 1;
	ask_of(NULL);
	EXPECT("replaced_after_copy", "likely");
	hand.sites = sites;
	hand.site_count = 6;
}

static void
test_not_replaced(void)
{
	make(NEW + 20, 1); /* the copy is the younger one: of another model */
	ask_of(NULL);
	EXPECT("replaced_after_copy", "");
	make(COPY, 3); /* made in this very step: no parameter */
	ask_of(NULL);
	EXPECT("replaced_after_copy", "");
	make(COPY, 1);
	failed.phase = "optimizer"; /* its own rule */
	ask_of(NULL);
	EXPECT("replaced_after_copy", "");
	make(COPY, 1);
	stories[1].steps[0].event.operation = "aten::zeros"; /* no copy of anything */
	ask_of(NULL);
	EXPECT("replaced_after_copy", "");
	make(COPY, 1);
	lists[0].item = 7; /* the lists don't go together otherwise */
	ask_of(NULL);
	EXPECT("replaced_after_copy", "");
	lists[0].item = 0;
}

/* A longer list: what it has more, by its names. Likely where that is younger than all of the other's. */
static void
test_lists_unequal(void)
{
	static const char more[] = "[{\"file\":\"train.py\",\"locals\":[{\"name\":\"model.extra\",\"kind\":\"tensor\",\"parameter\":\"model.extra\",\"tensor\":300}]}]";
	struct operand unequal[] = { LISTED("self[0]", 0, 0, 101, 8, 8), LISTED("self[1]", 0, 1, 102, 8), LISTED("tensors1[0]", 1, 0, 201, 8, 8),
				     LISTED("tensors1[20]", 1, 20, 300, 4) };

	make(COPY, 1);
	failed.operands = unequal;
	failed.operand_count = COUNT(unequal);
	differs = (struct mismatch){ .property = "items", .operand = 2, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 26,
				     .actual = 27 };
	ask_list(json_loads(more, 0, NULL));
	EXPECT("lists_unequal", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("lists_unequal", "text"), "model.extra; made after everything"));
	unequal[0].tensor = 400; /* the other list has something younger */
	ask_list(json_loads(more, 0, NULL));
	EXPECT("lists_unequal", "possible");
	ask_list(NULL); /* nothing is known by name */
	EXPECT("lists_unequal", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "replaced after it was copied", test_replaced_after_copy);
	CU_add_test(suite, "copied by Python's protocol", test_copied_by_python);
	CU_add_test(suite, "not replaced", test_not_replaced);
	CU_add_test(suite, "lists of unequal length", test_lists_unequal);
}

int
main(void)
{
	return run_suite("copies", fill);
}
