#include "picture_rows.h"

#include <stdlib.h>
#include <string.h>

#include "../../mismatch/mismatch_rule.h"

#define PASSED_MOST 12   /* operations between a layer and the batch that it is given */
#define WRITES_MOST 600 /* operations before a layer in which its batch was filled */
#define VIEWS_MOST 16

/* One picture of a batch: TENSOR as it was before BEFORE, or its part ITEM (-1: all of it). */
struct picked { int64_t tensor, before; int item; };

static bool
set_size(const struct operand *is, struct picture_row *out)
{
	if (is->tensor <= 0 || is->ndim < 2)
		return false;
	out->size = (struct grid_sides){ is->sizes[is->ndim - 2], is->sizes[is->ndim - 1] };
	return true;
}

/* What was copied into PICKED's part since EVENT made the whole: FROM, its sizes in OUT. False where nothing was seen to be. */
static bool
find_written(const struct source *source, int process, const struct picked *picked, const struct event *event, struct picked *from, struct picture_row *out)
{
	int64_t views[VIEWS_MOST];
	int count = 0;
	bool found = false;

	if (picked->item < 0)
		views[count++] = picked->tensor;
	for (int64_t id = event->id + 1 > picked->before - WRITES_MOST ? event->id + 1 : picked->before - WRITES_MOST; id < picked->before; id++) {
		int64_t index = -1, dim = -1;
		bool within = false;
		struct event next;

		if (!source->event(source->context, process, id, &next) || next.operand_count < 1 || next.operands[0].tensor <= 0)
			continue;
		for (int i = 0; i < count; i++)
			within = within || views[i] == next.operands[0].tensor;
		if (within && mismatch_is_any(next.operation, "copy") && next.operand_count > 1 && next.operands[1].ndim >= 2 && set_size(&next.operands[1], out)) {
			*from = (struct picked){ next.operands[1].tensor, next.id, -1 };
			found = true;
		}
		if (!within && next.operands[0].tensor == picked->tensor && mismatch_is_any(next.operation, "select") && rule_int(&next, "dim", &dim) && dim == 0 &&
		    rule_int(&next, "index", &index))
			within = index == picked->item;
		if (within && mismatch_is_view(next.operation) && next.output_count == 1 && next.outputs[0].tensor > 0 && count < VIEWS_MOST)
			views[count++] = next.outputs[0].tensor;
	}
	return found;
}

/* The item of a list that EVENT was given; NULL. */
static const struct operand *
item_of(const struct event *event, int item)
{
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		if (event->operands[i].item == item)
			return &event->operands[i];
	return NULL;
}

/* Goes back from what a layer was given to the picture as it was before it was padded. */
static bool
find_picture(const struct source *source, int process, struct picked *at, struct picture_row *out)
{
	for (int n = 0; n < PASSED_MOST; n++) {
		const struct operand *from;
		struct picked written;
		struct event maker;
		int output, writes, self;

		if (!lineage_maker(source, process, at->tensor, at->before, LINEAGE_SIZE, &maker, &output, &writes))
			return false;
		self = rule_any(&maker, "self input");
		from = self >= 0 ? &maker.operands[self] : NULL;
		if (mismatch_is_any(maker.operation, "zeros full empty ones new_zeros new_full new_empty new_ones")) {
			if (!find_written(source, process, at, &maker, &written, out))
				return false;
			*at = written;
			return true;
		}
		if (mismatch_is_any(maker.operation, "stack") && at->item >= 0) {
			from = item_of(&maker, at->item);
			at->item = -1;
		} else if (mismatch_is_any(maker.operation, "pad constant_pad_nd") && from && at->item < 0) {
			*at = (struct picked){ from->tensor, maker.id, -1 };
			return set_size(from, out);
		} else if (!from || !mismatch_is_any(maker.operation, "to to_copy clone contiguous sub div mul add unsqueeze detach float")) {
			return at->item < 0 && set_size(&maker.outputs[output], out);
		} else if (mismatch_is_any(maker.operation, "unsqueeze") && maker.outputs[output].ndim == 4) {
			at->item = -1; /* a batch of this one */
		}
		if (!from || from->tensor <= 0)
			return false;
		at->tensor = from->tensor;
		at->before = maker.id;
	}
	return false;
}

/* Which of the batch's pictures STORY takes between the layer and its grid; -1. */
static int
item_between(const struct lineage *story, const struct grid *grid)
{
	for (int i = grid->at + 1; i < grid->made; i++) {
		const struct lineage_step *step = &story->steps[i];
		int64_t dim = 0, index;

		if (mismatch_is_any(step->event.operation, "unbind") && (!rule_int(&step->event, "dim", &dim) || dim == 0))
			return step->output;
		if (mismatch_is_any(step->event.operation, "select") && rule_int(&step->event, "dim", &dim) && dim == 0 && rule_int(&step->event, "index", &index) &&
		    index >= 0 && index < PICTURE_ROWS_MOST)
			return (int)index;
	}
	return -1;
}

/* The columns that were joined to each line of what STEP was given, WIDE with them; 0. */
static int64_t
ends_joined(const struct source *source, int process, const struct lineage_step *step, int dim, int64_t wide)
{
	const struct operand *is = &step->event.operands[rule_any(&step->event, "self input")];
	int64_t pieces[2], along = 0;
	int output, writes, count = 0;
	struct event maker;

	if (is->tensor <= 0 || !lineage_maker(source, process, is->tensor, step->event.id, LINEAGE_SIZE, &maker, &output, &writes) ||
	    !mismatch_is_any(maker.operation, "cat concat concatenate") || !rule_int(&maker, "dim", &along) || (along < 0 ? along + is->ndim : along) != dim)
		return 0;
	for (int i = rule_next(&maker, 0); i >= 0; i = rule_next(&maker, i + 1), count++) {
		if (count == 2 || dim >= maker.operands[i].ndim)
			return 0;
		pieces[count] = maker.operands[i].sizes[dim];
	}
	return count == 2 && pieces[0] + pieces[1] == wide && pieces[0] > pieces[1] ? pieces[1] : 0;
}

/* Did STEP put a piece of PART rows together with others? */
static bool
has_piece(const struct lineage_step *step, int64_t part)
{
	if (step->entered || step->dim < 0 || !mismatch_is_any(step->event.operation, "cat concat concatenate"))
		return false;
	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1))
		if (step->dim < step->event.operands[i].ndim && step->event.operands[i].sizes[step->dim] == part)
			return true;
	return false;
}

/* How STORY's rows were laid out, if a view put a grid's lines one after the other, and a cat at most something beside. */
static void
read_laid(const struct source *source, int process, const struct lineage *story, int64_t rows, struct picture_laid *out)
{
	const struct lineage_step *joined = NULL;

	for (int i = 0; i < story->count; i++) {
		const struct lineage_step *step = &story->steps[i];
		struct grid_sides sides;
		int dim;

		if (step->entered || step->size > rows)
			return;
		if (step->size == rows && mismatch_is_any(step->event.operation, "cat concat concatenate"))
			joined = step;
		if (!grid_read_sides(step, &sides, &dim))
			continue;
		if (step->size != rows && (!joined || !has_piece(joined, step->size)))
			return;
		*out = (struct picture_laid){ .grid = sides, .beside = rows - step->size, .step = *step, .dim = dim };
		out->ends = ends_joined(source, process, step, dim + 1, sides.wide);
		out->grid.wide -= out->ends;
		return;
	}
}

int64_t
picture_row_turned(const struct picture_row *row)
{
	const struct picture_laid *laid = &row->laid;
	int64_t high, wide;

	if (laid->ends > 0)
		return laid->grid.wide * (laid->grid.high + laid->ends) + laid->beside;
	if (row->size.high < 1 || row->size.wide < 1 || laid->beside || laid->grid.high < 1 || laid->grid.wide < 1 || row->size.high % laid->grid.high ||
	    row->size.wide % laid->grid.wide)
		return row->rows;
	high = row->size.high / laid->grid.high;
	wide = row->size.wide / laid->grid.wide;
	return (row->size.wide / high) * (row->size.high / wide);
}

/* Reads the picture of STORY, whose first size is its rows. */
static void
read_picture(const struct source *source, int process, struct lineage *story, struct picture_row *out)
{
	const struct lineage_step *layer;
	struct picked at;
	struct grid grid;
	int input;

	if (!grid_find(story, &grid))
		return;
	out->grid = grid.sides;
	if (grid.made < 0)
		return;
	layer = &story->steps[grid.made];
	input = rule_any(&layer->event, "input self");
	out->stride = grid.stride;
	at = (struct picked){ layer->event.operands[input].tensor, layer->event.id, item_between(story, &grid) };
	if (at.item < 0 && layer->event.operands[input].ndim == 4 && layer->event.operands[input].sizes[0] > 1)
		return;
	if (!find_picture(source, process, &at, out))
		return;
	for (int i = 0; i < 2; i++) { /* (the story has been read: its room is free) */
		struct event maker;
		int output, writes;

		if (!lineage_maker(source, process, at.tensor, at.before, LINEAGE_SIZE, &maker, &output, &writes) || maker.outputs[output].ndim < 2)
			continue;
		lineage_walk_tensor(source, process, at.tensor, at.before, maker.outputs[output].ndim - 2 + i, LINEAGE_SIZE, story);
		if (story->decider >= 0)
			out->by[i] = story->steps[story->decider];
	}
}

/* Do both put together as many in each of their pieces? */
static bool
same_pieces(const struct lineage_step *one, const struct lineage_step *other)
{
	int i = rule_next(&one->event, 0), j = rule_next(&other->event, 0);

	for (; i >= 0 && j >= 0; i = rule_next(&one->event, i + 1), j = rule_next(&other->event, j + 1))
		if (one->dim >= one->event.operands[i].ndim || other->dim >= other->event.operands[j].ndim ||
		    one->event.operands[i].sizes[one->dim] != other->event.operands[j].sizes[other->dim])
			return false;
	return i < 0 && j < 0;
}

/* The earliest cat of as many pieces as the last one. */
static const struct lineage_step *
joined(const struct lineage *rows)
{
	const struct lineage_step *found = NULL;

	for (int i = 0; i < rows->count; i++) {
		const struct lineage_step *step = &rows->steps[i];

		if (step->entered || step->dim < 0 || step->size != rows->steps[0].size || !mismatch_is_any(step->event.operation, "cat concat concatenate"))
			continue;
		if (!found || same_pieces(found, step))
			found = step;
	}
	return found;
}

bool
picture_rows_find(const struct source *source, const struct lineage *rows, struct picture_rows *out)
{
	const struct lineage_step *cat = rows && rows->count ? joined(rows) : NULL;
	struct lineage *story = cat ? calloc(1, sizeof(*story)) : NULL;

	out->count = 0;
	for (int i = story ? rule_next(&cat->event, 0) : -1; i >= 0; i = rule_next(&cat->event, i + 1)) {
		struct picture_row *row = &out->list[out->count];

		if (out->count == PICTURE_ROWS_MOST || cat->dim >= cat->event.operands[i].ndim || cat->event.operands[i].tensor <= 0) {
			out->count = 0;
			break;
		}
		*row = (struct picture_row){ .rows = cat->event.operands[i].sizes[cat->dim] };
		lineage_walk_tensor(source, rows->process, cat->event.operands[i].tensor, cat->event.id, cat->dim, LINEAGE_SIZE, story);
		read_laid(source, rows->process, story, row->rows, &row->laid);
		read_picture(source, rows->process, story, row);
		out->count++;
	}
	free(story);
	return out->count > 0;
}
