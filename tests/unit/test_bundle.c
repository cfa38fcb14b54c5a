/* links: schema viewer */
/* What a bundle is made of: databases written once more, and archives that may come from anybody. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "box_maker.h"
#include "viewer/commands/archive.h"
#include "viewer/commands/command.h"
#include "viewer/reader/trace_copy.h"

#define STEPS 5
#define EVENTS 4 /* in each */

static char folder[64];

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
	return paths[next];
}

/* A box of STEPS steps; every step has a signature of its own. */
static void
box_make(const char *name)
{
	struct box_maker maker;
	uint32_t op, frame, site;
	uint64_t ns = 64;

	box_maker_begin(&maker);
	maker.header.rank = 0;
	op = box_maker_op(&maker, "aten::relu", "", "self");
	frame = box_maker_frame(&maker, "/home/sancho/t.py", "f", 12);
	site = box_maker_site(&maker, &frame, 1);
	box_maker_chunk(&maker, 0, 0, 0, 0);
	for (int64_t step = 0; step < STEPS; step++) {
		struct maker_words words = { 0 };
		uint32_t in, out;
		int64_t sizes[] = { 2, 10 + step };

		maker_tensor(&words, 6, 0, 2, sizes);
		in = box_maker_signature(&maker, op, false, &words);
		out = box_maker_signature(&maker, op, true, &words);
		for (uint32_t i = 0; i < EVENTS; i++) {
			uint32_t from = (uint32_t)step * EVENTS + i + 1, to = from + 1;

			box_maker_start(&maker, ns, in, site, 0, 0, 0, 1, &from);
			box_maker_end(&maker, ns + 64, out, 0, 0, 1, &to);
			ns += 128;
		}
		box_maker_step(&maker, ns, (uint64_t)step + 1);
		ns += 64;
	}
	box_maker_note(&maker, 0, BOX_NOTE_FATAL, 0, 3, 4, "{\"type\":\"E\",\"message\":\"in /home/sancho/t.py\",\"sancho\":1}");
	CU_ASSERT_TRUE_FATAL(box_maker_write(&maker, path_of(name)));
	box_maker_free(&maker);
}

/* The first column of SQL's first row, as text. */
static const char *
asked(const char *name, const char *sql)
{
	static char answer[256];
	sqlite3_stmt *row = NULL;
	sqlite3 *db = NULL;

	strcpy(answer, "?");
	if (sqlite3_open(path_of(name), &db) == SQLITE_OK && sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW && sqlite3_column_text(row, 0))
		snprintf(answer, sizeof answer, "%s", (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	sqlite3_close(db);
	return answer;
}

static char *
shout(const char *text, void *context)
{
	char *out = strdup(text), *at = strstr(out, "sancho");

	(void)context;
	if (at)
		memcpy(at, "SANCHO", 6);
	return out;
}

static void
test_copy(void)
{
	static const int64_t kept[] = { 1, 999 };
	struct trace_copy all = { -1, NULL, 0, shout, NULL }, some = { 2, kept, 2, shout, NULL };
	struct trace_copied copied;
	struct error error = { "" };
	struct trace *trace;
	sqlite3 *db;

	mkdir(path_of("t"), 0700);
	box_make("t/rank0-1.box");
	trace = trace_open(path_of("t"), &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	CU_ASSERT_TRUE_FATAL(trace_copy(trace, 0, path_of("all.db"), &all, &copied, &error));
	CU_ASSERT(copied.events == STEPS * EVENTS && copied.first_step == 0 && copied.last_step == STEPS - 1);
	CU_ASSERT_STRING_EQUAL(asked("all.db", "SELECT count(*) FROM event"), "20");
	CU_ASSERT_STRING_EQUAL(asked("all.db", "SELECT file FROM frame"), "/home/SANCHO/t.py");
	CU_ASSERT_STRING_EQUAL(asked("all.db", "SELECT location FROM operation_log LIMIT 1"), "/home/SANCHO/t.py:12 f");
	CU_ASSERT_STRING_EQUAL(asked("all.db", "SELECT count(*) FROM loss WHERE cause = 'left out'"), "0");
	CU_ASSERT_STRING_EQUAL(asked("all.db", "PRAGMA user_version"), asked("t/rank0-1.db", "PRAGMA user_version"));
	/* two steps, and the one operation that is named */
	CU_ASSERT_TRUE_FATAL(trace_copy(trace, 0, path_of("some.db"), &some, &copied, &error));
	CU_ASSERT_EQUAL(copied.events, 2 * EVENTS + 1);
	CU_ASSERT_STRING_EQUAL(asked("some.db", "SELECT group_concat(DISTINCT step) FROM event"), "0,3,4");
	CU_ASSERT_STRING_EQUAL(asked("some.db", "SELECT id FROM event WHERE step = 0"), "1");
	CU_ASSERT_STRING_EQUAL(asked("some.db", "SELECT count FROM loss WHERE cause = 'left out'"), "11");
	CU_ASSERT_STRING_EQUAL(asked("some.db", "SELECT count(*) FROM signature WHERE is_output"), "3");
	CU_ASSERT_STRING_EQUAL(asked("some.db", "SELECT count(*) FROM block WHERE step < 3"), "0");
	CU_ASSERT_STRING_EQUAL(asked("some.db", "SELECT events FROM process"), "20");
	CU_ASSERT_STRING_EQUAL(asked("some.db", "PRAGMA integrity_check"), "ok");
	trace_close(trace);
	/* what a file brings of its own: a view is not copied, a trigger not run */
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path_of("t/rank0-1.db"), &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, "CREATE TABLE \"its \"\" own\" (\"a \"\" b\" TEXT); INSERT INTO \"its \"\" own\" VALUES ('x sancho');"
				     "CREATE VIEW odd AS SELECT 1; CREATE TRIGGER t AFTER UPDATE ON frame BEGIN DELETE FROM note; END",
				     NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	trace = trace_open(path_of("t"), &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	CU_ASSERT_TRUE_FATAL(trace_copy(trace, 0, path_of("odd.db"), &all, &copied, &error));
	CU_ASSERT_STRING_EQUAL(asked("odd.db", "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' OR name = 'odd'"), "0");
	CU_ASSERT_STRING_EQUAL(asked("odd.db", "SELECT * FROM \"its \"\" own\""), "x SANCHO");
	CU_ASSERT_STRING_NOT_EQUAL(asked("odd.db", "SELECT count(*) FROM note"), "0");
	trace_close(trace);
}

static bool
any_name(const char *name)
{
	return strcmp(name, "refused.db") != 0;
}

/* Unpack PATH; what is said about it, "" if it's well. */
static const char *
unpack(const char *path)
{
	static struct error error;
	struct scratch *scratch = scratch_make(&error);
	char place[256];
	bool ok;

	error = (struct error){ "" };
	CU_ASSERT_PTR_NOT_NULL_FATAL(scratch);
	snprintf(place, sizeof place, "%s", scratch_path(scratch));
	ok = archive_read(path, "first", any_name, scratch, &error);
	CU_ASSERT_EQUAL(ok, !error.text[0]);
	scratch_remove(scratch);
	CU_ASSERT_NOT_EQUAL(access(place, F_OK), 0); /* nothing is left behind */
	return error.text;
}

/* An archive of "first" and one more file, of TYPE, called NAME, that says it had SIZE (octal). CHANGE: a byte of its header that is
 * changed after the sum was taken, -1: none. */
static const char *
crafted(const char *name, char type, const char *size, int change)
{
	const char *path = path_of("crafted.tgz");
	gzFile out = gzopen(path, "wb");

	for (int i = 0; i < 2; i++) {
		char block[512] = "";
		unsigned sum = 0;

		snprintf(block, 100, "%s", i ? name : "first");
		snprintf(block + 124, 12, "%s", i ? size : "00000000000");
		block[156] = i ? type : '0';
		memcpy(block + 257, "ustar", 6);
		memset(block + 148, ' ', 8);
		for (int b = 0; b < 512; b++)
			sum += (unsigned char)block[b];
		snprintf(block + 148, 8, "%06o", sum);
		if (i && change >= 0)
			block[change]++;
		gzwrite(out, block, 512);
	}
	for (int i = 0; i < 4; i++) {
		static const char zero[512];

		gzwrite(out, zero, 512);
	}
	gzclose(out);
	return path;
}

static void
test_archive(void)
{
	struct archive_file files[] = { { "first", path_of("first"), 0 }, { "b.db", path_of("all.db"), 0 } };
	struct error error = { "" };
	struct stat status;
	FILE *file = fopen(files[0].path, "w");

	fputs("hello", file);
	fclose(file);
	CU_ASSERT_TRUE_FATAL(archive_write(path_of("good.tgz"), files, 2, &error));
	CU_ASSERT(files[0].size_bytes == 5 && stat(files[1].path, &status) == 0 && files[1].size_bytes == status.st_size);
	CU_ASSERT_TRUE(archive_is(path_of("good.tgz")));
	CU_ASSERT_FALSE(archive_is(files[1].path));
	CU_ASSERT_STRING_EQUAL(unpack(path_of("good.tgz")), "");
	CU_ASSERT_FALSE(archive_write(path_of("good.tgz"), files, 2, &error)); /* never over another */
	/* cut short */
	CU_ASSERT_EQUAL(truncate(path_of("good.tgz"), 300), 0);
	CU_ASSERT_STRING_NOT_EQUAL(unpack(path_of("good.tgz")), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(path_of("first")), "");
	/* what no bundle holds */
	CU_ASSERT_STRING_EQUAL(unpack(crafted("b.db", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("refused.db", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("../b.db", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("/tmp/b.db", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted(".b.db", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("b\n.db", '0', "00000000000", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("first", '0', "00000000000", -1)), ""); /* twice */
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("b.db", '2', "00000000000", -1)), ""); /* a link */
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("b.db", '5', "00000000000", -1)), ""); /* a directory */
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("b.db", '0', "00000000000", 1)), ""); /* another sum */
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("b.db", '0', "-1", -1)), "");
	CU_ASSERT_STRING_NOT_EQUAL(unpack(crafted("b.db", '0', "00000010000", -1)), ""); /* longer than the file */
	CU_ASSERT_PTR_NOT_NULL(strstr(unpack(crafted("b.db", '0', "77777777777", -1)), "more than a bundle may"));
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;
	char command[128];

	snprintf(folder, sizeof folder, "/tmp/shapebox-bundle-%d", (int)getpid());
	mkdir(folder, 0700);
	CU_initialize_registry();
	suite = CU_add_suite("bundle", NULL, NULL);
	CU_add_test(suite, "a database is copied, smaller and rewritten", test_copy);
	CU_add_test(suite, "an archive of anybody's", test_archive);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failures > 0;
}
