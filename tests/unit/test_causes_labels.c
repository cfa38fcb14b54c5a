/* links: schema viewer */
/* Labels of tokens that are counted apart from them: more, fewer; and where it isn't so. */
#include "causes_events.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))
#define EARLIER 322

static struct operand labels[] = { INDEX("self", 4, 4, 28) }, tokens[] = { INDEX("self", 5, 4, 30) };
static const struct operand table[] = { TENSOR("weight", 6, 90, 32), INDEX("indices", 5, 4, 30) };
static struct operand scores[] = { TENSOR("self", 7, 4, 30, 4) };

static int64_t classes = 4;

/* EACH labels a sequence, made at SITE, against 30 tokens made at line 31 of the same function; the loss knows them by NAME. */
static void
ask_labels(int64_t each, int site, const char *name, json_t *reach)
{
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = 120,
				    .actual = 4 * each };
	const int64_t of_labels[] = { 4, each }, flat[] = { 4 * each };
	const struct operand loss[] = { { .name = name, .kind = "tensor", .item = -1, .ndim = 1, .sizes = flat, .dtype = "int64", .device = "cpu", .layout = "strided", .tensor = 2 },
					TENSOR("self", 1, 120, classes), VALUE("ignore_index", "int", "-100") };
	const struct event event = EVENT("aten::cross_entropy_loss", loss);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .calls = EARLIER, .agreed = EARLIER, .numbers = reach };

	forget();
	text_format(differs.text, sizeof(differs.text), "they differ");
	labels[0].sizes = of_labels;
	add_step(0, 99, "aten::view", labels, 1, 0, 4 * each);
	add_step(0, 80, "aten::lift_fresh", labels, 1, 1, each);
	stories[0].steps[1].event.site = site;
	add_step(1, 98, "aten::view", scores, 1, 0, 120);
	add_step(1, 90, "aten::embedding", table, 2, 1, 30);
	add_step(1, 79, "aten::lift_fresh", tokens, 1, 1, 30);
	stories[1].steps[2].event.site = 3;
	stories[0].steps[1].tensor = 4;
	stories[1].steps[2].tensor = 5;
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = i, .dim = 0, .size = i ? 120 : 4 * each, .calls = EARLIER, .smallest = 36, .largest = 104, .lineage = &stories[i] };
	ask_facts(&facts);
	json_decref(reach);
}

static void
test_apart(void)
{
	ask_labels(28, 2, "target", NULL);
	EXPECT("labels_beside_tokens", "likely");
	EXPECT("made_beside", "");
	EXPECT("logits_and_labels", "");
	SAYS("text", "each for itself in forward: 28 labels a sequence, by aten::lift_fresh at train.py:30, 30 tokens, by aten::lift_fresh at train.py:31");
	SAYS("fix", "a word that the tokenizer splits has several tokens");
	SAYS("fix", "pad them with -100 to the tokens' 30");
	ask_labels(33, 2, "target", NULL); /* the labels follow all the same */
	EXPECT("labels_beside_tokens", "likely");
	SAYS("fix", "cut the labels as the tokens are cut");
	SAYS("fix", "to the tokens' 30");
}

/* As many classes as the embedding has rows: the labels of a language model, made of the answer alone. */
static void
test_tokens(void)
{
	scores[0].sizes = SIZES(4, 30, 90);
	classes = 90;
	ask_labels(28, 2, "target", NULL);
	EXPECT("labels_beside_tokens", "likely");
	SAYS("fix", "Join what is given and what is to be answered in input_ids");
	SAYS("fix", "with -100 over what is given");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "word_ids"));
	scores[0].sizes = SIZES(4, 30, 4);
	classes = 4;
}

static void
test_otherwise(void)
{
	ask_labels(28, 3, "target", NULL); /* one line made both */
	EXPECT("labels_beside_tokens", "");
	ask_labels(28, 1, "target", NULL); /* another function */
	EXPECT("labels_beside_tokens", "");
	ask_labels(28, 2, "other", NULL); /* no labels */
	EXPECT("labels_beside_tokens", "");
	ask_labels(28, 2, "target", number("MAX_LENGTH", 28)); /* cut at a limit */
	EXPECT("labels_beside_tokens", "");
	tokens[0].dtype = "float32"; /* no tokens */
	ask_labels(28, 2, "target", NULL);
	EXPECT("labels_beside_tokens", "");
	tokens[0].dtype = "int64";
}

/* What both sides have otherwise than before isn't told of one of them. */
static void
test_history(void)
{
	ask_labels(28, 1, "target", NULL);
	EXPECT("two_ways", "possible");
	CU_ASSERT_PTR_NULL(strstr(text_of("two_ways", "text"), "had 36 to 104"));
	ask_labels(26, 1, "target", NULL); /* 104: as before */
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("two_ways", "text"), "self had 36 to 104 in 322 earlier calls and has 120 now"));
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&hand);
	CU_add_test(suite, "counted apart", test_apart);
	CU_add_test(suite, "tokens themselves", test_tokens);
	CU_add_test(suite, "made otherwise", test_otherwise);
	CU_add_test(suite, "both as never before", test_history);
}

int
main(void)
{
	return run_suite("labels and tokens", fill);
}
