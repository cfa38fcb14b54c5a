/* What the operation that decided a size did, and what that says to change: for every rule that names one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes_tool.h"
#include "../mismatch/mismatch_rule.h"
#include "code/slice.h"

#define PIECES_MOST 8
#define STATEMENTS_MOST 96
#define LIST_MOST 90

/* The size of STEP's dimension before it; -1. */
static int64_t
source_size(const struct lineage_step *step)
{
	int self = rule_any(&step->event, "self input");

	return self >= 0 && step->dim >= 0 && step->dim < step->event.operands[self].ndim ? step->event.operands[self].sizes[step->dim] : -1;
}

bool
cause_ran_out(const struct lineage_step *step, int64_t wanted, int64_t *start, int64_t *end)
{
	struct slice slice;

	if (step->size >= wanted || !slice_read(&step->event, &slice) || slice.dim != step->dim || slice.whole <= 0)
		return false;
	*start = slice.start;
	*end = slice_stop(&slice);
	if (slice.end < 0 ? slice.start < wanted /* both ends cropped */ : !slice_is_short(&slice, wanted))
		return false;
	return *end - *start == step->size;
}

int64_t
cause_piece_width(const struct lineage_step *step)
{
	const struct event *event = &step->event;
	int64_t along = 0, width = 0;
	int first = rule_next(event, 0);

	if (event->id < 0 || step->dim < 0 || first < 0 || !mismatch_is_any(event->operation, "cat concat concatenate"))
		return 0;
	rule_int(event, "dim", &along);
	if (rule_dim(along, event->operands[first].ndim) != step->dim)
		return 0;
	for (int i = first; i >= 0; i = rule_next(event, i + 1)) {
		const struct operand *piece = &event->operands[i];

		if (piece->ndim <= step->dim || piece->sizes[step->dim] < 1 || (width && piece->sizes[step->dim] != width))
			return 0;
		width = piece->sizes[step->dim];
	}
	return width;
}

/* Of equal pieces that are put together: how many, 0. */
static int
equal_pieces(const struct lineage_step *step, int64_t wanted)
{
	int pieces = 0;

	for (int i = rule_next(&step->event, 0); i >= 0; i = rule_next(&step->event, i + 1)) {
		const struct operand *is = &step->event.operands[i];

		if (step->dim < 0 || step->dim >= is->ndim || is->sizes[step->dim] != wanted)
			return 0;
		pieces++;
	}
	return pieces;
}

void
cause_add_pieces(struct text *text, const struct event *event, int dim)
{
	int count = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		if (strcmp(event->operands[i].name, "out") != 0 && dim < event->operands[i].ndim && count++ < PIECES_MOST)
			text_add(text, "%s%" PRId64, count > 1 ? " + " : "", event->operands[i].sizes[dim]);
	if (count > PIECES_MOST)
		text_add(text, " + ...");
}

bool
cause_tell_pieces(const struct cause_facts *facts, const struct lineage_step *step, struct text *text, struct text *fix)
{
	struct event newest;

	if (!facts->source || !mismatch_is_any(step->event.operation, "cat concat concatenate stack") || step->dim < 0 ||
	    !usual_newest(facts->source, facts->process, &step->event, &newest) || rule_pieces(&newest) == rule_pieces(&step->event))
		return false;
	cause_add_step(facts, text, step);
	text_add(text, " put %d piece%s together, %d before (", rule_pieces(&step->event), language_plural(rule_pieces(&step->event)), rule_pieces(&newest));
	cause_add_pieces(text, &newest, step->dim);
	text_add(text, ")");
	text_add(fix, "give that line the same %d pieces as before: see which of them is %s, and why", rule_pieces(&newest),
		 rule_pieces(&step->event) < rule_pieces(&newest) ? SAY("missing") : SAY("too many"));
	return true;
}

bool
cause_tell_step(const struct lineage_step *step, const char *name, int64_t wanted, struct text *text, struct text *fix)
{
	int64_t from = source_size(step), start, end;
	char operation[96];

	mismatch_plain_name(step->event.operation, operation, sizeof(operation));
	if (cause_ran_out(step, wanted, &start, &end) && end < wanted) {
		text_add(text, "a slice asked for %" PRId64 " of what has %" PRId64 " in all", start + wanted, end);
		text_add(fix, "make what is sliced %" PRId64 " long or more where it is built, or let no input ask for more than %" PRId64, start + wanted, end);
		return true;
	}
	if (cause_ran_out(step, wanted, &start, &end)) {
		text_add(text, "the slice begins at %" PRId64 " and there are only %" PRId64 ": %" PRId64 " are left of the %" PRId64 " that are wanted", start, end,
			 step->size, wanted);
		text_add(fix, "let the last piece begin at %" PRId64 " at most (%" PRId64 " - %" PRId64 "), leave out a piece that isn't whole, or pad it", end - wanted,
			 end, wanted);
		return true;
	}
	if (text_among("split split_with_sizes chunk tensor_split unsafe_split unsafe_chunk", operation) && step->output == step->event.output_count - 1 &&
	    step->event.output_count > 1 && step->size < wanted) {
		text_add(text, "the last of %d pieces of %" PRId64 " has what was left: %" PRId64, step->event.output_count, from, step->size);
		text_add(fix, "leave out the last piece or pad it, or take what is made for %" PRId64 " from this piece's own size", wanted);
		return true;
	}
	if (text_among("index masked_select", operation) && from > step->size && step->size < wanted) {
		text_add(text, "%" PRId64 " of %" PRId64 " were left out by a mask or index", from - step->size, from);
		text_add(fix, "keep them (with a value that counts for nothing), or leave out what belongs to them everywhere: whole groups, the same rows of the "
			 "other side");
		return true;
	}
	if (strcmp(operation, "bincount") == 0 && step->size > wanted) {
		text_add(text, "bincount makes one more than the largest value: %" PRId64 " occurs, where 0 to %" PRId64 " are counted", step->size - 1, wanted - 1);
		text_add(fix, "leave out values of %" PRId64 " and more (labels to ignore) before they are counted", wanted);
		return true;
	}
	if (text_among("bincount unique unique2 one_hot histc", operation) && step->size < wanted) {
		text_add(text, "a value that doesn't occur isn't counted");
		text_add(fix, "count for all: minlength=%" PRId64 " (bincount), num_classes=%" PRId64 " (one_hot)", wanted, wanted);
		return true;
	}
	if (text_among("cat concat concatenate", operation) && equal_pieces(step, wanted) > 1) {
		int pieces = equal_pieces(step, wanted);

		text_add(text, "%d pieces of %" PRId64 " were put together where one is wanted", pieces, wanted);
		if (step->dim == 1 && step->event.output_count == 1 && step->event.outputs[0].ndim == 2) {
			int64_t rows = step->event.outputs[0].sizes[0];

			text_add(text, ", side by side (dim=1): %" PRId64 " row%s of %" PRId64 ", where dim=0 makes %" PRId64 " of %" PRId64, rows, language_plural(rows), step->size, rows * pieces, wanted);
			text_add(fix, "join them along dimension 0 where they are of several samples; else give one piece instead of %d", pieces);
			return true;
		}
		text_add(fix, "give one piece instead of %d, or build or repeat the other side for %" PRId64, pieces, step->size);
		return true;
	}
	if (strstr(operation, "upsample") || text_among("interpolate adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool2d", operation)) {
		if (from == step->size)
			return false;
		text_add(text, "%s was resized from %" PRId64 " to %" PRId64, name, from, step->size);
		text_add(fix, "resize it to what fits, %" PRId64 " at most (both sides of a picture count, not the one alone), or make room for %" PRId64, wanted, step->size);
		return true;
	}
	return false;
}

/* A slice that asked for just WANTED and got all that there is, fewer, on SIDE's way, where nothing changed the size since; NULL. */
static const struct lineage_step *
asking_slice(const struct cause_side *side, int64_t wanted)
{
	for (int i = 0; side->lineage && i < side->lineage->count && side->lineage->steps[i].size == side->size && !side->lineage->steps[i].possible; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		struct slice slice;
		int64_t start, end;

		if (slice_read(&step->event, &slice) && slice.end >= 0 && slice.end - slice.start == wanted && cause_ran_out(step, wanted, &start, &end))
			return step;
	}
	return NULL;
}

/* Needs: a size that is wanted exactly, and a slice that ran out of what it cuts from before it had as many. (A table that is used element by element:
 * see causes_tables.c.) */
bool
cause_slice_short(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *sides = facts->sides;
	int64_t start, end;

	if (!cause_disagrees(facts, "size"))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = cause_decider(&sides[i]), *asked = cause_is_elementwise(facts) ? NULL : asking_slice(&sides[i], sides[!i].size);

		if (asked)
			step = asked;
		else if (!step || step->size != sides[i].size || !cause_ran_out(step, sides[!i].size, &start, &end) ||
			 (sides[!i].calls && sides[!i].size > sides[!i].largest))
			continue; /* (the other is larger than ever: nothing that fits was cut) */
		out->confidence = "likely";
		text_add(&out->text, "%s has %" PRId64 ": ", cause_operand_name(facts, sides[i].place), sides[i].size);
		cause_tell_step(step, cause_operand_name(facts, sides[i].place), sides[!i].size, &out->text, &out->fix);
		text_add(&out->evidence, "cut by ");
		cause_add_line(facts, &out->evidence, step, sides[!i].size);
		return true;
	}
	return false;
}

/* "feats = `[states[i] for i in self.select_layers]`": what a name on STEP's line was set to, where that is a list. */
static void
add_list(const struct cause_facts *facts, const struct lineage_step *step, struct text *text)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	char file[512], value[CODE_TEXT_MOST];
	struct code_names names = { .count = 0 };
	int line, place, count = statements ? cause_statements(facts, step, statements, STATEMENTS_MOST, file, sizeof(file), &line) : 0;

	if (count)
		code_depends(statements, count, &names);
	for (int i = 0; i < names.count; i++)
		if (!names.names[i].depth && code_assigned(statements, count, names.names[i].name, value, sizeof(value), &place) && *value == '[') {
			text_add(text, ", %s = `", names.names[i].name);
			text_add_short(text, value, LIST_MOST);
			text_add(text, "%s", "`");
			break;
		}
	free(statements);
}

bool
cause_tell_fewer(const struct cause_facts *facts, const struct cause_side *side, int64_t wanted, struct text *text, struct text *fix)
{
	for (int i = 0; side->lineage && i < side->lineage->count && side->lineage->steps[i].size == side->size; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int64_t each = cause_piece_width(step);
		int joined = rule_pieces(&step->event);

		if (!mismatch_is_any(step->event.operation, "cat concat concatenate"))
			continue;
		if (!each || wanted % each || wanted <= step->size)
			return false;
		if (joined == 1)
			text_add(text, "one piece of %" PRId64 " alone was put together, where %" PRId64 " make %" PRId64 ", by ", each, wanted / each, wanted);
		else
			text_add(text, "%d pieces of %" PRId64 " were put together, where %" PRId64 " make %" PRId64 ", by ", joined, each, wanted / each, wanted);
		cause_add_line(facts, text, step, -1);
		add_list(facts, step, text);
		text_add(fix, "put %" PRId64 " together there, as many as the layer was built for", wanted / each);
		return true;
	}
	return false;
}
