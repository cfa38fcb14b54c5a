/* links: schema viewer */
/* Rows that a view folded into rows of another width; what a class of settings has by default and no object of it holds. */
#include "causes_events.h"
#include "viewer/analysis/causes/code/defaults.h"

#define SAYS(key, part) CU_ASSERT_PTR_NOT_NULL(strstr(first_text(key), part))

static char path[] = "/tmp/test_refolded.XXXXXX.py"; /* line 2 has the view */
static struct frame there[] = { { path, "loss_of", 2, 0 }, { path, "forward", 4, 0 } };
static const struct site places[] = { { 0, 1, 1, 0, &there[0] }, { 1, 1, 1, 0, &there[1] } };
static struct hand viewed = { .sites = places, .site_count = 2 };

static bool is_cut; /* the other side had its size before it was viewed */

/* OPERATION over rows of WIDTH, [2, 48, WIDTH], that were viewed as rows of ASKED, against COUNT of TARGET. */
static void
ask_folded(const char *operation, const char *target, int64_t width, int64_t asked, int64_t count, json_t *reach)
{
	static char sizes[32];
	const int64_t rows[] = { 96 * width / asked, asked }, whole[] = { 2, 48, width }, labels[] = { count };
	const struct operand view[] = { { .name = "self", .kind = "tensor", .item = -1, .ndim = 3, .sizes = whole, .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = 7 },
					VALUE("size", "int[]", sizes) };
	const struct operand loss[] = { { .name = "self", .kind = "tensor", .item = -1, .ndim = 2, .sizes = rows, .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = 1 },
					{ .name = target, .kind = "tensor", .item = -1, .ndim = 1, .sizes = labels, .dtype = "int64", .device = "cpu", .layout = "strided", .tensor = 2 } };
	const struct operand tokens[] = { INDEX("self", 5, 2, count / 2) }, cut[] = { INDEX("self", 5, count, 1) };
	const struct event event = EVENT(operation, loss);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 0, .against_dim = 0, .has_expected = true, .has_actual = true, .expected = rows[0],
				    .actual = count };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .last_call = -1, .numbers = reach };

	forget();
	text_format(sizes, sizeof(sizes), "[-1, %d]", (int)asked);
	text_format(differs.text, sizeof(differs.text), "they differ");
	add_step(0, 99, "aten::view", is_cut ? cut : tokens, 1, 0, count);
	add_step(1, 98, "aten::view", view, 2, 0, rows[0]);
	stories[0].steps[0].event.site = stories[1].steps[0].event.site = 0;
	for (int i = 0; i < 2; i++)
		facts.sides[i] = (struct cause_side){ .place = !i, .dim = 0, .size = i ? rows[0] : count, .lineage = &stories[i] };
	ask_facts(&facts);
	json_decref(reach);
}

static void
test_folded(void)
{
	ask_folded("aten::cross_entropy_loss", "target", 5, 4, 96, NULL);
	EXPECT("rows_refolded", "likely");
	EXPECT("logits_and_labels", "");
	SAYS("text", "self was [2, 48, 5], rows of 5, and was folded into rows of 4 by aten::view at");
	SAYS("text", "120 rows of no meaning; as it was it has 96 rows, as many as target");
	SAYS("fix", "the 4 is written on the line itself");
	ask_folded("aten::cross_entropy_loss", "target", 7, 3, 96, number("self.num_labels", 3)); /* by name */
	EXPECT("rows_refolded", "likely");
	SAYS("fix", "it asks for self.num_labels (self.num_labels = 3): set that to 7, or build for 3 what made the 7");
	ask_folded("aten::cross_entropy_loss", "target", 8, 4, 96, NULL); /* maybe on purpose */
	EXPECT("rows_refolded", "possible");
}

static void
test_not_folded(void)
{
	ask_folded("aten::cross_entropy_loss", "target", 5, 4, 90, NULL); /* as it was it wouldn't fit either */
	EXPECT("rows_refolded", "");
	ask_folded("aten::cross_entropy_loss", "target", 4, 4, 90, NULL); /* as wide as it was */
	EXPECT("rows_refolded", "");
	ask_folded("aten::add", "other", 5, 20, 96, NULL); /* four rows of a grid put into one, no loss */
	EXPECT("rows_refolded", "");
}

/* What a view made of two dimensions wasn't cut to a limit of as much. */
static void
test_product(void)
{
	ask_folded("aten::sub", "other", 5, 4, 90, number("config.max_positions", 90)); /* [2, 45] in one */
	EXPECT("cut_one_side", "");
	is_cut = true;
	ask_folded("aten::sub", "other", 5, 4, 90, number("config.max_positions", 90));
	EXPECT("cut_one_side", "likely");
	is_cut = false;
}

static json_t *
numbers_of(const char *names[], int count, const int64_t *values)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}", "name", names[i], "value", (json_int_t)values[i]));
	return json_pack("[{s:i, s:o}]", "frame", 0, "numbers", list);
}

static bool
holds(json_t *numbers, const char *name)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = text_next(numbers, "numbers", &at)))
		if (strcmp(text_get(number, "name"), name) == 0)
			return true;
	return false;
}

static void
test_defaults(void)
{
	const char *names[] = { "ModelConfig.width", "ModelConfig.layers", "ModelConfig.heads", "ModelConfig.max_positions", "ModelConfig.vocab_size", "self.config.width",
				"self.config.layers", "self.config.heads", "self.config.max_positions", "self.config.vocab_size", "TrainConfig.max_positions" };
	int64_t values[] = { 768, 12, 12, 1024, 50000, 48, 12, 4, 1100, 300, 1024 };
	json_t *numbers = numbers_of(names, 11, values);

	defaults_drop(numbers);
	CU_ASSERT_FALSE(holds(numbers, "ModelConfig.max_positions"));
	CU_ASSERT_FALSE(holds(numbers, "ModelConfig.width"));
	CU_ASSERT(holds(numbers, "ModelConfig.layers")); /* the object holds the same */
	CU_ASSERT(holds(numbers, "self.config.max_positions"));
	CU_ASSERT(holds(numbers, "TrainConfig.max_positions")); /* of another class, none of whose objects is in reach */
	json_decref(numbers);
	names[5] = "self.config.a";
	names[6] = "self.config.b"; /* something else that has a few such names */
	numbers = numbers_of(names, 11, values);
	defaults_drop(numbers);
	CU_ASSERT(holds(numbers, "ModelConfig.max_positions"));
	json_decref(numbers);
}

static void
fill(CU_pSuite suite)
{
	source = hand_source(&viewed);
	CU_add_test(suite, "rows folded", test_folded);
	CU_add_test(suite, "rows as they were", test_not_folded);
	CU_add_test(suite, "a product is no cut", test_product);
	CU_add_test(suite, "defaults of a class", test_defaults);
}

int
main(void)
{
	return run_suite_with(path, "def loss_of(scores, labels, num_labels):\n    return loss(scores.view(-1, num_labels), labels, scores.view(-1, 4))\n", "rows folded", fill);
}
