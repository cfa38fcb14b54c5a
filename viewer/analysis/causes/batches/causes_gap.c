/* A rule about slices from the first to the last of positions that have others between them. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../code/slice.h"

#define EVENTS_BEFORE 12
#define CALLS_LEAST 3
#define CALLS_MOST 200

struct gap { int64_t start, stop, count; };

/* Positions, each once, the smallest START and the largest STOP - 1, as many as COUNT. */
static bool
has_gap(const json_t *local, void *context)
{
	const json_t *summary = json_object_get(local, "summary");
	const struct gap *gap = context;

	return json_array_size(json_object_get(local, "shape")) == 1 && text_among("int64 int32", text_get(local, "dtype")) &&
	       cause_local_size(local, 0) == gap->count && cause_count(summary, "distinct", -1) == gap->count && cause_count(summary, "min", -1) == gap->start &&
	       cause_count(summary, "max", -1) == gap->stop - 1;
}

/* The slice of SIZE that the failing line or its function made just before. */
static bool
find_slice(const struct cause_facts *facts, int64_t size, struct event *event, struct slice *slice)
{
	for (int64_t id = facts->event->id - 1; id >= 0 && id >= facts->event->id - EVENTS_BEFORE; id--)
		if (facts->source->event(facts->source->context, facts->process, id, event) && event->output_count == 1 && slice_read(event, slice) &&
		    slice->dim < event->outputs[0].ndim && event->outputs[0].sizes[slice->dim] == size && slice->end > slice->start && slice->start >= 0 &&
		    slice->end - slice->start == size)
			return true;
	return false;
}

static bool
count_call(const struct event *event, void *context)
{
	(void)event;
	return ++*(int64_t *)context < CALLS_MOST;
}

/* Needs: a size that a slice made just before, and positions among the locals, as many as the other side has, whose first and last are the slice's and
 * which aren't all that lies between. */
bool
cause_slice_over_gap(const struct cause_facts *facts, struct cause *out)
{
	struct event event;
	struct slice slice;

	if (!cause_disagrees(facts, "size") || !facts->source || !facts->mismatch->has_expected || !facts->mismatch->has_actual)
		return false;
	for (int i = 0; i < 2; i++) {
		int64_t whole = i ? facts->mismatch->actual : facts->mismatch->expected, count = i ? facts->mismatch->expected : facts->mismatch->actual, calls = 0;
		const json_t *positions;
		struct gap gap;

		if (whole <= count || count < 2 || !find_slice(facts, whole, &event, &slice))
			continue;
		gap = (struct gap){ slice.start, slice.end, count };
		positions = cause_local(facts, has_gap, &gap);
		if (!positions)
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "the slice %" PRId64 ":%" PRId64 " goes from the first to the last of %s and takes all that lies between: %" PRId64 " places, of which %s has %" PRId64
			 ": it isn't one run of neighbours, %" PRId64 " other%s lie within", slice.start, slice.end, text_get(positions, "name"), whole,
			 text_get(positions, "name"), count, whole - count, language_plural(whole - count));
		facts->source->each_call(facts->source->context, facts->process, &event, count_call, &calls);
		if (calls >= CALLS_LEAST)
			text_add(&out->evidence, "%" PRId64 " earlier calls took no more than there were", calls);
		text_add(&out->fix, "use the positions themselves instead of the range: index with %s ([%s] = ... or index_put), or do it for each run of neighbours",
			 text_get(positions, "name"), text_get(positions, "name"));
		return true;
	}
	return false;
}
