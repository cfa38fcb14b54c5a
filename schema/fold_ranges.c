/* Named ranges of one thread: backward nodes, optimizer steps, loaders, the user's own. */
#include "fold_thread.h"

#include <stdlib.h>
#include <string.h>

#define THREADS_SEARCHED 256u /* a box may claim any number of threads: no search grows with it */

static void
range_close(struct merge *merge, struct fold_thread *thread, uint32_t index, int64_t end_ns)
{
	struct range *range = &thread->ranges[index];

	row_scope(merge, thread, range, end_ns);
	thread->open[range->opens]--;
	if (range->opens == PHASE_BACKWARD && --merge->backward_open == 0)
		merge->round_done = true;
	thread->range_count--;
	memmove(range, range + 1, (thread->range_count - index) * sizeof *range);
}

void
range_start(struct merge *merge, struct fold_thread *thread, const struct box_scope_start *start)
{
	struct range *range;
	uint32_t size;
	const char *name = box_read_string(&merge->fold->box, start->name, &size);

	if (thread->range_count == thread->range_room) {
		uint32_t room = thread->range_room ? thread->range_room * 2 : 16;
		struct range *ranges;

		if (room > THREAD_RANGES_LIMIT) { /* the oldest will hardly end any more */
			range_close(merge, thread, 0, -1);
		} else {
			ranges = realloc(thread->ranges, room * sizeof *ranges);
			if (!ranges) {
				fold_fail(merge->fold, "not enough memory");
				return;
			}
			thread->ranges = ranges;
			thread->range_room = room;
		}
	}
	range = &thread->ranges[thread->range_count];
	*range = (struct range){
		.token = start->token,
		.id = merge->next_scope++,
		.parent = thread->range_count ? range[-1].id : -1,
		.start_ns = thread_ns(merge, thread),
		.name = start->name,
		.sequence = start->sequence,
		.scope = start->scope,
		.opens = start->scope == BOX_SCOPE_BACKWARD ? PHASE_BACKWARD
			 : name				    ? phase_of_range(name, size)
							    : PHASE_OTHER,
	};
	thread->range_count++;
	thread->open[range->opens]++;
	if (range->opens == PHASE_BACKWARD) {
		merge->backward_open++;
		merge->round_done = false;
	}
}

static bool
range_find(const struct fold_thread *thread, uint64_t token, uint32_t *index)
{
	for (uint32_t i = thread->range_count; i-- > 0;) {
		if (thread->ranges[i].token == token) {
			*index = i;
			return true;
		}
	}
	return false;
}

void
range_end(struct merge *merge, struct fold_thread *thread, uint64_t token)
{
	int64_t now = thread_ns(merge, thread);
	uint32_t index;

	if (range_find(thread, token, &index)) {
		/* Backward nodes nest strictly: one that is still open inside this one has lost its end. */
		while (thread->ranges[index].opens == PHASE_BACKWARD && thread->range_count > index + 1 &&
		       thread->ranges[thread->range_count - 1].opens == PHASE_BACKWARD)
			range_close(merge, thread, thread->range_count - 1, -1);
		range_close(merge, thread, index, now);
		return;
	}
	/* A user's range may end on another thread than it began. */
	for (uint32_t i = 0; i < merge->thread_count && i < THREADS_SEARCHED; i++) {
		if (&merge->threads[i] != thread && range_find(&merge->threads[i], token, &index) &&
		    merge->threads[i].ranges[index].scope == BOX_SCOPE_USER) {
			range_close(merge, &merge->threads[i], index, now);
			return;
		}
	}
}

void
range_forget(struct merge *merge, struct fold_thread *thread)
{
	while (thread->range_count)
		range_close(merge, thread, thread->range_count - 1, -1);
}
