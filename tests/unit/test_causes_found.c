/* links: schema viewer */
/* Causes that one recorded fact gives away: what the line did on other ways, a size counted from values, a cache that is joined twice. */
#include "causes_asked.h"

#define EVENTS 8

static struct event events[EVENTS];
static const struct frame train[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/x/train.py", .function = "main", .line = 40 } };
static const struct frame sample[] = { { .file = "/x/model.py", .function = "forward", .line = 5 }, { .file = "/x/train.py", .function = "sample", .line = 12 } };
static const struct frame other[] = { { .file = "/x/model.py", .function = "forward", .line = 9 }, { .file = "/x/train.py", .function = "main", .line = 40 } };
static const struct site sites[] = { { .id = 1, .frame_count = 2, .frames = train }, { .id = 2, .frame_count = 2, .frames = sample },
				     { .id = 3, .frame_count = 2, .frames = other } };
static struct hand hand = { .events = events, .sites = sites, .site_count = COUNT(sites) };
static struct source source;

/* The causes of EVENT's mismatch, with what is recorded before it. */
static void
ask_of(const struct event *event, struct mismatch *differs, int earlier)
{
	struct cause_facts facts = { .event = event, .mismatch = differs, .message = "", .source = &source, .last_call = -1, .step = event->step };

	hand.event_count = earlier;
	for (int i = 0; i < 2; i++) {
		int place = i ? differs->against : differs->operand, dim = i ? differs->against_dim : differs->dim;

		facts.sides[i] = (struct cause_side){ .place = place, .dim = dim, .size = place >= 0 && dim >= 0 ? event->operands[place].sizes[dim] : -1,
						      .lineage = stories[i].count ? &stories[i] : NULL };
	}
	json_decref(causes);
	causes = causes_build(&facts);
}

static void
test_autocast(void)
{
	struct operand mixed[] = { TENSOR("input", 1, 2, 8), TENSOR("weight", 2, 8, 8) }, halves[] = { TENSOR("input", 3, 2, 8), TENSOR("weight", 2, 8, 8) };
	struct operand made[] = { TENSOR("output", 4, 2, 8) };
	struct event failed = { .id = 90, .site = 2, .step = 3, .parent = -1, .operation = "aten::linear", .status = "failed", .operand_count = 2, .operands = mixed };
	struct mismatch differs = { .property = "dtype", .operand = 0, .against = 1, .dim = -1, .against_dim = -1, .actual_name = "float32",
				    .expected_name = "bfloat16", .text = "input is float32 where weight is bfloat16" };

	mixed[1].dtype = halves[0].dtype = halves[1].dtype = made[0].dtype = "bfloat16";
	for (int i = 0; i < 3; i++)
		events[i] = (struct event){ .id = 10 + i, .site = 1, .step = i, .parent = -1, .operation = "aten::linear", .status = "ok", .phase = "forward",
					    .operand_count = 2, .operands = mixed, .output_count = 1, .outputs = made };
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "certain");
	EXPECT("mixed_dtype", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "as in 3 earlier calls of this line"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "it comes from train.py:12, those from train.py:40"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "dtype=torch.bfloat16"));
	for (int i = 0; i < 3; i++)
		events[i].operands = halves; /* one dtype before: nothing was converted */
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "");
	for (int i = 0; i < 3; i++) {
		events[i].operands = mixed;
		events[i].site = 3; /* another line */
	}
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "");
	for (int i = 0; i < 3; i++)
		events[i].site = 1;
	made[0].dtype = "float32"; /* promoted: no autocast */
	ask_of(&failed, &differs, 3);
	EXPECT("autocast_missing", "");
	EXPECT("mixed_dtype", "possible");
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "autocast was on at this line", test_autocast);
}

int
main(void)
{
	return run_suite("what one fact gives away", fill);
}
