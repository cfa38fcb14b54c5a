/* Families that give a tensor another form: views, permutations, slices. */
#include <inttypes.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "size_flow_rule.h"
#include "../text.h"

struct flow
flow_permute(const struct event *event, int output, int dim)
{
	int64_t dims[RULE_INTS_MOST];
	int count = rule_ints(event, "dims", dims, RULE_INTS_MOST), self = flow_self(event);

	(void)output;
	return self < 0 || dim >= count ? flow_passes(-1, -1) : flow_passes(self, rule_dim(dims[dim], event->operands[self].ndim));
}

struct flow
flow_transpose(const struct event *event, int output, int dim)
{
	int self = flow_self(event), ndim = self >= 0 ? event->operands[self].ndim : 0, one, other;
	int64_t dim0 = -2, dim1 = -1;

	(void)output;
	if (!rule_int(event, "dim0", &dim0))
		rule_int(event, "axis0", &dim0);
	if (!rule_int(event, "dim1", &dim1))
		rule_int(event, "axis1", &dim1);
	one = rule_dim(dim0, ndim);
	other = rule_dim(dim1, ndim);
	return flow_passes(self, dim == one ? other : dim == other ? one : dim);
}

/* Is DIM of the output what the other sizes leave (-1), not what was asked for? */
static bool
is_inferred(const struct event *event, int dim)
{
	int64_t sizes[RULE_INTS_MOST];
	int count = rule_ints(event, "size", sizes, RULE_INTS_MOST);

	if (count < 0)
		count = rule_ints(event, "shape", sizes, RULE_INTS_MOST);
	return (dim < count && sizes[dim] == -1) || strstr(event->operation, "::flatten") || strstr(event->operation, "::ravel");
}

/* Factors both size lists into the smallest equal products and looks at the group that DIM is in. */
struct flow
flow_view(const struct event *event, int output, int dim)
{
	int self = flow_self(event), i = 0, j = 0;
	const struct operand *in, *out;
	struct flow flow;

	if (self < 0 || output >= event->output_count)
		return flow_passes(-1, -1);
	in = &event->operands[self];
	out = &event->outputs[output];
	while (i < in->ndim || j < out->ndim) {
		int first_in = i, first_out = j, large = -1, not_one_in = 0, not_one_out = 0;
		uint64_t p = i < in->ndim ? (uint64_t)in->sizes[i++] : 1, q = j < out->ndim ? (uint64_t)out->sizes[j++] : 1;

		while (p != q && (i < in->ndim || j < out->ndim)) {
			if ((p < q && i < in->ndim) || j >= out->ndim)
				p *= (uint64_t)in->sizes[i++];
			else
				q *= (uint64_t)out->sizes[j++];
		}
		if (dim >= j)
			continue;
		for (int d = first_in; d < i; d++) {
			not_one_in += in->sizes[d] != 1;
			if (large < 0 || in->sizes[d] > in->sizes[large])
				large = d;
		}
		for (int d = first_in, factor = -1; d < i; d++) /* rather one that the size is a multiple of: a layer's width isn't the batch */
			if (in->sizes[d] > 1 && out->sizes[dim] % in->sizes[d] == 0 && (factor < 0 || in->sizes[d] > in->sizes[factor]))
				large = factor = d;
		for (int d = first_out; d < j; d++)
			not_one_out += out->sizes[d] != 1;
		if (large >= 0 && in->sizes[large] == out->sizes[dim] && not_one_in <= 1 && not_one_out <= 1)
			return flow_passes(self, large);
		flow = flow_decided(large >= 0 && is_inferred(event, dim) ? FLOW_SCALES : FLOW_ARGUMENTS, large >= 0 ? self : -1, large);
		if (not_one_in > 1 && not_one_out <= 1) {
			struct text text = {{0}, 0};

			for (int d = first_in; d < i; d++)
				if (in->sizes[d] != 1)
					text_add(&text, "%s%" PRId64, text.used ? " x " : "", in->sizes[d]);
			text_say(flow.how, sizeof(flow.how), "%.120s in one", text.data);
		} else {
			text_say(flow.how, sizeof(flow.how), "out of %" PRIu64, p);
		}
		return flow;
	}
	return flow_passes(-1, -1);
}

struct flow
flow_unsqueeze(const struct event *event, int output, int dim)
{
	int64_t at = 0;
	int added;

	rule_int(event, "dim", &at);
	added = rule_dim(at, event->outputs[output].ndim);
	if (dim == added)
		return flow_decided(FLOW_ARGUMENTS, -1, -1);
	return flow_passes(flow_self(event), dim > added ? dim - 1 : dim);
}

struct flow
flow_squeeze(const struct event *event, int output, int dim)
{
	int64_t dims[RULE_INTS_MOST];
	int self = flow_self(event), count = rule_ints(event, "dim", dims, RULE_INTS_MOST), at = 0;

	(void)output;
	for (int d = 0; self >= 0 && d < event->operands[self].ndim; d++) {
		bool gone = event->operands[self].sizes[d] == 1 && count < 0;

		for (int i = 0; i < count; i++)
			gone = gone || (rule_dim(dims[i], event->operands[self].ndim) == d && event->operands[self].sizes[d] == 1);
		if (!gone && at++ == dim)
			return flow_passes(self, d);
	}
	return flow_passes(-1, -1);
}

struct flow
flow_expand(const struct event *event, int output, int dim)
{
	int self = flow_self(event), at = self < 0 ? -1 : dim - (event->outputs[output].ndim - event->operands[self].ndim);
	int other = rule_tensor(event, "other");
	struct flow flow;

	if (at >= 0 && event->operands[self].sizes[at] == flow_size(event, output, dim))
		return flow_passes(self, at);
	if (other >= 0)
		return flow_passes(other, dim);
	flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
	text_say(flow.how, sizeof(flow.how), "expanded to %" PRId64, flow_size(event, output, dim));
	return flow;
}

struct flow
flow_repeat(const struct event *event, int output, int dim)
{
	int self = flow_self(event), at = self < 0 ? -1 : dim - (event->outputs[output].ndim - event->operands[self].ndim);
	struct flow flow;

	if (at >= 0 && event->operands[self].sizes[at] == flow_size(event, output, dim))
		return flow_passes(self, at);
	flow = flow_decided(FLOW_ARGUMENTS, at >= 0 ? self : -1, at);
	text_say(flow.how, sizeof(flow.how), "repeated over %" PRId64, at >= 0 ? event->operands[self].sizes[at] : 1);
	return flow;
}

struct flow
flow_slice(const struct event *event, int output, int dim)
{
	int self = flow_self(event);
	int64_t along = 0, value;
	struct text text = {{0}, 0};
	struct flow flow;

	rule_int(event, "dim", &along);
	if (self < 0 || rule_dim(along, event->operands[self].ndim) != dim ||
	    event->operands[self].sizes[dim] == flow_size(event, output, dim))
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, self, dim);
	if (rule_int(event, "start", &value))
		text_add(&text, "start %" PRId64 ", ", value);
	if (rule_int(event, "end", &value) && value < RULE_INT_MOST)
		text_add(&text, "end %" PRId64 ", ", value);
	if (rule_int(event, "length", &value))
		text_add(&text, "length %" PRId64 ", ", value);
	if (rule_int(event, "step", &value) && value != 1)
		text_add(&text, "step %" PRId64 ", ", value);
	if (text.used)
		text.data[text.used -= 2] = 0;
	text_add(&text, "%sover %" PRId64, text.used ? " " : "", event->operands[self].sizes[dim]);
	text_say(flow.how, sizeof(flow.how), "%.150s", text.data);
	return flow;
}

struct flow
flow_split(const struct event *event, int output, int dim)
{
	int self = flow_self(event);
	int64_t along = 0;
	struct flow flow;

	rule_int(event, "dim", &along);
	if (self < 0 || rule_dim(along, event->operands[self].ndim) != dim)
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, self, dim);
	text_say(flow.how, sizeof(flow.how), "part %d of %d out of %" PRId64, output + 1, event->output_count,
		    event->operands[self].sizes[dim]);
	return flow;
}

struct flow
flow_select(const struct event *event, int output, int dim)
{
	int self = flow_self(event), at;
	int64_t along = 0;

	(void)output;
	rule_int(event, "dim", &along);
	at = self < 0 ? -1 : rule_dim(along, event->operands[self].ndim);
	return flow_passes(self, dim >= at ? dim + 1 : dim);
}

struct flow
flow_unbind(const struct event *event, int output, int dim)
{
	return flow_select(event, output, dim);
}

struct flow
flow_unfold(const struct event *event, int output, int dim)
{
	int self = flow_self(event), along;
	int64_t dimension = 0, size = 0, step = 0;
	struct flow flow;

	if (!rule_int(event, "dimension", &dimension))
		rule_int(event, "dim", &dimension);
	rule_int(event, "size", &size);
	rule_int(event, "step", &step);
	along = self < 0 ? -1 : rule_dim(dimension, event->operands[self].ndim);
	if (along < 0 || (dim != along && dim != event->outputs[output].ndim - 1))
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, dim == along ? self : -1, along);
	text_say(flow.how, sizeof(flow.how), "size %" PRId64 ", step %" PRId64 " over %" PRId64, size, step,
		    event->operands[self].sizes[along]);
	return flow;
}
