/* links: schema viewer */
/* A cause that tells a size which was rounded up to a multiple from the one it was rounded from. */
#include "causes_asked.h"

static const struct operand apart[] = { TENSOR("self", 1, 4, 27), TENSOR("other", 2, 4, 32) };
static const struct operand far[] = { TENSOR("self", 1, 4, 27), TENSOR("other", 2, 4, 40) };
static const struct operand size[] = { VALUE("size", "int[]", "[4, 27]") };
static const struct operand self[] = { TENSOR("self", 9, 4, 32) };

/* The second operand came in with MANY, the first was asked for with FEW. */
static void
made(int64_t many, int64_t few)
{
	add_step(0, 95, "aten::lift_fresh", self, 1, 1, many);
	add_step(1, 96, "aten::zeros", size, 1, 1, few);
}

static void
test_named(void)
{
	const struct event a = EVENT("aten::mul", apart), b = EVENT("aten::mul", far);

	made(32, 27);
	ask(&a, "", NULL, number("args.pad_to_multiple_of", 8));
	EXPECT("padded_to_multiple", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "32 is 27 rounded up to a multiple of 8 (args.pad_to_multiple_of = 8): self was made of what wasn't padded"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make self of what is padded already (32)"));
	ask(&a, "", NULL, number("args.pad_to_multiple_of", 5)); /* 27 would be 30 */
	EXPECT("padded_to_multiple", "");
	ask(&a, "", NULL, number("args.batch_size", 8));
	EXPECT("padded_to_multiple", "");
	ask(&b, "", NULL, number("args.pad_to_multiple_of", 8)); /* not the next multiple */
	EXPECT("padded_to_multiple", "");
	calls = 20;
	was[0].smallest = was[1].smallest = 24;
	was[0].largest = was[1].largest = 61; /* it was no multiple before */
	ask(&a, "", NULL, number("args.pad_to_multiple_of", 8));
	EXPECT("padded_to_multiple", "");
	was[0].largest = was[1].largest = 64;
	ask(&a, "", NULL, number("args.pad_to_multiple_of", 8));
	EXPECT("padded_to_multiple", "likely");
	forget();
}

/* It had 32 itself, and was cut. */
static void
test_cut(void)
{
	const struct event a = EVENT("aten::mul", apart);

	made(32, 27);
	stories[1].steps[1] = stories[1].steps[0];
	stories[1].steps[1].size = 32;
	stories[1].count = 2;
	ask(&a, "", NULL, number("args.pad_to_multiple_of", 8));
	EXPECT("padded_to_multiple", "");
	forget();
}

/* No frame holds it, the program's file does. */
static void
test_set(void)
{
	static struct settings set = { .file_count = 1, .files = { "/run/train.py" } };
	const struct event a = EVENT("aten::mul", apart);

	settings_add_line(&set, "batch = tokenizer.pad(rows, pad_to_multiple_of=8)", 0, 12);
	settings = &set;
	made(32, 27);
	ask(&a, "", NULL, NULL);
	EXPECT("padded_to_multiple", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(pad_to_multiple_of, train.py:12)"));
	set.list[0].value = 2; /* every other size is a multiple */
	ask(&a, "", NULL, NULL);
	EXPECT("padded_to_multiple", "");
	settings = NULL;
	forget();
}

/* The causes of two sides that had LENGTHS in 60 calls. */
static void
ask_lengths(const struct event *event, const struct call_history *lengths)
{
	static struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1 };
	struct hand hand = { .history = lengths };
	struct source source = hand_source(&hand);
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = 60, .calls = 60, .agreed = 60 };

	text_format(differs.text, sizeof(differs.text), "they differ");
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = !i, .dim = 1, .size = event->operands[!i].sizes[1], .lineage = &stories[i], .calls = 60,
						      .smallest = lengths->sizes[0], .largest = lengths->sizes[2] };
	json_decref(causes);
	causes = causes_build(&facts);
}

/* No number is called so, but all lengths were multiples of 8. */
static void
test_lengths(void)
{
	struct event a = EVENT("aten::mul", apart);
	struct call_history lengths = { .calls = 60, .measured = 60, .smallest = 16, .largest = 48, .sizes = { 16, 40, 48 }, .size_count = 3 };

	a.site = 7;
	made(32, 27);
	ask_lengths(&a, &lengths);
	EXPECT("padded_to_multiple", "possible");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("padded_to_multiple", "text"), "a multiple of 8, as all 60 calls before had (3 different lengths)"));
	lengths.sizes[1] = 44;
	ask_lengths(&a, &lengths);
	EXPECT("padded_to_multiple", "");
	lengths.sizes[1] = 40;
	lengths.size_count = 2; /* too few to tell */
	ask_lengths(&a, &lengths);
	EXPECT("padded_to_multiple", "");
	forget();
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a number that is called so", test_named);
	CU_add_test(suite, "cut from it", test_cut);
	CU_add_test(suite, "an argument in the program's file", test_set);
	CU_add_test(suite, "lengths that all were multiples", test_lengths);
}

int
main(void)
{
	return run_suite("padded to a multiple", fill);
}
