/* See trace_cuda.h. */
#include "trace_cuda.h"

#include <string.h>

#include "trace_internal.h"

const struct cuda_filter cuda_filter_all = { .first = -1, .last = -1, .event = -1 };

/* Traces from before have no such tables: that is no damage. */
static sqlite3_stmt *
prepare(struct trace *trace, int process, struct reader **reader, const char *sql)
{
	*reader = trace_reader(trace, process);
	if (!*reader || !(*reader)->cuda)
		return NULL;
	return reader_prepare(*reader, sql);
}

static int64_t
number(sqlite3_stmt *row, int column, int64_t none)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? none : sqlite3_column_int64(row, column);
}

static int
small(sqlite3_stmt *row, int column, int none)
{
	int64_t value = number(row, column, none);

	return value < INT32_MIN || value > INT32_MAX ? none : (int)value;
}

static const char *
text(struct reader *reader, sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NULL : arena_text(reader->arena, row, column, 512);
}

void
trace_each_cuda_count(struct trace *trace, int process, void (*visit)(const char *name, int64_t count, void *context), void *context)
{
	struct reader *reader;
	sqlite3_stmt *rows = prepare(trace, process, &reader, "SELECT name, count FROM cuda_count ORDER BY name");

	while (rows && reader_row(reader, rows))
		visit(arena_text(reader->arena, rows, 0, 64), sqlite3_column_int64(rows, 1), context);
	sqlite3_finalize(rows);
}

int64_t
trace_cuda_count(struct trace *trace, int process, const char *name)
{
	struct reader *reader;
	sqlite3_stmt *row = prepare(trace, process, &reader, "SELECT count FROM cuda_count WHERE name = ?");
	int64_t count = 0;

	if (row && sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC) == SQLITE_OK && reader_row(reader, row))
		count = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return count;
}

void
trace_each_cuda_device(struct trace *trace, int process, void (*visit)(const struct cuda_device *device, void *context), void *context)
{
	struct reader *reader;
	sqlite3_stmt *rows = prepare(trace, process, &reader, "SELECT device, live, peak, allocated, peak_allocated, reserved, "
				     "peak_reserved, peak_step FROM cuda_device ORDER BY device");

	while (rows && reader_row(reader, rows)) {
		struct cuda_device device = { small(rows, 0, -1), number(rows, 1, 0), number(rows, 2, 0), number(rows, 3, 0),
					      number(rows, 4, 0), number(rows, 5, 0), number(rows, 6, 0), number(rows, 7, 0) };

		visit(&device, context);
	}
	sqlite3_finalize(rows);
}

void
trace_each_cuda_memory(struct trace *trace, int process, void (*visit)(const struct cuda_memory *memory, void *context), void *context)
{
	struct reader *reader;
	sqlite3_stmt *rows = prepare(trace, process, &reader, "SELECT m.kind, m.device, m.address, m.bytes, m.step, m.site_id, o.name "
				     "FROM live_memory m LEFT JOIN operation o ON o.id = m.operation_id ORDER BY m.bytes DESC, m.address");

	while (rows && reader_row(reader, rows)) {
		struct cuda_memory memory = { text(reader, rows, 0), small(rows, 1, -1), number(rows, 2, 0), number(rows, 3, 0),
					      number(rows, 4, 0), number(rows, 5, -1), text(reader, rows, 6) };

		visit(&memory, context);
	}
	sqlite3_finalize(rows);
}

void
trace_each_cuda_sum(struct trace *trace, int process, int64_t first, void (*visit)(const struct cuda_sum *sum, void *context), void *context)
{
	struct reader *reader;
	sqlite3_stmt *rows = prepare(trace, process, &reader,
		"SELECT event_id, sum(result = 0 AND kind IN ('launch', 'graph launch')), "
		"coalesce(sum(CASE WHEN kind = 'block' THEN bytes END), sum(CASE WHEN kind = 'allocation' AND result = 0 THEN bytes END)), "
		"coalesce(sum(CASE WHEN kind = 'block free' THEN bytes END), sum(CASE WHEN kind = 'free' AND result = 0 THEN bytes END)), "
		"sum(kind = 'copy' AND result = 0), sum(CASE WHEN kind = 'copy' AND result = 0 THEN bytes END), "
		"sum(result <> 0 OR kind = 'out of memory') "
		"FROM cuda_call WHERE event_id >= ? GROUP BY event_id ORDER BY event_id");

	if (rows)
		sqlite3_bind_int64(rows, 1, first);
	while (rows && reader_row(reader, rows)) {
		struct cuda_sum sum = { number(rows, 0, -1), number(rows, 1, 0), number(rows, 2, 0), number(rows, 3, 0), number(rows, 4, 0),
					number(rows, 5, 0), number(rows, 6, 0) };

		visit(&sum, context);
	}
	sqlite3_finalize(rows);
}

#define CALLS \
	"SELECT c.id, c.time_ns, c.step, c.event_id, c.site_id, c.thread_id, c.device, c.result, c.stream, c.kind, f.name, o.name, " \
	"k.name, c.grid, c.block, c.address, c.bytes, c.allocated, c.reserved, c.captured, c.driver, c.ours FROM cuda_call c " \
	"JOIN cuda_function f ON f.id = c.function_id LEFT JOIN operation o ON o.id = c.operation_id " \
	"LEFT JOIN cuda_kernel k ON k.id = c.kernel_id WHERE c.id >= ?1 AND c.id <= ?2 AND (?3 = 0 OR c.result <> 0) " \
	"AND (?4 IS NULL OR c.kind GLOB ?4) AND (?5 < 0 OR c.event_id = ?5) ORDER BY c.id"

void
trace_each_cuda_call(struct trace *trace, int process, const struct cuda_filter *filter,
		     bool (*visit)(const struct cuda_call *call, void *context), void *context)
{
	struct reader *reader;
	sqlite3_stmt *rows = prepare(trace, process, &reader, filter->backward ? CALLS " DESC" : CALLS);
	bool more = rows != NULL;

	if (!rows)
		return;
	sqlite3_bind_int64(rows, 1, filter->first);
	sqlite3_bind_int64(rows, 2, filter->last < 0 ? INT64_MAX : filter->last);
	sqlite3_bind_int(rows, 3, filter->failed);
	if (filter->kind)
		sqlite3_bind_text(rows, 4, filter->kind, -1, SQLITE_STATIC);
	sqlite3_bind_int64(rows, 5, filter->event);
	while (more && reader_row(reader, rows)) {
		struct arena scratch = { NULL }, *kept = reader->arena;
		struct cuda_call call;

		reader->arena = &scratch; /* there may be millions: their texts live until VISIT returns */
		call = (struct cuda_call){
			.id = number(rows, 0, 0), .time_ns = number(rows, 1, 0), .step = number(rows, 2, 0),
			.event = number(rows, 3, -1), .site = number(rows, 4, -1), .thread = small(rows, 5, -1),
			.device = small(rows, 6, -1), .result = small(rows, 7, 0), .stream = number(rows, 8, 0),
			.kind = arena_text(&scratch, rows, 9, 64), .function = arena_text(&scratch, rows, 10, 128),
			.operation = text(reader, rows, 11), .kernel = text(reader, rows, 12),
			.grid = text(reader, rows, 13), .block = text(reader, rows, 14),
			.address = number(rows, 15, 0), .bytes = number(rows, 16, 0),
			.allocated = number(rows, 17, -1), .reserved = number(rows, 18, -1),
			.captured = small(rows, 19, 0) == 1, .driver = small(rows, 20, 0) == 1, .ours = small(rows, 21, 0) == 1,
		};
		reader->arena = kept;
		more = visit(&call, context);
		arena_free(&scratch);
	}
	sqlite3_finalize(rows);
}
