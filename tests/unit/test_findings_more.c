/* links: schema viewer */
/* Rules of findings.def about what was loaded, what is cut to its places, what will not divide, and autocast: a run where each holds and
 * runs where it doesn't. */
#include <CUnit/Basic.h>

#include "findings_run.h"
#include "schema/box.h"

/* --- what was loaded ---------------------------------------------------------------------------- */

#define LOADED(copied, fresh, reset) \
	"'complete':true,'optimizer':'AdamW','optimizer_tensors':10,'optimizer_graded':10,'root':'model','frames':[],'numbers':[],'step':3," \
	"'model':{'tensors':20,'elements':300,'trainable':10,'trainable_elements':200,'graded':10,'owned':10,'unknown':0,'copied':" #copied \
	",'fresh':" #fresh ",'reset':" #reset ",'hooked':false}"
#define TOWER "'fresh':[{'module':'model.visual','tensors':4,'elements':144,'own':false,'amid':false,'identities':[]}]"
#define LAYER(amid) "'new':[{'module':'model.layers.2','tensors':4,'elements':144,'own':false,'amid':" #amid ",'identities':[]}]"

static void
loading(void)
{
	begin();
	state(0, "{" LOADED(16, 4, 0) "," TOWER "}");
	look();
	EXPECT("not_loaded", "likely");
	CU_ASSERT(says("not_loaded", "model.visual (4 parameters, 144 elements) was never loaded and is not trained"));
	state(0, "{" LOADED(16, 4, 0) "," LAYER(true) "}");
	look();
	EXPECT("not_loaded", "possible");
	state(0, "{" LOADED(16, 4, 0) "," LAYER(false) "}");
	look();
	EXPECT_NOTHING(); /* a new head, though it is one of a list */
	state(0, "{" LOADED(16, 4, 0) ",'new':[{'module':'model.head','tensors':4,'elements':144,'own':false,'amid':true,'identities':[]}]}");
	look();
	EXPECT_NOTHING(); /* a new head */
	state(0, "{" LOADED(0, 20, 0) "," TOWER "}");
	look();
	EXPECT_NOTHING(); /* nothing was loaded: random features may be meant */
	state(0, "{" LOADED(3, 4, 0) "," TOWER "}");
	look();
	EXPECT_NOTHING(); /* a few copies are no checkpoint */
}

static void
begun_anew(void)
{
	begin();
	state(0, "{" LOADED(20, 0, 18) "}");
	look();
	EXPECT("initialised_again", "likely");
	CU_ASSERT(says("initialised_again", "18 of the 20 parameters of model"));
	state(0, "{" LOADED(20, 0, 4) "}");
	look();
	EXPECT_NOTHING(); /* the last layers, on purpose */
	state(0, "{" LOADED(20, 0, 0) "}");
	look();
	EXPECT_NOTHING();
}

/* The process's command, beside its state. */
static void
command(const char *argv)
{
	static struct note both[2];
	static char text[256];

	json_decref(both[1].json);
	snprintf(text, sizeof text, "{\"argv\":[%s]}", argv);
	both[0] = notes[0];
	both[1] = (struct note){ .kind = "environment", .event = -1, .json = json_loads(text, 0, NULL) };
	hand.notes[0] = both;
	hand.note_counts[0] = 2;
}

static void
nothing_loaded(void)
{
	begin();
	state(0, "{" LOADED(0, 18, 0) "}");
	command("\"train.py\", \"--model-name-or-path\", \"weights/base\"");
	look();
	EXPECT("nothing_loaded", "likely");
	CU_ASSERT(says("nothing_loaded", "18 of its 20 parameters hold the random numbers that they were made with, though the command says --model-name-or-path weights/base"));
	command("\"train.py\", \"--resume_from=./last.pt\"");
	look();
	CU_ASSERT(says("nothing_loaded", "--resume_from ./last.pt"));
	command("\"train.py\", \"--resume_from\", \"false\", \"--output_dir\", \"weights/new\"");
	look();
	EXPECT_NOTHING(); /* nothing was to be loaded */
	state(0, "{" LOADED(16, 4, 0) "}");
	command("\"train.py\", \"--resume_from\", \"./last.pt\"");
	look();
	EXPECT_NOTHING();
	command("");
}

static void
adapters(void)
{
	static const char idle[] = "{'complete':true,'optimizer':'AdamW','optimizer_tensors':4,'optimizer_graded':%d,'root':'model','step':3,'frames':[],'numbers':[],"
				   "'model':{'tensors':20,'elements':300,'trainable':4,'trainable_elements':40,'graded':%d,'owned':%d,'unknown':0,'hooked':false}}";
	char text[512];

	begin();
	snprintf(text, sizeof text, idle, 0, 0, 4);
	state(0, text);
	look();
	EXPECT("nothing_graded", "likely");
	CU_ASSERT(says("nothing_graded", "none of the 4 parameters of model that require grad has had a gradient in 3 steps"));
	snprintf(text, sizeof text, idle, 4, 4, 4);
	state(0, text);
	look();
	EXPECT_NOTHING();
	snprintf(text, sizeof text, idle, 2, 0, 4);
	state(0, text);
	look();
	EXPECT_NOTHING(); /* another model of the same optimizer is trained */
}

/* --- places ------------------------------------------------------------------------------------- */

static void
writes(void)
{
	const struct operand taken[] = { TENSOR("self", 10, 6, 8), VALUE("dim", "int", "0") }, part = TENSOR("output", 11, 4, 8), whole = TENSOR("output", 11, 6, 8);
	const struct operand write[] = { TENSOR("self", 1, 2, 12, 8), MASK("indices[0]", 2, 2, 12), TENSOR("values", 11, 4, 8) };
	const struct operand all[] = { TENSOR("self", 1, 2, 12, 8), MASK("indices[0]", 2, 2, 12), TENSOR("values", 12, 6, 8) };

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::index_put_", 2, step, all, 3, NULL);
	add("aten::slice", 2, 3, taken, 2, &part);
	add("aten::index_put_", 2, 3, write, 3, NULL);
	look();
	EXPECT("features_cut", "likely");
	CU_ASSERT(says("features_cut", "index_put_ at train.py:15 writes only the first 4 of 6 rows of features"));
	events[3].outputs = &whole;
	look();
	EXPECT_NOTHING(); /* cut to all that there are */
	begin();
	for (int step = 0; step < 4; step++) { /* a buffer that is padded: cut each time */
		add("aten::slice", 2, step, taken, 2, &part);
		add("aten::index_put_", 2, step, write, 3, NULL);
	}
	look();
	EXPECT_NOTHING();
}

static void
refusals(void)
{
	const struct operand write[] = { TENSOR("self", 1, 2, 12, 8), MASK("indices[0]", 2, 2, 12), TENSOR("values", 11, 6, 8) };
	struct event *failed;

	begin();
	failed = add("aten::index_put_", 2, 1, write, 3, NULL);
	failed->status = "failed";
	add("aten::relu", 2, 2, write, 1, NULL);
	look();
	EXPECT("write_refused", "likely");
	CU_ASSERT(says("write_refused", "failed 1 times and the program went on: values of [6, 8] did not fit the places of a mask of [2, 12]"));
	hand.event_count = 1;
	look();
	EXPECT_NOTHING(); /* that is where it ended */
	failed->status = "ok";
	add("aten::relu", 2, 2, write, 1, NULL);
	look();
	EXPECT_NOTHING();
}

static void
counted_places(void)
{
	const struct operand flat[] = { MASK("self", 2, 24) }, read[] = { TENSOR("self", 10, 6, 8), INDEX("indices[0]", 21, 24) };
	const struct operand choose[] = { MASK("condition", 2, 24, 1), TENSOR("self", 22, 24, 8), TENSOR("other", 1, 24, 8) };
	const struct operand sum = INDEX("output", 20, 24), less = INDEX("output", 21, 24), rows = TENSOR("output", 22, 24, 8);
	const struct operand minus[] = { INDEX("self", 20, 24) };

	begin();
	add("aten::cumsum", 2, 1, flat, 1, &sum);
	add("aten::sub", 2, 1, minus, 1, &less);
	add("aten::index", 1, 1, read, 2, &rows);
	add("aten::where", 2, 1, choose, 3, NULL);
	state(0, "{'step':3,'frames':[],'samples':[{'what':'index','site':1,'calls':5,'looked':5,'odd':1,'count':4,'of':6,'largest':5,'rows':6,'grew':0,'runs':0}]}");
	look();
	EXPECT("features_skipped", "likely");
	CU_ASSERT(says("features_skipped", "where at train.py:15 puts only 4 of 6 rows of features in place"));
	state(0, "{'step':3,'frames':[],'samples':[{'what':'index','site':1,'calls':5,'looked':5,'odd':5,'count':4,'of':6,'largest':3,'rows':6,'grew':0,'runs':0}]}");
	look();
	EXPECT_NOTHING(); /* never all: a buffer that is padded */
	events[0].operation = "aten::argsort";
	state(0, "{'step':3,'frames':[],'samples':[{'what':'index','site':1,'calls':5,'looked':5,'odd':1,'count':4,'of':6,'largest':5,'rows':6,'grew':0,'runs':0}]}");
	look();
	EXPECT_NOTHING(); /* another index, which needn't use all of its table */
}

/* --- what will not divide ------------------------------------------------------------------------ */

#define LOADER(samples, drop) "{'step':3,'frames':[],'numbers':[],'loaders':[{'name':'loader','batch_size':4,'drop_last':" #drop ",'samples':" #samples "}]}"

static void
last_norm(void)
{
	const struct operand norm[] = { TENSOR("input", 1, 4, 16), VALUE("training", "bool", "true") };
	const struct operand evaluated[] = { TENSOR("input", 1, 4, 16), VALUE("training", "bool", "false") };

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::batch_norm", 2, step, norm, 2, NULL);
	state(0, LOADER(21, false));
	look();
	EXPECT("last_batch", "likely");
	CU_ASSERT(says("last_batch", "the last batch of loader will have 1 samples (21 in batches of 4), and batch_norm at train.py:15 needs more than one"));
	state(0, LOADER(22, false));
	look();
	EXPECT_NOTHING(); /* two are enough */
	state(0, LOADER(21, true));
	look();
	EXPECT_NOTHING(); /* left out */
	state(0, LOADER(21, false));
	for (int i = 0; i < 3; i++)
		events[i].operands = evaluated;
	look();
	EXPECT_NOTHING();
}

static void
last_held(void)
{
	const struct operand pair[] = { TENSOR("self", 50, 4, 3), TENSOR("other", 7, 4, 3) };
	struct operand apart[4][2];

	begin();
	for (int step = 0; step < 4; step++) {
		memcpy(apart[step], pair, sizeof pair);
		apart[step][0].tensor = 50 + step;
		add("aten::mul", 2, step, apart[step], 2, NULL);
	}
	state(0, LOADER(22, false));
	look();
	EXPECT("last_batch", "likely");
	CU_ASSERT(says("last_batch", "and mul at train.py:15 meets each batch with a tensor that was made once, for [4, 3]"));
	state(0, LOADER(21, false));
	look();
	EXPECT_NOTHING(); /* one broadcasts */
	state(0, LOADER(22, false));
	for (int step = 0; step < 4; step++)
		apart[step][1].tensor = 70 + step;
	look();
	EXPECT_NOTHING(); /* made for each batch */
	for (int step = 0; step < 4; step++)
		apart[step][0].tensor = 8, apart[step][1].tensor = 7;
	look();
	EXPECT_NOTHING(); /* two weights */
}

static void
last_split(void)
{
	const struct operand from[] = { TENSOR("self", 1, 4, 3) }, to = TENSOR("output", 2, 2, 2, 3), apart = TENSOR("output", 2, 4, 1, 3);

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::view", 2, step, from, 1, &to);
	state(0, LOADER(23, false));
	look();
	EXPECT("last_batch", "likely");
	CU_ASSERT(says("last_batch", "view at train.py:15 divides the batch into 2 times 2"));
	state(0, LOADER(22, false));
	look();
	EXPECT_NOTHING(); /* two divide */
	state(0, LOADER(24, false));
	look();
	EXPECT_NOTHING(); /* no rest */
	state(0, "{'step':3,'frames':[],'loaders':[{'name':'a','batch_size':4,'drop_last':false,'samples':23},{'name':'b','batch_size':4,'drop_last':false,'samples':24}]}");
	look();
	EXPECT_NOTHING(); /* which of both it is isn't known */
	state(0, LOADER(23, false));
	for (int i = 0; i < 3; i++)
		events[i].outputs = &apart;
	look();
	EXPECT_NOTHING();
}

static void
patches(void)
{
	const struct operand rest[] = { TENSOR("input", 1, 2, 3, 73, 64), TENSOR("weight", 2, 8, 3, 16, 16), VALUE("stride", "int[]", "[16, 16]"),
					VALUE("padding", "int[]", "[0, 0]") };
	const struct operand whole[] = { TENSOR("input", 1, 2, 3, 64, 64), TENSOR("weight", 2, 8, 3, 16, 16), VALUE("stride", "int[]", "[16, 16]"),
					 VALUE("padding", "int[]", "[0, 0]") };
	const struct operand stem[] = { TENSOR("input", 1, 2, 3, 73, 73), TENSOR("weight", 2, 8, 3, 7, 7), VALUE("stride", "int[]", "[2, 2]"),
					VALUE("padding", "int[]", "[3, 3]") };
	const struct operand inner[] = { TENSOR("input", 1, 2, 64, 73, 73), TENSOR("weight", 2, 8, 64, 16, 16), VALUE("stride", "int[]", "[16, 16]"),
					 VALUE("padding", "int[]", "[0, 0]") };

	begin();
	add("aten::conv2d", 2, 1, rest, 4, NULL);
	look();
	EXPECT("patch_leaves_rest", "possible");
	CU_ASSERT(says("patch_leaves_rest", "pictures of 73 x 64 at train.py:15 are cut into patches of 16: the last 9 rows and 0 columns are in none"));
	add("aten::conv2d", 2, 2, whole, 4, NULL);
	look();
	EXPECT_NOTHING(); /* of all sizes, as they come */
	begin();
	add("aten::conv2d", 2, 1, whole, 4, NULL);
	add("aten::conv2d", 1, 1, stem, 4, NULL);
	add("aten::conv2d", -1, 1, inner, 4, NULL);
	look();
	EXPECT_NOTHING();
}

/* --- tables -------------------------------------------------------------------------------------- */

#define IDS(largest, runs, name, value) \
	"{'step':3,'frames':[],'samples':[{'what':'index','site':2,'calls':5,'looked':5,'odd':0,'count':0,'of':0,'largest':" #largest \
	",'rows':100,'grew':1,'runs':" #runs "}],'numbers':[{'frame':0,'numbers':[{'name':'" name "','value':" #value "}]}]}"

static void
vocabularies(void)
{
	const struct operand lookup[] = { TENSOR("weight", 1, 100, 8), INDEX("indices", 2, 4, 25) };

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::embedding", 2, step, lookup, 2, NULL);
	state(0, IDS(98, 0, "args.vocab_size", 102));
	look();
	EXPECT("vocabulary_short", "likely");
	CU_ASSERT(says("vocabulary_short", "a table of 100 rows at train.py:15 is asked for ids up to 98 so far, and args.vocab_size is 102: an id from 100 on fails"));
	state(0, IDS(98, 0, "args.vocab_size", 100));
	look();
	EXPECT_NOTHING();
	state(0, IDS(99, 0, "args.hidden_size", 102));
	look();
	EXPECT_NOTHING(); /* near the end, as ids are */
	state(0, IDS(40, 0, "args.vocab_size", 102));
	look();
	EXPECT_NOTHING(); /* far from the end: another table */
	state(0, IDS(98, 5, "args.vocab_size", 102));
	look();
	EXPECT_NOTHING(); /* positions */
	state(0, IDS(98, 0, "args.vocab_size", 50000));
	look();
	EXPECT_NOTHING(); /* another vocabulary */
}

static void
rows_of_positions(void)
{
	const struct operand lookup[] = { TENSOR("weight", 1, 100, 8), INDEX("indices", 2, 4, 25) };

	begin();
	history = (struct call_history){ .calls = 20, .measured = 20, .smallest = 31, .largest = 96, .at_largest = 1,
					 .sizes = { 60, 31, 96, 77, 90, 41, 52 }, .size_count = 7 };
	hand.history = &history;
	for (int step = 0; step < 3; step++)
		add("aten::embedding", 2, step, lookup, 2, NULL);
	state(0, IDS(97, 5, "args.hidden_size", 64));
	look();
	EXPECT("positions_near_end", "possible");
	CU_ASSERT(says("positions_near_end", "a table of 100 positions at train.py:15 has been used up to 98"));
	state(0, IDS(97, 2, "args.hidden_size", 64));
	look();
	EXPECT_NOTHING(); /* not always rows of consecutive numbers: ids */
}

/* --- autocast ------------------------------------------------------------------------------------- */

static void
autocast(void)
{
	struct operand layer[] = { TENSOR("input", 1, 4, 16), TENSOR("weight", 2, 16, 16) };
	const struct operand whole = TENSOR("output", 3, 4, 16), half = TENSOR_ON("output", 4, "bfloat16", "cpu", 4, 16);

	layer[1].flags = BOX_TENSOR_GRAD;
	begin();
	for (int step = 0; step < 3; step++) {
		add("aten::linear", 1, step, layer, 2, &whole);
		add("aten::linear", 2, step, layer, 2, &half);
	}
	look();
	EXPECT("autocast_in_part", "possible");
	CU_ASSERT(says("autocast_in_part", "the layers from linear at train.py:14 on run in float32, those from linear at train.py:15 on under autocast"));
	for (int i = 0; i < 6; i++)
		events[i].outputs = &half;
	look();
	EXPECT_NOTHING();
	for (int i = 0; i < 6; i++)
		events[i].outputs = &whole;
	look();
	EXPECT_NOTHING();
	for (int i = 0; i < 6; i++)
		events[i].outputs = i % 2 ? &whole : &half; /* a head that is kept in float32 */
	look();
	EXPECT_NOTHING();
	begin();
	for (int step = 0; step < 3; step++) {
		add("aten::linear", 1, step, layer, 2, &whole)->grad = false; /* a teacher */
		add("aten::linear", 2, step, layer, 2, &half);
	}
	look();
	EXPECT_NOTHING();
}

/* --- ranks --------------------------------------------------------------------------------------- */

static void
one_rank_alone(void)
{
	begin();
	hand.process_count = 2;
	state(0, "{" LOADED(20, 0, 0) "}");
	state(1, "{" LOADED(16, 4, 0) "," TOWER "}");
	look();
	CU_ASSERT_EQUAL(json_array_size(found), 1);
	EXPECT("not_loaded", "likely");
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(json_object_get(finding("not_loaded"), "evidence"), 0), "text"), "rank 1 alone, of 2");
}

int
main(void)
{
	static const struct { const char *name; void (*test)(void); } tests[] = {
		{ "loading", loading }, { "begun anew", begun_anew }, { "nothing loaded", nothing_loaded }, { "adapters", adapters }, { "writes", writes },
		{ "refusals", refusals }, { "counted places", counted_places }, { "the last batch: norms", last_norm },
		{ "the last batch: what is held", last_held }, { "the last batch: divided", last_split }, { "patches", patches },
		{ "vocabularies", vocabularies }, { "rows of positions", rows_of_positions }, { "autocast", autocast }, { "one rank alone", one_rank_alone },
	};
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("more findings", NULL, NULL);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		CU_add_test(suite, tests[i].name, tests[i].test);
	CU_basic_run_tests();
	begin();
	json_decref(found);
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
