/* links: schema viewer */
/* A half dtype that autocast made, which meets float32. */
#include <unistd.h>

#include "causes_asked.h"

static char path[] = "/tmp/shapebox-autocast-XXXXXX.py";
static const char program[] =
	"def losses(out, boxes):\n"
	"    logits = out['logits']\n"
	"    targets = torch.zeros(logits.shape, dtype=logits.dtype)\n" /* 3 */
	"    targets = torch.zeros(2, 12, 6, dtype=logits.dtype)\n"
	"    targets = torch.zeros(out['logits'].shape, dtype=out['logits'].dtype)\n"
	"    targets = torch.zeros(logits.shape, dtype=torch.bfloat16)\n"; /* 6 */

/* What differs from question to question: the line of the factory, the variable that is in reach, what made its tensor, and of what. */
static struct { int line; const char *local, *maker, *input, *rest; } is;

static void
usual_case(void)
{
	is.line = 3;
	is.local = "logits";
	is.maker = "aten::linear";
	is.input = is.rest = "float32";
}

/* Values in float32 are put into zeros in bfloat16; DIRECT: into what the maker made. */
static void
ask_put(bool direct)
{
	const struct operand given[] = { TENSOR_ON("input", 1, is.input, "cpu", 2, 12, 32), TENSOR_ON("weight", 2, is.rest, "cpu", 6, 32) };
	const struct operand made[] = { TENSOR_ON("output", 10, "bfloat16", "cpu", 2, 12, 6) }, zeros[] = { TENSOR_ON("output", 20, "bfloat16", "cpu", 2, 12, 6) };
	const struct operand size[] = { VALUE("size", "int[]", "[2,12,6]") }, put[] = { TENSOR_ON("self", direct ? 10 : 20, "bfloat16", "cpu", 2, 12, 6), TENSOR("values", 3, 3) };
	const struct frame lines[] = { { .file = path, .function = "losses", .line = is.line }, { .file = "/p/model.py", .function = "forward", .line = 20 } };
	const struct site at[] = { { .id = 60, .frame_count = 1, .frames = &lines[0] }, { .id = 61, .frame_count = 1, .frames = &lines[1] } };
	struct event recorded[] = {
		{ .id = 5, .site = 61, .parent = -1, .scope = -1, .sequence = -1, .operation = is.maker, .overload = "", .status = "ok", .phase = "forward", .operand_count = 2,
		  .operands = given, .output_count = 1, .outputs = made },
		{ .id = 20, .site = 60, .parent = -1, .scope = -1, .sequence = -1, .operation = "aten::zeros", .overload = "", .status = "ok", .phase = "forward", .operand_count = 1,
		  .operands = size, .output_count = 1, .outputs = zeros },
	};
	const struct event failed = { .id = 30, .site = 61, .parent = -1, .scope = -1, .sequence = -1, .operation = "aten::index_put_", .overload = "", .status = "failed",
				      .phase = "forward", .operand_count = 2, .operands = put };
	struct hand mine = { .sites = at, .site_count = 2, .events = recorded, .event_count = 2 };
	struct source from = hand_source(&mine);
	struct mismatch differs = { .property = "dtype", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .actual_name = "float32", .expected_name = "bfloat16" };
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .source = &from, .message = "", .last_call = -1 };

	forget();
	add_step(1, 20, "aten::zeros", size, 1, -1, -1);
	stories[1].steps[0].event = recorded[direct ? 0 : 1];
	facts.sides[0] = (struct cause_side){ .place = 1, .dim = -1, .size = -1 };
	facts.sides[1] = (struct cause_side){ .place = 0, .dim = -1, .size = -1, .lineage = &stories[1] };
	facts.frames = json_pack("[{s:s, s:[{s:s, s:s, s:i, s:s, s:[i, i, i]}]}]", "file", path, "locals", "name", is.local, "kind", "tensor", "tensor", 10, "dtype", "bfloat16", "shape",
				 2, 12, 6);
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
}

static bool
says(const char *words)
{
	return strstr(text_of("mixed_dtype", "text"), words);
}

static void
test_made(void)
{
	usual_case();
	ask_put(false);
	EXPECT("mixed_dtype", "likely");
	CU_ASSERT(says("; bfloat16 is autocast's: self was made with the dtype of logits, which was made of float32 by aten::linear at model.py:20"));
	is.line = 5;
	is.local = "out[\"logits\"]";
	ask_put(false);
	CU_ASSERT(says("the dtype of out[\"logits\"], which was made of float32"));
	is.local = "other"; /* the factory's function is left; it took its sizes from there, too */
	ask_put(false);
	CU_ASSERT(says("self was made with the dtype and the sizes of another tensor, which was made of float32 by aten::linear"));
	ask_put(true);
	CU_ASSERT(says("; bfloat16 is autocast's: made of float32 by aten::linear at model.py:20"));
	is.input = "bfloat16"; /* by the layer before */
	ask_put(true);
	CU_ASSERT(says("autocast's"));
}

static void
test_not_made(void)
{
	usual_case();
	is.line = 6; /* asked for */
	ask_put(false);
	EXPECT("mixed_dtype", "likely");
	CU_ASSERT_FALSE(says("autocast"));
	is.line = 4; /* of whom isn't known */
	is.local = "other";
	ask_put(false);
	CU_ASSERT_FALSE(says("autocast"));
	usual_case();
	is.input = is.rest = "bfloat16"; /* a model in half precision */
	ask_put(false);
	CU_ASSERT_FALSE(says("autocast"));
	ask_put(true);
	CU_ASSERT_FALSE(says("autocast"));
	usual_case();
	is.maker = "aten::to"; /* converted by the program */
	ask_put(false);
	CU_ASSERT_FALSE(says("autocast"));
	ask_put(true);
	CU_ASSERT_FALSE(says("autocast"));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "made by autocast", test_made);
	CU_add_test(suite, "not so", test_not_made);
}

int
main(void)
{
	return run_suite_with(path, program, "causes autocast", fill);
}
