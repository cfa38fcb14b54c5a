/* links: schema viewer */
/* A tensor that was made of a list with an item too few, and a picture that meets numbers for other channels. */
#include <stdio.h>
#include <unistd.h>

#include "causes_events.h"

static char path[] = "/tmp/shapebox-left-XXXXXX.py";
static const char program[] =
	"def step(completions, answers):\n"
	"    rewards = number_reward(completions, answers)\n"
	"    grouped = torch.tensor(rewards).view(-1, GROUP)\n" /* 3 */
	"    other = torch.tensor(scores).view(-1, GROUP)\n" /* 4 */
	"    wanted = torch.tensor(labels).view(-1, GROUP)\n"; /* 5 */
static struct news news;
static int batch; /* items of a third list; 0: as many as the other */

/* What LINE made of a list of IS, which was of SMALLEST to LARGEST before, can't be viewed by fours; ANSWERS is the length of two other lists. */
static void
ask_list(int line_number, int64_t is, int64_t smallest, int64_t largest, int answers, const char *list)
{
	const struct operand viewed[] = { TENSOR("self", 1, is), VALUE("size", "int[]", "[-1, 4]") };
	struct event event = EVENT("aten::view", viewed);
	const struct frame made[] = { { .file = path, .function = "step", .line = line_number } };
	const struct site at[] = { { .id = 60, .frame_count = 1, .frames = made } };
	struct hand mine = { .sites = at, .site_count = 1 };
	struct source from = hand_source(&mine);
	char name[64];

	snprintf(name, sizeof(name), "len(%s)", list);
	start();
	mismatch = (struct mismatch){ .property = "numel", .operand = 0, .against = -1, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 8, .actual = is };
	news = (struct news){ .count = 1 };
	news.change.step.event.id = -1;
	news.steps[0] = (struct news_step){ .step = { .event = { .id = 7, .site = 60, .operation = "aten::lift_fresh" }, .size = is, .entered = true },
					    .usual = { .calls = 57, .smallest = smallest, .largest = largest } };
	struct cause_facts facts = { .event = &event, .mismatch = &mismatch, .source = &from, .message = "shape '[-1, 4]' is invalid for input of size 7", .last_call = -1,
				     .numbers = json_pack("[{s:i, s:[{s:s, s:I}, {s:s, s:i}, {s:s, s:i}]}]", "frame", 1, "numbers", "name", name, "value", (json_int_t)is, "name",
							  "len(batch)", "value", batch ? batch : answers, "name", "len(completions)", "value", answers) };
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 0, .size = is, .news = &news };
	facts.sides[1] = (struct cause_side){ .place = -1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.numbers);
}

static void
test_left_out(void)
{
	ask_list(3, 7, 8, 8, 8, "rewards");
	EXPECT("list_left_out", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "rewards has 7 items, completions has 8: 1 was left out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "see where rewards is filled (`number_reward(completions, answers)`)"));
	ask_list(3, 10, 8, 8, 8, "rewards");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "rewards has 10 items, completions has 8: 2 too many"));
	ask_list(3, 7, 6, 8, 8, "rewards"); /* batches of all sizes */
	EXPECT("list_left_out", "");
	ask_list(3, 7, 8, 8, 7, "rewards"); /* the whole batch is smaller */
	EXPECT("list_left_out", "");
	ask_list(3, 5, 8, 8, 8, "rewards");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "rewards has 5 items, completions has 8: 3 were left out"));
	batch = 7;
	ask_list(3, 7, 8, 8, 8, "rewards"); /* what it is made of has 8 */
	EXPECT("list_left_out", "likely");
	ask_list(5, 7, 8, 8, 8, "labels"); /* nothing says what it is made of: a batch of 7, and 8 of something else */
	EXPECT("list_left_out", "");
	batch = 0;
	ask_list(5, 7, 8, 8, 8, "labels");
	EXPECT("list_left_out", "likely");
	ask_list(4, 7, 8, 8, 8, "rewards"); /* it was made of another */
	EXPECT("list_left_out", "");
}

/* What is no multiple of a number that the failing line names isn't one of heads, which are as many. */
static void
test_own_number(void)
{
	const struct operand viewed[] = { TENSOR("self", 1, 7), VALUE("size", "int[]", "[-1, 4]") };
	const struct event event = EVENT("aten::view", viewed);

	start();
	line = "grouped = rewards.view(-1, num_generations)";
	ask(&event, "shape '[-1, 4]' is invalid for input of size 7", NULL, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "num_generations", "value", 4,
										      "name", "config.num_attention_heads", "value", 4));
	EXPECT("sizes_do_not_divide", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make the 7 a multiple of num_generations = 4 (4 or 8)"));
	line = "grouped = x.view(-1, self.num_heads)";
	ask(&event, "shape '[-1, 4]' is invalid for input of size 7", NULL, json_pack("[{s:i, s:[{s:s, s:i}]}]", "frame", 0, "numbers", "name", "self.num_heads", "value", 4));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "make heads x head_dim"));
	line = NULL;
}

/* An index of 365 into a table of as many rows, whose parameter is called TABLE; KINDS['day_of_year'] is that, too. */
static void
ask_table(const char *table)
{
	const struct operand lookup[] = { TENSOR("weight", 1, 365, 32), INDEX("indices", 2, 4, 21) };
	const struct event event = EVENT("aten::embedding", lookup);
	json_t *frames = json_pack("[{s:[{s:s, s:s, s:i}]}]", "locals", "name", table, "kind", "tensor", "tensor", 1);

	start();
	counts = json_pack("{s:[{s:i, s:i, s:{s:i, s:i}}]}", "operands", "tensor", 2, "index", 1, "summary", "min", 0, "max", 365);
	ask(&event, "index out of range in self", frames, json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "table.num_embeddings", "value", 365, "name",
								    "KINDS['day_of_year']", "value", 365));
	json_decref(counts);
	counts = NULL;
}

static void
test_table(void)
{
	ask_table("model.tables.day_of_year.weight");
	EXPECT("index_out_of_range", "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "model.tables.day_of_year.weight of 365 rows is too small"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(KINDS['day_of_year'] = 365"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "give that table 366 rows or more where it is built"));
	ask_table("model.embed_tokens.weight");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "(table.num_embeddings = 365"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "resize_token_embeddings"));
}

/* A picture of CHANNELS meets numbers for WANTED; in CALLS_BEFORE it had as many. */
static void
ask_picture(int64_t channels, int64_t wanted, int64_t side, int64_t calls_before)
{
	const struct operand both[] = { TENSOR("self", 1, channels, side, side), TENSOR("other", 2, wanted, 1, 1) };
	const struct event event = EVENT("aten::sub_", both);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = wanted,
				    .actual = channels };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .calls = calls_before, .agreed = calls_before, .last_call = 50 };

	start();
	add_step(0, 60, "aten::lift_fresh", NULL, 0, 0, channels); /* of this call */
	add_step(1, 3, "aten::full", NULL, 0, 0, wanted); /* older than the calls before */
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? wanted : channels, .calls = calls_before, .smallest = wanted, .largest = wanted, .lineage = &stories[i] };
	ask_facts(&facts);
}

static void
test_channels(void)
{
	ask_picture(1, 3, 32, 200);
	EXPECT("picture_mode", "likely");
	EXPECT("fixed_size", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "self is a grey picture: 1 channel in dimension 0, where other has one number for each of 3"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "convert('RGB')"));
	ask_picture(4, 3, 32, 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "alpha channel"));
	ask_picture(1, 3, 32, 0); /* nothing is known of its line */
	EXPECT("picture_mode", "");
	ask_picture(5, 3, 32, 200); /* no mode of pictures */
	EXPECT("picture_mode", "");
	EXPECT("fixed_size", "likely");
	ask_picture(1, 3, 2, 200); /* no picture */
	EXPECT("picture_mode", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a list with an item too few", test_left_out);
	CU_add_test(suite, "a number of the failing line", test_own_number);
	CU_add_test(suite, "a table by its parameter's name", test_table);
	CU_add_test(suite, "numbers for channels", test_channels);
}

int
main(void)
{
	source = hand_source(&hand);
	return run_suite_with(path, program, "causes left out", fill);
}
