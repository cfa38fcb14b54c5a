/* A rule about labels that number the rows of a batch, with something added: in a contrastive loss the classes are the batch's own rows. */
#include <inttypes.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* Do the classes come from a product with a weight? Then they are a head's. */
static bool
is_head(const struct cause_side *classes)
{
	for (int i = 0; classes->lineage && i < classes->lineage->count; i++)
		if (mismatch_is_any(classes->lineage->steps[i].event.operation, "linear addmm conv1d conv2d convolution"))
			return true;
	return false;
}

/* Needs: a loss whose labels are as many as there are classes, made by counting as many, and hold what is a constant more; classes that no layer made. */
bool
cause_labels_offset(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *labels = &facts->sides[0];
	const struct lineage_step *counted = cause_step_any(labels, "arange"), *added = cause_step_any(labels, "add sub add_ sub_");
	const json_t *summary = facts->mismatch ? cause_summary(facts, facts->mismatch->operand) : NULL;
	int64_t classes = facts->mismatch ? facts->mismatch->expected : 0, least = cause_count(summary, "min", 0), most = cause_count(summary, "max", 0);
	const struct process *process;

	if (!cause_disagrees(facts, "index") || !cause_is_loss(facts) || !counted || !added || counted->possible || added->possible || counted->event.output_count != 1 ||
	    counted->event.outputs[0].ndim != 1 || counted->event.outputs[0].sizes[0] != classes || least < 1 || most - least != classes - 1 || is_head(&facts->sides[1]))
		return false;
	process = facts->source ? facts->source->process(facts->source->context, facts->process) : NULL;
	out->confidence = "likely";
	text_add(&out->text, "%s number the %" PRId64 " rows of this batch, by ", cause_operand_name(facts, facts->mismatch->operand), classes);
	cause_add_step(facts, &out->text, counted);
	text_add(&out->text, ", and %" PRId64 " is added to them by ", least);
	cause_add_line(facts, &out->text, added, -1);
	text_add(&out->text, ": %" PRId64 " to %" PRId64 ", while the classes are the batch's own %" PRId64 " rows (no layer made them)", least, most, classes);
	if (process && process->world_size > 1 && process->rank > 0 && least == classes * process->rank)
		text_add(&out->evidence, "%" PRId64 " is %" PRId64 " x rank %d: such labels are for the rows of all %d ranks put together", least, classes, process->rank, process->world_size);
	text_add(&out->fix, "leave what is added out, or give the loss the rows of all processes as classes (all_gather them before the product); the labels are no classes of a head");
	return true;
}
