/* Which batch it was where workers put them together: this process receives each within a range of its loader, at times before its turn. A range gives one batch: the last that
 * came within it, or, where none came, one that was there before. */
#include <stdlib.h>
#include <string.h>

#include "fetched_parts.h"

#define RANGES_MOST 100000 /* in which batches came */
#define SCOPES_MOST 400000 /* between two of them */
#define TURNS_SURE 64      /* ranges in a row in which one came each: no other can be left from before them */

/* What came from workers, by the ranges in which it did, newest first. */
struct arrivals {
	const struct batch *batch;
	int64_t from;                /* no earlier than this event */
	struct { int64_t range; int calls; } ranges[RANGES_MOST];
	int ranges_count, least;     /* calls of a range: of one batch */
	int64_t own, since;          /* the operation in question; calls of its range after it */
};

static bool
add_arrival(const struct event *event, void *context)
{
	struct arrivals *arrivals = context;
	int last = arrivals->ranges_count - 1;
	int64_t range;

	if (event->id < arrivals->from)
		return false;
	range = fetched_range(arrivals->batch->source, arrivals->batch->process, event);
	if (range < 0)
		return true;
	if (last < 0 || arrivals->ranges[last].range != range) {
		if (arrivals->ranges_count == RANGES_MOST)
			return false;
		arrivals->ranges[++last].range = range;
		arrivals->ranges[last].calls = 0;
		arrivals->ranges_count++;
	}
	arrivals->ranges[last].calls++;
	arrivals->since += event->id > arrivals->own;
	return true;
}

/* How many ranges called as OLDER lie between it and NEWER (or, where that is -1, come after it); more than MOST aren't counted on. */
static int64_t
ranges_between(const struct arrivals *arrivals, int64_t older, int64_t newer, int64_t most)
{
	const struct batch *batch = arrivals->batch;
	struct scope own, scope;
	int64_t found = 0;

	if (!batch->source->scope(batch->source->context, batch->process, older, &own) || newer - older > SCOPES_MOST)
		return most + 1;
	for (int64_t id = older + 1; id != newer && id - older <= SCOPES_MOST && found <= most; id++) {
		bool is = batch->source->scope(batch->source->context, batch->process, id, &scope);

		if (!is && newer < 0)
			break;
		found += is && scope.thread == own.thread && scope.name && strcmp(scope.name, own.name) == 0;
	}
	return found;
}

/* The ranges before that of arrival AT, each of which gave one batch; -1 where those that came before their turn don't account for the ranges in which none came. AHEAD gets how
 * many of them still wait at AT. */
static int64_t
count_turns(const struct arrivals *arrivals, int at, int64_t *ahead)
{
	int64_t turns = 0, none;

	*ahead = 0;
	for (int i = arrivals->ranges_count - 1; i > at; i--) {
		*ahead += arrivals->ranges[i].calls / arrivals->least - 1;
		none = *ahead ? ranges_between(arrivals, arrivals->ranges[i].range, arrivals->ranges[i - 1].range, *ahead) : 0;
		if (none > *ahead)
			return -1;
		*ahead -= none;
		turns += 1 + none;
	}
	return turns;
}

/* How many turns after arrival AT's range, in which two came, the one of them that has to wait is given: in the next range in which none came, if no other waits beside it.
 * -1: not known. */
static int64_t
wait_of_one(const struct arrivals *arrivals, int at)
{
	for (int i = at; i >= 0; i--) {
		if (arrivals->ranges[i].calls != (i == at ? 2 : 1) * arrivals->least)
			return -1;
		if (ranges_between(arrivals, arrivals->ranges[i].range, i ? arrivals->ranges[i - 1].range : -1, 0))
			return at - i + 1;
	}
	return -1;
}

/* In no kept range came more, or less, than one, so that none can be waiting from before. */
static bool
is_in_turn(const struct arrivals *arrivals)
{
	bool single = arrivals->ranges_count >= TURNS_SURE;

	for (int i = 0; i < arrivals->ranges_count; i++)
		single = single && arrivals->ranges[i].calls == arrivals->least;
	return single;
}

int64_t
fetched_received(const struct failure *failure, const struct batch *batch, int64_t from, bool only)
{
	struct arrivals *arrivals = calloc(1, sizeof(*arrivals));
	int64_t before = failure->has_event ? failure->event.id : failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX, turns = -1, waiting, all;
	bool whole = arrivals != NULL;
	int at = 0;

	if (!arrivals)
		return -1;
	arrivals->batch = batch;
	arrivals->from = from;
	arrivals->own = batch->fetch->id;
	all = fetched_each(batch, before, add_arrival, arrivals);
	while (at < arrivals->ranges_count && arrivals->ranges[at].range != batch->range)
		arrivals->since -= arrivals->ranges[at++].calls; /* in ranges since its own */
	for (int i = 0; i < arrivals->ranges_count; i++)
		if (!i || arrivals->ranges[i].calls < arrivals->least)
			arrivals->least = arrivals->ranges[i].calls;
	for (int i = 0; i < arrivals->ranges_count; i++)
		whole = whole && arrivals->ranges[i].calls % arrivals->least == 0;
	if (whole && at < arrivals->ranges_count && arrivals->ranges_count < RANGES_MOST) {
		bool last = arrivals->since < arrivals->least;

		if (from >= 0) {
			int64_t wait = last ? 0 : wait_of_one(arrivals, at);

			turns = count_turns(arrivals, at, &waiting);
			turns = turns < 0 || wait < 0 || (wait && waiting) ? -1 : turns + wait;
		} else if (last && only && is_in_turn(arrivals) && all >= arrivals->ranges_count * (int64_t)arrivals->least && all % arrivals->least == 0) {
			turns = all / arrivals->least - 1 - at;
		}
	}
	free(arrivals);
	return turns;
}
