/* links: schema viewer */
/* A cause that tells an index of an earlier batch, which a module kept. */
#include "causes_events.h"

static char path[] = "/tmp/shapebox-kept-XXXXXX.py";
static const char program[] =
	"class Spread(Module):\n"
	"    def forward(self, nodes, edges):\n"
	"        if self.kept is None:\n"
	"            both = torch.cat([edges, edges.flip(0)])\n" /* 4 */
	"            if self.remember:\n"
	"                self.kept = both\n" /* 6 */
	"        both = self.kept\n"
	"        return nodes[both]\n"
	"    def other(self, nodes, edges):\n"
	"        self.always = torch.cat([edges, edges.flip(0)])\n" /* 10 */
	"        return nodes[self.always]\n"
	"    def third(self, nodes, edges):\n"
	"        both = lookup(edges)\n" /* 13 */
	"        return nodes[both]\n";

enum { KEPT = 5, BROUGHT = 100, NODES = 200, OUT = 300, ROWS = 48 };

static const struct frame brought[] = { { "/p/train.py", "batch_of", 12, 0 }, { "/p/train.py", "main", 50, 0 } };
static const struct frame mixed[] = { { path, "Spread.forward", 7, 0 }, { "/p/train.py", "main", 51, 0 } };
static const struct frame made[] = { { path, "Spread.forward", 4, 0 }, { "/p/train.py", "main", 51, 0 } };
static const struct frame used[] = { { path, "Spread.forward", 8, 0 }, { "/p/train.py", "main", 51, 0 } };
static const struct frame built[] = { { path, "Spread.__init__", 4, 0 }, { "/p/train.py", "main", 5, 0 } };
static const struct frame always[] = { { path, "Spread.other", 10, 0 } }, third[] = { { path, "Spread.third", 13, 0 } };
static const struct site places[] = { { 0, 2, 1, 0, brought }, { 1, 2, 1, 0, mixed }, { 2, 2, 1, 0, made }, { 3, 2, 1, 0, used }, { 4, 2, 1, 0, built }, { 5, 1, 1, 0, always },
				      { 6, 1, 1, 0, third } };

/* In each step edges come in and nodes are picked by KEPT, which SITE made of the first edges (or of none that come in: OWN). */
static struct event *
picks(int site, bool own)
{
	struct event *event = NULL;

	start();
	for (int i = 0; i <= CALLS; i++) {
		int64_t rows = i < CALLS ? ROWS + i : 24;
		int n = hand.event_count;

		operands[n][0] = tensor("tensors[0]", 50, 2, 30);
		outputs[n][0] = tensor("output", BROUGHT + i, 2, 30);
		outputs[n][0].dtype = "int64";
		add("aten::cat", 0, i, 1);
		if (!i) {
			operands[1][0] = tensor("tensors[0]", own ? 900 : BROUGHT, 2, 30);
			outputs[1][0] = tensor("output", KEPT, 60, -1);
			outputs[1][0].dtype = "int64";
			add("aten::cat", site, 0, 1);
		}
		n = hand.event_count;
		operands[n][0] = tensor("input", 700 + i, rows, 6);
		outputs[n][0] = tensor("output", NODES + i, rows, 4);
		add("aten::randn", 1, i, 0);
		operands[n + 1][0] = tensor("self", NODES + i, rows, 4);
		operands[n + 1][1] = tensor("index", KEPT, 60, -1);
		operands[n + 1][1].dtype = "int64";
		outputs[n + 1][0] = tensor("output", OUT + i, 60, 4);
		event = add("aten::index_select", 3, i, 2);
	}
	return event;
}

static void
ask_picked(struct event *event, const char *function, int64_t most)
{
	static struct mismatch differs;
	struct cause_facts facts = { .event = event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .step = event->step };

	differs = (struct mismatch){ .property = "index", .operand = 1, .against = 0, .dim = -1, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 24, .actual = most };
	event->status = "failed";
	text_format(differs.text, sizeof(differs.text), "it is out of range");
	lineage_walk(&source, 0, event, 1, -1, LINEAGE_VALUES, &stories[0]);
	lineage_walk(&source, 0, event, 0, 0, LINEAGE_SIZE, &stories[1]);
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = 0, .size = 24, .lineage = &stories[1] };
	facts.frames = json_pack("[{s:s, s:s, s:i, s:s}, {s:s, s:s, s:i}]", "file", path, "function", function, "line", 8, "module", "model.spread", "file", "/p/train.py", "function",
				 "main", "line", 51);
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
}

static bool
says(const char *key, const char *words)
{
	return strstr(text_of("kept_index", key), words);
}

static void
test_kept(void)
{
	ask_picked(picks(2, false), "Spread.forward", 47);
	EXPECT("kept_index", "likely");
	EXPECT("index_out_of_range", "");
	CU_ASSERT(says("text", "index isn't of this batch: it was made in step 0 for 48 rows or more (it goes to 47) and is kept since, as self.kept ("));
	CU_ASSERT(says("text", "; self is of this batch and has 24"));
	CU_ASSERT(says("fix", "don't keep it: self.remember, under which that is kept, is for what is one and the same in all batches: remember=False"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(json_object_get(json_array_get(causes, 0), "evidence"), 0), "text"),
				      "used in 12 calls before; it was made of what was brought by aten::cat at train.py:12, event 1, which has brought other since, last in step 12"));
	ask_picked(picks(5, false), "Spread.other", 47); /* under no flag */
	CU_ASSERT(says("fix", "make it anew for each batch instead of keeping it as self.always ("));
	ask_picked(picks(6, false), "Spread.third", 47); /* kept elsewhere */
	CU_ASSERT(says("fix", "make it anew for each batch, or keep one for each batch"));
}

static void
test_not_kept(void)
{
	struct event *event;

	ask_picked(picks(4, false), "Spread.forward", 47); /* a buffer, made as the module was built */
	EXPECT("kept_index", "");
	EXPECT("index_out_of_range", "likely");
	ask_picked(picks(2, true), "Spread.forward", 47); /* of no batch */
	EXPECT("kept_index", "");
	event = picks(2, false);
	for (int i = 1; i < hand.event_count; i++) /* all in one step */
		events[i].step = CALLS;
	events[0].step = CALLS;
	ask_picked(event, "Spread.forward", 47);
	EXPECT("kept_index", "");
	event = picks(2, false);
	events[hand.event_count - 6].site = 2; /* the line made another since */
	ask_picked(event, "Spread.forward", 47);
	EXPECT("kept_index", "");
	ask_picked(picks(2, false), "Spread.forward", -3); /* below 0: another matter */
	EXPECT("kept_index", "");
}

static void
fill(CU_pSuite suite)
{
	hand.sites = places;
	hand.site_count = COUNT(places);
	source = hand_source(&hand);
	CU_add_test(suite, "kept", test_kept);
	CU_add_test(suite, "not kept", test_not_kept);
}

int
main(void)
{
	return run_suite_with(path, program, "causes kept index", fill);
}
