#include "history.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

struct calls {
	const struct event *event;
	const struct mismatch *mismatch;
	int place, dim; /* what is measured: where the mismatch is, or the length of the mask or index it is about */
	int64_t count, measured, agreed, smallest, largest, same /* had the failing size */;
};

/* The size of dimension DIM of operand PLACE; false if the call has no such. */
static bool
size_at(const struct event *event, int place, int dim, int64_t *out)
{
	if (place < 0 || place >= event->operand_count || dim < 0 || dim >= event->operands[place].ndim)
		return false;
	*out = event->operands[place].sizes[dim];
	return true;
}

static void
choose_place(struct calls *calls)
{
	const struct mismatch *mismatch = calls->mismatch;
	const struct operand *operands = calls->event->operands;

	calls->place = mismatch ? mismatch->operand : -1;
	calls->dim = mismatch ? mismatch->dim : -1;
	if (!mismatch)
		return;
	if (strcmp(mismatch->property, "count") == 0 && mismatch->against >= 0 && operands[mismatch->against].ndim >= 2) {
		calls->place = mismatch->against;
		calls->dim = 1;
	} else if (strcmp(mismatch->property, "index") == 0 && calls->place >= 0) {
		calls->dim = operands[calls->place].ndim - 1;
	}
}

static bool
add_call(const struct event *event, void *context)
{
	struct calls *calls = context;
	const struct mismatch *mismatch = calls->mismatch;
	int64_t size, other, failing;

	calls->count++;
	if (!mismatch || !size_at(event, calls->place, calls->dim, &size))
		return calls->count < HISTORY_CALLS_MOST;
	if (!calls->measured++)
		calls->smallest = calls->largest = size;
	calls->smallest = size < calls->smallest ? size : calls->smallest;
	calls->largest = size > calls->largest ? size : calls->largest;
	if (size_at(calls->event, calls->place, calls->dim, &failing))
		calls->same += failing == size;
	if (size_at(event, mismatch->operand, mismatch->dim, &size) && size_at(event, mismatch->against, mismatch->against_dim, &other))
		calls->agreed += other == size;
	return calls->count < HISTORY_CALLS_MOST;
}

static void
add_range(struct text *text, const struct calls *calls, const char *name, int dim, int64_t failing)
{
	if (calls->smallest == calls->largest)
		text_add(text, "dimension %d of %s was always %" PRId64, dim, name, calls->smallest);
	else
		text_add(text, "dimension %d of %s was %" PRId64 " to %" PRId64, dim, name, calls->smallest, calls->largest);
	if (failing > calls->largest)
		text_add(text, ", never the %" PRId64 " of now: larger than ever before", failing);
	else if (failing < calls->smallest)
		text_add(text, ", never the %" PRId64 " of now: smaller than ever before", failing);
	else if (!calls->same)
		text_add(text, ", never the %" PRId64 " of now", failing);
	else if (failing == calls->largest && calls->smallest < calls->largest)
		text_add(text, ", %" PRId64 " never exceeded", failing);
}

json_t *
history_build(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch)
{
	struct calls calls = { .event = event, .mismatch = mismatch };
	struct text text = {{0}, 0};
	json_t *json = json_object();
	bool pair = mismatch && mismatch->operand >= 0 && mismatch->against >= 0 && mismatch->dim >= 0 && mismatch->against_dim >= 0;
	int64_t failing;

	choose_place(&calls);
	if (event->site >= 0)
		source->each_call(source->context, process, event, add_call, &calls);
	if (pair && calls.same) { /* nothing new about this side: about the other? */
		struct calls other = { .event = event, .mismatch = mismatch, .place = mismatch->against, .dim = mismatch->against_dim };

		source->each_call(source->context, process, event, add_call, &other);
		if (other.measured && !other.same)
			calls = other;
	}
	json_object_set_new(json, "seen_before", event->site >= 0 ? json_integer(calls.count) : json_null());
	if (calls.count) {
		text_add(&text, "%s%" PRId64 " earlier call%s here", calls.count >= HISTORY_CALLS_MOST ? "the last " : "", calls.count,
			 calls.count == 1 ? "" : "s");
		if (calls.measured && size_at(event, calls.place, calls.dim, &failing)) {
			text_add(&text, ": ");
			if (pair && strcmp(mismatch->property, "size") == 0 && calls.agreed == calls.measured)
				text_add(&text, "%s and %s agreed every time; ", event->operands[mismatch->operand].name,
					 event->operands[mismatch->against].name);
			else if (strcmp(mismatch->property, "count") == 0 && mismatch->against >= 0)
				text_add(&text, "as many rows as %s selects every time; ", event->operands[mismatch->against].name);
			add_range(&text, &calls, event->operands[calls.place].name, calls.dim, failing);
		}
	}
	text_set(json, "text", text.used ? text.data : NULL);
	return json;
}
