/* A rule about what was put in between on one side: its positions were spread over a larger buffer, the other side's were not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"

/* The FROM positions of a tensor were written, by PUT, at places of a buffer that MADE made with TO. */
struct expansion { const struct lineage_step *put, *made; struct event took /* what they were taken by */; int64_t from, to; };

/* Is what PUT writes the elements that were taken, by an index, of a tensor that has fewer in dimension DIM, and as many in those before it? */
static bool
took(const struct cause_facts *facts, const struct lineage_step *put, int dim, struct expansion *out)
{
	int place = rule_any(&put->event, "values value"), output;
	const struct operand *buffer = &put->event.operands[0], *of;

	if (place < 1 || dim < 0 || dim >= buffer->ndim || !facts->source ||
	    !facts->source->maker(facts->source->context, facts->process, put->event.operands[place].tensor, put->event.id, &out->took, &output) ||
	    !mismatch_is_any(out->took.operation, "index masked_select") || out->took.operand_count < 2)
		return false;
	of = &out->took.operands[0];
	if (of->ndim <= dim || of->sizes[dim] < 2 || of->sizes[dim] >= buffer->sizes[dim])
		return false;
	for (int i = 0; i < dim; i++)
		if (of->sizes[i] != buffer->sizes[i])
			return false;
	out->from = of->sizes[dim];
	out->to = buffer->sizes[dim];
	return true;
}

/* The last such step of SIDE's story, whose buffer was asked for by its size. */
static bool
find_expansion(const struct cause_facts *facts, const struct cause_side *side, struct expansion *out)
{
	const struct lineage *lineage = side->lineage;

	for (int i = 0; lineage && i < lineage->count; i++) {
		const struct lineage_step *step = &lineage->steps[i];

		if (!mismatch_is_any(step->event.operation, "index_put masked_scatter") || step->possible || !took(facts, step, step->dim, out))
			continue;
		out->put = step;
		for (int n = i + 1; n < lineage->count; n++)
			if (mismatch_is_any(lineage->steps[n].event.operation, "zeros full empty ones new_zeros new_full new_empty new_ones") && lineage->steps[n].size == out->to) {
				out->made = &lineage->steps[n];
				return true;
			}
	}
	return false;
}

/* The step of SIDE's story at which it has SIZE still; NULL, also where something was put in its places, too. */
static const struct lineage_step *
kept_size(const struct cause_side *side, int64_t size)
{
	const struct lineage_step *found = NULL;

	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (mismatch_is_any(step->event.operation, "index_put masked_scatter"))
			return NULL;
		if (!found && step->size == size)
			found = step;
	}
	return found;
}

/* Does what was expanded come from where SIDE comes from: the same tensor, or one that the same function made? */
static bool
are_siblings(const struct cause_facts *facts, const struct cause_side *side, const struct expansion *expansion)
{
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	const struct lineage_step *own = cause_decider(side), *other;
	char function[128];
	bool same;

	if (!lineage || !own) {
		free(lineage);
		return false;
	}
	lineage_walk(facts->source, facts->process, &expansion->took, 0, expansion->put->dim, LINEAGE_SIZE, lineage);
	other = lineage->decider >= 0 ? &lineage->steps[lineage->decider] : NULL;
	same = other && (other->event.id == own->event.id || other->event.site == own->event.site || cause_made_in(facts, other, own, function, sizeof(function)));
	free(lineage);
	return same;
}

/* What the program calls SIDE: the variable that is nearest on its way. */
static const char *
name_of(const struct cause_facts *facts, const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const json_t *local = side->lineage->steps[i].tensor > 0 ? operand_local(facts->frames, side->lineage->steps[i].tensor) : NULL;

		if (*text_get(local, "name"))
			return text_get(local, "name");
	}
	return cause_operand_name(facts, side->place);
}

static bool
is_whole(const struct operand *is)
{
	return is && is->dtype && (strstr(is->dtype, "int") || strcmp(is->dtype, "long") == 0);
}

static void
tell(const struct cause_facts *facts, struct cause *out, const struct expansion *expansion, int large)
{
	const struct cause_side *is = &facts->sides[large], *other = &facts->sides[!large];
	const char *name = name_of(facts, is), *others = name_of(facts, other);
	const struct operand *buffer = &expansion->put->event.operands[0];

	text_add(&out->text, "%s was expanded on its way, from %" PRId64 " positions to %" PRId64 ": ", name, expansion->from, expansion->to);
	cause_add_step(facts, &out->text, expansion->put);
	text_add(&out->text, " puts what had %" PRId64 " at places of a buffer of %" PRId64 ", and leaves the rest to what is put in between; %s was not and has the %" PRId64
		 " that both had", expansion->from, expansion->to, others, expansion->from);
	if (is->size != expansion->to)
		text_add(&out->text, " (%" PRId64 " and %" PRId64 " after the same steps)", is->size, other->size);
	text_add(&out->evidence, "the buffer was made by ");
	cause_add_step(facts, &out->evidence, expansion->made);
	text_add(&out->fix, "expand %s the same way, where that is done: a buffer of ", others);
	text_add_sizes(&out->fix, buffer->sizes, expansion->put->dim + 1);
	if (other->place >= 0 && is_whole(&facts->event->operands[other->place]))
		text_add(&out->fix, " full of -100 (what a loss ignores)");
	text_add(&out->fix, ", into which its %" PRId64 " are written at the same places (the same two indices)", expansion->from);
}

/* Needs: one side's story has a write by index into a buffer of a larger size, of what was taken by index of a smaller one; the other side has that smaller
 * size, and nothing of the kind on its way; they differ by as much as the two (or as many times, for rows). Likely where both come from one place. */
bool
cause_expanded_one_side(const struct cause_facts *facts, struct cause *out)
{
	for (int large = 0; large < 2 && cause_disagrees(facts, "size"); large++) {
		const struct cause_side *is = &facts->sides[large], *other = &facts->sides[!large];
		int64_t apart = is->size - other->size;
		struct expansion expansion;

		if (apart <= 0 || other->size < 1 || !find_expansion(facts, is, &expansion) || apart % (expansion.to - expansion.from) || !kept_size(other, expansion.from))
			continue;
		out->confidence = are_siblings(facts, other, &expansion) ? "likely" : "possible";
		tell(facts, out, &expansion, large);
		return true;
	}
	return false;
}
