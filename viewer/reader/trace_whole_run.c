/* What is known of the whole run, however long ago: who made the tensors that live, what calls were like. */
#include <string.h>

#include "trace_internal.h"

#define WHOLE_RUN_VERSION 4 /* the first whose databases have these tables */
#define BASE_VERSION 7      /* the first that knows what a view was made of */

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
			.site = reader_number(row, 1, -1),
			.step = sqlite3_column_int64(row, 2),
			.seen = sqlite3_column_int(row, 3) != 0,
			.operation = arena_text(reader->arena, row, 4, 512),
			.before = arena_text(reader->arena, row, 5, 128),
			.after = arena_text(reader->arena, row, 6, 128),
		};
	}
	sqlite3_finalize(row);
}

/* Site, step, entered, operation and output signature from column FIRST on. */
static struct tensor_made
made_read(struct reader *reader, sqlite3_stmt *row, int first)
{
	struct tensor_made made = {
		.site = reader_number(row, first, -1),
		.step = sqlite3_column_int64(row, first + 1),
		.entered = sqlite3_column_int(row, first + 2) != 0,
		.operation = sqlite3_column_type(row, first + 3) == SQLITE_NULL ? NULL : arena_text(reader->arena, row, first + 3, 512),
	};
	int64_t outputs = reader_number(row, first + 4, -1);
	const struct signature *signature = outputs >= 0 && !made.entered ? reader_signature(reader, outputs) : NULL;

	if (signature) {
		made.output_count = signature->operand_count;
		made.outputs = signature->operands;
	}
	return made;
}

bool
trace_live_tensor(struct trace *trace, int process, int64_t tensor, struct live_tensor *out)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *row;
	bool found;

	if (!reader)
		return false;
	row = reader_prepare(reader, reader->version >= BASE_VERSION
		? "SELECT l.site_id, l.step, l.entered, o.name, s.id, l.base_site_id, l.base_step, l.base_entered, b.name, t.id, l.base_values "
		  "FROM live_tensor l LEFT JOIN operation o ON o.id = l.operation_id LEFT JOIN operation b ON b.id = l.base_operation_id "
		  "LEFT JOIN signature s ON s.id = l.signature_id AND s.is_output "
		  "LEFT JOIN signature t ON t.id = l.base_signature_id AND t.is_output WHERE l.tensor = ?"
		: "SELECT l.site_id, l.step, l.entered, o.name, s.id FROM live_tensor l LEFT JOIN operation o ON o.id = l.operation_id "
		  "LEFT JOIN signature s ON s.id = l.signature_id AND s.is_output WHERE l.tensor = ?");
	sqlite3_bind_int64(row, 1, tensor);
	found = reader_row(reader, row);
	if (found) {
		*out = (struct live_tensor){ .tensor = tensor, .made = made_read(reader, row, 0), .base.site = -1 };
		if (reader->version >= BASE_VERSION) {
			out->base = made_read(reader, row, 5);
			out->values = sqlite3_column_int(row, 10) != 0;
		}
	}
	sqlite3_finalize(row);
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

/* The first tensor of COUNT operands that is called NAME (NULL: anything). */
static const struct operand *
tensor_called(const struct operand *operands, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (operands[i].ndim >= 0 && operands[i].kind && strcmp(operands[i].kind, "tensor") == 0 &&
		    (!name || (operands[i].name && strcmp(operands[i].name, name) == 0)))
			return &operands[i];
	return NULL;
}

/* Are calls of signature ID, one of a group, by EVENT's layer, and ALIKE? True where the signature isn't known. */
static bool
is_like(struct reader *reader, int64_t id, const struct event *event, bool alike)
{
	const struct operand *first = tensor_called(event->operands, event->operand_count, NULL), *other;
	const struct operand *weight = tensor_called(event->operands, event->operand_count, "weight");
	const struct signature *signature = (weight || alike) && id >= 0 ? reader_signature(reader, id) : NULL;

	if (!signature)
		return true;
	other = tensor_called(signature->operands, signature->operand_count, "weight");
	if (weight && other && (weight->ndim != other->ndim || memcmp(weight->sizes, other->sizes, (size_t)weight->ndim * sizeof(*weight->sizes)) != 0))
		return false;
	other = tensor_called(signature->operands, signature->operand_count, NULL);
	return !alike || !first || !other || first->ndim == other->ndim;
}

bool
trace_call_history(struct trace *trace, int process, const struct event *event, bool alike, int tensor_index, int dim,
		   struct call_history *out)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *row;

	*out = (struct call_history){ 0 };
	if (!reader || reader->version < WHOLE_RUN_VERSION || event->site < 0 || !event->operation)
		return false;
	row = reader_prepare(reader, "SELECT g.calls, g.first_step, s.smallest, s.largest, s.at_largest, s.sizes, s.more, s.new_step, g.signature_id "
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

		if (!is_like(reader, reader_number(row, 8, -1), event, alike))
			continue;
		if (!out->calls || first_step < out->first_step)
			out->first_step = first_step;
		out->calls += calls;
		if (sqlite3_column_type(row, 2) != SQLITE_NULL)
			measure_add(out, row, calls);
	}
	sqlite3_finalize(row);
	return out->calls > 0;
}

void
trace_each_call_site(struct trace *trace, int process, const struct event *event,
		     bool (*visit)(int64_t site, int64_t calls, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *row;

	if (!reader || reader->version < WHOLE_RUN_VERSION || !event->operation)
		return;
	row = reader_prepare(reader, "SELECT g.site_id, sum(g.calls) FROM call_group g JOIN operation o ON o.id = g.operation_id "
				     "WHERE o.name = ?1 AND o.overload = ?2 GROUP BY g.site_id");
	sqlite3_bind_text(row, 1, event->operation, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(row, 2, event->overload ? event->overload : "", -1, SQLITE_TRANSIENT);
	while (reader_row(reader, row))
		if (!visit(sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), context))
			break;
	sqlite3_finalize(row);
}
