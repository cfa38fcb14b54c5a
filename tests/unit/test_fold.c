/* links: schema viewer */
/* The fold, on boxes made by hand: pairing, order, phases, names, views, damage. */
#include <CUnit/Basic.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "box_maker.c"
#include "examples_sql.h"
#include "schema/fold.h"
#include "schema/names.h"
#include "schema/tensor_blob.h"

static char folder[64];
static sqlite3 *db;

static const char *
path_of(const char *name)
{
	static _Thread_local char paths[4][128];
	static _Thread_local int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
	return paths[next];
}

/* Write MAKER, fold it, open the result. */
static bool
fold_made(struct box_maker *maker, struct fold_result *result)
{
	char error[512] = "";
	bool ok;

	sqlite3_close(db);
	db = NULL;
	ok = box_maker_write(maker, path_of("a.box")) &&
	     fold_box(path_of("a.box"), path_of("a.db"), true, result, error, sizeof error);
	if (!ok)
		printf("  fold: %s\n", error);
	return ok && sqlite3_open(path_of("a.db"), &db) == SQLITE_OK;
}

/* All rows of SQL as text: columns by '|', rows by '\n'. */
static const char *
query(const char *sql)
{
	static char text[16384];
	sqlite3_stmt *rows = NULL;
	size_t n = 0;

	text[0] = '\0';
	if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
		return sqlite3_errmsg(db);
	while (sqlite3_step(rows) == SQLITE_ROW && n < sizeof text) {
		n += (size_t)snprintf(text + n, sizeof text - n, "%s", n ? "\n" : "");
		for (int i = 0; i < sqlite3_column_count(rows) && n < sizeof text; i++) {
			const char *column = (const char *)sqlite3_column_text(rows, i);

			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? "|" : "", column ? column : "NULL");
		}
	}
	sqlite3_finalize(rows);
	return text;
}

static bool
expect(int line, const char *sql, const char *wanted)
{
	const char *got = query(sql);
	bool equal = strcmp(got, wanted) == 0;

	if (!equal)
		printf("  line %d: %s\n  wanted: %s\n  got:    %s\n", line, sql, wanted, got);
	return equal;
}

#define EXPECT(sql, wanted) CU_ASSERT_TRUE(expect(__LINE__, sql, wanted))

/* A small run's dictionary. */
struct run {
	struct box_maker maker;
	uint32_t cat, cat_in, cat_out, linear, linear_in, linear_out;
	uint32_t script, forward, backward, optimizer, init, checkpoint;
};

static void
run_begin(struct run *run)
{
	struct box_maker *maker = &run->maker;
	static const int64_t a[] = { 46, 1024 }, b[] = { 45, 1024 }, out[] = { 91, 1024 }, w[] = { 8, 1024 }, y[] = { 91, 8 };
	struct maker_words words = { 0 };
	uint32_t frames[3], main_frame;

	box_maker_begin(maker);
	run->cat = box_maker_op(maker, "aten::cat", "", "tensors,dim");
	run->linear = box_maker_op(maker, "aten::linear", "", "input,weight,bias");
	maker_list(&words, 2);
	maker_tensor(&words, 6, 0, 2, a);
	maker_tensor(&words, 6, 0, 2, b);
	words.inside = false;
	maker_int(&words, 0);
	run->cat_in = box_maker_signature(maker, run->cat, false, &words);
	words = (struct maker_words){ 0 };
	maker_tensor(&words, 6, 0, 2, out);
	run->cat_out = box_maker_signature(maker, run->cat, true, &words);
	words = (struct maker_words){ 0 };
	maker_tensor(&words, 6, 0, 2, out);
	maker_tensor(&words, 15, 1, 2, w);
	maker_plain(&words, BOX_VALUE_NONE);
	run->linear_in = box_maker_signature(maker, run->linear, false, &words);
	words = (struct maker_words){ 0 };
	maker_tensor(&words, 6, 0, 2, y);
	run->linear_out = box_maker_signature(maker, run->linear, true, &words);

	main_frame = box_maker_frame(maker, "/home/u/train.py", "main", 40);
	run->script = box_maker_site(maker, &main_frame, 1);
	frames[0] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/nn/modules/linear.py", "Linear.forward", 125);
	frames[1] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/nn/modules/module.py", "Module._call_impl", 1700);
	frames[2] = main_frame;
	run->forward = box_maker_site(maker, frames, 3);
	frames[0] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/autograd/graph.py", "_engine_run_backward", 9);
	frames[1] = main_frame;
	run->backward = box_maker_site(maker, frames, 2);
	frames[0] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/optim/adamw.py", "AdamW.step", 9);
	run->optimizer = box_maker_site(maker, frames, 2);
	frames[0] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/nn/init.py", "kaiming_uniform_", 9);
	run->init = box_maker_site(maker, frames, 2);
	frames[0] = box_maker_frame(maker, "/home/u/model.py", "Block.forward", 7);
	frames[1] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/nn/modules/module.py", "Module._call_impl", 1701);
	frames[2] = box_maker_frame(maker, "/venv/lib/python3.11/site-packages/torch/utils/checkpoint.py", "CheckpointFunction.forward", 3);
	run->checkpoint = box_maker_site(maker, frames, 3);
}

/* One linear from FIRST to FIRST + 100 ns. */
static void
linear(struct run *run, uint64_t ns, uint32_t site, uint32_t sequence, bool grad)
{
	uint32_t in[] = { 3, 4 }, out[] = { 5 };

	box_maker_start(&run->maker, ns, run->linear_in, site, sequence, 0, grad ? BOX_FLAG_GRAD : 0, 2, in);
	box_maker_end(&run->maker, ns + 128, run->linear_out, 0, 0, 1, out);
}

static void
test_names(void)
{
	char text[32];

	CU_ASSERT_STRING_EQUAL(names_dtype(6), "float32");
	CU_ASSERT_STRING_EQUAL(names_dtype(15), "bfloat16");
	CU_ASSERT_STRING_EQUAL(names_dtype(24), "float8_e4m3fn");
	CU_ASSERT_STRING_EQUAL(names_dtype(44), "float8_e8m0fnu");
	CU_ASSERT_STRING_EQUAL(names_dtype(200), "unknown");
	CU_ASSERT_STRING_EQUAL(names_device(1, 3, text, sizeof text), "cuda:3");
	CU_ASSERT_STRING_EQUAL(names_device(14, -1, text, sizeof text), "meta");
	CU_ASSERT_STRING_EQUAL(names_device(77, 0, text, sizeof text), "unknown:0");
}

static void
test_tensor_blob(void)
{
	uint64_t ids[] = { 1, 4000000000ull, 3, 1ull << 62, 0 };
	uint8_t blob[TENSOR_BLOB_ROOM(5)];
	int64_t back[5];
	size_t inputs, outputs, size = tensor_blob_encode(ids, 3, 2, blob);

	CU_ASSERT_TRUE(tensor_blob_decode(blob, size, back, 5, &inputs, &outputs));
	CU_ASSERT_EQUAL(inputs, 3);
	CU_ASSERT_EQUAL(outputs, 2);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL((uint64_t)back[i], ids[i]);
	CU_ASSERT_FALSE(tensor_blob_decode(blob, size - 1, back, 5, &inputs, &outputs));
	CU_ASSERT_FALSE(tensor_blob_decode(blob, size, back, 2, &inputs, &outputs));
	CU_ASSERT_EQUAL(inputs + outputs, 2);
	CU_ASSERT_FALSE(tensor_blob_decode(blob, 0, back, 5, &inputs, &outputs));
	memset(blob, 0xff, sizeof blob);
	CU_ASSERT_FALSE(tensor_blob_decode(blob, sizeof blob, back, 5, &inputs, &outputs));
}

/* A failing concatenation with its notes, and an operation that never came back. */
static void
test_failure(void)
{
	struct run run;
	struct fold_result result;
	uint32_t in[] = { 1, 2 };

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	linear(&run, 1000, run.forward, 7, true);
	box_maker_start(&run.maker, 2000, run.cat_in, run.script, 8, 0, BOX_FLAG_GRAD, 2, in);
	box_maker_end(&run.maker, 2128, BOX_NONE, 0, BOX_FLAG_FAILED, 0, NULL);
	box_maker_start(&run.maker, 3008, run.cat_in, run.script, 8, 0, BOX_FLAG_GRAD, 2, in);
	box_maker_note(&run.maker, 0, BOX_NOTE_ENVIRONMENT, BOX_NONE, UINT64_MAX, 0, "{\"argv\":[\"python\",\"train.py\"]}");
	box_maker_note(&run.maker, 4, BOX_NOTE_OPERATION, 0, 1, 2,
		       "{\"operation\":\"aten::cat\",\"exception\":{\"type\":\"c10::Error\",\"message\":\"Sizes of tensors\"}}");
	box_maker_note(&run.maker, 1, BOX_NOTE_FATAL, 0, UINT64_MAX, 3,
		       "{\"type\":\"RuntimeError\",\"message\":\"Sizes\",\"frames\":[{\"file\":\"/home/u/train.py\",\"line\":40,"
		       "\"function\":\"main\"}]}");
	box_maker_note(&run.maker, 5, BOX_NOTE_EXCEPTION, 0, UINT64_MAX, 3, "{not json \xff");
	box_maker_tensor(&run.maker, 5, run.linear, run.linear_out, run.forward, false);
	run.maker.header.lost[BOX_LOSS_BLIND] = 3;
	run.maker.header.checks[BOX_CHECK_FRAMES] = BOX_CHECK_FAILED;
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, &result));
	CU_ASSERT_EQUAL(result.events, 3);
	CU_ASSERT_EQUAL(result.events_kept, 3);
	EXPECT("SELECT id, number, status, duration_ns, phase, grad, sequence FROM event ORDER BY id",
	       "0|0|ok|128|forward|1|7\n1|1|failed|128|other|1|8\n2|2|open|NULL|other|1|8");
	EXPECT("SELECT start_ns - 1700000000000000000 FROM event ORDER BY id", "960\n1984\n3008");
	EXPECT("SELECT name, kind, value, shape, dtype, device, tensor_index FROM operand WHERE event_id = 1 ORDER BY slot",
	       "tensors[0]|tensor|NULL|[46,1024]|float32|cpu|0\ntensors[1]|tensor|NULL|[45,1024]|float32|cpu|1\n"
	       "dim|int|0|NULL|NULL|NULL|NULL");
	EXPECT("SELECT name, is_output, strides FROM operand WHERE event_id = 0 ORDER BY is_output, slot",
	       "input|0|[1024,1]\nweight|0|[1024,1]\nbias|0|NULL\noutput|1|[8,1]");
	EXPECT("SELECT operands, location FROM operation_log ORDER BY event_id",
	       "linear([91,1024] f32, [8,1024] bf16 cuda:0) -> [91,8] f32|/home/u/train.py:40 main\n"
	       "cat([46,1024] f32, [45,1024] f32, dim=0)|/home/u/train.py:40 main\n"
	       "cat([46,1024] f32, [45,1024] f32, dim=0)|/home/u/train.py:40 main");
	EXPECT("SELECT kind, event_id, thread_id FROM note ORDER BY id",
	       "environment|NULL|NULL\noperation|1|0\nfatal|2|0\nexception|2|0");
	EXPECT("SELECT kind, type, message, location FROM failure WHERE kind <> 'exception' ORDER BY time_ns",
	       "operation|c10::Error|Sizes of tensors|/home/u/train.py:40 main\nfatal|RuntimeError|Sizes|/home/u/train.py:40 main");
	EXPECT("SELECT min(json_valid(text)) FROM note", "1");
	EXPECT("SELECT cause, count FROM loss ORDER BY cause", "BLIND|3\ndamaged 1|1");
	EXPECT("SELECT name, result FROM abi_check WHERE result <> 'ok'", "Python frames|failed");
	EXPECT("SELECT tensor, operation_id, entered, step FROM live_tensor", "5|1|0|0");
	EXPECT("SELECT tensor, event_id, is_output, name FROM tensor_use WHERE event_id < 2 ORDER BY event_id, tensor",
	       "3|0|0|input\n4|0|0|weight\n5|0|1|output\n1|1|0|tensors[0]\n2|1|0|tensors[1]");
	EXPECT("SELECT pid, rank, state, exit_status, events FROM process", "4711|NULL|exited|0|3");
	EXPECT("PRAGMA foreign_key_check", "");
	EXPECT("PRAGMA integrity_check", "ok");
	EXPECT("PRAGMA application_id", "1936220792");
	box_maker_free(&run.maker);
}

/* Two steps of two micro-batches each, an evaluation between them, by ranges and by call sites. */
static void
test_phases(void)
{
	struct run run;
	uint64_t ns = 1000, token = 1;
	uint32_t sequence = 10;

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	linear(&run, ns += 1024, run.init, sequence, false);
	for (int step = 0; step < 2; step++) {
		for (int micro = 0; micro < 2; micro++) {
			linear(&run, ns += 1024, run.forward, sequence++, true);
			linear(&run, ns += 1024, run.checkpoint, sequence++, false);
			box_maker_scope(&run.maker, ns += 1024, "AddmmBackward0", BOX_SCOPE_BACKWARD, sequence - 2, token);
			linear(&run, ns += 1024, run.script, sequence, false);
			box_maker_scope_end(&run.maker, ns += 1024, token++);
			box_maker_scope(&run.maker, ns += 1024, "TBackward0", BOX_SCOPE_BACKWARD, sequence - 3, token);
			box_maker_scope_end(&run.maker, ns += 1024, token++);
		}
		box_maker_scope(&run.maker, ns += 1024, "Optimizer.step#AdamW.step", BOX_SCOPE_USER, BOX_NONE, token);
		linear(&run, ns += 1024, run.script, sequence, false);
		box_maker_scope_end(&run.maker, ns += 1024, token++);
		box_maker_step(&run.maker, ns += 1024, (uint64_t)step + 1);
	}
	linear(&run, ns += 1024, run.forward, sequence, false);
	linear(&run, ns += 1024, run.checkpoint, sequence, false);
	linear(&run, ns += 1024, run.script, sequence, true);
	linear(&run, ns += 1024, run.script, sequence + 1, true); /* the sequence moved on: the one before made a node */
	linear(&run, ns += 1024, run.backward, sequence + 1, false);
	linear(&run, ns += 1024, run.optimizer, sequence + 1, false);
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, NULL));
	EXPECT("SELECT step, micro_batch, group_concat(phase) FROM (SELECT * FROM event ORDER BY id) GROUP BY step, micro_batch",
	       "0|0|load,forward,forward,backward\n0|1|forward,forward,backward,optimizer\n"
	       "1|0|forward,forward,backward\n1|1|forward,forward,backward,optimizer\n"
	       "2|0|eval,eval,forward,other,backward,optimizer");
	EXPECT("SELECT kind, name, sequence FROM scope WHERE id <= 2 OR name LIKE 'Opt%' ORDER BY id LIMIT 3",
	       "backward|AddmmBackward0|10\nbackward|TBackward0|9\nuser|Optimizer.step#AdamW.step|NULL");
	EXPECT("SELECT DISTINCT s.name FROM event e JOIN scope s ON s.id = e.scope_id WHERE e.phase = 'optimizer'",
	       "Optimizer.step#AdamW.step");
	EXPECT("SELECT min(event_id) > 5, count(DISTINCT event_id) FROM event_tensor", "1|13");
	EXPECT("PRAGMA foreign_key_check", "");
	box_maker_free(&run.maker);
}

/* Threads are merged by time; ends may be lost; chunks may be missing; operations nest. */
static void
test_threads(void)
{
	struct run run;
	struct fold_result result;

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 100, 0, 0);
	box_maker_end(&run.maker, 64, run.linear_out, 0, 0, 0, NULL); /* its start was overwritten */
	linear(&run, 1024, run.script, 1, false);
	box_maker_start(&run.maker, 2048, run.linear_in, 0, 1, 0, 0, 0, NULL);
	box_maker_start(&run.maker, 2112, run.linear_in, BOX_NONE, 1, 1, 0, 0, NULL);
	box_maker_end(&run.maker, 2176, run.linear_out, 1, 0, 0, NULL);
	box_maker_end(&run.maker, 4096, run.linear_out, 0, 0, 0, NULL);
	box_maker_start(&run.maker, 5056, run.linear_in, 0, 1, 0, 0, 0, NULL); /* its end is lost */
	linear(&run, 6016, run.script, 1, false);
	box_maker_start(&run.maker, 7040, run.linear_in, 0, 1, 0, 0, 0, NULL); /* then a chunk is missing */
	box_maker_chunk(&run.maker, 1, 0, 0, 2560);
	linear(&run, 3072, run.script, 1, false);
	box_maker_scope(&run.maker, 3584, "a", BOX_SCOPE_USER, BOX_NONE, 1);
	box_maker_scope(&run.maker, 3648, "b", BOX_SCOPE_USER, BOX_NONE, 2);
	box_maker_scope_end(&run.maker, 3712, 1);
	linear(&run, 3776, run.script, 1, false);
	box_maker_scope_end(&run.maker, 4032, 2);
	box_maker_chunk(&run.maker, 0, 200, 3, 10048);
	box_maker_end(&run.maker, 10048, run.linear_out, 0, 0, 0, NULL);
	linear(&run, 11008, run.script, 1, false);
	box_maker_start(&run.maker, 12032, run.linear_in, 0, 1, 0, 0, 0, NULL);
	run.maker.header.step = 3;
	run.maker.header.events = 190;
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, &result));
	CU_ASSERT_EQUAL(result.events, 204);
	CU_ASSERT_EQUAL(result.events_kept, 10);
	EXPECT("SELECT id, thread_id, number, depth, parent_id, duration_ns, status, step FROM event ORDER BY id",
	       "194|0|100|0|NULL|128|ok|0\n195|0|101|0|NULL|2048|ok|0\n196|0|102|1|195|64|ok|0\n197|1|0|0|NULL|128|ok|0\n"
	       "198|1|1|0|NULL|128|ok|0\n199|0|103|0|NULL|NULL|ok|0\n200|0|104|0|NULL|128|ok|0\n201|0|105|0|NULL|NULL|ok|0\n"
	       "202|0|200|0|NULL|128|ok|3\n203|0|201|0|NULL|NULL|open|3");
	EXPECT("SELECT e.id, s.name FROM event e JOIN scope s ON s.id = e.scope_id", "198|b");
	EXPECT("SELECT name, end_ns - start_ns, parent_id FROM scope ORDER BY id", "a|128|NULL\nb|384|1");
	EXPECT("SELECT count FROM loss WHERE cause = 'overwritten'", "194");
	EXPECT("SELECT count(*) FROM event WHERE site_id IS NULL", "5");
	EXPECT("SELECT name, os_thread FROM thread", "thread0|5000\nthread1|5001");
	EXPECT("PRAGMA foreign_key_check", "");
	box_maker_free(&run.maker);
}

static void
test_values(void)
{
	struct run run;
	struct maker_words words = { 0 };
	uint32_t op, in[] = { 9 };
	static const int64_t sizes[] = { 3, -1 };

	run_begin(&run);
	op = box_maker_op(&run.maker, "my::op", "default", "x,sizes,items,mode");
	maker_tensor(&words, 11, 0, 0, NULL);
	maker_ints(&words, 2, sizes);
	maker_list(&words, 0);
	maker_string(&words, "a \"quoted\" \x01mode\xfe");
	maker_plain(&words, BOX_VALUE_FLOAT);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	box_maker_start_inline(&run.maker, 64, op, &words, 0, 1, in);
	box_maker_end(&run.maker, 128, BOX_NONE, 0, 0, 0, NULL);
	box_maker_start_inline(&run.maker, 192, op, &words, 0, 1, in);
	box_maker_end(&run.maker, 256, BOX_NONE, 0, 0, 0, NULL);
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, NULL));
	EXPECT("SELECT count(DISTINCT signature_id), count(*) FROM event", "1|2");
	EXPECT("SELECT name, kind, value, shape FROM operand WHERE event_id = 1 ORDER BY slot",
	       "x|tensor|NULL|[]\nsizes|int[]|[3,-1]|NULL\nitems|list|[]|NULL\n"
	       "mode|string|\"a \\\"quoted\\\" \\u0001mode\xef\xbf\xbd\"|NULL\nargument 4|float|NULL|NULL");
	EXPECT("SELECT operation FROM operation_log WHERE event_id = 0", "my::op.default");
	box_maker_free(&run.maker);
}

/* The SELECTs that README shows run as they stand and find what is there. */
static void
test_examples(void)
{
	struct run run;
	uint32_t in[] = { 1, 2 }, out[] = { 3 };
	const char *at = examples_sql;
	sqlite3_stmt *rows;
	int counts[3] = { 0 };

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	box_maker_start(&run.maker, 64, run.cat_in, run.script, 1, 0, 0, 2, in);
	box_maker_end(&run.maker, 128, run.cat_out, 0, 0, 1, out);
	box_maker_step(&run.maker, 192, 1);
	box_maker_start(&run.maker, 256, run.cat_in, run.script, 1, 0, 0, 2, in);
	box_maker_end(&run.maker, 320, run.cat_out, 0, 0, 1, out);
	linear(&run, 384, run.forward, 1, false);
	box_maker_start(&run.maker, 640, run.cat_in, run.script, 1, 0, 0, 2, in);
	box_maker_end(&run.maker, 704, BOX_NONE, 0, BOX_FLAG_FAILED, 0, NULL);
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, NULL));
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(db, at, -1, &rows, &at), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW) {
			if (i == 0 && counts[0] == 0) {
				CU_ASSERT_EQUAL(sqlite3_column_int(rows, 0), 1);
				CU_ASSERT_STRING_EQUAL(sqlite3_column_text(rows, 1),
						       "cat([46,1024] f32, [45,1024] f32, dim=0) -> [91,1024] f32");
				CU_ASSERT_STRING_EQUAL(sqlite3_column_text(rows, 2), "/home/u/train.py:40 main");
			}
			if (i == 1)
				CU_ASSERT_STRING_EQUAL(sqlite3_column_text(rows, 4), "cat([46,1024] f32, [45,1024] f32, dim=0)");
			counts[i]++;
		}
		sqlite3_finalize(rows);
	}
	CU_ASSERT_EQUAL(counts[0], 2);
	CU_ASSERT_EQUAL(counts[1], 1);
	CU_ASSERT_EQUAL(counts[2], 3);
	box_maker_free(&run.maker);
}

/* Damage is described where it lies, and the rest is read. */
static void
test_damage(void)
{
	struct run run;
	struct fold_result result;
	struct box_chunk *chunk;
	char error[512];

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	linear(&run, 64, run.script, 1, false);
	linear(&run, 256, run.script, 1, false);
	chunk = chunk_of(&run.maker);
	((struct box_record *)((uint8_t *)chunk + sizeof *chunk + 32 + 20))->words = 60000;
	box_maker_chunk(&run.maker, 1, 0, 0, 512);
	linear(&run, 576, run.script, 1, false);
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, &result));
	CU_ASSERT_EQUAL(result.events_kept, 2);
	CU_ASSERT_EQUAL(result.damage, 1);
	CU_ASSERT_STRING_EQUAL(result.first_damage,
			       "chunk 0: record at byte 148 runs past the chunk: rest of the chunk skipped");
	EXPECT("SELECT text FROM loss WHERE cause = 'damaged 1'",
	       "chunk 0: record at byte 148 runs past the chunk: rest of the chunk skipped");

	run.maker.header.version = BOX_VERSION + 1;
	CU_ASSERT_TRUE(box_maker_write(&run.maker, path_of("b.box")));
	CU_ASSERT_FALSE(fold_box(path_of("b.box"), path_of("b.db"), true, NULL, error, sizeof error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, ": this shapebox reads versions up to "));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "b.box: a box of version "));
	run.maker.header.version = BOX_VERSION - 1;
	CU_ASSERT_TRUE(box_maker_write(&run.maker, path_of("b.box")));
	CU_ASSERT_FALSE(fold_box(path_of("b.box"), path_of("b.db"), true, NULL, error, sizeof error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, ", of an older shapebox: this one reads version "));
	CU_ASSERT_NOT_EQUAL(access(path_of("b.db"), F_OK), 0);
	run.maker.header.version = BOX_VERSION;
	run.maker.header.regions[BOX_SITES].size_bytes = 1ull << 60;
	CU_ASSERT_TRUE(box_maker_write(&run.maker, path_of("b.box")));
	CU_ASSERT_FALSE(fold_box(path_of("b.box"), path_of("b.db"), true, NULL, error, sizeof error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "damaged box: its sites run past the end"));
	CU_ASSERT_FALSE(fold_box(path_of("none.box"), path_of("b.db"), true, NULL, error, sizeof error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "none.box: No such file"));
	CU_ASSERT_FALSE(fold_box(folder, path_of("b.db"), true, NULL, error, sizeof error));
	CU_ASSERT_FALSE(fold_box(path_of("a.box"), path_of("no/such/b.db"), true, NULL, error, sizeof error));
	box_maker_free(&run.maker);
}

/* Bytes changed at random: any answer will do, as long as there is one, soon, and a whole database or none. */
static void
test_hostile(void)
{
	struct run run;
	uint8_t *bytes;
	char error[512];
	size_t size;
	FILE *file;

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	for (int i = 0; i < 50; i++)
		linear(&run, 64 + 192 * (uint64_t)i, run.forward, (uint32_t)i, true);
	box_maker_note(&run.maker, 4, BOX_NOTE_OPERATION, 0, 1, 2, "{\"operation\":\"aten::cat\"}");
	CU_ASSERT_TRUE_FATAL(box_maker_write(&run.maker, path_of("a.box")));
	file = fopen(path_of("a.box"), "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	bytes = malloc(1 << 20);
	size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	srand(42);
	for (int round = 0; round < 400; round++) {
		uint8_t *copy = malloc(size);
		size_t length = round % 8 == 7 ? (size_t)rand() % size : size;

		memcpy(copy, bytes, size);
		for (int i = 0; i < 1 + round % 40; i++) {
			/* most of the file is padding: aim at what is used */
			size_t at = rand() % 3 ? (size_t)rand() % 600
				    : rand() % 2 ? size - MAKER_CHUNK_BYTES + (size_t)rand() % 2500
						 : (size_t)rand() % size;

			copy[at < 12 ? at + 12 : at] = (uint8_t)(rand() % 4 ? rand() : 0xff);
		}
		file = fopen(path_of("h.box"), "wb");
		fwrite(copy, 1, length, file);
		fclose(file);
		free(copy);
		unlink(path_of("h.db"));
		if (fold_box(path_of("h.box"), path_of("h.db"), round % 2, NULL, error, sizeof error)) {
			sqlite3_close(db);
			CU_ASSERT_EQUAL(sqlite3_open(path_of("h.db"), &db), SQLITE_OK);
			EXPECT("PRAGMA integrity_check", "ok");
			CU_ASSERT_PTR_NOT_NULL(query("SELECT * FROM operation_log"));
		} else {
			CU_ASSERT_NOT_EQUAL(access(path_of("h.db"), F_OK), 0);
			CU_ASSERT_PTR_NOT_NULL(strstr(error, folder));
		}
	}
	free(bytes);
	box_maker_free(&run.maker);
}

static bool
fold_again(const char *path)
{
	char error[512];

	return fold_box(path_of("a.box"), path, true, NULL, error, sizeof error);
}

/* Two folds at once, each by a process as always, and the file's mode. */
static void
test_twice(void)
{
	struct run run;
	struct stat status;
	char path[128];
	pid_t other;
	int ended;

	run_begin(&run);
	box_maker_chunk(&run.maker, 0, 0, 0, 0);
	for (int i = 0; i < 500; i++)
		linear(&run, 64 + 192 * (uint64_t)i, run.forward, (uint32_t)i, true);
	CU_ASSERT_TRUE_FATAL(fold_made(&run.maker, NULL));
	snprintf(path, sizeof path, "%s/a.db", folder);
	sqlite3_close(db);
	other = fork();
	if (other == 0)
		_exit(!fold_again(path));
	CU_ASSERT_TRUE(fold_again(path));
	CU_ASSERT_EQUAL(waitpid(other, &ended, 0), other);
	CU_ASSERT_EQUAL(ended, 0);
	CU_ASSERT_EQUAL(sqlite3_open(path, &db), SQLITE_OK);
	EXPECT("SELECT count(*) FROM event", "500");
	CU_ASSERT_EQUAL(stat(path, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
	box_maker_free(&run.maker);
}

/* Not a limit that fails on a slow machine: a number to look at, and a bound far from it. */
static void
test_speed(void)
{
	struct run run;
	struct fold_result result;
	struct timespec before, after;
	char error[512];
	uint64_t ns = 0, events = 0;
	double seconds;

	run_begin(&run);
	for (int i = 0; i < 400; i++) {
		box_maker_chunk(&run.maker, 0, events, 0, ns);
		while (box_maker_room(&run.maker) >= 64) {
			linear(&run, ns += 192, run.forward, (uint32_t)events++, true);
		}
	}
	CU_ASSERT_TRUE_FATAL(box_maker_write(&run.maker, path_of("s.box")));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	CU_ASSERT_TRUE(fold_box(path_of("s.box"), path_of("s.db"), true, &result, error, sizeof error));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	printf("\n  folded %lld events in %.2f s of processor time: %.0f a second\n", (long long)result.events_kept, seconds,
	       (double)result.events_kept / seconds);
	CU_ASSERT_EQUAL((uint64_t)result.events_kept, events);
	CU_ASSERT_TRUE((double)result.events_kept / seconds > 20000);
	box_maker_free(&run.maker);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failed;
	char command[128];

	snprintf(folder, sizeof folder, "/tmp/shapebox-fold-XXXXXX");
	if (!mkdtemp(folder) || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("fold", NULL, NULL);
	CU_add_test(suite, "names", test_names);
	CU_add_test(suite, "tensor blob", test_tensor_blob);
	CU_add_test(suite, "failure", test_failure);
	CU_add_test(suite, "phases", test_phases);
	CU_add_test(suite, "threads", test_threads);
	CU_add_test(suite, "values", test_values);
	CU_add_test(suite, "examples", test_examples);
	CU_add_test(suite, "damage", test_damage);
	CU_add_test(suite, "hostile", test_hostile);
	CU_add_test(suite, "twice", test_twice);
	CU_add_test(suite, "speed", test_speed);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	sqlite3_close(db);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || failed ? 1 : 0;
}
