#include "clipped.h"

#include <stdlib.h>
#include <string.h>

#include "../../mismatch/mismatch_rule.h"
#include "../../text.h"

/* Several sizes that a view made one: those from dimension FIRST of its operand PLACE on. */
struct product { const struct lineage_step *step; int at, place, first; struct clipped_factors factors; };

static bool
product_of(const struct lineage *lineage, struct product *out)
{
	for (int i = 0; i < lineage->count; i++) {
		const struct lineage_step *step = &lineage->steps[i];
		int place = rule_any(&step->event, "self input");
		const struct operand *from = place >= 0 ? &step->event.operands[place] : NULL;

		if (!from || step->size != lineage->steps[0].size || !mismatch_is_any(step->event.operation, "view reshape flatten unsafe_view reshape_alias view_copy"))
			continue;
		for (int d = 0; d + 1 < from->ndim; d++) {
			int64_t product = 1;

			*out = (struct product){ step, i, place, d, { 0 } };
			for (int n = d; n < from->ndim && n < d + CLIPPED_FACTORS_MOST && product < step->size; n++) {
				out->factors.sizes[out->factors.count++] = from->sizes[n];
				if (from->sizes[n] < 1 || __builtin_mul_overflow(product, from->sizes[n], &product))
					break;
			}
			if (product == step->size && out->factors.count > 1)
				return true;
		}
	}
	return false;
}

/* The one factor that differs; -1. */
static int
odd_factor(const struct clipped_factors *one, const struct clipped_factors *other)
{
	int odd = -1;

	if (one->count != other->count)
		return -1;
	for (int i = 0; i < one->count; i++)
		if (one->sizes[i] != other->sizes[i]) {
			if (odd >= 0)
				return -1;
			odd = i;
		}
	return odd;
}

static bool
given(const struct source *source, int process, const struct product *product, int factor, struct usual *out)
{
	struct usuals usuals;

	return usual_given(source, process, &product->step->event, product->place, USUAL_CALLS_QUICK, &usuals) && usual_dim(&usuals, product->first + factor, out);
}

#define CALLS_AHEAD 3 /* a batch is made ready some calls before it is used */

struct calls { int count; int64_t oldest; };

static bool
take_oldest(const struct event *event, void *context)
{
	struct calls *calls = context;

	calls->oldest = event->id;
	return ++calls->count < CALLS_AHEAD;
}

/* The table that the factor was cut from, if it has no more: there already several calls of the line ago, and so nothing of this batch. */
static bool
find_table(const struct source *source, int process, const struct product *product, int factor, struct clipped *out)
{
	const struct event *event = &product->step->event;
	struct lineage *story = calloc(1, sizeof(*story));
	const struct lineage_step *step;
	struct calls calls = { 0, -1 };
	bool found = false;

	if (!story)
		return false;
	source->each_call(source->context, process, event, take_oldest, &calls);
	lineage_walk_tensor(source, process, event->operands[product->place].tensor, event->id, product->first + factor, LINEAGE_SIZE, story);
	step = story->decider >= 0 ? &story->steps[story->decider] : story->count ? &story->steps[story->count - 1] : NULL;
	if (step && step->size == out->extent && step->event.id < calls.oldest) {
		out->table = *step;
		out->dim = step->dim >= 0 ? step->dim : product->first + factor;
		found = true;
	}
	free(story);
	return found;
}

static bool
is_clipped(const struct source *source, int process, const struct lineage *lineage, const struct product *is, const struct product *other, struct clipped *out)
{
	int factor = odd_factor(&is->factors, &other->factors);
	struct usual wanted;

	*out = (struct clipped){ .is = is->factors, .other = other->factors, .at = -1, .table = { .event = { .id = -1 } } };
	if (factor < 0 || is->factors.sizes[factor] >= other->factors.sizes[factor])
		return false;
	out->extent = is->factors.sizes[factor];
	out->wanted = other->factors.sizes[factor];
	if (!given(source, process, is, factor, &out->usual) || usual_is_steady(&out->usual) || out->usual.largest > out->extent ||
	    !given(source, process, other, factor, &wanted) || wanted.largest > out->extent)
		return false;
	if (!find_table(source, process, is, factor, out))
		return false;
	for (int i = is->at + 1; i < lineage->count && out->at < 0; i++)
		if (strstr(lineage->steps[i].event.operation, "slice") || strstr(lineage->steps[i].event.operation, "narrow"))
			out->at = i;
	return true;
}

int
clipped_find(const struct source *source, int process, const struct lineage *one, const struct lineage *other, struct clipped *out)
{
	const struct lineage *sides[] = { one, other };
	struct product products[2];

	if (!product_of(one, &products[0]) || !product_of(other, &products[1]))
		return -1;
	for (int i = 0; i < 2; i++)
		if (is_clipped(source, process, sides[i], &products[i], &products[!i], out))
			return i;
	return -1;
}
