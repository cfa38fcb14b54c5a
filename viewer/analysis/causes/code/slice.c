#include "slice.h"

#include <string.h>

#include "../../mismatch/mismatch_rule.h"
#include "../../text.h"

#define EVENTS_BEFORE 6 /* the slice, on the failing line */

bool
slice_read(const struct event *event, struct slice *out)
{
	int self = rule_tensor(event, "self");
	int64_t along = 0;

	*out = (struct slice){ .dim = -1, .end = RULE_INT_MOST };
	if (!mismatch_is_any(event->operation, "slice") || self < 0)
		return false;
	rule_int(event, "dim", &along);
	rule_int(event, "start", &out->start);
	rule_int(event, "end", &out->end);
	out->dim = rule_dim(along, event->operands[self].ndim);
	if (out->dim < 0 || out->start < 0)
		return false;
	out->whole = event->operands[self].sizes[out->dim];
	return true;
}

int64_t
slice_stop(const struct slice *slice)
{
	if (slice->end < 0)
		return slice->whole + slice->end;
	return slice->end < slice->whole ? slice->end : slice->whole;
}

int64_t
slice_left(const struct slice *slice)
{
	return slice_stop(slice) > slice->start ? slice_stop(slice) - slice->start : 0;
}

bool
slice_is_short(const struct slice *slice, int64_t wanted)
{
	return slice->end > slice->whole && slice->end < RULE_INT_MOST && slice->end - slice->start == wanted && slice_left(slice) < wanted;
}

bool
slice_shortens(const struct event *event, int dim)
{
	int self = mismatch_is_any(event->operation, "slice narrow") && event->output_count == 1 ? rule_any(event, "self input") : -1;

	return self >= 0 && dim >= 0 && dim < event->outputs[0].ndim && event->outputs[0].ndim == event->operands[self].ndim &&
	       event->outputs[0].sizes[dim] < event->operands[self].sizes[dim];
}

bool
slice_begins_beyond(const struct slice *slice)
{
	return slice->start >= slice->whole && slice->end > slice->start;
}

bool
slice_find_short(const struct source *source, int process, const struct event *failed, const struct mismatch *mismatch, struct event *event,
		 struct slice *slice, int64_t *wanted)
{
	int64_t left;

	if (strcmp(mismatch->property, "size") != 0 || !mismatch_is_any(failed->operation, "expand copy") || !mismatch->has_expected || !mismatch->has_actual)
		return false;
	left = mismatch->expected < mismatch->actual ? mismatch->expected : mismatch->actual; /* whichever is told first */
	*wanted = mismatch->expected < mismatch->actual ? mismatch->actual : mismatch->expected;
	for (int64_t id = failed->id - 1; id >= 0 && id >= failed->id - EVENTS_BEFORE; id--)
		if (source->event(source->context, process, id, event) && event->output_count == 1 && slice_read(event, slice) &&
		    event->outputs[0].sizes[slice->dim] == left && slice_is_short(slice, *wanted))
			return true;
	return false;
}
