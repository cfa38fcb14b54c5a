/* Which step of two stories is the origin: where two sizes that disagree were decided, who is to blame. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis_parts.h"
#include "causes/code/clipped.h"
#include "causes/autograd/joined_again.h"
#include "mismatch/mismatch_rule.h"
#include "causes/state/otherwise.h"
#include "causes/code/slice.h"
#include "text.h"
#include "causes/ways.h"
#include "where.h"

static const char making[] = "zeros_like ones_like full_like empty_like rand_like randn_like randint_like zeros ones full empty rand randn randint arange "
			     "linspace eye tril triu bernoulli";

void
diagnosis_retell(struct diagnosis *diagnosis, const struct lineage *lineage, int64_t size)
{
	char what[32];

	text_format(what, sizeof(what), "%" PRId64, size);
	json_decref(diagnosis->origin);
	diagnosis->origin = lineage_origin(diagnosis->source, lineage, what);
}

void
blame_step(struct diagnosis *diagnosis, struct lineage *lineage, int step, int64_t size)
{
	lineage->decider = step;
	lineage->steps[step].decides = true;
	diagnosis_retell(diagnosis, lineage, size);
}

/* Is it the program's own: one that its line asked for, or a library's work that it called for? */
static bool
is_own(const struct diagnosis *diagnosis, const struct lineage_step *step)
{
	return mismatch_is_any(step->event.operation, making) ? where_is_asked(diagnosis->source, diagnosis->failure->process, step->event.site)
					: where_is_own(diagnosis->source, diagnosis->failure->process, step->event.site);
}

/* The program's own step among LINEAGE's first COUNT that makes a tensor as large as another, or as it is asked; -1. */
static int
own_maker(const struct diagnosis *diagnosis, const struct lineage *lineage, int count)
{
	for (int i = 0; i < count; i++) {
		if (mismatch_is_any(lineage->steps[i].event.operation, making) && is_own(diagnosis, &lineage->steps[i]))
			return i;
	}
	return -1;
}

/* Both sizes come from one tensor's: one was made in its likeness by the program, the other was changed since by a library alone,
 * as it changes every input. */
static bool
blame_like(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	struct ways ways;

	ways_find(sides[0], sides[1], &ways);
	for (int i = 0; ways.met && i < 2; i++) {
		int like = own_maker(diagnosis, sides[i], ways.sides[i].at);
		bool library = ways.sides[!i].count > 0 && !ways.sides[i].count;

		for (int n = 0; n < ways.sides[!i].count; n++)
			library = library && !is_own(diagnosis, &sides[!i]->steps[ways.sides[!i].changes[n].step]);
		if (like >= 0 && library) {
			blame_step(diagnosis, sides[i], like, sizes[i]);
			return true;
		}
	}
	if (!ways.met && sides[0]->decider > 0) { /* in the likeness of what the other side doesn't come from */
		int like = own_maker(diagnosis, sides[0], sides[0]->decider);

		if (like >= 0 && strstr(sides[0]->steps[like].event.operation, "_like")) {
			blame_step(diagnosis, sides[0], like, sizes[0]);
			return true;
		}
	}
	return false;
}

/* Both sizes come from one tensor's: the origin is the operation that made the difference. What a library does to every input
 * is no difference to blame where the program itself made the other side without it. */
static bool
blame_parting(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	bool others = false;
	int step = diagnosis->rounding.from ? -1 : lineage_parts_by(sides[0], sides[1], &others), own;
	struct lineage *by = sides[others];
	struct ways ways;

	if (step < 0)
		return blame_like(diagnosis, sides, sizes);
	if (!is_own(diagnosis, &by->steps[step])) {
		ways_find(sides[0], sides[1], &ways);
		own = own_maker(diagnosis, sides[!others], ways.sides[!others].at);
		if (own >= 0) {
			blame_step(diagnosis, sides[!others], own, sizes[!others]);
			return true;
		}
	}
	if (step != by->decider || others)
		blame_step(diagnosis, by, step, sizes[others]);
	return true;
}

/* ONE got its size in place, by what isn't known; OTHER was copied from it before that: the copy is what is out of date. */
static bool
blame_copy(struct diagnosis *diagnosis, const struct lineage *one, struct lineage *other, int64_t size)
{
	if (one->decider < 0 || !one->steps[one->decider].resized)
		return false;
	for (int i = 0; i < other->count && i <= other->decider; i++)
		if (strcmp(other->steps[i].event.operation, "aten::clone") == 0) {
			blame_step(diagnosis, other, i, size);
			return true;
		}
	return false;
}

/* Was it made while a module was built? */
static bool
is_built(const struct diagnosis *diagnosis, const struct lineage_step *step)
{
	json_t *frames = where_site_frames(diagnosis->source, diagnosis->failure->process, step->event.site);
	int chosen = where_choose(frames);
	const char *function = chosen < 0 ? "" : text_get(json_array_get(frames, (size_t)chosen), "function"), *last = strrchr(function, '.');
	bool built = strcmp(last ? last + 1 : function, "__init__") == 0;

	json_decref(frames);
	return built;
}

/* A library's line asked for a size: the program's step that it goes back to, of this side or of the other. */
static void
blame_own(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	const struct lineage_step *step = sides[0]->decider >= 0 ? &sides[0]->steps[sides[0]->decider] : NULL, *theirs;
	struct ways ways;

	if (!step || step->entered || is_own(diagnosis, step))
		return;
	if (!mismatch_is_any(step->event.operation, making))
		return; /* what came in, or was put together, did so there, whoever called */
	if (ways_bridge(diagnosis->source, sides[0], sides[1])) {
		ways_bridge(diagnosis->source, sides[1], sides[0]);
		ways_find(sides[0], sides[1], &ways);
		for (int side = 0; side < 2; side++)
			for (int i = 0; i < ways.sides[side].count; i++)
				if (is_own(diagnosis, &sides[side]->steps[ways.sides[side].changes[i].step])) {
					blame_step(diagnosis, sides[side], ways.sides[side].changes[i].step, sizes[side]);
					return;
				}
	}
	theirs = sides[1]->decider >= 0 ? &sides[1]->steps[sides[1]->decider] : NULL;
	if (theirs && theirs->event.site >= 0 && is_own(diagnosis, theirs) && !is_built(diagnosis, theirs))
		blame_step(diagnosis, sides[1], sides[1]->decider, sizes[1]);
}

int
blame_pieces(const struct lineage_step *step, int places[BLAME_PIECES_MOST])
{
	int count = 0;

	if (!mismatch_is_any(step->event.operation, "cat concat concatenate") || step->entered)
		return 0;
	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1)) {
		if (count == BLAME_PIECES_MOST || step->dim < 0 || step->dim >= step->event.operands[i].ndim)
			return 0;
		places[count++] = i;
	}
	return count;
}

void
blame_go_on(struct diagnosis *diagnosis, struct lineage *side, int place, struct lineage *room)
{
	const struct lineage_step *cat = &side->steps[side->decider];

	lineage_walk_tensor(diagnosis->source, diagnosis->failure->process, cat->event.operands[place].tensor, cat->event.id, cat->dim, LINEAGE_SIZE, room);
	if (room->decider < 0)
		return;
	side->count = side->decider + 1;
	for (int n = 0; n < room->count && side->count < LINEAGE_STEPS_MOST; n++)
		side->steps[side->count++] = room->steps[n];
	if (side->decider + 1 + room->decider < side->count)
		side->decider += 1 + room->decider;
}

/* Both were put together of as many pieces, all alike but one: the stories go on with that one. */
static bool
follow_pieces(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	struct lineage *piece = sides[0]->decider < 0 || sides[1]->decider < 0 ? NULL : calloc(1, sizeof(*piece));
	int places[2][BLAME_PIECES_MOST], count, odd = -1;

	if (!piece)
		return false;
	count = blame_pieces(&sides[0]->steps[sides[0]->decider], places[0]);
	if (count != blame_pieces(&sides[1]->steps[sides[1]->decider], places[1]))
		count = 0;
	for (int n = 0; n < count; n++) {
		const struct lineage_step *a = &sides[0]->steps[sides[0]->decider], *b = &sides[1]->steps[sides[1]->decider];

		if (a->event.operands[places[0][n]].sizes[a->dim] == b->event.operands[places[1][n]].sizes[b->dim])
			continue;
		odd = odd < 0 ? n : count;
	}
	for (int i = 0; i < 2 && odd >= 0 && odd < count; i++)
		blame_go_on(diagnosis, sides[i], places[i][odd], piece);
	free(piece);
	if (odd < 0 || odd >= count)
		return false;
	diagnosis_retell(diagnosis, sides[0], sizes[0]);
	return true;
}

/* Both had as many places until one side was packed by lengths and padded again: that took some away. */
static void
blame_packed(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	for (int i = 0; i < 2; i++) {
		const struct lineage *other = sides[!i];
		int packed = -1;

		for (int n = 0; n < sides[i]->count && other->decider >= 0; n++) {
			if (packed < 0 && mismatch_is_any(sides[i]->steps[n].event.operation, "pad_packed_sequence"))
				packed = n;
			else if (packed >= 0 && sides[i]->steps[n].size > sides[i]->steps[packed].size &&
				 sides[i]->steps[n].size == other->steps[other->decider].size) {
				blame_step(diagnosis, sides[i], packed, sizes[i]);
				return;
			}
		}
	}
}

/* The next step that decides after the decider, -1. */
static int
next_decider(const struct lineage *lineage)
{
	for (int i = lineage->decider + 1; lineage->decider >= 0 && i < lineage->count; i++)
		if (lineage->steps[i].decides)
			return i;
	return -1;
}

/* What both went through alike at the end (shifted by one, flattened) decided nothing: who did comes before. */
static void
pass_alike(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	bool passed = false;
	int next[2];

	while ((next[0] = next_decider(sides[0])) >= 0 && (next[1] = next_decider(sides[1])) >= 0 &&
	       ways_alike(sides[0]->steps[sides[0]->decider + 1].size, sides[0]->steps[sides[0]->decider].size,
			  sides[1]->steps[sides[1]->decider + 1].size, sides[1]->steps[sides[1]->decider].size)) {
		for (int i = 0; i < 2; i++)
			sides[i]->decider = next[i];
		passed = true;
	}
	if (passed)
		diagnosis_retell(diagnosis, sides[0], sizes[0]);
}

/* Both come from one tensor, as far as is known: the one step of the program's own that changed one of them since. What the program
 * asked for by a number (arange, zeros) stays the origin: the number is what is wrong. */
static void
blame_change(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	const struct lineage_step *told = sides[0]->decider >= 0 ? &sides[0]->steps[sides[0]->decider] : NULL;
	struct ways ways;

	if (told && mismatch_is_any(told->event.operation, "arange linspace zeros ones full empty eye expand") && is_own(diagnosis, told))
		return;
	ways_find(sides[0], sides[1], &ways);
	for (int i = 0; i < 2 && ways.met; i++)
		if (ways.sides[i].count == 1 && !ways.sides[!i].count && is_own(diagnosis, &sides[i]->steps[ways.sides[i].changes[0].step]))
			blame_step(diagnosis, sides[i], ways.sides[i].changes[0].step, sizes[i]);
}

bool
blame_is_larger(const struct diagnosis *diagnosis, int side)
{
	int place = side ? diagnosis->mismatch.against : diagnosis->mismatch.operand, dim = side ? diagnosis->mismatch.against_dim : diagnosis->mismatch.dim;
	struct usuals usuals;
	struct usual usual;

	return diagnosis->subject->id >= 0 && place >= 0 &&
	       usual_given(diagnosis->source, diagnosis->failure->process, diagnosis->subject, place, USUAL_CALLS_QUICK, &usuals) &&
	       usual_dim(&usuals, dim, &usual) && diagnosis->subject->operands[place].sizes[dim] > usual.largest;
}

/* One side was cut from what ended before it had as many as the other: where that is what it usually is, or nothing was left at all, the cut
 * decided. */
static bool
blame_short(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	struct clipped clipped;
	struct slice slice;
	int side;

	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = sides[i]->decider >= 0 ? &sides[i]->steps[sides[i]->decider] : NULL;

		if (!step || step->size != sizes[i] || !slice_read(&step->event, &slice) || slice.dim != step->dim || !slice_is_short(&slice, sizes[!i]) ||
		    (!slice_begins_beyond(&slice) && blame_is_larger(diagnosis, !i)))
			continue;
		blame_step(diagnosis, sides[i], sides[i]->decider, sizes[i]);
		return true;
	}
	side = clipped_find(diagnosis->source, diagnosis->failure->process, sides[0], sides[1], &clipped);
	if (side < 0 || clipped.at < 0)
		return false;
	sides[side]->steps[clipped.at].possible = false;
	blame_step(diagnosis, sides[side], clipped.at, sizes[side]);
	return true;
}

/* One side was put together of pieces, one of which alone is another than it ever was, and comes from another line than before: the origin is
 * who decided that piece. */
static bool
blame_otherwise(struct diagnosis *diagnosis, struct lineage *sides[2])
{
	const struct mismatch *mismatch = &diagnosis->mismatch;
	struct otherwise found[2];
	struct lineage *room;
	int odd = -1, places[BLAME_PIECES_MOST];

	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = sides[i]->decider >= 0 ? &sides[i]->steps[sides[i]->decider] : NULL;

		if (!step || !otherwise_find(diagnosis->source, diagnosis->failure->process, diagnosis->subject, i ? mismatch->against : mismatch->operand,
					     i ? mismatch->against_dim : mismatch->dim, LINEAGE_SIZE, &found[i]) ||
		    !found[i].pieces || found[i].usual.calls < USUAL_CALLS_LEAST || found[i].usual.same || step->event.id != found[i].join.id)
			continue;
		odd = odd < 0 ? i : 2;
	}
	room = odd == 0 || odd == 1 ? calloc(1, sizeof(*room)) : NULL;
	if (!room)
		return false;
	if (blame_pieces(&sides[odd]->steps[sides[odd]->decider], places) > found[odd].piece) {
		blame_go_on(diagnosis, sides[odd], places[found[odd].piece], room);
		diagnosis_retell(diagnosis, sides[odd], sides[odd]->steps[sides[odd]->decider].size);
	}
	free(room);
	return true;
}

/* One side was joined once more as backward recomputed it: that is the origin. */
static bool
blame_again(struct diagnosis *diagnosis, struct lineage *sides[2])
{
	for (int i = 0; i < 2; i++) {
		struct joined_again again;
		int at = joined_again(diagnosis->source, diagnosis->failure->process, sides[i], &again);

		if (at < 0)
			continue;
		blame_step(diagnosis, sides[i], at, sides[i]->steps[at].size);
		return true;
	}
	return false;
}

bool
diagnosis_blame(struct diagnosis *diagnosis, struct lineage *one, struct lineage *other, int64_t size, int64_t others)
{
	struct lineage *sides[] = { one, other };
	const int64_t sizes[] = { size, others };

	if (blame_again(diagnosis, sides) || blame_taken(diagnosis, sides, sizes) || blame_entered(diagnosis, sides) || blame_short(diagnosis, sides, sizes) || blame_otherwise(diagnosis, sides) ||
	    blame_odd_piece(diagnosis, sides, sizes))
		return true;
	if (!blame_parting(diagnosis, sides, sizes) && !blame_copy(diagnosis, one, other, others)) {
		pass_alike(diagnosis, sides, sizes);
		if ((!follow_pieces(diagnosis, sides, sizes) || !blame_parting(diagnosis, sides, sizes)) && !blame_rest(diagnosis, sides, sizes))
			blame_own(diagnosis, sides, sizes);
	}
	blame_packed(diagnosis, sides, sizes);
	for (int i = 0; i < 2; i++)
		if (sides[i]->count && sides[i]->decider == sides[i]->count - 1 && ways_bridge(diagnosis->source, sides[i], sides[!i]))
			blame_change(diagnosis, sides, sizes);
	return false;
}
