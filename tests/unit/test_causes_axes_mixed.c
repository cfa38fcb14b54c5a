/* links: schema viewer */
/* A function that was given what belongs to another axis than the one it is called for. */
#include "causes_asked.h"

/* MASK and a mask of 48 meet at one line, called from line CALLER of the program; before, from line 41, two of 89. HIDDEN has both. */
static void
ask_masks(int caller, int64_t before, int calls_here, json_t *hidden, bool outside)
{
	const struct operand now[] = { MASK("attention_mask", 1, 2, 89), MASK("spec_aug_mask", 2, 2, 48) }, was[] = { MASK("condition", 3, 2, 89), MASK("self", 4, 2, before) };
	const struct frame usual[] = { { .file = "/p/model.py", .function = "indices", .line = 15 }, { .file = "/p/model.py", .function = "masks", .line = 41 } },
			   odd[] = { { .file = "/p/model.py", .function = "indices", .line = 15 }, { .file = "/p/model.py", .function = "masks", .line = caller } };
	const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = usual }, { .id = 2, .frame_count = 2, .frames = odd } };
	struct event event = EVENT("aten::where", now), earlier = EVENT("aten::where", was);
	struct hand hand = { .sites = sites, .site_count = 2, .events = &earlier, .event_count = 1 };
	struct source source = hand_source(&hand);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 89, .actual = 48 };
	json_t *frames = json_pack("[{s:[]}, {s:[{s:s, s:s, s:o}, {s:s, s:s, s:[i, i]}]}]", "locals", "locals", "name", "hidden", "kind", "tensor", "shape", hidden,
				   "name", outside ? "attention_mask" : "frames", "kind", "tensor", "shape", 2, 89);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .frames = frames, .last_call = -1, .calls = calls_here, .agreed = calls_here,
				     .sides = { { .place = 1, .dim = 1, .size = 48 }, { .place = 0, .dim = 1, .size = 89 } } };

	event.site = 2;
	earlier.site = 1;
	earlier.id = 60;
	earlier.status = "ok";
	ask_facts(&facts);
	json_decref(frames);
}

static void
test_mixed(void)
{
	ask_masks(45, 89, 0, json_pack("[i, i, i]", 2, 89, 48), true);
	EXPECT("axes_mixed", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "two axes of hidden [2, 89, 48] are mixed up: spec_aug_mask is made for its dimension 2 (48), attention_mask for its dimension 1 (89)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the call at model.py:45: where it was called from model.py:41"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "don't give the call at model.py:45 attention_mask, which belongs to dimension 1, or give it one of dimension 2 (48)"));
	ask_masks(45, 89, 0, json_pack("[i, i, i]", 2, 89, 48), false);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give the call at model.py:45 what belongs to one axis alone"));
}

static void
test_not_mixed(void)
{
	ask_masks(45, 89, 0, json_pack("[i, i, i]", 2, 89, 32), true); /* 48 is no axis of it */
	EXPECT("axes_mixed", "");
	ask_masks(45, 89, 0, json_pack("[i, i, i]", 48, 89, 48), true); /* nor one alone */
	EXPECT("axes_mixed", "");
	ask_masks(45, 89, 0, json_pack("[i, i]", 89, 48), true); /* it may be an operand's like */
	EXPECT("axes_mixed", "");
	ask_masks(45, 1, 0, json_pack("[i, i, i]", 2, 89, 48), true); /* the other caller's weren't alike */
	EXPECT("axes_mixed", "");
	ask_masks(45, 89, 3, json_pack("[i, i, i]", 2, 89, 48), true); /* this one's were */
	EXPECT("axes_mixed", "");
	ask_masks(41, 89, 0, json_pack("[i, i, i]", 2, 89, 48), true); /* no other caller */
	EXPECT("axes_mixed", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "two axes of one tensor", test_mixed);
	CU_add_test(suite, "none of one tensor, no other caller", test_not_mixed);
}

int
main(void)
{
	return run_suite("axes mixed", fill);
}
