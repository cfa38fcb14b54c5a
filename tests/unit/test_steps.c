/* links: libshim */
/* Fingerprints of steps: what counts, and the bounded table that every step of a run lies in. */
#include <CUnit/Basic.h>
#include <string.h>
#include <unistd.h>

#include "libshim/operation.h"
#include "libshim/recorder.h"
#include "schema/fingerprint.h"
#include "shim_fixture.h"

static struct recorder recorder;
static struct operation linear, relu, reduce;
static uint32_t module, script, engine, optimizer, shards;

static uint32_t
site_of(const char *file, const char *function, int line, uint64_t key)
{
	struct site_text text = site_begin();

	site_add(&text, file, strlen(file), function, strlen(function), line);
	site_add(&text, "/u/torch/nn/modules/module.py", 29, "Module._call_impl", 17, 9);
	if (!strcmp(function, "main")) {
		text = site_begin();
		site_add(&text, file, strlen(file), function, strlen(function), line);
	}
	return dictionary_site_add(key, (uint32_t[]){ 0 }, 1, 0, 0, &text);
}

static void
begin(uint64_t size)
{
	CU_ASSERT_FATAL(fixture_open(size));
	memset(&recorder, 0, sizeof recorder);
	recorder.steps.main = true;
	linear = (struct operation){ .print = 11 };
	relu = (struct operation){ .print = 12 };
	reduce = (struct operation){ .print = 13, .collective = true };
	module = site_of("/u/model.py", "Model.forward", 10, 1);
	script = site_of("/u/train.py", "main", 20, 2);
	engine = site_of("/u/torch/autograd/graph.py", "main", 30, 3);
	optimizer = site_of("/u/torch/optim/sgd.py", "main", 40, 4);
	shards = site_of("/u/torch/distributed/fsdp/x.py", "main", 50, 5);
}

static void
runs(struct operation *operation, uint32_t site)
{
	steps_operation(&recorder, operation, site, true, 7);
}

static void
step_ends(void)
{
	steps_end(&recorder, ++shim_box.header->step);
}

static void
step(int rounds, bool skips)
{
	runs(&linear, module);
	for (int i = 0; i < rounds && !skips; i++)
		runs(&relu, module);
	runs(&reduce, script);
	runs(&linear, engine);
	runs(&relu, optimizer);
	step_ends();
}

static const struct box_steps *
table(void)
{
	return box_region(BOX_STEPS);
}

/* All entries as one. */
static struct box_step_print
sum(void)
{
	struct box_step_print all = { 0 };

	for (uint64_t i = 0; i * table()->width < table()->steps; i++)
		all = fingerprint_steps_join(&all, &table()->entries[i]);
	return all;
}

static void
what_counts_is_what_ranks_have_in_common(void)
{
	struct box_step_print one, other;

	begin(1 << 20);
	step(1, false);
	one = table()->entries[0];
	CU_ASSERT_EQUAL(one.operations, 3);
	CU_ASSERT_EQUAL(one.collectives, 1);
	step(3, false); /* a loop that goes round more often is told from a branch that was not taken */
	other = table()->entries[1];
	CU_ASSERT_NOT_EQUAL(one.control, other.control);
	CU_ASSERT_EQUAL(one.once, other.once);
	CU_ASSERT_EQUAL(one.collective, other.collective);
	step(1, true);
	CU_ASSERT_NOT_EQUAL(one.once, table()->entries[2].once);
	runs(&linear, shards); /* a sharding library's own, and what leaves no node behind */
	steps_operation(&recorder, &relu, script, false, 7);
	step(1, false);
	CU_ASSERT_EQUAL(memcmp(&one, &table()->entries[3], sizeof one), 0);
	steps_operation(&recorder, &relu, script, true, 7); /* a node was made: forward, outside of a module */
	steps_operation(&recorder, &linear, module, true, 8);
	step_ends();
	CU_ASSERT_EQUAL(table()->entries[4].operations, 2);
	recorder.steps.main = false; /* backward on another thread */
	recorder.steps.backward = 1;
	runs(&linear, 0);
	recorder.steps.backward = 0;
	runs(&linear, 0);
	recorder.steps.main = true;
	step_ends();
	CU_ASSERT_EQUAL(table()->entries[5].operations, 0);
	CU_ASSERT_NOT_EQUAL(table()->entries[5].rest, 0);
	step_ends();
	CU_ASSERT_EQUAL(table()->entries[6].rest, 0);
	fixture_remove();
}

static void
the_table_holds_a_run_of_any_length(void)
{
	struct box_step_print first, small;

	begin(1 << 20);
	for (int i = 0; i < 5000; i++)
		step(1 + i % 3, i == 3210);
	CU_ASSERT_EQUAL(table()->steps, 5000);
	CU_ASSERT(table()->width > 1);
	CU_ASSERT(steps_bytes() <= shim_box.header->regions[BOX_STEPS].size_bytes);
	small = sum();
	first = table()->entries[0];
	for (uint64_t i = 0; i < 5000 / table()->width; i++) /* of these one has the step that left out a branch */
		CU_ASSERT_EQUAL(first.once == table()->entries[i].once, 3210 / table()->width != i);
	fixture_remove();
	begin(16 << 20); /* a larger table of the same run, entries of another width */
	for (int i = 0; i < 5000; i++)
		step(1 + i % 3, i == 3210);
	CU_ASSERT_EQUAL(table()->width, 2);
	first = sum();
	CU_ASSERT_EQUAL(memcmp(&first, &small, sizeof small), 0);
	fixture_remove();
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("steps", NULL, NULL);
	CU_add_test(suite, "what counts is what ranks have in common", what_counts_is_what_ranks_have_in_common);
	CU_add_test(suite, "the table holds a run of any length", the_table_holds_a_run_of_any_length);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
