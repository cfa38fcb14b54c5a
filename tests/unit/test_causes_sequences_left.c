/* links: schema viewer */
/* Pieces that a line made and of which another took only some. */
#include "causes_events.h"
#include "program_file.h"
#include "viewer/analysis/causes/placeholders/placeholders.h"

#define EARLIER 3 /* pieces of the sample before */

static char path[] = "/tmp/shapebox-left-XXXXXX.py";
static struct frame written[] = { { path, "split", 2, 0 }, { path, "split", 4, 0 }, { path, "split", 3, 0 } };
static struct site lines[] = { { 0, 1, 1, 0, &written[0] }, { 1, 1, 1, 0, &written[1] }, { 2, 1, 1, 0, &written[2] } };

/* A piece of IDENTITY is cut from the picture, its rows first. */
static void
cut_piece(int64_t identity)
{
	for (int i = 0; i < 2; i++) {
		int n = hand.event_count;

		add("aten::slice", 0, 1, 1);
		operands[n][0] = tensor("self", i ? identity + 1000 : 50, i ? 4 : 36, 9);
		outputs[n][0] = tensor("output", i ? identity : identity + 1000, 4, 9); /* the columns stay: both are of one shape */
	}
}

static struct event *
stack_pieces(int64_t first, int count)
{
	struct event *stack = add("aten::stack", 1, 1, count + 1);
	int n = hand.event_count - 1;

	for (int i = 0; i <= count; i++)
		operands[n][i] = tensor("tensors", i < count ? first + i : 900, 4, 9);
	outputs[n][0] = tensor("output", first + 500, count + 1, 4);
	return stack;
}

/* MADE pieces, of which 3 are stacked with another; LEFT are missing. */
static bool
ask_left(int made, int64_t left, const char *limit, struct cause *out)
{
	struct cause_facts facts = { .source = &source, .last_call = -1, .step = 1 };
	struct lineage_step step = { .dim = 0, .size = 4 };

	write_program(path, "def split(image):\n    tiles = [image[a:b] for a, b in places]\n    %s\n    return torch.stack(tiles + [small])\n", limit);
	start();
	hand.sites = lines;
	hand.site_count = 3;
	for (int i = 0; i < EARLIER; i++)
		cut_piece(100 + i);
	stack_pieces(100, EARLIER);
	for (int i = 0; i < made; i++)
		cut_piece(200 + i);
	step.event = *stack_pieces(200, 3);
	source = hand_source(&hand);
	memset(out, 0, sizeof(*out));
	return placeholders_tell_left(&facts, &step, left, out);
}

static void
test_left(void)
{
	static struct cause out;

	CU_ASSERT_TRUE(ask_left(5, 2, "tiles = tiles[: self.most]", &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, "of 5 pieces made of it at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, ".py:2 3 went into aten::stack at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text.data, ", 2 were left out: `tiles = tiles[: self.most]` ("));
	CU_ASSERT_TRUE(ask_left(5, 2, "tiles = tiles[1:]", &out)); /* that keeps no first ones */
	CU_ASSERT_PTR_NULL(strstr(out.text.data, "`"));
	CU_ASSERT_TRUE(ask_left(5, 2, "tiles = choose(tiles)", &out));
	CU_ASSERT_FALSE(ask_left(5, 1, "tiles = tiles[:3]", &out)); /* another number is missing */
	CU_ASSERT_FALSE(ask_left(3, 1, "tiles = tiles[:3]", &out)); /* all were taken: those of the sample before don't count */
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "pieces left out", test_left);
}

int
main(void)
{
	return run_suite_with(path, "", "causes: pieces left out", fill);
}
