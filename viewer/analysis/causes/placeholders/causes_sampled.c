/* A rule about placeholders that the model itself wrote. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "placeholders.h"

#define VISITS_MOST 96 /* operations between the tokens and what drew them */

struct way { const struct cause_facts *facts; int left; struct event drawn; };

/* Was some of TENSOR, whole numbers as they were before BEFORE, drawn from what a model gave (multinomial, argmax, topk)? */
static bool
is_drawn(struct way *way, int64_t tensor, int64_t before)
{
	struct event maker;
	int output;

	while (tensor > 0 && way->left-- > 0 && way->facts->source->maker(way->facts->source->context, way->facts->process, tensor, before, &maker, &output)) {
		const struct operand *made = output < maker.output_count ? &maker.outputs[output] : NULL;
		int place = rule_any(&maker, "self input");

		if (!made || !rule_is_integral(made->dtype))
			return false;
		if (mismatch_is_any(maker.operation, "multinomial argmax topk")) {
			way->drawn = maker;
			return true;
		}
		if (mismatch_is_any(maker.operation, "cat concat concatenate where")) {
			for (int i = maker.operand_count - 1; i >= 0; i--)
				if (maker.operands[i].tensor > 0 && maker.operands[i].ndim > 0 && is_drawn(way, maker.operands[i].tensor, maker.id))
					return true;
			return false;
		}
		tensor = place >= 0 ? maker.operands[place].tensor : -1;
		before = maker.id;
	}
	return false;
}

/* The tokens that the mask was made of: what its first comparison was given. */
static const struct operand *
tokens_of(const struct cause_side *mask, const struct lineage_step **compared)
{
	for (int i = 0; mask->lineage && i < mask->lineage->count; i++) {
		const struct lineage_step *step = &mask->lineage->steps[i];
		int place = rule_any(&step->event, "self input");

		if (mismatch_is_any(step->event.operation, "eq isin") && place >= 0 && step->event.operands[place].tensor > 0 &&
		    rule_is_integral(step->event.operands[place].dtype)) {
			*compared = step;
			return &step->event.operands[place];
		}
	}
	return NULL;
}

/* Are there places left over that make no whole image? A prompt has an image's places all, or none. */
static bool
is_alone(const struct cause_facts *facts, const struct placeholders *found)
{
	struct placeholders_whole whole;

	placeholders_whole(facts, found, &whole);
	return whole.each > 1 && (found->selected - found->supplied) % whole.each;
}

/* Needs: more places than features, found among tokens some of which were drawn from a model's output. Likely where they are too many by
 * less than an image's. */
bool
cause_sampled_placeholder(const struct cause_facts *facts, struct cause *out)
{
	struct way way = { .facts = facts, .left = VISITS_MOST };
	const struct lineage_step *compared = NULL;
	const struct operand *tokens;
	struct placeholders found;

	if (!facts->source || !placeholders_find(facts, &found) || found.selected <= found.supplied || found.supplied < 1)
		return false;
	tokens = tokens_of(&facts->sides[1], &compared);
	if (!tokens || !is_drawn(&way, tokens->tensor, compared->event.id))
		return false;
	out->confidence = is_alone(facts, &found) ? "likely" : "possible";
	text_add(&out->text, "the model wrote a placeholder itself: these tokens hold what was generated (drawn by ");
	cause_add_step(facts, &out->text, &(struct lineage_step){ .event = way.drawn, .dim = -1 });
	text_add(&out->text, "), and they have %" PRId64 " placeholder%s more than there are features: %" PRId64 " for %" PRId64, found.selected - found.supplied,
		 language_plural(found.selected - found.supplied), found.selected, found.supplied);
	placeholders_add_spread(facts, found.supplied, &out->evidence);
	out->setting = cause_number_called(facts, "image_token_id image_token_index video_token_id audio_token_id");
	text_add(&out->fix, "forbid it in generation: generate(suppress_tokens=[...]) with the placeholder's id");
	cause_add_number(facts, &out->fix, out->setting);
	text_add(&out->fix, " and those of the other kinds of media; or replace it in what was generated before the model is given it again");
	return true;
}
