/* links: schema viewer */
/* A division with a rest of a number that is one side of a grid, whose places the view was given in one dimension. */
#include <unistd.h>

#include "causes_events.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-floor-XXXXXX.py";
static const char program[] = "def merge(tokens, h, w, m):\n"
			      "    return tokens.view(1, h // m, m, w // m, m, 32)\n";

/* A grid of 8 x WIDE, made of a picture of 64 x OVER by a layer of stride 8 (OVER 0: by none that is recorded), is viewed for w = W. */
static void
ask_grid(int64_t wide, int w, int64_t over)
{
	const struct operand viewed[] = { TENSOR("self", 3, 1, 40, 32), VALUE("size", "int[]", "[1,4,2,2,2,32]") };
	const struct operand layer[] = { TENSOR("input", 1, 1, 3, 64, over), TENSOR("weight", 9, 32, 3, 8, 8), VALUE("stride", "int[]", "[8, 8]") };
	const struct operand grid[] = { TENSOR("output", 2, 1, 32, 8, wide) }, flat[] = { TENSOR("self", 2, 1, 32, 8, wide), VALUE("start_dim", "int", "2") };
	struct event event = EVENT("aten::view", viewed);
	struct mismatch differs = { .property = "numel", .operand = 1, .against = 0, .dim = -1, .against_dim = -1, .has_expected = true, .has_actual = true, .expected = 1280, .actual = 1024 };
	json_t *of = json_pack("[{s:s, s:i, s:s, s:[{s:s, s:s, s:i}, {s:s, s:s, s:i}, {s:s, s:s, s:i}]}]", "file", path, "line", 2, "function", "merge", "locals", "name", "h", "kind",
			       "int", "value", 8, "name", "w", "kind", "int", "value", w, "name", "m", "kind", "int", "value", 2);
	struct code_statement statements[8];
	struct condition_scope scope = { .locals = json_object_get(json_array_get(of, 0), "locals"), .statements = statements };
	struct cause_facts facts = { .event = &event, .mismatch = &differs, .message = "", .source = &source, .frames = of, .scope = &scope, .last_call = -1 };
	struct code code;

	CU_ASSERT_TRUE_FATAL(code_open(&code, path, 0));
	scope.count = code_statements(&code, 2, statements, 8);
	code_close(&code);
	start();
	event.operands = viewed;
	operands[0][0] = value("size", "[1, 3, 64, 40]");
	outputs[0][0] = (struct operand)TENSOR("output", 1, 1, 3, 64, 40);
	add("aten::rand", 0, 0, 1);
	add_step(1, 5, "aten::flatten", flat, COUNT(flat), 1, 40);
	if (over) {
		add_step(1, 4, "aten::conv2d", layer, COUNT(layer), 3, wide);
		stories[1].steps[1].event.output_count = 1;
		stories[1].steps[1].event.outputs = grid;
	}
	facts.sides[1].lineage = &stories[1];
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref(of);
}

static void
test_grid(void)
{
	write_program(path, "%s", program);
	ask_grid(5, 5, 40);
	EXPECT("floor_rest", "likely");
	EXPECT("sizes_do_not_divide", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "`w // m` is 5 // 2 and leaves 1: the 40 of "));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "are 8 x 5, and the 5 was made of 40, no multiple of 8 x 2 = 16, by aten::conv2d"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "the 40 was decided by aten::rand"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "round to multiples of 16 where the 40 is made (32 or 48): aten::rand at"));
	ask_grid(5, 5, 0); /* of what isn't known */
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("text"), "are 8 x 5, and 5 is no multiple of 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "pad, resize or crop the 5 to a multiple of m = 2 (4 or 6)"));
	ask_grid(5, 7, 40); /* another number than the grid's */
	EXPECT("floor_rest", "");
	ask_grid(6, 5, 48); /* another grid */
	EXPECT("floor_rest", "");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "one side of a grid", test_grid);
}

int
main(void)
{
	int file = mkstemps(path, 3), failed;

	if (file < 0 || close(file) != 0)
		return 2;
	source = hand_source(&hand);
	failed = run_suite("causes floor", fill);
	unlink(path);
	return failed;
}
