/* A rule about pictures whose places in the text are counted with height and width exchanged. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes_tool.h"
#include "picture_rows.h"
#include "placeholders.h"
#include "../mismatch/mismatch_rule.h"

#define TOLD_MOST 4
#define CALLS_MOST 400
#define CALLS_LEAST 3

/* Do all pictures, each with its height and width exchanged, have as many rows as there are places (in each sequence, where each has one picture)?
 * AGREE gets whether some pictures are as they would be. */
static bool
explains(const struct picture_rows *pictures, const struct placeholders *found, const json_t *places, bool *agree)
{
	bool each = json_array_size(places) == (size_t)pictures->count;
	int64_t sum = 0, supplied = 0;

	*agree = false;
	for (int i = 0; i < pictures->count; i++) {
		int64_t rows = picture_row_turned(&pictures->list[i]);

		sum += rows;
		supplied += pictures->list[i].rows;
		*agree = *agree || rows == pictures->list[i].rows;
		if (each && rows != json_integer_value(json_array_get(places, (size_t)i)))
			return false;
	}
	*agree = *agree && each;
	return sum == found->selected && supplied == found->supplied;
}

/* Earlier calls of the line that put a picture's lines one after the other: how many there were, and how many were of squares. */
struct squares { const struct event *now; int dim; int64_t ends, calls, square; };

static bool
look_at_square(const struct event *event, void *context)
{
	struct squares *squares = context;
	int self = rule_any(event, "self input");
	const struct operand *is = self >= 0 ? &event->operands[self] : NULL;

	if (event->step == squares->now->step || !is || squares->dim + 1 >= is->ndim)
		return true;
	squares->calls++;
	squares->square += is->sizes[squares->dim] == is->sizes[squares->dim + 1] - squares->ends;
	return squares->calls < CALLS_MOST;
}

/* In OUT, what that line of ROW's picture was given before, if squares are what an exchange doesn't show there. */
static void
count_squares(const struct cause_facts *facts, const struct picture_row *row, struct squares *out)
{
	*out = (struct squares){ .now = &row->laid.step.event, .dim = row->laid.dim, .ends = row->laid.ends };
	if (row->laid.step.event.site >= 0 && row->laid.ends > 0)
		facts->source->each_call(facts->source->context, facts->process, &row->laid.step.event, look_at_square, out);
}

/* "4 x (8 + 1) + 16", or the same with the two sides exchanged. */
static void
add_layout(struct text *text, const struct picture_row *row, bool turned)
{
	const struct picture_laid *laid = &row->laid;
	int64_t high = turned ? laid->grid.wide : laid->grid.high, wide = turned ? laid->grid.high : laid->grid.wide;

	if (turned && laid->ends < 1) {
		high = row->size.wide / (row->size.high / laid->grid.high);
		wide = row->size.high / (row->size.wide / laid->grid.wide);
	}
	if (laid->ends > 0)
		text_add(text, "%" PRId64 " x (%" PRId64 " + %" PRId64 ")", high, wide, laid->ends);
	else
		text_add(text, "%" PRId64 " x %" PRId64, high, wide);
	if (laid->beside)
		text_add(text, " + %" PRId64, laid->beside);
}

static void
tell_turned(struct cause *out, const struct picture_rows *pictures, const struct placeholders *found)
{
	int told = 0;

	for (int i = 0; i < pictures->count; i++) {
		const struct picture_row *row = &pictures->list[i];
		int64_t turned = picture_row_turned(row);

		if (turned == row->rows || told >= TOLD_MOST)
			continue;
		text_add(&out->text, "%spicture %d (from 0) of %d brings ", told++ ? SAY("; ") : "", i, pictures->count);
		add_layout(&out->text, row, false);
		text_add(&out->text, " = %" PRId64 " rows, and the text has ", row->rows);
		add_layout(&out->text, row, true);
		text_add(&out->text, " = %" PRId64 " places for it, %" PRId64 " too %s", turned, turned > row->rows ? turned - row->rows : row->rows - turned,
			 turned > row->rows ? SAY("many") : SAY("few"));
	}
	text_add(&out->text, ": its height and width are exchanged where the places are counted, or in the sizes that the model is given (%" PRId64 " places, %" PRId64 " rows in all)",
		 found->selected, found->supplied);
}

/* Needs: places and rows that differ, rows that are put together picture by picture, and how each picture's grid was laid out; with height and width
 * exchanged, each has just the places that there are. Likely where earlier pictures were square, or others of this batch agree; nothing where
 * earlier ones were not square, and nothing was wrong. */
bool
cause_turned_pictures(const struct cause_facts *facts, struct cause *out)
{
	struct placeholders found;
	struct picture_rows *pictures = placeholders_pictures(facts, &found);
	const struct picture_row *first = NULL;
	struct squares squares;
	bool agree;

	for (int i = 0; pictures && !first && i < pictures->count; i++)
		if (picture_row_turned(&pictures->list[i]) != pictures->list[i].rows)
			first = &pictures->list[i];
	if (!first || !explains(pictures, &found, placeholders_rows(facts), &agree)) {
		free(pictures);
		return false;
	}
	count_squares(facts, first, &squares);
	if (squares.square < squares.calls) {
		free(pictures);
		return false;
	}
	out->confidence = agree || squares.calls >= CALLS_LEAST ? "likely" : "possible";
	out->tells_news = true;
	tell_turned(out, pictures, &found);
	if (squares.calls && squares.square == squares.calls) {
		text_add(&out->evidence, "in each of the last %" PRId64 " calls before this batch the grid was as high as wide, where an exchange makes no difference: ", squares.calls);
		cause_add_step(facts, &out->evidence, &first->laid.step);
	}
	placeholders_add_spread(facts, found.supplied, &out->evidence);
	text_add(&out->fix, "exchange them back there: a picture's own size (PIL's, OpenCV's resize) is (width, height), a tensor's or an array's shape (height, width)");
	cause_add_asked(facts, &out->fix, ".size)");
	free(pictures);
	return true;
}
