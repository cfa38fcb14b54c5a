/* links: schema viewer */
/* A size that had to be a multiple of another: what the message tells, and the tensor that has it. */
#include <CUnit/Basic.h>

#include "analysis_events.h"
#include "viewer/analysis/multiple.h"
#include "viewer/analysis/text.h"

static const char einops[] = "Error while processing rearrange-reduction pattern \"b (c s) d -> b c s d\".\n Input tensor shape: torch.Size([2, 30, 8]). Additional info: "
			     "{'s': 4}.\n Shape mismatch, can't divide axis of length 30 in chunks of 4";

static bool
tells(const char *message, int64_t whole, int64_t part)
{
	int64_t a = -1, b = -1;

	return multiple_told(message, &a, &b) && a == whole && b == part;
}

static void
test_told(void)
{
	CU_ASSERT_TRUE(tells(einops, 30, 4));
	CU_ASSERT_TRUE(tells("sequence length 30 must be a multiple of the chunk size 4", 30, 4));
	CU_ASSERT_TRUE(tells("Height (30) must be divisible by the patch size (4).", 30, 4));
	CU_ASSERT_FALSE(tells("sequence length 32 must be a multiple of the chunk size 4", 32, 4)); /* it is */
	CU_ASSERT_FALSE(tells("hidden_size must be divisible by num_heads", -1, -1));
	CU_ASSERT_FALSE(tells("[2, 30] must be divisible by 4", 30, 4)); /* a shape: which of its sizes isn't said */
	CU_ASSERT_FALSE(tells("layer3 can't be divided by 2", 3, 2));    /* a name's digit */
	CU_ASSERT_FALSE(tells(NULL, -1, -1));
	CU_ASSERT_FALSE(tells("a multiple of", -1, -1));
}

/* The mismatch for MESSAGE where the checking function holds LOCALS, and NUMBER is within its reach; "". */
static const char *
text_of(const char *message, const char *locals, int number)
{
	static const struct process processes[] = { { .file = "x.db", .role = "rank", .status = "failed" } };
	static struct hand hand = { .processes = processes, .process_count = 1 };
	static struct mismatch found;
	struct source source = hand_source(&hand);
	json_t *frames = json_pack("[{s:s, s:s, s:i, s:o}, {s:s, s:s, s:i, s:[]}]", "file", "/p/site-packages/einops/einops.py", "function", "reduce", "line", 5, "locals",
				   json_loads(locals, 0, NULL), "file", "/x/train.py", "function", "forward", "line", 7, "locals");
	json_t *python = json_pack("{s:[{s:i, s:[{s:s, s:i}]}]}", "numbers", "frame", 0, "numbers", "name", "s", "value", number);
	struct note note = { .kind = "exception", .event = -1, .json = python };
	struct failure failure = { .kind = "python", .context_event = -1, .link = -1, .message = message, .type = "EinopsError", .note = &note };
	struct subject *out = calloc(1, sizeof(*out));

	found.text[0] = 0;
	if (out && !multiple_subject(&source, &failure, frames, out, &found))
		found.text[0] = 0;
	else if (out)
		CU_ASSERT_EQUAL(found.expected, 4);
	free(out);
	json_decref(frames);
	json_decref(python);
	return found.text;
}

static void
test_subject(void)
{
	static const char plain[] = "length 30 must be a multiple of 4";

	CU_ASSERT_STRING_EQUAL(text_of(einops, "[{\"name\":\"tensor\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[2,30,8]}]", 4), "tensor has 30 in dimension 1, no multiple of 4");
	CU_ASSERT_STRING_EQUAL(text_of(einops, "[{\"name\":\"tensor\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[2,30,8]}]", 9), "tensor has 30 in dimension 1, no multiple of 4");
	CU_ASSERT_STRING_EQUAL(text_of(einops, "[{\"name\":\"x\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[30,8]}]", 4), ""); /* another shape than is told */
	CU_ASSERT_STRING_EQUAL(text_of(plain, "[{\"name\":\"x\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[30,8]}]", 4), "x has 30 in dimension 0, no multiple of 4");
	CU_ASSERT_STRING_EQUAL(text_of(plain, "[{\"name\":\"x\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[30,8]}]", 9), ""); /* the message alone */
	CU_ASSERT_STRING_EQUAL(text_of(plain, "[{\"name\":\"x\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[30,30]}]", 4), ""); /* which of the two? */
	CU_ASSERT_STRING_EQUAL(text_of(plain, "[]", 4), "");
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("multiples", NULL, NULL);
	CU_add_test(suite, "what is told", test_told);
	CU_add_test(suite, "whose size it is", test_subject);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
