/* What an operation makes of its operands within itself, unrecorded, and gives to others: views. */
#include <string.h>

#include "lineage_parts.h"

static int64_t
elements(const struct operand *is)
{
	int64_t count = 1;

	for (int d = 0; d < is->ndim; d++)
		if (__builtin_mul_overflow(count, is->sizes[d], &count))
			return -1;
	return is->ndim < 0 ? -1 : count;
}

static bool
same_sizes(const struct operand *one, const struct operand *other)
{
	return one->ndim == other->ndim && memcmp(one->sizes, other->sizes, (size_t)one->ndim * sizeof(*one->sizes)) == 0;
}

/* The place of OUTER's operand that SEEN may be a view of; -1 if none is, or several of other sizes are. */
static int
viewed(const struct event *outer, const struct operand *seen)
{
	int place = -1;

	for (int i = 0; i < outer->operand_count; i++) {
		const struct operand *is = &outer->operands[i];

		if (is->tensor <= 0 || is->ndim < 0 || elements(is) != elements(seen) || !is->dtype || !seen->dtype || strcmp(is->dtype, seen->dtype) != 0)
			continue;
		if (place >= 0 && !same_sizes(is, &outer->operands[place]))
			return -1;
		place = place < 0 ? i : place;
	}
	return place;
}

/* Dimension DIM of SEEN as one of WHOLE's, of which it is a view with other dimensions or in another order; -1. */
static int
dim_within(const struct source *source, const struct lineage *lineage, const struct event *outer, int place, const struct operand *seen, int dim)
{
	const struct operand *whole = &outer->operands[place];
	struct event view = *outer;
	struct flow flow;
	int found = -1;

	if (same_sizes(whole, seen))
		return dim;
	if (whole->ndim == seen->ndim) { /* turned */
		for (int d = 0; d < whole->ndim; d++)
			if (whole->sizes[d] == seen->sizes[dim])
				found = found < 0 ? d : whole->ndim;
		return found < whole->ndim ? found : -1;
	}
	view.operation = "aten::view";
	view.operands = whole;
	view.operand_count = 1;
	view.outputs = seen;
	view.output_count = 1;
	flow = size_flow(&view, 0, dim);
	if (flow.operand != 0 || flow.dim < 0)
		return -1;
	if (flow.kind != FLOW_PASSES) { /* rows put into one */
		view.operation = outer->operation;
		view.operands = outer->operands;
		view.operand_count = outer->operand_count;
		flow.operand = place;
		lineage_factor(source, lineage, &view, 0, dim, &flow);
	}
	return flow.dim;
}

int
lineage_within(const struct source *source, struct lineage *lineage, int64_t tensor, int *dim, struct event *outer)
{
	const struct operand *seen;
	struct event use;
	int operand, place, found;

	if (lineage->property != LINEAGE_SIZE || !source->first_use(source->context, lineage->process, tensor, &use, &operand) || use.parent < 0 ||
	    operand < 0 || operand >= use.operand_count || !source->event(source->context, lineage->process, use.parent, outer))
		return -1;
	seen = &use.operands[operand];
	if (*dim < 0 || *dim >= seen->ndim || source->met_before(source->context, lineage->process, tensor) || (place = viewed(outer, seen)) < 0)
		return -1;
	found = dim_within(source, lineage, outer, place, seen, *dim);
	if (found < 0)
		return -1;
	if (outer->operands[place].sizes[found] != seen->sizes[*dim] && lineage->count)
		lineage->steps[lineage->count - 1].combines = true;
	*dim = found;
	return place;
}
