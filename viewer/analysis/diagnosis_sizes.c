/* Which step of two stories is the origin, by what the sizes themselves tell. */
#include <inttypes.h>
#include <stdlib.h>

#include "diagnosis_parts.h"
#include "causes/batches/taken.h"
#include "mismatch/mismatch_rule.h"
#include "causes/code/slice.h"
#include "causes/layers/strides.h"
#include "causes/ways.h"
#include "text.h"

static int64_t
size_of(const struct lineage_step *cat, int place)
{
	return cat->event.operands[place].sizes[cat->dim];
}

/* The piece that alone isn't as large as the others, all alike, where the whole would be WANTED if it were; -1. */
static int
unlike_others(const struct lineage_step *cat, const int *places, int count, int64_t wanted)
{
	for (int odd = 0; odd < count && count > 2; odd++) {
		int64_t usual = size_of(cat, places[odd ? 0 : 1]);
		bool alike = usual > 0 && size_of(cat, places[odd]) != usual && wanted % usual == 0 && wanted / usual == count;

		for (int n = 0; n < count && alike; n++)
			alike = n == odd || size_of(cat, places[n]) == usual;
		if (alike)
			return odd;
	}
	return -1;
}

/* Was the piece that STORY tells of spread over more rows than it came with, so that each has a part of the NEEDED alone? */
static bool
is_spread(const struct lineage *story, int64_t needed)
{
	const struct lineage_step *step = story->count ? &story->steps[0] : NULL;
	int self = step && !step->entered ? rule_any(&step->event, "self input") : -1;
	const struct operand *in = self >= 0 ? &step->event.operands[self] : NULL, *out = step && step->event.output_count == 1 ? step->event.outputs : NULL;
	int64_t elements = 1;

	if (!in || !out || in->ndim < 1 || out->ndim < 1 || step->dim < 1 || !mismatch_is_any(step->event.operation, "view reshape unsafe_view unflatten") ||
	    step->size < 1 || needed % step->size)
		return false;
	for (int d = 0; d < in->ndim; d++)
		if (in->sizes[d] < 1 || __builtin_mul_overflow(elements, in->sizes[d], &elements))
			return false;
	/* [6, 8] made [2, 24] where 48 are needed: the 48 were one row's */
	return out->sizes[0] > 1 && elements == needed && out->sizes[0] == needed / step->size;
}

/* The piece of CAT that was spread; ROOM gets its story. -1 */
static int
spread_piece(const struct diagnosis *diagnosis, const struct lineage_step *cat, const int *places, int count, int64_t wanted, struct lineage *room)
{
	for (int n = 0; n < count; n++) {
		int64_t needed = wanted - (cat->size - size_of(cat, places[n]));

		if (needed <= size_of(cat, places[n]))
			continue;
		lineage_walk_tensor(diagnosis->source, diagnosis->failure->process, cat->event.operands[places[n]].tensor, cat->event.id, cat->dim,
				    LINEAGE_SIZE, room);
		if (is_spread(room, needed))
			return n;
	}
	return -1;
}

bool
blame_odd_piece(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	struct lineage *room = calloc(1, sizeof(*room));
	bool found = false;

	for (int i = 0; i < 2 && room && !found; i++) {
		const struct lineage_step *cat = sides[i]->decider >= 0 ? &sides[i]->steps[sides[i]->decider] : NULL;
		int places[BLAME_PIECES_MOST], count = cat && cat->size == sizes[i] ? blame_pieces(cat, places) : 0, odd;

		if (count < 2)
			continue;
		odd = spread_piece(diagnosis, cat, places, count, sizes[!i], room);
		if (odd >= 0) {
			int at = sides[i]->decider + 1;

			blame_go_on(diagnosis, sides[i], places[odd], room);
			if (at < sides[i]->count)
				blame_step(diagnosis, sides[i], at, sides[i]->steps[at].size);
			found = true;
		} else if ((odd = unlike_others(cat, places, count, sizes[!i])) >= 0) {
			blame_go_on(diagnosis, sides[i], places[odd], room);
			diagnosis_retell(diagnosis, sides[i], sides[i]->steps[sides[i]->decider].size);
			found = true;
		}
	}
	free(room);
	return found;
}

/* Do all of WAY's changes only compute (in space), one of them with a rest? */
static bool
has_rest(const struct lineage *lineage, const struct way *way)
{
	bool rest = false;

	for (int i = 0; i < way->count; i++) {
		const struct way_change *change = &way->changes[i];
		int64_t more = change->from > change->to ? change->from : change->to, less = change->from > change->to ? change->to : change->from;

		if (!mismatch_is_any(lineage->steps[change->step].event.operation,
				     "conv1d conv2d conv3d convolution conv_transpose1d conv_transpose2d conv_transpose3d max_pool1d max_pool2d max_pool3d avg_pool1d "
				     "avg_pool2d avg_pool3d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_bilinear2d upsample_linear1d "
				     "upsample_bicubic2d upsample_trilinear3d pixel_shuffle pixel_unshuffle max_pool2d_with_indices"))
			return false;
		rest = rest || (less > 0 && more % less);
	}
	return rest && way->count > 1;
}

bool
blame_rest(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	struct ways ways;

	ways_find(sides[0], sides[1], &ways);
	for (int i = 0; i < 2; i++) {
		const struct way *way = &ways.sides[i];

		if (!way->known || !ways.sides[!i].known || ways.sides[!i].count || ways.size != sizes[!i] || !has_rest(sides[i], way) ||
		    way->changes[0].to != sizes[i])
			continue;
		blame_step(diagnosis, sides[i], way->changes[0].step, sizes[i]);
		return true;
	}
	return false;
}

bool
blame_assigned(struct diagnosis *diagnosis, struct lineage *room)
{
	const struct mismatch *mismatch = &diagnosis->mismatch;
	int side = mismatch->operand < 0 || diagnosis->subject->operands[mismatch->operand].tensor < 0;
	int place = side ? mismatch->against : mismatch->operand, dim = side ? mismatch->against_dim : mismatch->dim;
	struct event event;
	struct slice slice;
	char what[32];
	int64_t wanted;

	if (place < 0 || dim < 0 || diagnosis->subject->operands[place].ndim <= dim ||
	    !slice_find_short(diagnosis->source, diagnosis->failure->process, diagnosis->subject, mismatch, &event, &slice, &wanted) ||
	    diagnosis->subject->operands[place].sizes[dim] != wanted || blame_is_larger(diagnosis, side))
		return false;
	lineage_walk_tensor(diagnosis->source, diagnosis->failure->process, event.outputs[0].tensor, event.id + 1, slice.dim, LINEAGE_SIZE, room);
	if (room->decider < 0)
		return false;
	text_format(what, sizeof(what), "%" PRId64, event.outputs[0].sizes[slice.dim]);
	diagnosis_append(diagnosis, room, SAY("the slice"), what, slice.dim);
	blame_step(diagnosis, room, room->decider, event.outputs[0].sizes[slice.dim]);
	return true;
}

bool
blame_entered(struct diagnosis *diagnosis, struct lineage *sides[2])
{
	struct strides strides;

	if (!strides_find(sides[0], sides[1], &strides))
		return false;
	blame_step(diagnosis, sides[strides.side], strides.entry, strides.entered);
	return true;
}

bool
blame_taken(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	const struct lineage *const stories[2] = { sides[0], sides[1] };
	struct lineage_step step = { .dim = 0, .decides = true, .possible = true };
	struct lineage *side;
	struct taken taken;

	if (!taken_find(diagnosis->source, diagnosis->failure->process, stories, sizes, &taken) || sides[taken.side]->count >= LINEAGE_STEPS_MOST)
		return false;
	side = sides[taken.side];
	step.event = taken.event;
	step.size = taken.event.outputs[0].sizes[0];
	text_say(step.how, sizeof(step.how), "%" PRId64 " rows of %" PRId64 " left in %" PRId64 " calls", taken.is, taken.was, taken.calls);
	side->steps[side->count++] = step;
	blame_step(diagnosis, side, side->count - 1, sizes[taken.side]);
	return true;
}
