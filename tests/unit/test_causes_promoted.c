/* links: schema viewer */
/* A dtype that came of type promotion, also by way of a line that took it from another tensor. */
#include "causes_asked.h"
#include "viewer/analysis/causes/code/handed.h"

static char path[] = "/tmp/shapebox-promoted-XXXXXX.py";
static const char program[] =
	"def clock(times, frames):\n"
	"    waves = torch.sin(times.float())\n"
	"    return waves.to(dtype=frames.dtype)\n" /* 3 */
	"    return waves.to(frames)\n"
	"    return waves.to(torch.float32)\n" /* 5 */
	"    return torch.cat([spectrum, energy], dim=-1)\n"
	"    return waves.to(frames.dtype) + times.to(other.dtype)\n"; /* 7 */

enum { SPECTRUM = 1, ENERGY, FRAMES, TIMES, WAVES, CODE, WEIGHT, OTHER };

/* What differs from question to question. */
static struct { int line; const char *local, *spectrum, *energy, *weight, *join, *convert; } is;
static struct promotion found;
static char name[HANDED_NAME_MOST];
static int at;

static void
usual_case(void)
{
	is.line = 3;
	is.local = "frames";
	is.spectrum = is.weight = "bfloat16";
	is.energy = "float32";
	is.join = "aten::cat";
	is.convert = "aten::to";
}

/* spectrum and energy are joined to frames, whose dtype times' code takes; it fails in a layer. DIRECT: frames itself does. */
static void
ask_layer(bool direct)
{
	const struct operand pieces[] = { { .name = "tensors[0]", .kind = "tensor", .item = 0, .ndim = 2, .sizes = SIZES(2, 12), .dtype = is.spectrum, .device = "cpu", .tensor = SPECTRUM },
					  { .name = "tensors[1]", .kind = "tensor", .item = 1, .ndim = 2, .sizes = SIZES(2, 1), .dtype = is.energy, .device = "cpu", .tensor = ENERGY } };
	const struct operand energy[] = { TENSOR("output", ENERGY, 2, 1) }, joined[] = { TENSOR("output", FRAMES, 2, 13) }, code[] = { TENSOR("output", CODE, 2, 16) };
	const struct operand times[] = { INDEX("self", TIMES, 2, 16) }, waves[] = { TENSOR("output", WAVES, 2, 16) }, taken[] = { TENSOR("self", WAVES, 2, 16) };
	const struct operand type_as[] = { TENSOR("self", WAVES, 2, 16), TENSOR("other", FRAMES, 2, 13) };
	const struct operand layer[] = { TENSOR("input", direct ? FRAMES : CODE, 2, 16), TENSOR_ON("weight", WEIGHT, is.weight, "cpu", 16, 16) };
	const struct frame lines[] = { { .file = path, .function = "clock", .line = is.line }, { .file = path, .function = "clock", .line = 6 } };
	const struct site at_sites[] = { { .id = 60, .frame_count = 1, .frames = &lines[0] }, { .id = 61, .frame_count = 1, .frames = &lines[1] } };
	bool as = strcmp(is.convert, "aten::type_as") == 0;
#define MADE(id_, site_, operation_, operands_, count_, outputs_) \
	{ .id = id_, .site = site_, .parent = -1, .scope = -1, .sequence = -1, .operation = operation_, .overload = "", .status = "ok", .phase = "forward", \
	  .operand_count = count_, .operands = operands_, .output_count = 1, .outputs = outputs_ }
	const struct event recorded[] = {
		MADE(4, 61, "aten::randn", NULL, 0, energy), MADE(5, 61, is.join, pieces, 2, joined), MADE(6, 60, "aten::to", times, 1, waves),
		MADE(7, 60, is.convert, as ? type_as : taken, as ? 2 : 1, code),
	};
	const struct event failed = { .id = 30, .site = 61, .parent = -1, .scope = -1, .sequence = -1, .operation = "aten::linear", .overload = "", .status = "failed",
				      .phase = "forward", .operand_count = 2, .operands = layer };
	struct hand mine = { .sites = at_sites, .site_count = 2, .events = recorded, .event_count = 4 };
	struct source from = hand_source(&mine);
	struct mismatch differs = { .property = "dtype", .operand = 0, .against = 1, .dim = -1, .against_dim = -1, .actual_name = "float32", .expected_name = is.weight };
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .source = &from, .message = "", .last_call = -1, .modules = modules };
	json_t *left = json_pack("[{s:s, s:s, s:[{s:s, s:s, s:i, s:s}]}]", "file", path, "function", "clock", "locals", "name", is.local, "kind", "tensor", "tensor", FRAMES, "dtype",
				 "float32");
	const struct failure failure = { .process = 0 };
	static struct lineage room;

	forget();
	lineage_walk(&from, 0, &failed, 0, -1, LINEAGE_DTYPE, &stories[0]);
	at = handed_follow(&from, &failure, left, is.weight, &stories[0], &room, name);
	if (!promotion_find(&stories[0], is.weight, &found))
		found.at = -1;
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = -1, .size = -1, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(left);
}

static bool
says(const char *words)
{
	return strstr(text_of("dtype_promoted", "text"), words);
}

static void
test_handed_on(void)
{
	usual_case();
	ask_layer(false);
	EXPECT("dtype_promoted", "likely");
	EXPECT("mixed_dtype", "");
	CU_ASSERT_EQUAL(at, 0);
	CU_ASSERT_STRING_EQUAL(name, "frames");
	CU_ASSERT_STRING_EQUAL(stories[0].steps[0].how, "the dtype of frames");
	CU_ASSERT(found.at == 1 && found.place == 1 && found.wide == 1 && found.narrow == 1);
	CU_ASSERT(says("input is float32 where bfloat16 is wanted, a dtype that was taken over by aten::to at ") && says("was given bfloat16, float32"));
	CU_ASSERT(says("energy alone is float32, and by type promotion all became that; it was made by aten::randn"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("dtype_promoted", "fix"), "convert energy to bfloat16 before it goes in there: .to(torch.bfloat16)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("dtype_promoted", "fix"), "; input only follows it"));
	is.line = 4; /* .to(frames) */
	ask_layer(false);
	EXPECT("dtype_promoted", "likely");
	is.line = 5; /* the operand itself tells */
	is.convert = "aten::type_as";
	ask_layer(false);
	EXPECT("dtype_promoted", "likely");
	CU_ASSERT_STRING_EQUAL(name, "other");
}

static void
test_promoted_itself(void)
{
	usual_case();
	ask_layer(true);
	EXPECT("dtype_promoted", "likely");
	CU_ASSERT_EQUAL(at, -1);
	CU_ASSERT_FALSE(says("taken over"));
	CU_ASSERT_PTR_NULL(strstr(text_of("dtype_promoted", "fix"), "only follows"));
	is.join = "aten::mul";
	ask_layer(true);
	EXPECT("dtype_promoted", "likely");
}

static void
test_not_handed_on(void)
{
	usual_case();
	is.line = 5; /* asked for */
	ask_layer(false);
	EXPECT("dtype_promoted", "");
	EXPECT("mixed_dtype", "possible");
	CU_ASSERT_EQUAL(at, -1);
	is.line = 3;
	is.local = "waves"; /* whose it was is gone */
	ask_layer(false);
	CU_ASSERT_EQUAL(at, -1);
	usual_case();
	is.line = 7;
	is.local = "third";
	ask_layer(false);
	CU_ASSERT_EQUAL(at, -1);
}

static void
test_not_promoted(void)
{
	usual_case();
	is.spectrum = "float32"; /* nothing was of the other dtype */
	ask_layer(false);
	EXPECT("dtype_promoted", "");
	CU_ASSERT_EQUAL(found.at, -1);
	usual_case();
	is.join = "aten::copy_"; /* promotes nothing */
	ask_layer(true);
	EXPECT("dtype_promoted", "");
	usual_case(); /* the layer is the exception: the model is in float32 */
	modules = json_pack("[{s:s, s:i, s:s}, {s:s, s:i, s:s}]", "module", "enter", "parameters", 900, "dtype", "float32", "module", "shift", "parameters", 90, "dtype", "bfloat16");
	ask_layer(true);
	EXPECT("dtype_promoted", "");
	json_decref((json_t *)modules);
	modules = NULL;
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "handed on", test_handed_on);
	CU_add_test(suite, "promoted itself", test_promoted_itself);
	CU_add_test(suite, "not handed on", test_not_handed_on);
	CU_add_test(suite, "not promoted", test_not_promoted);
}

int
main(void)
{
	return run_suite_with(path, program, "causes promoted", fill);
}
