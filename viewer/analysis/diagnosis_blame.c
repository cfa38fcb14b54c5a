/* Which step of two stories is the origin: where two sizes that disagree were decided, who is to blame. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mismatch_rule.h"
#include "report_failure.h"
#include "text.h"
#include "ways.h"
#include "where.h"

#define PIECES_MOST 64

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

static void
blame(struct diagnosis *diagnosis, struct lineage *lineage, int step, int64_t size)
{
	lineage->decider = step;
	lineage->steps[step].decides = true;
	diagnosis_retell(diagnosis, lineage, size);
}

/* Is it the program's own: one that its line asked for, or a library's work that it called for? */
static bool
is_own(const struct diagnosis *diagnosis, const struct lineage_step *step)
{
	char name[96];

	mismatch_plain_name(step->event.operation, name, sizeof(name));
	return text_among(making, name) ? where_is_asked(diagnosis->source, diagnosis->failure->process, step->event.site)
					: where_is_own(diagnosis->source, diagnosis->failure->process, step->event.site);
}

/* The program's own step among LINEAGE's first COUNT that makes a tensor as large as another, or as it is asked; -1. */
static int
own_maker(const struct diagnosis *diagnosis, const struct lineage *lineage, int count)
{
	for (int i = 0; i < count; i++) {
		char name[96];

		mismatch_plain_name(lineage->steps[i].event.operation, name, sizeof(name));
		if (text_among(making, name) && is_own(diagnosis, &lineage->steps[i]))
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
			blame(diagnosis, sides[i], like, sizes[i]);
			return true;
		}
	}
	if (!ways.met && sides[0]->decider > 0) { /* in the likeness of what the other side doesn't come from */
		int like = own_maker(diagnosis, sides[0], sides[0]->decider);

		if (like >= 0 && strstr(sides[0]->steps[like].event.operation, "_like")) {
			blame(diagnosis, sides[0], like, sizes[0]);
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
			blame(diagnosis, sides[!others], own, sizes[!others]);
			return true;
		}
	}
	if (step != by->decider || others)
		blame(diagnosis, by, step, sizes[others]);
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
			blame(diagnosis, other, i, size);
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
	char name[96];

	if (!step || step->entered || is_own(diagnosis, step))
		return;
	mismatch_plain_name(step->event.operation, name, sizeof(name));
	if (!text_among(making, name))
		return; /* what came in, or was put together, did so there, whoever called */
	if (ways_bridge(diagnosis->source, sides[0], sides[1])) {
		ways_bridge(diagnosis->source, sides[1], sides[0]);
		ways_find(sides[0], sides[1], &ways);
		for (int side = 0; side < 2; side++)
			for (int i = 0; i < ways.sides[side].count; i++)
				if (is_own(diagnosis, &sides[side]->steps[ways.sides[side].changes[i].step])) {
					blame(diagnosis, sides[side], ways.sides[side].changes[i].step, sizes[side]);
					return;
				}
	}
	theirs = sides[1]->decider >= 0 ? &sides[1]->steps[sides[1]->decider] : NULL;
	if (theirs && theirs->event.site >= 0 && is_own(diagnosis, theirs) && !is_built(diagnosis, theirs))
		blame(diagnosis, sides[1], sides[1]->decider, sizes[1]);
}

/* The sizes of what cat STEP puts together, along its dimension: their places and how many; 0 if it is no cat. */
static int
pieces_of(const struct lineage_step *step, int places[PIECES_MOST])
{
	char name[96];
	int count = 0;

	mismatch_plain_name(step->event.operation, name, sizeof(name));
	if (!text_among("cat concat concatenate", name) || step->entered)
		return 0;
	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1)) {
		if (count == PIECES_MOST || step->dim < 0 || step->dim >= step->event.operands[i].ndim)
			return 0;
		places[count++] = i;
	}
	return count;
}

/* Both were put together of as many pieces, all alike but one: the stories go on with that one. */
static bool
follow_pieces(struct diagnosis *diagnosis, struct lineage *sides[2], const int64_t sizes[2])
{
	struct lineage *piece = sides[0]->decider < 0 || sides[1]->decider < 0 ? NULL : calloc(1, sizeof(*piece));
	int places[2][PIECES_MOST], count, odd = -1;

	if (!piece)
		return false;
	count = pieces_of(&sides[0]->steps[sides[0]->decider], places[0]);
	if (count != pieces_of(&sides[1]->steps[sides[1]->decider], places[1]))
		count = 0;
	for (int n = 0; n < count; n++) {
		const struct lineage_step *a = &sides[0]->steps[sides[0]->decider], *b = &sides[1]->steps[sides[1]->decider];

		if (a->event.operands[places[0][n]].sizes[a->dim] == b->event.operands[places[1][n]].sizes[b->dim])
			continue;
		odd = odd < 0 ? n : count;
	}
	for (int i = 0; i < 2 && odd >= 0 && odd < count; i++) {
		const struct lineage_step *cat = &sides[i]->steps[sides[i]->decider];

		lineage_walk_tensor(diagnosis->source, diagnosis->failure->process, cat->event.operands[places[i][odd]].tensor, cat->event.id, cat->dim,
				    LINEAGE_SIZE, piece);
		if (piece->decider < 0)
			continue;
		sides[i]->count = sides[i]->decider + 1;
		for (int n = 0; n < piece->count && sides[i]->count < LINEAGE_STEPS_MOST; n++)
			sides[i]->steps[sides[i]->count++] = piece->steps[n];
		if (sides[i]->decider + 1 + piece->decider < sides[i]->count)
			sides[i]->decider += 1 + piece->decider;
	}
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
			char name[96];

			mismatch_plain_name(sides[i]->steps[n].event.operation, name, sizeof(name));
			if (packed < 0 && strcmp(name, "pad_packed_sequence") == 0)
				packed = n;
			else if (packed >= 0 && sides[i]->steps[n].size > sides[i]->steps[packed].size &&
				 sides[i]->steps[n].size == other->steps[other->decider].size) {
				blame(diagnosis, sides[i], packed, sizes[i]);
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
	char name[96];

	mismatch_plain_name(told ? told->event.operation : "", name, sizeof(name));
	if (text_among("arange linspace zeros ones full empty eye expand", name) && is_own(diagnosis, told))
		return;
	ways_find(sides[0], sides[1], &ways);
	for (int i = 0; i < 2 && ways.met; i++)
		if (ways.sides[i].count == 1 && !ways.sides[!i].count && is_own(diagnosis, &sides[i]->steps[ways.sides[i].changes[0].step]))
			blame(diagnosis, sides[i], ways.sides[i].changes[0].step, sizes[i]);
}

void
diagnosis_blame(struct diagnosis *diagnosis, struct lineage *one, struct lineage *other, int64_t size, int64_t others)
{
	struct lineage *sides[] = { one, other };
	const int64_t sizes[] = { size, others };

	if (!blame_parting(diagnosis, sides, sizes) && !blame_copy(diagnosis, one, other, others)) {
		pass_alike(diagnosis, sides, sizes);
		if (!follow_pieces(diagnosis, sides, sizes) || !blame_parting(diagnosis, sides, sizes))
			blame_own(diagnosis, sides, sizes);
	}
	blame_packed(diagnosis, sides, sizes);
	for (int i = 0; i < 2; i++)
		if (sides[i]->count && sides[i]->decider == sides[i]->count - 1 && ways_bridge(diagnosis->source, sides[i], sides[!i]))
			blame_change(diagnosis, sides, sizes);
}
