/* links: schema viewer */
/* An operand of another number of dimensions than the line always had; class indices in a product with a softmax. */
#include "causes_events.h"
#include "viewer/analysis/history/history.h"

#define STEPS 6
#define ROWS 8
#define CLASSES 10

static struct event *failing;
static struct mismatch differs;

/* How the earlier calls came by what the last one has as [8] int64. */
enum way { MIXED /* of the indices, by one more step */, OTHER /* by a line of its own */, SAME /* as now, and the line took it */, MIXED_NOW_AND_THEN, REDUCED /* now by one more step */ };

static void
put(struct event *event, const char *name, int64_t identity, int64_t columns, const char *dtype)
{
	struct operand *is = &operands[event - events][event->operand_count++];

	*is = tensor(name, identity, ROWS, columns);
	is->dtype = dtype;
}

/* One operation of SITE on tensor FROM (0: of nothing), which makes TO. */
static void
make(const char *operation, int site, int64_t step, int64_t from, int64_t from_columns, int64_t to, int64_t columns, const char *dtype)
{
	struct event *event = add(operation, site, step, 0);

	if (from)
		put(event, "self", from, from_columns, dtype);
	outputs[event - events][0] = tensor("output", to, ROWS, columns);
	outputs[event - events][0].dtype = dtype;
}

static void
call(enum way way, int64_t step)
{
	int64_t target = 1000 + step * 10, scores = target + 2;
	bool mixed = step < STEPS && (way == MIXED || (way == MIXED_NOW_AND_THEN && step % 2)), other = step < STEPS && way == OTHER;
	int64_t columns = mixed || other || (way == REDUCED && step < STEPS) ? CLASSES : -1;
	struct event *event;

	if (way == REDUCED) {
		make("aten::one_hot", 1, step, 0, -1, target, CLASSES, "float32");
		if (step == STEPS)
			make("aten::argmax", 0, step, target++, CLASSES, 1000 + step * 10 + 1, -1, "int64");
	} else if (!other) {
		make("aten::randint", 0, step, 0, -1, target, -1, "int64");
	}
	if (mixed)
		make("aten::one_hot", 1, step, target, -1, target + 1, CLASSES, "float32");
	if (other)
		make("aten::rand", 1, step, 0, -1, target, CLASSES, "float32");
	make("aten::log_softmax", 2, step, target + 3, CLASSES, scores, CLASSES, "float32");
	event = failing = add("aten::mul", 3, step, 0);
	put(event, "self", target + mixed, columns, columns < 0 ? "int64" : "float32");
	put(event, "other", scores, CLASSES, "float32");
}

static void
ask_way(enum way way)
{
	struct cause_facts facts = { .mismatch = &differs, .message = "", .last_call = -1, .step = STEPS };

	start();
	source = hand_source(&hand);
	for (int64_t step = 0; step <= STEPS; step++)
		call(way, step);
	failing->status = "failed";
	differs = (struct mismatch){ .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = ROWS, .actual = CLASSES };
	stories[0] = (struct lineage){ .property = LINEAGE_SIZE, .count = 1, .decider = -1 };
	stories[0].steps[0] = (struct lineage_step){ .event = failing[-1], .dim = 1, .size = CLASSES };
	facts.event = failing;
	facts.source = &source;
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = 1, .size = CLASSES, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 0, .size = ROWS };
	json_decref(causes);
	causes = causes_build(&facts);
}

static bool
says(const char *key, const char *part)
{
	return strstr(first_text(key), part) != NULL;
}

static void
test_changed(void)
{
	json_t *history;

	ask_way(MIXED);
	EXPECT("form_changed", "likely");
	EXPECT("aligned_wrongly", "");
	EXPECT("dimension_elsewhere", "");
	EXPECT("indices_for_distribution", "");
	CU_ASSERT_TRUE(says("text", "self is [8] int64 this time, in the last 6 calls of this line [8, 10] float32 (class indices where a distribution over 10 classes is taken): made by "
				    "aten::randint at train.py:10; in those calls it went on from there through aten::one_hot at train.py:20, which is left out now"));
	CU_ASSERT_TRUE(says("fix", "let self go through that step, too: train.py:20; or, where that is meant, torch.nn.functional.one_hot(self, 10).to(torch.float32)"));
	history = history_build(&source, 0, failing, &differs);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(history, "text"), "6 earlier calls here: self had 2 dimensions in the last 6 of them, in the newest [8, 10] float32, not the [8] int64 of now"));
	json_decref(history);
	ask_way(OTHER);
	EXPECT("form_changed", "likely");
	CU_ASSERT_TRUE(says("text", ": made by aten::randint at train.py:10, in those calls by aten::rand at train.py:20"));
	CU_ASSERT_TRUE(says("fix", "bring it to that form where it is made now: aten::randint at train.py:10"));
	ask_way(REDUCED);
	EXPECT("form_changed", "likely");
	CU_ASSERT_TRUE(says("text", "made by aten::argmax at train.py:10, a step that those calls did not take; there it came straight from aten::one_hot at train.py:20"));
	CU_ASSERT_TRUE(says("fix", "leave that step out here"));
}

static void
test_not_changed(void)
{
	json_t *history;

	ask_way(MIXED_NOW_AND_THEN); /* the line took both forms */
	EXPECT("form_changed", "");
	EXPECT("indices_for_distribution", "likely");
	EXPECT("aligned_wrongly", "");
	history = history_build(&source, 0, failing, &differs);
	CU_ASSERT_PTR_NULL(strstr(text_get(history, "text"), "every time"));
	json_decref(history);
	ask_way(SAME);
	EXPECT("form_changed", "");
}

/* A tensor of NDIM dimensions of these sizes. */
static struct operand
of(const char *name, int64_t identity, int ndim, int64_t a, int64_t b, int64_t c)
{
	struct operand is = tensor(name, identity, a, b);

	sizes[sizes_used - 1][2] = c;
	is.ndim = ndim;
	return is;
}

/* Batches of recordings, [1, n] each, given a dimension more by every call's unsqueeze; the last came, by WAY, as [1, 1842, LAST]. */
static void
ask_batches(const char *way, int64_t last, bool also)
{
	struct mismatch rank = { .property = "rank", .operand = 0, .against = 1, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 3, .actual = 4 };
	struct cause_facts facts = { .mismatch = &rank, .message = "", .last_call = -1, .step = STEPS };

	start();
	source = hand_source(&hand);
	for (int64_t step = 0; step <= STEPS; step++) {
		bool odd = step == STEPS || also;
		int64_t batch = 1000 + step * 10;
		struct event *event = add(way, 0, step, 1);

		event->phase = "data";
		operands[event - events][0] = of("self", batch + 5, 1, 0, -1, 0);
		outputs[event - events][0] = of("output", batch, 2 + odd, 1, 1842, last);
		event = add("aten::unsqueeze", 2, step, 1);
		operands[event - events][0] = of("self", batch, 2 + odd, 1, 1842, last);
		outputs[event - events][0] = of("output", batch + 1, 3 + odd, 1, 1, 1842);
		sizes[sizes_used - 1][3] = last;
		event = failing = add("aten::conv1d", 3, step, 2);
		operands[event - events][0] = of("input", batch + 1, 3 + odd, 1, 1, 1842);
		sizes[sizes_used - 1][3] = last;
		operands[event - events][1] = of("weight", 7, 3, 16, 1, 10);
	}
	failing->status = "failed";
	text_format(rank.text, sizeof(rank.text), "input has 4 dimensions where weight asks for 3");
	facts.event = failing;
	facts.source = &source;
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = -1, .size = -1 };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
}

/* What adds a dimension in every call isn't what changed: the batch is. */
static void
test_batch(void)
{
	ask_batches("aten::set_", 2, false);
	EXPECT("form_changed", "likely");
	CU_ASSERT_TRUE(says("text", "; the batch itself came so: aten::set_ at train.py:10 gave [1, 1842, 2], the time before [1, 1842]; the 2 in dimension 2 is new: two channels (stereo)"));
	CU_ASSERT_TRUE(says("fix", "make one channel of that sample where it is read"));
	ask_batches("aten::set_", 40, false); /* no channels */
	EXPECT("form_changed", "likely");
	CU_ASSERT_FALSE(says("text", "stereo"));
	CU_ASSERT_TRUE(says("fix", "bring it to 2 dimensions where it is read or put together"));
	ask_batches("aten::set_", 2, true); /* always so */
	EXPECT("form_changed", "");
}

static void
test_indices(void)
{
	ask_way(SAME);
	EXPECT("indices_for_distribution", "likely");
	CU_ASSERT_TRUE(says("text", "self [8] int64 are class indices, and they are multiplied with a softmax over 10 classes"));
	CU_ASSERT_TRUE(says("fix", "one_hot(self, 10)"));
	CU_ASSERT_FALSE(says("fix", "unsqueeze(-1)"));
	operands[failing - events][0].dtype = "float32"; /* weights of the samples */
	{
		struct cause_facts facts = { .event = failing, .source = &source, .mismatch = &differs, .message = "", .last_call = -1,
					     .sides = { { .place = 1, .dim = 1, .size = CLASSES, .lineage = &stories[0] }, { .place = 0, .dim = 0, .size = ROWS } } };

		json_decref(causes);
		causes = causes_build(&facts);
		EXPECT("indices_for_distribution", "");
		EXPECT("aligned_wrongly", "likely");
	}
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "another form than always", test_changed);
	CU_add_test(suite, "the same form, or now and then", test_not_changed);
	CU_add_test(suite, "a batch of another form", test_batch);
	CU_add_test(suite, "class indices in a product with a softmax", test_indices);
}

int
main(void)
{
	return run_suite("form changed", fill);
}
