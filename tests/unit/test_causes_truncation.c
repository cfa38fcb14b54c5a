/* links: schema viewer */
/* What a library's call of the program pads to a length and doesn't cut to it. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-truncation-XXXXXX.py";

/* Sizes of 20 that were 16 in 30 earlier calls (or up to LARGEST from SMALLEST), made by LIBRARY's code that STATEMENT calls. */
static void
ask_made(const char *statement, const char *library, int64_t smallest, int64_t largest)
{
	static struct news news;
	const struct operand pair[] = { TENSOR("self", 1, 4, 20), TENSOR("other", 2, 16) }, raw[] = { TENSOR("self", 3, 4, 20) };
	const struct frame frames[] = { { .file = library, .function = "pad", .line = 9 }, { .file = path, .function = "collate", .line = 2 } };
	const struct site sites[] = { { .id = 10, .frame_count = 2, .frames = frames } };
	struct hand hand = { .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	const struct event event = EVENT("aten::add", pair);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 16, .actual = 20 };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .last_call = -1,
				     .sides = { { .place = 0, .dim = 1, .size = 20, .lineage = &stories[0] }, { .place = 1, .dim = 0, .size = 16 } } };

	write_program(path, "def collate(rows):\n    %s\n", statement);
	add_step(0, 10, "aten::lift_fresh", raw, 1, 1, 20);
	news = (struct news){ .count = 1, .steps = { { .step = stories[0].steps[0], .usual = { .calls = 30, .smallest = smallest, .largest = largest } } }, .change.step.event.id = -1 };
	facts.sides[0].news = &news;
	ask_facts(&facts);
}

static void
test_truncation(void)
{
	static const char extractor[] = "/x/site-packages/transformers/feature_extraction_utils.py", tokenizer[] = "/x/site-packages/transformers/tokenization_utils_base.py";

	ask_made("return extractor(rows, padding=\"max_length\", max_length=16, truncation=False)", extractor, 16, 16);
	EXPECT("not_truncated", "likely");
	EXPECT("first_new", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), ":2 pads to a length and doesn't cut to it (truncation=False): it made 20 of what was longer, where all 30 earlier calls made 16"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give that call truncation=True"));
	ask_made("return extractor(rows, padding='max_length', max_length=16)", extractor, 16, 16); /* it may cut by itself */
	EXPECT("not_truncated", "");
	ask_made("return tokenizer(rows, padding='max_length', max_length=16)", tokenizer, 16, 16); /* that doesn't */
	EXPECT("not_truncated", "likely");
	ask_made("return tokenizer(rows, padding='max_length', truncation=True, max_length=16)", tokenizer, 16, 16);
	EXPECT("not_truncated", "");
	ask_made("return tokenizer(rows, padding=True)", tokenizer, 16, 16); /* to the longest */
	EXPECT("not_truncated", "");
	ask_made("return tokenizer(rows, padding='max_length', max_length=16)", tokenizer, 9, 16); /* lengths of all kinds */
	EXPECT("not_truncated", "");
	ask_made("return tokenizer(rows, padding='max_length', max_length=16)", tokenizer, 24, 24); /* it is shorter */
	EXPECT("not_truncated", "");
}

/* FIRST to LAST are stacked, each made by the library that STATEMENT calls; the first of two sizes differ. */
static void
ask_stacked(const char *statement, int64_t first, int64_t second, int64_t third, int64_t last, bool twins)
{
	const int64_t sizes[][2] = { { 8, first }, { 8, second }, { 8, third }, { 8, last } };
	struct operand items[4];
	const struct frame frames[] = { { .file = "/x/site-packages/transformers/feature_extraction_utils.py", .function = "pad", .line = 9 }, { .file = path, .function = "get", .line = 2 } };
	const struct site sites[] = { { .id = 10, .frame_count = 2, .frames = frames }, { .id = 11, .frame_count = 2, .frames = frames } };
	struct hand hand = { .sites = sites, .site_count = 2 };
	struct source source = hand_source(&hand);
	struct event event = EVENT("aten::stack", items);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = first, .actual = second };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .last_call = -1, .twins = twins,
				     .sides = { { .place = 1, .dim = 1, .size = second, .lineage = &stories[0] }, { .place = 0, .dim = 1, .size = first, .lineage = &stories[1] } } };

	for (int i = 0; i < 4; i++)
		items[i] = (struct operand){ .name = "tensors", .kind = "tensor", .item = i, .ndim = 2, .sizes = sizes[i], .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = 1 + i };
	write_program(path, "def get(row):\n    %s\n", statement);
	add_step(0, 11, "aten::lift_fresh", &items[1], 1, 1, second);
	add_step(1, 10, "aten::lift_fresh", &items[0], 1, 1, first);
	ask_facts(&facts);
}

static void
test_stacked(void)
{
	static const char untouched[] = "return extract(row, padding=\"max_length\", max_length=LENGTH, truncation=False)";

	ask_stacked(untouched, 16, 20, 16, 18, true);
	EXPECT("longer_than_padded", "likely");
	EXPECT("ragged_list", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "2 of 4 have that length, 16 in dimension 1, and number 1 ("));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "has 20; 2 of them are longer"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"), "max_length=LENGTH"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give that call truncation=True"));
	ask_stacked(untouched, 20, 16, 16, 16, true); /* the first is the long one */
	EXPECT("longer_than_padded", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "3 of 4 have that length, 16 in dimension 1, and number 0 ("));
	ask_stacked(untouched, 16, 20, 12, 16, true); /* one is smaller: it isn't what all are padded to */
	EXPECT("longer_than_padded", "");
	EXPECT("ragged_list", "likely");
	ask_stacked(untouched, 16, 20, 18, 17, true); /* one alone has it */
	EXPECT("longer_than_padded", "");
	ask_stacked(untouched, 16, 20, 16, 16, false); /* of another make */
	EXPECT("longer_than_padded", "");
	ask_stacked("return extract(row, padding=\"max_length\", max_length=LENGTH, truncation=True)", 16, 20, 16, 16, true);
	EXPECT("longer_than_padded", "");
	ask_stacked("return extract(row, padding=True, truncation=False)", 16, 20, 16, 16, true);
	EXPECT("longer_than_padded", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "samples longer than what they are padded to", test_stacked);
	CU_add_test(suite, "padded to a length, not cut to it", test_truncation);
}

int
main(void)
{
	return run_suite_with(path, "", "what isn't cut", fill);
}
