/* links: schema viewer */
/* Sizes that torch.compile tells as symbols. */
#include "causes_asked.h"
#include "viewer/analysis/failure/compiled.h"
#include "viewer/analysis/failure/compiled_call.h"
#include "viewer/analysis/failure/compiled_lengths.h"
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

#define ATTENTION "RuntimeError when making fake tensor call: Dynamo failed to run FX node with fake tensors: call_function <built-in function " \
	"scaled_dot_product_attention>(*(FakeTensor(..., size=(2, 4, s27, 8)), FakeTensor(..., size=(2, %s, s27, 8)), FakeTensor(..., size=(2, %s, s27, 8))%s), " \
	"**{%s'dropout_p': 0.0, 'scale': 0.3535533905932738, 'is_causal': False}): got RuntimeError('The size of tensor a (s27: hint = 128) must match the size " \
	"of tensor b (s4: hint = 96) at non-singleton dimension 3)')\n  line 2 in dimension 4"
#define SHORT_MASK "FakeTensor(..., size=(2, 1, s4, s4), dtype=torch.bool)"

/* What disagrees in a call of attention: heads of keys and values, arguments by place, by keyword. */
static bool
ask_attention(const char *heads, const char *places, const char *keywords, struct subject *subject, struct mismatch *found)
{
	char message[1600];

	text_format(message, sizeof(message), ATTENTION, heads, heads, places, keywords);
	return compiled_subject(subject, message, NULL, found);
}

static void
test_attention(void)
{
	static const char wide[] = "FakeTensor(..., size=(1, s27)), ";
	static struct subject subject;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(ask_attention("4", "", "'attn_mask': " SHORT_MASK ", ", &subject, &found));
	CU_ASSERT_STRING_EQUAL(subject.event.operation, "aten::scaled_dot_product_attention");
	CU_ASSERT_STRING_EQUAL(found.text, "attn_mask has 96 in dimension 3 where dimension 2 of key has 128");
	CU_ASSERT_FALSE(found.from_message);
	CU_ASSERT_TRUE_FATAL(ask_attention("4", ", " SHORT_MASK, "", &subject, &found)); /* by its place */
	CU_ASSERT_STRING_EQUAL(found.text, "attn_mask has 96 in dimension 3 where dimension 2 of key has 128");
	CU_ASSERT_TRUE_FATAL(ask_attention("2", ", None, 0.0, True", "'enable_gqa': True, 'attn_mask': " SHORT_MASK ", ", &subject, &found)); /* fewer heads may be */
	CU_ASSERT_STRING_EQUAL(found.text, "attn_mask has 96 in dimension 3 where dimension 2 of key has 128");
	CU_ASSERT_TRUE_FATAL(ask_attention("2", "", "'enable_gqa': False, ", &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.text, "key has 2 in dimension 1 where query has 4");
	CU_ASSERT_FALSE(ask_attention("4", "", "", &subject, &found)); /* no numbers of the arguments, nor of what follows, are told for what torch said */
	CU_ASSERT_FALSE(ask_attention("4", "", "'attn_mask': ", &subject, &found));
	text_format(subject.names[0], sizeof(subject.names[0]), "'attn_mask': %s", wide);
	CU_ASSERT_FALSE(ask_attention("4", "", subject.names[0], &subject, &found)); /* it fits every row */
}

static void
test_arguments(void)
{
	static const char cat[] = "fake tensors: call_function <built-in method cat of type object at 0x7f>(*([FakeTensor(..., size=(3, 4)), FakeTensor(..., size=(3, 5))]%s), "
				  "**{%s}): got RuntimeError('Sizes of tensors must match')";
	static struct subject subject;
	struct mismatch found;
	struct compiled_call call;
	char message[400], name[16], answer[64];

	text_format(message, sizeof(message), cat, ", 1", "");
	CU_ASSERT_FALSE(compiled_subject(&subject, message, NULL, &found));
	text_format(message, sizeof(message), cat, "", "'dim': -1");
	CU_ASSERT_FALSE(compiled_subject(&subject, message, NULL, &found));
	text_format(message, sizeof(message), cat, "", "'dim': 0");
	CU_ASSERT_TRUE(compiled_subject(&subject, message, NULL, &found));
	CU_ASSERT_EQUAL(found.dim, 1);
	compiled_start(&call, compiled_find_call("fake tensors: call_method view(*(x[1, 2], (3, 4)), **{'a': f(5, 6), 'b': 7})", name, sizeof(name)));
	CU_ASSERT(compiled_next_argument(&call) && call.place == 0 && !*call.keyword && call.end - call.at == 7);
	CU_ASSERT(compiled_next_argument(&call) && call.place == 1 && *call.at == '(' && call.end - call.at == 6);
	CU_ASSERT(compiled_next_argument(&call) && strcmp(call.keyword, "a") == 0 && call.end - call.at == 7);
	CU_ASSERT(compiled_next_argument(&call) && strcmp(call.keyword, "b") == 0 && *call.at == '7');
	CU_ASSERT_FALSE(compiled_next_argument(&call));
	CU_ASSERT_TRUE(compiled_answer("fake tensors: call_method view(*(4), **{}): got RuntimeError('2')\n  Hint: 3", answer, sizeof(answer)));
	CU_ASSERT_STRING_EQUAL(answer, "RuntimeError('2')");
	CU_ASSERT_FALSE(compiled_answer("fake tensors: call_method view(*(x), **{})", answer, sizeof(answer)));
	CU_ASSERT_FALSE(compiled_answer("): got no tensors", answer, sizeof(answer)));
	CU_ASSERT_STRING_EQUAL(compiled_argument_name("conv2d", 6), "groups");
	CU_ASSERT_PTR_NULL(compiled_argument_name("conv2d", 7));
	CU_ASSERT_PTR_NULL(compiled_argument_name("linear", 5));
}

/* The two sizes that torch tells are what is told, or nothing is. */
static void
test_told_sizes(void)
{
	static const char unknown[] = "fake tensors: call_function <built-in function erfcx2>(*(FakeTensor(..., size=(3, s27)), FakeTensor(..., size=(3, %d))), **{}): got "
				      "RuntimeError('The size of tensor a (s27: hint = 128) must match the size of tensor b (96) at non-singleton dimension 3)')";
	static struct subject subject;
	struct mismatch found;
	char message[400];

	text_format(message, sizeof(message), unknown, 96);
	CU_ASSERT_TRUE(compiled_subject(&subject, message, NULL, &found));
	CU_ASSERT(found.expected + found.actual == 224 && found.dim == 1 && found.from_message);
	text_format(message, sizeof(message), unknown, 64);
	CU_ASSERT_FALSE(compiled_subject(&subject, message, NULL, &found)); /* the 3 is no size */
}

#define SUM "RuntimeError when making fake tensor call: Dynamo failed to run FX node with fake tensors: call_function <built-in function mul>(*(" \
	"FakeTensor(..., size=(s77, %s, 32), grad_fn=<TanhBackward0>), FakeTensor(..., size=(s77, %s, 1))), **{}): got RuntimeError('The size of tensor a (%s) must " \
	"match the size of tensor b (%s) at non-singleton dimension %d)')"

/* What disagrees in a sum of two sizes, in dimension TOLD, where the variables are x of [4, X] and y of [4, Y]. */
static bool
ask_sum(const char *one, const char *other, int told, int x, int y, struct mismatch *found, struct compiled_lengths *lengths)
{
	static struct subject subject;
	static json_t *variables;
	char message[800];

	json_decref(variables);
	variables = frames(x, y);
	text_format(message, sizeof(message), SUM, one, other, one, other, told);
	if (!compiled_subject(&subject, message, variables, found))
		return false;
	if (!compiled_lengths(message, &subject.event, found, variables, lengths))
		lengths->length = 0;
	return true;
}

static void
test_lengths(void)
{
	struct compiled_lengths lengths;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(ask_sum("(((s27 - 1)//4)) + 1", "(s98//4)", 1, 62, 62, &found, &lengths));
	CU_ASSERT_STRING_EQUAL(found.text, "other has 15 in dimension 1 where self has 16");
	CU_ASSERT_EQUAL(lengths.length, 62);
	CU_ASSERT_EQUAL(lengths.dim, 1);
	CU_ASSERT_EQUAL(lengths.multiple, 4);
	CU_ASSERT_TRUE(lengths.only);
	CU_ASSERT_STRING_EQUAL(text_get(lengths.local, "name"), "x");
	CU_ASSERT_STRING_EQUAL(lengths.sizes[0], "n//4"); /* of what is explained: the second */
	CU_ASSERT_STRING_EQUAL(lengths.sizes[1], "((n - 1)//4) + 1");
	CU_ASSERT_FALSE(ask_sum("(((s27 - 1)//4)) + 1", "(s98//4)", 1, 64, 64, &found, &lengths)); /* it fits */
	CU_ASSERT_FALSE(ask_sum("(((s27 - 1)//4)) + 1", "(s98//4)", 1, 62, 30, &found, &lengths)); /* which went in where, nothing tells */
	CU_ASSERT_FALSE(ask_sum("(((s27 - 1)//4)) + 1", "(s98//4)", 2, 62, 62, &found, &lengths)); /* torch tells of another dimension */
	CU_ASSERT_FALSE(ask_sum("Mod(s27, 4)", "(s98//4)", 1, 62, 62, &found, &lengths));
	CU_ASSERT_TRUE_FATAL(ask_sum("s27 + 1", "s27", 1, 62, 62, &found, &lengths)); /* never agree: nothing is rounded */
	CU_ASSERT(found.actual + found.expected == 125 && lengths.length == 0);
	CU_ASSERT_TRUE_FATAL(ask_sum("2*((s27//2))", "s27", 1, 63, 63, &found, &lengths));
	CU_ASSERT(found.actual + found.expected == 125 && lengths.length == 63 && lengths.multiple == 2 && lengths.only);
	CU_ASSERT_TRUE_FATAL(ask_sum("7", "(s27//4)", 1, 62, 62, &found, &lengths)); /* one side is as ever */
	CU_ASSERT(found.actual + found.expected == 22 && lengths.length == 0);
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "expressions", test_value);
	CU_add_test(suite, "a view of symbols", test_subject);
	CU_add_test(suite, "attention, its mask and its heads", test_attention);
	CU_add_test(suite, "the sizes that torch tells", test_told_sizes);
	CU_add_test(suite, "two sizes of one length", test_lengths);
	CU_add_test(suite, "arguments by place and by keyword", test_arguments);
}

int
main(void)
{
	return run_suite("compiled symbols", fill);
}
