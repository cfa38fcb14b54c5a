/* The story of a failure: where each side of the mismatch, or each tensor that an exception is about, came from. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lineage/backward.h"
#include "findings/check.h"
#include "history/history.h"
#include "history/usual.h"
#include "lineage/lineage.h"
#include "mismatch/mismatch_rule.h"
#include "lineage/lineage_steps.h"
#include "mismatch/operand.h"
#include "diagnosis_parts.h"
#include "text.h"
#include "where.h"

#define CHAINS_MOST 4
#define NAME_SHORT 24 /* bytes */

static const char *
name_of(const struct diagnosis *diagnosis, const struct operand *operand)
{
	const json_t *local = operand_local(diagnosis->frames, operand->tensor);

	return local && *text_get(local, "name") ? text_get(local, "name") : operand->name;
}

/* The end of a path that is too long to be told twice: "layers.0.weight". */
static const char *
short_name(const char *name)
{
	while (strlen(name) > NAME_SHORT && strchr(name, '.') && strchr(name, '.')[1])
		name = strchr(name, '.') + 1;
	return name;
}

void
diagnosis_append(struct diagnosis *diagnosis, const struct lineage *lineage, const char *name, const char *what, int dim)
{
	json_t *json = json_object();
	char head[256];

	if (lineage->property == LINEAGE_SIZE)
		text_format(head, sizeof(head), "%s = %.160s.shape[%d]", what, short_name(name), dim);
	else if (lineage->property == LINEAGE_VALUES || lineage->property == LINEAGE_MAKER)
		text_format(head, sizeof(head), "%.200s", what);
	else if (lineage->property == LINEAGE_RANK)
		text_say(head, sizeof(head), "%.160s has %.60s", short_name(name), what);
	else
		text_format(head, sizeof(head), "%s = %.160s.%s", what, short_name(name), lineage->property == LINEAGE_DTYPE ? "dtype" : "device");
	text_set(json, "operand", name);
	json_object_set_new(json, "lines", lineage_lines(diagnosis->source, lineage, head));
	json_object_set_new(json, "passing", lineage_passing(lineage));
	json_object_set_new(json, "steps", lineage_steps(diagnosis->source, diagnosis->failure, lineage));
	json_array_append_new(diagnosis->lineage, json);
	if (json_is_null(diagnosis->origin)) {
		json_decref(diagnosis->origin);
		diagnosis->origin = lineage_origin(diagnosis->source, lineage, what);
	}
}

/* Who made the gradient called NAME is to blame, whatever was added into it then. A node of PyTorch's own ("TBackward0") made it as what it was
 * given is. */
static void
stop_at_gradient(const char *name, struct lineage *lineage)
{
	size_t length = strlen(name);
	int at = 0;

	if (!lineage->count || (length && name[length - 1] >= '0' && name[length - 1] <= '9'))
		return;
	while (at + 1 < lineage->count && mismatch_is_in_place(lineage->steps[at].event.operation) && lineage->steps[at].size == lineage->steps[at + 1].size)
		at++;
	lineage->decider = at;
}

/* Tells the story of one side, from operand PLACE. */
static void
append_place(struct diagnosis *diagnosis, int place, int dim, const struct lineage *lineage)
{
	const struct operand *operand = &diagnosis->subject->operands[place];
	char what[64];

	if (lineage->property == LINEAGE_SIZE)
		text_format(what, sizeof(what), "%" PRId64, operand->sizes[dim]);
	else if (lineage->property == LINEAGE_VALUES || lineage->property == LINEAGE_MAKER)
		text_format(what, sizeof(what), "%s", name_of(diagnosis, operand));
	else if (lineage->property == LINEAGE_RANK)
		text_say(what, sizeof(what), "%d dimension%s", operand->ndim, language_plural(operand->ndim));
	else
		text_format(what, sizeof(what), "%s", lineage->property == LINEAGE_DTYPE ? operand->dtype : operand->device);
	diagnosis_append(diagnosis, lineage, name_of(diagnosis, operand), what, dim);
}

/* Which operand and dimension the story of one side of the mismatch starts from. */
static bool
follow_place(struct diagnosis *diagnosis, int place, int dim, enum lineage_property property, struct lineage *lineage)
{
	const struct event *event = diagnosis->subject;
	const struct operand *operand = place >= 0 ? &event->operands[place] : NULL;

	if (!operand || operand->tensor < 0)
		return false;
	if (property == LINEAGE_SIZE && (dim < 0 || dim >= operand->ndim))
		return false;
	lineage_walk(diagnosis->source, diagnosis->failure->process, event, place, dim, property, lineage);
	if (property == LINEAGE_DTYPE)
		diagnosis_handed(diagnosis, place, lineage);
	if (property == LINEAGE_SIZE && rule_tensor(event, "weight") >= 0 && diagnosis->mismatch.against == rule_tensor(event, "weight"))
		lineage_stop_at_product(lineage);
	if (strcmp(diagnosis->mismatch.property, "stride") == 0)
		lineage_stop_at_layout(lineage);
	if (strcmp(diagnosis->mismatch.property, "numel") == 0 && diagnosis->mismatch.operand >= 0 && rule_columns(event, diagnosis->mismatch.operand, operand) == dim)
		lineage_stop_at_layer(lineage);
	if (property == LINEAGE_MAKER && diagnosis->padded && lineage->count)
		lineage->decider = 0;
	if (strcmp(event->operation, SUBJECT_GRADIENT) == 0 && place == diagnosis->mismatch.operand)
		stop_at_gradient(operand->name, lineage);
	append_place(diagnosis, place, dim, lineage);
	return true;
}

/* An index made by counting is positions; its largest is then known without its values. */
static void
note_positions(struct diagnosis *diagnosis, const struct lineage *lineage)
{
	struct mismatch *mismatch = &diagnosis->mismatch;
	int64_t largest;

	diagnosis->positions = lineage_counts(lineage, &largest);
	if (!diagnosis->positions || mismatch->has_actual || largest < mismatch->expected)
		return;
	mismatch->has_actual = true;
	mismatch->actual = largest;
	mismatch->from_message = false;
	text_say(mismatch->text, sizeof(mismatch->text), "%s holds %" PRId64 " where %s has %" PRId64 " rows",
		    diagnosis->subject->operands[mismatch->operand].name, largest,
		    mismatch->against >= 0 ? diagnosis->subject->operands[mismatch->against].name : SAY("the table"), mismatch->expected);
}

/* Are two shapes one but for dimensions of 1? */
static bool
only_ones_more(const struct operand *one, const struct operand *other)
{
	int i = 0, j = 0;

	while (i < one->ndim || j < other->ndim) {
		if (i < one->ndim && j < other->ndim && one->sizes[i] == other->sizes[j]) {
			i++;
			j++;
		} else if (i < one->ndim && one->sizes[i] == 1) {
			i++;
		} else if (j < other->ndim && other->sizes[j] == 1) {
			j++;
		} else {
			return false;
		}
	}
	return one->ndim != other->ndim;
}

/* Had the failing line never such a size there? */
static bool
is_new_here(const struct diagnosis *diagnosis, int place, int dim)
{
	struct usuals usuals;
	struct usual usual;

	return diagnosis->subject->id >= 0 && usual_given(diagnosis->source, diagnosis->failure->process, diagnosis->subject, place, USUAL_CALLS_QUICK, &usuals) &&
	       usual_dim(&usuals, dim, &usual) && usual_is_beyond(&usual, diagnosis->subject->operands[place].sizes[dim]);
}

static void
follow_mismatch(struct diagnosis *diagnosis, struct lineage *one, struct lineage *other)
{
	const struct mismatch *mismatch = &diagnosis->mismatch;
	const struct event *event = diagnosis->subject;
	enum lineage_property property = strcmp(mismatch->property, "dtype") == 0 ? LINEAGE_DTYPE
					 : strcmp(mismatch->property, "device") == 0 ? LINEAGE_DEVICE : LINEAGE_SIZE;
	int place = mismatch->operand, dim = mismatch->dim, against = mismatch->against, against_dim = mismatch->against_dim;
	enum lineage_property other_property = property;
	struct form_changed was;
	int changed = -1;
	bool is_tensor = place >= 0 && event->operands[place].tensor >= 0;
	bool both, loaded = false;

	if (strcmp(mismatch->property, "items") == 0)
		return; /* how many there are is no tensor's size */
	if (!is_tensor && against >= 0) { /* an argument disagrees with a tensor: the tensor has the story */
		place = against;
		dim = against_dim;
		against = -1;
	}
	if (property == LINEAGE_SIZE && text_among("index length leaf", mismatch->property) && is_tensor)
		property = strcmp(mismatch->property, "leaf") == 0 ? LINEAGE_MAKER : LINEAGE_VALUES;
	if (strcmp(mismatch->property, "rank") == 0 && is_tensor) {
		property = other_property = LINEAGE_RANK;
		changed = form_changed_side(diagnosis->source, diagnosis->failure->process, event, mismatch, &was);
		if (against >= 0 && event->operands[against].tensor >= 0 && changed == 1) {
			int swap = place;

			place = against;
			against = swap;
		}
		if (against >= 0 && (diagnosis->padded = only_ones_more(&event->operands[place], &event->operands[against]))) {
			int more = event->operands[place].ndim > event->operands[against].ndim ? place : against;

			against = more == place ? against : place; /* told first: the one with dimensions of 1 more, and who made it so */
			place = more;
			property = other_property = LINEAGE_MAKER;
		}
	}
	if (strcmp(mismatch->property, "stride") == 0 && is_tensor)
		property = LINEAGE_MAKER;
	if (strcmp(mismatch->property, "count") == 0 && against >= 0)
		other_property = LINEAGE_VALUES;
	if (property == LINEAGE_SIZE && dim < 0 && place >= 0)
		dim = diagnosis_unasked_dim(event, mismatch, place);
	if (property == LINEAGE_SIZE && against >= 0 && against_dim < 0 && event->operands[against].ndim > 0)
		against_dim = event->operands[against].ndim - 1;
	if (strcmp(mismatch->property, "leaf") == 0)
		against = -1;
	both = follow_place(diagnosis, place, dim, property, one);
	if (both && strcmp(mismatch->property, "index") == 0)
		note_positions(diagnosis, one);
	if (!follow_place(diagnosis, against, against_dim, other_property, other))
		both = false;
	if (changed >= 0 && property == LINEAGE_RANK && one->count && diagnosis_form(diagnosis, place, &was, one)) {
		json_array_clear(diagnosis->lineage);
		append_place(diagnosis, place, dim, one);
		if (other->count)
			append_place(diagnosis, against, against_dim, other);
	}
	if (both && property == LINEAGE_DTYPE && other->replaced && json_is_object(diagnosis->origin))
		json_object_set_new(diagnosis->origin, "possible", json_true()); /* the other side was converted: it may be the odd one */
	if (both && property == LINEAGE_SIZE && other_property == LINEAGE_SIZE && diagnosis_is_loaded_state(diagnosis, one, other)) {
		loaded = diagnosis_was_decided_before(one, other);
		if (loaded || !is_new_here(diagnosis, place, dim))
			diagnosis_retell(diagnosis, other, event->operands[against].sizes[against_dim]);
	}
	if (both && property == LINEAGE_SIZE && other_property == LINEAGE_SIZE && !loaded && strcmp(event->operation, SUBJECT_GRADIENT) != 0) {
		const int deciders[] = { one->decider, other->decider };

		lineage_rounds(one, other, &diagnosis->rounding);
		if (!diagnosis_blame(diagnosis, one, other, event->operands[place].sizes[dim],
				     against_dim >= 0 ? event->operands[against].sizes[against_dim] : -1))
			diagnosis_news(diagnosis, (const struct lineage *[]){ one, other },
				    (const int64_t[]){ event->operands[place].sizes[dim], against_dim >= 0 ? event->operands[against].sizes[against_dim] : -1 });
		if (one->decider != deciders[0] || other->decider != deciders[1]) { /* they were decided elsewhere than was told */
			json_array_clear(diagnosis->lineage);
			append_place(diagnosis, place, dim, one);
			append_place(diagnosis, against, against_dim, other);
		}
	}
	if (property == LINEAGE_SIZE && strcmp(event->operation, SUBJECT_LOAD) == 0)
		diagnosis_loaded(diagnosis, one);
	if (property == LINEAGE_SIZE && !both && one->count)
		blame_assigned(diagnosis, other);
	if (both && strcmp(mismatch->property, "count") == 0)
		diagnosis_count(diagnosis, one, other, name_of(diagnosis, &event->operands[against]));
	if (both && property == LINEAGE_SIZE && other_property == LINEAGE_SIZE)
		diagnosis->twins = lineage_part(diagnosis->source, one, other, diagnosis->parting, sizeof(diagnosis->parting));
}

/* What backward needs was written to, or is gone. */
static bool
follow_written(struct diagnosis *diagnosis)
{
	json_t *lines = json_array(), *origin = backward_written(diagnosis->source, diagnosis->failure, diagnosis->failure->message, lines);

	if (json_is_null(origin))
		origin = backward_kept_origin(diagnosis->source, diagnosis->failure, lines);
	if (json_is_null(origin)) {
		json_decref(lines);
		return false;
	}
	json_decref(diagnosis->origin);
	diagnosis->origin = origin;
	json_array_append_new(diagnosis->lineage, json_pack("{s:s, s:o}", "operand", SAY("what backward needs"), "lines", lines));
	return true;
}

/* The dimension of a tensor that an exception is about: one that its text mentions, else one of a size that is new. */
static int
told_dim(const struct diagnosis *diagnosis, const json_t *tensor, int64_t before)
{
	const struct failure *failure = diagnosis->failure;
	json_t *dims = operand_mentioned(json_object_get(tensor, "shape"), failure->message ? failure->message : "");
	int dim = json_array_size(dims) ? (int)json_integer_value(json_array_get(dims, 0)) : -1, fresh = -1, output, writes;
	bool sure = json_array_size(dims) == 1;
	struct event maker;

	json_decref(dims);
	if (!sure && (dim >= 0 || !text_among("bool uint8 int16 int32 int64", text_get(tensor, "dtype"))) &&
	    lineage_maker(diagnosis->source, failure->process, json_integer_value(json_object_get(tensor, "tensor")), before, LINEAGE_SIZE,
			  &maker, &output, &writes))
		fresh = history_new_dim(diagnosis->source, failure->process, &maker, output);
	return fresh >= 0 ? fresh : dim;
}

/* The story of TENSOR, a VARIABLE: of its dimension DIM, or of its elements. */
static void
follow_variable(struct diagnosis *diagnosis, const json_t *tensor, int dim, int64_t before, struct lineage *lineage)
{
	char what[96];

	if (dim >= 0)
		text_format(what, sizeof(what), "%" PRId64,
			    (int64_t)json_integer_value(json_array_get(json_object_get(tensor, "shape"), (size_t)dim)));
	else
		text_format(what, sizeof(what), "%s", text_get(tensor, "name"));
	lineage_walk_tensor(diagnosis->source, diagnosis->failure->process, json_integer_value(json_object_get(tensor, "tensor")), before,
			    dim, dim >= 0 ? LINEAGE_SIZE : LINEAGE_VALUES, lineage);
	if (!lineage->count)
		return;
	if (diagnosis->followed.id < 0 && lineage->steps[0].event.id >= 0 && !lineage->steps[0].entered) {
		diagnosis->followed = lineage->steps[0].event;
		diagnosis->followed_output = lineage->steps[0].output;
		text_format(diagnosis->followed_name, sizeof(diagnosis->followed_name), "%.150s", text_get(tensor, "name"));
	}
	diagnosis_append(diagnosis, lineage, text_get(tensor, "name"), what, dim);
}

/* A check that failed in Python: the tensors that its line rests on. Those whose sizes its message tells come first, then
 * those whose elements it looked at. */
static void
follow_check(struct diagnosis *diagnosis, struct lineage *lineage)
{
	const struct failure *failure = diagnosis->failure;
	int64_t before = failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX;
	const json_t *tensors[CHECK_TENSORS_MOST];
	int count = check_tensors(diagnosis->source, failure, diagnosis->frames, tensors);

	for (int pass = 0; pass < (failure->phase && strcmp(failure->phase, "backward") == 0 ? 1 : 2); pass++) /* backward reads no elements */
		for (int i = 0; i < count && json_array_size(diagnosis->lineage) < CHAINS_MOST; i++) {
			int dim = json_is_integer(json_object_get(tensors[i], "tensor")) ? told_dim(diagnosis, tensors[i], before) : -2;
			bool elements = text_among("bool uint8 int16 int32 int64", text_get(tensors[i], "dtype"));

			if ((pass == 0 && dim >= 0) || (pass == 1 && dim == -1 && elements))
				follow_variable(diagnosis, tensors[i], dim, before, lineage);
		}
}

/* An exception that Python raised: the tensors in reach whose sizes its text mentions. */
static void
follow_locals(struct diagnosis *diagnosis, struct lineage *lineage)
{
	const struct failure *failure = diagnosis->failure;
	int64_t before = failure->context_event >= 0 ? failure->context_event + 1 : INT64_MAX;
	json_t *locals = operand_list_locals(diagnosis->source, failure->process, diagnosis->frames, failure->message, before);

	for (size_t i = 0; i < json_array_size(locals) && json_array_size(diagnosis->lineage) < CHAINS_MOST; i++) {
		const json_t *local = json_array_get(locals, i), *dims = json_object_get(local, "marked_dims");
		int dim = (int)json_integer_value(json_array_get(dims, 0));

		if (!json_array_size(dims) || !json_is_integer(json_object_get(local, "tensor")))
			continue;
		follow_variable(diagnosis, local, dim, before, lineage);
	}
	json_decref(locals);
}

/* ONE is the operand's, or where that is no tensor, of what it is against. */
static void
keep_stories(struct diagnosis *diagnosis, struct lineage **one, struct lineage **other)
{
	const struct operand *operands = diagnosis->subject->operands;
	int place = diagnosis->mismatch.operand, against = diagnosis->mismatch.against;
	bool is_tensor = place >= 0 && operands[place].tensor >= 0;
	int first = !is_tensor || (diagnosis->padded && operands[against].ndim >= operands[place].ndim); /* which was told first */

	if ((*one)->count) {
		diagnosis->stories[first] = *one;
		*one = NULL;
	}
	if (is_tensor && (*other)->count) {
		diagnosis->stories[!first] = *other;
		*other = NULL;
	}
}

/* What Python refused, it was given by the last operation before, if that is of the same line and made a size that is new. */
static void
follow_last(struct diagnosis *diagnosis, struct lineage *lineage)
{
	const struct failure *failure = diagnosis->failure;
	int chosen = where_choose(diagnosis->frames), dim;
	const json_t *frame = chosen < 0 ? NULL : json_array_get(diagnosis->frames, (size_t)chosen);
	char line[4200], other[4200], what[32];
	struct event last;

	if (!frame || failure->context_event < 0 ||
	    !diagnosis->source->event(diagnosis->source->context, failure->process, failure->context_event, &last) || last.output_count != 1 ||
	    !where_site_line(diagnosis->source, failure->process, last.site, true, other, sizeof(other)))
		return;
	text_format(line, sizeof(line), "%s:%d", text_get(frame, "file"), (int)json_integer_value(json_object_get(frame, "line")));
	dim = history_new_dim(diagnosis->source, failure->process, &last, 0);
	if (strcmp(line, other) != 0 || dim < 0 || last.outputs[0].tensor <= 0)
		return;
	text_format(what, sizeof(what), "%" PRId64, last.outputs[0].sizes[dim]);
	lineage_walk_tensor(diagnosis->source, failure->process, last.outputs[0].tensor, last.id + 1, dim, LINEAGE_SIZE, lineage);
	diagnosis->followed = last;
	diagnosis->followed_output = 0;
	text_format(diagnosis->followed_name, sizeof(diagnosis->followed_name), "%.150s", last.operation);
	diagnosis_append(diagnosis, lineage, last.operation, what, dim);
}

void
diagnosis_follow(struct diagnosis *diagnosis)
{
	struct lineage *one = calloc(1, sizeof(*one)), *other = calloc(1, sizeof(*other));

	diagnosis->origin = json_null();
	diagnosis->lineage = json_array();
	if (one && other) {
		if (diagnosis->has_mismatch && strcmp(diagnosis->mismatch.property, "version") == 0) {
			follow_written(diagnosis);
		} else if (diagnosis->has_mismatch) {
			follow_mismatch(diagnosis, one, other);
			keep_stories(diagnosis, &one, &other);
		} else if (!follow_written(diagnosis) && diagnosis->failure->note && !diagnosis->failure->operation &&
			   !diagnosis_follow_cut(diagnosis)) {
			follow_check(diagnosis, one);
		}
		if (!diagnosis->has_mismatch && !json_array_size(diagnosis->lineage) && diagnosis->failure->note && !diagnosis->failure->operation)
			follow_locals(diagnosis, one);
		if (!diagnosis->has_mismatch && !json_array_size(diagnosis->lineage) && diagnosis->failure->note && !diagnosis->failure->operation)
			follow_last(diagnosis, one);
	}
	free(one);
	free(other);
}
