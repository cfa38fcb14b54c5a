#include "history.h"

#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "history_series.h"
#include "text.h"

#define DIMS_MOST 8
#define CALLS_QUICK 400 /* looked at where many lines are asked about */
#define CALLS_LEAST 3 /* fewer tell nothing about what is new */
#define LATER_MOST 65536 /* operations that are looked through for calls after the failure */

struct calls {
	const struct event *event;
	const struct mismatch *mismatch;
	int place, dim; /* what is measured: where the mismatch is, or the length of the mask or index it is about */
	int64_t count, measured, agreed, smallest, largest, same /* had the failing size */;
	int64_t kept;         /* of `count`, those whose events are still there; the others are known by their sizes alone */
	int64_t others;       /* calls of this line by another layer, left out */
	bool any_layer;       /* they count, too: no call of this one came before */
	bool unsure;          /* whether the failing size came before isn't known */
	struct call_history whole; /* calls 0: nothing is known of the whole run */
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

/* Calls of one line may be of several layers (a loop, a Sequential): those of another weight are others. */
static bool
is_same_layer(const struct event *now, const struct event *before)
{
	int one = rule_tensor(now, "weight"), other = rule_tensor(before, "weight");

	return one < 0 || other < 0 || now->operands[one].tensor < 0 || before->operands[other].tensor < 0 ||
	       now->operands[one].tensor == before->operands[other].tensor;
}

static bool
add_call(const struct event *event, void *context)
{
	struct calls *calls = context;
	const struct mismatch *mismatch = calls->mismatch;
	int64_t size, other, failing;

	if (!calls->any_layer && !is_same_layer(calls->event, event)) {
		calls->others++;
		return calls->others < HISTORY_CALLS_MOST;
	}
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

struct later { const struct event *event; int64_t count, seen; bool reached; };

static bool
add_later(const struct event *event, void *context)
{
	struct later *later = context;

	later->seen++;
	later->reached = event->id <= later->event->id;
	later->count += !later->reached && event->site == later->event->site && strcmp(event->operation, later->event->operation) == 0 &&
			strcmp(event->status, "ok") == 0;
	return !later->reached;
}

/* Calls of the same line after EVENT, in a program that lived on; -1 where too much came after it. */
static int64_t
later_calls(const struct source *source, int process, const struct event *event)
{
	struct later later = { event, 0, 0, false };

	source->each_recent(source->context, process, LATER_MOST, add_later, &later);
	return later.reached || later.seen < LATER_MOST ? later.count : -1;
}

/* What the events that are kept don't tell any more. */
static void
widen(const struct source *source, int process, struct calls *calls)
{
	const struct event *event = calls->event;
	struct call_history *whole = &calls->whole;
	int tensor_index = 0;
	int64_t failing, later;

	calls->kept = calls->count;
	if (calls->others && !calls->any_layer)
		return; /* the whole run is known by line, not by layer */
	for (int i = 0; i < calls->place && i < event->operand_count; i++)
		tensor_index += event->operands[i].kind && strcmp(event->operands[i].kind, "tensor") == 0;
	if (!source->call_history(source->context, process, event, calls->place < 0 ? -1 : tensor_index, calls->dim, whole)
	    || (later = later_calls(source, process, event)) < 0 || whole->calls - later < calls->count) {
		*whole = (struct call_history){ 0 };
		return;
	}
	calls->count = whole->calls -= later;
	if (whole->calls == calls->kept || !whole->measured || !size_at(event, calls->place, calls->dim, &failing))
		return;
	calls->measured = whole->measured;
	calls->smallest = whole->smallest;
	calls->largest = whole->largest;
	calls->same = failing == whole->smallest || failing == whole->largest || calls->same;
	for (int i = 0; i < whole->size_count; i++)
		calls->same = calls->same || whole->sizes[i] == failing;
	calls->unsure = !calls->same && whole->more && failing > whole->smallest && failing < whole->largest;
}

static void
look_back_at(const struct source *source, int process, struct calls *calls)
{
	source->each_call(source->context, process, calls->event, add_call, calls);
	if (!calls->count && calls->others) {
		calls->any_layer = true; /* a weight that is computed anew for each call */
		source->each_call(source->context, process, calls->event, add_call, calls);
	}
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
	else if (!calls->same && !calls->unsure)
		text_add(text, ", never the %" PRId64 " of now", failing);
	else if (failing == calls->largest && calls->smallest < calls->largest)
		text_add(text, ", %" PRId64 " never exceeded", failing);
}

/* That the two sides agreed, as far as the events tell. */
static void
add_agreement(struct text *text, const struct calls *calls, int64_t kept_measured, bool pair)
{
	const struct mismatch *mismatch = calls->mismatch;
	const struct operand *operands = calls->event->operands;
	char often[64];

	text_say(often, sizeof(often), "every time");
	if (calls->count > calls->kept)
		text_say(often, sizeof(often), "in each of the last %" PRId64, kept_measured);
	if (pair && strcmp(mismatch->property, "size") == 0 && calls->agreed == kept_measured && kept_measured)
		text_add(text, "%s and %s agreed %s; ", operands[mismatch->operand].name, operands[mismatch->against].name, often);
	else if (strcmp(mismatch->property, "count") == 0 && mismatch->against >= 0 && kept_measured)
		text_add(text, "as many rows as %s selects %s; ", operands[mismatch->against].name, often);
}

static json_t *
range_json(const struct calls *calls)
{
	const struct call_history *whole = &calls->whole;
	json_t *json, *sizes;

	if (!whole->measured)
		return json_null();
	json = json_object();
	sizes = json_array();
	text_set(json, "operand", calls->event->operands[calls->place].name);
	json_object_set_new(json, "dimension", json_integer(calls->dim));
	json_object_set_new(json, "calls", json_integer(whole->measured));
	json_object_set_new(json, "smallest", json_integer(whole->smallest));
	json_object_set_new(json, "largest", json_integer(whole->largest));
	json_object_set_new(json, "at_largest", json_integer(whole->at_largest));
	for (int i = 0; i < whole->size_count; i++)
		json_array_append_new(sizes, json_integer(whole->sizes[i]));
	json_object_set_new(json, "sizes", sizes);
	json_object_set_new(json, "more", json_boolean(whole->more));
	json_object_set_new(json, "first_step", json_integer(whole->first_step));
	json_object_set_new(json, "new_step", json_integer(whole->new_step));
	return json;
}

json_t *
history_build(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch)
{
	struct calls calls = { .event = event, .mismatch = mismatch };
	struct text text = {{0}, 0};
	json_t *json = json_object();
	bool pair = mismatch && mismatch->operand >= 0 && mismatch->against >= 0 && mismatch->dim >= 0 && mismatch->against_dim >= 0;
	int64_t failing, kept_measured = 0;

	choose_place(&calls);
	if (event->site >= 0) {
		look_back_at(source, process, &calls);
		kept_measured = calls.measured;
		widen(source, process, &calls);
	}
	if (pair && calls.same) { /* nothing new about this side: about the other? */
		struct calls other = { .event = event, .mismatch = mismatch, .place = mismatch->against, .dim = mismatch->against_dim };

		look_back_at(source, process, &other);
		int64_t others_kept = other.measured;
		widen(source, process, &other);
		if (other.measured && !other.same && !other.unsure) {
			calls = other;
			kept_measured = others_kept;
		}
	}
	json_object_set_new(json, "series", history_series(source, process, event, calls.place, calls.dim));
	json_object_set_new(json, "seen_before", event->site >= 0 ? json_integer(calls.count) : json_null());
	if (calls.count) {
		text_add(&text, "%s%" PRId64 " earlier call%s here", calls.count >= HISTORY_CALLS_MOST && !calls.whole.calls ? SAY("the last ") : "", calls.count,
			 language_plural(calls.count));
		if (calls.measured && size_at(event, calls.place, calls.dim, &failing)) {
			text_add(&text, ": ");
			add_agreement(&text, &calls, kept_measured, pair);
			add_range(&text, &calls, event->operands[calls.place].name, calls.dim, failing);
		}
	}
	json_object_set_new(json, "range", range_json(&calls));
	text_set(json, "text", text.used ? text.data : NULL);
	return json;
}

bool
history_other_changed(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch)
{
	struct calls one = { .event = event, .mismatch = mismatch, .place = mismatch->operand, .dim = mismatch->dim };
	struct calls other = { .event = event, .mismatch = mismatch, .place = mismatch->against, .dim = mismatch->against_dim };

	if (event->site < 0 || mismatch->operand < 0 || mismatch->against < 0 || mismatch->dim < 0 || mismatch->against_dim < 0)
		return false;
	look_back_at(source, process, &one);
	look_back_at(source, process, &other);
	return one.measured >= CALLS_LEAST && one.same == one.measured && other.measured == one.measured && !other.same &&
	       other.smallest == other.largest;
}

struct ranks { const struct event *event; int place, calls, same; };

static bool
add_rank(const struct event *event, void *context)
{
	struct ranks *ranks = context;

	if (ranks->place >= event->operand_count || !is_same_layer(ranks->event, event))
		return true;
	ranks->same += event->operands[ranks->place].ndim == ranks->event->operands[ranks->place].ndim;
	return ++ranks->calls < HISTORY_CALLS_MOST;
}

bool
history_rank_changed(const struct source *source, int process, const struct event *event, int place)
{
	struct ranks ranks = { .event = event, .place = place };

	if (event->site < 0 || place < 0)
		return false;
	source->each_call(source->context, process, event, add_rank, &ranks);
	return ranks.calls >= CALLS_LEAST && !ranks.same;
}

/* What earlier calls made. */
struct makes { const struct event *event; int output; int64_t count, most; struct { int64_t smallest, largest, same; } dims[DIMS_MOST]; };

static bool
add_make(const struct event *event, void *context)
{
	struct makes *makes = context;
	const struct operand *now = &makes->event->outputs[makes->output];
	const struct operand *is = makes->output < event->output_count ? &event->outputs[makes->output] : NULL;

	if (!is || is->ndim != now->ndim || !is_same_layer(makes->event, event))
		return true;
	for (int d = 0; d < is->ndim && d < DIMS_MOST; d++) {
		int64_t size = is->sizes[d];

		if (!makes->count || size < makes->dims[d].smallest)
			makes->dims[d].smallest = size;
		if (!makes->count || size > makes->dims[d].largest)
			makes->dims[d].largest = size;
		makes->dims[d].same += size == now->sizes[d];
	}
	return ++makes->count < makes->most;
}

static bool
look_back(const struct source *source, int process, const struct event *event, int output, int64_t most, struct makes *out)
{
	*out = (struct makes){ .event = event, .output = output, .most = most };
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
	bool known = look_back(source, process, event, output, HISTORY_CALLS_MOST, &makes);

	json_object_set_new(json, "seen_before", known ? json_integer(makes.count) : json_null());
	if (known && makes.count) {
		const struct operand *now = &event->outputs[output];

		text_add(&text, "%" PRId64 " earlier call%s made %s", makes.count, language_plural(makes.count), name);
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

	if (!look_back(source, process, event, output, HISTORY_CALLS_MOST, &makes) || makes.count < CALLS_LEAST)
		return -1;
	for (int d = 0; d < event->outputs[output].ndim && d < DIMS_MOST; d++)
		if (!makes.dims[d].same)
			return d;
	return -1;
}

bool
history_size_new(const struct source *source, int process, const struct event *event, int output, int dim, struct history_size *out)
{
	struct makes makes;

	if (dim < 0 || dim >= DIMS_MOST || !look_back(source, process, event, output, CALLS_QUICK, &makes) || makes.count < CALLS_LEAST ||
	    dim >= event->outputs[output].ndim || makes.dims[dim].same)
		return false;
	*out = (struct history_size){ makes.count, makes.dims[dim].smallest, makes.dims[dim].largest };
	return event->outputs[output].sizes[dim] < out->smallest || event->outputs[output].sizes[dim] > out->largest;
}
