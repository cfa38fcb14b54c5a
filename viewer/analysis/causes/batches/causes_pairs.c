/* Lists of pairs (the edges of graphs: two rows of numbers) that are joined along their two rows, not one behind the other. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define PAIR 2
#define CALLS_ENOUGH 3

/* Are all of the cat's pieces whole numbers, two rows of them, of several lengths? How many there are; 0 if not. */
static int
count_pairs(const struct event *event)
{
	int count = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		const struct operand *piece = &event->operands[i];

		if (piece->item < 0)
			continue;
		if (piece->ndim != 2 || piece->sizes[0] != PAIR || !rule_is_integral(piece->dtype))
			return 0;
		count++;
	}
	return count;
}

/* Needs: pieces of [2, n] whole numbers, joined along the 2, whose n differ, and did before. */
bool
cause_pairs_across(const struct cause_facts *facts, struct cause *out)
{
	int64_t joined = 0;
	int count;

	if (!cause_disagrees(facts, "size") || !facts->event || !cause_is(facts, "cat concat concatenate") || facts->mismatch->dim != 1 ||
	    (facts->calls >= CALLS_ENOUGH && facts->agreed == facts->calls)) /* lists of pairs would have been of other lengths before */
		return false;
	rule_int(facts->event, "dim", &joined);
	count = joined == 0 || joined == -PAIR ? count_pairs(facts->event) : 0;
	if (count < 2)
		return false;
	out->confidence = count > 2 ? "likely" : "possible";
	out->tells_news = true;
	text_add(&out->text, "%d lists of pairs (2 rows of whole numbers each) are joined along dimension 0, their two rows, where their lengths, in dimension 1, differ and may: they belong one "
		 "behind the other, along dimension 1", count);
	text_add(&out->evidence, "dimension %d of the pieces: ", 1);
	cause_add_pieces(&out->evidence, facts->event, 1);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "; the %" PRId64 " was decided by ", facts->sides[0].size);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	text_add(&out->fix, "join them along dimension 1 (dim=-1), after adding to each what its numbers are moved by; nothing is to be padded or cut");
	if (cause_runs_in(facts, "-packages/torch_geometric/")) /* it asks each key for the dimension that it is joined along */
		text_add(&out->fix, ". torch_geometric takes the dimension from the key and where it is kept: an edge_index belongs to a Data, or to an edge type of a HeteroData "
			 "(data[\"a\", \"to\", \"a\"].edge_index), not to the HeteroData itself");
	return true;
}
