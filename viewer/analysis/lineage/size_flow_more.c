/* Families with rules of their own: sums over named dimensions, recurrent layers, padding of lists, distances. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "size_flow_rule.h"
#include "../text.h"

static int
rank_of(const struct event *event, int place)
{
	return place >= 0 ? event->operands[place].ndim : 0;
}

/* Where LABEL stands among an equation's operands. */
static struct flow
find_label(const struct event *event, const char *equation, char label, int64_t size)
{
	int place = rule_next(event, 0), dim = 0;

	for (const char *at = equation + (*equation == '"'); place >= 0 && *at && *at != '"' && *at != '-'; at++) {
		if (*at == '.')
			return flow_passes(-1, -1);
		if (*at == ',') {
			place = rule_next(event, place + 1);
			dim = 0;
		} else if (isalpha((unsigned char)*at)) {
			if (*at == label && dim < rank_of(event, place) && event->operands[place].sizes[dim] == size)
				return flow_passes(place, dim);
			dim++;
		}
	}
	return flow_passes(-1, -1);
}

/* Label DIM of what an equation gives: told behind "->", else those that stand once, in order of the alphabet. */
static char
output_label(const char *equation, int dim)
{
	const char *arrow = strstr(equation, "->");
	int count[128] = { 0 }, at = 0;

	if (arrow) {
		for (const char *c = arrow + 2; *c && *c != '"'; c++) {
			if (*c == '.')
				return 0;
			if (isalpha((unsigned char)*c) && at++ == dim)
				return *c;
		}
		return 0;
	}
	for (const char *c = equation; *c; c++) {
		if (*c == '.')
			return 0;
		count[(unsigned char)*c & 127] += isalpha((unsigned char)*c) != 0;
	}
	for (int label = 'A'; label <= 'z'; label++)
		if (count[label] == 1 && at++ == dim)
			return (char)label;
	return 0;
}

struct flow
flow_einsum(const struct event *event, int output, int dim)
{
	int place = rule_place(event, "equation");
	const char *equation = place >= 0 ? event->operands[place].value : NULL;
	char label = equation ? output_label(equation, dim) : 0;

	return label ? find_label(event, equation, label, flow_size(event, output, dim)) : flow_passes(-1, -1);
}

struct flow
flow_outer(const struct event *event, int output, int dim)
{
	(void)output;
	return dim ? flow_passes(rule_any(event, "vec2 other"), 0) : flow_passes(rule_any(event, "self vec1"), 0);
}

/* Dimension AT among those of PLACE that LIST doesn't name. */
static struct flow
remaining(const struct event *event, int place, const char *list, int at)
{
	int64_t dims[RULE_INTS_MOST];
	int count = rule_ints(event, list, dims, RULE_INTS_MOST);

	for (int d = 0; d < rank_of(event, place); d++) {
		bool named = false;

		for (int i = 0; i < count; i++)
			named = named || rule_dim(dims[i], rank_of(event, place)) == d;
		if (!named && at-- == 0)
			return flow_passes(place, d);
	}
	return flow_passes(-1, -1);
}

struct flow
flow_tensordot(const struct event *event, int output, int dim)
{
	int self = rule_tensor(event, "self"), other = rule_tensor(event, "other");
	int64_t dims[RULE_INTS_MOST];
	int count = rule_ints(event, "dims_self", dims, RULE_INTS_MOST), own = rank_of(event, self) - (count > 0 ? count : 0);

	(void)output;
	return dim < own ? remaining(event, self, "dims_self", dim) : remaining(event, other, "dims_other", dim - own);
}

struct flow
flow_movedim(const struct event *event, int output, int dim)
{
	int self = flow_self(event), ndim = rank_of(event, self);
	int64_t from[RULE_INTS_MOST], to[RULE_INTS_MOST];
	int count = rule_ints(event, "source", from, RULE_INTS_MOST), place = 0;

	(void)output;
	if (count < 0 || rule_ints(event, "destination", to, RULE_INTS_MOST) != count)
		return flow_passes(-1, -1);
	for (int i = 0; i < count; i++)
		if (rule_dim(to[i], ndim) == dim)
			return flow_passes(self, rule_dim(from[i], ndim));
	for (int d = 0; d < dim; d++) { /* the others keep their order */
		bool taken = false;

		for (int i = 0; i < count; i++)
			taken = taken || rule_dim(to[i], ndim) == d;
		place += !taken;
	}
	return remaining(event, self, "source", place);
}

struct flow
flow_recurrent(const struct event *event, int output, int dim)
{
	int input = rule_any(event, "input data"), hidden = rule_any(event, "hx hx[0]");
	int state = output == 2 ? rule_tensor(event, "hx[1]") : hidden;
	struct flow flow;

	if (output > 0)
		return flow_passes(state, dim);
	if (dim < event->outputs[0].ndim - 1)
		return flow_passes(input, dim);
	if (hidden >= 0 && flow_size(event, 0, dim) == event->operands[hidden].sizes[rank_of(event, hidden) - 1])
		return flow_passes(hidden, rank_of(event, hidden) - 1);
	flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
	text_say(flow.how, sizeof(flow.how), "the layer's width %s", rule_bool(event, "bidirectional") ? SAY("in two directions") : "");
	return flow;
}

struct flow
flow_cell(const struct event *event, int output, int dim)
{
	return flow_passes(output ? rule_tensor(event, "hx[1]") : rule_any(event, "hx hx[0]"), dim);
}

/* The longest of a list decides the length. */
struct flow
flow_pad_sequence(const struct event *event, int output, int dim)
{
	int first = rule_next(event, 0), longest = -1, count = 0, length = rule_bool(event, "batch_first") ? 1 : 0;
	struct flow flow;

	(void)output;
	if (dim > 1)
		return flow_passes(first, dim - 1);
	for (int i = first; i >= 0; i = rule_next(event, i + 1), count++)
		if (event->operands[i].ndim > 0 && (longest < 0 || event->operands[i].sizes[0] > event->operands[longest].sizes[0]))
			longest = i;
	if (dim == length && count == 1)
		return flow_passes(longest, 0);
	flow = flow_decided(FLOW_ARGUMENTS, dim == length ? longest : -1, 0);
	if (dim == length)
		text_say(flow.how, sizeof(flow.how), "the longest of %d", count);
	else
		text_say(flow.how, sizeof(flow.how), "%d sequences", count);
	return flow;
}

struct flow
flow_pack(const struct event *event, int output, int dim)
{
	int input = rule_tensor(event, "input"), lengths = rule_tensor(event, "lengths");

	if (output > 0)
		return flow_passes(input, rule_bool(event, "batch_first") ? 1 : 0);
	return dim ? flow_passes(input, dim + 1) : flow_decided(FLOW_VALUES, lengths, 0);
}

struct flow
flow_cdist(const struct event *event, int output, int dim)
{
	int one = rule_tensor(event, "x1"), other = rule_tensor(event, "x2"), ndim = event->outputs[output].ndim;

	if (dim == ndim - 1)
		return flow_passes(other, rank_of(event, other) - 2);
	return dim == ndim - 2 ? flow_passes(one, rank_of(event, one) - 2) : flow_passes(one, dim);
}

/* One dimension of x1 goes: `dim`, else the last. */
struct flow
flow_distance(const struct event *event, int output, int dim)
{
	int one = rule_tensor(event, "x1");
	int64_t along = -1;

	(void)output;
	rule_int(event, "dim", &along);
	return flow_passes(one, dim >= rule_dim(along, rank_of(event, one)) ? dim + 1 : dim);
}

struct flow
flow_meshgrid(const struct event *event, int output, int dim)
{
	int places[3] = { -1, -1, -1 }, at = 0;
	int64_t size = flow_size(event, output, dim);

	for (int i = rule_next(event, 0); i >= 0 && at < 3; i = rule_next(event, i + 1))
		places[at++] = i;
	if (dim < at && event->operands[places[dim]].ndim == 1 && event->operands[places[dim]].sizes[0] == size)
		return flow_passes(places[dim], 0);
	return dim < 2 && at > 1 ? flow_passes(places[1 - dim], 0) : flow_passes(-1, -1); /* indexing="xy" */
}

struct flow
flow_glu(const struct event *event, int output, int dim)
{
	int self = flow_self(event);
	int64_t along = -1;
	struct flow flow;

	(void)output;
	rule_int(event, "dim", &along);
	if (rule_dim(along, rank_of(event, self)) != dim)
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, self, dim);
	text_say(flow.how, sizeof(flow.how), "half of %" PRId64, event->operands[self].sizes[dim]);
	return flow;
}

struct flow
flow_bag(const struct event *event, int output, int dim)
{
	int weight = rule_tensor(event, "weight"), offsets = rule_tensor(event, "offsets");

	if (output == 0 && dim == event->outputs[0].ndim - 1)
		return flow_passes(weight, 1);
	return flow_passes(offsets, 0);
}

struct flow
flow_take(const struct event *event, int output, int dim)
{
	(void)output;
	return flow_passes(rule_any(event, "index indices"), dim);
}

struct flow
flow_grid_sample(const struct event *event, int output, int dim)
{
	(void)output;
	return dim < 2 ? flow_passes(rule_tensor(event, "input"), dim) : flow_passes(rule_tensor(event, "grid"), dim - 1);
}

/* Frames of a signal: the last dimension of it becomes two. */
struct flow
flow_stft(const struct event *event, int output, int dim)
{
	int self = flow_self(event), last = rank_of(event, self) - 1;
	int64_t hop = 0, window = 0;
	struct flow flow;

	(void)output;
	if (dim < last)
		return flow_passes(self, dim);
	flow = flow_decided(FLOW_ARGUMENTS, dim > last ? self : -1, last);
	rule_int(event, "hop_length", &hop);
	rule_int(event, "n_fft", &window);
	text_say(flow.how, sizeof(flow.how), "n_fft %" PRId64 ", hop_length %" PRId64 " over %" PRId64, window, hop,
		    self >= 0 ? event->operands[self].sizes[last] : -1);
	return flow;
}

/* What as_strided is asked for and has already is its input's: all dimensions up to DIM are as they were, or as many are asked for as there were. */
static bool
keeps_size(const struct event *event, int self, int output, int dim)
{
	const struct operand *in = &event->operands[self], *out = &event->outputs[output];

	for (int d = 0; d <= dim; d++)
		if (d >= in->ndim || (in->sizes[d] != out->sizes[d] && (d == dim || in->ndim != out->ndim)))
			return false;
	return true;
}

struct flow
flow_as_strided(const struct event *event, int output, int dim)
{
	struct flow flow = flow_decided(FLOW_ARGUMENTS, -1, -1);
	int self = flow_self(event);

	if (mismatch_is_any(event->operation, "as_strided as_strided_copy") && self >= 0 && keeps_size(event, self, output, dim))
		return flow_passes(self, dim);
	text_say(flow.how, sizeof(flow.how), "asked for %" PRId64, flow_size(event, output, dim));
	return flow;
}

/* A loss that isn't summed up has a number for each target. */
struct flow
flow_loss(const struct event *event, int output, int dim)
{
	(void)output;
	return flow_passes(rule_tensor(event, "target"), dim);
}

struct flow
flow_diagonal(const struct event *event, int output, int dim)
{
	int self = flow_self(event), ndim = rank_of(event, self), one, other;
	int64_t dim1 = 0, dim2 = 1;

	rule_int(event, "dim1", &dim1);
	rule_int(event, "dim2", &dim2);
	one = rule_dim(dim1, ndim);
	other = rule_dim(dim2, ndim);
	if (ndim == 1) /* diag of a vector */
		return flow_passes(self, 0);
	if (dim == event->outputs[output].ndim - 1)
		return flow_decided(FLOW_ARGUMENTS, -1, -1);
	for (int d = 0, at = 0; d < ndim; d++)
		if (d != one && d != other && at++ == dim)
			return flow_passes(self, d);
	return flow_passes(-1, -1);
}

/* hstack, vstack, dstack, column_stack: joined along a dimension that the name tells; short tensors are given dimensions. */
struct flow
flow_stacked(const struct event *event, int output, int dim)
{
	int first = rule_next(event, 0), ndim = rank_of(event, first), added = event->outputs[output].ndim - ndim, along;
	char name[96];

	mismatch_plain_name(event->operation, name, sizeof(name));
	along = strcmp(name, "hstack") == 0 ? (ndim > 1) : strcmp(name, "dstack") == 0 ? 2 : strcmp(name, "column_stack") == 0;
	if (dim == along)
		return added ? flow_decided(FLOW_ARGUMENTS, -1, -1) : flow_joined(event, dim);
	return flow_passes(first, along == 0 ? dim - added : dim);
}
