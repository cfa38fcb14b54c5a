/* A rule about places that each picture has too few or too many of, by one and the same number. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"
#include "../code/slice.h"

/* What each of the PICTURES has: PLACES in the text, EACH rows of features. */
struct share { int64_t pictures, places, each; };

/* Has every sequence places for whole pictures of PLACES, and more than one sequence any? A limit doesn't cut two alike. */
static bool
are_shared(const json_t *rows, int64_t places)
{
	int with = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		int64_t count = json_integer_value(json_array_get(rows, i));

		if (count % places)
			return false;
		with += count > 0;
	}
	return with > 1;
}

static bool
find_share(const struct cause_facts *facts, const struct placeholders *found, struct share *out)
{
	struct placeholders_whole whole;
	int64_t same;

	placeholders_whole(facts, found, &whole);
	*out = (struct share){ .each = whole.each };
	if (out->each < 2 || found->supplied % out->each)
		return false;
	out->pictures = found->supplied / out->each;
	if (out->pictures < 2 || found->selected % out->pictures)
		return false;
	out->places = found->selected / out->pictures;
	if (out->places < 2 || out->each % out->places == 0 || out->places % out->each == 0)
		return false; /* merged, or whole pictures too many */
	if (placeholders_agreed(facts, &same) && same)
		return false; /* such pictures had their places before */
	return are_shared(placeholders_rows(facts), out->places);
}

/* The slice that left out the first of each picture's rows (a class token), so that EACH were left; NULL. */
static const struct lineage_step *
first_dropped(const struct cause_facts *facts, int64_t each)
{
	const struct lineage *story = facts->sides[0].lineage;

	for (int i = 0; story && i < story->count; i++) {
		const struct lineage_step *step = &story->steps[i];
		struct slice slice;

		if (slice_read(&step->event, &slice) && slice.dim == step->dim && slice.start == 1 && slice_stop(&slice) == slice.whole && step->size == each)
			return step;
	}
	return NULL;
}

/* The model drops a token that it put in front of the patches, and the processor takes one off the patches. */
static void
tell_taken_twice(const struct cause_facts *facts, const struct share *share, const struct lineage_step *dropped, struct cause *out)
{
	text_add(&out->text, ": the model leaves out the first of %" PRId64 " (a class token), ", share->each + 1);
	cause_add_line(facts, &out->text, dropped, -1);
	text_add(&out->text, "; the processor takes one off the %" PRId64 " patches as well", share->each);
	text_add(&out->fix, "let the processor count the class token that the model adds before it leaves one out (of LLaVA and its like: num_additional_image_tokens=1), so that an image "
		 "has %" PRId64 " places; vision_feature_select_strategy the same on both sides", share->each);
	cause_add_asked(facts, &out->fix, "vision_feature_select_strategy");
}

/* Needs: pictures of as many rows each, and every sequence's places a whole number for each of its pictures, the same for all: so nothing was cut. Likely where it
 * is one a picture, which is a token that stands for no patch; possible where pictures or patches of other sizes are counted. */
bool
cause_per_picture(const struct cause_facts *facts, struct cause *out)
{
	const struct lineage_step *dropped;
	struct placeholders found;
	struct share share;
	int64_t apart;

	if (!placeholders_find(facts, &found) || found.selected < 1 || found.supplied < 1 || !find_share(facts, &found, &share) || placeholders_limit(facts, &found) ||
	    placeholders_cutting(facts, found.length))
		return false;
	apart = share.places < share.each ? share.each - share.places : share.places - share.each;
	dropped = share.places + 1 == share.each ? first_dropped(facts, share.each) : NULL;
	out->confidence = apart == 1 ? "likely" : "possible";
	text_add(&out->text, "each of %" PRId64 " images has %" PRId64 " places in the text and %" PRId64 " rows of features, %" PRId64 " too %s in every one, so nothing was cut", share.pictures,
		 share.places, share.each, apart, share.places < share.each ? SAY("few") : SAY("many"));
	placeholders_add_spread(facts, found.supplied, &out->evidence);
	if (dropped) {
		tell_taken_twice(facts, &share, dropped, out);
		return true;
	}
	text_add(&out->text, ": processor and model count the tokens of an image differently");
	if (apart == 1)
		text_add(&out->fix, "let processor and model agree on the token that stands for no patch (a class token, the end of a row; of LLaVA and its like: "
			 "num_additional_image_tokens, vision_feature_select_strategy), so that an image has %" PRId64 " places", share.each);
	else
		text_add(&out->fix, "give processor and model the same size of images, patch size and merge size, so that an image has %" PRId64 " places", share.each);
	return true;
}
