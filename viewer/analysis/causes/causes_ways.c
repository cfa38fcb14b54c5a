/* Two sizes that disagree, told by what became of each since both were one: the general answer where no rule knows more. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "code/settings.h"
#include "../mismatch/operand.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "ways.h"
#include "../where.h"

#define CALLS_ENOUGH 3
#define TOLD_MOST 3 /* changes of one side */
#define RESTS_MOST 2
#define COMMON_SIZE 16 /* up to this, two sizes may be equal by chance */

enum kind { CUT, GROWN, RESAMPLED, SELECTED, REPEATED, RESHAPED, OTHER };

static const struct { enum kind kind; const char *names; } kinds[] = {
	{ CUT, "slice narrow split chunk tensor_split split_with_sizes unsafe_split unsafe_chunk select" },
	{ GROWN, "cat concat concatenate hstack vstack pad constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d pad_sequence" },
	{ RESAMPLED, "conv1d conv2d conv3d convolution conv_transpose1d conv_transpose2d conv_transpose3d max_pool1d max_pool2d max_pool3d avg_pool1d "
		     "avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d upsample_nearest1d "
		     "upsample_nearest2d upsample_bilinear2d upsample_bicubic2d upsample_linear1d max_pool2d_with_indices max_pool1d_with_indices unfold "
		     "pixel_shuffle pixel_unshuffle interpolate stft" },
	{ SELECTED, "index masked_select nonzero gather index_select topk unique unique2 take multinomial where" },
	{ REPEATED, "repeat repeat_interleave expand tile expand_as broadcast_to" },
	{ RESHAPED, "view reshape flatten unflatten unsafe_view reshape_alias" },
};

static enum kind
kind_of(const struct lineage_step *step)
{
	char name[96];

	mismatch_plain_name(step->event.operation, name, sizeof(name));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (text_among(kinds[i].names, name))
			return kinds[i].kind;
	return OTHER;
}

static const char *
name_of(const struct cause_facts *facts, int side)
{
	return cause_operand_name(facts, facts->sides[side].place);
}

static const struct lineage_step *
step_of(const struct cause_facts *facts, int side, int step)
{
	return &facts->sides[side].lineage->steps[step];
}

/* "16 -> 8 by aten::avg_pool1d at ..., 8 -> 7 by ...", as it went. */
static void
add_changes(const struct cause_facts *facts, struct text *text, const struct way *way, int side)
{
	for (int i = way->count - 1, told = 0; i >= 0 && told < TOLD_MOST; i--, told++) {
		const struct way_change *change = &way->changes[i];

		text_add(text, "%s%" PRId64 " -> %" PRId64 , told ? ", " : "", change->from, change->to);
		text_add(text, " by ");
		cause_add_line(facts, text, step_of(facts, side, change->step), change->to);
	}
	if (way->count > TOLD_MOST)
		text_add(text, ", ...");
}

/* Is SIDE's size none that it had before? */
static bool
is_new(const struct cause_facts *facts, int side)
{
	const struct cause_side *is = &facts->sides[side];

	return is->calls >= CALLS_ENOUGH && (is->size < is->smallest || is->size > is->largest);
}

/* How far SIDE's size is from those that it had before. */
static int64_t
beyond(const struct cause_side *side)
{
	return side->size > side->largest ? side->size - side->largest : side->smallest - side->size;
}

/* Which side is new, or newer than the other; -1. */
static int
new_side(const struct cause_facts *facts)
{
	if (is_new(facts, 0) && is_new(facts, 1) && beyond(&facts->sides[0]) != beyond(&facts->sides[1]))
		return beyond(&facts->sides[1]) > beyond(&facts->sides[0]);
	return is_new(facts, 0) == is_new(facts, 1) ? -1 : is_new(facts, 1);
}

static void
add_history(const struct cause_facts *facts, struct text *text)
{
	int i = new_side(facts);
	const struct cause_side *is = i < 0 ? NULL : &facts->sides[i];
	const json_t *number = NULL;

	if (!is || (is_new(facts, 0) && is_new(facts, 1)))
		return; /* of both it says nothing about either */
	if (is->smallest == is->largest) {
		text_add(text, "%s had %" PRId64 " in all %" PRId64 " earlier calls and has %" PRId64 " now; ", name_of(facts, i), is->smallest, is->calls, is->size);
		return;
	}
	if (is->size > is->largest)
		number = cause_named_number(facts, is->largest, "max limit size");
	if (!cause_is_limit(facts, number) && (!number || !strchr(text_get(number, "name"), '.') || strchr(text_get(number, "name"), '[')))
		number = NULL;
	text_add(text, "%s had %" PRId64 " to %" PRId64, name_of(facts, i), is->smallest, is->largest);
	cause_add_number(facts, text, number);
	text_add(text, " in %" PRId64 " earlier calls and has %" PRId64 " now; ", is->calls, is->size);
}

static void
add_agreement(const struct cause_facts *facts, struct cause *out)
{
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "%sin %" PRId64 " earlier calls they agreed", out->evidence.used ? SAY("; ") : "", facts->calls);
}

/* One side alone was changed, by steps of KIND. */
static void
fix_one(const struct cause_facts *facts, struct cause *out, enum kind kind, int changed)
{
	const char *is = name_of(facts, changed), *other = name_of(facts, !changed);
	int64_t size = facts->sides[changed].size, others = facts->sides[!changed].size;

	switch (kind) {
	case CUT:
		text_add(&out->fix, "cut %s the same way, to %" PRId64 ", or make %s without the cut (%" PRId64 ")", other, size, is, others);
		return;
	case GROWN:
		text_add(&out->fix, "give %s the same %" PRId64 " more, at the same end, or leave them out of %s", other, size - others, is);
		return;
	case RESAMPLED:
		text_add(&out->fix, "bring %s to %" PRId64 " as well (the same stride or pooling, a crop, or interpolate), or %s back to %" PRId64, other, size, is,
			 others);
		return;
	case SELECTED:
		text_add(&out->fix, "select from %s by the same mask or index, so that it has %" PRId64 ", too; or compare before the selection", other, size);
		return;
	case REPEATED:
		if (size > others && others > 0 && size % others == 0)
			text_add(&out->fix, "repeat %s %" PRId64 " times as well (repeat_interleave, in the same order)", other, size / others);
		else
			text_add(&out->fix, "repeat %s to %" PRId64 " as well", other, size);
		return;
	case RESHAPED:
		text_add(&out->fix, "give %s the same form as %s: put the same dimensions into one, or keep them apart in both", other, is);
		return;
	default:
		text_add(&out->fix, "do the same to %s, so that it has %" PRId64 ", or use %s as it was before (%" PRId64 ")", other, size, is, others);
	}
}

/* "cos rests on position_ids, attention_mask": the variables of outer frames that are on SIDE's way, for who called what failed. */
static void
add_rests(const struct cause_facts *facts, struct cause *out, int side)
{
	const struct lineage *lineage = facts->sides[side].lineage;
	const char *told[RESTS_MOST];
	int count = 0;

	for (int i = lineage ? lineage->count - 1 : -1; i >= 0 && count < RESTS_MOST; i--) { /* from where it came in */
		const json_t *local = lineage->steps[i].tensor > 0 ? operand_local(facts->frames, lineage->steps[i].tensor) : NULL;
		const char *name = text_get(local, "name");
		bool known = !*name || strcmp(name, name_of(facts, side)) == 0;

		for (int n = 0; n < count; n++)
			known = known || strcmp(told[n], name) == 0;
		if (known)
			continue;
		if (count) {
			text_add(&out->evidence, "%s", ", ");
		} else {
			text_add(&out->evidence, "%s", out->evidence.used ? SAY("; ") : "");
			text_add(&out->evidence, "%s rests on ", name_of(facts, side));
		}
		text_add(&out->evidence, "%s", name);
		told[count++] = name;
	}
}

/* Both were one size, and one side alone was changed since. */
static void
tell_one(const struct cause_facts *facts, struct cause *out, const struct ways *ways, int changed)
{
	const struct way *way = &ways->sides[changed];
	const struct lineage_step *common = step_of(facts, !changed, ways->sides[!changed].at);
	enum kind kind = kind_of(step_of(facts, changed, way->changes[0].step));
	bool sure = ways->met && way->known && ways->sides[!changed].known;

	for (int i = 0; i < way->count; i++)
		kind = kind_of(step_of(facts, changed, way->changes[i].step)) == kind ? kind : OTHER;
	for (int side = 0; side < 2; side++)
		for (int i = 0; i <= ways->sides[side].at; i++)
			sure = sure && !step_of(facts, side, i)->possible;
	out->confidence = sure && (way->count == 1 || !facts->agreed) ? "likely" : "possible";
	text_add(&out->text, "only %s was changed on its way: ", name_of(facts, changed));
	add_changes(facts, &out->text, way, changed);
	if (ways->size == facts->sides[!changed].size)
		text_add(&out->text, "; %s still has the %" PRId64 " that both had, by ", name_of(facts, !changed), ways->size);
	else
		text_add(&out->text, "; %s still has %" PRId64 ", both come from ", name_of(facts, !changed), facts->sides[!changed].size);
	cause_add_step(facts, &out->text, common);
	for (int i = 0; i < 2; i++)
		add_rests(facts, out, i);
	fix_one(facts, out, kind, changed);
}

static void
tell_both(const struct cause_facts *facts, struct cause *out, const struct ways *ways)
{
	out->confidence = "possible";
	text_add(&out->text, "both had %" PRId64 " and were changed differently since: ", ways->size);
	for (int i = 0; i < 2; i++) {
		text_add(&out->text, "%s%s ", i ? SAY("; ") : "", name_of(facts, i));
		add_changes(facts, &out->text, &ways->sides[i], i);
	}
	text_add(&out->fix, "change both alike: let one be computed from the other's size (%s.shape[%d]), or bring %s from %" PRId64 " to %" PRId64,
		 name_of(facts, 1), facts->sides[1].dim, name_of(facts, 0), facts->sides[0].size, facts->sides[1].size);
}

enum root { ASKED, BUILT, LOADED, RESIZED, CAME_IN, COUNTED, JOINED, COMPUTED };

static enum root
root_of(const struct cause_facts *facts, const struct lineage_step *step)
{
	char name[96];

	if (step->resized)
		return RESIZED;
	if (step->entered && step->event.site >= 0 && cause_was_loaded(facts, step))
		return LOADED;
	if (cause_is_built(facts, step))
		return BUILT;
	mismatch_plain_name(step->event.operation, name, sizeof(name));
	if (step->entered)
		return CAME_IN;
	if (text_among("nonzero nonzero_numpy masked_select unique unique2 unique_consecutive bincount index histc argwhere", name))
		return COUNTED;
	if (text_among("cat concat concatenate stack pad_sequence hstack vstack", name))
		return JOINED;
	return text_among("zeros ones full empty rand randn randint randperm arange linspace eye new_zeros new_ones new_full expand repeat one_hot normal "
			  "zeros_like ones_like full_like empty_like rand_like randn_like randint_like tril triu view reshape", name) ? ASKED : COMPUTED;
}

/* "2 x 48" where SIDE's size was put together of two: what they are; false if it wasn't. */
static bool
factors_of(const struct cause_side *side, int64_t factors[2])
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int place = rule_any(&step->event, "self input");
		const struct operand *from = place >= 0 ? &step->event.operands[place] : NULL;

		if (!from || step->size != side->size || kind_of(step) != RESHAPED)
			continue;
		for (int d = 0; d + 1 < from->ndim; d++)
			if (from->sizes[d] > 1 && from->sizes[d + 1] > 1 && from->sizes[d] * from->sizes[d + 1] == side->size) {
				factors[0] = from->sizes[d];
				factors[1] = from->sizes[d + 1];
				return true;
			}
	}
	return false;
}

/* Is STEP's size a number by name, which a file of the program sets? */
static bool
is_set(const struct cause_facts *facts, const struct lineage_step *step)
{
	const json_t *number = step->size > 0 ? cause_number_at(facts, step, step->size) : NULL;
	const struct setting *setting = number ? settings_find(facts->settings, text_get(number, "name"), step->size) : NULL;

	return setting && setting->file >= 0;
}

/* Was one side, a parameter, built as long as it is, and the other asked for as long as it is by a number that the program sets? */
static bool
are_settled(const struct cause_facts *facts, const struct lineage_step *const *steps, const enum root *roots, int asked)
{
	const struct cause_side *built = &facts->sides[!asked];
	const json_t *local = built->place >= 0 ? operand_local(facts->frames, facts->event->operands[built->place].tensor) : NULL;

	return roots[asked] == ASKED && roots[!asked] == BUILT && (*text_get(local, "parameter") || cause_is_parameter(facts, built->place)) && steps[0]->size == facts->sides[0].size && steps[1]->size == facts->sides[1].size && !steps[0]->possible &&
	       !steps[1]->possible && is_set(facts, steps[asked]);
}

static void
add_root(const struct cause_facts *facts, struct text *text, int side, const struct lineage_step *step, enum root root)
{
	int64_t factors[2];

	text_add(text, "%s has %" PRId64, name_of(facts, side), facts->sides[side].size);
	if (factors_of(&facts->sides[side], factors))
		text_add(text, " = %" PRId64 " x %" PRId64, factors[0], factors[1]);
	text_add(text, "%s", root == BUILT ? SAY(", as the model was built, by ") : root == LOADED ? SAY(", as it was loaded from a file, at ") : root == CAME_IN ? SAY(", as it came in, at ")
			     : root == RESIZED ? SAY(", of another size since ")
			     : root == COUNTED ? SAY(", counted by its values, by ") : root == JOINED ? SAY(", as it was put together, by ")
			     : root == ASKED ? SAY(", as it was asked for, by ") : SAY(", made by "));
	if (root == BUILT || (root == ASKED && facts->source && is_set(facts, step) && !where_is_own(facts->source, facts->process, step->event.site))) {
		cause_add_step(facts, text, step); /* the line is a library's, and tells less than the setting */
		cause_add_number(facts, text, cause_number_at(facts, step, step->size > 0 ? step->size : facts->sides[side].size));
		return;
	}
	cause_add_line(facts, text, step, step->size > 0 ? step->size : facts->sides[side].size);
}

/* Which side has to change: the one that is new, the program's own, not the model's. */
static int
to_change(const struct cause_facts *facts, const struct lineage_step *const *steps, const enum root *roots)
{
	int weight[2];

	for (int i = 0; i < 2; i++) {
		weight[i] = (new_side(facts) == i ? 4 : 0) - (roots[i] == BUILT || roots[i] == RESIZED ? 3 : 0) + (roots[i] == ASKED || roots[i] == COUNTED ? 1 : 0);
		weight[i] += facts->source && where_is_own(facts->source, facts->process, steps[i]->event.site) ? 2 : 0;
	}
	return weight[1] > weight[0];
}

/* Is it one setting of two objects ("teacher.config.vocab_size", "student.config.vocab_size")? */
static bool
same_setting(const json_t *one, const json_t *other)
{
	const char *a = one ? strrchr(text_get(one, "name"), '.') : NULL, *b = other ? strrchr(text_get(other, "name"), '.') : NULL;

	return a && b && strcmp(a, b) == 0 && strcmp(text_get(one, "name"), text_get(other, "name")) != 0;
}

static void
tell_apart(const struct cause_facts *facts, struct cause *out, const struct lineage_step *one, const struct lineage_step *other)
{
	const struct lineage_step *steps[] = { one, other };
	const enum root roots[] = { root_of(facts, one), root_of(facts, other) };
	int change = to_change(facts, steps, roots);
	const char *is = name_of(facts, change), *goal = name_of(facts, !change);
	int64_t size = facts->sides[!change].size;
	int dim = facts->sides[!change].dim;
	struct text clause = {{0}, 0};

	if (cause_tell_called(facts, steps[0], steps[1], out))
		return;
	out->confidence = "possible";
	for (int n = 0; n < 2; n++) {
		int i = n ? !change : change;

		if (n)
			text_add(&out->text, "; ");
		add_root(facts, &out->text, i, steps[i], roots[i]);
		if (!out->setting)
			out->setting = cause_number_at(facts, steps[i], steps[i]->size);
	}
	for (int n = 0; n < 2; n++)
		if (cause_tell_pieces(facts, steps[n ? !change : change], &clause, &out->fix)) {
			text_add(&out->text, "; %s", clause.data);
			return;
		}
	if (roots[0] == BUILT && roots[1] == BUILT) {
		if (same_setting(cause_number_at(facts, one, one->size), cause_number_at(facts, other, other->size)))
			out->confidence = "likely";
		int large = facts->sides[1].size > facts->sides[0].size;
		const struct lineage_step *softmax = cause_step_any(&facts->sides[large], "softmax log_softmax");

		text_add(&out->fix, "build both with one number; or, where the rest of %s is padding, cut it to the first %" PRId64, name_of(facts, large), facts->sides[!large].size);
		if (softmax) {
			text_add(&out->fix, ", before ");
			cause_add_step(facts, &out->fix, softmax);
			text_add(&out->fix, ": cut later, its probabilities don't add up to 1");
		}
		return;
	}
	if (roots[change] == LOADED || roots[!change] == LOADED) {
		const char *loaded = name_of(facts, roots[change] == LOADED ? change : !change);

		text_add(&out->fix, "load what was saved with the same settings as this run's, or make %s anew for %" PRId64 " instead of loading it", loaded,
			 facts->sides[roots[change] == LOADED ? !change : change].size);
		return;
	}
	if (roots[!change] == RESIZED && roots[change] != RESIZED) {
		text_add(&out->fix, "make %s anew for the %" PRId64 " that %s has had since it was resized, or bring it to that (add what came, cut what went)", is, size, goal);
		return;
	}
	if (steps[change]->size == facts->sides[change].size && cause_tell_step(steps[change], is, size, &clause, &out->fix)) {
		text_add(&out->text, "; %s", clause.data);
		return;
	}
	if (facts->sides[0].size == 1 || facts->sides[1].size == 1) { /* what doesn't broadcast by itself */
		int one = facts->sides[1].size == 1;

		text_add(&out->fix, "make %s for %" PRId64 " from the start, or repeat it %" PRId64 " times along dimension %d (repeat_interleave; of a cache: "
			 "batch_repeat_interleave)", name_of(facts, one), facts->sides[!one].size, facts->sides[!one].size, facts->sides[one].dim);
		return;
	}
	switch (roots[change]) {
	case ASKED:
		if (are_settled(facts, steps, roots, change))
			out->confidence = "likely";
		text_add(&out->fix, "ask for %" PRId64 " there: take the size of %s (shape[%d]) instead of a number of its own", size, goal, dim);
		return;
	case BUILT:
		text_add(&out->fix, "build it for %" PRId64 ", or bring %s to the %" PRId64 " that it was built for", size, goal, facts->sides[change].size);
		return;
	case CAME_IN:
		text_add(&out->fix, "put %s together with the same items as %s (the same limit, the same order, none left out), so that it has %" PRId64, is, goal, size);
		return;
	case COUNTED:
		text_add(&out->fix, "count or select %s by what %s was counted by (one mask for both; a fixed number of classes), so that it has %" PRId64, is, goal, size);
		return;
	case JOINED:
		text_add(&out->fix, "join for %s what %s has, no more and no fewer: %" PRId64 " instead of %" PRId64, is, goal, size, facts->sides[change].size);
		return;
	default:
		text_add(&out->fix, "make %s as large as %s there: %" PRId64 " instead of %" PRId64, is, goal, size, facts->sides[change].size);
	}
}

/* Needs: both stories. Likely where one tensor's size became both, and one side alone was changed, by steps that are known. */
bool
cause_two_ways(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *one = &facts->sides[0], *other = &facts->sides[1];
	const struct lineage_step *a = cause_decider(one), *b = cause_decider(other);
	struct ways ways;

	if (!cause_disagrees(facts, "size") || !strchr(facts->event->operation, ':') || !one->lineage || !other->lineage || !one->lineage->count ||
	    !other->lineage->count || facts->twins || one->size < 0 || other->size < 0 || one->size == other->size || cause_are_markers(facts))
		return false;
	ways_find(one->lineage, other->lineage, &ways);
	add_history(facts, &out->text);
	if (!ways.met && ways.size <= COMMON_SIZE && ways.size != one->size && ways.size != other->size)
		ways.size = -1; /* a small number that both had may be chance */
	if (ways.size > 0 && !ways.sides[0].count != !ways.sides[1].count)
		tell_one(facts, out, &ways, ways.sides[0].count == 0);
	else if (ways.met && ways.sides[0].count && ways.sides[1].count)
		tell_both(facts, out, &ways);
	else if (a && b && a->event.site != b->event.site)
		tell_apart(facts, out, a, b);
	else
		return false;
	add_agreement(facts, out);
	return true;
}
