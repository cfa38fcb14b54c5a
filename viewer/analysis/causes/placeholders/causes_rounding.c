/* A rule about the places of a picture that its text counts, and the rows that a tower makes of it: one rounds up, the other down. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "picture_rows.h"
#include "placeholders.h"

#define TOLD_MOST 4

/* How many steps of STRIDE there are in SIZE, a rest counted as one or not at all. */
static int64_t
steps_in(int64_t size, int64_t stride, bool up)
{
	return (size + (up ? stride - 1 : 0)) / stride;
}

/* The rows that ROW's picture would have if its rest were counted the other way than the layer did; its own where it leaves none, or isn't known. */
static int64_t
other_rows(const struct picture_row *row, bool up)
{
	const struct grid_sides *size = &row->size, *stride = &row->stride;

	if (size->high < 1 || stride->high < 1 || row->grid.high != steps_in(size->high, stride->high, !up) || row->grid.wide != steps_in(size->wide, stride->wide, !up))
		return row->rows;
	return steps_in(size->high, stride->high, up) * steps_in(size->wide, stride->wide, up);
}

/* Do all pictures, counted the other way, have as many rows as there are places (in each sequence, where each has one picture)? */
static bool
explains(const struct picture_rows *pictures, const struct placeholders *found, const json_t *places, bool up)
{
	bool each = json_array_size(places) == (size_t)pictures->count;
	int64_t sum = 0, supplied = 0;

	for (int i = 0; i < pictures->count; i++) {
		int64_t rows = other_rows(&pictures->list[i], up);

		sum += rows;
		supplied += pictures->list[i].rows;
		if (each && rows != json_integer_value(json_array_get(places, (size_t)i)))
			return false;
	}
	return sum == found->selected && supplied == found->supplied;
}

bool
placeholders_rounded(const struct cause_facts *facts, struct placeholders_uneven *out)
{
	struct placeholders found = { 0 };
	struct picture_rows *pictures = placeholders_pictures(facts, &found);
	bool up = found.selected > found.supplied, holds = pictures && explains(pictures, &found, placeholders_rows(facts), up);

	out->picture = -1;
	for (int i = 0; holds && out->picture < 0 && i < pictures->count; i++) {
		const struct picture_row *row = &pictures->list[i];
		bool wide = row->stride.high > 0 && row->size.high % row->stride.high == 0;

		if (other_rows(row, up) == row->rows || !row->by[wide].event.operation)
			continue;
		*out = (struct placeholders_uneven){ .picture = i, .wide = wide, .size = wide ? row->size.wide : row->size.high, .by = row->by[wide] };
	}
	free(pictures);
	return out->picture >= 0;
}

/* The one picture that has just a row or column of its grid less (or more) than its sequence has places for; -1. */
static int
lacks_line(const struct picture_rows *pictures, const struct placeholders *found, const json_t *places)
{
	int64_t apart = found->selected - found->supplied;
	int odd = -1;

	if (json_array_size(places) != (size_t)pictures->count)
		return -1;
	for (int i = 0; i < pictures->count; i++) {
		const struct grid_sides *grid = &pictures->list[i].grid;
		int64_t more = json_integer_value(json_array_get(places, (size_t)i)) - pictures->list[i].rows;

		if (!more)
			continue;
		if (odd >= 0 || more != apart || (llabs(more) != grid->high && llabs(more) != grid->wide))
			return -1;
		odd = i;
	}
	return odd;
}

/* "44 is no multiple of 8", with who decided it. */
static void
tell_side(const struct cause_facts *facts, struct text *text, int64_t size, int64_t stride, const struct lineage_step *by)
{
	if (size % stride == 0)
		return;
	text_add(text, "%s%" PRId64 " is no multiple of %" PRId64, text->used ? SAY("; ") : "", size, stride);
	if (by->event.operation) {
		text_add(text, ", decided by ");
		cause_add_step(facts, text, by);
	}
}

static void
tell_rounded(const struct cause_facts *facts, struct cause *out, const struct picture_rows *pictures, bool up)
{
	const struct picture_row *first = NULL;
	int told = 0, odd = 0;

	out->confidence = "likely";
	for (int i = 0; i < pictures->count; i++) {
		const struct picture_row *row = &pictures->list[i];

		if (other_rows(row, up) == row->rows || odd++ >= TOLD_MOST)
			continue;
		first = first ? first : row;
		text_add(&out->text, "%spicture %d (from 0) of %d, %" PRId64 " x %" PRId64 " in steps of %" PRId64 ", gives %" PRId64 " x %" PRId64 " = %" PRId64 " rows where the text has %" PRId64
			 " x %" PRId64 " = %" PRId64 " places", told++ ? SAY("; ") : "", i, pictures->count, row->size.high, row->size.wide, row->stride.high, row->grid.high, row->grid.wide,
			 row->rows, steps_in(row->size.high, row->stride.high, up), steps_in(row->size.wide, row->stride.wide, up), other_rows(row, up));
	}
	text_add(&out->text, "%s", up ? SAY(": the text counts a rest as a whole step, the model cuts it off") : SAY(": the model makes a whole step of a rest, the text leaves it out"));
	tell_side(facts, &out->evidence, first->size.high, first->stride.high, &first->by[0]);
	tell_side(facts, &out->evidence, first->size.wide, first->stride.wide, &first->by[1]);
	text_add(&out->fix, "count the places as the model makes the rows: %s", up ? SAY("height // step x width // step, without ceil") : SAY("each side divided and rounded up"));
	if (up)
		cause_add_asked(facts, &out->fix, "ceil(");
	text_add(&out->fix, "; or resize every picture to multiples of %" PRId64 " before both", first->stride.high);
}

/* Picture ODD has a line of its grid less, or more, than the PLACES of its text; its own size isn't recorded. */
static void
tell_line(const struct cause_facts *facts, struct cause *out, const struct picture_rows *pictures, int odd, int64_t places)
{
	const struct picture_row *row = &pictures->list[odd];
	bool up = places > row->rows, high = llabs(places - row->rows) == row->grid.wide;
	int64_t stride = high ? row->stride.high : row->stride.wide, least = ((high ? row->grid.high : row->grid.wide) - !up) * stride;

	out->confidence = "possible";
	text_add(&out->text, "picture %d (from 0) of %d gives %" PRId64 " x %" PRId64 " = %" PRId64 " rows where the text has %" PRId64
		 " places, one line of its grid %s: maybe a side is no multiple of the patch, and one of the two rounds it up, the other down", odd, pictures->count,
		 row->grid.high, row->grid.wide, row->rows, places, up ? SAY("more") : SAY("less"));
	if (stride > 1 && row->grid.high != row->grid.wide)
		text_add(&out->evidence, "its %s is then more than %" PRId64 " and less than %" PRId64, high ? SAY("height") : SAY("width"), least, least + stride);
	text_add(&out->fix, "count the places as the model makes the rows, each side divided by the patch and rounded in the same way");
	if (up)
		cause_add_asked(facts, &out->fix, "ceil(");
	text_add(&out->fix, "; or resize every picture to multiples of the patch before both");
}

/* Needs: places and rows that differ, rows that are put together picture by picture, and the grid of each. Likely where the pictures' own sizes, the
 * rest counted the other way, make just the places that there are. */
bool
cause_rounded_pictures(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	struct picture_rows *pictures = placeholders_pictures(facts, &found);
	const json_t *places = placeholders_rows(facts);
	bool holds = true, up;
	int odd;

	if (!pictures)
		return false;
	up = found.selected > found.supplied;
	if (explains(pictures, &found, places, up))
		tell_rounded(facts, out, pictures, up);
	else if ((odd = lacks_line(pictures, &found, places)) >= 0)
		tell_line(facts, out, pictures, odd, json_integer_value(json_array_get(places, (size_t)odd)));
	else
		holds = false;
	if (holds) {
		placeholders_add_spread(facts, found.supplied, &out->evidence);
		text_add(&out->evidence, "%srows of each picture: ", out->evidence.used ? SAY("; ") : "");
		for (int i = 0; i < pictures->count; i++)
			text_add(&out->evidence, "%s%" PRId64, i ? ", " : "", pictures->list[i].rows);
	}
	free(pictures);
	return holds;
}
