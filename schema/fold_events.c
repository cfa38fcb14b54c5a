/*
 * The merge: every thread's records in order of time. A heap holds the threads that have records left; the one with
 * the earliest record goes on for as long as it stays the earliest.
 */
#include <stdlib.h>
#include <string.h>

#include "fold_thread.h"
#include "progress.h"

/* Enter the thread's next chunk that has records; false at the end. */
static bool
cursor_chunk(struct merge *merge, struct fold_thread *thread, bool first)
{
	const struct box_chunk *chunk = thread->chunk->chunk;

	if (!first && chunk->first_event != thread->next_event) {
		/* Chunks between were overwritten: what was open then has ended unseen, or can't be told. */
		thread_release(merge, thread, false);
		thread_forget(merge, thread, 0);
		range_forget(merge, thread);
	}
	if (first || chunk->first_event > thread->next_event)
		thread->next_event = chunk->first_event;
	thread->offset = sizeof *chunk;
	return true;
}

/* Move to the next record; at the end `record` is NULL. */
static void
cursor_move(struct merge *merge, struct fold_thread *thread, bool first)
{
	uint64_t ticks;

	if (first)
		cursor_chunk(merge, thread, true);
	while (!(thread->record = box_read_next_record(&merge->fold->box, thread->chunk, &thread->offset))) {
		if (thread->chunk + 1 == thread->chunks_end)
			return;
		thread->chunk++;
		cursor_chunk(merge, thread, false);
	}
	ticks = thread->chunk->chunk->base_ticks + ((uint64_t)thread->record->ticks << BOX_TICK_SHIFT);
	if (ticks > thread->ticks || first)
		thread->ticks = ticks;
}

static void
heap_sink(struct merge *merge, uint32_t at)
{
	struct fold_thread **heap = merge->heap, *sinking = heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= merge->heap_count)
			break;
		if (child + 1 < merge->heap_count && heap[child + 1]->ticks < heap[child]->ticks)
			child++;
		if (sinking->ticks <= heap[child]->ticks)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = sinking;
}

/* The step may have moved on in chunks that were overwritten: the chunk knows what it was when it was opened. */
static void
step_set(struct merge *merge, uint64_t step)
{
	uint64_t most = merge->fold->box.header.step;

	if (step > most)
		step = most;
	if (step > INT64_MAX || (int64_t)step <= merge->step)
		return;
	merge->step = (int64_t)step;
	merge->base.ns = -1;
	merge->micro_batch = 0;
	merge->round_done = false;
}

static void
record_handle(struct merge *merge, struct fold_thread *thread)
{
	const struct box_record *record = thread->record;

	step_set(merge, thread->chunk->chunk->step);
	switch (record->kind) {
	case BOX_RECORD_START:
		thread_start(merge, thread, (const struct box_start *)record);
		break;
	case BOX_RECORD_END:
		thread_end(merge, thread, (const struct box_end *)record);
		break;
	case BOX_RECORD_SCOPE_START:
		range_start(merge, thread, (const struct box_scope_start *)record);
		break;
	case BOX_RECORD_SCOPE_END:
		range_end(merge, thread, ((const struct box_scope_end *)record)->token);
		break;
	case BOX_RECORD_STEP:
		thread_release(merge, thread, false);
		step_set(merge, ((const struct box_step *)record)->step);
		break;
	case BOX_RECORD_CUDA:
		fold_cuda_call(merge, thread, (const struct box_cuda *)record);
		break;
	}
}

static void
merge_run(struct merge *merge)
{
	int64_t first = merge->next_id;

	for (uint32_t i = 0; i < merge->thread_count; i++) {
		cursor_move(merge, &merge->threads[i], true);
		if (merge->threads[i].record)
			merge->heap[merge->heap_count++] = &merge->threads[i];
	}
	for (uint32_t i = merge->heap_count / 2; i-- > 0;)
		heap_sink(merge, i);
	while (merge->heap_count && !merge->fold->failed) {
		struct fold_thread *thread = merge->heap[0];

		if ((merge->next_id & 1023) == 0)
			progress_tell(merge->next_id - first, merge->fold->total - first);
		record_handle(merge, thread);
		cursor_move(merge, thread, false);
		if (!thread->record)
			merge->heap[0] = merge->heap[--merge->heap_count];
		if (merge->heap_count)
			heap_sink(merge, 0);
	}
	for (uint32_t i = 0; i < merge->thread_count; i++)
		thread_finish(merge, &merge->threads[i]);
}

static void
notes_finish(struct fold_thread *thread)
{
	for (; thread->note < thread->notes_end; thread->note++) {
		if (!thread->note->exact)
			thread->note->event = thread->last_event;
	}
}

/* One entry of `threads` for each run of chunks with the same thread number (they are sorted so). */
static bool
threads_make(struct merge *merge)
{
	struct fold *fold = merge->fold;
	struct box_chunk_copy *chunks = fold->box.chunks;
	struct note_reference *note = fold->notes, *notes_end = fold->notes + fold->note_count;
	uint32_t count = fold->box.chunk_count;

	merge->threads = calloc(count + 1, sizeof *merge->threads);
	merge->heap = calloc(count + 1, sizeof(struct fold_thread *));
	fold->marked = malloc(FOLD_MARKED_LIMIT * sizeof *fold->marked);
	if (!merge->threads || !merge->heap || !fold->marked) {
		fold_fail(fold, "not enough memory");
		return false;
	}
	for (uint32_t i = 0; i < count;) {
		struct fold_thread *thread = &merge->threads[merge->thread_count++];

		thread->number = chunks[i].chunk->thread;
		thread->chunk = &chunks[i];
		thread->last_event = -1;
		while (i < count && chunks[i].chunk->thread == thread->number)
			i++;
		thread->chunks_end = &chunks[i];
		while (note < notes_end && note->thread < thread->number)
			note++;
		thread->note = note;
		while (note < notes_end && note->thread == thread->number)
			note++;
		thread->notes_end = note;
	}
	return true;
}

static void
threads_write(struct merge *merge)
{
	for (uint32_t i = 0; i < merge->thread_count && !merge->fold->failed; i++) {
		const struct box_chunk *last = merge->threads[i].chunks_end[-1].chunk;
		struct tree *row = fold_row(merge->fold, FOLD_THREAD);

		tree_integer(row, (int32_t)last->os_thread);
		fold_row_clean(merge->fold, row, last->thread_name, strnlen(last->thread_name, sizeof last->thread_name));
		fold_row_end(merge->fold, FOLD_THREAD, merge->threads[i].number);
	}
}

/*
 * How many operations there were in all. Every chunk tells how many its thread had started before it; threads whose
 * chunks are all gone are known from the header's sum alone, which counts finished chunks (and moves on in a live box).
 * Passing over the records once here also cuts damaged chunks to their sound part, so that damage is told once.
 */
static int64_t
total_count(struct fold *fold, uint64_t *kept)
{
	uint64_t by_threads = 0, open = 0, total;

	*kept = 0;
	for (uint32_t i = 0; i < fold->box.chunk_count; i++) {
		struct box_chunk_copy *chunk = &fold->box.chunks[i];
		uint32_t offset = sizeof *chunk->chunk, sound = offset;
		const struct box_record *record;
		uint64_t starts = 0;

		while ((record = box_read_next_record(&fold->box, chunk, &offset))) {
			starts += record->kind == BOX_RECORD_START;
			sound = offset;
		}
		chunk->bytes = sound;
		*kept += starts;
		if (chunk->chunk->state == BOX_CHUNK_OPEN)
			open += starts;
		if ((i + 1 == fold->box.chunk_count || chunk[1].chunk->thread != chunk->chunk->thread) &&
		    chunk->chunk->first_event < INT64_MAX / 4)
			by_threads += chunk->chunk->first_event + starts;
	}
	total = by_threads > *kept ? by_threads : *kept;
	if (fold->finished && fold->box.header.events < INT64_MAX / 4 && fold->box.header.events + open > total)
		total = fold->box.header.events + open;
	return total < INT64_MAX / 2 ? (int64_t)total : (int64_t)*kept;
}

void
fold_events(struct fold *fold)
{
	struct merge merge = { .fold = fold, .next_scope = 1, .base.ns = -1 };
	uint64_t kept;

	fold->total = total_count(fold, &kept);
	merge.next_id = fold->total - (int64_t)kept;
	fold->event_rows.next = merge.next_id;
	fold->scope_rows.next = merge.next_scope;
	fold_parts_begin(fold);
	if (!fold->failed && threads_make(&merge)) {
		threads_write(&merge);
		merge_run(&merge);
	}
	for (uint32_t i = 0; i < merge.thread_count; i++) {
		notes_finish(&merge.threads[i]);
		free(merge.threads[i].stack);
		free(merge.threads[i].ranges);
	}
	free(merge.threads);
	free(merge.heap);
}
