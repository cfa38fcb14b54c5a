/*
 * Two members side by side: where the first operation is that one runs and the other doesn't, or runs otherwise.
 *
 * Step by step. A step whose blocks are all equal is passed by its fingerprints. Otherwise its operations are read from
 * the first unequal block on, and walked. Where they part, both sides are searched for the place where they meet again:
 * what only one side ran in between is usual if it holds no collective of a group that the other is in, and is none of the training's own work (a rank that
 * alone logs, loads or saves) or only more of what the other ran too (a loop over images goes round as often as there are).
 */
#include "diff_divergence.h"

#include <stdlib.h>
#include <string.h>

#define BRIEFS_MOST 400000 /* of one step */
#define ROUND_MOST 1024    /* operations of a round of a loop */
#define WINDOW 4096        /* how far ahead a place to meet again is looked for */
#define AGAIN 2            /* so many operations in a row must agree there where one side only ran more, */
#define AGAIN_BOTH 4       /* and so many where both ran something of their own; or all that are left */

struct briefs { struct brief *list; int64_t count, room, end; bool full; };

/* The blocks of one step of one stream; from AT on they are read. */
struct step { const struct member *member; const struct block *begin, *at, *end; bool more; };

/* Which operations a side ran in the step, from which line: sorted. Read when it is asked for. */
struct controls { uint64_t *list; int64_t count; bool known; };

static bool
brief_keep(const struct brief *brief, void *context)
{
	struct briefs *briefs = context;
	struct brief *grown;

	if (brief->id > briefs->end || briefs->count == BRIEFS_MOST) {
		briefs->full = true;
		return false;
	}
	if (briefs->count == briefs->room) {
		int64_t room = briefs->room ? briefs->room * 2 : 1024;

		grown = realloc(briefs->list, (size_t)room * sizeof *grown);
		if (!grown)
			return false;
		briefs->list = grown;
		briefs->room = room;
	}
	briefs->list[briefs->count++] = *brief;
	return true;
}

static struct briefs
step_read(const struct step *step)
{
	struct briefs briefs = { .end = step->member->end };

	if (step->at < step->end)
		trace_each_brief(step->member->trace, step->member->process, step->at->thread, step->at->first, step->end[-1].last,
				 brief_keep, &briefs);
	return briefs;
}

static bool
is_training(const struct brief *brief)
{
	return brief->phase == BRIEF_FORWARD || brief->phase == BRIEF_BACKWARD || brief->phase == BRIEF_OPTIMIZER;
}

/* What SIDE ran from FROM to TO and OTHER didn't: no collective that OTHER takes part in, none of the training's own work. */
static bool
segment_is_usual(const struct member *side, const struct member *other, const struct brief *from, const struct brief *to)
{
	for (; from < to; from++)
		if (is_training(from) || from->failed || (from->collective && member_takes_part(other, side, from)))
			return false;
	return true;
}

static bool
control_keep(const struct brief *brief, void *context)
{
	struct controls *controls = context;

	if (controls->count == BRIEFS_MOST)
		return false;
	controls->list[controls->count++] = brief->control;
	return true;
}

static int
control_order(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void
controls_read(struct controls *controls, const struct step *step)
{
	controls->known = true;
	if (step->begin == step->end || !(controls->list = malloc(BRIEFS_MOST * sizeof *controls->list)))
		return;
	trace_each_brief(step->member->trace, step->member->process, step->begin->thread, step->begin->first, step->end[-1].last,
			 control_keep, controls);
	qsort(controls->list, (size_t)controls->count, sizeof *controls->list, control_order);
}

static bool
control_is_in(uint64_t control, const struct brief *from, const struct brief *to)
{
	for (; from < to; from++)
		if (from->control == control)
			return true;
	return false;
}

/* Is what lies from FROM to TO in SIDE another round of a loop that the other side, OTHER, went round as well in this step? Then most
 * of it was run there too, and much of it here right before or right after. (Not all: a second round looks back at the first.)
 * Backward has one call site for all: there, it is one only if forward went round more often (LOOPED). */
static bool
segment_repeats(const struct briefs *side, int64_t from, int64_t to, const struct step *other, struct controls *controls,
		bool looped)
{
	int64_t count = to - from, known = 0, near = 0;
	int64_t before = from > 2 * count ? from - 2 * count : 0, after = to + 2 * count < side->count ? to + 2 * count : side->count;

	if (count > ROUND_MOST)
		return false;
	for (int64_t i = from; i < to; i++) {
		uint64_t control = side->list[i].control;

		if (side->list[i].collective || side->list[i].failed || side->list[i].phase == BRIEF_OPTIMIZER ||
		    (side->list[i].phase == BRIEF_BACKWARD && !looped))
			return false;
		if (!controls->known)
			controls_read(controls, other);
		known += bsearch(&control, controls->list, (size_t)controls->count, sizeof control, control_order) != NULL;
		near += control_is_in(control, side->list + before, side->list + from) ||
			control_is_in(control, side->list + to, side->list + after);
	}
	return known * 4 >= count * 3 && near * 2 >= count;
}

/* Do the two agree for COUNT operations from here, or until both end? Both meet in a collective: one is enough. */
static bool
agree_from(const struct briefs *left, int64_t i, const struct briefs *right, int64_t j, int count)
{
	for (int n = 0; n < count; n++, i++, j++) {
		if (i == left->count || j == right->count)
			return n > 0 && i == left->count && j == right->count;
		if (left->list[i].control != right->list[j].control)
			return false;
		if (n == 0 && left->list[i].collective && left->list[i].collective == right->list[j].collective)
			return true;
	}
	return true;
}

/* The nearest place where both meet again. */
static bool
meet_again(const struct briefs *left, int64_t *i, const struct briefs *right, int64_t *j)
{
	for (int64_t sum = 1; sum <= WINDOW; sum++)
		for (int64_t a = 0; a <= sum; a++)
			if (*i + a < left->count && *j + sum - a < right->count &&
			    left->list[*i + a].control == right->list[*j + sum - a].control &&
			    agree_from(left, *i + a, right, *j + sum - a, a == 0 || a == sum ? AGAIN : AGAIN_BOTH)) {
				*i += a;
				*j += sum - a;
				return true;
			}
	return false;
}

static void
meeting_part(struct meeting *meeting, enum meeting_kind kind, const struct briefs *left, int64_t i, const struct briefs *right,
	     int64_t j)
{
	meeting->kind = kind;
	meeting->has_left = i < left->count;
	meeting->has_right = j < right->count;
	if (meeting->has_left)
		meeting->left = left->list[i];
	if (meeting->has_right)
		meeting->right = right->list[j];
}

/* The pair at the same place of both: goes on where it may be as it is. */
static bool
pair_agrees(struct meeting *meeting, const struct brief *left, const struct brief *right)
{
	meeting->has_last = true;
	meeting->left_last = *left;
	meeting->right_last = *right;
	if (left->content == right->content)
		return true;
	if (left->collective != right->collective)
		meeting->kind = MEET_COLLECTIVE;
	else if (!left->collective && left->kinds != right->kinds && is_training(left) && is_training(right)) /* of a collective, the root alone has some arguments */
		meeting->kind = MEET_KINDS;
	else {
		meeting->has_led = true;
		meeting->left_led = *left;
		meeting->right_led = *right;
		return true;
	}
	meeting->has_left = meeting->has_right = true;
	meeting->left = *left;
	meeting->right = *right;
	return false;
}

/* The end of backward from AT on, or its next collective. */
static int64_t
backward_skip(const struct briefs *side, int64_t at)
{
	while (at < side->count && side->list[at].phase == BRIEF_BACKWARD && !side->list[at].collective && !side->list[at].failed)
		at++;
	return at;
}

/* One step, operation by operation; MORE_LEFT, MORE_RIGHT: that side has later ones. Returns true to go on. */
static bool
step_walk(struct meeting *meeting, const struct step *left_step, const struct step *right_step, const struct briefs *left,
	  const struct briefs *right, struct controls *left_controls, struct controls *right_controls)
{
	int64_t i = 0, j = 0;
	bool looped = false, usual, more_left = left_step->more && !left->full, more_right = right_step->more && !right->full;

	while (i < left->count && j < right->count) {
		int64_t a = i, b = j;

		if (left->list[i].control == right->list[j].control) {
			if (!pair_agrees(meeting, &left->list[i++], &right->list[j++])) {
				if (meeting->kind != MEET_COLLECTIVE || !collective_is_uneven(left_step->member, left->list[i - 1].id,
											      right_step->member, right->list[j - 1].id))
					return false;
				meeting->kind = MEET_SAME;
				meeting->usual++;
			}
			continue;
		}
		if (looped && left->list[i].phase == BRIEF_BACKWARD && right->list[j].phase == BRIEF_BACKWARD) {
			/* After a loop that went round more often backward has more to do, at one call site: nothing new in that. */
			a = backward_skip(left, i);
			b = backward_skip(right, j);
			if (a > i || b > j) {
				meeting->usual += a - i + b - j;
				i = a;
				j = b;
				continue;
			}
		}
		if (!meet_again(left, &a, right, &b)) {
			/* A side that did nothing but its own things before its end has stopped on its way to the other's next. */
			bool left_usual = !more_left && segment_is_usual(left_step->member, right_step->member, left->list + i, left->list + left->count);
			bool right_usual = !more_right && segment_is_usual(right_step->member, left_step->member, right->list + j, right->list + right->count);

			meeting_part(meeting, left_usual == right_usual ? MEET_CONTROL : left_usual ? MEET_LEFT_ENDED : MEET_RIGHT_ENDED,
				     left, i, right, j);
			return false;
		}
		usual = (segment_is_usual(left_step->member, right_step->member, left->list + i, left->list + a) ||
			 segment_repeats(left, i, a, right_step, right_controls, looped)) &&
			(segment_is_usual(right_step->member, left_step->member, right->list + j, right->list + b) ||
			 segment_repeats(right, j, b, left_step, left_controls, looped));
		if (!usual) {
			meeting_part(meeting, MEET_CONTROL, left, i, right, j);
			return false;
		}
		looped = looped || (a > i && left->list[i].phase == BRIEF_FORWARD) || (b > j && right->list[j].phase == BRIEF_FORWARD);
		meeting->usual += a - i + b - j;
		i = a;
		j = b;
	}
	if (i == left->count && j == right->count && more_left == more_right)
		return true;
	if (i < left->count && more_right && segment_is_usual(left_step->member, right_step->member, left->list + i, left->list + left->count)) {
		meeting->usual += left->count - i;
		return true;
	}
	if (j < right->count && more_left && segment_is_usual(right_step->member, left_step->member, right->list + j, right->list + right->count)) {
		meeting->usual += right->count - j;
		return true;
	}
	if (i == left->count && !more_left)
		meeting_part(meeting, j < right->count || more_right ? MEET_LEFT_ENDED : MEET_SAME, left, i, right, j);
	else if (j == right->count && !more_right)
		meeting_part(meeting, MEET_RIGHT_ENDED, left, i, right, j);
	else
		meeting_part(meeting, MEET_CONTROL, left, i, right, j);
	return false;
}

static bool
blocks_equal(const struct block *left, const struct block *right)
{
	return left->control == right->control && left->kinds == right->kinds && left->collective == right->collective &&
	       left->events == right->events;
}

static bool
step_compare(struct meeting *meeting, struct step *left, struct step *right)
{
	const struct block *l = left->at;
	struct controls left_controls = { 0 }, right_controls = { 0 };
	struct briefs a, b;
	bool on;

	while (left->at < left->end && right->at < right->end && left->at->last <= left->member->end &&
	       right->at->last <= right->member->end && blocks_equal(left->at, right->at)) {
		left->at++;
		right->at++;
	}
	if (left->at == left->end && right->at == right->end && left->more == right->more)
		return true;
	/* What led to a difference lies before it: begin a block earlier, where there is one. */
	if (left->at > l && (left->at < left->end || right->at < right->end)) {
		left->at--;
		right->at--;
	}
	a = step_read(left);
	b = step_read(right);
	on = step_walk(meeting, left, right, &a, &b, &left_controls, &right_controls);
	free(left_controls.list);
	free(right_controls.list);
	free(a.list);
	free(b.list);
	return on;
}

/* The blocks of STREAM. */
static const struct block *
stream_begin(const struct member *member, int stream, const struct block **end)
{
	const struct block *at = member->blocks, *last = member->blocks + member->block_count;

	while (at < last && at->stream < stream)
		at++;
	*end = at;
	while (*end < last && (*end)->stream == stream)
		(*end)++;
	return at;
}

static const struct block *
step_end(const struct block *at, const struct block *end, int64_t step)
{
	while (at < end && at->step == step)
		at++;
	return at;
}

static bool
first_take(const struct brief *brief, void *context)
{
	*(struct brief *)context = *brief;
	return false;
}

static bool
first_read(const struct member *member, const struct block *block, struct brief *out)
{
	out->id = -1;
	trace_each_brief(member->trace, member->process, block->thread, block->first, block->last, first_take, out);
	return out->id >= 0;
}

/* A stream of both; from the first step that both keep. */
static void
stream_compare(struct meeting *meeting, const struct member *left, const struct member *right, int stream, int64_t limit)
{
	const struct block *left_end, *right_end, *l = stream_begin(left, stream, &left_end),
			   *r = stream_begin(right, stream, &right_end);
	int64_t first = left->first_step > right->first_step ? left->first_step : right->first_step;

	if (left->step >= 0)
		first = 0;
	while (l < left_end && l->step < first)
		l++;
	while (r < right_end && r->step < first)
		r++;
	while (l < left_end || r < right_end) {
		int64_t step = l == left_end || (r < right_end && r->step < l->step) ? r->step : l->step;
		struct step a = { left, l, l, step_end(l, left_end, step), false },
			    b = { right, r, r, step_end(r, right_end, step), false };

		if (limit >= 0 && step > limit)
			return;
		a.more = a.end < left_end && a.end->first <= left->end;
		b.more = b.end < right_end && b.end->first <= right->end;
		meeting->step = step;
		l = a.end;
		r = b.end;
		if (!step_compare(meeting, &a, &b)) {
			if (meeting->kind == MEET_LEFT_ENDED && !meeting->has_right && r < right_end)
				meeting->has_right = first_read(right, r, &meeting->right);
			if (meeting->kind == MEET_RIGHT_ENDED && !meeting->has_left && l < left_end)
				meeting->has_left = first_read(left, l, &meeting->left);
			return;
		}
	}
}

struct meeting
sequence_compare(const struct member *left, const struct member *right, int64_t limit)
{
	struct meeting main = { MEET_SAME }, other;
	int streams = 0;

	stream_compare(&main, left, right, 0, limit);
	if (left->block_count && right->block_count) {
		int a = left->blocks[left->block_count - 1].stream, b = right->blocks[right->block_count - 1].stream;

		streams = a < b ? a : b;
	}
	for (int stream = 1; stream <= streams; stream++) {
		other = (struct meeting){ MEET_SAME };
		stream_compare(&other, left, right, stream, limit);
		main.usual += other.usual;
		if (other.kind >= MEET_CONTROL && (main.kind == MEET_SAME || other.step < main.step ||
						   (other.step == main.step && other.left.id < main.left.id))) {
			other.usual = main.usual;
			main = other;
		}
	}
	trace_rest(left->trace, left->process);
	trace_rest(right->trace, right->process);
	return main;
}
