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

bool
lineage_maker(const struct source *source, int process, int64_t tensor, int64_t before, enum lineage_property property,
	      struct event *out, int *output, int *writes)
{
	int passed = 0;

	*writes = 0;
	while (source->maker(source->context, process, tensor, before, out, output) && out->id < before && *output >= 0 &&
	       *output < out->output_count) {
		if (passed >= WRITES_MOST || !only_writes(out, *output, property))
			return true;
		before = out->id;
		*writes += !strstr(out->operation, "detach_") && !strstr(out->operation, "requires_grad_");
		passed++;
	}
	return false;
}
