#include "history.h"

#include <inttypes.h>
#include <string.h>

#include "elsewhere.h"
#include "form_changed.h"
#include "../mismatch/mismatch_rule.h"
#include "history_kind.h"
#include "history_series.h"
#include "../text.h"
#include "usual.h"
#include "../lineage/whole.h"

#define DIMS_MOST 8
#define CALLS_QUICK 400 /* looked at where many lines are asked about */

struct calls {
	const struct event *event;
	const struct mismatch *mismatch;
	int place, dim; /* what is measured: where the mismatch is, or the length of the mask or index it is about */
	int64_t count, measured, agreed, smallest, largest, same /* had the failing size */;
	int64_t kept;         /* of `count`, those whose events are still there; the others are known by their sizes alone */
	int64_t others, alike; /* calls of this line by another layer, left out; of them, by one of the same sizes */
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

/* Is it at least a weight of the same sizes? The whole run tells no more apart. */
static bool
is_alike(const struct event *now, const struct event *before)
{
	const struct operand *one = &now->operands[rule_tensor(now, "weight")], *other = &before->operands[rule_tensor(before, "weight")];

	return one->ndim == other->ndim && memcmp(one->sizes, other->sizes, (size_t)one->ndim * sizeof(*one->sizes)) == 0;
}

static bool
add_call(const struct event *event, void *context)
{
	struct calls *calls = context;
	const struct mismatch *mismatch = calls->mismatch;
	int64_t size, other, failing;

	if (!calls->any_layer && !usual_same_layer(calls->event, event)) {
		calls->others++;
		calls->alike += is_alike(calls->event, event);
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

/* What the events that are kept don't tell any more. */
static void
widen(const struct source *source, int process, struct calls *calls)
{
	const struct event *event = calls->event;
	struct call_history *whole = &calls->whole;
	int64_t failing;

	calls->kept = calls->count;
	if (calls->any_layer) /* the whole run is known by line and by a weight's sizes */
		calls->others = calls->alike = 0;
	if (!whole_calls(source, process, event, calls->place, calls->dim, calls->count + calls->alike, whole))
		return;
	if (calls->others && whole->calls == calls->count + calls->alike) { /* all are kept */
		*whole = (struct call_history){ 0 };
		return;
	}
	calls->count = whole->calls;
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

/* LAST: only of so many, the newest (0: of all). */
static void
add_range(struct text *text, const struct calls *calls, const char *name, int dim, int64_t failing, int64_t last)
{
	if (last)
		text_add(text, "in the last %" PRId64 " ", last);
	if (calls->smallest == calls->largest)
		text_add(text, "dimension %d of %s was always %" PRId64, dim, name, calls->smallest);
	else
		text_add(text, "dimension %d of %s was %" PRId64 " to %" PRId64, dim, name, calls->smallest, calls->largest);
	if (last && (failing > calls->largest || failing < calls->smallest))
		text_add(text, ", never the %" PRId64 " of now", failing);
	else if (failing > calls->largest)
		text_add(text, ", never the %" PRId64 " of now: larger than ever before", failing);
	else if (failing < calls->smallest)
		text_add(text, ", never the %" PRId64 " of now: smaller than ever before", failing);
	else if (!calls->same && !calls->unsure)
		text_add(text, ", never the %" PRId64 " of now", failing);
	else if (failing == calls->largest && calls->smallest < calls->largest)
		text_add(text, ", %" PRId64 " never exceeded", failing);
}

/* Did the two sides agree in every call, kept or not? */
static bool
agreed_always(const struct source *source, int process, const struct calls *calls)
{
	const struct mismatch *mismatch = calls->mismatch;
	struct call_history whole[2];

	return whole_calls(source, process, calls->event, mismatch->operand, mismatch->dim, calls->kept, &whole[0]) &&
	       whole_calls(source, process, calls->event, mismatch->against, mismatch->against_dim, calls->kept, &whole[1]) &&
	       whole_agreed(mismatch, whole);
}

/* That the two sides agreed, as far as is known. */
static void
add_agreement(const struct source *source, int process, struct text *text, const struct calls *calls, int64_t kept_measured, bool pair)
{
	const struct mismatch *mismatch = calls->mismatch;
	const struct operand *operands = calls->event->operands;
	bool always = calls->count == calls->kept;
	char often[64];

	if (pair && strcmp(mismatch->property, "size") == 0 && calls->agreed == kept_measured) {
		always = always || agreed_always(source, process, calls);
		if (!always && !kept_measured)
			return;
	} else if (strcmp(mismatch->property, "count") != 0 || mismatch->against < 0 || !kept_measured)
		return;
	text_say(often, sizeof(often), "every time");
	if (!always)
		text_say(often, sizeof(often), "in each of the last %" PRId64, kept_measured);
	if (strcmp(mismatch->property, "size") == 0)
		text_add(text, "%s and %s agreed %s; ", operands[mismatch->operand].name, operands[mismatch->against].name, often);
	else
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

/* ": self had 2 dimensions in the last 9 of them, in the newest [8, 10] float32, not the [8] int64 of now": of the operand whose form changed. */
static bool
add_form(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch, struct text *text)
{
	struct form_changed was;
	int side = form_changed_side(source, process, event, mismatch, &was);
	const struct operand *is = side < 0 ? NULL : &event->operands[side ? mismatch->against : mismatch->operand];

	if (!is)
		return false;
	text_add(text, ": %s had %d dimension%s in the last %" PRId64 " of them, in the newest ", is->name, was.ndim, language_plural(was.ndim), was.calls);
	form_add_last(text, &was);
	text_add(text, ", not the ");
	text_add_sizes(text, is->sizes, is->ndim);
	text_add(text, " %s of now", is->dtype ? is->dtype : "");
	return true;
}

json_t *
history_build(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch)
{
	struct calls calls = { .event = event, .mismatch = mismatch };
	struct text text = {{0}, 0}, more = {{0}, 0};
	json_t *json = json_object();
	bool pair = mismatch && mismatch->operand >= 0 && mismatch->against >= 0 && mismatch->dim >= 0 && mismatch->against_dim >= 0;
	int64_t failing, kept_measured = 0;
	bool changed;

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
		text_add(&text, "%s%" PRId64 " earlier call%s here%s", calls.count >= HISTORY_CALLS_MOST && !calls.whole.calls ? SAY("the last ") : "", calls.count,
			 language_plural(calls.count), elsewhere_add_more(source, process, event, &more) ? SAY(" on this way") : "");
		changed = add_form(source, process, event, mismatch, &text);
		if (calls.measured && size_at(event, calls.place, calls.dim, &failing)) {
			text_add(&text, "%s", changed ? "; " : ": ");
			add_agreement(source, process, &text, &calls, kept_measured, pair);
			add_range(&text, &calls, event->operands[calls.place].name, calls.dim, failing, 0);
		} else if (mismatch && !changed) {
			history_add_kind(source, process, event, mismatch, calls.count, &text);
		}
		text_add(&text, "%s", more.data);
	} else {
		elsewhere_add(source, process, event, &text);
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
	return one.measured >= USUAL_CALLS_LEAST && one.same == one.measured && other.measured == one.measured && !other.same &&
	       other.smallest == other.largest;
}

/* What earlier calls made: of each dimension, and of how many calls that is known. */
struct makes {
	const struct event *event;
	int output;
	int64_t count, most, alike /* by another layer of the same sizes: left out */, calls /* kept or not, by any such */;
	struct made_dim { int64_t calls, smallest, largest, same; } dims[DIMS_MOST];
};

static bool
add_make(const struct event *event, void *context)
{
	struct makes *makes = context;
	const struct operand *now = &makes->event->outputs[makes->output];
	const struct operand *is = makes->output < event->output_count ? &event->outputs[makes->output] : NULL;

	if (!is || is->ndim != now->ndim)
		return true;
	if (!usual_same_layer(makes->event, event)) {
		makes->alike += is_alike(makes->event, event);
		return true;
	}
	for (int d = 0; d < is->ndim && d < DIMS_MOST; d++) {
		struct made_dim *dim = &makes->dims[d];
		int64_t size = is->sizes[d];

		if (!dim->calls++)
			dim->smallest = dim->largest = size;
		dim->smallest = size < dim->smallest ? size : dim->smallest;
		dim->largest = size > dim->largest ? size : dim->largest;
		dim->same += size == now->sizes[d];
	}
	return ++makes->count < makes->most;
}

/* What the events that are kept don't tell any more of what calls made. */
static void
widen_makes(const struct source *source, int process, struct makes *makes)
{
	const struct operand *now = &makes->event->outputs[makes->output];
	struct call_history whole;

	makes->calls = makes->count;
	if (!whole_alike(source, process, makes->event, makes->count + makes->alike, &whole) || whole.calls == makes->count + makes->alike)
		return;
	makes->calls = whole.calls;
	for (int d = 0; d < now->ndim && d < DIMS_MOST; d++) {
		struct made_dim *dim = &makes->dims[d];

		if (whole_made(source, process, makes->event, makes->output, d, makes->count, dim->same, &whole))
			*dim = (struct made_dim){ whole.calls, whole.smallest, whole.largest, dim->same || !whole_lacks(&whole, now->sizes[d]) };
	}
}

static bool
look_back(const struct source *source, int process, const struct event *event, int output, int64_t most, struct makes *out)
{
	*out = (struct makes){ .event = event, .output = output, .most = most };
	if (event->site < 0 || output < 0 || output >= event->output_count)
		return false;
	source->each_call(source->context, process, event, add_make, out);
	widen_makes(source, process, out);
	return true;
}

json_t *
history_made(const struct source *source, int process, const struct event *event, int output, const char *name)
{
	struct text text = {{0}, 0}, more = {{0}, 0};
	json_t *json = json_object();
	struct makes makes;
	bool known = look_back(source, process, event, output, HISTORY_CALLS_MOST, &makes), told = false;

	json_object_set_new(json, "seen_before", known ? json_integer(makes.calls) : json_null());
	if (known && makes.calls) {
		const struct operand *now = &event->outputs[output];

		text_add(&text, "%" PRId64 " earlier call%s%s made %s", makes.calls, language_plural(makes.calls),
			 elsewhere_add_more(source, process, event, &more) ? SAY(" on this way") : "", name);
		for (int d = 0; d < now->ndim && d < DIMS_MOST; d++) {
			const struct made_dim *dim = &makes.dims[d];
			struct calls calls = { .smallest = dim->smallest, .largest = dim->largest, .same = dim->same };

			if (!dim->calls || (calls.smallest == calls.largest && calls.smallest == now->sizes[d]))
				continue;
			text_add(&text, "; ");
			add_range(&text, &calls, name, d, now->sizes[d], dim->calls < makes.calls ? dim->calls : 0);
			told = true;
		}
		if (!told && now->ndim > 0 && now->ndim <= DIMS_MOST) {
			text_add(&text, " as it is now, ");
			text_add_sizes(&text, now->sizes, now->ndim);
		}
		text_add(&text, "%s", more.data);
	}
	text_set(json, "text", text.used ? text.data : NULL);
	return json;
}

int
history_new_dim(const struct source *source, int process, const struct event *event, int output)
{
	struct makes makes;

	if (!look_back(source, process, event, output, HISTORY_CALLS_MOST, &makes))
		return -1;
	for (int d = 0; d < event->outputs[output].ndim && d < DIMS_MOST; d++)
		if (makes.dims[d].calls >= USUAL_CALLS_LEAST && !makes.dims[d].same)
			return d;
	return -1;
}

bool
history_size_new(const struct source *source, int process, const struct event *event, int output, int dim, struct history_size *out)
{
	struct makes makes;
	const struct made_dim *made;

	if (dim < 0 || dim >= DIMS_MOST || !look_back(source, process, event, output, CALLS_QUICK, &makes) || dim >= event->outputs[output].ndim)
		return false;
	made = &makes.dims[dim];
	if (made->calls < USUAL_CALLS_LEAST || made->same)
		return false;
	*out = (struct history_size){ made->calls, made->smallest, made->largest };
	return event->outputs[output].sizes[dim] < out->smallest || event->outputs[output].sizes[dim] > out->largest;
}
