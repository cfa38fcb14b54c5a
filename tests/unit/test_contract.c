/* links: schema viewer */
/* Contracts, on boxes made by hand: what differs between healthy runs, what must be found, and files that anybody may have written. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rank_maker.h"
#include "viewer/analysis/contract/contract.h"

#define F32 6
#define BF16 15

static char folder[64];
static int folders;

/* How a training differs from the usual one. */
struct ways {
	int ranks, steps, moved /* lines */, layers, updates;
	int64_t rows /* + step % 3 */, width, setup;
	int dtype, device, device_index;
	int skips_at, adds_at, turns_at, rare_at; /* steps, -1: none */
	int other_line;                           /* of one call: another branch; 0: none */
	bool leaves_out, adds, edited;            /* edited: a line more in the middle */
};

static const struct ways usual = { .ranks = 1, .steps = 5, .layers = 3, .updates = 4, .rows = 4, .width = 8, .setup = 9, .dtype = F32, .skips_at = -1, .adds_at = -1,
				   .turns_at = -1, .rare_at = -1 };

static void
call(struct rank_maker *rank, const char *name, int line, int64_t rows, int64_t width, int dtype)
{
	const int64_t x[] = { rows, 8 }, w[] = { width, 8 };
	struct maker_words in = { 0 };

	rank_tensor(rank, &in, dtype, 2, x);
	rank_tensor(rank, &in, dtype, 2, w);
	rank_operation(rank, name, "input,weight", RANK_MODEL, line, &in, NULL, 0);
}

static void
step_make(struct rank_maker *rank, const struct ways *ways, int step)
{
	int64_t rows = ways->rows + step % 3;
	struct maker_words in = { 0 };
	int line = ways->moved;

	call(rank, "aten::linear", line + 10, rows, 8, F32);
	call(rank, "aten::relu", line + 11, rows, 8, F32);
	line += ways->edited;
	if (step == ways->turns_at)
		call(rank, "aten::dropout", line + 30, rows, 8, F32);
	for (int i = 0; i < ways->layers - (step == ways->skips_at); i++)
		call(rank, "aten::linear", line + 20, rows, i == 1 ? ways->width : 16, ways->dtype);
	if (step != ways->turns_at && !ways->leaves_out)
		call(rank, "aten::dropout", line + 30, rows, 8, F32);
	if (step == ways->rare_at)
		call(rank, "aten::mean", line + 33, rows, 8, F32);
	if (ways->adds)
		call(rank, "aten::tanh", line + 35, rows, 8, F32);
	for (int i = 0; i <= step % 2; i++) /* once or twice */
		call(rank, "aten::stack", ways->other_line ? ways->other_line : line + 40, rows + i, 3, F32);
	maker_list(&in, ways->updates);
	for (int i = 0; i < ways->updates; i++)
		rank_tensor(rank, &in, F32, 1, &(int64_t){ 8 + i });
	in.inside = false;
	rank_operation(rank, "aten::_foreach_add_", "self", RANK_OPTIMIZER, 50, &in, NULL, 0);
}

static const char *
trace_make(const struct ways *ways)
{
	static char dirs[8][128];
	char *dir = dirs[folders % 8], path[256];

	snprintf(dir, sizeof dirs[0], "%s/%d", folder, folders++);
	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0777), 0);
	for (int number = 0; number < ways->ranks; number++) {
		struct rank_maker rank;

		rank_begin(&rank, number, ways->ranks, "testhost");
		rank.device = ways->device;
		rank.device_index = ways->device_index + number;
		call(&rank, "aten::randn", 5, ways->setup, 8, F32); /* once: nobody knows what is constant of it */
		for (int step = 0; step < ways->steps; step++) {
			step_make(&rank, ways, step);
			call(&rank, "aten::sum", ways->moved + ways->edited + 48, 4, 8, F32);
			rank_step(&rank);
		}
		snprintf(path, sizeof path, "%s/rank%d-5000.box", dir, number);
		CU_ASSERT_TRUE_FATAL(box_maker_write(&rank.box, path));
		rank_free(&rank);
	}
	return dir;
}

/* The contract of WAYS, written and read again. */
static struct contract *
contract_of(const struct ways *ways)
{
	struct error error = { "" };
	struct trace *trace = trace_open(trace_make(ways), &error);
	struct contract *learned = contract_learn(trace, &error), *read;
	char path[128];
	json_t *json, *again;

	CU_ASSERT_PTR_NOT_NULL_FATAL(learned);
	json = contract_json(learned);
	snprintf(path, sizeof path, "%s/contract.json", folder);
	CU_ASSERT_EQUAL_FATAL(json_dump_file(json, path, 0), 0);
	read = contract_read(path, &error);
	if (!read)
		printf("  %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(read);
	again = contract_json(read);
	CU_ASSERT_TRUE(json_equal(json, again));
	json_decref(json);
	json_decref(again);
	contract_free(learned);
	trace_close(trace);
	return read;
}

/* Does a run of WAYS depart from the contract of HEALTHY by KIND (NULL: not at all) in STEP, with TEXT? */
static bool
departs(const struct ways *healthy, const struct ways *ways, const char *kind, int64_t step, const char *text)
{
	struct error error = { "" };
	struct contract *contract = contract_of(healthy);
	struct trace *trace = trace_open(trace_make(ways), &error);
	json_t *held = contract_hold(contract, trace, &error), *departure = json_object_get(held, "departure");
	const char *is = json_string_value(json_object_get(departure, "kind")), *told = json_string_value(json_object_get(departure, "text"));
	bool ok = kind ? is && told && strcmp(is, kind) == 0 && json_integer_value(json_object_get(departure, "step")) == step && strstr(told, text)
		       : json_is_null(departure);

	if (!ok) {
		char *dump = json_dumps(held, JSON_INDENT(1));

		printf("  wanted: %s in step %lld: %s\n  got: %.1500s\n", kind ? kind : "none", (long long)step, text ? text : "", dump ? dump : error.text);
		free(dump);
	}
	json_decref(held);
	trace_close(trace);
	contract_free(contract);
	return ok;
}

#define DEPARTS(ways, kind, step, text) CU_ASSERT_TRUE(departs(&usual, &(ways), kind, step, text))
#define AGREES(ways) CU_ASSERT_TRUE(departs(&usual, &(ways), NULL, 0, NULL))

static void
test_healthy(void)
{
	struct ways ways = usual, healthy = usual;

	AGREES(ways);
	ways.steps = 9; /* longer, with sizes that were not seen */
	ways.rows = 40;
	ways.setup = 11;
	AGREES(ways);
	ways = usual; /* another file's lines have moved */
	ways.moved = 100;
	AGREES(ways);
	ways = usual; /* or some of them */
	ways.edited = true;
	AGREES(ways);
	ways = usual; /* more ranks, each on its own device */
	ways.ranks = 2;
	ways.device = healthy.device = 1;
	ways.device_index = 4;
	CU_ASSERT_TRUE(departs(&healthy, &ways, NULL, 0, NULL));
	ways = usual; /* what is called now and then may be called or not */
	ways.rare_at = 2;
	AGREES(ways);
	healthy = ways;
	CU_ASSERT_TRUE(departs(&healthy, &usual, NULL, 0, NULL));
	healthy = usual; /* an order that isn't one */
	healthy.turns_at = 1;
	ways = usual;
	ways.turns_at = 3;
	CU_ASSERT_TRUE(departs(&healthy, &ways, NULL, 0, NULL));
}

static void
test_departures(void)
{
	struct ways ways = usual;

	ways.width = 24;
	DEPARTS(ways, "size", 0, "weight has 24 in dimension 0 where the contract has 16");
	ways = usual;
	ways.dtype = BF16;
	DEPARTS(ways, "dtype", 0, "input is bfloat16 where the contract has float32");
	ways = usual;
	ways.device = 1;
	DEPARTS(ways, "device", 0, "is on cuda where the contract has cpu");
	ways = usual;
	ways.leaves_out = true;
	DEPARTS(ways, "missing", 0, "aten::dropout was not called in this step");
	ways = usual;
	ways.skips_at = 3;
	DEPARTS(ways, "count", 3, "aten::linear was called 2 times in this step where the contract has 3");
	ways = usual;
	ways.turns_at = 2;
	DEPARTS(ways, "order", 2, "aten::linear came after aten::dropout");
	ways = usual;
	ways.adds = true;
	DEPARTS(ways, "new", 0, "the contract has no aten::tanh there");
	ways = usual; /* the same operation, in another branch of the same code */
	ways.other_line = 45;
	DEPARTS(ways, "new", 0, "the contract has no aten::stack there");
	ways = usual;
	ways.updates = 3;
	DEPARTS(ways, "operands", 0, "self has 3 tensors where the contract has 4");
	ways.moved = 7; /* wherever it stands now */
	DEPARTS(ways, "operands", 0, "self has 3 tensors where the contract has 4");
}

/* One step shows nothing to be constant, nor an order. */
static void
test_short(void)
{
	struct ways healthy = usual, ways = usual;

	healthy.steps = 1;
	ways.rows = 17;
	ways.leaves_out = true;
	CU_ASSERT_TRUE(departs(&healthy, &ways, NULL, 0, NULL));
	ways.dtype = BF16;
	CU_ASSERT_TRUE(departs(&healthy, &ways, "dtype", 0, "bfloat16"));
}

/* Does a run of WAYS agree with CONTRACT? */
static bool
agrees(const struct contract *contract, const struct ways *ways)
{
	struct error error = { "" };
	struct trace *trace = trace_open(trace_make(ways), &error);
	json_t *held = contract_hold(contract, trace, &error);
	bool agrees = held && json_is_null(json_object_get(held, "departure"));

	json_decref(held);
	trace_close(trace);
	return agrees;
}

static struct contract_widened
widen(struct contract *contract, const struct ways *ways)
{
	struct error error = { "" };
	struct trace *trace = trace_open(trace_make(ways), &error);
	struct contract_widened widened;

	CU_ASSERT_TRUE(contract_widen(contract, trace, &widened, &error));
	trace_close(trace);
	return widened;
}

/* Each way of its own departs, and no longer when the contract has been widened by it; the usual one agrees before and after. */
static void
test_widened(void)
{
	struct ways list[] = { usual, usual, usual, usual, usual, usual, usual, usual }, other = usual;
	struct contract *contract;
	struct contract_widened widened;

	list[0].width = 24;
	list[1].dtype = BF16;
	list[2].leaves_out = true;
	list[3].skips_at = 3;
	list[4].turns_at = 2;
	list[5].adds = true;
	list[6].updates = 3;
	list[7].other_line = 45;
	other.device = 1;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		contract = contract_of(&usual);
		CU_ASSERT_FALSE(agrees(contract, &list[i]));
		widened = widen(contract, &list[i]);
		CU_ASSERT(widened.added + widened.loosened + widened.varied > 0);
		CU_ASSERT_TRUE(agrees(contract, &list[i]));
		CU_ASSERT_TRUE(agrees(contract, &usual));
		CU_ASSERT_FALSE(agrees(contract, &other));
		widened = widen(contract, &usual);
		CU_ASSERT_EQUAL(widened.added + widened.loosened + widened.varied, 0);
		contract_free(contract);
	}
	contract = contract_of(&usual); /* a single step shows no order, and that something comes now and then */
	other = usual;
	other.steps = 1;
	other.leaves_out = true;
	CU_ASSERT_EQUAL(widen(contract, &other).loosened, 0);
	contract_free(contract);
}

static void
test_files(void)
{
	static const struct { const char *text, *told; } files[] = {
		{ "", "line 1" }, { "[]", "no contract of" }, { "{\"calls\":[]}", "no contract of" }, { "{\"contract\":2,\"calls\":[]}", "format 2" },
		{ "{\"contract\":1,\"calls\":[1]}", "calls[0].at" }, { "{\"contract\":1,\"calls\":[{\"at\":\"a.py f\"}]}", "calls[0].at" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\"}]}", "calls[0].call" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\",\"call\":\"aten::x\",\"times\":-1}]}", "calls[0].times" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\",\"call\":\"aten::x\",\"times\":\"rare\",\"operands\":[\"x [2,3] a b\"]}]}", "calls[0].operands" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\",\"call\":\"aten::x\",\"times\":\"rare\",\"operands\":[\"x [1, 1, 1, 1, 1, 1, 1, 1, 1] a b\"]}]}", "operands" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\",\"call\":\"aten::x\",\"times\":\"rare\",\"operands\":[\"x(9 [1] a b\"]}]}", "operands" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\",\"call\":\"aten::x\",\"times\":\"rare\",\"operands\":[\"x [1] a b c\"]}]}", "operands" },
		{ "{\"contract\":1,\"calls\":[{\"at\":\"a.py:3 f\",\"call\":\"aten::x\",\"times\":\"rare\",\"operands\":[\"x [1\"]}]}", "operands" },
	};
	char path[128];

	snprintf(path, sizeof path, "%s/any.json", folder);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct error error = { "" };
		FILE *file = fopen(path, "w");

		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fputs(files[i].text, file);
		fclose(file);
		CU_ASSERT_PTR_NULL(contract_read(path, &error));
		if (!strstr(error.text, path) || !strstr(error.text, files[i].told))
			printf("  %zu: %s\n", i, error.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, files[i].told));
	}
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;
	char command[128];

	snprintf(folder, sizeof folder, "/tmp/shapebox-contract-%d", (int)getpid());
	if (mkdir(folder, 0777) != 0 || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("contract", NULL, NULL);
	CU_add_test(suite, "healthy runs", test_healthy);
	CU_add_test(suite, "departures", test_departures);
	CU_add_test(suite, "one step", test_short);
	CU_add_test(suite, "widened", test_widened);
	CU_add_test(suite, "files", test_files);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failures ? 1 : 0;
}
