#include "grids.h"

#include <string.h>

#include "../../mismatch/mismatch_rule.h"

#define ADDED_MOST 8 /* a class token, registers: put in front, and taken away again */

int64_t
grid_root(int64_t count)
{
	int64_t root = 0;

	for (int64_t bit = (int64_t)1 << 30; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= count)
			root += bit;
	return root;
}

bool
grid_is_uneven(int64_t count)
{
	int64_t root = grid_root(count);

	return count > 0 && root * root != count;
}

bool
grid_read_sides(const struct lineage_step *step, struct grid_sides *out, int *dim)
{
	int self = rule_any(&step->event, "self input");
	const struct operand *is = self >= 0 ? &step->event.operands[self] : NULL;

	if (!is || !mismatch_is_any(step->event.operation, "view reshape flatten unsafe_view reshape_alias view_copy"))
		return false;
	for (int d = 0; d + 1 < is->ndim; d++) {
		int64_t product = 0;

		if (is->sizes[d] > 1 && is->sizes[d + 1] > 1 && !__builtin_mul_overflow(is->sizes[d], is->sizes[d + 1], &product) && product == step->size) {
			*out = (struct grid_sides){ is->sizes[d], is->sizes[d + 1] };
			*dim = d;
			return true;
		}
	}
	return false;
}

/* Is STEP a layer that made a grid of a picture by strides? */
static bool
read_layer(const struct lineage_step *step, struct grid *out)
{
	int input = rule_any(&step->event, "input self"), weight = rule_tensor(&step->event, "weight");
	const struct operand *is = input >= 0 ? &step->event.operands[input] : NULL;
	const struct operand *makes = step->event.output_count == 1 ? step->event.outputs : NULL;

	if (!is || !makes || weight < 0 || step->event.operands[weight].ndim != 4 || is->ndim < 3 || makes->ndim != is->ndim ||
	    !mismatch_is_any(step->event.operation, "conv2d convolution"))
		return false;
	out->picture = (struct grid_sides){ is->sizes[is->ndim - 2], is->sizes[is->ndim - 1] };
	out->whole = (struct grid_sides){ makes->sizes[is->ndim - 2], makes->sizes[is->ndim - 1] };
	out->stride = (struct grid_sides){ rule_entry(&step->event, "stride", 0, 1), rule_entry(&step->event, "stride", 1, 1) };
	return out->stride.high > 1 && out->stride.wide > 1;
}

bool
grid_find(const struct lineage *lineage, struct grid *out)
{
	int dim;

	*out = (struct grid){ .at = -1, .made = -1 };
	for (int i = 0; lineage && i < lineage->count && out->at < 0; i++) {
		const struct lineage_step *step = &lineage->steps[i];

		if (step->entered || step->size < lineage->steps[0].size || step->size - lineage->steps[0].size > ADDED_MOST)
			break;
		if (step->size == lineage->steps[0].size && grid_read_sides(step, &out->sides, &dim))
			out->at = i;
	}
	for (int i = out->at + 1; out->at >= 0 && i < lineage->count && out->made < 0; i++)
		if (!lineage->steps[i].entered && read_layer(&lineage->steps[i], out))
			out->made = i;
	return out->at >= 0;
}
