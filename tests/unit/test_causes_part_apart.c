/* links: schema viewer */
/* Two sizes that were each put together of parts, which agree but one. */
#include "causes_events.h"

static struct event *
put_together(int site, int64_t output, int64_t one, int64_t first, int64_t other, int64_t second)
{
	struct event *cat = add("aten::cat", site, 1, 3);
	int n = hand.event_count - 1;

	operands[n][0] = tensor("tensors[0]", one, 3, first);
	operands[n][1] = tensor("tensors[1]", other, 3, second);
	operands[n][2] = value("dim", "1");
	outputs[n][0] = tensor("output", output, 3, first + second);
	return cat;
}

static void
make(const char *operation, int site, int64_t output, int64_t size)
{
	add(operation, site, 1, 0);
	outputs[hand.event_count - 1][0] = tensor("output", output, 3, size);
}

/* FRONT + (EMBEDS - FRONT) and TEXT are put together to what meets a bias, filled where a mask of COUNTED and TEXT2 says so, or (not MASKED) of just as many as that. */
static void
ask_apart(int64_t front, int64_t embeds, int64_t text, int64_t counted, int64_t text2, bool masked)
{
	const struct operand pair[] = { TENSOR("self", 62, 3, embeds + text), TENSOR("other", 81, 3, counted + text2) };
	struct event event = EVENT("aten::add", pair);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = embeds + text,
				    .actual = counted + text2 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = 1,
				     .sides = { { .place = 1, .dim = 1, .size = counted + text2, .lineage = &stories[0] }, { .place = 0, .dim = 1, .size = embeds + text, .lineage = &stories[1] } } };
	int n;

	start();
	make("aten::rand", 0, 50, front);
	make("aten::rand", 0, 51, embeds - front);
	put_together(0, 60, 50, front, 51, embeds - front);
	make("aten::rand", 1, 61, text);
	put_together(2, 62, 60, embeds, 61, text);
	make("aten::ones", 3, 70, counted);
	make("aten::rand", 3, 71, text2);
	put_together(3, 72, 70, counted, 71, text2);
	make("aten::zeros", 4, 80, counted + text2);
	add("aten::masked_fill", 4, 1, 2);
	n = hand.event_count - 1;
	operands[n][0] = tensor("self", 80, 3, counted + text2);
	operands[n][1] = tensor("mask", masked ? 72 : 99, 3, counted + text2);
	outputs[n][0] = tensor("output", 81, 3, counted + text2);
	source = hand_source(&hand);
	lineage_walk_tensor(&source, 0, 81, 99, 1, LINEAGE_SIZE, &stories[0]);
	lineage_walk_tensor(&source, 0, 62, 99, 1, LINEAGE_SIZE, &stories[1]);
	ask_facts(&facts);
}

static void
test_apart(void)
{
	ask_apart(2, 17, 13, 16, 13, true);
	EXPECT("part_apart", "likely");
	EXPECT("two_ways", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self has 30 = 17 + 13, put together by aten::cat at train.py:30"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "other has 29 = 16 + 13, put together by aten::cat at train.py:31: all parts agree but number 0 (from 0), 17 against 16"));
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "class token"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make that part of other 17 instead of 16"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "the 16 was decided by aten::ones"));
	ask_apart(1, 17, 13, 16, 13, true);
	EXPECT("part_apart", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "17 against 16, which lacks the one that was put in front (a class token)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "leave that one out where the 17 are taken (x[:, 1:]), before aten::cat at train.py:30; or make that part of other 17"));
	ask_apart(8, 24, 13, 16, 13, true); /* 8 more are in front of just as many */
	EXPECT("part_apart", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "24 against 16, to which 8 more were joined"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give that part of other the same 8 more, at the same end, or leave them out of self: aten::cat at train.py:10"));
	ask_apart(2, 17, 13, 17, 11, true); /* the other part */
	EXPECT("part_apart", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "number 1 (from 0), 13 against 11"));
	ask_apart(2, 17, 12, 16, 14, true); /* both parts */
	EXPECT("part_apart", "");
	ask_apart(2, 17, 13, 16, 13, false); /* of no parts */
	EXPECT("part_apart", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "one part of each differs", test_apart);
}

int
main(void)
{
	return run_suite("causes: parts", fill);
}
