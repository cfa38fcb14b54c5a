/* Pairing STARTs and ENDs on one thread: see fold_thread.h. */
#include "fold_thread.h"

#include <stdlib.h>
#include <string.h>

int64_t
thread_ns(const struct merge *merge, const struct fold_thread *thread)
{
	const struct box_chunk *chunk = thread->chunk->chunk;
	double ns = (double)(int64_t)(thread->ticks - chunk->base_ticks) / merge->fold->box.ticks_per_ns;
	uint64_t base = chunk->base_unix_ns & INT64_MAX;

	return ns > 0 && ns < 1e15 ? (int64_t)(base + (uint64_t)ns) & INT64_MAX : (int64_t)base;
}

static struct phase_facts
facts_of(const struct fold_thread *thread, const struct pending *event, bool advanced)
{
	return (struct phase_facts){
		.site = event->site,
		.backward_open = event->backward_open,
		.optimizer_open = event->optimizer_open,
		.data_open = event->data_open,
		.grad = event->start->record.flags & BOX_FLAG_GRAD,
		.advanced = advanced,
		.last_module = thread->last_module,
	};
}

/* The row of EVENT, now that all is known about it. */
static void
event_write(struct merge *merge, struct fold_thread *thread, struct pending *event, bool advanced, enum outcome outcome)
{
	struct phase_facts facts = facts_of(thread, event, advanced);
	enum phase phase = phase_of(&facts);

	if ((phase == PHASE_FORWARD || phase == PHASE_EVAL) && !(event->site & SITE_NO_GRAD))
		thread->last_module = phase;
	/* The first forward after a backward round begins the next micro-batch; optimizer and STEP come before it
	 * where the round was the step's last. */
	if (phase == PHASE_FORWARD && merge->round_done && merge->backward_open == 0 && event->step == merge->step) {
		merge->micro_batch++;
		merge->round_done = false;
	}
	if (event->step == merge->step)
		event->micro_batch = merge->micro_batch;
	row_event(merge, thread, event, phase, outcome);
}

void
thread_release(struct merge *merge, struct fold_thread *thread, bool advanced)
{
	struct pending *held = &thread->held;

	if (!held->start)
		return;
	event_write(merge, thread, held, advanced, held->end->record.flags & BOX_FLAG_FAILED ? OUTCOME_FAILED : OUTCOME_OK);
	held->start = NULL;
}

static void
mark(struct fold *fold, int64_t id)
{
	if (fold->marked_count < FOLD_MARKED_LIMIT)
		fold->marked[fold->marked_count++] = id;
}

void
thread_forget(struct merge *merge, struct fold_thread *thread, uint32_t least)
{
	while (thread->stack_count && thread->stack[thread->stack_count - 1].start->depth >= least)
		event_write(merge, thread, &thread->stack[--thread->stack_count], false, OUTCOME_OK);
}

void
thread_finish(struct merge *merge, struct fold_thread *thread)
{
	thread_release(merge, thread, false);
	while (thread->stack_count) {
		mark(merge->fold, thread->stack[thread->stack_count - 1].id);
		event_write(merge, thread, &thread->stack[--thread->stack_count], false, OUTCOME_OPEN);
	}
	range_forget(merge, thread);
}

/* The notes that wait for event NUMBER of this thread, or for the last kept one before it. */
static void
notes_pass(struct fold_thread *thread, uint64_t number, int64_t id)
{
	for (; thread->note < thread->notes_end && thread->note->number <= number; thread->note++) {
		if (thread->note->number == number)
			thread->note->event = id;
		else if (!thread->note->exact)
			thread->note->event = thread->last_event;
	}
	thread->last_event = id;
}

static int64_t
signature_of(struct fold *fold, const struct box_record *record, uint32_t reference, const uint32_t *after_ids,
	     bool outputs)
{
	if (record->flags & BOX_FLAG_INLINE)
		return fold_inline(fold, record, after_ids, reference, outputs);
	if (!fold_signature_known(fold, reference, outputs ? SIGNATURE_OUTPUTS : SIGNATURE_ARGUMENTS))
		return -1;
	return reference;
}

static struct pending *
stack_push(struct fold *fold, struct fold_thread *thread)
{
	if (thread->stack_count == thread->stack_room) {
		uint32_t room = thread->stack_room ? thread->stack_room * 2 : 8;
		struct pending *stack;

		if (room > THREAD_STACK_LIMIT)
			return NULL;
		stack = realloc(thread->stack, room * sizeof *stack);
		if (!stack) {
			fold_fail(fold, "not enough memory");
			return NULL;
		}
		thread->stack = stack;
		thread->stack_room = room;
	}
	return &thread->stack[thread->stack_count++];
}

void
thread_start(struct merge *merge, struct fold_thread *thread, const struct box_start *start)
{
	uint64_t number = thread->next_event++;
	struct pending *event, *held = &thread->held;
	int64_t signature, parent = -1;

	thread_release(merge, thread, held->start && start->sequence != held->start->sequence);
	thread_forget(merge, thread, start->depth);
	signature = signature_of(merge->fold, &start->record, start->signature, start->id + start->ids, false);
	if (signature < 0) {
		box_read_damage(&merge->fold->box, "chunk %u: an event of unknown signature %u", thread->chunk->index,
				start->signature);
		return;
	}
	if (thread->stack_count && thread->stack[thread->stack_count - 1].start->depth + 1u == start->depth)
		parent = thread->stack[thread->stack_count - 1].id;
	event = stack_push(merge->fold, thread);
	if (!event) {
		box_read_damage(&merge->fold->box, "chunk %u: operations nested too deep", thread->chunk->index);
		return;
	}
	if (start->record.flags & BOX_FLAG_GRAD)
		merge->sequence = start->sequence;
	if (merge->base.ns < 0) {
		merge->base = (struct step_base){ thread_ns(merge, thread), merge->sequence + BASE_AHEAD, merge->next_scope + BASE_AHEAD };
		row_step(merge->fold, merge->step, &merge->base);
	}
	*event = (struct pending){
		.start = start,
		.start_base = thread->chunk->chunk->base_tensor,
		.start_ticks = thread->ticks,
		.id = merge->next_id++,
		.number = (int64_t)(number & INT64_MAX),
		.parent = parent,
		.scope = thread->range_count ? thread->ranges[thread->range_count - 1].id : -1,
		.step = merge->step,
		.base = merge->base,
		.start_ns = thread_ns(merge, thread),
		.signature = signature,
		.output_signature = -1,
		.micro_batch = merge->micro_batch,
		.site = fold_site(merge->fold, start->site),
		.backward_open = thread->open[PHASE_BACKWARD],
		.optimizer_open = thread->open[PHASE_OPTIMIZER],
		.data_open = thread->open[PHASE_DATA],
	};
	notes_pass(thread, number, event->id);
}

void
thread_end(struct merge *merge, struct fold_thread *thread, const struct box_end *end)
{
	struct pending *event;

	thread_forget(merge, thread, end->depth + 1u);
	if (!thread->stack_count || thread->stack[thread->stack_count - 1].start->depth != end->depth)
		return; /* its START was overwritten */
	thread_release(merge, thread, false);
	event = &thread->stack[--thread->stack_count];
	event->end = end;
	event->end_base = thread->chunk->chunk->base_tensor;
	event->end_ticks = thread->ticks;
	if (end->signature != BOX_NONE || (end->record.flags & BOX_FLAG_INLINE))
		event->output_signature = signature_of(merge->fold, &end->record, end->signature, end->id + end->ids, true);
	if (end->record.flags & BOX_FLAG_FAILED)
		mark(merge->fold, event->id);
	thread->held = *event;
}
