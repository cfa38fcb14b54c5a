/* links: schema viewer */
/* Sizes that torch.compile tells as symbols. */
#include "causes_asked.h"
#include "viewer/analysis/failure/compiled.h"
#include "viewer/analysis/failure/compiled_symbols.h"

#define CALL "RuntimeError when making fake tensor call: Dynamo failed to run FX node with fake tensors: call_method view(*("
#define END ", **{}): got RuntimeError(\"shape is invalid\")"

static int64_t
value_is(const char *text)
{
	int64_t value;

	return compiled_value(text, text + strlen(text), &value) ? value : -1000;
}

static void
test_value(void)
{
	CU_ASSERT_EQUAL(value_is("12"), 12);
	CU_ASSERT_EQUAL(value_is("-1"), -1);
	CU_ASSERT_EQUAL(value_is("(42//8)"), 5);
	CU_ASSERT_EQUAL(value_is("8*(42//8) + 2 - 1"), 41);
	CU_ASSERT_EQUAL(value_is("((42 + 1)//2)"), 21);
	CU_ASSERT_EQUAL(value_is("(s27//8)"), -1000);
	CU_ASSERT_EQUAL(value_is("42//0"), -1000);
	CU_ASSERT_EQUAL(value_is("4**2"), -1000);
	CU_ASSERT_EQUAL(value_is("(4"), -1000);
	CU_ASSERT_EQUAL(value_is("4, 5"), -1000);
	CU_ASSERT_EQUAL(value_is(""), -1000);
	CU_ASSERT_EQUAL(value_is("999999999999999999*9999999"), -1000);
}

/* The variables of a frame: x of [4, X], y of [4, Y]. */
static json_t *
frames(int x, int y)
{
	return json_pack("[{s:s}, {s:s, s:[{s:s, s:s, s:i, s:[i, i]}, {s:s, s:s, s:i, s:[i, i]}, {s:s, s:s, s:i, s:[i]}]}]", "file", "/x/torch/_dynamo/utils.py", "file", "train.py",
			 "locals", "name", "x", "kind", "tensor", "tensor", 5, "shape", 4, x, "name", "y", "kind", "tensor", "tensor", 6, "shape", 4, y, "name", "z", "kind", "tensor",
			 "tensor", 7, "shape", 4);
}

static void
test_subject(void)
{
	static struct subject subject;
	struct mismatch found;
	json_t *two = frames(42, 42);

	CU_ASSERT_TRUE_FATAL(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, (s27//8), 8, 3, 4, 8)" END, two, &found));
	CU_ASSERT_STRING_EQUAL(subject.event.operation, "aten::view");
	CU_ASSERT_STRING_EQUAL(found.property, "numel");
	CU_ASSERT_STRING_EQUAL(subject.operands[1].value, "[4,5,8,3,4,8]");
	CU_ASSERT(subject.operands[0].sizes[0] == 4 && subject.operands[0].sizes[1] == 42 && subject.operands[0].sizes[2] == 96);
	CU_ASSERT_EQUAL(compiled_entered(two, 1, 42), 5);
	CU_ASSERT_EQUAL(compiled_entered(two, 1, 96), -1);
	CU_ASSERT_TRUE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), (s23, (s27//8), 8, 96))" END, two, &found)); /* sizes as one */
	CU_ASSERT_STRING_EQUAL(subject.operands[1].value, "[4,5,8,96]");
	CU_ASSERT_FALSE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, (s27//7), 7, 96)" END, two, &found)); /* it fits */
	CU_ASSERT_FALSE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, Mod(s27, 8), 8, 96)" END, two, &found));
	CU_ASSERT_FALSE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, s30)), s23, (s27//8), 8, s30)" END, two, &found)); /* s30 is no variable's */
	CU_ASSERT_FALSE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, (s27//8), 8, 96)" END, NULL, &found));
	json_decref(two);
	two = frames(32, 42); /* one of which fits */
	CU_ASSERT_TRUE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, (s27//8), 8, 96)" END, two, &found));
	CU_ASSERT_STRING_EQUAL(subject.operands[1].value, "[4,5,8,96]");
	json_decref(two);
	two = frames(41, 42); /* none of which does: which went in, nothing tells */
	CU_ASSERT_FALSE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, (s27//8), 8, 96)" END, two, &found));
	CU_ASSERT_TRUE(compiled_subject(&subject, CALL "FakeTensor(..., size=(s23, s27, 96)), s23, (s27//8), 8, 96)" END " (s27: hint = 42) (s23: hint = 4)", two, &found));
	json_decref(two);
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "expressions", test_value);
	CU_add_test(suite, "a view of symbols", test_subject);
}

int
main(void)
{
	return run_suite("compiled symbols", fill);
}
