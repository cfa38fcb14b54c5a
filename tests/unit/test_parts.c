/* links: schema viewer */
/* Questions about tensors, call sites and failures of a long trace, of which a few parts are read: the answers of reading all of it. */
#include <CUnit/Basic.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box_maker.c"
#include "schema/fold.h"
#include "schema/parts.h"
#include "viewer/reader/trace.h"

#define EVENTS 30000
#define LOST 4000     /* operations before, that were overwritten */
#define LATE 64       /* identities that were left out when their turn was */
#define QUESTIONS 250

enum { OP_ADD, OP_GIVES, OP_RELU, OPS };

struct kept { int64_t id, in[2], out, sequence, site; bool well, backward; char operation[64]; };

static struct kept kept[EVENTS];
static int kept_count;
static char folder[64], database[128];
static uint64_t state = 7;

static int64_t
pick(int64_t below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (int64_t)((state >> 33) % (uint64_t)below);
}

struct maker_state { uint32_t next, late[LATE], in[OPS], out[OPS], sites[5]; uint64_t ns, number; };

/* An identity: mostly one of the newest, now and then any, or one whose turn was long ago. */
static uint32_t
old_id(struct maker_state *now)
{
	uint32_t *late = &now->late[pick(LATE)];
	uint32_t id = *late;

	if (pick(500) == 0 && id) {
		*late = 0;
		return id;
	}
	return pick(6) ? now->next - 1 - (uint32_t)pick(now->next < 60 ? now->next - 1 : 50) : 1 + (uint32_t)pick(now->next - 1);
}

static void
operation_make(struct box_maker *maker, struct maker_state *now, int depth)
{
	int op = pick(30) ? pick(2) ? OP_RELU : OP_ADD : OP_GIVES, ins = op == OP_RELU ? 1 : 2;
	uint32_t id[2] = { old_id(now), old_id(now) }, out = op == OP_ADD && pick(3) ? id[0] : now->next++;

	if (pick(300) == 0)
		now->late[pick(LATE)] = now->next++;
	if (box_maker_room(maker) < 4096)
		box_maker_chunk(maker, 0, now->number, 0, now->ns);
	now->number++;
	box_maker_start(maker, now->ns += 128, now->in[op], now->sites[pick(4000) ? pick(4) : 4], 100 + (uint32_t)(now->number / (pick(50) ? 2 : 3)), depth,
			pick(4) ? BOX_FLAG_GRAD : 0, ins, id);
	if (depth < 2 && pick(20) == 0)
		operation_make(maker, now, depth + 1);
	box_maker_end(maker, now->ns += 128, op == OP_GIVES ? BOX_NONE : now->out[op], depth, pick(9000) ? 0 : BOX_FLAG_FAILED, op == OP_GIVES ? 0 : 1, &out);
}

static void
trace_make(void)
{
	static const char *const names[OPS] = { "aten::add_", PART_GIVING, "aten::relu" };
	static const int64_t sizes[] = { 2, 3 };
	struct maker_state now = { .next = 3000, .number = LOST };
	struct box_maker maker;
	char path[128], error[512];

	box_maker_begin(&maker);
	for (int op = 0; op < OPS; op++) {
		uint32_t name = box_maker_op(&maker, names[op], "", op == OP_RELU ? "self" : "self,other");
		struct maker_words words = { 0 };

		maker_tensor(&words, 6, 0, 2, sizes);
		now.out[op] = box_maker_signature(&maker, name, true, &words);
		if (op != OP_RELU)
			maker_tensor(&words, 6, 0, 2, sizes);
		now.in[op] = box_maker_signature(&maker, name, false, &words);
	}
	for (int i = 0; i < 5; i++) {
		uint32_t frame = box_maker_frame(&maker, "/u/t.py", "f", 12 + i);

		now.sites[i] = box_maker_site(&maker, &frame, 1);
	}
	box_maker_chunk(&maker, 0, LOST, 0, 0);
	while (now.number < LOST + EVENTS - 10) {
		bool backward = pick(200) == 0;
		uint64_t token = now.number;

		if (backward)
			box_maker_scope(&maker, now.ns, "MulBackward0", BOX_SCOPE_BACKWARD, 5, token);
		for (int i = 0; i < (backward ? 20 : 1) && now.number < LOST + EVENTS - 10; i++)
			operation_make(&maker, &now, 0);
		if (backward)
			box_maker_scope_end(&maker, now.ns, token);
	}
	snprintf(path, sizeof path, "%s/rank0-node-4242.tmp", folder);
	snprintf(database, sizeof database, "%s/rank0-node-4242.db", folder);
	CU_ASSERT_FATAL(box_maker_write(&maker, path));
	if (!fold_box(path, database, true, NULL, error, sizeof error))
		CU_FAIL_FATAL("not folded");
	unlink(path);
	box_maker_free(&maker);
}

static bool
keep(const struct event *event, void *context)
{
	struct kept *row = &kept[kept_count++];

	(void)context;
	*row = (struct kept){ event->id, { event->operands[0].tensor, event->operand_count > 1 ? event->operands[1].tensor : -1 },
			      event->output_count ? event->outputs[0].tensor : -1, event->sequence, event->site, strcmp(event->status, "ok") == 0,
			      strcmp(event->phase, "backward") == 0, "" };
	snprintf(row->operation, sizeof row->operation, "%s", event->operation);
	return kept_count < EVENTS;
}

/* --- by looking at everything ------------------------------------------------------------------ */

static int64_t
newest(int64_t key, int64_t before, int what)
{
	int64_t found = -1;

	for (int i = 0; i < kept_count && kept[i].id < before; i++) {
		bool is = what == 0 ? kept[i].out == key
			: what == 1 ? strcmp(kept[i].operation, PART_GIVING) == 0 && kept[i].in[0] == key && kept[i].in[1] != key
				    : kept[i].sequence == key && !kept[i].backward;

		if (is)
			found = kept[i].id;
	}
	return found;
}

static int64_t
oldest_use(int64_t tensor)
{
	for (int i = 0; i < kept_count; i++)
		if (kept[i].in[0] == tensor || kept[i].in[1] == tensor)
			return kept[i].id;
	return -1;
}

static int64_t
made_first(void)
{
	static bool met[EVENTS * 2 + 10000];
	int64_t first = INT64_MAX;

	memset(met, 0, sizeof met);
	for (int i = 0; i < kept_count; i++) {
		for (int k = 0; k < 2; k++)
			if (kept[i].in[k] > 0)
				met[kept[i].in[k]] = true;
		if (kept[i].out > 0 && !met[kept[i].out]) {
			met[kept[i].out] = true;
			if (kept[i].out < first)
				first = kept[i].out;
		}
	}
	return first;
}

/* --- what the reader says ---------------------------------------------------------------------- */

struct count { int64_t count, sum; int64_t site; };

static bool
add(const struct event *event, void *context)
{
	struct count *count = context;

	count->count++;
	count->sum += event->id;
	return true;
}

static bool
of_site(void *asker, int64_t site)
{
	return site == ((struct count *)asker)->site;
}

static void
check_walks(struct trace *trace)
{
	for (int kind = 0; kind < 4; kind++) {
		struct event_filter filter = event_filter_all;
		struct count count = { 0 }, wanted = { 0 };

		filter.backward = true;
		filter.last = kept[kept_count - 1 - pick(1000)].id;
		count.site = kept[pick(kept_count)].site;
		if (kind == 0)
			filter.status = TRACE_UNWELL;
		if (kind == 1)
			filter.site = count.site;
		if (kind >= 2) {
			filter.operation = "aten::relu";
			filter.status = "ok";
			filter.of_site = of_site;
			filter.asker = &count;
			filter.bare = kind == 3;
		}
		for (int i = 0; i < kept_count && kept[i].id <= filter.last; i++) {
			if (kind == 0 ? !kept[i].well : kept[i].site == count.site && (kind == 1 || (kept[i].well && strcmp(kept[i].operation, "aten::relu") == 0))) {
				wanted.count++;
				wanted.sum += kept[i].id;
			}
		}
		CU_ASSERT_EQUAL(trace_each_event(trace, 0, &filter, add, &count), wanted.count);
		CU_ASSERT_EQUAL(count.count, wanted.count);
		CU_ASSERT_EQUAL(count.sum, wanted.sum);
	}
}

static void
check_all(void)
{
	struct error error;
	struct trace *trace = trace_open(folder, &error);
	struct event event;
	int64_t first;
	int place;

	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	kept_count = 0;
	trace_each_event(trace, 0, &event_filter_all, keep, NULL);
	CU_ASSERT_FATAL(kept_count > 3 * PART_EVENTS);
	first = made_first();
	for (int i = 0; i < QUESTIONS; i++) {
		const struct kept *row = &kept[pick(kept_count)];
		while (i % 2 && strcmp(row->operation, PART_GIVING) != 0)
			row = &kept[pick(kept_count)];
		int64_t tensor = i % 2 || pick(2) ? row->in[0] : row->out, before = pick(3) ? row->id + pick(20000) : kept[pick(kept_count)].id, sequence = row->sequence, found = -1;

		if (tensor > 0) {
			CU_ASSERT_EQUAL(trace_maker(trace, 0, tensor, before, &event, &place) ? event.id : -1, newest(tensor, before, 0));
			CU_ASSERT_EQUAL(trace_replaced(trace, 0, tensor, before, &event) ? event.id : -1, newest(tensor, before, 1));
			CU_ASSERT_EQUAL(trace_first_use(trace, 0, tensor, &event, &place) ? event.id : -1, oldest_use(tensor));
			CU_ASSERT_EQUAL(trace_met_before(trace, 0, tensor), tensor < first);
		}
		CU_ASSERT_EQUAL(trace_met_before(trace, 0, first), false);
		CU_ASSERT_EQUAL(trace_met_before(trace, 0, first - 1), true);
		if (sequence < 0)
			continue;
		for (int64_t back = 0; found < 0 && back < 64 && back <= sequence; back++)
			found = newest(sequence - back, before, 2);
		CU_ASSERT_EQUAL(trace_forward_of(trace, 0, sequence, before, &event) ? event.id : -1, found);
	}
	check_walks(trace);
	trace_close(trace);
}

static int64_t
sql(const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *row;
	int64_t value;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(database, &db), SQLITE_OK);
	CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(db, text, -1, &row, NULL), SQLITE_OK);
	value = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
	sqlite3_finalize(row);
	sqlite3_close(db);
	return value;
}

static void
test_told(void)
{
	CU_ASSERT_EQUAL(sql("SELECT count(*) FROM event_part"), (LOST + EVENTS - 1) / PART_EVENTS - LOST / PART_EVENTS + 1);
	CU_ASSERT_EQUAL(sql("SELECT sum(unwell) FROM event_part"), sql("SELECT count(*) FROM event_row WHERE lasted < 0"));
	check_all();
}

static void
test_untold(void)
{
	sql("DROP TABLE event_part");
	check_all();
}

int
main(void)
{
	CU_pSuite suite;

	strcpy(folder, "/tmp/test-parts-XXXXXX");
	if (!mkdtemp(folder))
		return 2;
	CU_initialize_registry();
	suite = CU_add_suite("parts", NULL, NULL);
	CU_add_test(suite, "make", trace_make);
	CU_add_test(suite, "as the file's table says", test_told);
	CU_add_test(suite, "where the file has no such table", test_untold);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(database);
	rmdir(folder);
	return failed != 0;
}
