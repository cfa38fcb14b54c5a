/*
 * Steps whose operations one side or both have overwritten, by the fingerprints that were made while recording.
 *
 * Of two sides with entries of different width the finer one's are joined. A range differs if an operation or call site is in it
 * that the other never had there, if its collectives are others, or if backward and optimizer ran otherwise after the same forward.
 * Where only forward's order or number is another (a loop that went round more often), that is usual.
 */
#include "diff_divergence.h"

#include <stdlib.h>

#include "../../../schema/fingerprint.h"

struct side { struct step_range *list; int64_t count, at; };

static int64_t
width_of(const struct side *side)
{
	return side->count ? side->list[0].steps : 0;
}

static int64_t
end_of(const struct side *side)
{
	return side->count ? side->list[side->count - 1].first + side->list[side->count - 1].steps : 0;
}

/* What lies between FIRST and END, which its entries don't cross. */
static struct box_step_print
take(struct side *side, int64_t first, int64_t end)
{
	struct box_step_print print = { 0 };

	while (side->at < side->count && side->list[side->at].first < first)
		side->at++;
	for (; side->at < side->count && side->list[side->at].first < end; side->at++)
		print = fingerprint_steps_join(&print, &side->list[side->at].print);
	return print;
}

static bool
is_equal(const struct box_step_print *a, const struct box_step_print *b)
{
	return a->operations == b->operations && a->control == b->control && a->rest == b->rest && a->collective == b->collective;
}

static bool
parts(const struct box_step_print *a, const struct box_step_print *b)
{
	return a->once != b->once || a->collective != b->collective || a->collectives != b->collectives ||
	       (a->operations == b->operations && a->control == b->control && a->rest != b->rest);
}

static void
ranges_compare(struct past *past, struct side *left, struct side *right, int64_t kept)
{
	int64_t width = width_of(left) > width_of(right) ? width_of(left) : width_of(right);
	int64_t end = end_of(left) < end_of(right) ? end_of(left) : end_of(right);

	for (int64_t first = 0; first < end; first += width) {
		int64_t next = end - first < width ? end : first + width;
		struct box_step_print a, b;

		/* Of a range that only one side has gone through to its end nothing can be said. */
		if (next - first < width && end_of(left) != end_of(right))
			return;
		a = take(left, first, next);
		b = take(right, first, next);
		if (first < kept)
			past->end = next;
		if (is_equal(&a, &b))
			continue;
		if (!parts(&a, &b)) {
			past->usual += first < kept;
		} else if (first >= kept) {
			past->kept_parts = true;
		} else if (!past->found) {
			past->found = true;
			past->step = first;
			past->steps = next - first;
			past->left = a;
			past->right = b;
		}
	}
}

struct past
past_compare(const struct member *left, const struct member *right)
{
	struct past past = { 0 };
	int64_t kept = left->first_step > right->first_step ? left->first_step : right->first_step;
	struct side a = { 0 }, b = { 0 };

	if (kept == 0 || left->step >= 0)
		return past;
	a.count = trace_steps(left->trace, left->process, &a.list);
	b.count = trace_steps(right->trace, right->process, &b.list);
	if (a.count > 0 && b.count > 0)
		ranges_compare(&past, &a, &b, kept);
	past.unknown = past.end == 0;
	free(a.list);
	free(b.list);
	return past;
}

/* --- as the report says it ---------------------------------------------------------------------------------------------- */

/* What A has that B doesn't: the kind of the divergence. */
static const char *
past_text(const struct box_step_print *a, const struct box_step_print *b, bool one, struct text *verb, struct text *counts)
{
	if (a->once == b->once && (a->collective != b->collective || a->collectives != b->collectives)) {
		text_add(verb, "%s", one ? SAY(" issues other collectives than ") : SAY(" issue other collectives than "));
		if (a->collectives != b->collectives)
			text_add(counts, ": %lld collectives, not %lld", (long long)a->collectives, (long long)b->collectives);
		return "collective";
	}
	if (a->once == b->once) {
		text_add(verb, "%s", one ? SAY(" runs backward or the optimizer otherwise than ") : SAY(" run backward or the optimizer otherwise than "));
		return "control";
	}
	text_add(verb, "%s", one ? SAY(" runs other operations than ") : SAY(" run other operations than "));
	if (a->operations != b->operations)
		text_add(counts, ": %lld operations in forward, not %lld", (long long)a->operations, (long long)b->operations);
	return "control";
}

json_t *
divergence_of_past(struct members *members, const struct groups *groups, const struct parting *parting, json_t *kept)
{
	int *ranks = calloc((size_t)members->count * 2 + 2, sizeof *ranks), *against;
	bool turned = groups->list[members->list[parting->left].group].count < groups->list[members->list[parting->right].group].count;
	int a = turned ? parting->left : parting->right, b = turned ? parting->right : parting->left, rank_count, against_count;
	const struct past *past = &parting->past;
	struct text text = { { 0 }, 0 }, verb = { { 0 }, 0 }, counts = { { 0 }, 0 };
	const char *kind;
	json_t *json;

	if (!ranks) {
		json_decref(kept);
		return json_null();
	}
	against = ranks + members->count + 1;
	rank_count = side_ranks(members, a, ranks);
	against_count = side_ranks(members, b, against);
	kind = past_text(turned ? &past->left : &past->right, turned ? &past->right : &past->left, rank_count == 1, &verb, &counts);
	side_name(members, a, ranks, rank_count, &text);
	text_add(&text, "%s", verb.data);
	side_name(members, b, against, against_count, &text);
	if (past->steps == 1)
		text_add(&text, " in step %lld", (long long)past->step);
	else
		text_add(&text, " in one or more of the steps %lld-%lld", (long long)past->step, (long long)(past->step + past->steps - 1));
	text_add(&text, "%s; which ones is not known: they are overwritten (--keep all keeps them)", counts.data);
	json = side_divergence(kind, past->step, ranks, rank_count, against, against_count, json_null(), json_null(), text.data);
	json_object_set_new(json, "steps", json_integer(past->steps));
	json_object_set_new(json, "overwritten", json_true());
	json_object_set_new(json, "kept", kept ? kept : json_null());
	free(ranks);
	return json;
}
