/* links: schema viewer */
/* What is made no longer than a limit, where what it belongs to isn't held to it. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-capped-XXXXXX.py";

/* A mask of 96 (which its line made of up to LARGEST before) meets OTHER: made at line 2 of a program that goes on with BODY, called at LINE there (0: by nobody). */
static void
ask_capped(const char *body, int line, int64_t largest, int64_t other, json_t *numbers)
{
	const struct operand pair[] = { TENSOR("self", 1, 4, other), TENSOR("other", 2, 96) }, none[] = { VALUE("size", "int[]", "[96]") };
	const struct frame frames[] = { { .file = path, .function = "Packer.mask", .line = 2 }, { .file = path, .function = "collate", .line = line } };
	const struct site sites[] = { { .id = 10, .frame_count = line ? 2 : 1, .frames = frames } };
	struct hand hand = { .sites = sites, .site_count = 1 };
	struct source source = hand_source(&hand);
	const struct event event = EVENT("aten::add", pair);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 96, .actual = other };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &source, .numbers = numbers, .last_call = -1,
				     .sides = { { .place = 0, .dim = 1, .size = other }, { .place = 1, .dim = 0, .size = 96, .calls = largest ? 9 : 0, .smallest = largest,
									     .largest = largest } } };

	write_program(path, "%s", body);
	add_step(1, 10, "aten::zeros", none, 1, 0, 96);
	facts.sides[1].lineage = &stories[1];
	ask_facts(&facts);
	json_decref(numbers);
}

#define GIVEN(width) "def mask(self, lengths, width, *, kind=None):\n    seg = torch.zeros(width)\n\ndef collate(self, rows):\n    width = longest(rows)\n    m = self.mask(rows, " width ")\n"

static void
test_capped(void)
{
	ask_capped(GIVEN("min(width, self.cutoff)"), 6, 64, 128, number("collate.cutoff", 96));
	EXPECT("made_no_longer", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_no_longer", "text"), "other is made no longer than self.cutoff (collate.cutoff = 96), by `min(width, self.cutoff)`"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_no_longer", "text"), ":6), and self isn't held to that: it has 128"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_no_longer", "fix"), "`width` instead of `min(width, self.cutoff)`"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("made_no_longer", "fix"), "raise collate.cutoff to 128 or more"));
	ask_capped(GIVEN("min(96, width)"), 6, 0, 128, NULL); /* as it stands there */
	EXPECT("made_no_longer", "likely");
	ask_capped("def mask(self, rows):\n    return torch.zeros(min(len(rows), MAX_LEN))\n", 0, 0, 128, number("MAX_LEN", 96));
	EXPECT("made_no_longer", "likely");
	ask_capped("def mask(self, rows):\n    return torch.zeros(width)\n", 0, 0, 128, number("MAX_LEN", 96)); /* no lesser of two */
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("min(width, self.cutoff)"), 6, 64, 128, number("collate.cutoff", 90)); /* it isn't the limit */
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("min(width, self.cutoff)"), 6, 64, 128, number("collate.room", 96)); /* nor is that */
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("lengths.min(width, self.cutoff)"), 6, 64, 128, number("collate.cutoff", 96));
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("max(width, self.cutoff)"), 6, 64, 128, number("collate.cutoff", 96));
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("width, kind=min(width, self.cutoff)"), 6, 64, 128, number("collate.cutoff", 96)); /* given as something else */
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("min(width, self.cutoff)"), 6, 110, 128, number("collate.cutoff", 96)); /* more was made there before */
	EXPECT("made_no_longer", "");
	ask_capped(GIVEN("min(width, self.cutoff)"), 6, 64, 80, number("collate.cutoff", 96)); /* the other is shorter */
	EXPECT("made_no_longer", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "made no longer than a limit", test_capped);
}

int
main(void)
{
	return run_suite_with(path, "", "made no longer", fill);
}
