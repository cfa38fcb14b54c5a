/* The rows of tables event and scope. */
#include "fold_thread.h"
#include "tensor_blob.h"

/* Identities are written as their low half; the chunk's base tells the rest. 0 stays 0: not known. */
static void
ids_widen(const uint32_t *id, uint16_t count, uint64_t base, uint64_t *out)
{
	for (uint16_t i = 0; i < count; i++)
		out[i] = id[i] ? base + (uint64_t)(int64_t)(int32_t)(id[i] - (uint32_t)base) : 0;
}

/* The blob is made in memory that stands still until the row is written: SQLite need not copy it. */
static void
blob_bind(struct fold *fold, const struct pending *event, int column)
{
	uint16_t inputs = event->start->ids, outputs = event->end ? event->end->ids : 0;
	size_t count = (size_t)inputs + outputs;

	ids_widen(event->start->id, inputs, event->start_base, fold->ids);
	if (outputs)
		ids_widen(event->end->id, outputs, event->end_base, fold->ids + inputs);
	if (bytes_reserve(&fold->blob, TENSOR_BLOB_ROOM(count)))
		sqlite3_bind_blob(fold->insert_event, column, fold->blob.data,
				  (int)tensor_blob_encode(fold->ids, inputs, outputs, (uint8_t *)fold->blob.data),
				  SQLITE_STATIC);
	else
		fold_fail(fold, "not enough memory");
}

/* Rows repeat each other: what is bound already need not be bound again. */
static bool
is_bound(struct fold *fold, int column, int64_t value)
{
	struct fold_bound *bound = &fold->bound[column];

	if (bound->bound && bound->value == value)
		return true;
	*bound = (struct fold_bound){ true, value };
	return false;
}

static void
integer_bind(sqlite3_stmt *statement, int column, int64_t value, bool known)
{
	if (known)
		sqlite3_bind_int64(statement, column, value);
	else
		sqlite3_bind_null(statement, column);
}

/* A column of the event row; negative is NULL. */
static void
event_bind(struct fold *fold, int column, int64_t value)
{
	if (!is_bound(fold, column, value))
		integer_bind(fold->insert_event, column, value, value >= 0);
}

void
row_event(struct merge *merge, struct fold_thread *thread, const struct pending *event, enum phase phase,
	  const char *status)
{
	struct fold *fold = merge->fold;
	sqlite3_stmt *insert = fold->insert_event;
	const struct box_start *start = event->start;
	bool grad = start->record.flags & BOX_FLAG_GRAD;
	bool sequence = grad && fold->box.header.checks[BOX_CHECK_SEQUENCE] != BOX_CHECK_FAILED;
	double duration = event->end ? (double)(event->end_ticks - event->start_ticks) / fold->box.ticks_per_ns : 0;

	if (fold->failed)
		return;
	sqlite3_bind_int64(insert, 1, event->id);
	event_bind(fold, 2, thread->number);
	sqlite3_bind_int64(insert, 3, event->number);
	sqlite3_bind_int64(insert, 4, event->start_ns);
	integer_bind(insert, 5, duration < 9e18 ? (int64_t)duration : 0, event->end != NULL);
	event_bind(fold, 6, event->step);
	if (!is_bound(fold, 7, phase))
		sqlite3_bind_text(insert, 7, phase_name(phase), -1, SQLITE_STATIC);
	event_bind(fold, 8, event->micro_batch);
	if (!is_bound(fold, 9, (intptr_t)status))
		sqlite3_bind_text(insert, 9, status, -1, SQLITE_STATIC);
	event_bind(fold, 10, start->depth);
	event_bind(fold, 11, event->parent);
	event_bind(fold, 12, event->signature);
	event_bind(fold, 13, event->output_signature);
	event_bind(fold, 14, event->site ? (int64_t)start->site : -1);
	event_bind(fold, 15, sequence ? (int64_t)start->sequence : -1);
	event_bind(fold, 16, event->scope);
	event_bind(fold, 17, grad);
	blob_bind(fold, event, 18);
	fold_step(fold, insert);
	fold_print_event(fold, thread, event, phase);
	fold->kept++;
	if (event->step > fold->last_step)
		fold->last_step = event->step;
}

void
row_scope(struct merge *merge, struct fold_thread *thread, const struct range *range, int64_t end_ns)
{
	struct fold *fold = merge->fold;
	sqlite3_stmt *insert = fold->insert_scope;
	const char *kind = range->scope == BOX_SCOPE_BACKWARD ? "backward" : range->scope == BOX_SCOPE_USER ? "user" : "function";

	if (fold->failed)
		return;
	sqlite3_bind_int64(insert, 1, range->id);
	sqlite3_bind_int64(insert, 2, thread->number);
	sqlite3_bind_text(insert, 3, kind, -1, SQLITE_STATIC);
	fold_bind_string(fold, insert, 4, range->name);
	integer_bind(insert, 5, range->sequence, range->scope == BOX_SCOPE_BACKWARD && range->sequence != BOX_NONE);
	sqlite3_bind_int64(insert, 6, range->start_ns);
	integer_bind(insert, 7, end_ns, end_ns >= 0);
	integer_bind(insert, 8, range->parent, range->parent >= 0);
	fold_step(fold, insert);
}
