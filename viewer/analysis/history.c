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

#define DIMS_MOST 8
#define CALLS_LEAST 3 /* fewer tell nothing about what is new */

/* What earlier calls made. */
struct makes { const struct event *event; int output; int64_t count; struct { int64_t smallest, largest, same; } dims[DIMS_MOST]; };

static bool
add_make(const struct event *event, void *context)
{
	struct makes *makes = context;
	const struct operand *now = &makes->event->outputs[makes->output];
	const struct operand *is = makes->output < event->output_count ? &event->outputs[makes->output] : NULL;

	if (!is || is->ndim != now->ndim)
		return true;
	for (int d = 0; d < is->ndim && d < DIMS_MOST; d++) {
		int64_t size = is->sizes[d];

		if (!makes->count || size < makes->dims[d].smallest)
			makes->dims[d].smallest = size;
		if (!makes->count || size > makes->dims[d].largest)
			makes->dims[d].largest = size;
		makes->dims[d].same += size == now->sizes[d];
	}
	return ++makes->count < HISTORY_CALLS_MOST;
}

static bool
look_back(const struct source *source, int process, const struct event *event, int output, struct makes *out)
{
	*out = (struct makes){ .event = event, .output = output };
	if (event->site < 0 || output < 0 || output >= event->output_count)
		return false;
	source->each_call(source->context, process, event, add_make, out);
	return true;
}

json_t *
history_made(const struct source *source, int process, const struct event *event, int output, const char *name)
{
	struct text text = {{0}, 0};
	json_t *json = json_object();
	struct makes makes;
	bool known = look_back(source, process, event, output, &makes);

	json_object_set_new(json, "seen_before", known ? json_integer(makes.count) : json_null());
	if (known && makes.count) {
		const struct operand *now = &event->outputs[output];

		text_add(&text, "%s was made so %" PRId64 " time%s before", name, makes.count, makes.count == 1 ? "" : "s");
		for (int d = 0; d < now->ndim && d < DIMS_MOST; d++) {
			struct calls calls = { .smallest = makes.dims[d].smallest, .largest = makes.dims[d].largest, .same = makes.dims[d].same };

			if (calls.smallest == calls.largest && calls.smallest == now->sizes[d])
				continue;
			text_add(&text, "; ");
			add_range(&text, &calls, name, d, now->sizes[d]);
		}
	}
	text_set(json, "text", text.used ? text.data : NULL);
	return json;
}

int
history_new_dim(const struct source *source, int process, const struct event *event, int output)
{
	struct makes makes;

	if (!look_back(source, process, event, output, &makes) || makes.count < CALLS_LEAST)
		return -1;
	for (int d = 0; d < event->outputs[output].ndim && d < DIMS_MOST; d++)
		if (!makes.dims[d].same)
			return d;
	return -1;
}
