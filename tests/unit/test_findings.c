/* links: schema viewer */
/* Every rule of findings.def: a run where it holds and one where it doesn't. */
#include <CUnit/Basic.h>

#include "findings_run.h"
#include "schema/box.h"

static void
losses(void)
{
	const struct operand apart[] = { ITEM("tensors[0]", 0, 1, 4, 1), ITEM("tensors[1]", 1, 2, 4) };
	const struct operand alike[] = { ITEM("tensors[0]", 0, 1, 4), ITEM("tensors[1]", 1, 2, 4) };
	const struct operand mean[] = { ITEM("tensors[0]", 0, 1, 4, 8), ITEM("tensors[1]", 1, 2, 8) };
	const struct operand square = TENSOR("output[0]", 3, 4, 4), row = TENSOR("output[0]", 3, 4), both = TENSOR("output[0]", 3, 4, 8);

	begin();
	add("aten::broadcast_tensors", 1, 0, apart, 2, &square);
	add("aten::broadcast_tensors", 1, 1, alike, 2, &row);
	look();
	EXPECT("loss_broadcast", "certain");
	CU_ASSERT(says("loss_broadcast", "mse_loss at train.py:14 compares [4, 1] with [4]"));
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(json_object_get(finding("loss_broadcast"), "evidence"), 0), "text"), "in 1 of 2 calls");
	begin();
	add("aten::broadcast_tensors", 1, 0, alike, 2, &row);
	add("aten::broadcast_tensors", 1, 0, mean, 2, &both); /* one target for all: meant so */
	add("aten::broadcast_tensors", 2, 0, apart, 2, &square); /* not for a loss */
	look();
	EXPECT_NOTHING();
}

static void
handmade_losses(void)
{
	struct operand apart[] = { TENSOR("self", 1, 4, 1), TENSOR("other", 2, 4) }, alike[] = { TENSOR("self", 1, 4), TENSOR("other", 2, 4) };
	const struct operand square = TENSOR("output", 3, 4, 4), row = TENSOR("output", 3, 4), bent = TENSOR("output", 4, 4, 4), mean = TENSOR("output", 5, 1);
	const struct operand of_square[] = { TENSOR("self", 3, 4, 4) }, of_bent[] = { TENSOR("self", 4, 4, 4) };

	apart[0].flags = alike[0].flags = BOX_TENSOR_GRAD;
	begin();
	add("aten::sub", 2, 0, apart, 2, &square);
	add("aten::pow", 2, 0, of_square, 1, &bent);
	add("aten::mean", 2, 0, of_bent, 1, &mean);
	look();
	EXPECT("loss_broadcast", "likely");
	CU_ASSERT(says("loss_broadcast", "a loss at train.py:15 compares [4, 1] with [4]"));
	apart[1].flags = BOX_TENSOR_GRAD; /* of all pairs of one tensor */
	look();
	EXPECT_NOTHING();
	begin();
	apart[1].flags = 0;
	add("aten::sub", 2, 0, apart, 2, &square);
	add("aten::exp", 2, 0, of_square, 1, &bent); /* no loss that we know */
	add("aten::mean", 2, 0, of_bent, 1, &mean);
	look();
	EXPECT_NOTHING();
	begin();
	add("aten::sub", 2, 0, alike, 2, &row);
	add("aten::abs", 2, 0, of_square, 1, &bent);
	add("aten::mean", 2, 0, of_bent, 1, &mean);
	look();
	EXPECT_NOTHING();
}

static void
scatters(void)
{
	const struct operand part[] = { TENSOR("self", 1, 8, 4), VALUE("dim", "int", "0"), INDEX("index", 2, 3, 4), TENSOR("src", 3, 5, 4) };
	const struct operand whole[] = { TENSOR("self", 1, 8, 4), VALUE("dim", "int", "0"), INDEX("index", 2, 5, 4), TENSOR("src", 3, 5, 4) };
	const struct operand none[] = { TENSOR("self", 1, 8, 4), VALUE("dim", "int", "0"), INDEX("index", 2, 0, 4), TENSOR("src", 3, 5, 4) };

	begin();
	add("aten::scatter_add", 2, 0, part, 4, NULL);
	look();
	EXPECT("source_in_part", "likely");
	CU_ASSERT(says("source_in_part", "index [3, 4], source [5, 4]"));
	begin();
	add("aten::scatter_add", 2, 0, whole, 4, NULL);
	add("aten::scatter_add", 2, 0, none, 4, NULL);
	add("aten::gather", 2, 0, part, 4, NULL);
	look();
	EXPECT_NOTHING();
}

static void
masks(void)
{
	struct operand read[] = { TENSOR("self", 1, 2, 40, 8), MASK("indices[0]", 2, 2, 40) };
	const struct operand nothing = TENSOR("output", 3, 0, 8), some = TENSOR("output", 3, 5, 8);

	read[0].flags = BOX_TENSOR_GRAD;
	begin();
	for (int step = 0; step < 4; step++)
		add("aten::index", 2, step, read, 2, &nothing);
	look();
	EXPECT("nothing_selected", "possible");
	CU_ASSERT(says("nothing_selected", "in all 4 calls (steps 0 to 3)"));
	add("aten::index", 2, 4, read, 2, &some);
	look();
	EXPECT_NOTHING();
	begin();
	read[0].flags = 0; /* a table that is cleaned of what isn't there */
	for (int step = 0; step < 4; step++)
		add("aten::index", 2, step, read, 2, &nothing);
	look();
	EXPECT_NOTHING();
}

static void
lengths(void)
{
	static const char limit[] = "{'step':3,'frames':[],'numbers':[{'frame':0,'numbers':[{'name':'args.max_length','value':128}]}]}";
	const struct operand lookup[] = { TENSOR("weight", 1, 100, 8), INDEX("indices", 2, 2, 128) };
	const struct call_history cut = { .calls = 40, .measured = 40, .smallest = 31, .largest = 128, .at_largest = 9, .sizes = { 60, 31, 128, 77 }, .size_count = 4 };

	begin();
	for (int step = 0; step < 5; step++)
		add("aten::embedding", 2, step, lookup, 2, NULL);
	state(0, limit);
	history = cut;
	hand.history = &history;
	look();
	EXPECT("always_cut", "likely");
	CU_ASSERT(says("always_cut", "9 of 40 batches are exactly 128 long, which is args.max_length"));
	CU_ASSERT_STRING_EQUAL(text_get(json_object_get(finding("always_cut"), "setting"), "name"), "args.max_length");
	state(0, "{'step':3,'frames':[],'numbers':[{'frame':0,'numbers':[{'name':'args.hidden_size','value':128}]}]}");
	look();
	EXPECT_NOTHING(); /* no limit by name */
	state(0, limit);
	history.smallest = 128, history.at_largest = 40;
	look();
	EXPECT_NOTHING(); /* padded to the limit */
	history = cut;
	history.at_largest = 1;
	look();
	EXPECT_NOTHING(); /* one may be chance */
	history = cut;
	memcpy(history.sizes, (int64_t[]){ 64, 32, 128, 96 }, 4 * sizeof(int64_t));
	history.smallest = 32;
	look();
	EXPECT_NOTHING(); /* rounded up to a multiple of 32 */
}

static void
gradients(void)
{
	static const char tower[] = "'idle':[{'module':'model.tower','tensors':4,'elements':144,'own':false,'identities':[7]}]";
	const struct operand use[] = { TENSOR("input", 1, 2, 8), TENSOR("weight", 7, 8, 8) }, other[] = { TENSOR("input", 1, 2, 8) };

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::linear", 2, step, use, 2, NULL);
	model(0, tower);
	look();
	EXPECT("no_gradient", "likely");
	CU_ASSERT(says("no_gradient", "does not reach the loss"));
	for (int i = 0; i < 3; i++)
		events[i].grad = false;
	look();
	CU_ASSERT(says("no_gradient", "where autograd is off"));
	model(1, tower);
	look();
	EXPECT_NOTHING(); /* sharded: nothing can be said */
	model(0, "'idle':[{'module':'model.pooler','tensors':2,'elements':12,'own':false,'identities':[7]}]");
	look();
	EXPECT_NOTHING(); /* a small head that the loss doesn't use */
	model(0, "'idle':[]");
	look();
	EXPECT_NOTHING();
	begin();
	for (int step = 0; step < 3; step++)
		add("aten::relu", 2, step, other, 1, NULL);
	model(0, tower);
	look();
	EXPECT("no_gradient", "possible");
	CU_ASSERT(says("no_gradient", "no operation of forward has used them"));
	model(0, "'idle':[{'module':'model.experts.3','tensors':4,'elements':144,'own':false,'identities':[7]}]");
	look();
	EXPECT_NOTHING(); /* one of many: perhaps next time */
	hand.event_count = 1;
	model(0, tower);
	look();
	EXPECT_NOTHING(); /* not even three steps are kept */
}

static void
optimizers(void)
{
	static const char stale[] = "{'complete':true,'optimizer':'SGD','optimizer_tensors':6,'optimizer_graded':0,'root':'model','step':3,'frames':[],"
				    "'model':{'tensors':6,'elements':60,'trainable':6,'trainable_elements':60,'graded':6,'owned':0,'unknown':0,'hooked':false},"
				    "'unowned':[{'module':'model','tensors':6,'elements':60,'own':false,'identities':[]}]}";
	char *copies = strdup(stale);

	begin();
	state(0, stale);
	look();
	EXPECT("optimizer_of_another", "likely");
	CU_ASSERT_EQUAL(json_array_size(found), 1);
	memcpy(strstr(copies, "graded':0"), "graded':6", 9); /* an optimizer of copies: they have gradients */
	state(0, copies);
	look();
	EXPECT_NOTHING();
	free(copies);
	state(0, "{'complete':true,'optimizer':'SGD','optimizer_tensors':6,'optimizer_graded':0,'root':'model','step':3,'frames':[],"
		 "'model':{'tensors':6,'elements':60,'trainable':0,'trainable_elements':0,'graded':0,'owned':6,'unknown':0,'hooked':false}}");
	look();
	EXPECT("everything_frozen", "certain");
	json_object_set_new(notes[0].json, "optimizer_graded", json_integer(2)); /* frozen for now, while another is trained */
	look();
	EXPECT_NOTHING();
	model(0, "'unowned':[{'module':'model.head','tensors':2,'elements':12,'own':false,'identities':[]}]");
	look();
	EXPECT("not_optimized", "likely");
	CU_ASSERT(says("not_optimized", "model.head (2 parameters, 12 elements) get gradients"));
	model(0, "'unowned':[]");
	look();
	EXPECT_NOTHING();
}

static void
left_behind(void)
{
	static const char device[] = "'device':[{'module':'model.visual','tensors':4,'elements':144,'device':'cpu','dtype':'float32','own':false,'identities':[7]}]";
	static const char dtype[] = "'dtype':[{'module':'model.visual','tensors':4,'elements':144,'device':'cpu','dtype':'float16','own':false,'identities':[7]}]";
	const struct operand use[] = { TENSOR("input", 1, 2, 8), TENSOR("weight", 7, 8, 8) }, other[] = { TENSOR("input", 1, 2, 8) };

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::relu", 2, step, other, 1, NULL);
	model(0, device);
	look();
	EXPECT("left_elsewhere", "possible");
	CU_ASSERT(says("left_elsewhere", "has device cpu"));
	model(0, dtype);
	look();
	EXPECT("left_in_dtype", "possible");
	CU_ASSERT(says("left_in_dtype", "has dtype float16"));
	add("aten::linear", 2, 2, use, 2, NULL);
	look();
	EXPECT_NOTHING(); /* it works */
	model(0, device);
	look();
	EXPECT_NOTHING();
}

static void
some_steps(void)
{
	const struct operand use[] = { TENSOR("input", 1, 2, 8), TENSOR("weight", 7, 8, 8) }, other[] = { TENSOR("input", 1, 2, 8) };

	begin();
	for (int step = 0; step < 9; step++) {
		add("aten::relu", 2, step, other, 1, NULL);
		if (step % 3 == 0)
			add("aten::linear", 2, step, use, 2, NULL);
	}
	model(0, "'idle':[{'module':'model.head','tensors':4,'elements':144,'own':false,'identities':[7]}]");
	look();
	EXPECT_NOTHING(); /* one of several tasks: its gradient comes with its step */
}

static void
positions(void)
{
	const struct operand lookup[] = { TENSOR("weight", 1, 128, 8), INDEX("indices", 2, 1, 125) };
	const struct operand tokens[] = { TENSOR("weight", 1, 128, 8), INDEX("indices", 2, 4, 125) };
	const struct call_history growing = { .calls = 20, .measured = 20, .smallest = 31, .largest = 125, .at_largest = 1,
					      .sizes = { 60, 31, 125, 77, 90, 41, 52 }, .size_count = 7 };

	begin();
	for (int step = 0; step < 3; step++)
		add("aten::embedding", 2, step, lookup, 2, NULL);
	state(0, "{'step':3,'frames':[],'numbers':[{'frame':0,'numbers':[{'name':'config.max_position_embeddings','value':128}]}]}");
	history = growing;
	hand.history = &history;
	look();
	EXPECT("positions_near_end", "possible");
	CU_ASSERT(says("positions_near_end", "a table of 128 positions at train.py:15 has been used up to 125, by lengths from 31 on"));
	state(0, "{'step':3,'frames':[],'numbers':[{'frame':0,'numbers':[{'name':'args.max_length','value':128}]}]}");
	look();
	EXPECT_NOTHING(); /* a limit keeps it within */
	state(0, "{'step':3,'frames':[],'numbers':[]}");
	history.largest = 100;
	look();
	EXPECT_NOTHING(); /* far from the end */
	history.largest = 128;
	look();
	EXPECT_NOTHING(); /* exactly as long as the table: cut, or made so */
	history = growing;
	history.at_largest = 4;
	look();
	EXPECT_NOTHING(); /* as if it were cut there */
	begin();
	hand.history = &history;
	history = growing;
	for (int step = 0; step < 3; step++)
		add("aten::embedding", 2, step, tokens, 2, NULL);
	state(0, "{'step':3,'frames':[],'numbers':[]}");
	look();
	EXPECT_NOTHING(); /* tokens, not positions */
}

static void
ranks_apart(void)
{
	begin();
	hand.process_count = 2;
	model(0, "'idle':[]");
	notes[1].json = json_deep_copy(notes[0].json);
	hand.notes[1] = &notes[1];
	hand.note_counts[1] = 1;
	look();
	EXPECT_NOTHING();
	json_object_set_new(json_object_get(notes[1].json, "model"), "trainable", json_integer(8));
	look();
	EXPECT("ranks_train_apart", "certain");
	CU_ASSERT(says("ranks_train_apart", "rank 1 trains 8 parameters (300 elements) of model, rank 0 trains 10 (300)"));
	json_object_set_new(json_object_get(notes[1].json, "model"), "tensors", json_integer(30)); /* a pipeline's other stage */
	look();
	EXPECT_NOTHING();
}

static void
samples(void)
{
	begin();
	state(0, "{'step':3,'frames':[],'samples':[{'what':'labels_ignored','site':2,'calls':40,'looked':17,'odd':3,'count':64,'of':64},"
		 "{'what':'source_in_part','site':2,'calls':3,'looked':3,'odd':3,'count':1152,'of':1408}]}");
	look();
	EXPECT("labels_ignored", "certain");
	CU_ASSERT(says("labels_ignored", "a loss at train.py:15 has no label to count: all 64 are -100"));
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(json_object_get(finding("labels_ignored"), "evidence"), 0), "text"),
			       "in 3 of 17 calls that were looked at, of 40");
	EXPECT("features_in_part", "likely");
	CU_ASSERT(says("features_in_part", "puts only 1152 of 1408 elements in place"));
	state(0, "{'step':3,'frames':[],'samples':[{'what':'labels_ignored','site':2,'calls':40,'looked':17,'odd':0,'count':0,'of':0},"
		 "{'what':'source_in_part','site':2,'calls':3,'looked':3,'odd':0,'count':0,'of':0}]}");
	look();
	EXPECT_NOTHING();
}

static void
many_ranks(void)
{
	const json_t *evidence;

	begin();
	hand.process_count = 2;
	model(0, "'unowned':[{'module':'model.head','tensors':2,'elements':12,'own':false,'identities':[]}]");
	look();
	CU_ASSERT_EQUAL(json_array_size(json_object_get(finding("not_optimized"), "ranks")), 1);
	evidence = json_object_get(finding("not_optimized"), "evidence");
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(evidence, 0), "text"), "rank 0 alone, of 2");
	notes[1].json = json_incref(notes[0].json);
	hand.notes[1] = &notes[1];
	hand.note_counts[1] = 1;
	look();
	CU_ASSERT_EQUAL(json_array_size(found), 1);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(finding("not_optimized"), "ranks")), 2);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(finding("not_optimized"), "evidence")), 0);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("findings", NULL, NULL);
	CU_add_test(suite, "losses", losses);
	CU_add_test(suite, "losses written by hand", handmade_losses);
	CU_add_test(suite, "scatters", scatters);
	CU_add_test(suite, "masks", masks);
	CU_add_test(suite, "lengths", lengths);
	CU_add_test(suite, "gradients", gradients);
	CU_add_test(suite, "optimizers", optimizers);
	CU_add_test(suite, "what was left behind", left_behind);
	CU_add_test(suite, "tasks by turns", some_steps);
	CU_add_test(suite, "positions", positions);
	CU_add_test(suite, "ranks train apart", ranks_apart);
	CU_add_test(suite, "samples", samples);
	CU_add_test(suite, "many ranks", many_ranks);
	CU_basic_run_tests();
	begin();
	json_decref(found);
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
