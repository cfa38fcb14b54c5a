/* A rule about several pieces of one cat that are each another size than before: every one of them has its own reason, and a story follows one. */
#include <inttypes.h>
#include <stdlib.h>

#include "../causes_tool.h"
#include "../../history/usual.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define PIECES_MOST 8

/* The tensors that EVENT, a cat along DIM of its output, puts together: their places; how many, 0 if there are more than are looked at. */
static int
pieces_of(const struct event *event, int dim, int places[PIECES_MOST])
{
	int count = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		if (count == PIECES_MOST || dim >= event->operands[i].ndim)
			return 0;
		places[count++] = i;
	}
	return count;
}

/* The first line of the program that decided how large the piece at PLACE of CAT is, into TEXT: a clause. */
static void
add_maker(const struct cause_facts *facts, struct text *text, const struct event *cat, int place, int dim, struct lineage *story)
{
	int64_t size = cat->operands[place].sizes[dim];

	lineage_walk_tensor(facts->source, facts->process, cat->operands[place].tensor, cat->id, dim, LINEAGE_SIZE, story);
	for (int i = 0; i < story->count; i++) {
		const struct lineage_step *step = &story->steps[i];

		if (!step->decides || step->possible || step->event.site < 0 || (!where_is_own(facts->source, facts->process, step->event.site) && i != story->count - 1))
			continue;
		text_add(text, "%sthe %" PRId64 " of ", text->used ? SAY("; ") : "", size);
		cause_add_line(facts, text, step, size);
		return;
	}
}

/* Needs: a side put together of as many pieces as in the call before, which together had what is wanted, and of which several are another size now. */
bool
cause_pieces_changed(const struct cause_facts *facts, struct cause *out)
{
	struct lineage *story;

	if (!cause_disagrees(facts, "size") || !facts->source)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *cat = cause_decider(&facts->sides[i]);
		int places[PIECES_MOST], earlier[PIECES_MOST], changed = 0, count;
		struct event before;
		int64_t sum = 0;

		if (!cat || cat->possible || cat->dim < 0 || !mismatch_is_any(cat->event.operation, "cat concat concatenate") ||
		    !usual_newest(facts->source, facts->process, &cat->event, &before) || (count = pieces_of(&cat->event, cat->dim, places)) < 2 ||
		    pieces_of(&before, cat->dim, earlier) != count)
			continue;
		for (int p = 0; p < count; p++) {
			sum += before.operands[earlier[p]].sizes[cat->dim];
			changed += before.operands[earlier[p]].sizes[cat->dim] != cat->event.operands[places[p]].sizes[cat->dim];
		}
		if (changed < 2 || sum != facts->sides[!i].size || !(story = malloc(sizeof(*story))))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s has %" PRId64 " = ", cause_operand_name(facts, facts->sides[i].place), facts->sides[i].size);
		cause_add_pieces(&out->text, &cat->event, cat->dim);
		text_add(&out->text, ", put together by ");
		cause_add_step(facts, &out->text, cat);
		text_add(&out->text, ", where the call before it had the %" PRId64 " that are wanted, ", sum);
		cause_add_pieces(&out->text, &before, cat->dim);
		text_add(&out->text, ": %d of its %d pieces are of other sizes", changed, count);
		for (int p = 0; p < count; p++)
			if (before.operands[earlier[p]].sizes[cat->dim] != cat->event.operands[places[p]].sizes[cat->dim])
				add_maker(facts, &out->evidence, &cat->event, places[p], cat->dim, story);
		text_add(&out->fix, "bring each of them back to what it was, where it is made: ");
		cause_add_pieces(&out->fix, &before, cat->dim);
		text_add(&out->fix, " (what joins several samples goes along dimension 0, no other)");
		free(story);
		return true;
	}
	return false;
}
