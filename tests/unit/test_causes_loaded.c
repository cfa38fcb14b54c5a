/* links: schema viewer */
/* A layer that is given another number of channels than its weights, which were loaded, were made for. */
#include "causes_events.h"

static const struct frame loading[] = { { "/p/train.py", "main", 10, 0 }, { "/p/model.py", "load_state_dict", 5, 0 }, { "/p/train.py", "main", 20, 0 },
					{ "/p/train.py", "main", 30, 0 } };
static const struct site places[] = { { 0, 1, 1, 0, &loading[0] }, { 1, 2, 1, 0, &loading[1] }, { 2, 1, 1, 0, &loading[3] } };

/* A convolution for 9, whose weight is made here and copied to at COPIED, is given GIVEN; the configuration has GIVES channels for what comes out. */
static void
ask_convolution(int copied, int gives, int64_t given)
{
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 9,
				    .actual = given };
	struct cause_facts facts = { .mismatch = &differs, .message = "", .source = &source, .last_call = -1,
				     .numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "self.middle.out_channels", "value",
							  (int)given, "name", "self.config.in_channels", "value", 9, "name", "self.config.out_channels", "value", gives) };
	struct event *event;

	start();
	add("aten::empty", 0, 0, 0);
	outputs[0][0] = tensor("output", 11, 12, 9);
	add("aten::copy_", copied, 0, 2);
	operands[1][0] = tensor("self", 11, 12, 9);
	operands[1][1] = tensor("src", 12, 12, 9);
	add("aten::randn", 0, 0, 0);
	outputs[2][0] = tensor("output", 13, 2, given);
	event = add("aten::conv1d", 2, 1, 2);
	operands[3][0] = tensor("input", 13, 2, given);
	operands[3][1] = tensor("weight", 11, 12, 9);
	event->status = "failed";
	facts.event = event;
	for (int i = 0; i < 2; i++) {
		lineage_walk(&source, 0, event, i, 1, LINEAGE_SIZE, &stories[i]);
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 1, .size = i ? 9 : given, .lineage = &stories[i] };
	}
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
}

static void
test_conditioned(void)
{
	ask_convolution(1, 4, 4);
	EXPECT("channels", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("channels", "text"), "its weights are those of a checkpoint, loaded by aten::copy_"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("channels", "text"), "(self.config.in_channels = 9); the model gives back 4 (self.config.out_channels = 4) and takes 5 more"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("channels", "fix"), "join the 5 channels"));
	CU_ASSERT_PTR_NULL(strstr(text_of("channels", "fix"), "in_channels=4"));
	ask_convolution(1, 3, 4); /* it gives back something else */
	CU_ASSERT_PTR_NULL(strstr(text_of("channels", "text"), "gives back"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("channels", "fix"), "give it the 9 channels that the checkpoint was made for"));
	ask_convolution(1, 12, 12); /* nothing is to be joined to what is too much */
	CU_ASSERT_PTR_NULL(strstr(text_of("channels", "fix"), "join the"));
	ask_convolution(0, 4, 4); /* copied to, but not loaded */
	EXPECT("channels", "likely");
	CU_ASSERT_PTR_NULL(strstr(text_of("channels", "text"), "checkpoint"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("channels", "fix"), "in_channels=4"));
}

static void
fill(CU_pSuite suite)
{
	hand.sites = places;
	hand.site_count = COUNT(places);
	source = hand_source(&hand);
	CU_add_test(suite, "what a checkpoint's layer is given too little of", test_conditioned);
}

int
main(void)
{
	return run_suite("causes: loaded layers", fill);
}
