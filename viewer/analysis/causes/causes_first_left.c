/* A rule about features of which the first was left out, as a token that isn't a patch. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "placeholders.h"
#include "slice.h"

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
			if (found.supplied % step->size || images * slice.whole != found.selected)
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
