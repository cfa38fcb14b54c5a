/* Rules about features of which the first was left out, or kept, as a token that isn't a patch. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"
#include "../code/slice.h"
#include "../../mismatch/mismatch_rule.h"

#define FRONT_MOST 8 /* rows in front of an image's patches: a class token, registers */

/* Has each sequence places for whole images of EACH, as far as they were counted, and did as many features never fit before? */
static bool
are_whole(const struct cause_facts *facts, int64_t each)
{
	const json_t *counts = placeholders_rows(facts);
	int64_t same;

	if (placeholders_agreed(facts, &same) && same)
		return false;
	for (size_t i = 0; i < json_array_size(counts); i++)
		if (json_integer_value(json_array_get(counts, i)) % each)
			return false;
	return true;
}

/* Needs: rows of features for places in the text, of which a slice took all but the first of each image; with it there would be as many as places. */
bool
cause_first_left(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;

	if (!placeholders_find(facts, &found) || found.selected <= found.supplied || found.supplied <= 0)
		return false;
	for (int i = 0; i < 2; i++)
		for (int n = 0; facts->sides[i].lineage && n < facts->sides[i].lineage->count; n++) {
			const struct lineage_step *step = &facts->sides[i].lineage->steps[n];
			struct slice slice;
			int64_t images;

			if (!slice_read(&step->event, &slice) || slice.dim != step->dim || slice.start != 1 || slice_stop(&slice) != slice.whole || step->size < 2)
				continue;
			images = found.supplied / step->size;
			if (found.supplied % step->size || images * slice.whole != found.selected || !are_whole(facts, slice.whole))
				continue;
			out->confidence = "likely";
			text_add(&out->text, "each of %" PRId64 " image%s has %" PRId64 " places in the text and as many features, the first of which is left out: ", images,
				 language_plural(images), slice.whole);
			cause_add_line(facts, &out->text, step, 1);
			text_add(&out->text, " keeps %" PRId64 ", as if it were a class token", step->size);
			text_add(&out->evidence, "%" PRId64 " x %" PRId64 " = %" PRId64 " places, %" PRId64 " x %" PRId64 " = %" PRId64 " rows of features", images, slice.whole,
				 found.selected, images, step->size, found.supplied);
			text_add(&out->fix, "keep it where the encoder has no class token (of LLaVA and its like: vision_feature_select_strategy='full'); where it has one, make "
				 "the text's places %" PRId64 " an image", step->size);
			return true;
		}
	return false;
}

/* The rows that STEP, a cat of two pieces, put in front of larger ones; 0 if it is none. */
static int64_t
put_in_front(const struct lineage_step *step)
{
	int64_t pieces[2] = { 0, 0 };
	int count = 0;

	if (step->entered || step->dim < 0 || !mismatch_is_any(step->event.operation, "cat concat concatenate"))
		return 0;
	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1), count++) {
		if (count == 2 || step->dim >= step->event.operands[i].ndim)
			return 0;
		pieces[count] = step->event.operands[i].sizes[step->dim];
	}
	return count == 2 && pieces[0] <= FRONT_MOST && pieces[1] > FRONT_MOST && pieces[0] + pieces[1] == step->size ? pieces[0] : 0;
}

/* Needs: rows of features for places in the text, in front of each image's of which a cat put a few; without them there would be as many as places.
 * Likely from two images on: one may have been cut. */
bool
cause_first_kept(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;

	if (!placeholders_find(facts, &found) || found.selected <= 0 || found.supplied <= found.selected)
		return false;
	for (int i = 0; i < 2; i++)
		for (int n = 0; facts->sides[i].lineage && n < facts->sides[i].lineage->count; n++) {
			const struct lineage_step *step = &facts->sides[i].lineage->steps[n];
			int64_t front = put_in_front(step), images = front ? found.supplied / step->size : 0;

			if (!images || found.supplied % step->size || images * (step->size - front) != found.selected || !are_whole(facts, step->size - front))
				continue;
			out->confidence = images > 1 ? "likely" : "possible";
			text_add(&out->text, "each of %" PRId64 " image%s gives %" PRId64 " rows of features, %" PRId64 " of them put in front of its patches (a class token), and "
				 "the text has %" PRId64 " places for it: the model keeps what the processor doesn't count", images, language_plural(images), step->size, front,
				 step->size - front);
			text_add(&out->evidence, "%" PRId64 " were put in front by ", front);
			cause_add_step(facts, &out->evidence, step);
			text_add(&out->fix, "let processor and model agree on it (of LLaVA and its like: vision_feature_select_strategy, 'full' keeps a class token, 'default' drops "
				 "it, the same on both sides)");
			cause_add_asked(facts, &out->fix, "vision_feature_select_strategy");
			return true;
		}
	return false;
}
