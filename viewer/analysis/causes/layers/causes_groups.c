/* A rule about a convolution in groups whose weight was cut, and whose number of groups was not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* ": 24 became 18 by aten::index at prune.py:9" of the filters of the weight at PLACE. */
static void
add_cut(const struct cause_facts *facts, int place, struct text *text)
{
	struct lineage *lineage = facts->source ? calloc(1, sizeof(*lineage)) : NULL;
	const struct lineage_step *step = NULL;

	if (lineage)
		lineage_walk(facts->source, facts->process, facts->event, place, 0, LINEAGE_SIZE, lineage);
	if (lineage && lineage->decider >= 0)
		step = &lineage->steps[lineage->decider];
	if (step) {
		text_add(text, "; it got them by ");
		cause_add_step(facts, text, step);
	}
	free(lineage);
}

/* Needs: a convolution in more groups than its weight has filters, each group's weight being for one channel, and an input that has as many channels as
 * the weight has filters: weight and input fit each other, the number of groups is another. */
bool
cause_groups_left(const struct cause_facts *facts, struct cause *out)
{
	int input = facts->event ? rule_any(facts->event, "input self") : -1, weight = facts->event ? rule_tensor(facts->event, "weight") : -1;
	const struct operand *is, *filters;
	int64_t groups = 0, channels;
	const char *name;
	size_t stem;

	if (!cause_is(facts, "conv1d conv2d conv3d convolution _convolution") || input < 0 || weight < 0 || !rule_int(facts->event, "groups", &groups) || groups < 2)
		return false;
	is = &facts->event->operands[input];
	filters = &facts->event->operands[weight];
	if (is->ndim < 2 || filters->ndim < 3 || is->ndim < filters->ndim - 1)
		return false;
	channels = is->sizes[is->ndim - filters->ndim + 1];
	if (filters->sizes[1] != 1 || filters->sizes[0] != channels || channels == groups || channels < 1)
		return false;
	name = cause_operand_name(facts, weight);
	stem = text_ends(name, ".weight") ? strlen(name) - strlen(".weight") : 0;
	out->confidence = "likely";
	text_add(&out->text, "the convolution is still in %" PRId64 " groups: its weight has %" PRId64 " filter%s of one channel each, for the %" PRId64 " channel%s that it is given", groups,
		 filters->sizes[0], language_plural(filters->sizes[0]), channels, language_plural(channels));
	add_cut(facts, weight, &out->text);
	text_add(&out->evidence, "weight ");
	text_add_sizes(&out->evidence, filters->sizes, filters->ndim);
	text_add(&out->evidence, " and input ");
	text_add_sizes(&out->evidence, is->sizes, is->ndim);
	text_add(&out->evidence, " fit each other, groups = %" PRId64 " fits neither", groups);
	if (!stem && !cause_is_parameter(facts, weight) && strcmp(name, filters->name) != 0) { /* made here, for what is given: no layer's */
		text_add(&out->fix, "give this call as many groups as its input has channels: groups=%" PRId64 " here, the input's size in that dimension in general; or bring every input to the %" PRId64
			 " channels that it is written for", channels, groups);
		return true;
	}
	text_add(&out->fix, "where the weight is replaced, replace the layer's numbers, too: %.*s%sgroups = in_channels = out_channels = %" PRId64, (int)stem, name, stem ? "." : "", channels);
	return true;
}
