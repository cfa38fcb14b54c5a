/* links: schema viewer */
/* Tables that are written past SQLite: SQLite finds them sound, reads the rows that were put in, and goes on writing. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/tree.h"

static char folder[64], path[128];
static uint64_t state = 11;

static uint64_t
pick(uint64_t below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % below;
}

/* A number of any width. */
static int64_t
any_number(void)
{
	static const int64_t edges[] = { 0, 1, -1, 127, 128, -128, -129, 32767, 32768, -32768, -32769, 8388607, 8388608, -8388608, -8388609,
					 2147483647, 2147483648, -2147483648ll, -2147483649ll, 140737488355327, 140737488355328,
					 -140737488355328, -140737488355329, INT64_MAX, INT64_MIN };
	size_t n = pick(sizeof edges / sizeof *edges + 1);

	return n < sizeof edges / sizeof *edges ? edges[n] : (int64_t)pick(1u << 30);
}

static void
run(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	CU_ASSERT_EQUAL(sqlite3_exec(db, sql, NULL, NULL, &error), SQLITE_OK);
	if (error)
		fprintf(stderr, "%s: %s\n", sql, error);
	sqlite3_free(error);
}

static sqlite3 *
database_open(void)
{
	sqlite3 *db = NULL;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
	return db;
}

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

/* Tables a and b of the same columns: a is for a tree, b for SQLite. a's root. */
static uint32_t
tables_make(int page_bytes, const char *columns)
{
	char sql[512];
	sqlite3 *db;
	uint32_t root;

	unlink(path);
	db = database_open();
	snprintf(sql, sizeof sql, "PRAGMA page_size = %d; CREATE TABLE before(x); CREATE TABLE a(%s; CREATE TABLE b(%s; INSERT INTO before VALUES (1)",
		 page_bytes, columns, columns);
	run(db, sql);
	root = (uint32_t)atoi(asked(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'a'"));
	sqlite3_close(db);
	return root;
}

/* a and b have the same rows, forwards and backwards and by key; and SQLite can go on with a. */
static void
tables_same(void)
{
	sqlite3 *db = database_open();

	CU_ASSERT_STRING_EQUAL(asked(db, "PRAGMA integrity_check"), "ok");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM b)"), "0");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b)"), "1");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM b JOIN a USING (id) WHERE a.id = b.id"), asked(db, "SELECT count(*) FROM b"));
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM (SELECT id FROM a ORDER BY id DESC)"), asked(db, "SELECT count(*) FROM b"));
	run(db, "DELETE FROM a WHERE id % 3 = 1; INSERT INTO a SELECT * FROM b WHERE id % 3 = 1; UPDATE a SET x = x || 'more' WHERE id % 7 = 0");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b)"), "1");
	CU_ASSERT_STRING_EQUAL(asked(db, "PRAGMA integrity_check"), "ok");
	sqlite3_close(db);
}

/* So many rows with a text of up to LONGEST bytes, by both ways. */
static void
rows_compared(int page_bytes, int rows, int longest, bool keyed)
{
	uint32_t root = tables_make(page_bytes, keyed ? "id INTEGER, n INTEGER, x TEXT, PRIMARY KEY (id, n)) WITHOUT ROWID"
						      : "id INTEGER PRIMARY KEY, n INTEGER, x TEXT, y BLOB)");
	struct tree_file file;
	struct tree tree;
	int64_t id = keyed ? 0 : -500, last = 0;
	char *text = calloc(1, (size_t)longest + 1);
	sqlite3_stmt *insert = NULL;
	sqlite3 *db;

	tree_file_open(&file, path);
	tree_open(&tree, &file, root, keyed, keyed ? 3 : 4);
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(":memory:", &db), SQLITE_OK);
	run(db, keyed ? "CREATE TABLE b(id, n, x)" : "CREATE TABLE b(id, n, x, y)");
	sqlite3_prepare_v2(db, keyed ? "INSERT INTO b VALUES (?,?,?)" : "INSERT INTO b VALUES (?,?,?,?)", -1, &insert, NULL);
	for (int i = 0; i < rows; i++) {
		size_t bytes = pick(100) ? pick((uint64_t)longest / 20 + 1) : pick((uint64_t)longest + 1);
		int64_t n = keyed ? (last = pick(3) ? last + 1 + (int64_t)pick(300) : 0) : any_number();

		id += keyed ? n == 0 : 1 + (int64_t)pick(3) * (int64_t)pick(1000000);
		memset(text, 'a' + i % 26, bytes);
		tree_begin(&tree);
		sqlite3_clear_bindings(insert);
		if (keyed)
			tree_integer(&tree, id);
		sqlite3_bind_int64(insert, 1, id);
		tree_optional(&tree, n, keyed || i % 5);
		if (keyed || i % 5)
			sqlite3_bind_int64(insert, 2, n);
		tree_text(&tree, text, bytes);
		sqlite3_bind_text(insert, 3, text, (int)bytes, SQLITE_STATIC);
		if (!keyed) {
			memcpy(tree_blob_room(&tree, bytes / 2), text, bytes / 2);
			tree_blob(&tree, bytes / 2);
			sqlite3_bind_blob(insert, 4, text, (int)bytes / 2, SQLITE_STATIC);
		}
		tree_end(&tree, id);
		sqlite3_step(insert);
		sqlite3_reset(insert);
	}
	tree_close(&tree);
	tree_file_close(&file);
	CU_ASSERT_EQUAL(file.error, 0);
	sqlite3_finalize(insert);
	char sql[256];
	snprintf(sql, sizeof sql, "ATTACH '%s' AS made; INSERT INTO made.b SELECT * FROM main.b", path);
	run(db, sql);
	sqlite3_close(db);
	free(text);
	tables_same();
}

/* No row, one, as many as a leaf takes and one more, and enough for several levels of small pages. */
static void
tables_of_any_size(void)
{
	static const int rows[] = { 0, 1, 2, 3, 5, 8, 13, 20, 21, 22, 23, 24, 25, 30, 40, 60, 100, 300, 1000, 30000 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rows_compared(512, rows[i], 60, false);
		rows_compared(512, rows[i], 60, true);
	}
	rows_compared(8192, 100000, 40, false);
	rows_compared(8192, 100000, 100, true);
}

static void
long_rows_go_on_elsewhere(void)
{
	rows_compared(512, 300, 4000, false);
	rows_compared(512, 300, 477 * 20, false); /* around what stays on one page */
	rows_compared(8192, 300, 200000, false);
}

/* Keyed trees have no long rows; a row out of order, or with fewer columns than the table, is an error, not a broken file. */
static void
what_may_not_be_is_refused(void)
{
	uint32_t root = tables_make(512, "id INTEGER, n INTEGER, x TEXT, PRIMARY KEY (id, n)) WITHOUT ROWID");
	struct tree_file file;
	struct tree tree;
	char text[1000] = "";

	tree_file_open(&file, path);
	tree_open(&tree, &file, root, true, 3);
	tree_begin(&tree);
	tree_integer(&tree, 1);
	tree_integer(&tree, 1);
	tree_text(&tree, text, sizeof text);
	tree_end(&tree, 0);
	CU_ASSERT_EQUAL(file.error, EINVAL);
	tree_close(&tree);
	tree_file_close(&file);

	root = tables_make(512, "id INTEGER PRIMARY KEY, x TEXT)");
	tree_file_open(&file, path);
	tree_open(&tree, &file, root, false, 2);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(file.error, 0);
		tree_begin(&tree);
		tree_null(&tree);
		tree_end(&tree, 5);
	}
	CU_ASSERT_EQUAL(file.error, EINVAL);
	tree_close(&tree);
	tree_file_close(&file);
	CU_ASSERT_EQUAL(file.error, EINVAL);

	root = tables_make(512, "id INTEGER PRIMARY KEY, x TEXT)");
	tree_file_open(&file, path);
	tree_open(&tree, &file, root, false, 2);
	tree_begin(&tree);
	tree_end(&tree, 1);
	CU_ASSERT_EQUAL(file.error, EINVAL);
	tree_close(&tree);
	tree_file_close(&file);
}

static void
files_that_are_no_new_database_are_refused(void)
{
	struct tree_file file;
	int descriptor;

	unlink(path);
	tree_file_open(&file, path);
	CU_ASSERT_EQUAL(file.error, ENOENT);
	tree_file_close(&file);
	descriptor = open(path, O_CREAT | O_WRONLY, 0600);
	close(descriptor);
	tree_file_open(&file, path);
	CU_ASSERT_EQUAL(file.error, EINVAL);
	tree_file_close(&file);
}

/* The page in which the lock's byte lies is left out. Between there is a hole. */
static void
the_lock_page_is_left_out(void)
{
	uint32_t root = tables_make(8192, "id INTEGER PRIMARY KEY, x TEXT)"), lock = (1u << 30) / 8192 + 1;
	struct tree_file file;
	struct tree tree;
	sqlite3 *db;

	tree_file_open(&file, path);
	file.last = lock - 3;
	tree_open(&tree, &file, root, false, 2);
	for (int i = 0; i < 3000; i++) {
		tree_begin(&tree);
		tree_text(&tree, "a text of some length", 21);
		tree_end(&tree, i);
	}
	tree_close(&tree);
	CU_ASSERT(file.last > lock + 3);
	tree_file_close(&file);
	CU_ASSERT_EQUAL(file.error, 0);
	db = database_open();
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT count(*) FROM a WHERE x = 'a text of some length'"), "3000");
	CU_ASSERT_STRING_EQUAL(asked(db, "SELECT max(id) FROM a"), "2999");
	sqlite3_close(db);
}

/* Rows 0 to COUNT in an order in which most come within AWAY of their place; the STUCK one comes last. */
static void
rows_ordered(int count, int away, int stuck, size_t bytes, bool *late)
{
	uint32_t root = tables_make(8192, "id INTEGER PRIMARY KEY, n INTEGER, x TEXT)");
	int *order = malloc((size_t)count * sizeof *order);
	struct tree_order rows = { .next = 0 };
	struct tree_file file;
	sqlite3_stmt *insert = NULL;
	sqlite3 *db;
	size_t at = 0;
	char *text = malloc(bytes + 1), sql[256];

	memset(text, 'x', bytes);
	for (int i = 0; i < count; i++)
		order[i] = i;
	for (int i = 0; away && i + away < count; i++) {
		int other = i + (int)pick((uint64_t)away), kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	for (int i = 0; i < count && stuck >= 0; i++)
		if (order[i] == stuck) {
			memmove(order + i, order + i + 1, (size_t)(count - i - 1) * sizeof *order);
			order[count - 1] = stuck;
			break;
		}
	tree_file_open(&file, path);
	tree_open(&rows.tree, &file, root, false, 3);
	for (int i = 0; i < count; i++) {
		tree_begin(&rows.tree);
		tree_optional(&rows.tree, -3ll * order[i], order[i] % 4);
		tree_text(&rows.tree, text, bytes);
		tree_order_end(&rows, order[i]);
	}
	tree_order_close(&rows);
	tree_file_close(&file);
	CU_ASSERT_EQUAL(file.error, 0);
	db = database_open();
	sqlite3_prepare_v2(db, "INSERT INTO a VALUES (?,?,?)", -1, &insert, NULL);
	for (*late = false; tree_order_late(&rows, &at, insert); *late = true) {
		CU_ASSERT_EQUAL(sqlite3_step(insert), SQLITE_DONE);
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	tree_order_free(&rows);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM a WHERE n IS (CASE WHEN id %% 4 THEN -3 * id END) AND length(x) = %zu", bytes);
	CU_ASSERT_EQUAL(atoi(asked(db, sql)), count);
	CU_ASSERT_EQUAL(atoi(asked(db, "SELECT max(id) FROM a")), count - 1);
	CU_ASSERT_STRING_EQUAL(asked(db, "PRAGMA integrity_check"), "ok");
	sqlite3_close(db);
	free(order);
	free(text);
}

static void
rows_wait_for_those_before(void)
{
	bool late;

	rows_ordered(1, 0, -1, 20, &late);
	CU_ASSERT(!late);
	rows_ordered(10000, 0, -1, 20, &late);
	CU_ASSERT(!late);
	rows_ordered(10000, 2, -1, 20, &late);
	CU_ASSERT(!late);
	rows_ordered(20000, 300, -1, 20, &late);
	CU_ASSERT(!late);
	rows_ordered(40000, 3, -1, 2000, &late); /* more bytes than may wait pass through */
	CU_ASSERT(!late);
}

static void
a_row_that_is_too_late_is_kept(void)
{
	bool late;

	rows_ordered(400000, 3, 17, 20, &late);
	CU_ASSERT(late);
	rows_ordered(10000, 3, 17, 2000, &late);
	CU_ASSERT(late);
	rows_ordered(1000, 3, 17, 20, &late);
	CU_ASSERT(!late);
}

static void
varints_come_back(void)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 1ull << 55, (1ull << 56) - 1, 1ull << 56, UINT64_MAX };

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		uint8_t bytes[9];
		uint64_t back;
		size_t n = tree_varint(bytes, values[i]);

		CU_ASSERT_EQUAL(tree_varint_read(bytes, &back), n);
		CU_ASSERT_EQUAL(back, values[i]);
	}
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failed;

	snprintf(folder, sizeof folder, "/tmp/shapebox-test-tree-XXXXXX");
	if (!mkdtemp(folder))
		return 2;
	snprintf(path, sizeof path, "%s/a.db", folder);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("tree", NULL, NULL);
	CU_add_test(suite, "tables of any size", tables_of_any_size);
	CU_add_test(suite, "long rows go on elsewhere", long_rows_go_on_elsewhere);
	CU_add_test(suite, "what may not be is refused", what_may_not_be_is_refused);
	CU_add_test(suite, "files that are no new database are refused", files_that_are_no_new_database_are_refused);
	CU_add_test(suite, "the lock page is left out", the_lock_page_is_left_out);
	CU_add_test(suite, "rows wait for those before", rows_wait_for_those_before);
	CU_add_test(suite, "a row that is too late is kept", a_row_that_is_too_late_is_kept);
	CU_add_test(suite, "varints come back", varints_come_back);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(path);
	rmdir(folder);
	return failed != 0;
}
