/* Who made a tensor: past the operations that only wrote into it since. */
#include <string.h>

#include "lineage.h"
#include "mismatch_rule.h"
#include "text.h"

#define WRITES_MOST 1024

/* Written by a mask or an index: worth telling. */
static const char masked[] = "index_put index_put_impl masked_scatter masked_fill scatter scatter_add scatter_reduce index_copy "
			     "index_add index_fill index_reduce";
/* Called in place, but it brings the tensor what it had not. */
static const char renewing[] = "set set_data resize resize_as";

static bool
same_form(const struct operand *one, const struct operand *other)
{
	if (one->ndim < 0 || one->ndim != other->ndim || !one->sizes || !other->sizes ||
	    strcmp(one->dtype ? one->dtype : "", other->dtype ? other->dtype : "") != 0 ||
	    strcmp(one->device ? one->device : "", other->device ? other->device : "") != 0)
		return false;
	return memcmp(one->sizes, other->sizes, (size_t)one->ndim * sizeof(*one->sizes)) == 0;
}

/* Does EVENT write into its output OUTPUT and leave its form as it was? */
static bool
only_writes(const struct event *event, int output, enum lineage_property property)
{
	const struct operand *written = &event->outputs[output];
	bool updates = event->phase && strcmp(event->phase, "optimizer") == 0;
	int place = -1;
	char name[96];

	if (!mismatch_is_in_place(event->operation))
		return false;
	mismatch_plain_name(event->operation, name, sizeof(name));
	for (int i = 0; i < event->operand_count && place < 0; i++)
		if (event->operands[i].tensor == written->tensor)
			place = i;
	if (place < 0 || text_among(renewing, name) || !same_form(&event->operands[place], written))
		return false;
	if (property == LINEAGE_MAKER || updates)
		return true;
	return property != LINEAGE_VALUES ? !text_among(masked, name) : text_among("requires_grad detach", name);
}

/* The last of 0, 1, 2, ... that arange EVENT makes; -1 if it is asked for otherwise. */
static int64_t
last_of(const struct event *event)
{
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];

		if (is->name && is->value && ((strcmp(is->name, "start") == 0 && strcmp(is->value, "0") != 0) ||
					      (strcmp(is->name, "step") == 0 && strcmp(is->value, "1") != 0)))
			return -1;
	}
	return event->output_count == 1 && event->outputs[0].ndim == 1 ? event->outputs[0].sizes[0] - 1 : -1;
}

static bool
adds_nothing(const struct event *event)
{
	for (int i = 0; i < event->operand_count; i++)
		if (event->operands[i].name && event->operands[i].value && strcmp(event->operands[i].name, "other") == 0)
			return strcmp(event->operands[i].value, "0") == 0;
	return false;
}

/* How many steps of ONE come before the first that OTHER has too; -1 if they don't meet. OTHERS gets OTHER's. */
static int
meeting(const struct lineage *one, const struct lineage *other, int *others)
{
	for (int i = 0; i < one->count; i++)
		for (int j = 0; j < other->count; j++)
			if (one->steps[i].event.id >= 0 && one->steps[i].event.id == other->steps[j].event.id &&
			    one->steps[i].output == other->steps[j].output && one->steps[i].dim == other->steps[j].dim) {
				*others = j;
				return i;
			}
	return -1;
}

struct change { int64_t from, to; int step; bool gone; };

/* What the first COUNT steps made of the size, what was undone left out. */
static int
changes_of(const struct lineage *lineage, int count, struct change *out)
{
	int changes = 0;

	for (int i = 0; i < count; i++) {
		int64_t from = i + 1 < lineage->count ? lineage->steps[i + 1].size : -1, to = lineage->steps[i].size;

		if (from <= 0 || to <= 0)
			return -1;
		if (from == to)
			continue;
		for (int c = 0; c < changes; c++)
			if (!out[c].gone && out[c].from == to && out[c].to == from) {
				out[c].gone = true;
				from = to;
				break;
			}
		if (from != to)
			out[changes++] = (struct change){ from, to, i, false };
	}
	return changes;
}

static bool
is_alike(const struct change *one, const struct change *other)
{
	if (one->to - one->from == other->to - other->from)
		return true;
	return (one->to % one->from == 0 && other->to % other->from == 0 && one->to / one->from == other->to / other->from) ||
	       (one->from % one->to == 0 && other->from % other->to == 0 && one->from / one->to == other->from / other->to);
}

int
lineage_parts_by(const struct lineage *one, const struct lineage *other, bool *others)
{
	struct change ours[LINEAGE_STEPS_MOST], theirs[LINEAGE_STEPS_MOST];
	int met, count = meeting(one, other, &met), our_count, their_count, left = 0, step = -1;

	if (count < 0)
		return -1;
	our_count = changes_of(one, count, ours);
	their_count = changes_of(other, met, theirs);
	for (int i = 0; i < our_count; i++)
		for (int j = 0; j < their_count && !ours[i].gone; j++)
			if (!theirs[j].gone && is_alike(&ours[i], &theirs[j]))
				ours[i].gone = theirs[j].gone = true;
	for (int i = 0; i < our_count; i++)
		if (!ours[i].gone && ++left)
			step = ours[i].step;
	*others = false;
	for (int j = 0; j < their_count; j++)
		if (!theirs[j].gone && ++left) {
			step = theirs[j].step;
			*others = true;
		}
	return our_count >= 0 && their_count >= 0 && left == 1 ? step : -1;
}

/* Do the first COUNT steps only compute (nothing cut, chosen or read)? OUT gets the last that rounded. */
static bool
only_computes(const struct lineage *lineage, int count, struct lineage_rounding *out)
{
	for (int i = 0; i < count; i++) {
		const struct lineage_step *step = &lineage->steps[i];
		int64_t from = i + 1 < lineage->count ? lineage->steps[i + 1].size : -1;
		char name[96];

		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (step->entered || step->possible || text_among("slice narrow split split_with_sizes chunk unbind select index index_select unfold "
								  "nonzero masked_select gather", name))
			return false;
		if ((strstr(name, "pool") || strstr(name, "conv") || strstr(name, "upsample")) && step->size > 1 && from > step->size &&
		    from % step->size)
			*out = (struct lineage_rounding){ from, step->size, step->event.operation };
	}
	return true;
}

bool
lineage_rounds(const struct lineage *one, const struct lineage *other, struct lineage_rounding *out)
{
	int others = 0, count = meeting(one, other, &others);

	*out = (struct lineage_rounding){ 0, 0, NULL };
	if (count < 0 || (!only_computes(one, count, out) || !only_computes(other, others, out)))
		*out = (struct lineage_rounding){ 0, 0, NULL };
	return out->from > 0;
}

bool
lineage_counts(const struct lineage *lineage, int64_t *largest)
{
	bool known = true;

	*largest = -1;
	for (int i = 0; i < lineage->count; i++) {
		const struct lineage_step *step = &lineage->steps[i];
		char name[96];

		mismatch_plain_name(step->event.operation, name, sizeof(name));
		if (step->entered || step->event.id < 0)
			return false;
		if (text_among("arange range", name)) {
			if (known)
				*largest = last_of(&step->event);
			return true;
		}
		if (strcmp(name, "cumsum") == 0)
			return true;
		if (text_among("add sub", name))
			known = known && adds_nothing(&step->event);
		else if (!text_among("unsqueeze squeeze view reshape expand alias detach contiguous clone to to_copy", name))
			return false;
	}
	return false;
}

/* Was TENSOR given another's data (`param.data = new`) after event MADE and before BEFORE? */
static bool
given_data(const struct source *source, int process, int64_t tensor, int64_t before, int64_t made, struct event *out)
{
	return source->replaced(source->context, process, tensor, before, out) && out->id > made && out->id < before &&
	       out->operand_count == 2 && out->operands[1].tensor > 0 && out->operands[1].tensor != tensor;
}

bool
lineage_maker(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property,
	      struct event *out, int *output, int *writes)
{
	struct event given;

	*writes = 0;
	for (int passed = 0;; passed++) {
		bool made = source->maker(source->context, process, tensor, before, out, output) && out->id < before && *output >= 0 &&
			    *output < out->output_count;

		if (passed < WRITES_MOST && given_data(source, process, tensor, before, made ? out->id : -1, &given)) {
			tensor = given.operands[1].tensor;
			before = given.id;
			*writes = 0;
			continue;
		}
		if (!made || passed >= WRITES_MOST || !only_writes(out, *output, property))
			return made;
		before = out->id;
		*writes += !strstr(out->operation, "detach_") && !strstr(out->operation, "requires_grad_");
	}
}
