/* links: schema viewer */
/* A cache that request after request appends to, until the positions are beyond their table. */
#include <unistd.h>

#include "causes_events.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-cache-XXXXXX.py";
static struct frame appending[] = { { "/v/lib/python3.11/site-packages/net/cache.py", "update", 9, 0 }, { path, "answer", 4, 0 } };
static const struct site there[] = { { 0, 2, 2, 0, appending } };

/* A tensor [1, LENGTH, 8]. */
static struct operand
keys(const char *name, int64_t identity, int64_t length)
{
	struct operand made = tensor(name, identity, 1, length);

	sizes[sizes_used - 1][2] = 8;
	made.ndim = 3;
	return made;
}

/* What holds HELD is given MANY more; how many it holds then. */
static int64_t
append(int64_t held, int64_t many)
{
	int n = hand.event_count;

	operands[n][0] = held ? keys("tensors[0]", n, held) : tensor("tensors[0]", 190, 0, -1);
	operands[n][1] = keys("tensors[1]", 191, many);
	operands[n][0].item = 0;
	operands[n][1].item = 1;
	outputs[n][0] = keys("output", n + 1, held + many);
	add("aten::cat", 0, 0, 2);
	return held + many;
}

/* A prompt of 20, then REQUESTS, each of which gives MANY at once and SINGLE ones one by one; the failing call gives one more, of position BEYOND after what is held. */
static void
ask_cache(int requests, int many, int single, int beyond)
{
	int64_t held;
	struct mismatch differs = { .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 0, .has_expected = true, .has_actual = true };
	struct cause_facts facts;

	start();
	held = append(0, 20);
	for (int i = 0; i < requests; i++) {
		held = append(held, many);
		for (int s = 0; s < single; s++)
			held = append(held, 1);
	}
	const struct operand lookup[] = { TENSOR("weight", 192, held, 8), INDEX("indices", 193, 1, 1) };
	struct event event = EVENT("aten::embedding", lookup);
	event.id = 150;
	differs.expected = held;
	differs.actual = held + beyond;
	facts = (struct cause_facts){ .event = &event, .mismatch = &differs, .message = "", .source = &source, .positions = true, .last_call = -1 };
	ask_facts(&facts);
}

static void
test_grown(void)
{
	write_program(path, "def answer(self, question):\n    cache = self.prefix\n    for _ in range(8):\n        out = self.model(question, past_key_values=cache)\n");
	ask_cache(5, 4, 3, 0);
	EXPECT("cache_grown", "likely");
	EXPECT("position_table", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "from the 55 on that a cache already holds, and it was never begun anew: 20 calls appended to it one after the other, 4 of which gave "
							  "several (4 to 4) again"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "copy.deepcopy"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "(`cache = self.prefix`)"));
	ask_cache(1, 4, 30, 0); /* one long answer */
	EXPECT("cache_grown", "");
	EXPECT("position_table", "likely");
	ask_cache(12, 4, 0, 0); /* a prompt in pieces */
	EXPECT("cache_grown", "");
	ask_cache(5, 4, 3, 7); /* counted after something else */
	EXPECT("cache_grown", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "one cache for every request", test_grown);
}

int
main(void)
{
	int file = mkstemps(path, 3), failed;

	if (file < 0 || close(file) != 0)
		return 2;
	hand.sites = there;
	hand.site_count = 1;
	source = hand_source(&hand);
	failed = run_suite("causes cache", fill);
	unlink(path);
	return failed;
}
