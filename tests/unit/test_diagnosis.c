/* links: schema viewer */
/* Which side of a mismatch is to be explained, and which step of two stories is the origin. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis_events.h"
#include "program_file.h"
#include "viewer/analysis/report_failure.h"
#include "viewer/analysis/text.h"

#define MADE(id_, site_, step_, operation_, operands_, outputs_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .step = step_, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "ok", .operand_count = COUNT(operands_), .operands = operands_, \
	  .output_count = COUNT(outputs_), .outputs = outputs_ }
#define FAILED(id_, site_, step_, operation_, operands_) \
	{ .id = id_, .parent = -1, .scope = -1, .site = site_, .sequence = -1, .step = step_, .operation = operation_, .overload = "", \
	  .phase = "forward", .status = "failed", .operand_count = COUNT(operands_), .operands = operands_ }

static const struct process processes[] = { { .file = "x.db", .role = "rank", .status = "failed" } };

static void
start(struct hand *hand, const struct event *event, const json_t *modules, struct diagnosis *out)
{
	static struct failure failure;
	static struct source source;
	static struct note note;

	hand->processes = processes;
	hand->process_count = 1;
	source = hand_source(hand);
	note = (struct note){ .kind = "exception", .json = json_pack("{s:O?, s:[]}", "modules", modules, "frames") };
	failure = (struct failure){ .kind = "operation", .has_event = true, .event = *event, .operation_name = event->operation, .context_event = -1, .link = -1,
				    .note = modules ? &note : NULL, .message = "" };
	diagnosis_start(out, &source, &failure);
	diagnosis_follow(out);
	json_decref((json_t *)note.json);
}

/* A tower that the model's .cuda() didn't reach, and a picture that was moved: more of the parameters are where the tower is. */
static void
test_left_behind(void)
{
	const struct operand picture[] = { TENSOR_ON("self", 1, "float32", "cpu", 1, 3, 8, 8) }, moved[] = { TENSOR_ON("output", 2, "float32", "cuda:0", 1, 3, 8, 8) };
	const struct operand conv[] = { TENSOR_ON("input", 2, "float32", "cuda:0", 1, 3, 8, 8), TENSOR_ON("weight", 3, "float32", "cpu", 4, 3, 2, 2) };
	const struct event events[] = { MADE(1, 1, 0, "aten::_to_copy", picture, moved), FAILED(2, 2, 0, "aten::conv2d", conv) };
	struct hand hand = { .events = events, .event_count = 2 };
	json_t *rows = json_pack("[{s:s, s:i}, {s:s, s:i}]", "device", "cpu", "parameters", 392, "device", "cuda:0", "parameters", 72);
	struct live_tensor live = { .tensor = 3, .moved = { .known = true, .before = "float32 cuda:0", .after = "float32 cpu" } };
	struct diagnosis diagnosis;

	start(&hand, &events[1], rows, &diagnosis);
	CU_ASSERT_TRUE_FATAL(diagnosis.has_mismatch);
	CU_ASSERT_STRING_EQUAL(diagnosis.mismatch.property, "device");
	CU_ASSERT_EQUAL(diagnosis.mismatch.operand, 1);
	CU_ASSERT_STRING_EQUAL(diagnosis.mismatch.actual_name, "cpu");
	diagnosis_end(&diagnosis);
	hand.live = &live; /* it was set aside */
	start(&hand, &events[1], rows, &diagnosis);
	CU_ASSERT_EQUAL(diagnosis.mismatch.operand, 1);
	diagnosis_end(&diagnosis);
	live.moved.before = "float32 cuda:1";
	live.moved.after = "float32 cuda:2"; /* both were brought: the one that few of the parameters are with */
	start(&hand, &events[1], rows, &diagnosis);
	CU_ASSERT_EQUAL(diagnosis.mismatch.operand, 0);
	diagnosis_end(&diagnosis);
	json_decref(rows);
}

/* The origin that is told of two sizes that differ. */
static const char *
origin_of(struct hand *hand, const struct event *event, char out[96])
{
	struct diagnosis diagnosis;

	start(hand, event, NULL, &diagnosis);
	text_format(out, 96, "%s %d", text_get(diagnosis.origin, "operation"), (int)json_integer_value(json_object_get(diagnosis.origin, "event")));
	diagnosis_end(&diagnosis);
	return out;
}

/* Two cats of as many pieces, of which one differs: its maker is the origin, not the cat. */
static void
test_pieces(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, two[] = { TENSOR("output", 1, 2) }, three[] = { TENSOR("output", 2, 3) };
	const struct operand four[] = { TENSOR("output", 3, 4) }, six[] = { TENSOR("output", 4, 6) }, seven[] = { TENSOR("output", 5, 7) };
	const struct operand one[] = { ITEM("tensors[0]", 0, 1, 2), ITEM("tensors[1]", 1, 3, 4), VALUE("dim", "int", "0") };
	const struct operand other[] = { ITEM("tensors[0]", 0, 2, 3), ITEM("tensors[1]", 1, 3, 4), VALUE("dim", "int", "0") };
	const struct operand pair[] = { TENSOR("self", 4, 6), TENSOR("other", 5, 7) };
	const struct event events[] = { MADE(1, 1, 0, "aten::randn", size, two), MADE(2, 2, 0, "aten::randn", size, three), MADE(3, 3, 0, "aten::randn", size, four),
					MADE(4, 4, 0, "aten::cat", one, six), MADE(5, 5, 0, "aten::cat", other, seven), FAILED(6, 6, 0, "aten::add", pair) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_TRUE(strcmp(origin_of(&hand, &events[5], told), "aten::randn 1") == 0 || strcmp(told, "aten::randn 2") == 0);
}

/* Both come from one tensor, and one was cut since: the cut is the origin, whichever side it is of. */
static void
test_parting(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, whole[] = { TENSOR("output", 1, 9) }, part[] = { TENSOR("output", 2, 8) };
	const struct operand cut[] = { TENSOR("self", 1, 9), VALUE("dim", "int", "0"), VALUE("start", "int", "1") };
	const struct operand pair[] = { TENSOR("self", 2, 8), TENSOR("other", 1, 9) }, turned[] = { TENSOR("self", 1, 9), TENSOR("other", 2, 8) };
	const struct event events[] = { MADE(1, 1, 0, "aten::randn", size, whole), MADE(2, 2, 0, "aten::slice", cut, part), FAILED(3, 3, 0, "aten::add", pair),
					FAILED(4, 3, 0, "aten::add", turned) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[2], told), "aten::slice 2");
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[3], told), "aten::slice 2");
}

#define CALLS 12

/* A line that always made 8 made 7: its side has the origin, though the other is asked about first. */
static void
test_news(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, as_ever[] = { TENSOR("output", 1, 8) }, new[] = { TENSOR("output", 2, 7) };
	const struct operand kept[] = { TENSOR("output", 3, 8) }, pair[] = { TENSOR("self", 3, 8), TENSOR("other", 2, 7) };
	const struct operand before[] = { TENSOR("self", 3, 8), TENSOR("other", 1, 8) };
	struct event events[3 * CALLS + 3];
	struct hand hand = { .events = events, .event_count = 3 * CALLS + 3 };
	char told[96];

	for (int i = 0; i <= CALLS; i++) {
		const struct event triple[] = { MADE(3 * i + 1, 1, i, "aten::randn", size, kept), MADE(3 * i + 2, 2, i, "aten::randn", size, as_ever),
						MADE(3 * i + 3, 3, i, "aten::add", before, kept) };

		memcpy(&events[3 * i], triple, sizeof(triple));
	}
	events[3 * CALLS + 1].outputs = new;
	events[3 * CALLS + 2] = (struct event)FAILED(3 * CALLS + 3, 3, CALLS, "aten::add", pair);
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[3 * CALLS + 2], told), "aten::randn 38");
}

/* The same for a gradient of NODE that the engine refused: of the tensor that the last of EVENTS made. */
static const char *
gradient_origin(struct hand *hand, const struct operand *operands, char out[96])
{
	struct event event = { .id = 100, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = SUBJECT_GRADIENT, .overload = "", .phase = "backward",
			       .status = "failed", .operand_count = 2, .operands = operands };
	struct failure failure = { .kind = "python", .context_event = -1, .link = -1, .message = "" };
	struct source source = hand_source(hand);
	struct diagnosis diagnosis = { .source = &source, .failure = &failure, .subject = &event, .has_mismatch = true,
				       .mismatch = { .property = "size", .operand = 0, .against = 1, .dim = 0, .against_dim = 0, .expected = 11, .actual = 20 } };

	diagnosis_follow(&diagnosis);
	text_format(out, 96, "%s %d", text_get(diagnosis.origin, "operation"), (int)json_integer_value(json_object_get(diagnosis.origin, "event")));
	diagnosis_end(&diagnosis);
	return out;
}

/* What a Function's backward made as large as another tensor is the origin, not what was added into it; a node of PyTorch's own made what it was
 * given. */
static void
test_gradients(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, grad[] = { TENSOR("output", 1, 20) }, like[] = { TENSOR("self", 1, 20) };
	const struct operand zeros[] = { TENSOR("output", 2, 20) }, add[] = { TENSOR("self", 2, 20), VALUE("dim", "int", "0"), TENSOR("source", 1, 20) };
	const struct operand custom[] = { TENSOR("gradient 0 of AggregateBackward", 2, 20), TENSOR("input 0", -1, 11) };
	const struct operand own[] = { TENSOR("gradient 0 of TBackward0", 2, 20), TENSOR("input 0", -1, 11) };
	const struct event events[] = { MADE(1, 1, 0, "aten::randn", size, grad), MADE(2, 2, 0, "aten::zeros_like", like, zeros),
					MADE(3, 3, 0, "aten::index_add_", add, zeros) };
	struct hand hand = { .events = events, .event_count = COUNT(events), .processes = processes, .process_count = 1 };
	char told[96];

	CU_ASSERT_STRING_EQUAL(gradient_origin(&hand, custom, told), "aten::zeros_like 2");
	CU_ASSERT_STRING_EQUAL(gradient_origin(&hand, own, told), "aten::randn 1");
}

/* One piece of a cat isn't what the layer needs of it: a reshape spread one row over two; or it alone isn't like the others. */
static void
test_odd_piece(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, text[] = { TENSOR("output", 1, 2, 32) }, ids[] = { TENSOR("output", 2, 6, 8) };
	const struct operand spread[] = { TENSOR("self", 2, 6, 8), VALUE("shape", "int[]", "[2, -1]") }, times[] = { TENSOR("output", 3, 2, 24) };
	const struct operand two[] = { ITEM("tensors[0]", 0, 1, 2, 32), ITEM("tensors[1]", 1, 3, 2, 24), VALUE("dim", "int", "1") };
	const struct operand joined[] = { TENSOR("output", 4, 2, 56) }, linear[] = { TENSOR("input", 4, 2, 56), TENSOR("weight", 9, 16, 80) };
	const struct operand other[] = { TENSOR("input", 4, 2, 56), TENSOR("weight", 9, 16, 72) };
	const struct event events[] = { MADE(1, 1, 0, "aten::randn", size, text), MADE(2, 2, 0, "aten::randn", size, ids), MADE(3, 3, 0, "aten::reshape", spread, times),
					MADE(4, 4, 0, "aten::cat", two, joined), FAILED(5, 5, 0, "aten::linear", linear), FAILED(6, 5, 0, "aten::linear", other) };
	const struct operand wide[] = { TENSOR("output", 5, 2, 16) }, odd[] = { TENSOR("output", 6, 2, 20) };
	const struct operand three[] = { ITEM("tensors[0]", 0, 5, 2, 16), ITEM("tensors[1]", 1, 5, 2, 16), ITEM("tensors[2]", 2, 6, 2, 20), VALUE("dim", "int", "1") };
	const struct operand sum[] = { TENSOR("output", 7, 2, 52) }, mix[] = { TENSOR("input", 7, 2, 52), TENSOR("weight", 9, 16, 48) };
	const struct operand apart[] = { TENSOR("input", 7, 2, 52), TENSOR("weight", 9, 16, 60) };
	const struct event unlike[] = { MADE(1, 1, 0, "aten::randn", size, wide), MADE(2, 2, 0, "aten::zeros", size, odd), MADE(3, 3, 0, "aten::cat", three, sum),
					FAILED(4, 4, 0, "aten::linear", mix), FAILED(5, 4, 0, "aten::linear", apart) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[4], told), "aten::reshape 3"); /* 80 - 32 = 48 = 6 x 8 */
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[5], told), "aten::cat 4");
	hand = (struct hand){ .events = unlike, .event_count = COUNT(unlike) };
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &unlike[3], told), "aten::zeros 2"); /* 48 = 3 x 16 */
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &unlike[4], told), "aten::cat 3");
}

/* One side was halved and doubled again and lost its rest: what made it even is the origin, not who made the odd size. */
static void
test_rest(void)
{
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, picture[] = { TENSOR("output", 1, 1, 3, 21, 8) }, depth[] = { TENSOR("output", 2, 1, 3, 21, 8) };
	const struct operand conv[] = { TENSOR("input", 1, 1, 3, 21, 8), TENSOR("weight", 9, 3, 3, 2, 1), VALUE("stride", "int[]", "[2, 1]") };
	const struct operand half[] = { TENSOR("output", 3, 1, 3, 11, 8) }, up[] = { TENSOR("input", 3, 1, 3, 11, 8), VALUE("output_size", "int[]", "[22, 8]") };
	const struct operand whole[] = { TENSOR("output", 4, 1, 3, 22, 8) }, pair[] = { TENSOR("self", 4, 1, 3, 22, 8), TENSOR("other", 2, 1, 3, 21, 8) };
	const struct operand even[] = { TENSOR("output", 2, 1, 3, 20, 8) }, apart[] = { TENSOR("self", 4, 1, 3, 22, 8), TENSOR("other", 2, 1, 3, 20, 8) };
	struct event events[] = { MADE(1, 1, 0, "aten::randn", size, picture), MADE(2, 2, 0, "aten::rand", size, depth), MADE(3, 3, 0, "aten::conv2d", conv, half),
				  MADE(4, 4, 0, "aten::upsample_nearest2d", up, whole), FAILED(5, 5, 0, "aten::sub", pair) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[4], told), "aten::upsample_nearest2d 4");
	events[1].outputs = even; /* it never had the other's size */
	events[4].operands = apart;
	CU_ASSERT_STRING_EQUAL(origin_of(&hand, &events[4], told), "aten::rand 2");
}

static const char *
count_origin(struct hand *hand, int64_t rows_tensor, int64_t mask_tensor, int64_t rows, int64_t places, char out[96])
{
	struct lineage *one = calloc(1, sizeof(*one)), *other = calloc(1, sizeof(*other));
	struct event event = { .id = 100, .operation = "aten::masked_scatter" };
	struct failure failure = { .kind = "operation" };
	struct source source = hand_source(hand);
	struct diagnosis diagnosis = { .source = &source, .failure = &failure, .subject = &event,
				       .mismatch = { .property = "count", .expected = places, .actual = rows, .has_expected = true, .has_actual = true } };

	lineage_walk_tensor(&source, 0, rows_tensor, 100, 0, LINEAGE_SIZE, one);
	lineage_walk_tensor(&source, 0, mask_tensor, 100, -1, LINEAGE_VALUES, other);
	diagnosis_retell(&diagnosis, one, rows);
	diagnosis_count(&diagnosis, one, other, "mask");
	text_format(out, 96, "%s %d", text_get(diagnosis.origin, "operation"), (int)json_integer_value(json_object_get(diagnosis.origin, "event")));
	json_decref(diagnosis.origin);
	free(one);
	free(other);
	return out;
}

/* Rows of features and the places for them: computed rows are right where the places were counted in ids (which a model continued, or a limit cut);
 * not where a step left some of each picture's away, nor where they were chosen by values themselves. */
static void
test_counts(void)
{
	const struct operand none[] = { TENSOR("self", 1, 1, 9) }, ids[] = { INDEX("output", 1, 1, 9) };
	const struct operand again[] = { INDEX("self", 1, 1, 9), VALUE("other", "int", "7") };
	const struct operand compare[] = { INDEX("self", 4, 1, 12), VALUE("other", "int", "7") }, mask[] = { MASK("output", 5, 1, 12) };
	const struct operand prob[] = { TENSOR("self", 8, 1, 50), VALUE("num_samples", "int", "3") }, token[] = { INDEX("output", 3, 1, 3) };
	const struct operand join[] = { ITEM("tensors[0]", 0, 1, 1, 9), ITEM("tensors[1]", 1, 3, 1, 3), VALUE("dim", "int", "1") }, joined[] = { INDEX("output", 4, 1, 12) };
	const struct operand size[] = { VALUE("size", "int[]", "[]") }, patches[] = { TENSOR("output", 10, 2, 9, 16) }, part[] = { TENSOR("output", 11, 2, 8, 16) };
	const struct operand first[] = { TENSOR("self", 10, 2, 9, 16), VALUE("dim", "int", "1"), VALUE("start", "int", "1") };
	const struct operand flat[] = { TENSOR("self", 11, 2, 8, 16), VALUE("shape", "int[]", "[-1, 16]") }, rows[] = { TENSOR("output", 12, 16, 16) };
	const struct operand pick[] = { TENSOR("self", 12, 16, 16), MASK("indices[0]", 20, 16) }, picked[] = { TENSOR("output", 13, 5, 16) };
	const struct operand fewer[] = { TENSOR("output", 14, 12, 16) }, less[] = { TENSOR("self", 15, 2, 6, 16), VALUE("shape", "int[]", "[12, 16]") };
	struct event steady[2 * CALLS + 3];
	const struct event events[] = { MADE(1, 1, 0, "aten::lift_fresh", none, ids), MADE(2, 2, 0, "aten::multinomial", prob, token),
					MADE(3, 3, 0, "aten::cat", join, joined), MADE(4, 4, 0, "aten::eq", compare, mask),
					MADE(5, 5, 0, "aten::randn", size, patches), MADE(6, 6, 0, "aten::slice", first, part), MADE(7, 7, 0, "aten::view", flat, rows),
					MADE(8, 8, 0, "aten::index", pick, picked) };
	struct hand hand = { .events = events, .event_count = COUNT(events) };
	char told[96];

	CU_ASSERT_STRING_EQUAL(count_origin(&hand, 12, 5, 16, 17, told), "aten::cat 3");         /* one too many: the model made it */
	CU_ASSERT_STRING_EQUAL(count_origin(&hand, 12, 5, 16, 14, told), "aten::lift_fresh 1");  /* too few */
	CU_ASSERT_STRING_EQUAL(count_origin(&hand, 12, 5, 16, 18, told), "aten::slice 6");       /* 2 x 9 places, 2 x 8 rows */
	CU_ASSERT_STRING_EQUAL(count_origin(&hand, 13, 5, 5, 4, told), "aten::index 8");
	for (int i = 0; i <= CALLS; i++) { /* rows that were always as many, and aren't now */
		const struct event pair[] = { MADE(2 * i + 1, 1, i, "aten::lift_fresh", none, ids), MADE(2 * i + 2, 7, i, "aten::view", flat, rows) };

		memcpy(&steady[2 * i], pair, sizeof(pair));
	}
	steady[2 * CALLS + 2] = (struct event)MADE(2 * CALLS + 3, 4, CALLS, "aten::eq", again, mask);
	steady[2 * CALLS + 1].outputs = fewer;
	steady[2 * CALLS + 1].operands = less;
	hand = (struct hand){ .events = steady, .event_count = COUNT(steady) };
	CU_ASSERT_STRING_EQUAL(count_origin(&hand, 14, 5, 12, 16, told), "aten::view 26");
	steady[2 * CALLS + 1].outputs = rows; /* as ever */
	CU_ASSERT_STRING_EQUAL(count_origin(&hand, 12, 5, 16, 12, told), "aten::lift_fresh 25");
}

/* Which tensor a failed EXPAND has as its second side, where the failing line is BODY; NULL: none, it has sizes alone. */
static const char *
shaped(const struct event *expand, const char *body, struct diagnosis *out)
{
	static char path[] = "/tmp/shapebox-shaped.py";
	static const struct frame frames[] = { { .file = path, .function = "forward", .line = 2 } };
	static const struct site sites[] = { { .id = 2, .frame_count = 1, .frames = frames } };
	static struct hand hand;
	static struct failure failure;
	static struct source source;
	static struct note note;
	const char *name;

	write_program(path, "def forward(x):\n    %s\n", body);
	hand = (struct hand){ .processes = processes, .process_count = 1, .sites = sites, .site_count = 1, .events = expand, .event_count = 1 };
	source = hand_source(&hand);
	note = (struct note){ .kind = "exception", .json = json_pack("{s:[{s:s, s:i, s:s, s:[{s:s, s:s, s:i, s:[i,i,i], s:s}, {s:s, s:s, s:i, s:[i,i,i], s:s}]}]}", "frames", "file", path, "line", 2,
		"function", "forward", "locals", "name", "emb", "kind", "tensor", "tensor", 7, "shape", 8, 52, 32, "dtype", "float32", "name", "wide", "kind", "tensor", "tensor", 9, "shape", 8, 52,
		64, "dtype", "float32") };
	failure = (struct failure){ .kind = "operation", .has_event = true, .event = *expand, .operation_name = expand->operation, .context_event = -1, .link = -1, .note = &note, .message = "",
				    .frames = json_object_get(note.json, "frames") };
	diagnosis_start(out, &source, &failure);
	name = out->two_sides ? "other" : NULL;
	CU_ASSERT_TRUE(out->has_mismatch);
	json_decref((json_t *)note.json);
	unlink(path);
	return name;
}

/* A mask that is given the form of a tensor on the line, by all of its sizes. */
static void
test_shaped(void)
{
	const struct operand mask[] = { TENSOR("self", 5, 8, 32, 1), VALUE("size", "int[]", "[8,52,32]") }, flat[] = { TENSOR("self", 5, 8, 32, 32), VALUE("size", "int[]", "[8,52,32]") },
			     far[] = { TENSOR("self", 5, 8, 1024), VALUE("size", "int[]", "[8,52,32]") };
	const struct event expand = FAILED(2, 2, 0, "aten::expand", mask), view = FAILED(2, 2, 0, "aten::view", flat), other = FAILED(2, 2, 0, "aten::view", far);
	struct diagnosis diagnosis;

	CU_ASSERT_PTR_NOT_NULL(shaped(&expand, "return mask.unsqueeze(-1).expand(emb.size()).to(emb.dtype)", &diagnosis));
	CU_ASSERT_EQUAL(diagnosis.subject->operands[1].tensor, 7);
	CU_ASSERT_EQUAL(diagnosis.mismatch.dim, 1);
	CU_ASSERT_EQUAL(diagnosis.mismatch.against_dim, 1);
	CU_ASSERT_EQUAL(diagnosis.mismatch.expected, 52);
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NOT_NULL(shaped(&expand, "return mask.expand(*emb.shape)", &diagnosis));
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NOT_NULL(shaped(&expand, "return mask.expand_as(emb)", &diagnosis));
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NOT_NULL(shaped(&view, "return mask.view(emb.shape)", &diagnosis));
	CU_ASSERT_STRING_EQUAL(diagnosis.mismatch.property, "size");
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NULL(shaped(&expand, "return mask.expand(8, emb.size(1), 32)", &diagnosis)); /* a part of its form: the rest is of something else */
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NULL(shaped(&expand, "return mask.expand(sizes).to(emb.dtype)", &diagnosis));
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NULL(shaped(&expand, "return mask.expand(wide.shape)", &diagnosis)); /* of another form */
	diagnosis_end(&diagnosis);
	CU_ASSERT_PTR_NULL(shaped(&other, "return mask.view(emb.shape)", &diagnosis)); /* elements, not one size */
	diagnosis_end(&diagnosis);
}

int
main(void)
{
	unsigned failures;
	CU_pSuite suite;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("diagnosis", NULL, NULL);
	CU_add_test(suite, "left behind", test_left_behind);
	CU_add_test(suite, "one piece of a cat", test_pieces);
	CU_add_test(suite, "where two sizes part", test_parting);
	CU_add_test(suite, "the side that is new", test_news);
	CU_add_test(suite, "a refused gradient", test_gradients);
	CU_add_test(suite, "the odd piece of a cat", test_odd_piece);
	CU_add_test(suite, "a rest that was lost", test_rest);
	CU_add_test(suite, "rows and places", test_counts);
	CU_add_test(suite, "given the form of another", test_shaped);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
