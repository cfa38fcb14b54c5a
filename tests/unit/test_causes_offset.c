/* links: schema viewer */
/* Positions that begin beyond 0, of sequences that a limit by name cut before something was joined to them. */
#include "causes_asked.h"

static char path[] = "/tmp/shapebox-offset-XXXXXX.py";
static const char program[] =
	"def collate(rows, q):\n"
	"    ids = torch.tensor([[img] * q + row for row in rows])\n" /* 2 */
	"    ids = torch.tensor(rows)\n";

/* A table of 66 rows is asked for 72 positions, which were counted of what JOINED made (of LEFT and 72 - LEFT, or of a list at LINE). */
static void
ask_places(const char *joined, int64_t left, int line, const char *limit, int value)
{
	const struct operand look[] = { TENSOR("weight", 1, 66, 16), INDEX("indices", 2, 4, 72) };
	const struct operand pieces[] = { INDEX("tensors[0]", 11, 4, 72 - left), INDEX("tensors[1]", 12, 4, left) }, made[] = { INDEX("output", 10, 4, 72) };
	const struct event event = EVENT("aten::embedding", look);
	const struct mismatch outside = { .property = "index", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 66,
					  .actual = 73, .text = "it is outside" };
	const struct frame lines[] = { { .file = path, .function = "collate", .line = line } };
	const struct site at[] = { { .id = 60, .frame_count = 1, .frames = lines } };
	struct hand mine = { .sites = at, .site_count = 1 };
	struct source from = hand_source(&mine);
	struct cause_facts facts = { .event = &event, .mismatch = &outside, .message = "index out of range in self", .last_call = -1, .source = &from, .positions = positions };

	forget();
	add_step(0, 6, "aten::cumsum", NULL, 0, -1, -1);
	add_step(0, 5, joined, pieces, COUNT(pieces), -1, -1);
	stories[0].steps[1].event.outputs = made;
	stories[0].steps[1].event.output_count = 1;
	stories[0].steps[1].event.site = 60;
	stories[0].steps[1].entered = strcmp(joined, "aten::lift_fresh") == 0;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.numbers = json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", limit, "value", value, "name", "self.q", "value", 8);
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
}

static bool
adds_up(void)
{
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "these positions begin at 2, not at 0: a table of 66 rows holds sequences of 64, and this one has 72"));
	return strstr(first_text("text"), "has 72 = 8 + 64: the limit of 64 (cfg['max_length'] = 64) doesn't count the 8 that are joined by ") &&
	       strstr(first_text("fix"), "set cfg['max_length'] to 56 (64 - 8), as what is joined takes its places, too; or build the table for sequences of 72");
}

static void
test_joined(void)
{
	ask_places("aten::cat", 64, 3, "cfg['max_length']", 64);
	CU_ASSERT(adds_up());
	ask_places("aten::lift_fresh", 64, 2, "cfg['max_length']", 64); /* lists, by a line that names the 8 */
	CU_ASSERT(adds_up());
}

/* What was counted from the start is another rule's, which knows no offset. */
static void
test_counted(void)
{
	positions = true;
	ask_places("aten::cat", 64, 3, "cfg['max_length']", 64);
	EXPECT("position_table", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "has 72 = 8 + 64"));
	ask_places("aten::cat", 60, 3, "cfg['max_length']", 64);
	EXPECT("position_table", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("text"), "begin at"));
	positions = false;
}

static void
test_not_joined(void)
{
	ask_places("aten::cat", 60, 3, "cfg['max_length']", 64); /* of other pieces */
	CU_ASSERT_FALSE(adds_up());
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "cut the sequences to 64"));
	ask_places("aten::lift_fresh", 64, 3, "cfg['max_length']", 64); /* the line names nothing */
	CU_ASSERT_FALSE(adds_up());
	ask_places("aten::cat", 64, 3, "cfg['width']", 64); /* no limit */
	CU_ASSERT_FALSE(adds_up());
	ask_places("aten::cat", 64, 3, "config.max_position_embeddings", 64); /* the table's own */
	CU_ASSERT_FALSE(adds_up());
	ask_places("aten::cat", 64, 3, "cfg['max_length']", 70); /* more than there are places for */
	CU_ASSERT_FALSE(adds_up());
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "joined to what a limit left", test_joined);
	CU_add_test(suite, "counted from the start", test_counted);
	CU_add_test(suite, "not so", test_not_joined);
}

int
main(void)
{
	return run_suite_with(path, program, "causes offset", fill);
}
