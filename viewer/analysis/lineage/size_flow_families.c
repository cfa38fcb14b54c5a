/* Families that make, combine or compute: factories, products, joins, reductions, indexing. */
#include <inttypes.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "size_flow_rule.h"
#include "../text.h"

struct flow
flow_enters(const struct event *event, int output, int dim)
{
	int self = flow_self(event);

	(void)output;
	/* What was copied in by an earlier operation of the same call has no story of its own. */
	return flow_decided(FLOW_ENTERS, self, self >= 0 && dim < event->operands[self].ndim ? dim : -1);
}

struct flow
flow_factory(const struct event *event, int output, int dim)
{
	struct flow flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
	int64_t start = 0, end, size = flow_size(event, output, dim);

	if (mismatch_is_in_place(event->operation)) /* normal_ fills what is there */
		return flow_same(event, output, dim);
	if (strstr(event->operation, "arange") && rule_int(event, "end", &end)) {
		rule_int(event, "start", &start);
		text_say(flow.how, sizeof(flow.how), "from %" PRId64 " to %" PRId64, start, end);
	} else {
		text_say(flow.how, sizeof(flow.how), "asked for %" PRId64, size);
	}
	return flow;
}

struct flow
flow_same(const struct event *event, int output, int dim)
{
	(void)output;
	return flow_passes(flow_self(event), dim);
}

struct flow
flow_broadcast(const struct event *event, int output, int dim)
{
	int64_t size = flow_size(event, output, dim);
	int ndim = output < event->output_count ? event->outputs[output].ndim : 0, one = -1, first = rule_next(event, 0);

	if (mismatch_is_in_place(event->operation))
		return flow_passes(first, dim);
	if (strstr(event->operation, "::where") && rule_next(event, first + 1) < 0) /* the places where it holds, as of nonzero */
		return flow_values(event, output, dim);
	for (int pass = 0; pass < 2; pass++) /* what is chosen from tells more than the condition, which was made in its likeness */
		for (int i = first; i >= 0; i = rule_next(event, i + 1)) {
			int at = dim - (ndim - event->operands[i].ndim);

			if (at < 0 || event->operands[i].sizes[at] != size || (!pass && i == first && strstr(event->operation, "::where")))
				continue;
			if (size != 1)
				return flow_passes(i, at);
			one = one < 0 ? i : one;
		}
	return flow_passes(one, one < 0 ? -1 : dim - (ndim - event->operands[one].ndim));
}

struct flow
flow_linear(const struct event *event, int output, int dim)
{
	bool last = output < event->output_count && dim == event->outputs[output].ndim - 1;

	return last ? flow_passes(rule_tensor(event, "weight"), 0) : flow_passes(rule_tensor(event, "input"), dim);
}

struct flow
flow_matmul(const struct event *event, int output, int dim)
{
	int one = rule_any(event, "mat1 batch1 mat"), other = rule_any(event, "mat2 batch2 vec other tensor");
	int ndim = output < event->output_count ? event->outputs[output].ndim : 0;
	const struct operand *a, *b;

	if (one < 0)
		one = rule_tensor(event, "self");
	if (one < 0 || other < 0)
		return flow_passes(-1, -1);
	a = &event->operands[one];
	b = &event->operands[other];
	if (b->ndim == 1)
		return flow_passes(one, dim);
	if (dim == ndim - 1)
		return flow_passes(other, b->ndim - 1);
	if (dim == ndim - 2)
		return flow_passes(one, a->ndim - 2);
	if (a->ndim - ndim + dim >= 0 && a->sizes[a->ndim - ndim + dim] == flow_size(event, output, dim))
		return flow_passes(one, a->ndim - ndim + dim);
	return flow_passes(other, b->ndim - ndim + dim);
}

/* "size 3, stride 2, padding 1 over 224" of the arguments that an operation in space has. */
static void
say_space(const struct event *event, int self, int dim, int first, struct flow *flow)
{
	static const char *const names[] = { "kernel_size", "output_size", "stride", "padding", "dilation", "pad", "scale_factors" };
	struct text text = {{0}, 0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int64_t values[RULE_INTS_MOST];
		int count = rule_ints(event, names[i], values, RULE_INTS_MOST), at = dim - first;

		if (count > 0 && strcmp(names[i], "pad") == 0) { /* two for each dimension, of the last one first */
			at = 2 * (event->operands[self].ndim - 1 - dim);
			text_add(&text, "pad %" PRId64 " and %" PRId64, at < count ? values[at] : 0, at + 1 < count ? values[at + 1] : 0);
			continue;
		}
		if (count > 0 && at >= 0)
			text_add(&text, "%s%s %" PRId64, text.used ? ", " : "", names[i], values[at < count ? at : 0]);
	}
	if (self >= 0 && dim < event->operands[self].ndim)
		text_add(&text, "%sover %" PRId64, text.used ? " " : "", event->operands[self].sizes[dim]);
	text_say(flow->how, sizeof(flow->how), "%.150s", text.data);
}

struct flow
flow_convolution(const struct event *event, int output, int dim)
{
	int input = rule_any(event, "input self"), weight = rule_tensor(event, "weight");
	bool transposed = strstr(event->operation, "transpose") || rule_bool(event, "transposed");
	struct flow flow;
	int first;

	if (input < 0 || weight < 0)
		return flow_passes(-1, -1);
	first = event->operands[input].ndim - (event->operands[weight].ndim - 2);
	if (dim == first - 1)
		return flow_passes(weight, transposed ? 1 : 0);
	if (dim < first || event->operands[input].sizes[dim] == flow_size(event, output, dim))
		return flow_passes(input, dim);
	flow = flow_decided(FLOW_ARGUMENTS, input, dim);
	say_space(event, input, dim, first, &flow);
	return flow;
}

/* Was SIZE asked for as it is ("output_size"), whatever the input has? FIRST: the first dimension in space. */
static bool
is_asked(const struct event *event, int dim, int first, int64_t size)
{
	int64_t values[RULE_INTS_MOST];
	int count = rule_ints(event, "output_size", values, RULE_INTS_MOST);

	return dim >= first && dim - first < count && values[dim - first] == size;
}

struct flow
flow_spatial(const struct event *event, int output, int dim)
{
	int self = flow_self(event), first;
	struct flow flow;

	if (self < 0 || dim >= event->operands[self].ndim)
		return flow_passes(-1, -1);
	first = event->operands[self].ndim > 2 ? 2 : 1;
	if (event->operands[self].sizes[dim] == flow_size(event, output, dim) && !is_asked(event, dim, first, flow_size(event, output, dim)))
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, self, dim);
	flow.asked = is_asked(event, dim, first, flow_size(event, output, dim));
	say_space(event, self, dim, first, &flow);
	return flow;
}

struct flow
flow_attention(const struct event *event, int output, int dim)
{
	int value = rule_tensor(event, "value"), query = rule_tensor(event, "query");

	if (output == 0 && value >= 0 && dim == event->outputs[0].ndim - 1)
		return flow_passes(value, event->operands[value].ndim - 1);
	return flow_passes(query, dim);
}

struct flow
flow_embedding(const struct event *event, int output, int dim)
{
	bool last = output < event->output_count && dim == event->outputs[output].ndim - 1;

	return last ? flow_passes(rule_tensor(event, "weight"), 1) : flow_passes(rule_tensor(event, "indices"), dim);
}

struct flow
flow_joined(const struct event *event, int dim)
{
	int count = 0, largest = -1;
	struct text text = {{0}, 0};
	struct flow flow;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		if (event->operands[i].ndim <= dim)
			continue;
		if (count++ < 8)
			text_add(&text, "%s%" PRId64, count > 1 ? " + " : "", event->operands[i].sizes[dim]);
		if (largest < 0 || event->operands[i].sizes[dim] > event->operands[largest].sizes[dim])
			largest = i;
	}
	flow = flow_decided(FLOW_ARGUMENTS, largest, dim);
	if (count > 8)
		text_add(&text, " + ... of %d tensors", count);
	text_say(flow.how, sizeof(flow.how), "%.150s", text.data);
	return flow;
}

struct flow
flow_cat(const struct event *event, int output, int dim)
{
	int first = rule_next(event, 0);
	int64_t along = 0;

	if (first < 0)
		return flow_passes(-1, -1);
	rule_int(event, "dim", &along);
	if (rule_dim(along, event->outputs[output].ndim) == dim)
		return flow_joined(event, dim);
	while (first >= 0 && event->operands[first].ndim <= dim)
		first = rule_next(event, first + 1);
	return flow_passes(first, dim);
}

struct flow
flow_stack(const struct event *event, int output, int dim)
{
	int64_t along = 0, size = flow_size(event, output, dim);
	struct flow flow;
	int at;

	rule_int(event, "dim", &along);
	at = rule_dim(along, event->outputs[output].ndim);
	if (dim != at)
		return flow_passes(rule_next(event, 0), dim > at ? dim - 1 : dim);
	flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
	text_say(flow.how, sizeof(flow.how), "%" PRId64 " tensor%s stacked", size, language_plural(size));
	return flow;
}

struct flow
flow_reduce(const struct event *event, int output, int dim)
{
	int self = flow_self(event), count, at = 0;
	int64_t dims[RULE_INTS_MOST];
	bool reduced[64] = { false };

	if (self < 0 || event->operands[self].ndim > 64)
		return flow_passes(-1, -1);
	count = rule_ints(event, "dim", dims, RULE_INTS_MOST);
	for (int i = 0; i < count; i++) {
		int d = rule_dim(dims[i], event->operands[self].ndim);

		if (d >= 0)
			reduced[d] = true;
	}
	if (rule_bool(event, "keepdim") || event->outputs[output].ndim == event->operands[self].ndim) {
		if (!reduced[dim])
			return flow_passes(self, dim);
		return flow_decided(FLOW_ARGUMENTS, -1, -1);
	}
	for (int d = 0; d < event->operands[self].ndim; d++)
		if (!reduced[d] && at++ == dim)
			return flow_passes(self, d);
	return flow_passes(-1, -1);
}

struct flow
flow_index_select(const struct event *event, int output, int dim)
{
	int self = flow_self(event);
	int64_t along = 0;

	(void)output;
	rule_int(event, "dim", &along);
	if (self >= 0 && rule_dim(along, event->operands[self].ndim) == dim)
		return flow_passes(rule_tensor(event, "index"), 0);
	return flow_passes(self, dim);
}

struct flow
flow_gather(const struct event *event, int output, int dim)
{
	int index = rule_any(event, "index indices"), self = flow_self(event);
	int64_t k;
	struct flow flow;

	if (index >= 0 && event->operands[index].ndim > dim && event->operands[index].sizes[dim] == flow_size(event, output, dim))
		return flow_passes(index, dim);
	if (self >= 0 && dim < event->operands[self].ndim && event->operands[self].sizes[dim] == flow_size(event, output, dim))
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, self, dim);
	if (rule_int(event, "k", &k))
		text_say(flow.how, sizeof(flow.how), "k %" PRId64, k);
	return flow;
}

struct flow
flow_index(const struct event *event, int output, int dim)
{
	int self = flow_self(event), before = 0, index = -1, index_ndim = 0, covered = 0;
	struct flow flow;

	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];
		bool mask;

		if (!is->name || strncmp(is->name, "indices", 7) != 0)
			continue;
		if (!is->kind || strcmp(is->kind, "tensor") != 0 || is->ndim < 0) {
			before += index < 0;
			continue;
		}
		mask = is->dtype && text_among("bool uint8", is->dtype);
		covered += mask ? is->ndim : 1;
		if (index < 0 || (mask ? 1 : is->ndim) > index_ndim) {
			index = i;
			index_ndim = mask ? 1 : is->ndim;
		}
	}
	if (index < 0 || dim < before)
		return flow_passes(self, dim);
	if (dim >= before + index_ndim)
		return flow_passes(self, dim - index_ndim + covered);
	if (event->operands[index].dtype && text_among("bool uint8", event->operands[index].dtype)) {
		flow = flow_decided(FLOW_VALUES, index, 0);
		text_say(flow.how, sizeof(flow.how), "%" PRId64 " selected by %s", flow_size(event, output, dim),
			    event->operands[index].name);
		return flow;
	}
	return flow_passes(index, dim - before);
}

struct flow
flow_one_hot(const struct event *event, int output, int dim)
{
	int self = flow_self(event);
	int64_t classes = -1;
	struct flow flow;

	if (self >= 0 && dim < event->operands[self].ndim)
		return flow_passes(self, dim);
	if (!rule_int(event, "num_classes", &classes) || classes < 0)
		return flow_values(event, output, dim);
	flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
	text_say(flow.how, sizeof(flow.how), "asked for %" PRId64, classes);
	return flow;
}

/* Does DIM stay as it is in an operation that is given `dim`, another? */
static bool
is_apart(const struct event *event, int self, int dim)
{
	int64_t along;

	return self >= 0 && rule_int(event, "dim", &along) && rule_dim(along, event->operands[self].ndim) != dim;
}

struct flow
flow_values(const struct event *event, int output, int dim)
{
	int self = flow_self(event), mask = rule_any(event, "mask repeats");
	int64_t size = flow_size(event, output, dim), repeats;
	struct flow flow = flow_decided(FLOW_VALUES, mask >= 0 ? mask : self, 0);

	if (is_apart(event, self, dim))
		return flow_passes(self, dim); /* along another dimension */
	if (strstr(event->operation, "nonzero") && dim == 1)
		return flow_decided(FLOW_ARGUMENTS, -1, -1);
	if (self >= 0 && rule_int(event, "repeats", &repeats)) {
		flow = flow_decided(FLOW_ARGUMENTS, self, dim < event->operands[self].ndim ? dim : -1);
		text_say(flow.how, sizeof(flow.how), "repeated over %" PRId64, flow.dim >= 0 ? event->operands[self].sizes[dim] : 1);
		return flow;
	}
	if (strstr(event->operation, "multinomial")) {
		if (self >= 0 && event->operands[self].ndim == 2 && dim == 0)
			return flow_passes(self, 0);
		flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
		text_say(flow.how, sizeof(flow.how), "asked for %" PRId64, size);
		return flow;
	}
	text_say(flow.how, sizeof(flow.how), "%" PRId64 " by the values of %s", size,
		    flow.operand >= 0 ? event->operands[flow.operand].name : "its input");
	if (flow.operand >= 0 && !event->operands[flow.operand].ndim)
		flow.dim = -1;
	return flow;
}
