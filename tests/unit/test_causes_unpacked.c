/* links: schema viewer */
/* What Python refused to take apart or to index so often, and tensors made from an empty list. */
#include <stdio.h>
#include <unistd.h>

#include "causes_events.h"
#include "viewer/analysis/findings/check.h"

static char path[64] = "/tmp/shapebox-unpacked-XXXXXX.py";
static const char program[] = "def run(x, mask, pairs):\n"
			      "    b, c, h, w = x.shape\n"        /* 2 */
			      "    left, right = pairs\n"         /* 3 */
			      "    q, k = mask.split(8, dim=1)\n" /* 4 */
			      "    y = mask[:, None, :, :] + x[0]\n" /* 5 */
			      "    b, c = x.shape[-2:]\n"         /* 6 */
			      "    row = mask[place]\n"           /* 7 */
			      "    row = mask[place] + x[0, place] + pairs[0]\n"; /* 8 */

static json_t *
frames_at(int line)
{
	return json_pack("[{s:s, s:i, s:s, s:[{s:s, s:s, s:i, s:[i, i, i], s:s}, {s:s, s:s, s:i, s:[i, i], s:s}, {s:s, s:s, s:i, s:[i, i], s:s}]}]", "file", path, "line", line,
			 "function", "run", "locals", "name", "x", "kind", "tensor", "tensor", 1, "shape", 8, 16, 16, "dtype", "float32", "name", "mask", "kind", "tensor",
			 "tensor", 2, "shape", 4, 20, "dtype", "int64", "name", "pairs", "kind", "tensor", "tensor", 3, "shape", 3, 5, "dtype", "float32");
}

static bool
refuse(int line, const char *message, bool (*check)(const struct source *, const struct failure *, const json_t *, struct subject *, struct mismatch *),
       struct subject *subject, struct mismatch *found)
{
	struct failure failure = { .kind = "python", .context_event = -1, .message = message };
	struct hand none = { .event_count = 0 };
	struct source of = hand_source(&none);
	json_t *at = frames_at(line);
	bool is = check(&of, &failure, at, subject, found);

	if (is)
		CU_ASSERT_PTR_NOT_NULL(subject->operands[0].name);
	json_decref(at); /* what SUBJECT borrows isn't asked for here */
	return is;
}

static void
test_unpacks(void)
{
	struct subject subject;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(refuse(2, "not enough values to unpack (expected 4, got 3)", check_unpacks, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.property, "rank");
	CU_ASSERT_EQUAL(found.expected, 4);
	CU_ASSERT_EQUAL(found.actual, 3);
	CU_ASSERT_TRUE_FATAL(refuse(3, "too many values to unpack (expected 2)", check_unpacks, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.property, "size");
	CU_ASSERT_EQUAL(found.dim, 0);
	CU_ASSERT_EQUAL(found.actual, 3);
	CU_ASSERT_FALSE(refuse(4, "not enough values to unpack (expected 2, got 1)", check_unpacks, &subject, &found)); /* no operation is recorded */
	CU_ASSERT_FALSE(refuse(6, "too many values to unpack (expected 1)", check_unpacks, &subject, &found)); /* a part of a shape is no rank */
	CU_ASSERT_FALSE(refuse(2, "something else (expected 4, got 3)", check_unpacks, &subject, &found));
}

static void
test_indexes(void)
{
	struct subject subject;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(refuse(5, "too many indices for tensor of dimension 2", check_indexes, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 2);
	CU_ASSERT_EQUAL(found.expected, 3); /* None takes none */
	CU_ASSERT_EQUAL(found.actual, 2);
	CU_ASSERT_FALSE(refuse(5, "too many indices for tensor of dimension 3", check_indexes, &subject, &found)); /* x has as many as it is asked for */
}

static void
test_subscripts(void)
{
	struct subject subject;
	struct mismatch found;

	CU_ASSERT_TRUE_FATAL(refuse(7, "index 6 is out of bounds for dimension 0 with size 4", check_subscripts, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 2);
	CU_ASSERT_STRING_EQUAL(found.property, "size");
	CU_ASSERT_EQUAL(found.expected, 7);
	CU_ASSERT_EQUAL(found.actual, 4);
	CU_ASSERT_STRING_EQUAL(found.text, "mask has 4 in dimension 0 where place = 6 asks for number 7, counted from 1");
	CU_ASSERT_TRUE(refuse(8, "index 16 is out of bounds for dimension 1 with size 16", check_subscripts, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 1);
	CU_ASSERT_FALSE(refuse(7, "index 6 is out of bounds for dimension 0 with size 5", check_subscripts, &subject, &found)); /* another tensor's */
	CU_ASSERT_FALSE(refuse(2, "index 8 is out of bounds for dimension 0 with size 8", check_subscripts, &subject, &found)); /* x is given no subscript */
	CU_ASSERT_FALSE(refuse(7, "index out of range in self", check_subscripts, &subject, &found));
}

#define FOUND_CALLS 12

/* A line that found one place in each of its calls finds LAST now, and Python asks for a place behind the end. LOWEST (NULL: not counted): how often SMALLEST, a table's
 * smallest, stands in its rows. */
static const json_t *
ask_beyond(int64_t last, const char *lowest, int smallest)
{
	static struct event events[FOUND_CALLS];
	static struct operand made[FOUND_CALLS];
	static const int64_t one[] = { 1 };
	static int64_t now[1];
	const struct frame frames[] = { { .file = "/x/arch.py", .function = "forward", .line = 31 } };
	const struct site sites[] = { { .id = 1, .frame_count = 1, .frames = frames } };
	struct hand hand = { .events = events, .event_count = FOUND_CALLS, .sites = sites, .site_count = 1 };
	struct source of = hand_source(&hand);
	struct operand features = { .name = "features", .kind = "tensor", .item = -1, .ndim = 1, .sizes = SIZES(4), .dtype = "float32", .tensor = 50 };
	struct event event = { .id = INT64_MAX, .site = -1, .operation = SUBJECT_SUBSCRIPT, .phase = "forward", .operand_count = 1, .operands = &features };
	struct mismatch differs = { .property = "size", .operand = 0, .against = -1, .expected = 5, .actual = 4, .has_expected = true, .has_actual = true };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .source = &of, .last_call = -1, .sides = { { .place = 0, .dim = 0, .size = 4 }, { .place = -1 } } };
	json_t *locals = lowest ? json_pack("[{s:[{s:s, s:i, s:s, s:[i, i], s:{s:i, s:o}}]}]", "locals", "name", "input_ids", "tensor", 60, "dtype", "int64", "shape", 4, 17,
					    "summary", "min", smallest, "lowest", json_loads(lowest, 0, NULL)) : NULL;
	json_t *causes;

	facts.frames = locals;
	now[0] = last;
	for (int i = 0; i < FOUND_CALLS; i++) {
		made[i] = (struct operand){ .name = "output", .kind = "tensor", .item = -1, .ndim = 1, .sizes = i == FOUND_CALLS - 1 ? now : one, .dtype = "int64", .tensor = 100 + i };
		events[i] = (struct event){ .id = i + 1, .step = i, .site = 1, .operation = "aten::nonzero", .phase = "forward", .status = "ok", .output_count = 1, .outputs = &made[i] };
	}
	causes = causes_build(&facts);
	json_decref(locals);
	return causes;
}

static void
test_marks(void)
{
	const json_t *causes = ask_beyond(1, "[1, 2, 1, 1]", -200), *first = json_array_get(causes, 0);

	CU_ASSERT_STRING_EQUAL(text_get(first, "confidence"), "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(first, "text"), "input_ids has 5 marks for them (-200), 1 too many: sequence 1 has 2, each of the others 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(first, "fix"), "number 1 of the batch, from 0"));
	json_decref((json_t *)causes);
	causes = ask_beyond(1, "[2, 2, 1, 0]", -200); /* whose it is isn't known */
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(json_array_get(causes, 0), "text"), "1 too many"));
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(causes, 0), "text"), "sequence"));
	json_decref((json_t *)causes);
	causes = ask_beyond(1, "[1, 1, 1, 1]", -200); /* as many as rows */
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(causes, 0), "confidence"), "possible");
	json_decref((json_t *)causes);
	causes = ask_beyond(1, "[9, 9, 9, 9]", -100); /* labels that don't count */
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(causes, 0), "confidence"), "possible");
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(causes, 0), "text"), "marks"));
	json_decref((json_t *)causes);
}

static void
test_beyond(void)
{
	const json_t *causes = ask_beyond(2, NULL, 0), *first = json_array_get(causes, 0);

	CU_ASSERT_STRING_EQUAL(text_get(first, "rule"), "place_beyond");
	CU_ASSERT_STRING_EQUAL(text_get(first, "confidence"), "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(first, "text"), "aten::nonzero at arch.py:31 found 2, where it found 1 in each of 11 earlier calls"));
	json_decref((json_t *)causes);
	causes = ask_beyond(1, NULL, 0); /* as ever */
	CU_ASSERT_STRING_EQUAL(text_get(json_array_get(causes, 0), "confidence"), "possible");
	CU_ASSERT_PTR_NULL(strstr(text_get(json_array_get(causes, 0), "text"), "earlier calls"));
	json_decref((json_t *)causes);
}

/* The line at site 0 makes boxes, of LAST numbers each; now none. */
static bool
empty_is_told(int64_t last, struct cause *out)
{
	static const char *const message = "not enough values to unpack (expected 4, got 0)";
	struct operand boxes = { .name = "boxes", .kind = "tensor", .item = -1, .ndim = 1, .sizes = SIZES(0), .dtype = "float32", .tensor = 50 };
	struct event event = { .id = INT64_MAX, .site = -1, .operation = SUBJECT_CHECK, .operand_count = 1, .operands = &boxes };
	struct mismatch differs = { .property = "size", .operand = 0, .against = -1, .expected = 4, .has_expected = true, .has_actual = true };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = message, .source = &source, .before = 100 };

	start();
	source = hand_source(&hand);
	for (int i = 0; i < CALLS; i++) {
		int64_t identity = i + 1 < CALLS ? 10 + i : 50;
		int64_t rows = i + 1 < CALLS ? 1 + i % 3 : 0;

		operands[hand.event_count][0] = tensor("self", identity, last || !rows ? rows : rows + 1, last && rows ? last : -1);
		outputs[hand.event_count][0] = operands[hand.event_count][0];
		add("aten::lift_fresh", 0, i, 1);
	}
	*out = (struct cause){ 0 };
	return cause_empty_list(&facts, out);
}

static void
test_empty(void)
{
	struct cause told;

	CU_ASSERT_TRUE_FATAL(empty_is_told(4, &told));
	CU_ASSERT_STRING_EQUAL(told.confidence, "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(told.text.data, "boxes was made from an empty list, and such a tensor is [0], of one dimension; 11 earlier calls of that line made 2 dimensions"));
	CU_ASSERT_PTR_NOT_NULL(strstr(told.fix.data, "reshape(-1, 4)"));
	CU_ASSERT_FALSE(empty_is_told(0, &told)); /* it always has one dimension */
}

/* A mask for each sample where one for each head is wanted. */
static void
test_masks(void)
{
	struct operand mask = { .name = "mask", .kind = "tensor", .item = -1, .ndim = 3, .sizes = SIZES(3, 9, 9), .dtype = "bool", .tensor = 5 };
	const struct event event = { .id = 7, .site = -1, .operation = SUBJECT_CHECK, .phase = "forward", .operand_count = 1, .operands = &mask };
	const struct mismatch differs = { .property = "size", .operand = 0, .against = -1, .against_dim = -1, .expected = 12, .actual = 3, .has_expected = true, .has_actual = true };
	json_t *four = number("self.heads", 4), *other = number("self.layers", 4);
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .numbers = four, .sides = { { .size = -1 }, { .size = -1 } } };
	struct cause told = { 0 };

	CU_ASSERT_TRUE_FATAL(cause_repeats(&facts, &told));
	CU_ASSERT_STRING_EQUAL(told.confidence, "likely");
	CU_ASSERT_PTR_NOT_NULL(strstr(told.fix.data, "mask.repeat_interleave(4, dim=0)"));
	facts.numbers = other; /* four of something else */
	told = (struct cause){ 0 };
	CU_ASSERT_FALSE(cause_repeats(&facts, &told));
	facts.numbers = four;
	mask.name = "hidden";
	CU_ASSERT_FALSE(cause_repeats(&facts, &told));
	json_decref(four);
	json_decref(other);
}

int
main(void)
{
	CU_pSuite suite;
	int failed, file = mkstemps(path, 3);

	if (file < 0 || write(file, program, sizeof(program) - 1) != (ssize_t)sizeof(program) - 1 || CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	close(file);
	suite = CU_add_suite("unpacked", NULL, NULL);
	CU_add_test(suite, "what is taken apart", test_unpacks);
	CU_add_test(suite, "too many indices", test_indexes);
	CU_add_test(suite, "a place behind the end", test_subscripts);
	CU_add_test(suite, "what counts past the end", test_beyond);
	CU_add_test(suite, "marks for more rows than there are", test_marks);
	CU_add_test(suite, "an empty list", test_empty);
	CU_add_test(suite, "a mask for each head", test_masks);
	CU_basic_run_tests();
	failed = (int)CU_get_number_of_failures();
	CU_cleanup_registry();
	json_decref(causes);
	unlink(path);
	return failed != 0;
}
