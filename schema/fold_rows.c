/* The rows of tables event_row, event_kind, scope_row, scope_kind and step. */
#include "fold_thread.h"
#include "tensor_blob.h"

#include <string.h>

/* Times of rows: on a grid of 64 ns from the epoch, as rows.sql has it. */
#define GRID_NS 64
enum { LASTED_OPEN = -1, LASTED_FAILED = -2, LASTED_FAILED_AFTER = -3 }; /* event_row.lasted; the last: minus what it lasted */

/* Identities are written as their low half; the chunk's base tells the rest. 0 stays 0: not known. */
static void
ids_widen(const uint32_t *id, uint16_t count, uint64_t base, uint64_t *out)
{
	for (uint16_t i = 0; i < count; i++)
		out[i] = id[i] ? base + (uint64_t)(int64_t)(int32_t)(id[i] - (uint32_t)base) : 0;
}

/* A row of event_row with the event's identities in it. */
static struct fold_batch_row *
event_row(struct fold *fold, const struct pending *event)
{
	uint16_t inputs = event->start->ids, outputs = event->end ? event->end->ids : 0;
	uint8_t *blob;
	struct fold_batch_row *row = fold_batch_add(fold, TENSOR_BLOB_ROOM((size_t)inputs + outputs), &blob);

	if (!row)
		return NULL;
	ids_widen(event->start->id, inputs, event->start_base, fold->ids);
	if (outputs)
		ids_widen(event->end->id, outputs, event->end_base, fold->ids + inputs);
	row->blob_bytes = (uint32_t)tensor_blob_encode(fold->ids, inputs, outputs, blob);
	fold->batch.blobs.size_bytes += row->blob_bytes;
	return row;
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
	fold_bind(insert, 7, event->output_signature, event->output_signature >= 0);
	fold_bind(insert, 8, site, site >= 0);
	sqlite3_bind_int64(insert, 9, grad);
	sqlite3_bind_int64(insert, 10, event->id);
	fold_step(fold, insert);
	return id;
}

#define AROUND_BITS 38
#define AROUND_OUT_MOST (1ll << (62 - AROUND_BITS))

/* event_row.around. What a damaged box makes of either may be anything. */
static int64_t
around(const struct pending *event)
{
	int64_t elsewhere = (event->id - event->number) & ((1ll << AROUND_BITS) - 1);
	int64_t out = event->parent >= 0 && event->parent < event->id ? event->id - event->parent : 0;

	return elsewhere | (out < AROUND_OUT_MOST ? out : 0) << AROUND_BITS;
}

/* event_row.lasted, where it isn't NULL. */
static int64_t
lasted(const struct fold *fold, const struct pending *event, enum outcome outcome)
{
	double ns = event->end ? (double)(event->end_ticks - event->start_ticks) / fold->box.ticks_per_ns : -1;
	int64_t from = event->start_ns / GRID_NS, units;

	if (ns < 0)
		return outcome == OUTCOME_OPEN ? LASTED_OPEN : LASTED_FAILED;
	units = ns < 1e15 ? (event->start_ns + (int64_t)ns) / GRID_NS - from : 0;
	return outcome == OUTCOME_FAILED ? LASTED_FAILED_AFTER - units : units;
}

void
row_event(struct merge *merge, struct fold_thread *thread, const struct pending *event, enum phase phase,
	  enum outcome outcome)
{
	struct fold *fold = merge->fold;
	const struct box_start *start = event->start;
	bool sequence = (start->record.flags & BOX_FLAG_GRAD) && fold->box.header.checks[BOX_CHECK_SEQUENCE] != BOX_CHECK_FAILED;
	int64_t kind = fold->failed ? 0 : event_kind(fold, thread, event, phase);
	struct fold_batch_row *row = fold->failed ? NULL : event_row(fold, event);

	if (!row)
		return;
	const struct { int64_t value; bool known; } columns[FOLD_BATCH_INTEGERS] = {
		{ event->id, true }, { kind, true }, { around(event), true }, { event->step, true },
		{ event->start_ns / GRID_NS - event->base.ns / GRID_NS, true },
		{ lasted(fold, event, outcome), event->end || outcome != OUTCOME_OK },
		{ (int64_t)start->sequence - event->base.sequence, sequence },
		{ event->scope - event->base.scope, event->scope >= 0 },
	};
	for (int i = 0; i < FOLD_BATCH_INTEGERS; i++) {
		row->value[i] = columns[i].value;
		row->null_columns |= (uint32_t)!columns[i].known << i;
	}
	fold_part_event(fold, event, sequence && phase != PHASE_BACKWARD ? (int64_t)start->sequence : -1, outcome != OUTCOME_OK, start->ids,
			event->end ? event->end->ids : 0);
	fold_print_event(fold, thread, event, phase, kind);
	fold->kept++;
	if (event->step > fold->last_step)
		fold->last_step = event->step;
}

void
row_step(struct fold *fold, int64_t step, const struct step_base *base)
{
	if (fold->failed)
		return;
	sqlite3_bind_int64(fold->insert_step, 1, step);
	sqlite3_bind_int64(fold->insert_step, 2, base->ns / GRID_NS * GRID_NS);
	sqlite3_bind_int64(fold->insert_step, 3, base->sequence);
	sqlite3_bind_int64(fold->insert_step, 4, base->scope);
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
	fold_bind(insert, 3, range->sequence, range->scope == BOX_SCOPE_BACKWARD && range->sequence != BOX_NONE);
	sqlite3_bind_int64(insert, 4, range->start_ns / GRID_NS - (int64_t)(fold->box.header.start_unix_ns & INT64_MAX) / GRID_NS);
	fold_bind(insert, 5, end_ns / GRID_NS - range->start_ns / GRID_NS, end_ns >= 0);
	fold_bind(insert, 6, range->id - range->parent, range->parent >= 0);
	fold_step(fold, insert);
}
