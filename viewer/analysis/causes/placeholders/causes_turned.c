/* A rule about pictures whose places in the text are counted with height and width exchanged. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "picture_rows.h"
#include "placeholders.h"
#include "../../mismatch/mismatch_rule.h"

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

/* Pictures that came in ready-made in a step, the newest first: their heights and widths. */
struct entered { int64_t step; int count; bool more; struct grid_sides list[PICTURE_ROWS_MOST]; };

static bool
is_channels(int64_t size)
{
	return size == 1 || size == 3 || size == 4;
}

static bool
look_at_entered(const struct event *event, void *context)
{
	struct entered *entered = context;
	const struct operand *is = event->output_count == 1 ? event->outputs : NULL;

	if (event->step != entered->step)
		return false;
	if (!is || is->ndim != 3 || !is->dtype || strcmp(is->dtype, "uint8") != 0 || (!is_channels(is->sizes[0]) && !is_channels(is->sizes[2])))
		return true;
	entered->more = entered->count == PICTURE_ROWS_MOST;
	if (!entered->more)
		entered->list[entered->count++] = is_channels(is->sizes[2]) ? (struct grid_sides){ is->sizes[0], is->sizes[1] } : (struct grid_sides){ is->sizes[1], is->sizes[2] };
	return !entered->more;
}

/* The own height and width of PICTURE: what the layer was given, or as it came in where just as many came in as there are pictures; zeros. */
static struct grid_sides
own_size(const struct cause_facts *facts, const struct picture_rows *pictures, int picture)
{
	const struct picture_row *row = &pictures->list[picture];
	struct entered entered = { .step = row->laid.step.event.step };
	struct event probe = row->laid.step.event;

	if (row->size.high > 0)
		return row->size;
	probe.operation = "aten::lift_fresh";
	probe.site = -1;
	facts->source->each_call(facts->source->context, facts->process, &probe, look_at_entered, &entered);
	return entered.more || entered.count != pictures->count ? (struct grid_sides){ 0, 0 } : entered.list[entered.count - 1 - picture];
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
	text_add(&out->text, " (%" PRId64 " places, %" PRId64 " rows in all)", found->selected, found->supplied);
}

/* Whose sides are exchanged, by PICTURE's own. */
static void
tell_whose(const struct cause_facts *facts, const struct picture_rows *pictures, int picture, struct cause *out)
{
	const struct grid_sides *grid = &pictures->list[picture].laid.grid;
	struct grid_sides own = own_size(facts, pictures, picture);

	if (own.high == own.wide || grid->high == grid->wide) {
		text_add(&out->text, ": its height and width are exchanged where the places are counted, or in the sizes that the model is given");
		return;
	}
	text_add(&out->evidence, "picture %d is %" PRId64 " high and %" PRId64 " wide", picture, own.high, own.wide);
	if ((own.high > own.wide) == (grid->high > grid->wide))
		text_add(&out->text, ": its height and width are exchanged where the places are counted");
	else
		text_add(&out->text, ": its height and width are exchanged in the sizes that the model is given");
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
	tell_whose(facts, pictures, (int)(first - pictures->list), out);
	if (squares.calls && squares.square == squares.calls) {
		text_add(&out->evidence, "%sin each of the last %" PRId64 " calls before this batch the grid was as high as wide, where an exchange makes no difference: ",
			 out->evidence.used ? SAY("; ") : "", squares.calls);
		cause_add_step(facts, &out->evidence, &first->laid.step);
	}
	placeholders_add_spread(facts, found.supplied, &out->evidence);
	text_add(&out->fix, "exchange them back there: a picture's own size (PIL's, OpenCV's resize) is (width, height), a tensor's or an array's shape (height, width)");
	cause_add_asked(facts, &out->fix, ".size)");
	free(pictures);
	return true;
}
