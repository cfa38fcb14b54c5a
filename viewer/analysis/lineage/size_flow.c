#include "size_flow.h"

#include <inttypes.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "size_flow_rule.h"
#include "../text.h"

struct rule { const char *names; struct flow (*of)(const struct event *event, int output, int dim); };

#define FLOW(function, names) { names, flow_##function },
static const struct rule rules[] = {
#include "size_flow.def"
};
#undef FLOW

struct flow
flow_passes(int operand, int dim)
{
	return (struct flow){ .kind = operand >= 0 && dim >= 0 ? FLOW_PASSES : FLOW_UNKNOWN, .operand = operand, .dim = dim };
}

struct flow
flow_decided(enum flow_kind kind, int operand, int dim)
{
	return (struct flow){ .kind = kind, .operand = operand, .dim = operand >= 0 ? dim : -1 };
}

int
flow_self(const struct event *event)
{
	int self = rule_any(event, "self input query");

	return self >= 0 ? self : rule_next(event, 0);
}

int64_t
flow_size(const struct event *event, int output, int dim)
{
	const struct operand *is = output >= 0 && output < event->output_count ? &event->outputs[output] : NULL;

	return is && dim >= 0 && dim < is->ndim ? is->sizes[dim] : -1;
}

/* Where the table is silent: a dimension of the same size, the same place first. */
static struct flow
guess(const struct event *event, int output, int dim)
{
	int64_t size = flow_size(event, output, dim);
	struct flow flow = { .kind = FLOW_UNKNOWN, .operand = -1, .dim = -1 };

	for (int pass = 0; pass < 2 && size > 1; pass++)
		for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
			for (int d = 0; d < event->operands[i].ndim; d++)
				if (event->operands[i].sizes[d] == size && (pass || d == dim)) {
					flow = flow_passes(i, d);
					flow.kind = FLOW_POSSIBLE;
					return flow;
				}
	if (rule_next(event, 0) < 0)
		flow.kind = FLOW_ENTERS;
	return flow;
}

/* What the table says must fit what was recorded. */
static bool
fits(const struct event *event, const struct flow *flow, int64_t size)
{
	const struct operand *from;

	if (flow->kind == FLOW_UNKNOWN)
		return false;
	if (flow->operand < 0)
		return flow->kind != FLOW_PASSES;
	from = &event->operands[flow->operand];
	return flow->kind != FLOW_PASSES || (flow->dim < from->ndim && from->sizes[flow->dim] == size);
}

struct flow
size_flow(const struct event *event, int output, int dim)
{
	char name[96];

	if (flow_size(event, output, dim) < 0)
		return (struct flow){ .kind = FLOW_UNKNOWN, .operand = -1, .dim = -1 };
	mismatch_plain_name(event->operation, name, sizeof(name));
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (text_among(rules[i].names, name)) {
			struct flow flow = rules[i].of(event, output, dim);

			return fits(event, &flow, flow_size(event, output, dim)) ? flow : guess(event, output, dim);
		}
	return guess(event, output, dim);
}

static const char *
property(const struct operand *operand, bool device)
{
	const char *name = device ? operand->device : operand->dtype;

	return name ? name : "";
}

/* The operand of dtype (or device) IS: self rather than another. NUMBERS: also one without dimensions, which decides nothing beside one that has some. */
static int
kind_from(const struct event *event, const char *is, bool device, bool numbers)
{
	int self = flow_self(event), found = -1;

	if (self >= 0 && strcmp(property(&event->operands[self], device), is) == 0 && (numbers || event->operands[self].ndim > 0))
		return self;
	for (int i = rule_next(event, 0); i >= 0 && found < 0; i = rule_next(event, i + 1))
		if (strcmp(property(&event->operands[i], device), is) == 0 && (numbers || event->operands[i].ndim > 0))
			found = i;
	return found;
}

struct flow
size_flow_dtype(const struct event *event, int output, bool device)
{
	struct flow flow = { .kind = FLOW_ARGUMENTS, .operand = -1, .dim = -1 };
	int self = flow_self(event), from;
	const char *is;

	if (output < 0 || output >= event->output_count)
		return flow;
	is = property(&event->outputs[output], device);
	from = kind_from(event, is, device, event->outputs[output].ndim == 0);
	if (from < 0)
		from = kind_from(event, is, device, true);
	if (from >= 0)
		return (struct flow){ .kind = FLOW_PASSES, .operand = from, .dim = -1 };
	flow.operand = self;
	if (self < 0)
		text_say(flow.how, sizeof(flow.how), "made as %s", is);
	else
		text_say(flow.how, sizeof(flow.how), "%s to %s", property(&event->operands[self], device), is);
	if (mismatch_is_any(event->operation, "lift_fresh set from_file"))
		flow.kind = FLOW_ENTERS;
	return flow;
}

struct flow
size_flow_rank(const struct event *event, int output)
{
	struct flow flow = { .kind = FLOW_ARGUMENTS, .operand = flow_self(event), .dim = -1 };
	const struct operand *is = output >= 0 && output < event->output_count ? &event->outputs[output] : NULL;
	const struct operand *self = flow.operand >= 0 ? &event->operands[flow.operand] : NULL;

	if (mismatch_is_any(event->operation, "lift_fresh set from_file"))
		flow.kind = FLOW_ENTERS;
	else if (is && self && is->ndim == self->ndim)
		flow.kind = FLOW_PASSES;
	else if (is && self)
		text_say(flow.how, sizeof(flow.how), "%d dimension%s from %d", is->ndim, language_plural(is->ndim), self->ndim);
	else if (is)
		text_say(flow.how, sizeof(flow.how), "made with %d dimension%s", is->ndim, language_plural(is->ndim));
	return flow;
}

struct flow
size_flow_values(const struct event *event, int output)
{
	static const char keeping[] =
		"to to_copy clone contiguous detach alias type_as view reshape unsafe_view reshape_alias flatten unflatten unsqueeze "
		"squeeze expand permute transpose t select slice narrow split chunk unbind index index_select unfold repeat cat stack "
		"pin_memory flip roll gather masked_select requires_grad copy lift as_strided movedim split_with_sizes cuda expand_as "
		"broadcast_to view_as reshape_as swapaxes swapdims tile repeat_interleave concat concatenate hstack vstack dstack "
		"column_stack atleast_1d atleast_2d take take_along_dim diagonal rot90 sort tensor_split ravel cpu long int half float "
		"bfloat16 double detach_copy view_copy slice_copy select_copy expand_copy squeeze_copy unsqueeze_copy pad constant_pad_nd";
	struct flow flow = { .kind = FLOW_ARGUMENTS, .operand = flow_self(event), .dim = -1 };
	int copied = rule_tensor(event, "src");
	char name[96];

	(void)output;
	mismatch_plain_name(event->operation, name, sizeof(name));
	if (text_among("lift_fresh set from_file", name))
		flow.kind = FLOW_ENTERS;
	else if (strcmp(name, "copy") == 0 && copied >= 0)
		flow = (struct flow){ .kind = FLOW_PASSES, .operand = copied, .dim = -1 };
	else if (text_among(keeping, name) && flow.operand >= 0)
		flow.kind = FLOW_PASSES;
	return flow;
}
