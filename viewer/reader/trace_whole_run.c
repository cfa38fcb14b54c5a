/* What is known of the whole run, however long ago: who made the tensors that live, what calls were like. */
#include <string.h>

#include "trace_internal.h"

#define WHOLE_RUN_VERSION 4 /* the first whose databases have these tables */

static int64_t
number_or(sqlite3_stmt *row, int column, int64_t unknown)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? unknown : sqlite3_column_int64(row, column);
}

static void
changes_read(struct reader *reader, int64_t tensor, struct live_tensor *out)
{
	sqlite3_stmt *row = reader_prepare(reader, "SELECT c.kind, c.site_id, c.step, c.seen, o.name, c.before, c.after FROM tensor_change c "
						   "LEFT JOIN operation o ON o.id = c.operation_id WHERE c.tensor = ?");

	sqlite3_bind_int64(row, 1, tensor);
	while (reader_row(reader, row)) {
		const char *kind = (const char *)sqlite3_column_text(row, 0);
		struct tensor_change *change = kind && strcmp(kind, "moved") == 0 ? &out->moved : &out->resized;

		*change = (struct tensor_change){
			.known = true,
			.site = number_or(row, 1, -1),
			.step = sqlite3_column_int64(row, 2),
			.seen = sqlite3_column_int(row, 3) != 0,
			.operation = arena_text(reader->arena, row, 4, 512),
			.before = arena_text(reader->arena, row, 5, 128),
			.after = arena_text(reader->arena, row, 6, 128),
		};
	}
	sqlite3_finalize(row);
}

bool
trace_live_tensor(struct trace *trace, int process, int64_t tensor, struct live_tensor *out)
{
	struct reader *reader = trace_reader(trace, process);
	const struct signature *signature;
	int64_t outputs = -1;
	sqlite3_stmt *row;
	bool found;

	if (!reader)
		return false;
	row = reader_prepare(reader, "SELECT l.site_id, l.step, l.entered, o.name, s.id FROM live_tensor l "
				     "LEFT JOIN operation o ON o.id = l.operation_id "
				     "LEFT JOIN signature s ON s.id = l.signature_id AND s.is_output WHERE l.tensor = ?");
	sqlite3_bind_int64(row, 1, tensor);
	found = reader_row(reader, row);
	if (found) {
		*out = (struct live_tensor){
			.tensor = tensor,
			.site = number_or(row, 0, -1),
			.step = sqlite3_column_int64(row, 1),
			.entered = sqlite3_column_int(row, 2) != 0,
			.operation = arena_text(reader->arena, row, 3, 512),
		};
		outputs = number_or(row, 4, -1);
	}
	sqlite3_finalize(row);
	signature = outputs >= 0 ? reader_signature(reader, outputs) : NULL;
	if (signature && !out->entered) {
		out->output_count = signature->operand_count;
		out->outputs = signature->operands;
	}
	if (found && reader->version >= WHOLE_RUN_VERSION)
		changes_read(reader, tensor, out);
	return found;
}

static void
size_add(struct call_history *history, int64_t size)
{
	for (int i = 0; i < history->size_count; i++)
		if (history->sizes[i] == size)
			return;
	if (history->size_count == CALL_SIZES_MOST)
		history->more = true;
	else
		history->sizes[history->size_count++] = size;
}

/* One group's row of the dimension that is asked for. */
static void
measure_add(struct call_history *history, sqlite3_stmt *row, int64_t calls)
{
	int64_t smallest = sqlite3_column_int64(row, 2), largest = sqlite3_column_int64(row, 3), new_step = sqlite3_column_int64(row, 7);
	json_t *sizes = json_loads((const char *)sqlite3_column_text(row, 5), 0, NULL), *size;
	size_t i;

	if (!history->measured || largest > history->largest) {
		history->largest = largest;
		history->at_largest = 0;
	}
	if (largest == history->largest)
		history->at_largest += sqlite3_column_int64(row, 4);
	if (!history->measured || smallest < history->smallest)
		history->smallest = smallest;
	if (new_step > history->new_step)
		history->new_step = new_step;
	history->more = history->more || sqlite3_column_int(row, 6) != 0;
	json_array_foreach(sizes, i, size)
		size_add(history, json_integer_value(size));
	json_decref(sizes);
	history->measured += calls;
}

bool
trace_call_history(struct trace *trace, int process, const struct event *event, int tensor_index, int dim, struct call_history *out)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *row;

	*out = (struct call_history){ 0 };
	if (!reader || reader->version < WHOLE_RUN_VERSION || event->site < 0 || !event->operation)
		return false;
	row = reader_prepare(reader, "SELECT g.calls, g.first_step, s.smallest, s.largest, s.at_largest, s.sizes, s.more, s.new_step "
				     "FROM call_group g JOIN operation o ON o.id = g.operation_id AND o.name = ?2 AND o.overload = ?3 "
				     "LEFT JOIN call_size s ON s.group_id = g.id AND s.tensor_index = ?4 AND s.dimension = ?5 "
				     "WHERE g.site_id = ?1");
	sqlite3_bind_int64(row, 1, event->site);
	sqlite3_bind_text(row, 2, event->operation, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(row, 3, event->overload ? event->overload : "", -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(row, 4, tensor_index);
	sqlite3_bind_int(row, 5, dim);
	while (reader_row(reader, row)) {
		int64_t calls = sqlite3_column_int64(row, 0), first_step = sqlite3_column_int64(row, 1);

		if (!out->calls || first_step < out->first_step)
			out->first_step = first_step;
		out->calls += calls;
		if (sqlite3_column_type(row, 2) != SQLITE_NULL)
			measure_add(out, row, calls);
	}
	sqlite3_finalize(row);
	return out->calls > 0;
}
