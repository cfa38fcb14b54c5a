/* Rules for operations that select by an index or a mask. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mismatch_rule.h"
#include "../text.h"

static bool
is_mask(const struct operand *operand)
{
	return operand->dtype && text_among("bool uint8", operand->dtype);
}

bool
state_index(const struct mismatch_facts *facts, struct mismatch *out, int place, int against, int against_dim, int64_t limit,
	    int64_t lowest)
{
	static const char *const marks[] = { "Target ", "index ", "Index ", "class " };
	const struct mismatch_knowledge *knowledge = facts->knowledge ? &facts->knowledge[place] : NULL;
	const char *name = facts->event->operands[place].name;
	int64_t value;
	bool known = false;

	if (knowledge && knowledge->has_range && knowledge->largest >= limit) {
		value = knowledge->largest;
		known = true;
	} else if (knowledge && knowledge->has_range && knowledge->smallest < lowest) {
		value = knowledge->smallest;
		known = true;
	} else if (facts->message && strstr(facts->message, "out of")) {
		for (size_t i = 0; i < sizeof(marks) / sizeof(*marks) && !known; i++)
			known = rule_message_number(facts, marks[i], &value) && (value >= limit || value < lowest);
		out->from_message = true;
	} else {
		return false;
	}
	state_numbers(out, "index", place, against, -1, limit, known ? value : 0);
	out->has_actual = known;
	state_mark(out, against, against_dim);
	out->against_dim = against_dim;
	if (!known)
		text_say(out->text, sizeof(out->text), "%s holds an index outside the %" PRId64 " rows of %s", name, limit,
			    facts->event->operands[against].name);
	else if (knowledge && knowledge->has_range && knowledge->smallest < lowest && knowledge->largest >= limit)
		text_say(out->text, sizeof(out->text), "%s holds %" PRId64 " to %" PRId64 " where %s has %" PRId64 " rows in dimension %d",
			    name, knowledge->smallest, knowledge->largest, facts->event->operands[against].name, limit, against_dim);
	else
		text_say(out->text, sizeof(out->text), "%s holds %" PRId64 " where %s has %" PRId64 " rows in dimension %d", name,
			    value, facts->event->operands[against].name, limit, against_dim);
	return true;
}

bool
state_index_dtype(const struct mismatch_facts *facts, struct mismatch *out, int place, const char *allowed)
{
	const char *dtype = facts->event->operands[place].dtype;

	return dtype && !text_among(allowed, dtype) && state_names(facts, out, "dtype", place, -1, "int64", dtype);
}

int64_t
mismatch_mask_count(const struct mismatch_facts *facts, int place, bool *from_message)
{
	const struct operand *mask = &facts->event->operands[place];
	const char *at = facts->message ? strstr(facts->message, "indexing result of shape [") : NULL;

	for (int i = 0; i < facts->child_count; i++) {
		const struct event *child = &facts->children[i];

		if (strstr(child->operation, "nonzero") && child->operand_count && child->output_count &&
		    child->operands[0].tensor == mask->tensor && child->outputs[0].ndim > 0)
			return child->outputs[0].sizes[0];
	}
	if (facts->knowledge && facts->knowledge[place].trues >= 0)
		return facts->knowledge[place].trues;
	for (int i = 0; i < facts->child_count; i++) { /* the mask may have been moved or viewed before */
		const struct event *child = &facts->children[i];

		if (strstr(child->operation, "nonzero") && child->operand_count && child->output_count &&
		    child->operands[0].ndim == mask->ndim && child->outputs[0].ndim > 0 &&
		    memcmp(child->operands[0].sizes, mask->sizes, (size_t)mask->ndim * sizeof(int64_t)) == 0)
			return child->outputs[0].sizes[0];
	}
	if (!at)
		return -1;
	*from_message = true;
	return strtoll(at + strlen("indexing result of shape ["), NULL, 10);
}

struct selection {
	int64_t sizes[64];
	int dims[64];       /* of self, -1: the indices' */
	int ndim, index_ndim, lead /* place whose count leads it */, index /* the first with all of the indices' dimensions */, before /* dimensions in front of those */;
	bool known, from_message;
};

/* The shape that self[indices] has; false and OUT filled where the indices themselves disagree. */
static bool
select_shape(const struct mismatch_facts *facts, int self, struct selection *result, struct mismatch *out)
{
	const struct event *event = facts->event;
	const struct operand *base = &event->operands[self];
	int64_t index_sizes[64] = { 0 }, rest[64];
	int rest_dims[64], index_ndim = 0, rest_count = 0, dim = 0, first = -1, last = -1, before = 0, index_from = -1;
	bool gap = false;

	*result = (struct selection){ .known = true, .lead = -1 };
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *index = &event->operands[i];
		int64_t sizes[64], *size = sizes;
		int ndim, covers = 1;

		if (!index->name || strncmp(index->name, "indices", 7) != 0)
			continue;
		if (!index->kind || strcmp(index->kind, "tensor") != 0 || index->ndim < 0 || index->ndim > 32) {
			if (index->kind && strcmp(index->kind, "none") == 0 && dim < base->ndim && rest_count < 32) {
				rest_dims[rest_count] = dim;
				rest[rest_count++] = base->sizes[dim];
			}
			if (first < 0)
				before++;
			dim++;
			continue;
		}
		if (index->dtype && !text_among("bool uint8 int64 int32", index->dtype))
			return !state_names(facts, out, "dtype", i, -1, "int64", index->dtype);
		if (first < 0)
			first = dim;
		else if (last != dim)
			gap = true;
		if (is_mask(index)) {
			covers = index->ndim;
			for (int d = 0; d < index->ndim; d++) {
				if (dim + d >= base->ndim)
					return !state_rank(facts, out, self, i, dim + index->ndim);
				if (index->sizes[d] != base->sizes[dim + d])
					return !state_size(facts, out, i, d, self, dim + d, base->sizes[dim + d], index->sizes[d]);
			}
			sizes[0] = mismatch_mask_count(facts, i, &result->from_message);
			ndim = 1;
			result->known = result->known && sizes[0] >= 0;
		} else {
			if (dim >= base->ndim)
				return !state_rank(facts, out, self, i, dim + 1);
			ndim = index->ndim;
			memcpy(sizes, index->sizes, (size_t)ndim * sizeof(*sizes));
		}
		if (index_from < 0)
			result->lead = i;
		for (int d = 1; d <= ndim && d <= index_ndim; d++) {
			int64_t is = size[ndim - d], other = index_sizes[index_ndim - d];

			if (is != other && is != 1 && other != 1 && is >= 0 && other >= 0)
				return !state_size(facts, out, i, ndim - d, index_from, index_ndim - d, other, is);
		}
		if (ndim > index_ndim || index_from < 0) {
			memcpy(index_sizes, sizes, (size_t)ndim * sizeof(*sizes));
			index_ndim = ndim;
			index_from = i;
		} else {
			for (int d = 1; d <= ndim; d++)
				if (index_sizes[index_ndim - d] == 1)
					index_sizes[index_ndim - d] = size[ndim - d];
		}
		dim += covers;
		last = dim;
	}
	for (; dim < base->ndim && rest_count < 32; dim++) {
		rest_dims[rest_count] = dim;
		rest[rest_count++] = base->sizes[dim];
	}
	if (gap)
		before = 0;
	if (before > rest_count)
		before = rest_count;
	memcpy(result->sizes, rest, (size_t)before * sizeof(*rest));
	memcpy(result->sizes + before, index_sizes, (size_t)index_ndim * sizeof(*rest));
	memcpy(result->sizes + before + index_ndim, rest + before, (size_t)(rest_count - before) * sizeof(*rest));
	result->ndim = rest_count + index_ndim;
	for (int i = 0; i < result->ndim; i++)
		result->dims[i] = i < before ? rest_dims[i] : i < before + index_ndim ? -1 : rest_dims[i - index_ndim];
	result->index = index_from;
	result->before = before;
	result->index_ndim = before + index_ndim;
	if (result->lead >= 0 && (!is_mask(&event->operands[result->lead]) || before))
		result->lead = before ? -1 : result->lead;
	return true;
}

int
mismatch_selected(const struct event *event, int64_t *sizes, int room)
{
	const struct mismatch_facts facts = { .event = event };
	int self = rule_tensor(event, "self");
	struct selection result;
	struct mismatch out;

	if (!mismatch_is_any(event->operation, "index index_put index_put_impl unsafe_index unsafe_index_put") || self < 0 || event->operands[self].ndim > 32 ||
	    !select_shape(&facts, self, &result, &out) || !result.known || result.ndim > room)
		return -1;
	memcpy(sizes, result.sizes, (size_t)result.ndim * sizeof(*sizes));
	return result.ndim;
}

/* Whose size is dimension AT of a selection that no one index leads: self's, or the indices' own. */
static void
mark_selected(struct mismatch *out, const struct selection *result, int self, int at)
{
	bool own = result->dims[at] >= 0;

	out->against = own ? self : result->index;
	state_mark(out, out->against, -1);
	out->against_dim = own ? result->dims[at] : at - result->before;
}

/* An index tensor whose counted values leave the dimension that it indexes (where no mask covers several). */
static bool
state_ranges(const struct mismatch_facts *facts, int self, struct mismatch *out)
{
	const struct event *event = facts->event;
	const struct operand *base = &event->operands[self];

	for (int i = 0, dim = 0; facts->knowledge && i < event->operand_count && dim < base->ndim; i++) {
		const struct operand *index = &event->operands[i];

		if (!index->name || strncmp(index->name, "indices", 7) != 0)
			continue;
		if (index->kind && strcmp(index->kind, "tensor") == 0 && is_mask(index))
			return false;
		if (facts->knowledge[i].has_range &&
		    (facts->knowledge[i].largest >= base->sizes[dim] || facts->knowledge[i].smallest < -base->sizes[dim]))
			return state_index(facts, out, i, self, dim, base->sizes[dim], -base->sizes[dim]);
		dim++;
	}
	return false;
}

bool
mismatch_index(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), values = rule_tensor(event, "values"), index;
	struct selection result;
	int64_t limit, dim;

	if (self < 0 || event->operands[self].ndim > 32)
		return false;
	if (!select_shape(facts, self, &result, out))
		return true;
	for (int i = values < 0 ? 0 : event->operands[values].ndim; i > 0; i--) {
		const struct operand *is = &event->operands[values];
		int from_end = is->ndim - i + 1, at = result.ndim - from_end;
		int64_t actual = is->sizes[i - 1], expected = at >= 0 ? result.sizes[at] : 1;

		if (expected < 0 || actual == expected || actual == 1)
			continue;
		if (at < 0)
			return state_rank(facts, out, values, self, result.ndim);
		state_numbers(out, at < result.index_ndim && result.lead >= 0 ? "count" : "size", values,
			      result.lead >= 0 && at < result.index_ndim ? result.lead : self, i - 1, expected, actual);
		out->from_message = result.from_message;
		if (at < result.index_ndim && !result.before)
			text_say(out->text, sizeof(out->text), "values has %" PRId64 " rows where %s selects %" PRId64, actual,
				    result.lead >= 0 ? event->operands[result.lead].name : "the index", expected);
		else
			text_say(out->text, sizeof(out->text),
				    "values has %" PRId64 " in dimension %d where the selection has %" PRId64, actual, i - 1, expected);
		if (result.lead < 0)
			mark_selected(out, &result, self, at);
		else
			state_mark(out, out->against, -1);
		return true;
	}
	if (state_ranges(facts, self, out))
		return true;
	index = rule_any(event, "indices indices[0] indices[1] indices[2] indices[3]");
	if (index < 0 || !rule_message_number(facts, "with size ", &limit))
		return false;
	if (!rule_message_number(facts, "dimension ", &dim) || dim < 0 || dim >= event->operands[self].ndim)
		return false;
	for (int i = index; i >= 0; i = rule_next(event, i + 1))
		if (event->operands[i].item == dim)
			index = i;
	return state_index(facts, out, index, self, (int)dim, event->operands[self].sizes[dim],
			   -event->operands[self].sizes[dim]);
}

bool
mismatch_scatter(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), index = rule_any(event, "index indices"), from = rule_tensor(event, "src");
	const struct operand *base, *is;
	int64_t dim = 0;
	int along;

	if (self < 0 || index < 0)
		return false;
	base = &event->operands[self];
	is = &event->operands[index];
	if (state_index_dtype(facts, out, index, "int64 int32"))
		return true;
	rule_int(event, "dim", &dim);
	along = rule_dim(dim, base->ndim ? base->ndim : 1);
	if (is->ndim != base->ndim && is->ndim && base->ndim && rule_count(is))
		return state_rank(facts, out, index, self, base->ndim);
	if (from >= 0 && event->operands[from].ndim != is->ndim && is->ndim && event->operands[from].ndim)
		return state_rank(facts, out, from, index, is->ndim);
	for (int i = 0; i < is->ndim && i < base->ndim; i++) {
		if (i != along && is->sizes[i] > base->sizes[i] && !(strstr(event->operation, "take_along") && base->sizes[i] == 1))
			return state_size(facts, out, index, i, self, i, base->sizes[i], is->sizes[i]);
		if (from >= 0 && i < event->operands[from].ndim && is->sizes[i] > event->operands[from].sizes[i])
			return state_size(facts, out, index, i, from, i, event->operands[from].sizes[i], is->sizes[i]);
	}
	return along >= 0 && base->ndim && state_index(facts, out, index, self, along, base->sizes[along], 0);
}

bool
mismatch_index_along(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), index = rule_tensor(event, "index"), from = rule_tensor(event, "source");
	const struct operand *base, *is;
	int64_t dim = 0;
	int along;

	if (self < 0 || index < 0)
		return false;
	base = &event->operands[self];
	is = &event->operands[index];
	if (state_index_dtype(facts, out, index, "int64 int32"))
		return true;
	if (is->ndim > 1)
		return state_rank(facts, out, index, -1, 1);
	rule_int(event, "dim", &dim);
	along = rule_dim(dim, base->ndim);
	if (along < 0)
		return false;
	if (from >= 0) {
		const struct operand *rows = &event->operands[from];

		if (rows->ndim != base->ndim && rows->ndim)
			return state_rank(facts, out, from, self, base->ndim);
		for (int i = 0; i < rows->ndim; i++)
			if (i == along ? rows->sizes[i] != rule_count(is) : rows->sizes[i] != base->sizes[i])
				return i == along ? state_size(facts, out, from, i, index, 0, rule_count(is), rows->sizes[i])
						  : state_size(facts, out, from, i, self, i, base->sizes[i], rows->sizes[i]);
	}
	return state_index(facts, out, index, self, along, base->sizes[along], 0);
}

bool
mismatch_embedding(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int weight = rule_any(event, "weight self"), indices = rule_tensor(event, "indices");

	if (weight < 0 || indices < 0)
		return false;
	if (state_index_dtype(facts, out, indices, "int64 int32"))
		return true;
	if (event->operands[weight].ndim != 2)
		return state_rank(facts, out, weight, -1, 2);
	return state_index(facts, out, indices, weight, 0, event->operands[weight].sizes[0], 0);
}
