/* links: schema viewer */
/* Positions that were counted by a setting, where the input has another length. */
#include <unistd.h>

#include "causes_asked.h"
#include "program_file.h"

static char path[] = "/tmp/shapebox-positions-XXXXXX.py";
static const char plain[] =
	"def main(args):\n"
	"    input_ids = batch[:, : args.seq_length]\n"
	"    position_ids = torch.arange(args.seq_length)\n"; /* 3 */
static const char kept[] =
	"def main(args):\n"
	"    cache = DynamicCache()\n"
	"    position_ids = torch.arange(args.seq_length)\n";
static const struct settings given = { .count = 1, .file_count = 1, .files = { "/p/run.yaml" }, .list = { { "seq_length", 64, 0, 3 } } };

/* Cosines of 64 positions meet 63 of a sequence, in a PROGRAM; SET: somebody set the 64; LOCAL's tensor is the sequence's. */
static void
ask_counted(const char *program, const struct settings *set, int local)
{
	const struct operand both[] = { TENSOR("self", 1, 1, 2, 63, 16), TENSOR("other", 2, 1, 1, 64, 16) };
	const struct operand end[] = { VALUE("end", "int", "64") }, counted[] = { INDEX("output", 20, 64) }, wide[] = { INDEX("self", 29, 1, 64) }, cut[] = { INDEX("output", 30, 1, 63) };
	const struct event failed = EVENT("aten::mul", both);
	const struct frame line = { .file = path, .function = "main", .line = 3 };
	const struct site at[] = { { .id = 97, .frame_count = 1, .frames = &line }, { .id = 96, .frame_count = 1, .frames = &line }, { .id = 95, .frame_count = 1, .frames = &line } };
	struct hand mine = { .sites = at, .site_count = 3 };
	struct source from = hand_source(&mine);
	struct mismatch differs = { .property = "size", .operand = 0, .against = 1, .dim = 2, .against_dim = 2, .has_expected = true, .has_actual = true, .expected = 64, .actual = 63 };
	struct cause_facts facts = { .event = &failed, .mismatch = &differs, .source = &from, .message = "", .last_call = 90, .settings = set };

	write_program(path, "%s", program);
	forget();
	add_step(0, 95, "aten::slice", wide, 1, 1, 63);
	add_step(1, 96, "aten::cos", counted, 1, 0, 64);
	add_step(1, 97, "aten::arange", end, 1, 0, 64);
	stories[0].steps[0].event.outputs = cut;
	stories[1].steps[1].event.outputs = counted;
	stories[0].steps[0].event.output_count = stories[1].steps[1].event.output_count = 1;
	facts.sides[0] = (struct cause_side){ .place = 0, .dim = 2, .size = 63, .lineage = &stories[0] };
	facts.sides[1] = (struct cause_side){ .place = 1, .dim = 2, .size = 64, .lineage = &stories[1] };
	facts.frames = json_pack("[{s:s, s:i, s:s, s:[{s:s, s:s, s:i, s:s, s:[i, i]}]}]", "file", path, "line", 3, "function", "main", "locals", "name", "input_ids", "kind", "tensor",
				 "tensor", local, "dtype", "int64", "shape", 1, 63);
	facts.numbers = number("args.seq_length", 64);
	json_decref(causes);
	causes = causes_build(&facts);
	json_decref((json_t *)facts.frames);
	json_decref((json_t *)facts.numbers);
}

static bool
advises(const char *words)
{
	return strcmp(text_of("positions_length", "fix"), words) == 0;
}

static void
test_counted(void)
{
	ask_counted(plain, &given, 30);
	EXPECT("positions_length", "likely");
	CU_ASSERT(advises("count positions by the length of what is given: arange(input_ids.shape[1]) in place of args.seq_length"));
	ask_counted(plain, &given, 31); /* of another tensor */
	CU_ASSERT(advises("count positions by the length of what is given: arange(63) in place of args.seq_length"));
	ask_counted(plain, NULL, 30); /* measured */
	CU_ASSERT(advises("count 63 positions for what is given now"));
	ask_counted(kept, NULL, 30);
	CU_ASSERT(advises("count 63 positions for what is given now (position_ids of the piece, from what the cache already holds on: arange(start, start + 63))"));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "counted by a setting", test_counted);
}

int
main(void)
{
	return run_suite_with(path, "", "causes positions", fill);
}
