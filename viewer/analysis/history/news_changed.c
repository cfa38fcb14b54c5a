/* Where a size was changed by a line that never changed one before. See news.h. */
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "news.h"
#include "../lineage/size_flow.h"
#include "../text.h"
#include "../where.h"

#define STEPS_MOST 96
#define NEAR_MOST 64 /* events before one that was asked for */

/* What may leave a size as it is, or not. */
static const char changing[] = "slice narrow index index_select masked_select nonzero pad constant_pad_nd pack_padded_sequence split chunk "
			       "tensor_split topk unique unique2 repeat repeat_interleave upsample_nearest1d upsample_nearest2d upsample_bilinear2d";
static const char asking[] = "zeros ones full empty rand randn randint arange new_zeros new_ones new_full new_empty";

/* Which dimension of what EVENT was given becomes which of what it makes. */
static bool
sizes_of(const struct lineage_step *step, int *output, int *dim, int *place, int *from_dim)
{
	char name[96];
	struct flow flow;

	mismatch_plain_name(step->event.operation, name, sizeof(name));
	if (step->event.id < 0 || step->entered || step->dim < 0 || step->output < 0 || !text_among(changing, name))
		return false;
	*output = step->output;
	*dim = step->dim;
	if (strcmp(name, "pack_padded_sequence") == 0) { /* as many steps as the longest is said to have, of as many as there are */
		*place = rule_tensor(&step->event, "input");
		*from_dim = rule_bool(&step->event, "batch_first") ? 1 : 0;
		*output = 1;
		*dim = 0;
	} else {
		flow = size_flow(&step->event, step->output, step->dim);
		*place = flow.operand;
		*from_dim = flow.dim;
	}
	return *place >= 0 && *from_dim >= 0 && *from_dim < step->event.operands[*place].ndim && *output < step->event.output_count &&
	       *dim < step->event.outputs[*output].ndim;
}

static bool
is_change(const struct source *source, int process, const struct lineage_step *step, struct news_change *out)
{
	int output, dim, place, from_dim;
	int64_t calls, from, to;

	if (!sizes_of(step, &output, &dim, &place, &from_dim))
		return false;
	from = step->event.operands[place].sizes[from_dim];
	to = step->event.outputs[output].sizes[dim];
	calls = from == to ? 0 : usual_unchanged(source, process, &step->event, output, dim, place, from_dim);
	if (calls < NEWS_CALLS_SURE)
		return false;
	*out = (struct news_change){ .step = *step, .from = from, .to = to, .calls = calls };
	return true;
}

/* STEP asked for a size: what just before it, in the same function, was cut to it for the first time. */
static bool
look_near(const struct source *source, const struct lineage *lineage, const struct lineage_step *step, struct news_change *out)
{
	struct site here, there;

	if (step->event.id < 0 || step->size < 2 || !mismatch_is_any(step->event.operation, asking) || !source->site(source->context, lineage->process, step->event.site, &here) ||
	    !here.frame_count)
		return false;
	for (int64_t id = step->event.id - 1; id >= 0 && id >= step->event.id - NEAR_MOST; id--) {
		struct lineage_step near = { .dim = -1 };

		if (!source->event(source->context, lineage->process, id, &near.event) || near.event.thread != step->event.thread || !near.event.output_count ||
		    !source->site(source->context, lineage->process, near.event.site, &there) || there.frame_count < here.frame_count)
			continue;
		if (strcmp(there.frames[there.frame_count - here.frame_count].function, here.frames[0].function) != 0)
			continue;
		for (int d = 0; d < near.event.outputs[0].ndim; d++) {
			near.dim = d;
			near.size = near.event.outputs[0].sizes[d];
			if (near.size == step->size && is_change(source, lineage->process, &near, out)) {
				text_format(out->step.how, sizeof(out->step.how), "%s", size_flow(&near.event, 0, d).how);
				out->near = true;
				return true;
			}
		}
	}
	return false;
}

bool
news_changed(const struct source *source, const struct lineage *lineage, struct news_change *out)
{
	struct news_change found;
	bool plain = true;

	*out = (struct news_change){ .step = { .event = { .id = -1 } } };
	for (int i = 0; lineage->property == LINEAGE_SIZE && i < lineage->count && i < STEPS_MOST; i++) {
		const struct lineage_step *step = &lineage->steps[i];

		if (is_change(source, lineage->process, step, &found)) {
			*out = found;
			out->plain = plain;
		}
		plain = plain && !step->decides && !step->possible;
	}
	if (out->step.event.id < 0 && lineage->property == LINEAGE_SIZE && lineage->count)
		look_near(source, lineage, &lineage->steps[lineage->count - 1], out);
	return out->step.event.id >= 0;
}
