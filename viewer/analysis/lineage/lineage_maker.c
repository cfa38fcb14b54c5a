/* Who made a tensor: past the operations that only wrote into it since. */
#include <string.h>

#include "lineage.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"

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

/* What an operation inside another made may get its size from the outer one (an output that it fills): that one made it. */
static void
climb(const struct source *source, int process, int64_t tensor, struct event *out, int *output)
{
	struct event outer;

	for (int64_t parent = out->parent; parent >= 0 && source->event(source->context, process, parent, &outer); parent = outer.parent) {
		int found = -1;

		for (int i = 0; i < outer.output_count && found < 0; i++)
			found = outer.outputs[i].tensor == tensor ? i : -1;
		if (found < 0)
			return;
		if (!same_form(&out->outputs[*output], &outer.outputs[found])) {
			*out = outer;
			*output = found;
		}
	}
}

/* As lineage_maker; GIVEN gets the last giving that was followed, its id is -1 where none was. */
static bool
find_maker(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property, struct event *out, int *output,
	   int *writes, struct event *given)
{
	struct event next;

	*writes = 0;
	given->id = -1;
	for (int passed = 0;; passed++) {
		bool made = source->maker(source->context, process, tensor, before, out, output) && out->id < before && *output >= 0 &&
			    *output < out->output_count;

		if (passed < WRITES_MOST && given_data(source, process, tensor, before, made ? out->id : -1, &next)) {
			*given = next;
			tensor = next.operands[1].tensor;
			before = next.id;
			*writes = 0;
			continue;
		}
		if (!made || passed >= WRITES_MOST || !only_writes(out, *output, property)) {
			if (made && (property == LINEAGE_SIZE || property == LINEAGE_VALUES))
				climb(source, process, tensor, out, output);
			return made;
		}
		before = out->id;
		*writes += !strstr(out->operation, "detach_") && !strstr(out->operation, "requires_grad_");
	}
}

bool
lineage_maker(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property,
	      struct event *out, int *output, int *writes)
{
	struct event given;

	return find_maker(source, process, tensor, before, property, out, output, writes, &given);
}

bool
lineage_base(const struct source *source, int process, int64_t *tensor, int64_t *before)
{
	struct event maker;
	int output, writes;

	if (*tensor <= 0 || !lineage_maker(source, process, *tensor, *before, LINEAGE_MAKER, &maker, &output, &writes) || !mismatch_is_view(maker.operation) ||
	    !maker.operand_count || maker.operands[0].tensor <= 0)
		return false;
	*tensor = maker.operands[0].tensor;
	*before = maker.id;
	return true;
}

bool
lineage_given(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property, struct event *out)
{
	struct event maker;
	int output, writes;

	return !find_maker(source, process, tensor, before, property, &maker, &output, &writes, out) && out->id >= 0;
}

bool
lineage_copies(const struct source *source, int process, const struct event *maker, int output, struct event *out)
{
	struct event empty;
	int which;

	if (!mismatch_is_any(maker->operation, "set") || !maker->operand_count || output >= maker->output_count ||
	    maker->operands[0].tensor != maker->outputs[output].tensor ||
	    !source->maker(source->context, process, maker->operands[0].tensor, maker->id, &empty, &which) || empty.id >= maker->id ||
	    strcmp(empty.operation, "aten::new_empty") != 0 || !empty.operand_count || empty.operands[0].tensor < 1 ||
	    !same_form(&empty.operands[0], &maker->outputs[output]))
		return false;
	*out = empty;
	return true;
}
