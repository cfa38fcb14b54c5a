/* A rule about rows that are repeated by counts which were bounded before: the sum of the counts is another then. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define BETWEEN_MOST 6 /* steps between the counts' bound and where rows are repeated by them */

/* What bounded the counts by which STEP of LINEAGE repeats rows; NULL. */
static const struct lineage_step *
bound_of(const struct lineage *lineage, int step)
{
	for (int i = step + 1; i < lineage->count && i <= step + BETWEEN_MOST; i++) {
		if (mismatch_is_any(lineage->steps[i].event.operation, "clamp clamp_min clamp_max clip"))
			return &lineage->steps[i];
		if (lineage->steps[i].decides)
			return NULL;
	}
	return NULL;
}

static bool
bounds(const struct lineage_step *step, const char *which)
{
	const struct operand *is = rule_operand(&step->event, which);

	return is && strcmp(is->kind, "none") != 0;
}

/* Were the counts, before STEP bounded them, those of WANTED items? */
static bool
counted(const struct lineage *lineage, const struct lineage_step *bound, int64_t wanted)
{
	for (const struct lineage_step *step = bound + 1; step < lineage->steps + lineage->count; step++)
		if (mismatch_is_any(step->event.operation, "bincount") && step->event.operand_count > 0)
			return rule_count(&step->event.operands[0]) == wanted;
	return false;
}

bool
cause_tell_bounded_counts(const struct cause_facts *facts, const struct cause_side *side, int64_t wanted, struct text *text, struct text *fix, bool *proven)
{
	const struct lineage *lineage = side->lineage;

	for (int i = 0; lineage && i < lineage->count && lineage->steps[i].size == side->size; i++) {
		const struct lineage_step *bound = mismatch_is_any(lineage->steps[i].event.operation, "repeat_interleave") ? bound_of(lineage, i) : NULL;

		if (!bound || bound->event.operand_count < 1 || !rule_is_integral(bound->event.operands[0].dtype) ||
		    !bounds(bound, side->size > wanted ? "min" : "max"))
			continue;
		if (side->size > wanted)
			text_add(text, "%" PRId64 " more: its rows are repeated by counts that were given a minimum, so that a group of none has some, by ", side->size - wanted);
		else
			text_add(text, "%" PRId64 " fewer: its rows are repeated by counts that were given a maximum, so that a large group lost some, by ", wanted - side->size);
		cause_add_line(facts, text, bound, -1);
		*proven = counted(lineage, bound, wanted);
		if (*proven)
			text_add(text, "; before that they add up to %" PRId64 " (aten::bincount of as many)", wanted);
		text_add(fix, "repeat by the counts as they were before ");
		cause_add_step(facts, fix, bound);
		text_add(fix, " (keep both: bound only what is divided by)");
		return true;
	}
	return false;
}

/* Needs: one side's rows were repeated by counts that had gone through a clamp, which can only have made them more (or fewer), as it is more (or
 * fewer) than what it meets. */
bool
cause_bounded_counts(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size"))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *side = &facts->sides[i], *other = &facts->sides[!i];
		struct text clause = {{0}, 0};
		bool proven = false;

		if (side->place < 0 || other->size < 0 || side->size == other->size ||
		    !cause_tell_bounded_counts(facts, side, other->size, &clause, &out->fix, &proven))
			continue;
		out->confidence = proven || (facts->calls && facts->agreed == facts->calls) ? "likely" : "possible";
		text_add(&out->text, "%s has %" PRId64 ", %s %" PRId64 ": ", cause_operand_name(facts, side->place), side->size,
			 other->place >= 0 ? cause_operand_name(facts, other->place) : SAY("what is needed is"), other->size);
		text_add(&out->text, "%s", clause.data);
		if (facts->calls && facts->agreed == facts->calls)
			text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
		return true;
	}
	return false;
}
