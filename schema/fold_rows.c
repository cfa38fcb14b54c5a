/* The rows of tables event and scope. */
#include "fold_thread.h"
#include "tensor_blob.h"

#define BIG_IDS 128

/* Identities are written as their low half; the chunk's base tells the rest. 0 stays 0: not known. */
static void
ids_widen(const uint32_t *id, uint16_t count, uint64_t base, uint64_t *out)
{
	for (uint16_t i = 0; i < count; i++)
		out[i] = id[i] ? base + (uint64_t)(int64_t)(int32_t)(id[i] - (uint32_t)base) : 0;
}

static void
blob_bind(struct fold *fold, const struct pending *event, int column)
{
	uint16_t inputs = event->start->ids, outputs = event->end ? event->end->ids : 0;
	size_t count = (size_t)inputs + outputs;
	uint64_t small_ids[BIG_IDS], *ids = small_ids;
	uint8_t small[TENSOR_BLOB_ROOM(BIG_IDS)], *blob = small;

	if (count > BIG_IDS) {
		ids = sqlite3_malloc64(count * sizeof *ids);
		blob = sqlite3_malloc64(TENSOR_BLOB_ROOM(count));
	}
	if (ids && blob) {
		ids_widen(event->start->id, inputs, event->start_base, ids);
		if (outputs)
			ids_widen(event->end->id, outputs, event->end_base, ids + inputs);
		sqlite3_bind_blob(fold->insert_event, column, blob,
				  (int)tensor_blob_encode(ids, inputs, outputs, blob), SQLITE_TRANSIENT);
	} else {
		fold_fail(fold, "not enough memory");
	}
	if (count > BIG_IDS) {
		sqlite3_free(ids);
		sqlite3_free(blob);
	}
}

static void
integer_bind(sqlite3_stmt *statement, int column, int64_t value, bool known)
{
	if (known)
		sqlite3_bind_int64(statement, column, value);
	else
		sqlite3_bind_null(statement, column);
}

void
row_event(struct merge *merge, struct fold_thread *thread, const struct pending *event, enum phase phase,
	  const char *status)
{
	struct fold *fold = merge->fold;
	sqlite3_stmt *insert = fold->insert_event;
	const struct box_start *start = event->start;
	bool grad = start->record.flags & BOX_FLAG_GRAD;
	double duration = event->end ? (double)(event->end_ticks - event->start_ticks) / fold->box.ticks_per_ns : 0;

	if (fold->failed)
		return;
	sqlite3_bind_int64(insert, 1, event->id);
	sqlite3_bind_int64(insert, 2, thread->number);
	sqlite3_bind_int64(insert, 3, event->number);
	sqlite3_bind_int64(insert, 4, event->start_ns);
	integer_bind(insert, 5, duration < 9e18 ? (int64_t)duration : 0, event->end != NULL);
	sqlite3_bind_int64(insert, 6, event->step);
	sqlite3_bind_text(insert, 7, phase_name(phase), -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 8, event->micro_batch);
	sqlite3_bind_text(insert, 9, status, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 10, start->depth);
	integer_bind(insert, 11, event->parent, event->parent >= 0);
	sqlite3_bind_int64(insert, 12, event->signature);
	integer_bind(insert, 13, event->output_signature, event->output_signature >= 0);
	integer_bind(insert, 14, start->site, event->site != 0);
	integer_bind(insert, 15, start->sequence, grad && fold->box.header.checks[BOX_CHECK_SEQUENCE] != BOX_CHECK_FAILED);
	integer_bind(insert, 16, event->scope, event->scope >= 0);
	sqlite3_bind_int(insert, 17, grad);
	blob_bind(fold, event, 18);
	fold_step(fold, insert);
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
