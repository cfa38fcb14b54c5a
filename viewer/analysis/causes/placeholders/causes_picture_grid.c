/* A rule about pictures whose places in the text were counted for a grid of other patches, or of another picture, than the model's layer makes. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "grids.h"
#include "placeholders.h"

#define MORE_MOST 2   /* tokens of a picture that stand for no patch */
#define MERGE_MOST 8  /* patches each way that become one token */

/* A picture of OVER was cut into GRID by STEP, in steps of STRIDE; MERGE x MERGE of its patches became one of the EACH rows that it brings (but for a
 * few that are no patch); the text has PLACES for it. */
struct counted { const struct lineage_step *step; struct grid_sides over, grid; int64_t stride, merge, each, places; };

static bool
fits(const struct counted *counted, int64_t patches)
{
	int64_t all = counted->merge * counted->merge, more = patches / all - counted->places;

	return patches % all == 0 && more <= MORE_MOST && more >= -MORE_MOST;
}

/* How the grid became the rows of one picture; false where that isn't seen. */
static bool
read_merge(struct counted *out)
{
	int64_t patches = out->grid.high * out->grid.wide;

	for (int64_t merge = 1; merge <= MERGE_MOST; merge++) {
		int64_t whole = patches / (merge * merge);

		if (patches % (merge * merge) || whole < 4 || out->each < whole - 1 || out->each > whole + MORE_MOST)
			continue;
		out->merge = merge;
		return true;
	}
	return false;
}

/* The layer that cut the pictures into patches: the oldest with a stride on the way. */
static bool
read_layer(const struct cause_side *side, struct counted *out)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int input = rule_any(&step->event, "self input");
		const struct operand *from = input >= 0 ? &step->event.operands[input] : NULL, *to = step->event.output_count ? &step->event.outputs[0] : NULL;
		struct cause_window window;

		if (step->entered || !cause_window(step, &window) || window.unfolds || window.stride < 2 || window.extent != window.stride || window.padding ||
		    from->ndim < 3 || to->ndim != from->ndim)
			continue;
		out->step = step;
		out->stride = window.stride;
		out->over = (struct grid_sides){ from->sizes[from->ndim - 2], from->sizes[from->ndim - 1] };
		out->grid = (struct grid_sides){ to->sizes[to->ndim - 2], to->sizes[to->ndim - 1] };
	}
	return out->step && out->grid.high > 1 && out->grid.wide > 1;
}

/* The places of every sequence are those of whole pictures. */
static bool
are_whole(const json_t *rows, int64_t places)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (json_integer_value(json_array_get(rows, i)) % places)
			return false;
	return true;
}

static bool
read_counted(const struct cause_facts *facts, struct counted *out)
{
	struct placeholders_whole whole;
	struct placeholders found;
	int64_t pictures;

	*out = (struct counted){ .merge = 1 };
	if (!placeholders_find(facts, &found) || found.selected < 4 || found.supplied < 4)
		return false;
	placeholders_whole(facts, &found, &whole);
	out->each = whole.each > 0 ? whole.each : found.supplied;
	pictures = found.supplied / out->each;
	if (found.supplied % out->each || found.selected % pictures)
		return false;
	out->places = found.selected / pictures;
	return out->places >= 4 && out->places % out->each && out->each % out->places && read_layer(&facts->sides[0], out) && read_merge(out) &&
	       are_whole(placeholders_rows(facts), out->places);
}

/* A number by name of another patch, or of another picture, of which the places are the grid; NULL. PATCH: which of the two. */
static const json_t *
other_number(const struct cause_facts *facts, const struct counted *counted, bool *patch)
{
	struct text_walk at = { 0 };
	const json_t *number, *found = NULL;

	while ((number = cause_next_number(facts, &at))) {
		int64_t value = json_integer_value(json_object_get(number, "value"));
		bool is_patch = cause_is_called(number, "patch stride"), is_picture = !is_patch && cause_is_called(number, cause_picture_names);

		if (is_patch && value > 1 && value != counted->stride && fits(counted, (counted->over.high / value) * (counted->over.wide / value))) {
			*patch = true;
			return number;
		}
		if (!found && is_picture && value > counted->stride && value != counted->over.high && value != counted->over.wide &&
		    fits(counted, (value / counted->stride) * (value / counted->stride)))
			found = number;
	}
	*patch = false;
	return found;
}

/* Needs: pictures of which a layer of patches made the rows, and places for as many pictures, of another number. Likely where a number by name, of a patch or a
 * picture, comes to just these places; it isn't asked what they were counted by. */
bool
cause_picture_grid(const struct cause_facts *facts, struct cause *out)
{
	struct counted is;
	const json_t *number;
	int64_t value;
	bool patch;

	if (!read_counted(facts, &is) || !(number = other_number(facts, &is, &patch)))
		return false;
	value = json_integer_value(json_object_get(number, "value"));
	out->confidence = "likely";
	out->setting = number;
	text_add(&out->text, "the text has %" PRId64 " places for each picture, as many as ", is.places);
	if (patch)
		text_add(&out->text, "patches of %" PRId64, value);
	else
		text_add(&out->text, "a picture of %" PRId64, value);
	cause_add_number(facts, &out->text, number);
	text_add(&out->text, " would give; the model brings %" PRId64 " rows: it cuts the %" PRId64 " x %" PRId64 " of the picture into %" PRId64 " x %" PRId64 " patches of %" PRId64,
		 is.each, is.over.high, is.over.wide, is.grid.high, is.grid.wide, is.stride);
	if (is.merge > 1)
		text_add(&out->text, ", %" PRId64 " x %" PRId64 " of which become one", is.merge, is.merge);
	text_add(&out->evidence, "the patches were made by ");
	cause_add_step(facts, &out->evidence, is.step);
	if (patch)
		text_add(&out->fix, "give the processor that writes the places the patch of the model: %s = %" PRId64 " (or build the model with patches of %" PRId64 ")",
			 text_get(number, "name"), is.stride, value);
	else
		text_add(&out->fix, "give the processor that writes the places and the model one size of pictures: %s is %" PRId64 ", what the model is given has %" PRId64 " x %" PRId64,
			 text_get(number, "name"), value, is.over.high, is.over.wide);
	return true;
}
