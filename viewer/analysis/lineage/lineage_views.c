/* Sizes that a view put into one and a later view took apart again, pieces that were made as large as others, rows that were selected: where each comes
 * from. */
#include "lineage_parts.h"
#include "../history/usual.h"
#include "../mismatch/mismatch_rule.h"

static const char views[] = "view reshape unsafe_view reshape_alias flatten unflatten view_copy";

/* The product of the sizes of IS before DIM; -1 if it is none. */
static int64_t
product_before(const struct operand *is, int first, int dim)
{
	int64_t product = 1;

	for (int d = first; d < dim; d++)
		if (is->sizes[d] < 1 || __builtin_mul_overflow(product, is->sizes[d], &product))
			return -1;
	return product;
}

/* The dimension of IS before which there are as many elements as PRODUCT, from FIRST on; -1 */
static int
dim_after(const struct operand *is, int first, int64_t product)
{
	for (int d = first; d < is->ndim; d++) {
		int64_t before = product_before(is, first, d);

		if (before == product && is->sizes[d] != 1)
			return d;
		if (before < 0 || before > product)
			return -1;
	}
	return -1;
}

/* The view nearer to the failure that took WHOLE apart, if nothing else was done to that size since; NULL. */
static const struct lineage_step *
taken_apart(const struct lineage *lineage, int64_t whole)
{
	const struct lineage_step *step;
	int at = lineage->count - 1;

	while (at > 0 && lineage->steps[at].size == whole)
		at--;
	step = &lineage->steps[at];
	return at < lineage->count - 1 && step->size < whole && step->output == 0 && step->event.output_count == 1 && mismatch_is_any(step->event.operation, views)
		       ? step : NULL;
}

bool
lineage_regroup(const struct lineage *lineage, const struct event *maker, int output, int dim, struct flow *flow)
{
	int self = rule_any(maker, "self input"), first, part, outer, place;
	const struct operand *in = self >= 0 ? &maker->operands[self] : NULL, *out = &maker->outputs[output], *before, *after;
	const struct lineage_step *apart;
	int64_t offset;

	if (!in || !mismatch_is_any(maker->operation, views) || !(apart = taken_apart(lineage, out->sizes[dim])))
		return false;
	place = rule_any(&apart->event, "self input");
	outer = apart[1].dim;
	if (place < 0 || outer < 0 || outer >= apart->event.operands[place].ndim)
		return false;
	before = &apart->event.operands[place];
	after = &apart->event.outputs[0];
	part = dim_after(after, 0, product_before(before, 0, outer)); /* where that size's parts begin */
	first = dim_after(in, 0, product_before(out, 0, dim));
	if (part < 0 || first < 0 || apart->dim < part)
		return false;
	offset = product_before(after, part, apart->dim);
	dim = offset < 0 ? -1 : dim_after(in, first, offset);
	if (dim < 0 || in->sizes[dim] != apart->size)
		return false;
	flow->operand = self;
	flow->dim = dim;
	return true;
}

/* Does a run of neighbours among the COUNT sizes make SIZE? */
static bool
has_run(const int64_t *sizes, int count, int64_t size)
{
	for (int from = 0; from < count; from++) {
		int64_t product = 1;

		for (int at = from; at < count && sizes[at] > 0 && !__builtin_mul_overflow(product, sizes[at], &product) && product <= size; at++)
			if (product == size)
				return true;
	}
	return false;
}

/* What VIEWED asks for in the place of the sizes that it doesn't leave as they are, into OUT; how many. */
static int
asked_anew(const struct event *viewed, int64_t out[RULE_INTS_MOST])
{
	int self = rule_any(viewed, "self input"), count = rule_ints(viewed, "size", out, RULE_INTS_MOST), same = 0;
	const struct operand *is = self >= 0 ? &viewed->operands[self] : NULL;

	count = count > 0 ? count : rule_ints(viewed, "shape", out, RULE_INTS_MOST);
	while (is && count > 0 && same < count && same < is->ndim && is->sizes[same] == out[same])
		same++;
	for (int d = is ? is->ndim - 1 : -1; d >= same && count > same && is->sizes[d] == out[count - 1]; d--)
		count--;
	for (int i = same; i < count; i++)
		out[i - same] = out[i];
	return count > same ? count - same : 0;
}

bool
lineage_unasked(const struct lineage *lineage, const struct event *maker, int output, int dim, struct flow *flow)
{
	const struct event *viewed = lineage->viewed;
	int self = rule_any(maker, "self input"), count, first, odd = -1;
	const struct operand *in = self >= 0 ? &maker->operands[self] : NULL;
	int64_t asked[RULE_INTS_MOST], size = maker->outputs[output].sizes[dim], product = 1;

	if (!viewed || !in || size != lineage->steps[0].size || !mismatch_is_any(maker->operation, views) || !mismatch_is_any(viewed->operation, "view reshape _unsafe_view unsafe_view"))
		return false;
	count = asked_anew(viewed, asked);
	first = dim_after(in, 0, product_before(&maker->outputs[output], 0, dim));
	for (int d = first; first >= 0 && count > 0 && d < in->ndim && product < size; d++) {
		if (in->sizes[d] < 1 || __builtin_mul_overflow(product, in->sizes[d], &product))
			return false;
		if (in->sizes[d] == 1 || has_run(asked, count, in->sizes[d]))
			continue;
		if (odd >= 0)
			return false;
		odd = d;
	}
	if (odd < 0 || product != size || in->sizes[odd] == size)
		return false;
	flow->operand = self;
	flow->dim = odd;
	return true;
}

/* Was DIM of what MAKER made given to it as a number (expanded to it, asked for)? */
static bool
is_given(const struct event *maker, int output, int dim)
{
	struct flow flow = size_flow(maker, output, dim);

	return flow.kind == FLOW_ARGUMENTS && flow.operand < 0;
}

/* Was DIM of what MAKER made cut to what it is, and to more in an earlier call: to the shortest of its batch, not at a limit? */
static bool
is_cut_to_shortest(const struct source *source, int process, const struct event *maker, int output, int dim)
{
	int self = rule_any(maker, "self input");
	struct usuals usuals;
	struct usual usual;

	return mismatch_is_any(maker->operation, "slice narrow") && self >= 0 && dim < maker->operands[self].ndim &&
	       maker->operands[self].sizes[dim] > maker->outputs[output].sizes[dim] &&
	       usual_made(source, process, maker, output, USUAL_CALLS_QUICK, &usuals) && usual_dim(&usuals, dim, &usual) &&
	       usual.largest > maker->outputs[output].sizes[dim];
}

void
lineage_other_piece(const struct source *source, int process, const struct event *maker, struct flow *flow)
{
	if (flow->kind != FLOW_PASSES || flow->operand < 0 || !mismatch_is_any(maker->operation, "cat concat concatenate stack"))
		return;
	for (int i = flow->operand; i >= 0; i = rule_next(maker, i + 1)) {
		struct event piece;
		int output, writes;

		if (maker->operands[i].ndim <= flow->dim || maker->operands[i].sizes[flow->dim] != maker->operands[flow->operand].sizes[flow->dim])
			continue;
		if (lineage_maker(source, process, maker->operands[i].tensor, maker->id, LINEAGE_SIZE, &piece, &output, &writes) &&
		    flow->dim < piece.outputs[output].ndim &&
		    (is_given(&piece, output, flow->dim) || is_cut_to_shortest(source, process, &piece, output, flow->dim)))
			continue;
		flow->operand = i;
		return;
	}
}

/* Where rows were chosen by numbers that were computed (the largest, a random order), the choice is what made them fewer. */
void
lineage_stop_at_choice(struct lineage *lineage)
{
	static const char choosing[] = "topk sort argsort nonzero nonzero_numpy argwhere multinomial randperm unique unique2";
	int at = lineage->decider;

	if (lineage->property != LINEAGE_SIZE || at < 1 || !mismatch_is_any(lineage->steps[at].event.operation, choosing))
		return;
	for (int i = at - 1; i >= 0; i--) {
		const struct lineage_step *step = &lineage->steps[i];
		int index = rule_any(&step->event, "index indices indices[0] indices[1] indices[2]"), self = rule_any(&step->event, "self input");

		if (step->size != lineage->steps[at].size)
			return;
		if (!mismatch_is_any(step->event.operation, "index index_select") || index < 0 || self < 0 ||
		    step->event.operands[index].tensor != lineage->steps[i + 1].tensor)
			continue;
		if (step->dim >= 0 && step->dim < step->event.operands[self].ndim && step->event.operands[self].sizes[step->dim] > step->size) {
			lineage->steps[i].decides = true;
			lineage->decider = i;
		}
		return;
	}
}
