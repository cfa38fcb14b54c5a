/* links: schema viewer */
/* Operations and ranges whose rows come long after those that began later: nested ones, a thread that waits, one that never ends. */
#include <CUnit/Basic.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box_maker.c"
#include "schema/fold.h"

#define LATER 300000 /* more than wait for one that isn't there */

static char folder[64], box[128], database[128];

static const char *
asked(sqlite3 *db, const char *sql)
{
	static char text[256];
	sqlite3_stmt *row = NULL;

	CU_ASSERT_EQUAL(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	snprintf(text, sizeof text, "%s", row && sqlite3_step(row) == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : sqlite3_errmsg(db));
	sqlite3_finalize(row);
	return text;
}

struct run { struct box_maker maker; uint32_t in, out, site; uint64_t number; };

static void
run_begin(struct run *run)
{
	struct maker_words words = { 0 };
	uint32_t op, frame;

	box_maker_begin(&run->maker);
	op = box_maker_op(&run->maker, "aten::relu", "", "self");
	maker_tensor(&words, 6, 0, 1, (const int64_t[]){ 5 });
	run->in = box_maker_signature(&run->maker, op, false, &words);
	run->out = box_maker_signature(&run->maker, op, true, &words);
	frame = box_maker_frame(&run->maker, "/home/u/train.py", "main", 40);
	run->site = box_maker_site(&run->maker, &frame, 1);
	run->number = 0;
}

static void
start(struct run *run, uint64_t ns, int depth, uint32_t id)
{
	box_maker_start(&run->maker, ns, run->in, run->site, 0, depth, 0, 1, &id);
}

static void
end(struct run *run, uint64_t ns, int depth, uint32_t id)
{
	box_maker_end(&run->maker, ns, run->out, depth, 0, 1, &id);
}

static sqlite3 *
folded(struct run *run)
{
	char error[512] = "";
	sqlite3 *db = NULL;

	CU_ASSERT_TRUE_FATAL(box_maker_write(&run->maker, box));
	CU_ASSERT_TRUE_FATAL(fold_box(box, database, true, NULL, error, sizeof error));
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(database, &db), SQLITE_OK);
	CU_ASSERT_STRING_EQUAL(asked(db, "PRAGMA integrity_check"), "ok");
	box_maker_free(&run->maker);
	return db;
}

/* Within each range an operation within one: the outer rows come last. */
static void
outer_rows_come_after_inner_ones(void)
{
	struct run run;
	uint64_t ns = 0, events = 0;
	sqlite3 *db;

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	for (int i = 0; i < 3000; i++) {
		if (box_maker_room(&run.maker) < 1000)
			box_maker_chunk(&run.maker, 0, events, 0, ns + 64);
		box_maker_scope(&run.maker, ns += 64, "outer", BOX_SCOPE_USER, 0, 2 * (uint64_t)i);
		start(&run, ns += 64, 0, (uint32_t)i + 1);
		for (int inner = 0; inner < 3; inner++, events++) {
			start(&run, ns += 64, 1, (uint32_t)i + 1);
			end(&run, ns += 64, 1, (uint32_t)i + 2);
		}
		box_maker_scope(&run.maker, ns += 64, "inner", BOX_SCOPE_USER, 0, 2 * (uint64_t)i + 1);
		box_maker_scope_end(&run.maker, ns += 64, 2 * (uint64_t)i + 1);
		end(&run, ns += 64, 0, (uint32_t)i + 2);
		box_maker_scope_end(&run.maker, ns += 64, 2 * (uint64_t)i);
		events++;
	}
	db = folded(&run);
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM event WHERE status = 'ok'"), "12000");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM event WHERE parent_id = id - 1 - (id - 1) % 4 AND id % 4"), "9000");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM scope WHERE name = 'outer' AND parent_id IS NULL AND id % 2"), "3000");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM scope WHERE name = 'inner' AND parent_id = id - 1"), "3000");
	sqlite3_close(db);
}

/* The first operation and range of one thread are open to the end; the other's are many. */
static void
what_never_ends_comes_last(void)
{
	struct run run;
	uint64_t ns = 128, events = 0;
	sqlite3 *db;

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	box_maker_scope(&run.maker, 0, "all", BOX_SCOPE_USER, 0, 1);
	start(&run, 64, 0, 9);
	while (events < LATER) {
		box_maker_chunk(&run.maker, 1, events, 0, ns);
		for (; box_maker_room(&run.maker) >= 400 && events < LATER; events++) {
			box_maker_scope(&run.maker, ns += 64, "some", BOX_SCOPE_USER, 0, 2 + events);
			start(&run, ns += 64, 0, 7);
			end(&run, ns += 64, 0, 8);
			box_maker_scope_end(&run.maker, ns += 64, 2 + events);
		}
	}
	db = folded(&run);
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM event WHERE status = 'ok' AND thread_id = 1 AND number = id - 1"), "300000");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT id || ' ' || status || ' ' || thread_id || ' ' || hex(tensors) FROM event WHERE status = 'open'"), "0 open 0 0112");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT id || ' ' || name FROM scope WHERE end_ns IS NULL"), "1 all");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM scope WHERE name = 'some' AND end_ns > start_ns"), "300000");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM event_tensor WHERE event_id = 0"), "1");
	sqlite3_close(db);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failed;
	char command[128];

	snprintf(folder, sizeof folder, "/tmp/shapebox-order-XXXXXX");
	if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	snprintf(box, sizeof box, "%s/a.box", folder);
	snprintf(database, sizeof database, "%s/a.db", folder);
	suite = CU_add_suite("fold's order", NULL, NULL);
	CU_add_test(suite, "outer rows come after inner ones", outer_rows_come_after_inner_ones);
	CU_add_test(suite, "what never ends comes last", what_never_ends_comes_last);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failed ? 1 : 0;
}
