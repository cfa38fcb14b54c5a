#include "findings_walk.h"

#include <string.h>

#include "../text.h"

#define HOPS 4 /* from what is used to what made it, through operations that change no row */

/* What made TENSOR before EVENT, into OUT. */
static bool
maker_of(struct walk *walk, int64_t tensor, int64_t before, struct event *out)
{
	int output;

	return tensor > 0 && walk->lookups++ < WALK_LOOKUPS && walk->source->maker(walk->source->context, walk->process, tensor, before, out, &output) &&
	       strncmp(out->operation, "aten::", 6) == 0 && out->operand_count > 0;
}

/* The operation called one of NAMES from which TENSOR comes through operations called one of THROUGH. */
static bool
comes_from(struct walk *walk, int64_t tensor, int64_t before, const char *names, const char *through, struct event *out)
{
	for (int hop = 0; hop < HOPS && maker_of(walk, tensor, before, out); hop++) {
		if (text_among(names, out->operation + 6))
			return true;
		if (!text_among(through, out->operation + 6))
			return false;
		before = out->id;
		for (int i = 0; i < out->operand_count; i++)
			if (walk_is_plain(&out->operands[i])) {
				tensor = out->operands[i].tensor;
				break;
			}
	}
	return false;
}

static const struct operand *
mask_of(const struct event *event)
{
	for (int i = 1; i < event->operand_count; i++)
		if (walk_is_plain(&event->operands[i]) && strcmp(event->operands[i].dtype, "bool") == 0)
			return &event->operands[i];
	return NULL;
}

/* What is written into the places, cut to their number: features[:mask.sum()]. */
static void
see_write(struct walk *walk, const struct event *event, const struct operand *mask, const struct operand *values)
{
	struct survey_site *site;
	struct event slice;

	if (strcmp(event->status, "failed") == 0) {
		site = event->step < walk->survey->last_step ? walk_site(walk->survey, SURVEY_REFUSED, event) : NULL;
		if (site)
			walk_count(site, event, true, mask, values);
		return;
	}
	site = walk_is_plain(values) && values->ndim > 0 ? walk_site(walk->survey, SURVEY_PLACES, event) : NULL;
	if (!site)
		return;
	bool cut = comes_from(walk, values->tensor, event->id, "slice", "to _to_copy contiguous view reshape clone type_as", &slice) &&
		   slice.output_count > 0 && walk_is_plain(&slice.operands[0]) && walk_is_plain(&slice.outputs[0]) &&
		   slice.operands[0].ndim == slice.outputs[0].ndim && slice.outputs[0].ndim > 0 && slice.outputs[0].sizes[0] < slice.operands[0].sizes[0];
	walk_count(site, event, cut, cut ? &slice.operands[0] : values, values);
}

/* where(mask, features[mask.cumsum() - 1], text): what isn't asked for is left out in silence. */
static void
see_where(struct walk *walk, const struct event *event)
{
	const struct operand *taken = rule_operand(event, "self"), *index = NULL;
	struct event read, sum;
	struct survey_site *site;

	if (!taken || !walk_is_plain(taken) ||
	    !comes_from(walk, taken->tensor, event->id, "index index_select embedding", "to _to_copy view reshape contiguous", &read))
		return;
	for (int i = 0; i < read.operand_count && !index; i++)
		if (walk_is_plain(&read.operands[i]) && text_among("indices[0] index indices", read.operands[i].name))
			index = &read.operands[i];
	if (!index || !comes_from(walk, index->tensor, read.id, "cumsum", "sub sub_ add clamp clamp_ clamp_min mul to _to_copy view reshape flatten", &sum))
		return;
	site = walk_site(walk->survey, SURVEY_GATHERED, event);
	if (!site)
		return;
	site->other = read.site;
	walk_count(site, event, true, taken, index);
}

void
walk_places(struct walk *walk, const struct event *event, const char *name)
{
	const struct operand *mask, *values;

	if (!text_among("forward eval", event->phase))
		return;
	if (text_among("index_put_ index_put masked_scatter masked_scatter_", name)) {
		mask = mask_of(event);
		values = rule_operand(event, *name == 'm' ? "source" : "values");
		if (mask && values)
			see_write(walk, event, mask, values);
	} else if (strcmp(name, "where") == 0 && strcmp(event->status, "ok") == 0) {
		see_where(walk, event);
	}
}
