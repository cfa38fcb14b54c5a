/* The rows of tables event_row, event_kind, scope_row, scope_kind and step. */
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

static int64_t
event_kind(struct fold *fold, const struct fold_thread *thread, const struct pending *event, enum phase phase)
{
	const struct box_start *start = event->start;
	int64_t site = event->site ? (int64_t)start->site : -1;
	bool grad = start->record.flags & BOX_FLAG_GRAD, is_new;
	const int64_t key[FOLD_KIND_WIDTH] = {
		thread->number, phase, event->micro_batch, start->depth, event->signature, event->output_signature, site, grad,
	};
	int64_t id = fold_kind(fold, &fold->event_kinds, key, &is_new);
	sqlite3_stmt *insert = fold->insert_event_kind;

	if (!is_new)
		return id;
	sqlite3_bind_int64(insert, 1, id);
	sqlite3_bind_int64(insert, 2, thread->number);
	sqlite3_bind_text(insert, 3, phase_name(phase), -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 4, event->micro_batch);
	sqlite3_bind_int64(insert, 5, start->depth);
	sqlite3_bind_int64(insert, 6, event->signature);
	integer_bind(insert, 7, event->output_signature, event->output_signature >= 0);
	integer_bind(insert, 8, site, site >= 0);
	sqlite3_bind_int64(insert, 9, grad);
	fold_step(fold, insert);
	return id;
}

void
row_event(struct merge *merge, struct fold_thread *thread, const struct pending *event, enum phase phase,
	  enum outcome outcome)
{
	struct fold *fold = merge->fold;
	sqlite3_stmt *insert = fold->insert_event;
	const struct box_start *start = event->start;
	bool sequence = (start->record.flags & BOX_FLAG_GRAD) && fold->box.header.checks[BOX_CHECK_SEQUENCE] != BOX_CHECK_FAILED;
	double duration = event->end ? (double)(event->end_ticks - event->start_ticks) / fold->box.ticks_per_ns : 0;
	int64_t kind;

	if (fold->failed)
		return;
	kind = event_kind(fold, thread, event, phase);
	sqlite3_bind_int64(insert, 1, event->id);
	event_bind(fold, 2, kind);
	sqlite3_bind_int64(insert, 3, event->id - event->number);
	event_bind(fold, 4, event->step);
	sqlite3_bind_int64(insert, 5, event->start_ns - event->step_ns);
	integer_bind(insert, 6, duration < 9e18 ? (int64_t)duration : 0, event->end != NULL);
	event_bind(fold, 7, outcome == OUTCOME_OK ? -1 : (int64_t)outcome);
	event_bind(fold, 8, event->parent);
	event_bind(fold, 9, sequence ? (int64_t)start->sequence : -1);
	event_bind(fold, 10, event->scope);
	blob_bind(fold, event, 11);
	fold_step(fold, insert);
	fold_print_event(fold, thread, event, phase);
	fold->kept++;
	if (event->step > fold->last_step)
		fold->last_step = event->step;
}

void
row_step(struct fold *fold, int64_t step, int64_t start_ns)
{
	if (fold->failed)
		return;
	sqlite3_bind_int64(fold->insert_step, 1, step);
	sqlite3_bind_int64(fold->insert_step, 2, start_ns);
	fold_step(fold, fold->insert_step);
}

static int64_t
scope_kind(struct fold *fold, const struct fold_thread *thread, const struct range *range)
{
	static const char *const words[] = { [BOX_SCOPE_BACKWARD] = "backward", [BOX_SCOPE_USER] = "user" };
	const char *word = range->scope < sizeof words / sizeof *words ? words[range->scope] : NULL;
	const int64_t key[FOLD_KIND_WIDTH] = { thread->number, range->scope, range->name };
	sqlite3_stmt *insert = fold->insert_scope_kind;
	bool is_new;
	int64_t id = fold_kind(fold, &fold->scope_kinds, key, &is_new);

	if (!is_new)
		return id;
	sqlite3_bind_int64(insert, 1, id);
	sqlite3_bind_int64(insert, 2, thread->number);
	sqlite3_bind_text(insert, 3, word ? word : "function", -1, SQLITE_STATIC);
	fold_bind_string(fold, insert, 4, range->name);
	fold_step(fold, insert);
	return id;
}

void
row_scope(struct merge *merge, struct fold_thread *thread, const struct range *range, int64_t end_ns)
{
	struct fold *fold = merge->fold;
	sqlite3_stmt *insert = fold->insert_scope;

	if (fold->failed)
		return;
	sqlite3_bind_int64(insert, 1, range->id);
	sqlite3_bind_int64(insert, 2, scope_kind(fold, thread, range));
	integer_bind(insert, 3, range->sequence, range->scope == BOX_SCOPE_BACKWARD && range->sequence != BOX_NONE);
	sqlite3_bind_int64(insert, 4, range->start_ns - (int64_t)(fold->box.header.start_unix_ns & INT64_MAX));
	integer_bind(insert, 5, end_ns - range->start_ns, end_ns >= 0);
	integer_bind(insert, 6, range->parent, range->parent >= 0);
	fold_step(fold, insert);
}
