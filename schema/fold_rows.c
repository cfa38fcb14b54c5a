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

/* The event's identities, into fold->ids, and as the last column of ROW. */
static void
tensors_add(struct fold *fold, struct tree *row, const struct pending *event)
{
	uint16_t inputs = event->start->ids, outputs = event->end ? event->end->ids : 0;
	uint8_t *blob = tree_blob_room(row, TENSOR_BLOB_ROOM((size_t)inputs + outputs));

	ids_widen(event->start->id, inputs, event->start_base, fold->ids);
	if (outputs)
		ids_widen(event->end->id, outputs, event->end_base, fold->ids + inputs);
	if (blob)
		tree_blob(row, tensor_blob_encode(fold->ids, inputs, outputs, blob));
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
	struct tree *row;

	if (!is_new)
		return id;
	row = fold_row(fold, FOLD_EVENT_KIND);
	tree_integer(row, thread->number);
	tree_text(row, phase_name(phase), strlen(phase_name(phase)));
	tree_integer(row, event->micro_batch);
	tree_integer(row, start->depth);
	tree_integer(row, event->signature);
	tree_optional(row, event->output_signature, event->output_signature >= 0);
	tree_optional(row, site, site >= 0);
	tree_integer(row, grad);
	tree_integer(row, event->id);
	fold_row_end(fold, FOLD_EVENT_KIND, id);
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
	struct tree *row;

	if (fold->failed)
		return;
	row = fold_row(fold, FOLD_EVENT_ROW);
	tree_integer(row, kind);
	tree_integer(row, around(event));
	tree_integer(row, event->step);
	tree_integer(row, event->start_ns / GRID_NS - event->base.ns / GRID_NS);
	tree_optional(row, lasted(fold, event, outcome), event->end || outcome != OUTCOME_OK);
	tree_optional(row, (int64_t)start->sequence - event->base.sequence, sequence);
	tree_optional(row, event->scope - event->base.scope, event->scope >= 0);
	tensors_add(fold, row, event);
	fold_row_end(fold, FOLD_EVENT_ROW, event->id);
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
	struct tree *row;

	if (fold->failed)
		return;
	row = fold_row(fold, FOLD_STEP);
	tree_integer(row, base->ns / GRID_NS * GRID_NS);
	tree_integer(row, base->sequence);
	tree_integer(row, base->scope);
	fold_row_end(fold, FOLD_STEP, step);
}

static int64_t
scope_kind(struct fold *fold, const struct fold_thread *thread, const struct range *range)
{
	static const char *const words[] = { [BOX_SCOPE_BACKWARD] = "backward", [BOX_SCOPE_USER] = "user" };
	const char *word = range->scope < sizeof words / sizeof *words ? words[range->scope] : NULL;
	const int64_t key[FOLD_KIND_WIDTH] = { thread->number, range->scope, range->name };
	bool is_new;
	int64_t id = fold_kind(fold, &fold->scope_kinds, key, &is_new);
	struct tree *row;

	if (!is_new)
		return id;
	word = word ? word : "function";
	row = fold_row(fold, FOLD_SCOPE_KIND);
	tree_integer(row, thread->number);
	tree_text(row, word, strlen(word));
	fold_row_string(fold, row, range->name);
	fold_row_end(fold, FOLD_SCOPE_KIND, id);
	return id;
}

void
row_scope(struct merge *merge, struct fold_thread *thread, const struct range *range, int64_t end_ns)
{
	struct fold *fold = merge->fold;
	int64_t kind = fold->failed ? 0 : scope_kind(fold, thread, range);
	struct tree *row;

	if (fold->failed)
		return;
	row = fold_row(fold, FOLD_SCOPE_ROW);
	tree_integer(row, kind);
	tree_optional(row, range->sequence, range->scope == BOX_SCOPE_BACKWARD && range->sequence != BOX_NONE);
	tree_integer(row, range->start_ns / GRID_NS - (int64_t)(fold->box.header.start_unix_ns & INT64_MAX) / GRID_NS);
	tree_optional(row, end_ns / GRID_NS - range->start_ns / GRID_NS, end_ns >= 0);
	tree_optional(row, range->id - range->parent, range->parent >= 0);
	fold_row_end(fold, FOLD_SCOPE_ROW, range->id);
}
