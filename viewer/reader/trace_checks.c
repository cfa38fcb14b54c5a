/* What the library verified about torch and Python, check by check. */
#include "trace_internal.h"

void
trace_each_check(struct trace *trace, int process,
		 void (*visit)(const char *name, const char *result, const char *text, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *rows;

	if (!reader)
		return;
	rows = reader_prepare(reader, "SELECT name, result, text FROM abi_check ORDER BY name");
	while (reader_row(reader, rows))
		visit(arena_text(reader->arena, rows, 0, 64), arena_text(reader->arena, rows, 1, 16),
		      arena_text(reader->arena, rows, 2, TEXT_LIMIT_BYTES), context);
	sqlite3_finalize(rows);
}
