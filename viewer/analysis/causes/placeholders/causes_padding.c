/* A rule about places for features that are padding: the padding's id is the placeholder's. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"

/* How many positions of LOCAL, a table of ROWS x LENGTH of zeros and ones, are zero; -1 if it is no such table. */
static int64_t
zeros_of(const json_t *local, int64_t rows, int64_t length)
{
	const json_t *summary = json_object_get(local, "summary");
	int64_t elements = cause_count(summary, "elements", -1), true_count = cause_count(summary, "true", -1);

	if (json_array_size(json_object_get(local, "shape")) != 2 || cause_local_size(local, 0) != rows || cause_local_size(local, 1) != length || elements < 1)
		return -1;
	if (true_count >= 0)
		return elements - true_count;
	return cause_count(summary, "min", -1) == 0 && cause_count(summary, "max", -1) == 1 ? cause_count(summary, "zero", -1) : -1;
}

/* Is there a table of ids of the same form, of which COUNT are 0? With as many as there are places the placeholder's id is 0, with as many as are padding the
 * padding's. */
static bool
ids_are_zero(const struct cause_facts *facts, const struct placeholders *found, int64_t count)
{
	struct text_walk at = { 0 };
	const json_t *local;

	while ((local = text_next(facts->frames, "locals", &at)))
		if (cause_local_size(local, 0) == found->rows && cause_local_size(local, 1) == found->length && json_array_size(json_object_get(local, "shape")) == 2 &&
		    cause_count(json_object_get(local, "summary"), "zero", -1) == count && cause_count(json_object_get(local, "summary"), "max", 0) > 1)
			return true;
	return false;
}

/* Are padding and placeholder one number by name? */
static bool
ids_are_one(const struct cause_facts *facts)
{
	int64_t padding = cause_value_of(facts, "pad_token_id"), place = cause_value_of(facts, "image_token_id");

	place = place >= 0 ? place : cause_value_of(facts, "image_token_index");
	return padding >= 0 && padding == place;
}

/* Needs: more places than rows, and a mask of the same sequences that has just as many zeros as there are places too many. */
bool
cause_placeholder_is_padding(const struct cause_facts *facts, struct cause *out)
{
	struct text_walk at = { 0 };
	struct placeholders_whole whole;
	struct placeholders found;
	const json_t *local;
	int64_t more;
	bool one;

	if (!placeholders_find(facts, &found) || found.supplied < 1 || (more = found.selected - found.supplied) < 1)
		return false;
	while ((local = text_next(facts->frames, "locals", &at)))
		if (strstr(text_get(local, "name"), "mask") && zeros_of(local, found.rows, found.length) == more)
			break;
	one = local && (ids_are_zero(facts, &found, found.selected) || ids_are_one(facts));
	if (!local || (!one && (placeholders_whole(facts, &found, &whole) || ids_are_zero(facts, &found, more))))
		return false;
	out->confidence = one ? "likely" : "possible";
	text_add(&out->text, "padding is counted as placeholders: %" PRId64 " places for %" PRId64 " rows of features, %" PRId64 " too many, and %s leaves just as many positions out as "
		 "padding", found.selected, found.supplied, more, text_get(local, "name"));
	if (ids_are_zero(facts, &found, found.selected))
		text_add(&out->evidence, "the id that is counted is 0");
	placeholders_add_spread(facts, found.supplied, &out->evidence);
	text_add(&out->fix, "give the padding an id of its own: the tokenizer's padding token must not be the placeholder, nor the unknown token, which a placeholder that isn't in the "
		 "vocabulary becomes, too (add both as special tokens); or count places only where %s isn't 0", text_get(local, "name"));
	return true;
}
