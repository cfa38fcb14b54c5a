/* links: schema viewer */
/* Two sizes' stories told side by side, and what the operation that decided one did: each holds once, and once it doesn't. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"
#include "viewer/analysis/causes/ways.h"

#define STEP(side, id, operation, operands, dim, size) add_step(side, id, operation, operands, COUNT(operands), dim, size)

static const struct operand whole[] = { TENSOR("self", 9, 64, 64) };
static const struct operand pair[] = { TENSOR("self", 1, 2, 16), TENSOR("other", 2, 2, 8) };
static const struct operand halves[] = { TENSOR("self", 3, 2, 4, 16), VALUE("kernel_size", "int[]", "[2]"), VALUE("stride", "int[]", "[2]") };

#define SAYS(rule, key, part) CU_ASSERT_PTR_NOT_NULL(strstr(text_of(rule, key), part))

static void
test_one_changed(void)
{
	const struct event a = EVENT("aten::where", pair);

	STEP(1, 95, "aten::ne", whole, 1, 16);
	STEP(1, 90, "aten::pad_sequence", whole, 1, 16);
	STEP(0, 97, "aten::avg_pool1d", halves, 1, 8);
	STEP(0, 90, "aten::pad_sequence", whole, 1, 16);
	ask(&a, "", NULL, NULL);
	EXPECT("two_ways", "likely");
	SAYS("two_ways", "text", "only other was changed on its way: 16 -> 8 by aten::avg_pool1d");
	SAYS("two_ways", "fix", "bring self to 8 as well");
	stories[0].steps[0].possible = true; /* how it went isn't sure */
	ask(&a, "", NULL, NULL);
	EXPECT("two_ways", "possible");
	stories[0].steps[0].possible = false;
	stories[0].steps[0].event.operation = "aten::slice";
	ask(&a, "", NULL, NULL);
	SAYS("two_ways", "fix", "cut self the same way");
	stories[1].steps[0].event.site = stories[0].steps[0].event.site; /* one line made both, and nothing else is known */
	stories[0].count = stories[1].count = 1;
	stories[0].decider = stories[1].decider = 0;
	ask(&a, "", NULL, NULL);
	EXPECT("two_ways", "");
	forget();
}

static void
test_apart(void)
{
	const struct event a = EVENT("aten::mul", pair);

	STEP(1, 95, "aten::rand", whole, 1, 16);
	STEP(0, 97, "aten::bincount", whole, 0, 8);
	calls = 12;
	was[1].smallest = 10;
	was[1].largest = 12;
	was[0].smallest = was[0].largest = 8;
	ask(&a, "", NULL, number("MAX_TILE", 12));
	EXPECT("two_ways", "possible");
	SAYS("two_ways", "text", "self had 10 to 12 (MAX_TILE = 12) in 12 earlier calls and has 16 now");
	SAYS("two_ways", "fix", "ask for 8 there");
	stories[0].steps[0].event.phase = "optimizer";
	was[1].largest = 16; /* nothing is new */
	ask(&a, "", NULL, NULL);
	CU_ASSERT_PTR_NULL(strstr(text_of("two_ways", "text"), "earlier calls and has"));
	forget();
	STEP(1, 95, "aten::detach", whole, 1, 16); /* first read so, with another's data: it isn't what is out of date */
	stories[1].steps[0].entered = stories[1].steps[0].resized = true;
	STEP(0, 97, "aten::set_", whole, 0, 8);
	stories[0].steps[0].entered = true;
	ask(&a, "", NULL, NULL);
	SAYS("two_ways", "text", "self has 16, of another size since aten::detach");
	SAYS("two_ways", "fix", "make other anew for the 16 that self has had since it was resized");
	stories[0].steps[0].resized = true; /* both were */
	ask(&a, "", NULL, NULL);
	CU_ASSERT_PTR_NULL(strstr(text_of("two_ways", "fix"), "anew for the"));
	forget();
	ask(&a, "", NULL, NULL); /* no stories */
	EXPECT("two_ways", "");
}

static struct lineage one, other;

static void
step(struct lineage *lineage, int64_t id, int64_t size)
{
	lineage->steps[lineage->count++] = (struct lineage_step){ .event = { .id = id, .operation = "aten::slice" }, .dim = 0, .size = size };
}

static void
test_ways(void)
{
	struct ways ways;

	step(&one, 9, 40);
	step(&one, 8, 20);
	step(&one, 1, 21);
	step(&other, 7, 42);
	step(&other, 5, 21);
	ways_find(&one, &other, &ways);
	CU_ASSERT_FALSE(ways.met);
	CU_ASSERT_EQUAL(ways.size, 21);
	CU_ASSERT_EQUAL(ways.sides[0].count, 1); /* twice as many: both */
	CU_ASSERT_EQUAL(ways.sides[0].changes[0].to, 20);
	CU_ASSERT_EQUAL(ways.sides[1].count, 0);
	other.steps[1].event.id = 1;
	ways_find(&one, &other, &ways);
	CU_ASSERT_TRUE(ways.met);
	other.steps[1].entered = one.steps[2].entered = true; /* two tensors that one operation used first */
	other.steps[1].tensor = 3;
	ways_find(&one, &other, &ways);
	CU_ASSERT_FALSE(ways.met);
	other.steps[1].size = 33;
	other.steps[0].size = 66;
	ways_find(&one, &other, &ways);
	CU_ASSERT_EQUAL(ways.size, -1);
	memset(&one, 0, sizeof(one));
	memset(&other, 0, sizeof(other));
	step(&one, 9, 16); /* 64 pixels, 4 patches a side */
	step(&one, 8, 4);
	step(&one, 1, 64);
	step(&other, 7, 64); /* 8 a side, so that there are as many of them as there were pixels */
	step(&other, 6, 8);
	step(&other, 1, 64);
	one.steps[0].event.operation = other.steps[0].event.operation = "aten::flatten";
	one.steps[1].event.operation = other.steps[1].event.operation = "aten::conv2d";
	ways_find(&one, &other, &ways);
	CU_ASSERT_TRUE(ways.met);
	CU_ASSERT_EQUAL(ways.sides[1].count, 2); /* that undoes nothing */
	other.steps[1].event.operation = "aten::view"; /* a view apart and together again does */
	ways_find(&one, &other, &ways);
	CU_ASSERT_EQUAL(ways.sides[1].count, 0);
	CU_ASSERT_TRUE(ways_alike(20, 19, 41, 40));
	CU_ASSERT_FALSE(ways_alike(20, 19, 41, 39));
	CU_ASSERT_FALSE(ways_alike(20, 20, 41, 41));
}

/* zeros(..., 8) in a library: of the tensor of 8 before it, which comes from what the other comes from. */
static void
test_bridge(void)
{
	const struct operand ids[] = { INDEX("self", 1, 16) }, first[] = { INDEX("output", 2, 16) };
	const struct operand pooled[] = { TENSOR("self", 2, 16) }, half[] = { TENSOR("output", 3, 8) };
	const struct operand size[] = { VALUE("size", "int[]", "[8]") }, zeros[] = { TENSOR("output", 4, 8) };
	const struct event events[] = {
		{ .id = 1, .parent = -1, .scope = -1, .site = -1, .operation = "aten::clone", .phase = "forward", .status = "ok", .operand_count = 1,
		  .operands = ids, .output_count = 1, .outputs = first },
		{ .id = 2, .parent = -1, .scope = -1, .site = -1, .operation = "aten::avg_pool1d", .phase = "forward", .status = "ok", .operand_count = 1,
		  .operands = pooled, .output_count = 1, .outputs = half },
		{ .id = 3, .parent = -1, .scope = -1, .site = -1, .operation = "aten::zeros", .phase = "forward", .status = "ok", .operand_count = 1,
		  .operands = size, .output_count = 1, .outputs = zeros },
	};
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	struct source source = hand_source(&hand);

	lineage_walk_tensor(&source, 0, 4, 9, 0, LINEAGE_SIZE, &one);
	lineage_walk_tensor(&source, 0, 2, 9, 0, LINEAGE_SIZE, &other);
	CU_ASSERT_EQUAL(one.count, 1);
	CU_ASSERT_TRUE(ways_bridge(&source, &one, &other));
	CU_ASSERT_TRUE(one.count > 1);
	CU_ASSERT_STRING_EQUAL(one.steps[1].event.operation, "aten::avg_pool1d");
	CU_ASSERT_TRUE(one.steps[1].possible);
	CU_ASSERT_EQUAL(one.decider, 0);
	one.count = 1;
	one.steps[0].entered = true; /* nobody asked for it */
	CU_ASSERT_FALSE(ways_bridge(&source, &one, &other));
}

static void
test_kinds(void)
{
	const struct operand late[] = { TENSOR("self", 1, 371), VALUE("dim", "int", "0"), VALUE("start", "int", "336"), VALUE("end", "int", "-8") };
	const struct operand kept[] = { TENSOR("self", 1, 12), MASK("indices[0]", 2, 12) };
	const struct operand pieces[] = { ITEM("tensors[0]", 0, 1, 2, 24), ITEM("tensors[1]", 1, 2, 2, 24), VALUE("dim", "int", "1") };
	struct lineage_step is = { .event = { .operation = "aten::slice", .operand_count = COUNT(late), .operands = late }, .dim = 0, .size = 27 };
	struct text text = {{0}, 0}, fix = {{0}, 0};
	int64_t start, end;

	CU_ASSERT_TRUE(cause_tell_step(&is, "past", 32, &text, &fix));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "begins at 336 and there are only 363: 27 are left of the 32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fix.data, "at 331 at most (363 - 32)"));
	CU_ASSERT_FALSE(cause_ran_out(&is, 27, &start, &end)); /* as many as are wanted */
	CU_ASSERT_FALSE(cause_ran_out(&is, 340, &start, &end)); /* cropped at both ends */
	is.event.operation = "aten::index";
	is.event.operands = kept;
	is.event.operand_count = COUNT(kept);
	is.size = 11;
	text = fix = (struct text){{0}, 0};
	CU_ASSERT_TRUE(cause_tell_step(&is, "rewards", 12, &text, &fix));
	CU_ASSERT_STRING_EQUAL(text.data, "1 of 12 were left out by a mask or index");
	CU_ASSERT_FALSE(cause_tell_step(&is, "rewards", 8, &text, &fix));
	is.event.operation = "aten::bincount";
	is.size = 30;
	text = (struct text){{0}, 0};
	CU_ASSERT_TRUE(cause_tell_step(&is, "counts", 25, &text, &fix));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "29 occurs, where 0 to 24 are counted"));
	is = (struct lineage_step){ .event = { .operation = "aten::cat", .operand_count = COUNT(pieces), .operands = pieces }, .dim = 1, .size = 48 };
	text = (struct text){{0}, 0};
	CU_ASSERT_TRUE(cause_tell_step(&is, "features", 24, &text, &fix));
	CU_ASSERT_STRING_EQUAL(text.data, "2 pieces of 24 were put together where one is wanted");
	CU_ASSERT_FALSE(cause_tell_step(&is, "features", 36, &text, &fix));
}

static void
test_fewer(void)
{
	const struct operand one[] = { ITEM("tensors[0]", 0, 1, 2, 36, 32), VALUE("dim", "int", "-1") }, rows[] = { ITEM("tensors[0]", 0, 1, 2, 36, 32), VALUE("dim", "int", "1") };
	const struct operand made[] = { TENSOR("output", 2, 2, 36, 32) };
	struct cause_facts facts = { .message = "" };
	struct cause_side side = { .size = 32, .lineage = &stories[0] };
	struct text text = {{0}, 0}, fix = {{0}, 0};

	forget();
	add_step(0, 90, "aten::cat", one, COUNT(one), 2, 32);
	stories[0].steps[0].event.outputs = made;
	stories[0].steps[0].event.output_count = 1;
	CU_ASSERT_TRUE(cause_tell_fewer(&facts, &side, 128, &text, &fix));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "one piece of 32 alone was put together, where 4 make 128, by aten::cat"));
	CU_ASSERT_FALSE(cause_tell_fewer(&facts, &side, 100, &text, &fix)); /* no number of them makes it */
	stories[0].steps[0].event.operands = rows; /* along another dimension */
	CU_ASSERT_FALSE(cause_tell_fewer(&facts, &side, 128, &text, &fix));
	forget();
}

static void
test_slice_short(void)
{
	const struct operand late[] = { TENSOR("self", 1, 371), VALUE("dim", "int", "0"), VALUE("start", "int", "360"), VALUE("end", "int", "376") };
	const struct operand stack[] = { ITEM("tensors[0]", 0, 1, 16), ITEM("tensors[1]", 1, 2, 8), VALUE("dim", "int", "0") };
	const struct event a = EVENT("aten::mul", pair), b = EVENT("aten::stack", stack);

	STEP(0, 97, "aten::slice", late, 0, 8);
	ask(&a, "", NULL, NULL);
	EXPECT("slice_short", "");
	stories[0].steps[0].event.operands = (const struct operand[]){ TENSOR("self", 1, 368), late[1], late[2], late[3] };
	ask(&a, "", NULL, NULL);
	EXPECT("slice_short", "likely");
	SAYS("slice_short", "fix", "at 352 at most (368 - 16)");
	calls = 5;
	was[1].smallest = 8;
	was[1].largest = 12; /* the other is larger than ever */
	ask(&a, "", NULL, NULL);
	EXPECT("slice_short", "");
	for (int64_t end = 16; end <= 20; end += 4) { /* it asked for just what the others have, or for what nobody has */
		const struct operand table[] = { TENSOR("self", 1, 8), VALUE("dim", "int", "0"), VALUE("start", "int", "0"), VALUE("end", "int", end == 16 ? "16" : "20") };

		forget();
		STEP(0, 97, "aten::slice", table, 0, 8);
		STEP(0, 96, "aten::randn", table, 0, 8); /* the table's own size */
		ask(&b, "", NULL, NULL);
		EXPECT("slice_short", end == 16 ? "likely" : "");
		if (end == 16)
			SAYS("slice_short", "fix", "make what is sliced 16 long or more where it is built, or let no input ask for more than 8");
	}
	forget();
}

static void
test_index_before(void)
{
	const struct operand index[] = { TENSOR("self", 1, 10, 4), INDEX("indices[0]", 2, 24) };
	const struct event a = EVENT("aten::index", index);

	count_values(2, "{\"elements\":24,\"min\":0,\"max\":23,\"negative\":0,\"ignored\":0,\"distinct\":24,\"sorted\":false}");
	ask(&a, "", NULL, NULL);
	EXPECT("index_made_before", "");
	EXPECT("index_out_of_range", "likely");
	calls = 5;
	was[1].smallest = was[1].largest = 24;
	ask(&a, "", NULL, number("BATCH_SIZE", 24));
	EXPECT("index_made_before", "likely");
	EXPECT("index_out_of_range", "");
	SAYS("index_made_before", "text", "had 24 rows in all 5 earlier calls and has 10 now");
	SAYS("index_made_before", "text", "BATCH_SIZE = 24");
	forget();
	STEP(1, 97, "aten::slice", whole, 0, 10);
	STEP(1, 90, "aten::randn", whole, 0, 52);
	ask(&a, "", NULL, NULL);
	EXPECT("index_made_before", "likely");
	SAYS("index_made_before", "text", "for the 52 that there were before self was cut to 10");
	stories[1].steps[1].size = 20; /* too few even then */
	ask(&a, "", NULL, NULL);
	EXPECT("index_made_before", "");
	count_values(0, NULL);
	forget();
}

static void
test_view_changed(void)
{
	const struct operand now[] = { TENSOR("self", 1, 8, 11, 40), VALUE("size", "int[]", "[200, 40]") };
	const struct operand was_[] = { TENSOR("self", 1, 8, 25, 40), VALUE("size", "int[]", "[200, 40]") };
	struct event events[4];
	struct hand hand = { .events = events, .event_count = 4 };
	struct source source = hand_source(&hand);
	struct mismatch wants = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true,
				  .expected = 3520, .actual = 8000 };
	struct cause_facts facts = { .mismatch = &wants, .source = &source, .event = &events[3] };
	struct cause cause = { .confidence = NULL };

	for (int i = 0; i < 4; i++)
		events[i] = (struct event){ .id = i + 1, .site = 5, .parent = -1, .scope = -1, .operation = "aten::view", .overload = "", .phase = "forward", .status = "ok",
					    .operand_count = 2, .operands = i == 3 ? now : was_ };
	CU_ASSERT_TRUE(cause_view_changed(&facts, &cause));
	CU_ASSERT_PTR_NOT_NULL(strstr(cause.text.data, "dimension 1 of self was 25 in all 3 earlier calls and is 11 now"));
	events[0].operands = now; /* it was so before */
	cause = (struct cause){ .confidence = NULL };
	CU_ASSERT_FALSE(cause_view_changed(&facts, &cause));
}

/* A cat of fewer pieces than in the call before, and what was new at which line. */
static void
test_pieces(void)
{
	const struct operand three[] = { ITEM("tensors[0]", 0, 1, 2, 4), ITEM("tensors[1]", 1, 2, 2, 1), ITEM("tensors[2]", 2, 3, 2, 4), VALUE("dim", "int", "1") };
	const struct operand two[] = { ITEM("tensors[0]", 0, 4, 2, 4), ITEM("tensors[1]", 1, 5, 2, 4), VALUE("dim", "int", "1") };
	const struct operand nine[] = { TENSOR("output", 6, 2, 9) }, eight[] = { TENSOR("output", 7, 2, 8) };
	struct event events[4];
	struct hand hand = { .events = events, .event_count = 4 };
	struct source source = hand_source(&hand);
	struct mismatch wants = { .property = "size", .operand = 0, .against = -1, .dim = 1, .against_dim = -1 };
	struct cause_facts facts = { .mismatch = &wants, .source = &source };
	struct lineage_step is = { .dim = 1, .size = 8, .decides = true };
	struct text text = {{0}, 0}, fix = {{0}, 0};

	for (int i = 0; i < 4; i++)
		events[i] = (struct event){ .id = i + 1, .site = 5, .parent = -1, .scope = -1, .operation = "aten::cat", .overload = "", .phase = "forward", .status = "ok",
					    .operand_count = i == 3 ? 3 : 4, .operands = i == 3 ? two : three, .output_count = 1, .outputs = i == 3 ? eight : nine };
	is.event = events[3];
	CU_ASSERT_TRUE(cause_tell_pieces(&facts, &is, &text, &fix));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.data, "put 2 pieces together, 3 before (4 + 1 + 4)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fix.data, "missing"));
	is.event = events[2];
	CU_ASSERT_FALSE(cause_tell_pieces(&facts, &is, &text, &fix)); /* as before */
}

static void
test_several_labels(void)
{
	const struct operand loss[] = { TENSOR("self", 1, 8, 5), INDEX("target", 2, 40) };
	const struct operand flat[] = { INDEX("self", 3, 8, 5) };
	const struct event a = EVENT("aten::cross_entropy_loss", loss);

	STEP(0, 97, "aten::view", flat, 0, 40);
	ask(&a, "", NULL, NULL);
	EXPECT("flattened", "likely");
	SAYS("flattened", "fix", "multi_label_classification");
	stories[0].steps[0].event.operation = "aten::stack";
	ask(&a, "", NULL, NULL);
	CU_ASSERT_PTR_NULL(strstr(text_of("flattened", "fix"), "multi_label_classification"));
	forget();
}

/* How sure it is that words of 56, asked for by a line whose number SET (or nothing) sets, don't fit a table of 77 that FUNCTION made; PARAMETER: it is one. */
static const char *
settled(const char *function, const char *parameter, const struct settings *set)
{
	static char path[] = "/tmp/shapebox-settled.py";
	const struct operand words[] = { TENSOR("self", 1, 8, 56), TENSOR("other", 2, 8, 77) }, asked[] = { VALUE("size", "int[]", "[8,56]") }, built[] = { VALUE("size", "int[]", "[8,77]") };
	const struct frame there[] = { { .file = path, .function = "tokenize", .line = 2 } }, model[] = { { .file = "/p/model.py", .function = function, .line = 9 } };
	const struct site sites[] = { { .id = 1, .frame_count = 1, .frames = there }, { .id = 2, .frame_count = 1, .frames = model } };
	struct hand hand = { .sites = sites, .site_count = 2 };
	struct source source = hand_source(&hand);
	struct event failed = EVENT("aten::add", words);
	struct mismatch differs = { .property = "size", .operand = 1, .against = 0, .dim = 1, .against_dim = 1, .has_expected = true, .has_actual = true, .expected = 56, .actual = 77,
				    .text = "they differ" };
	json_t *frames = json_pack("[{s:[{s:s, s:s, s:i}]}]", "locals", "name", "model.positions", "parameter", parameter, "tensor", 2), *known = number("tokenizer.context_length", 56);
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .message = "", .source = &source, .frames = frames, .numbers = known, .settings = set, .last_call = -1,
				     .sides = { { .place = 1, .dim = 1, .size = 77, .lineage = &stories[0] }, { .place = 0, .dim = 1, .size = 56, .lineage = &stories[1] } } };
	const char *confidence;

	write_program(path, "def tokenize(self, texts):\n    result = zeros(len(texts), self.context_length)\n");
	STEP(0, 2, "aten::empty", built, 1, 77);
	STEP(1, 1, "aten::zeros", asked, 1, 56);
	json_decref(causes);
	causes = causes_build(&facts);
	confidence = confidence_of("two_ways");
	forget();
	unlink(path);
	json_decref(frames);
	json_decref(known);
	return confidence;
}

static void
test_settled(void)
{
	static const struct settings set = { .count = 1, .file_count = 1, .files = { "/p/train.py" }, .list = { { "context_length", 56, 0, 13 } } }, none;

	CU_ASSERT_STRING_EQUAL(settled("Text.__init__", "positions", &set), "likely");
	SAYS("two_ways", "text", "(tokenizer.context_length = 56, train.py:13)");
	CU_ASSERT_STRING_EQUAL(settled("Text.__init__", "positions", &none), "possible"); /* nobody set it */
	CU_ASSERT_STRING_EQUAL(settled("Text.__init__", "", &set), "possible");           /* no parameter: a buffer may be made anew */
	CU_ASSERT_STRING_EQUAL(settled("Text.forward", "positions", &set), "possible");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "a table built, a size set", test_settled);
	CU_add_test(suite, "fewer pieces than are wanted", test_fewer);
	CU_add_test(suite, "one side changed", test_one_changed);
	CU_add_test(suite, "made apart", test_apart);
	CU_add_test(suite, "where both were one", test_ways);
	CU_add_test(suite, "past what was asked for", test_bridge);
	CU_add_test(suite, "what an operation did", test_kinds);
	CU_add_test(suite, "slices that ran out", test_slice_short);
	CU_add_test(suite, "indices of what was more", test_index_before);
	CU_add_test(suite, "views of what was another", test_view_changed);
	CU_add_test(suite, "pieces", test_pieces);
	CU_add_test(suite, "several labels", test_several_labels);
}

int
main(void)
{
	return run_suite("two ways", fill);
}
