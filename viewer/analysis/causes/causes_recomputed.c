/* A rule about what is joined once in forward, and once more when that is recomputed in backward. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "joined_again.h"

/* Needs: a size made by a cat in backward, within checkpointed code, one piece of which the same line made in this step's forward pass. */
bool
cause_kept_across(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *step = NULL;
	struct event forward;
	int side = 0, at = -1;

	for (; cause_disagrees(facts, "size") && facts->source && side < 2; side++)
		if ((at = joined_again(facts->source, facts->process, facts->sides[side].lineage, &forward)) >= 0)
			break;
	if (at < 0)
		return false;
	step = &facts->sides[side].lineage->steps[at];
	out->confidence = "likely";
	text_add(&out->text, "%s was joined twice: in forward, and again as backward recomputes the same code (activation checkpointing): ",
		 cause_operand_name(facts, facts->sides[side].place));
	cause_add_step(facts, &out->text, step);
	text_add(&out->text, ", one piece of which that line made in forward (event %" PRId64 "); so something keeps state across both, and grows each time it runs "
		 "(a key/value cache)", forward.id);
	text_add(&out->evidence, "%s; it had %" PRId64 " after forward, and has %" PRId64 " now", facts->mismatch->text,
		 forward.output_count > 0 && step->dim >= 0 && step->dim < forward.outputs[0].ndim ? forward.outputs[0].sizes[step->dim] : (int64_t)-1, step->size);
	text_add(&out->fix, "switch the cache off while training with checkpointing (use_cache=False, or past_key_values=None), or let nothing that is checkpointed "
		 "change what outlives it");
	return true;
}
