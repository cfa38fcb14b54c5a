/* links: schema viewer */
/* What is repeated for each of a batch and had one for each already. */
#include "causes_asked.h"

/* Self, the mismatch's second, has LARGE, by repeats of what had FROM; a cat of two pieces of FROM / 2 is before that where JOINED. The other has 2 x 16 and was never repeated. */
static void
ask_repeated(const char *operation, int64_t from, int64_t large, bool joined, int64_t before)
{
	const struct operand pair[] = { TENSOR("self", 1, large, 16), TENSOR("other", 2, 2, 16) }, given[] = { TENSOR("self", 3, from, 16) }, made[] = { TENSOR("out", 1, large, 16) },
			     pieces[] = { ITEM("tensors[0]", 0, 5, from / 2, 16), ITEM("tensors[1]", 1, 6, from / 2, 16), VALUE("dim", "int", "0") }, cat[] = { TENSOR("out", 3, from, 16) };
	const struct event event = EVENT("aten::add", pair);

	calls = before;
	add_step(1, 20, operation, given, 1, 0, large);
	stories[1].steps[0].event.outputs = made;
	stories[1].steps[0].event.output_count = 1;
	if (joined) {
		add_step(1, 19, "aten::cat", pieces, 3, 0, from);
		stories[1].steps[1].event.outputs = cat;
		stories[1].steps[1].event.output_count = 1;
		stories[1].decider = 0;
	}
	add_step(0, 18, "aten::rand", NULL, 0, 0, 2);
	ask(&event, "The size of tensor a (4) must match the size of tensor b (2) at non-singleton dimension 0", NULL, NULL);
	forget();
}

static void
test_repeated(void)
{
	ask_repeated("aten::repeat_interleave", 2, 4, false, 0);
	EXPECT("repeated_already", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("repeated_already", "text"), "self had 2, as many as other has, before it was repeated 2 times to 4 by aten::repeat_interleave"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("repeated_already", "fix"), "for one of the 2 at a time"));
	ask_repeated("aten::repeat", 2, 6, false, 0); /* for something else: it may be the other that lacks it */
	EXPECT("repeated_already", "");
	ask_repeated("aten::repeat", 2, 4, true, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("repeated_already", "fix"), "leave one of the two out"));
	ask_repeated("aten::repeat_interleave", 1, 4, false, 0); /* it had another size */
	EXPECT("repeated_already", "");
	ask_repeated("aten::add", 2, 4, false, 0);
	EXPECT("repeated_already", "");
	ask_repeated("aten::repeat_interleave", 2, 4, false, 9); /* as in calls that went well */
	EXPECT("repeated_already", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "repeated already", test_repeated);
}

int
main(void)
{
	return run_suite("causes repeated", fill);
}
