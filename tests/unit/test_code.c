/* links: schema viewer */
/* Source read as text: statements, names, comparisons; and the checks that they tell of. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis_events.h"
#include "viewer/analysis/text.h"
#include "viewer/analysis/findings/check.h"
#include "viewer/analysis/causes/code/code.h"
#include "viewer/analysis/told.h"

static const char program[] =
	"import torch\n"                                                      /* 1 */
	"def other(x):\n"
	"    return x\n"
	"\n"
	"def select(media_offset, num_queries, features, inputs):\n"          /* 5 */
	"    \"\"\"Not a name: features = wrong.\n"
	"    count = nothing\n"
	"    \"\"\"\n"
	"    query_indices = media_offset[:, :, 1] >= 0  # names = here\n"
	"    count = query_indices.sum().item()\n"                            /* 10 */
	"    message = f\"{count} x\"\n"
	"    check(\n"
	"        query_indices.sum() * inputs.shape[-1] == features.numel(),\n"
	"        f\"tokens: {count}, features: {features.shape[0]}\",\n"
	"    )\n"                                                             /* 15 */
	"    if features.shape[0] != len(inputs) and num_queries:\n"
	"        text = 'a == b'\n"
	"        raise ValueError(text)\n"
	"    a, b = inputs, features\n"
	"    assert b.size(-1) == 7, f\"{count} == {a}\"\n"                    /* 20 */
	"    assert count % num_queries == 0, message\n"
	"    bsz, _, height, _ = pixels.size()\n"
	"    if height == self.size:\n"
	"        return\n"
	"    else:\n"
	"        raise ValueError(height)\n"                                     /* 26 */
	"    try:\n"
	"        run()\n"
	"    except KeyError:\n"
	"        raise ValueError(height)\n"
	"    assert mask.size() == (bsz, 1, len(rows), query.shape[-2]), 'no'\n" /* 31 */
	"    assert pixels.dim() in (3, 5)\n"
	"    if labels is not None and not (len(rows) == len(tags)): raise ValueError\n"
	"    assert (height + self.pad) // 2 % self.window == 0\n"
	"    return self.layer(mask=batch[\"padding\"])\n"                          /* 35 */
	"def count_of(tokens):\n"
	"    return int(tokens * random.uniform(0.4, 0.9))\n"
	"def drop(x):\n"
	"    keep = count_of(x.shape[0])\n"
	"    return x[torch.randperm(9)[:keep]]\n"                                  /* 40 */
	"def steady(x):\n"
	"    keep = int(torch.rand(1) * 9)  # random.random()\n"
	"    torch.random.uniform(2)\n"
	"    return x[:keep]\n"
	"def seeded(self, x):\n"                                                    /* 45 */
	"    return x[: self.shift_rng.integers(9)]\n"
	"def twice(x):\n"
	"    return np.random.rand(3)\n"
	"def twice(y):\n"
	"    return y\n"                                                            /* 50 */
	"def unsure(x):\n"
	"    return twice(x)\n"
	"def embed(self, ids=None, embeds=None):\n"
	"    length = ids.shape[-1] if ids is not None else embeds.shape[-2]\n"
	"    if length > 32: raise ValueError(length)\n"                          /* 55 */
	"def either(flag, ids, embeds):\n"
	"    length = ids.shape[-1] if flag else embeds.shape[-2]\n"
	"    assert length < 32\n"
	"def spans(shape, size: int, least=2):\n"
	"    rows, length = shape\n"                                                /* 60 */
	"    if size > length:\n"
	"        raise ValueError(size)\n"
	"def hide(self, features, other):\n"
	"    rows, length, width = features.size()\n"
	"    picked = spans(\n"                                                     /* 65 */
	"        (rows, length), least=self.config.least,\n"
	"        size=self.config.span_size,  # not min(size=3)\n"
	"    )\n"
	"    both = spans((rows, 3), 2) + spans((rows, width), 9)\n"
	"    many = spans(*other)\n"                                              /* 70 */
	"class Schedule:\n"
	"    def __init__(self):\n"
	"        self.ratio = self.fixed = 1\n"
	"    def advance(self):\n"
	"        self.ratio *= 0.5\n"                                              /* 75 */
	"        self.fixed == 2\n"
	"class Block:\n"
	"    def keep(self, x):\n"
	"        kept = int(x.shape[0] * self.schedule.ratio)\n"
	"        return x[:kept]\n"                                                /* 80 */
	"    def steady(self, x):\n"
	"        return x[:self.schedule.fixed]\n"
	"    def count(self, x):\n"
	"        self.seen += 1\n"
	"        return x[self.seen:]\n"                                           /* 85 */
	"def train(schedule):\n"
	"    schedule.advance()\n"
	"class Counting:\n"
	"    def number(self, length):\n"
	"        self.runs += 1\n"                                                 /* 90 */
	"        return length - self.runs\n"
	"    def forward(self, x):\n"
	"        return x[:self.number(9)]\n"
	"class Another:\n"
	"    def forward(self, x):\n"                                              /* 95 */
	"        return x[:self.number(self.runs)]\n";

static char path[] = "/tmp/shapebox-code-XXXXXX.py";
static struct code_statement statements[CODE_STATEMENTS_MOST];
static struct code code;

static int
of_line(int line)
{
	return code_statements(&code, line, statements, CODE_STATEMENTS_MOST);
}

static bool
rests_on(const struct code_names *names, const char *name, int depth, bool assigned)
{
	for (int i = 0; i < names->count; i++)
		if (strcmp(names->names[i].name, name) == 0)
			return names->names[i].depth == depth && names->names[i].assigned == assigned;
	return false;
}

static void
test_statements(void)
{
	char line[64];
	int count = of_line(14);

	CU_ASSERT_TRUE_FATAL(count > 2);
	CU_ASSERT_EQUAL(statements[0].first, 5);
	CU_ASSERT_EQUAL(statements[count - 1].first, 12);
	CU_ASSERT_EQUAL(statements[count - 1].last, 15);
	CU_ASSERT_TRUE(code_line(&code, 9, line, sizeof(line)));
	CU_ASSERT_EQUAL(strncmp(line, "query_indices = ", 16), 0);
	CU_ASSERT_FALSE(code_line(&code, 99, line, sizeof(line)));
	CU_ASSERT_EQUAL(of_line(99), 0);
	CU_ASSERT_EQUAL(of_line(1), 1);
}

static void
test_names(void)
{
	struct code_names names;

	code_depends(statements, of_line(21), &names);
	CU_ASSERT_TRUE(rests_on(&names, "count", 0, true));
	CU_ASSERT_TRUE(rests_on(&names, "num_queries", 0, false));
	CU_ASSERT_TRUE(rests_on(&names, "query_indices", 1, true));
	CU_ASSERT_TRUE(rests_on(&names, "media_offset", 2, false));
	CU_ASSERT_FALSE(rests_on(&names, "nothing", 1, false));
	CU_ASSERT_FALSE(rests_on(&names, "here", 2, false));
	code_depends(statements, of_line(18), &names); /* of a raise: its condition */
	CU_ASSERT_TRUE(rests_on(&names, "features", 0, false));
	CU_ASSERT_TRUE(rests_on(&names, "inputs", 0, false));
	code_depends(statements, 0, &names);
	CU_ASSERT_EQUAL(names.count, 0);
}

static void
test_draws(void)
{
	CU_ASSERT_EQUAL(code_draws(&code, 40), 37); /* in what it calls */
	CU_ASSERT_EQUAL(code_draws(&code, 44), 0);  /* torch's own is restored; a comment draws nothing */
	CU_ASSERT_EQUAL(code_draws(&code, 46), 46);
	CU_ASSERT_EQUAL(code_draws(&code, 52), 0);  /* which one is called isn't known */
	CU_ASSERT_EQUAL(code_draws(&code, 21), 0);
	CU_ASSERT_EQUAL(code_draws(&code, 99), 0);
}

static void
test_conditions(void)
{
	char text[256];
	bool wanted;
	int place;

	CU_ASSERT_TRUE_FATAL(code_condition(statements, of_line(13), text, sizeof(text), &wanted));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "query_indices.sum() * inputs.shape[-1] == features.numel()"));
	CU_ASSERT_FALSE(wanted);
	CU_ASSERT_TRUE_FATAL(code_condition(statements, of_line(18), text, sizeof(text), &wanted));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "features.shape[0] != len(inputs) and num_queries:"));
	CU_ASSERT_TRUE(wanted);
	CU_ASSERT_TRUE_FATAL(code_condition(statements, of_line(20), text, sizeof(text), &wanted));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "b.size(-1) == 7,"));
	CU_ASSERT_FALSE(code_condition(statements, of_line(11), text, sizeof(text), &wanted));
	CU_ASSERT_TRUE_FATAL(code_condition(statements, of_line(26), text, sizeof(text), &wanted)); /* an else */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "height == self.size:"));
	CU_ASSERT_FALSE(wanted);
	CU_ASSERT_FALSE(code_condition(statements, of_line(30), text, sizeof(text), &wanted)); /* for another reason */
	CU_ASSERT_TRUE(code_assigned(statements, of_line(21), "count", text, sizeof(text), &place));
	CU_ASSERT_STRING_EQUAL(text, "query_indices.sum().item()");
	CU_ASSERT_EQUAL(place, -1);
	CU_ASSERT_TRUE(code_assigned(statements, of_line(21), "b", text, sizeof(text), &place));
	CU_ASSERT_EQUAL(place, 1);
	CU_ASSERT_FALSE(code_assigned(statements, of_line(21), "num_queries", text, sizeof(text), &place));
}

/* A failure at LINE of the program; what its frame holds. */
static json_t *
frames_at(int line)
{
	return json_pack("[{s:s, s:i, s:s, s:o}]", "file", path, "line", line, "function", "select", "locals", json_loads(
		"[{\"name\":\"media_offset\",\"kind\":\"tensor\",\"tensor\":1,\"shape\":[2,31,2],\"dtype\":\"int64\"},"
		"{\"name\":\"query_indices\",\"kind\":\"tensor\",\"tensor\":2,\"shape\":[2,31],\"dtype\":\"bool\",\"summary\":{\"elements\":62,\"true\":46}},"
		"{\"name\":\"features\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[64,16],\"dtype\":\"float32\"},"
		"{\"name\":\"inputs\",\"kind\":\"tensor\",\"tensor\":4,\"shape\":[2,31,16],\"dtype\":\"float32\"},"
		"{\"name\":\"b\",\"kind\":\"tensor\",\"tensor\":3,\"shape\":[64,16],\"dtype\":\"float32\"},"
		"{\"name\":\"ids\",\"kind\":\"tensor\",\"tensor\":20,\"shape\":[3,45],\"dtype\":\"int64\"},"
		"{\"name\":\"num_queries\",\"kind\":\"int\",\"value\":4},{\"name\":\"count\",\"kind\":\"int\",\"value\":46},"
		"{\"name\":\"pixels\",\"kind\":\"tensor\",\"tensor\":6,\"shape\":[2,3,32,48],\"dtype\":\"float32\"},"
		"{\"name\":\"mask\",\"kind\":\"tensor\",\"tensor\":7,\"shape\":[2,1,5,8],\"dtype\":\"bool\"},"
		"{\"name\":\"batch\",\"kind\":\"dict\",\"items\":[{\"name\":\"batch['ids']\",\"kind\":\"tensor\",\"tensor\":9,\"shape\":[2,23]},"
		"{\"name\":\"batch['padding']\",\"kind\":\"tensor\",\"tensor\":10,\"shape\":[2,23]}]},"
		"{\"name\":\"query\",\"kind\":\"tensor\",\"tensor\":8,\"shape\":[2,4,9,16],\"dtype\":\"float32\"}]", 0, NULL));
}

static void
test_checks(void)
{
	struct failure failure = { .kind = "python", .context_event = -1 };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	const json_t *tensors[CHECK_TENSORS_MOST];
	struct subject subject;
	struct mismatch found;
	json_t *frames = frames_at(13);

	CU_ASSERT_TRUE_FATAL(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.property, "count");
	CU_ASSERT_EQUAL(found.expected, 46);
	CU_ASSERT_EQUAL(found.actual, 64);
	CU_ASSERT_STRING_EQUAL(found.text, "features has 64 rows where query_indices selects 46");
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 3);
	json_decref(frames);
	frames = frames_at(55); /* one of two, by a condition that is known */
	CU_ASSERT_TRUE_FATAL(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL(found.actual, 45);
	CU_ASSERT_EQUAL(found.expected, 32);
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 20);
	json_decref(frames);
	frames = frames_at(58); /* or by one that isn't */
	CU_ASSERT_FALSE(check_compares(&source, &failure, frames, &subject, &found));
	json_decref(frames);
	frames = frames_at(18);
	CU_ASSERT_TRUE_FATAL(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.property, "size");
	CU_ASSERT_EQUAL(found.dim, 0);
	CU_ASSERT_EQUAL(found.actual + found.expected, 66);
	json_decref(frames);
	frames = frames_at(20);
	CU_ASSERT_TRUE_FATAL(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL(found.dim, 1);
	CU_ASSERT_EQUAL(found.expected, 7);
	CU_ASSERT_EQUAL(found.actual, 16);
	CU_ASSERT_EQUAL(found.against, -1);
	json_decref(frames);
	frames = frames_at(21); /* a remainder is nobody's size */
	CU_ASSERT_FALSE(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL_FATAL(check_tensors(&source, &failure, frames, tensors), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tensors[0], "name")), "media_offset");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tensors[1], "name")), "query_indices");
	json_decref(frames);
	frames = frames_at(35); /* in a dict, by its key */
	CU_ASSERT_EQUAL_FATAL(check_tensors(&source, &failure, frames, tensors), 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(tensors[0], "name")), "batch['padding']");
	json_decref(frames);
	failure.time_ns = 1; /* the file has changed since */
	frames = frames_at(13);
	CU_ASSERT_FALSE(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL(check_tensors(&source, &failure, frames, tensors), 0);
	json_decref(frames);
}

/* An attribute that the line rests on, and who sets it; or nobody does but where the object is made. */
static void
test_state(void)
{
	struct code_state state;

	CU_ASSERT_TRUE_FATAL(code_state(&code, 80, &state));
	CU_ASSERT_STRING_EQUAL(state.name, "self.schedule.ratio");
	CU_ASSERT_STRING_EQUAL(state.function, "advance");
	CU_ASSERT_EQUAL(state.set, 75);
	CU_ASSERT_EQUAL(state.called, 87);
	CU_ASSERT_FALSE(state.within);
	CU_ASSERT_FALSE(code_state(&code, 82, &state));
	CU_ASSERT_TRUE_FATAL(code_state(&code, 85, &state));
	CU_ASSERT_STRING_EQUAL(state.name, "self.seen");
	CU_ASSERT_TRUE(state.within);
	CU_ASSERT_EQUAL(state.set, 84);
	CU_ASSERT_TRUE_FATAL(code_state(&code, 93, &state)); /* in a method that it calls */
	CU_ASSERT_STRING_EQUAL(state.name, "self.runs");
	CU_ASSERT_TRUE(state.within);
	CU_ASSERT_FALSE(code_state(&code, 96, &state)); /* what is called so is another class's */
}

/* A failure at LINE of spans, which CALLER of hide called. */
static json_t *
frames_of_spans(int line, int caller)
{
	return json_pack("[{s:s, s:i, s:s, s:o}, {s:s, s:i, s:s, s:o}, {s:s, s:i, s:s, s:o}]", "file", path, "line", line, "function", "spans", "locals",
			 json_loads("[{\"name\":\"size\",\"kind\":\"int\",\"value\":10},{\"name\":\"length\",\"kind\":\"int\",\"value\":8}]", 0, NULL),
			 "file", "/p/wrapper.py", "line", 3, "function", "wrapper.<locals>.inner", "locals", json_array(),
			 "file", path, "line", caller, "function", "Net.hide", "locals",
			 json_loads("[{\"name\":\"features\",\"kind\":\"tensor\",\"tensor\":5,\"shape\":[4,8,32],\"dtype\":\"float32\"}]", 0, NULL));
}

/* What a caller gave: a tensor's size, a setting. */
static void
test_given(void)
{
	static const char numbers[] = "[{\"frame\":2,\"numbers\":[{\"name\":\"self.config.least\",\"value\":10},{\"name\":\"self.config.span_size\",\"value\":10}]}]";
	struct failure failure = { .kind = "python", .context_event = -1 };
	struct note note = { .kind = "fatal" };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	struct condition condition;
	struct subject subject;
	struct mismatch found;
	json_t *frames = frames_of_spans(62, 65), *alone, *reach = json_loads(numbers, 0, NULL);
	char text[64];

	note.json = json_pack("{s:O, s:O}", "frames", frames, "numbers", reach);
	failure.note = &note;
	CU_ASSERT_TRUE_FATAL(check_condition(&source, &failure, frames, &condition));
	CU_ASSERT_STRING_EQUAL(condition.one.given, "self.config.span_size");
	CU_ASSERT_EQUAL(condition.other.number, 8);
	CU_ASSERT_EQUAL(condition.other.dim, 1);
	CU_ASSERT_TRUE_FATAL(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 5);
	CU_ASSERT_STRING_EQUAL(found.text, "features has 8 in dimension 1 where size is 10");
	alone = json_pack("[O]", json_array_get(frames, 0)); /* nobody called it */
	CU_ASSERT_TRUE(check_condition(&source, &failure, alone, &condition));
	CU_ASSERT_PTR_NULL(condition.other.tensor);
	CU_ASSERT_STRING_EQUAL(condition.one.given, "");
	json_decref(alone);
	json_decref(frames);
	frames = frames_of_spans(62, 69); /* twice in one statement */
	CU_ASSERT_TRUE(check_condition(&source, &failure, frames, &condition));
	CU_ASSERT_PTR_NULL(condition.other.tensor);
	json_decref(frames);
	frames = frames_of_spans(62, 70); /* by a star */
	CU_ASSERT_TRUE(check_condition(&source, &failure, frames, &condition));
	CU_ASSERT_PTR_NULL(condition.other.tensor);
	json_decref(frames);
	json_decref(note.json);
	json_decref(reach);
	CU_ASSERT_EQUAL_FATAL(of_line(64), 2);
	CU_ASSERT_EQUAL(code_parameter(&statements[0], "features"), 0);
	CU_ASSERT_EQUAL(code_parameter(&statements[0], "other"), 1);
	CU_ASSERT_EQUAL(code_parameter(&statements[0], "width"), -1);
	CU_ASSERT_EQUAL(code_parameter(&statements[0], "self"), -1);
	CU_ASSERT_TRUE(code_argument("y = f(a, (b, c), k=g(1, 2), **rest)", "f", "second", 1, text, sizeof(text)));
	CU_ASSERT_STRING_EQUAL(text, "(b, c)");
	CU_ASSERT_TRUE(code_argument("y = f(a, (b, c), k=g(1, 2), **rest)", "f", "k", 5, text, sizeof(text)));
	CU_ASSERT_STRING_EQUAL(text, "g(1, 2)");
	CU_ASSERT_FALSE(code_argument("y = f(a, (b, c), k=g(1, 2), **rest)", "f", "third", 2, text, sizeof(text)));
	CU_ASSERT_FALSE(code_argument("y = f(*a, b)", "f", "second", 1, text, sizeof(text)));
	CU_ASSERT_FALSE(code_calls("y = half(a)", "f"));
}

/* What the conditions of LINE came to. */
static bool
ask(int line, struct condition *out)
{
	static const char numbers[] = "[{\"frame\":0,\"numbers\":[{\"name\":\"len(rows)\",\"value\":5},{\"name\":\"len(tags)\",\"value\":4},"
				      "{\"name\":\"self.config.window\",\"value\":7},{\"name\":\"self.pad\",\"value\":2}]}]";
	struct failure failure = { .kind = "python", .context_event = -1 };
	struct note note = { .kind = "fatal" };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	json_t *frames = frames_at(line);
	bool found;

	note.json = json_pack("{s:O, s:o}", "frames", frames, "numbers", json_loads(numbers, 0, NULL));
	failure.note = &note;
	found = check_condition(&source, &failure, frames, out);
	json_decref(note.json);
	json_decref(frames); /* what OUT borrows isn't asked for here */
	return found;
}

static void
test_came_to(void)
{
	struct failure failure = { .kind = "python", .context_event = -1 };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	struct condition condition;
	struct subject subject;
	struct mismatch found;
	json_t *frames = frames_at(31);

	CU_ASSERT_TRUE_FATAL(ask(33, &condition));
	CU_ASSERT_STRING_EQUAL(condition.left, "len(rows)");
	CU_ASSERT_EQUAL(condition.one.number, 5);
	CU_ASSERT_EQUAL(condition.other.number, 4);
	CU_ASSERT_TRUE_FATAL(ask(34, &condition)); /* under the only name that ends so */
	CU_ASSERT_EQUAL(condition.one.whole, 17);
	CU_ASSERT_EQUAL(condition.one.part, 7);
	CU_ASSERT_FALSE(ask(26, &condition)); /* self.size is nobody's */
	CU_ASSERT_FALSE(ask(30, &condition));
	CU_ASSERT_FALSE(check_compares(&source, &failure, frames, &subject, &found)); /* how many rows, isn't recorded: dimension 2 is unknown */
	json_decref(frames);
	frames = frames_at(32);
	CU_ASSERT_TRUE_FATAL(check_compares(&source, &failure, frames, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.property, "rank");
	CU_ASSERT_EQUAL(found.expected, 3);
	CU_ASSERT_EQUAL(found.actual, 4);
	json_decref(frames);
	CU_ASSERT_TRUE_FATAL(ask(31, &condition));
	CU_ASSERT_EQUAL(condition.other.sizes[3], 9);
	CU_ASSERT_EQUAL(condition.other.sizes[0], 2);
	CU_ASSERT_EQUAL(condition.other.dims[0], 0);
}

static void
test_told(void)
{
	struct told_shape shapes[TOLD_SHAPES_MOST];
	int64_t expected, actual;

	CU_ASSERT_EQUAL_FATAL(told_shapes("Expected hidden[0] size (2, 50, 24), got [2, 16, 24]", shapes), 2);
	CU_ASSERT_EQUAL(shapes[0].role, TOLD_EXPECTED);
	CU_ASSERT_EQUAL(shapes[0].sizes[1], 50);
	CU_ASSERT_EQUAL(shapes[1].role, TOLD_ACTUAL);
	CU_ASSERT_EQUAL_FATAL(told_shapes("The shape of the 2D attn_mask is torch.Size([20, 20]), but should be (8, 8).", shapes), 2);
	CU_ASSERT_EQUAL(shapes[0].role, TOLD_ACTUAL);
	CU_ASSERT_EQUAL(shapes[1].role, TOLD_EXPECTED);
	CU_ASSERT_EQUAL_FATAL(told_shapes("Target size (torch.Size([32])) must be the same as input size (torch.Size([32, 1]))", shapes), 2);
	CU_ASSERT_EQUAL(shapes[0].ndim, 1);
	CU_ASSERT_EQUAL(shapes[1].role, TOLD_EXPECTED);
	CU_ASSERT_EQUAL(told_shapes("x[3] failed (again) at f(2) [a, 2] (7)", shapes), 0);
	CU_ASSERT_TRUE(told_ranks("expected 4D input (got 3D input)", &expected, &actual));
	CU_ASSERT_EQUAL(expected, 4);
	CU_ASSERT_EQUAL(actual, 3);
	CU_ASSERT_TRUE(told_ranks("LSTM: Expected input to be 2D or 3D, got 4D instead", &expected, &actual));
	CU_ASSERT_EQUAL(actual, 4);
	CU_ASSERT_FALSE(told_ranks("got 3 of 4 days", &expected, &actual));
	CU_ASSERT_FALSE(told_ranks("expected Conv2d, got Conv3d", &expected, &actual));
}

/* The tensor that has the whole shape that a message tells, not one that shares a number with it. */
/* "name=number" of all that the statement at LINE tells. */
static const char *
values_at(int line)
{
	static char told[400];
	struct failure failure = { .kind = "python", .context_event = -1 };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	json_t *frames = frames_at(line), *values = check_values(&source, &failure, frames), *value;
	size_t i;

	*told = 0;
	json_array_foreach(values, i, value) {
		text_format(told + strlen(told), sizeof(told) - strlen(told), "%s=%d ", text_get(value, "name"), (int)json_integer_value(json_object_get(value, "value")));
	}
	json_decref(values);
	json_decref(frames);
	return told;
}

static void
test_values(void)
{
	CU_ASSERT_STRING_EQUAL(values_at(13), "query_indices.sum()=46 inputs.shape[-1]=16 features.numel()=1024 ");
	CU_ASSERT_STRING_EQUAL(values_at(20), "b.size(-1)=16 "); /* nothing within strings, no literals */
	CU_ASSERT_STRING_EQUAL(values_at(21), "count=46 num_queries=4 ");
	CU_ASSERT_STRING_EQUAL(values_at(18), "features.shape[0]=64 len(inputs)=2 num_queries=4 "); /* of the condition it stands under */
	CU_ASSERT_STRING_EQUAL(values_at(35), "");
}

static bool
is_part(const char *statement, const char *of)
{
	char name[64] = "";

	return code_part_of(statement, name, sizeof(name)) && strcmp(name, of) == 0;
}

static void
test_part_of(void)
{
	char name[64];

	CU_ASSERT_TRUE(is_part("tiles[i, :, :tile.shape[1]] = tile", "tiles"));
	CU_ASSERT_TRUE(is_part("self.cache[self.at:self.at + n] += keys", "self.cache"));
	CU_ASSERT_TRUE(is_part("batch['x'][i, :n] = rows[i]", "batch['x']"));
	CU_ASSERT_FALSE(code_part_of("tiles = zeros(len(samples))", name, sizeof(name)));
	CU_ASSERT_FALSE(code_part_of("call(x[i], y=z[j])", name, sizeof(name)));
	CU_ASSERT_FALSE(code_part_of("same = x[i] == y[i]", name, sizeof(name)));
	CU_ASSERT_FALSE(code_part_of("[a, b] = pair", name, sizeof(name)));
}

static void
test_told_subject(void)
{
	const struct operand output[] = { TENSOR("output", 77, 2, 30, 2) };
	const struct event just_made = { .id = 1, .parent = -1, .scope = -1, .site = -1, .sequence = -1, .operation = "aten::div", .overload = "", .phase = "forward",
						.status = "ok", .output_count = 1, .outputs = output };
	static const struct process second = { .rank = 1 };
	struct failure failure = { .kind = "python", .context_event = -1, .message = "expected size (2, 50, 16), got [2, 31, 16]" };
	struct hand hand = { .event_count = 0 };
	struct source source = hand_source(&hand);
	struct subject subject;
	struct mismatch found;
	json_t *frames = frames_at(21);

	CU_ASSERT_TRUE_FATAL(told_subject(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 4);
	CU_ASSERT_EQUAL(found.dim, 1);
	CU_ASSERT_EQUAL(found.expected, 50);
	CU_ASSERT_EQUAL(found.actual, 31);
	failure.message = "expected 4D input (got 3D input)";
	CU_ASSERT_TRUE_FATAL(told_subject(&source, &failure, frames, &subject, &found));
	CU_ASSERT_STRING_EQUAL(found.property, "rank");
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 1); /* the one that the line rests on */
	failure.message = "expected size (2, 50, 16), got [2, 32, 16]"; /* nobody's */
	CU_ASSERT_FALSE(told_subject(&source, &failure, frames, &subject, &found));
	hand.processes = &second;
	failure.message = "All shapes must be valid. Process 0: [2, 50, 2] - Process 1: [2, 31, 2] - Process 2: [2, 31, 2]";
	CU_ASSERT_TRUE_FATAL(told_subject(&source, &failure, frames, &subject, &found));
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 1);
	CU_ASSERT_STRING_EQUAL(found.text, "media_offset has 31 in dimension 1 where that of rank 0 has 50");
	failure.message = "Input shapes: - Process 0: [2, 50, 2] - Process 2: [2, 31, 2]"; /* nothing is told of this one */
	CU_ASSERT_FALSE(told_subject(&source, &failure, frames, &subject, &found));
	hand.processes = NULL;
	failure.message = "a has a shape of [2, 31, 2] and b has a shape of [2, 30, 2]"; /* the one is named, the other nobody's */
	CU_ASSERT_FALSE(told_subject(&source, &failure, frames, &subject, &found));
	failure.context_event = 1;
	hand.events = &just_made;
	hand.event_count = 1;
	CU_ASSERT_TRUE_FATAL(told_subject(&source, &failure, frames, &subject, &found)); /* or what an operation just made */
	CU_ASSERT_EQUAL(subject.operands[0].tensor, 1);
	CU_ASSERT_EQUAL(subject.operands[1].tensor, 77);
	CU_ASSERT_EQUAL(found.expected, 30);
	CU_ASSERT_EQUAL(found.actual, 31);
	json_decref(frames);
}

int
main(void)
{
	int file = mkstemps(path, 3);
	CU_pSuite suite;
	unsigned failures;

	if (file < 0 || write(file, program, sizeof(program) - 1) != (ssize_t)sizeof(program) - 1 || close(file) != 0 ||
	    !code_open(&code, path, 0) || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("code", NULL, NULL);
	CU_add_test(suite, "random numbers", test_draws);
	CU_add_test(suite, "statements", test_statements);
	CU_add_test(suite, "names", test_names);
	CU_add_test(suite, "conditions", test_conditions);
	CU_add_test(suite, "checks", test_checks);
	CU_add_test(suite, "what a condition came to", test_came_to);
	CU_add_test(suite, "what a caller gave", test_given);
	CU_add_test(suite, "state that a line rests on", test_state);
	CU_add_test(suite, "what a statement assigns a part of", test_part_of);
	CU_add_test(suite, "shapes in a message", test_told);
	CU_add_test(suite, "what the failing statement's numbers came to", test_values);
	CU_add_test(suite, "the tensor that a message is about", test_told_subject);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	code_close(&code);
	unlink(path);
	return failures ? 1 : 0;
}
