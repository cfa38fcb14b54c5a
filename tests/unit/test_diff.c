/* links: schema viewer */
/* Ranks, runs and steps compared, on boxes made by hand: what differs by design, and what must be found. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rank_maker.h"
#include "schema/fingerprint.h"
#include "viewer/analysis/diff/diff.h"
#include "viewer/analysis/diff/ranks.h"
#include "viewer/analysis/text.h"

#define F32 6
#define BF16 15
#define CUDA 1

static char folder[64];
static int folders;

/* How one rank behaves. Everything else is the same training of STEPS steps. */
struct ways {
	int steps, batch, odd_batch_at; /* odd_batch_at: a step with one row less; -1 */
	bool varies;                    /* another number of rows in each step and rank */
	int skips_at;                   /* leaves the vision tower out; -1 */
	bool logs;                      /* runs an operation of its own after each step */
	int64_t weight, shard;          /* rows of the head's weight; of the optimizer's piece */
	int updates;                    /* tensors that the optimizer updates */
	int dtype, device, device_index;
	int pieces;                     /* operations of a sharding library of its own */
	int64_t reduced;                /* elements of the collective in the last step */
	const char *reduction;
	int stops_at;                   /* ends before the collective of that step; -1 */
	int first_kept;                 /* steps before it were overwritten */
	const char *visible;            /* CUDA_VISIBLE_DEVICES */
	bool fails;                     /* raises at the end of its last step */
	int64_t scattered;              /* elements of a scatter from rank 0; 0: none */
	bool roots;                     /* this is rank 0, which has what is scattered */
	int64_t gathered[2], given;     /* an all_gather into these sizes; 0: none */
	bool sends;
	int rounds;                     /* of a loop over images */
	int extra_line;                 /* all lines moved on by so many */
	uint32_t prints;                /* fingerprints of so many steps each are kept of all; 0: none */
	int froze_at;                   /* backward has less to do in that step; -1 */
	int64_t message;                /* elements that rank 0 sends to 1, and 1 expects of 0, in each step; 0: none */
	int waits_at;                   /* the last operation is that step's message; -1 */
	int64_t gives;                  /* elements of an all_to_all, for each of two; 0: none */
	bool columns;                   /* collectives and messages are of groups: ranks 0 and 2, 1 and 3 */
	int halts_at;                   /* ends in the collective of that step; -1 */
	int counted;                    /* groups that the rank made before */
};

/* How the rank that is being made tells its group of two. */
static char group_text[16] = "2 ranks";

static const struct ways usual = { .steps = 6, .batch = 4, .odd_batch_at = -1, .skips_at = -1, .weight = 8, .shard = 16, .updates = 3,
				   .dtype = F32, .reduced = 10, .reduction = "SUM", .stops_at = -1, .rounds = 1, .froze_at = -1,
				   .waits_at = -1, .halts_at = -1 };

static void
linear(struct rank_maker *rank, int line, int64_t rows, int64_t out, int dtype)
{
	const int64_t x[] = { rows, 8 }, w[] = { out, 8 }, y[] = { rows, out };
	struct maker_words in = { 0 }, result = { 0 };

	rank_tensor(rank, &in, dtype, 2, x);
	rank_tensor(rank, &in, dtype, 2, w);
	maker_plain(&in, BOX_VALUE_NONE);
	rank_tensor(rank, &result, dtype, 2, y);
	rank_operation(rank, "aten::linear", "input,weight,bias", RANK_MODEL, line, &in, &result, 0);
}

static void
one_tensor(struct rank_maker *rank, const char *name, enum rank_place place, int line, int64_t rows, int flags)
{
	struct maker_words in = { 0 };

	rank_tensor(rank, &in, F32, 1, &rows);
	rank_operation(rank, name, "self", place, line, &in, NULL, flags);
}

static void
all_reduce(struct rank_maker *rank, int line, int64_t elements, const char *reduction)
{
	struct maker_words in = { 0 };

	maker_list(&in, 1);
	rank_tensor(rank, &in, F32, 1, &elements);
	in.inside = false;
	maker_string(&in, group_text);
	maker_string(&in, reduction);
	rank_operation(rank, "c10d::allreduce_", "tensors,process_group,reduce_op", RANK_SCRIPT, line, &in, NULL, 0);
}

static void
all_gather(struct rank_maker *rank, const struct ways *ways)
{
	struct maker_words in = { 0 };

	maker_list(&in, 2);
	rank_tensor(rank, &in, F32, 1, &ways->gathered[0]);
	rank_tensor(rank, &in, F32, 1, &ways->gathered[1]);
	in.inside = false;
	maker_list(&in, 1);
	rank_tensor(rank, &in, F32, 1, &ways->given);
	in.inside = false;
	maker_string(&in, group_text);
	rank_operation(rank, "c10d::allgather_", "output_tensors,input_tensors,process_group", RANK_SCRIPT, 60, &in, NULL, 0);
}

/* The root alone has what is scattered. */
static void
scatter(struct rank_maker *rank, const struct ways *ways)
{
	struct maker_words in = { 0 };

	maker_list(&in, 1);
	rank_tensor(rank, &in, F32, 1, &ways->scattered);
	in.inside = false;
	maker_list(&in, ways->roots ? 2 : 0);
	for (int i = 0; i < 2 && ways->roots; i++)
		rank_tensor(rank, &in, F32, 1, &ways->scattered);
	in.inside = false;
	maker_string(&in, group_text);
	maker_int(&in, 0);
	rank_operation(rank, "c10d::scatter_", "output_tensors,input_tensors,process_group,root_rank", RANK_SCRIPT, 61, &in, NULL, 0);
}

/* A message to or from RANK. */
static void
message(struct rank_maker *rank, bool sends, int64_t elements)
{
	struct maker_words in = { 0 };

	maker_list(&in, 1);
	rank_tensor(rank, &in, F32, 1, &elements);
	in.inside = false;
	maker_string(&in, group_text);
	maker_int(&in, sends ? 1 : 0);
	maker_int(&in, 7);
	rank_operation(rank, sends ? "c10d::send" : "c10d::recv_", sends ? "tensors,process_group,dst,tag" : "tensors,process_group,src,tag",
		       RANK_SCRIPT, sends ? 56 : 57, &in, NULL, 0);
}

static void
all_to_all(struct rank_maker *rank, int64_t each)
{
	const int64_t size = 2 * each;
	struct maker_words in = { 0 };

	rank_tensor(rank, &in, F32, 1, &size);
	rank_tensor(rank, &in, F32, 1, &size);
	maker_string(&in, group_text);
	maker_ints(&in, 0, NULL);
	maker_ints(&in, 0, NULL);
	rank_operation(rank, "c10d::alltoall_base_", "output,input,process_group,output_split_sizes,input_split_sizes", RANK_SCRIPT, 58, &in,
		       NULL, 0);
}

static void
optimizer(struct rank_maker *rank, const struct ways *ways)
{
	struct maker_words in = { 0 };

	maker_list(&in, ways->updates);
	for (int i = 0; i < ways->updates; i++)
		rank_tensor(rank, &in, F32, 1, &ways->shard);
	in.inside = false;
	rank_operation(rank, "aten::_foreach_add_", "self", RANK_OPTIMIZER, 50, &in, NULL, 0);
}

/* False: it stopped on the way. */
static bool
step_make(struct rank_maker *rank, const struct ways *ways, int number, int step)
{
	int64_t rows = ways->batch - (step == ways->odd_batch_at) + (ways->varies ? (step * 5 + number * 3) % 4 : 0);
	int move = ways->extra_line;

	for (int i = 0; i < ways->pieces; i++)
		one_tensor(rank, "aten::copy_", RANK_SHARDING, 5, 100 + i, 0);
	linear(rank, 10 + move, rows, 8, ways->dtype);
	if (step != ways->skips_at) {
		linear(rank, 20 + move, rows, 8, ways->dtype);
		one_tensor(rank, "aten::relu", RANK_MODEL, 21 + move, rows * 8, 0);
	}
	for (int round = 0; round < ways->rounds; round++) {
		linear(rank, 25 + move, 4, 8, ways->dtype);
		one_tensor(rank, "aten::relu", RANK_MODEL, 26 + move, 32, 0);
	}
	linear(rank, 30 + move, rows, ways->weight, ways->dtype);
	if (step == ways->stops_at)
		return false;
	if (ways->message)
		message(rank, number < (ways->columns ? 2 : 1), ways->message);
	if (ways->gives)
		all_to_all(rank, ways->gives);
	if (step == ways->waits_at)
		return false;
	if (ways->sends)
		one_tensor(rank, number % 2 ? "c10d::recv_" : "c10d::send", RANK_SCRIPT, 55 + number % 2, 4, 0);
	all_reduce(rank, 40 + move, step == ways->steps - 1 ? ways->reduced : 10, step == ways->steps - 1 ? ways->reduction : "SUM");
	if (step == ways->halts_at)
		return false;
	if (ways->scattered)
		scatter(rank, ways);
	if (ways->gathered[0])
		all_gather(rank, ways);
	optimizer(rank, ways);
	if (ways->logs)
		one_tensor(rank, "aten::mean", RANK_SCRIPT, 70, 3, 0);
	return true;
}

/* Fingerprints of all steps, as the recorder makes them. */
static void
prints_make(struct rank_maker *rank, const struct ways *ways)
{
	uint32_t count = ways->prints ? ((uint32_t)ways->steps + ways->prints - 1) / ways->prints : 0;
	struct box_steps *all = ways->prints ? calloc(1, sizeof *all + count * sizeof all->entries[0]) : NULL;

	if (!all)
		return;
	all->width = ways->prints;
	all->steps = (uint64_t)ways->steps;
	for (int step = 0; step < ways->steps; step++) {
		struct box_step_print *entry = &all->entries[(uint32_t)step / all->width], print = {
			.operations = 4 + (uint64_t)ways->rounds, .control = 77 + (uint64_t)ways->rounds, .once = 99, .rest = 55,
			.collectives = 1, .collective = 3,
		};

		if (step == ways->skips_at) {
			print.operations--;
			print.control = 76;
			print.once = 98;
		}
		print.rest -= step == ways->froze_at;
		*entry = fingerprint_steps_join(entry, &print);
	}
	rank->box.regions[BOX_STEPS] = (struct maker_bytes){ (uint8_t *)all, sizeof *all + count * sizeof all->entries[0], 0 };
}

static void
rank_make(const char *dir, int number, int world, const struct ways *ways)
{
	struct rank_maker rank;
	char path[256], note[256];

	rank_begin(&rank, number, world, "testhost");
	rank.device = ways->device;
	rank.device_index = ways->device_index;
	snprintf(note, sizeof note, "{\"env\":{\"CUDA_VISIBLE_DEVICES\":\"%s\"}}", ways->visible ? ways->visible : "");
	box_maker_note(&rank.box, 0, BOX_NOTE_ENVIRONMENT, BOX_NONE, UINT64_MAX, 0, note);
	snprintf(group_text, sizeof group_text, ways->columns ? "2 ranks #%d" : "2 ranks", 2 + ways->counted);
	if (ways->columns) {
		snprintf(note, sizeof note, "{\"groups\":[{\"group\":1,\"name\":\"0\",\"ranks\":[[0,3,1]]},{\"group\":%d,\"name\":\"%d\",\"ranks\":[[%d,%d,2]]}]}",
			 2 + ways->counted, 1 + number % 2, number % 2, number % 2 + 2);
		box_maker_note(&rank.box, BOX_NOTE_FIRST_GROUPS, BOX_NOTE_GROUPS, BOX_NONE, UINT64_MAX, 0, note);
	}
	for (int step = 0; step < ways->steps; step++) {
		if (step == ways->first_kept && step > 0) { /* what came before is gone: begin again, later */
			free(rank.box.chunks.data);
			rank.box.chunks = (struct maker_bytes){ 0 };
			box_maker_chunk(&rank.box, 0, rank.events, rank.steps, rank.ns);
			rank.box.header.step = rank.steps;
		}
		if (!step_make(&rank, ways, number, step)) {
			rank.box.header.state = BOX_STATE_RUNNING;
			rank.box.header.exit_status = -1;
			break;
		}
		rank_step(&rank);
	}
	prints_make(&rank, ways);
	if (ways->fails) {
		rank.box.header.exit_status = 1;
		one_tensor(&rank, "aten::relu", RANK_MODEL, 80, 3, BOX_FLAG_FAILED);
		box_maker_note(&rank.box, BOX_NOTE_FIRST_FATAL, BOX_NOTE_FATAL, 0, UINT64_MAX, rank.events,
			       "{\"how\":\"excepthook\",\"type\":\"ValueError\",\"module\":\"builtins\",\"message\":\"no more of this\","
			       "\"frames\":[{\"file\":\"/u/proj/train.py\",\"line\":80,\"function\":\"run\"}]}");
	}
	snprintf(path, sizeof path, "%s/rank%d-5000.box", dir, number);
	CU_ASSERT_TRUE_FATAL(box_maker_write(&rank.box, path));
	rank_free(&rank);
}

static const char *
dir_make(void)
{
	static char dirs[4][128];
	char *dir = dirs[folders % 4];

	snprintf(dir, sizeof dirs[0], "%s/%d", folder, folders++);
	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0777), 0);
	return dir;
}

/* Rank ODD goes its own WAYS (with OTHERS it has company: every rank from ODD on), all others OTHERS. */
static const char *
trace_make(int world, int odd, const struct ways *ways, const struct ways *others)
{
	const char *dir = dir_make();

	for (int i = 0; i < world; i++)
		rank_make(dir, i, world, i == odd ? ways : others);
	return dir;
}

static json_t *
compare(const char *one, const char *other, int rank, int64_t i, int64_t j)
{
	struct error error = { "" };
	struct trace *traces[2] = { trace_open(one, &error), other ? trace_open(other, &error) : NULL };
	struct diff_request request = { .traces = traces, .trace_count = other ? 2 : 1, .steps = { i, j } };
	json_t *diff;

	if (rank >= 0) {
		request.ranks[0] = rank;
		request.rank_count = 1;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(traces[0]);
	diff = diff_build(&request, &error);
	if (!diff)
		printf("  %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(diff);
	trace_close(traces[0]);
	trace_close(traces[1]);
	return diff;
}

static const char *
text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

/* "KIND STEP: RANKS TEXT", "agree", of the first divergence. */
static bool
tells(json_t *diff, const char *kind, int64_t step, int rank, const char *text)
{
	const json_t *divergence = json_object_get(diff, "first_divergence");
	bool ok = kind ? strcmp(text_of(divergence, "kind"), kind) == 0 &&
				 (step < 0 || json_integer_value(json_object_get(divergence, "step")) == step) &&
				 json_integer_value(json_array_get(json_object_get(divergence, "ranks"), 0)) == rank &&
				 strstr(text_of(divergence, "text"), text)
		       : json_is_null(divergence);

	if (!ok) {
		char *dump = json_dumps(divergence, JSON_INDENT(1) | JSON_ENCODE_ANY);

		printf("  wanted: %s %lld rank %d %s\n  got: %.900s\n", kind ? kind : "agree", (long long)step, rank, text ? text : "", dump);
		free(dump);
	}
	json_decref(diff);
	return ok;
}

#define ODD(world, odd, ways, kind, step, text) \
	CU_ASSERT_TRUE(tells(compare(trace_make(world, odd, &(ways), &usual), NULL, -1, -1, -1), kind, step, odd, text))
#define AGREE(world, odd, ways) \
	CU_ASSERT_TRUE(tells(compare(trace_make(world, odd, &(ways), &usual), NULL, -1, -1, -1), NULL, 0, odd, NULL))


static void
test_by_design(void)
{
	struct ways odd = usual, others = usual;

	AGREE(4, 1, odd);
	odd.logs = true; /* one rank alone writes a log */
	AGREE(4, 0, odd);
	odd = usual; /* uneven shards, and ZeRO's partitions of size [0] */
	odd.shard = 0;
	AGREE(4, 3, odd);
	odd.shard = 13; /* the last rank's padding */
	AGREE(2, 1, odd);
	odd = usual; /* operations by which a sharding library arranges its pieces */
	odd.pieces = 3;
	AGREE(2, 1, odd);
	odd = usual; /* a batch of its own from the start */
	odd.batch = 7;
	AGREE(2, 1, odd);
	odd = usual; /* a loop goes round as often as there are images */
	odd.rounds = 4;
	AGREE(3, 1, odd);
	odd = others; /* lengths vary everywhere */
	odd.varies = others.varies = true;
	CU_ASSERT_TRUE(tells(compare(trace_make(4, 1, &odd, &others), NULL, -1, -1, -1), NULL, 0, 1, NULL));
	odd.gathered[0] = others.gathered[0] = 5; /* a gather of as many sizes as ranks */
	odd.gathered[1] = others.gathered[1] = 3;
	odd.given = 3;
	others.given = 5;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), NULL, 0, 1, NULL));
	others.given = 4;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "collective", 0, 1, "input_tensors[0] is [3], not [4]"));
	odd = others = usual;
	odd.scattered = others.scattered = 4;
	others.roots = true; /* rank 0 */
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), NULL, 0, 1, NULL));
	odd.scattered = 3;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "collective", 0, 1, "output_tensors[0] is [3], not [4]"));
}

static void
test_stages(void)
{
	const char *dir = dir_make();
	struct ways first = usual, second = usual;

	/* Two stages of two ranks each: different work; a rank that leaves its own stage's ways is found. */
	first.sends = second.sends = true;
	second.extra_line = 100;
	for (int i = 0; i < 4; i++)
		rank_make(dir, i, 4, i % 2 ? &second : &first);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), NULL, 0, 0, NULL));
	dir = dir_make();
	for (int i = 0; i < 4; i++) {
		struct ways ways = i % 2 ? second : first;

		ways.skips_at = i == 3 ? 4 : -1;
		rank_make(dir, i, 4, &ways);
	}
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), "control", 4, 3, "rank 3 goes on with aten::linear at model.py:125"));
	/* From the first step on: then only its group tells whose stage it is of. */
	dir = dir_make();
	for (int i = 0; i < 4; i++) {
		struct ways ways = i % 2 ? second : first;

		ways.columns = true;
		ways.skips_at = i == 3 ? 0 : -1;
		rank_make(dir, i, 4, &ways);
	}
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), "control", 0, 3,
			     "rank 3 goes on with aten::linear at model.py:125 where rank 1 runs aten::linear at model.py:120"));
}

static void
test_messages(void)
{
	struct ways odd = usual, others = usual;

	odd.message = others.message = 12;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), NULL, 0, 1, NULL));
	odd.message = 16;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "collective", 0, 0,
			     "rank 0 sends [12] float32 to rank 1, which expects [16] float32: c10d::send at train.py:56 and c10d::recv_ at train.py:57"));
	odd.first_kept = others.first_kept = 2; /* counted from the first step that both keep */
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "collective", 3, 0, "which expects [16]"));
	odd = others = usual;
	odd.message = others.message = 12;
	odd.waits_at = 3;
	others.stops_at = 3;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "missing", 3, 0,
			     "rank 1 waits in c10d::recv_ at train.py:57 for rank 0, which never sent it: its last operation is"));
	odd = others = usual; /* what one gives is what the other takes */
	odd.gives = others.gives = 3;
	odd.waits_at = others.waits_at = 4;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), NULL, 0, 1, NULL));
	odd.gives = 4;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "collective", 4, 0,
			     "rank 0 gives 3 elements to rank 1, which expects 4: c10d::alltoall_base_ at train.py:58"));
}

/* Groups of some of the ranks: whose members they are is what the processes tell; the numbers are each process's own. */
static void
test_groups(void)
{
	struct ways odd = usual, others = usual, halts;
	json_t *diff;
	const json_t *divergence;
	const char *dir = dir_make();

	odd.columns = others.columns = true;
	odd.counted = 3;
	CU_ASSERT_TRUE(tells(compare(trace_make(4, 3, &odd, &others), NULL, -1, -1, -1), NULL, 0, 0, NULL));
	odd.steps = others.steps = 1;
	odd.reduced = 12; /* each group has sizes of its own */
	halts = odd;
	for (int i = 0; i < 4; i++)
		rank_make(dir, i, 4, i % 2 ? &odd : &others);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), NULL, 0, 0, NULL));
	dir = dir_make();
	halts.reduced = 14;
	for (int i = 0; i < 4; i++)
		rank_make(dir, i, 4, i == 3 ? &halts : i == 1 ? &odd : &others);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), "collective", 0, 3, "otherwise than rank 1: tensors[0] is [14], not [12]"));
	CU_ASSERT_TRUE(tells(compare(trace_make(4, 1, &odd, &others), NULL, -1, -1, -1), "collective", 0, 1, "tensors[0] is [12], not [10]"));
	CU_ASSERT_TRUE(tells(compare(trace_make(4, 3, &odd, &others), NULL, -1, -1, -1), "collective", 0, 3, "tensors[0] is [12], not [10]"));
	dir = dir_make();
	odd = others = usual;
	odd.columns = others.columns = true;
	odd.counted = 3;
	odd.message = others.message = 12; /* told by places in the group: 1 to 3, and 0 to 2 */
	CU_ASSERT_TRUE(tells(compare(trace_make(4, 3, &odd, &others), NULL, -1, -1, -1), NULL, 0, 0, NULL));
	odd.message = 16;
	CU_ASSERT_TRUE(tells(compare(trace_make(4, 3, &odd, &others), NULL, -1, -1, -1), "collective", 0, 1,
			     "rank 1 sends [12] float32 to rank 3, which expects [16] float32"));
	odd.message = others.message = 0;
	odd.stops_at = 4;
	halts = others;
	halts.halts_at = 4;
	for (int i = 0; i < 4; i++)
		rank_make(dir, i, 4, i == 3 ? &odd : i == 1 ? &halts : &others);
	diff = compare(dir, NULL, -1, -1, -1);
	divergence = json_object_get(diff, "first_divergence");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(divergence, "against")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(divergence, "group"), 0)), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(divergence, "group"), 1)), 3);
	CU_ASSERT_TRUE(tells(diff, "missing", 4, 3, "where rank 1 waits (the group is ranks 1, 3): its last operation is"));
	dir = dir_make();
	for (int i = 0; i < 3; i++) /* rank 3 has left no trace */
		rank_make(dir, i, 4, i == 1 ? &halts : &others);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), "missing", 4, 3,
			     "rank 1 waits in c10d::allreduce_ at train.py:40 for rank 3, of which there is no trace"));
}

static void
test_devices(void)
{
	struct ways odd = usual, others = usual;
	const char *dir = dir_make();

	for (int i = 0; i < 3; i++) { /* each on its own */
		odd.device = CUDA;
		odd.device_index = i;
		rank_make(dir, i, 3, &odd);
	}
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), NULL, 0, 0, NULL));
	dir = dir_make();
	for (int i = 0; i < 3; i++) { /* each sees but one */
		char visible[8];

		snprintf(visible, sizeof visible, "%d", i);
		odd.device_index = 0;
		odd.visible = visible;
		rank_make(dir, i, 3, &odd);
	}
	CU_ASSERT_TRUE(tells(compare(dir, NULL, -1, -1, -1), NULL, 0, 0, NULL));
	odd.visible = others.visible = "0,1"; /* rank 1 on rank 0's */
	others.device = CUDA;
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "device", 0, 1, "is on cuda:0"));
	odd = usual; /* on the CPU, where others are on their own accelerator */
	CU_ASSERT_TRUE(tells(compare(trace_make(2, 1, &odd, &others), NULL, -1, -1, -1), "device", 0, 1, "input is on cpu, not on cuda:0"));
	odd = usual;
	odd.dtype = BF16;
	ODD(3, 2, odd, "dtype", 0, "input is bfloat16, not float32");
}

static void
test_found(void)
{
	struct ways odd = usual;

	odd.skips_at = 3;
	ODD(4, 2, odd, "control", 3, "rank 2 goes on with aten::linear at model.py:25 where ranks 0, 1, 3 run aten::linear at model.py:20");
	odd = usual;
	odd.rounds = 0;
	ODD(3, 1, odd, "control", 0, "where ranks 0, 2 run aten::linear at model.py:25");
	odd = usual;
	odd.odd_batch_at = 4;
	ODD(4, 0, odd, "shape", 4, "3 in dimension 0 of input");
	odd = usual;
	odd.weight = 9;
	ODD(3, 1, odd, "parameter", 0, "9 in dimension 0 of weight");
	odd = usual;
	odd.updates = 2;
	ODD(3, 1, odd, "parameter", 0, "another number of tensors");
	odd = usual;
	odd.reduced = 11;
	ODD(3, 1, odd, "collective", 5, "tensors[0] is [11], not [10]");
	odd = usual;
	odd.reduction = "MAX";
	ODD(3, 1, odd, "collective", 5, "reduce_op is \"MAX\", not \"SUM\"");
	odd = usual;
	odd.stops_at = 4;
	ODD(3, 1, odd, "missing", 4, "rank 1 never arrived at c10d::allreduce_ at train.py:40 (collective 5 of step 4), where ranks 0, 2 wait");
}

static void
test_failure(void)
{
	struct ways odd = usual;
	json_t *diff, *first;

	odd.fails = true;
	odd.steps = 4;
	diff = compare(trace_make(4, 2, &odd, &usual), NULL, -1, -1, -1);
	first = json_object_get(diff, "first_failure");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(first, "rank")), 2);
	CU_ASSERT_TRUE(json_is_true(json_object_get(first, "own")));
	CU_ASSERT_STRING_EQUAL(text_of(json_object_get(first, "exception"), "type"), "ValueError");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(first, "where"), "line")), 80);
	CU_ASSERT_TRUE(diff_found(diff));
	json_decref(diff);
}

static void
test_lost(void)
{
	struct ways odd = usual, others = usual;
	json_t *diff;

	/* Rank 1's ring begins at step 2: what lies before is neither compared nor taken for a difference. */
	odd.first_kept = 2;
	diff = compare(trace_make(3, 1, &odd, &others), NULL, -1, -1, -1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(json_object_get(diff, "lost"), 0), "from_step")), 3);
	CU_ASSERT_TRUE(tells(diff, NULL, 0, 0, NULL));
	odd.skips_at = 4;
	ODD(3, 1, odd, "control", 4, "model.py:25");
	odd.skips_at = 1;
	AGREE(3, 1, odd);
}

static void
test_overwritten(void)
{
	struct ways odd = usual, others = usual;
	json_t *diff;

#define OVERWRITTEN(kind, step, text) \
	CU_ASSERT_TRUE(tells(compare(trace_make(3, 1, &odd, &others), NULL, -1, -1, -1), kind, step, 1, text))

	/* Steps 0 to 20 are gone everywhere, but for their fingerprints. */
	odd.steps = others.steps = 40;
	odd.first_kept = others.first_kept = 20;
	odd.prints = others.prints = 4;
	diff = compare(trace_make(3, 1, &odd, &others), NULL, -1, -1, -1);
	CU_ASSERT_TRUE(json_is_true(json_object_get(json_object_get(diff, "overwritten"), "compared")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(diff, "overwritten"), "before_step")), 21);
	CU_ASSERT_TRUE(tells(diff, NULL, 0, 0, NULL));
	odd.skips_at = 13;
	OVERWRITTEN("control", 12, "rank 1 runs other operations than ranks 0, 2 in one or more of the steps 12-15: 19 operations in forward, not 20");
	odd.prints = others.prints = 1;
	OVERWRITTEN("control", 13, "in step 13");
	others.prints = 8; /* a smaller box: wider entries */
	OVERWRITTEN("control", 8, "steps 8-15");
	odd.first_kept = 0; /* one that still has them all */
	OVERWRITTEN("control", 8, "steps 8-15");
	odd.skips_at = -1;
	odd.froze_at = 5;
	OVERWRITTEN("control", 0, "rank 1 runs backward or the optimizer otherwise than ranks 0, 2 in one or more of the steps 0-7");
	odd.froze_at = -1;
	odd.rounds = 3; /* a loop goes round more often */
	diff = compare(trace_make(3, 1, &odd, &others), NULL, -1, -1, -1);
	CU_ASSERT(json_integer_value(json_object_get(json_object_get(diff, "overwritten"), "usual_differences")) > 0);
	CU_ASSERT_TRUE(tells(diff, NULL, 0, 0, NULL));
	odd = others; /* what is kept tells more */
	odd.skips_at = 30;
	OVERWRITTEN("control", 30, "rank 1 goes on with aten::linear at model.py:25");
	odd.froze_at = 2;
	diff = compare(trace_make(3, 1, &odd, &others), NULL, -1, -1, -1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(json_object_get(diff, "first_divergence"), "kept"), "step")), 30);
	CU_ASSERT_TRUE(tells(diff, "control", 0, 1, "otherwise than"));
	odd.prints = 0; /* none of one: not compared */
	odd.skips_at = -1;
	diff = compare(trace_make(3, 1, &odd, &others), NULL, -1, -1, -1);
	CU_ASSERT_TRUE(json_is_false(json_object_get(json_object_get(diff, "overwritten"), "compared")));
	CU_ASSERT_TRUE(tells(diff, NULL, 0, 0, NULL));
}

static void
test_directories(void)
{
	const char *one = dir_make(), *other = dir_make();
	struct ways odd = usual;
	json_t *diff;

	/* Two hosts, a directory each; rank 3 never came. */
	for (int i = 0; i < 3; i++)
		rank_make(i < 2 ? one : other, i, 4, &usual);
	diff = compare(one, other, -1, -1, -1);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(diff, "ranks_missing")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(diff, "ranks_missing"), 0)), 3);
	CU_ASSERT_STRING_EQUAL(text_of(diff, "compared"), "ranks");
	CU_ASSERT_TRUE(diff_found(diff));
	json_decref(diff);
	/* Yesterday's run and today's. */
	one = trace_make(2, -1, &usual, &usual);
	other = trace_make(2, -1, &usual, &usual);
	diff = compare(one, other, -1, -1, -1);
	CU_ASSERT_STRING_EQUAL(text_of(diff, "compared"), "runs");
	CU_ASSERT_TRUE(tells(diff, NULL, 0, 0, NULL));
	odd.skips_at = 2;
	other = trace_make(2, 1, &odd, &usual);
	CU_ASSERT_TRUE(tells(compare(one, other, -1, -1, -1), "control", 2, 1, "rank 1 of the second run"));
	odd = usual;
	odd.batch = 5;
	other = trace_make(2, -1, &odd, &odd);
	CU_ASSERT_TRUE(tells(compare(one, other, -1, -1, -1), "shape", 0, 0, "5 in dimension 0 of input"));
}

static void
test_steps(void)
{
	struct ways odd = usual;
	const char *dir;

	odd.odd_batch_at = 4;
	dir = trace_make(1, 0, &odd, &odd);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, 0, 3, 4), "shape", -1, 0, "step 4 has 3 in dimension 0 of input"));
	CU_ASSERT_TRUE(tells(compare(dir, NULL, 0, 2, 3), NULL, 0, 0, NULL));
	odd = usual;
	odd.varies = true;
	dir = trace_make(1, 0, &odd, &odd);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, 0, 2, 3), NULL, 0, 0, NULL));
	odd.skips_at = 5;
	dir = trace_make(1, 0, &odd, &odd);
	CU_ASSERT_TRUE(tells(compare(dir, NULL, 0, 1, 5), "control", -1, 0, "step 5 goes on with aten::linear at model.py:25"));
}

static void
test_many(void)
{
	struct ways odd = usual;
	json_t *diff;

	odd.skips_at = 1;
	diff = compare(trace_make(150, 77, &odd, &usual), NULL, -1, -1, -1); /* more than are kept open at a time */
	CU_ASSERT_EQUAL(json_array_size(json_object_get(diff, "groups")), 2);
	CU_ASSERT_TRUE(tells(diff, "control", 1, 77, "where ranks 0-76, 78-149 run"));
}

/* What to change, where a peer's end tells of a collective that two ranks called otherwise. */
static void
test_fix(void)
{
	struct failure chosen = { .kind = "signal", .signal = 15 };
	json_t *ranks = json_pack("{s:{s:s, s:s, s:{s:s, s:[{s:s, s:s, s:s, s:[i, i]}]}, s:{s:s, s:[{s:s, s:s, s:s, s:[i, i]}]}}}", "first_divergence", "kind", "collective",
				  "text", "rank 1 calls it otherwise", "a", "operation", "c10d::allgather_", "operands", "name", "input_tensors[0]", "kind", "tensor", "dtype",
				  "int64", "shape", 4, 15, "b", "operation", "c10d::allgather_", "operands", "name", "input_tensors[0]", "kind", "tensor", "dtype", "int64",
				  "shape", 4, 19);
	json_t *other = json_object_get(json_object_get(ranks, "first_divergence"), "b");
	json_t *cause = ranks_cause(NULL, &chosen, ranks, NULL);

	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(cause, "fix"), "pad to it"));
	json_decref(cause);
	json_object_set_new(other, "operation", json_string("c10d::allreduce_")); /* another collective: no padding helps */
	cause = ranks_cause(NULL, &chosen, ranks, NULL);
	CU_ASSERT_PTR_NULL(strstr(text_get(cause, "fix"), "pad to it"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(cause, "fix"), "same collectives in the same order"));
	json_decref(cause);
	json_object_set_new(other, "operation", json_string("c10d::allgather_"));
	json_object_set_new(json_array_get(json_object_get(other, "operands"), 0), "dtype", json_string("float32"));
	cause = ranks_cause(NULL, &chosen, ranks, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_get(cause, "fix"), "same collectives in the same order"));
	json_decref(cause);
	json_decref(ranks);
}

/* Ranks that ran otherwise long ago and went on, which is overwritten: what they meet in at last is what counts. */
static void
test_old(void)
{
	struct failure chosen = { .kind = "signal", .signal = 15, .step = 316 };
	json_t *ranks = json_pack("{s:{s:s, s:i, s:b, s:s, s:{s:s, s:s, s:{s:s, s:[{s:s, s:s, s:s, s:[i, i]}]}, s:{s:s, s:[{s:s, s:s, s:s, s:[i, i]}]}}}}", "first_divergence", "kind", "control",
				  "step", 69, "overwritten", 1, "text", "rank 1 runs other operations", "kept", "kind", "collective", "text", "rank 1 calls it otherwise", "a", "operation",
				  "c10d::allgather_", "operands", "name", "input_tensors[0]", "kind", "tensor", "dtype", "float32", "shape", 3, 16, "b", "operation", "c10d::allgather_",
				  "operands", "name", "input_tensors[0]", "kind", "tensor", "dtype", "float32", "shape", 4, 16);
	json_t *first = json_object_get(ranks, "first_divergence"), *cause = ranks_cause(NULL, &chosen, ranks, NULL);

	CU_ASSERT_STRING_EQUAL(text_get(cause, "text"), "rank 1 calls it otherwise");
	CU_ASSERT_STRING_EQUAL(text_get(cause, "confidence"), "likely");
	json_decref(cause);
	json_object_set_new(first, "kept", json_null());
	cause = ranks_cause(NULL, &chosen, ranks, NULL);
	CU_ASSERT_STRING_EQUAL(text_get(cause, "confidence"), "possible");
	json_decref(cause);
	chosen.step = 69; /* in that very step */
	cause = ranks_cause(NULL, &chosen, ranks, NULL);
	CU_ASSERT_STRING_EQUAL(text_get(cause, "confidence"), "likely");
	json_decref(cause);
	json_decref(ranks);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failed;

	strcpy(folder, "/tmp/shapebox-diff-XXXXXX");
	if (CU_initialize_registry() != CUE_SUCCESS || !mkdtemp(folder))
		return 2;
	suite = CU_add_suite("diff", NULL, NULL);
	CU_add_test(suite, "differences by design", test_by_design);
	CU_add_test(suite, "stages", test_stages);
	CU_add_test(suite, "messages and exchanges", test_messages);
	CU_add_test(suite, "groups of some of the ranks", test_groups);
	CU_add_test(suite, "devices and dtypes", test_devices);
	CU_add_test(suite, "what must be found", test_found);
	CU_add_test(suite, "the first failure", test_failure);
	CU_add_test(suite, "what was overwritten", test_lost);
	CU_add_test(suite, "what is left of it as fingerprints", test_overwritten);
	CU_add_test(suite, "hosts and runs", test_directories);
	CU_add_test(suite, "steps", test_steps);
	CU_add_test(suite, "many ranks", test_many);
	CU_add_test(suite, "what to change", test_fix);
	CU_add_test(suite, "what was overwritten long before", test_old);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	{
		char command[128];

		snprintf(command, sizeof command, "rm -rf %s", folder);
		if (system(command) != 0)
			return 2;
	}
	return failed != 0;
}
