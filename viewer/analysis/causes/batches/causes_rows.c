/* Rules about rows: as many of each, and of every tensor the same ones. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/history.h"
#include "../../knowledge.h"
#include "../../mismatch/mismatch_rule.h"

#define HOPS_MOST 6       /* from the mask that picked to one whose values were counted */
#define ROWS_SHOWN 8
#define ROWS_MOST 64
#define MADE_MOST 512     /* events in which one row was made */
#define SELECTED_MOST 128 /* events around a selection that are looked at for others by the same index */

static const char picks[] = "index index_put masked_select";

/* The mask (bool, two dimensions or more) that STEP picked by; NULL. */
static const struct operand *
mask_of(const struct lineage_step *step)
{
	for (int i = 1; i < step->event.operand_count; i++) {
		const struct operand *is = &step->event.operands[i];

		if (is->tensor > 0 && is->dtype && strcmp(is->dtype, "bool") == 0 && is->ndim >= 2)
			return is;
	}
	return NULL;
}

/* How many each row of a mask picks, in OUT; COUNTED is the tensor whose values were counted (the mask, or what it was made of without
 * changing its rows). 0 where that isn't known. */
static int
count_rows(const struct cause_facts *facts, const struct operand *mask, int64_t before, int64_t out[ROWS_MOST], int64_t *counted)
{
	int64_t tensor = mask->tensor, row = 1;
	bool turned = false;

	for (int d = 1; d < mask->ndim; d++)
		row *= mask->sizes[d];
	for (int hop = 0; hop < HOPS_MOST; hop++) {
		const json_t *rows = json_object_get(knowledge_summary(tensor, facts->counts, facts->frames), "rows");
		size_t count = json_array_size(rows);
		struct event maker;
		char name[96];
		int output, self;

		if (count) {
			if (count > ROWS_MOST || (int64_t)count != mask->sizes[0])
				return 0;
			for (size_t i = 0; i < count; i++)
				out[i] = turned ? row - json_integer_value(json_array_get(rows, i)) : (int64_t)json_integer_value(json_array_get(rows, i));
			*counted = tensor;
			return (int)count;
		}
		if (!facts->source || !facts->source->maker(facts->source->context, facts->process, tensor, before, &maker, &output))
			return 0;
		mismatch_plain_name(maker.operation, name, sizeof(name));
		self = rule_tensor(&maker, "self");
		if (self < 0 || !text_among("bitwise_not logical_not flatten view reshape to clone contiguous detach alias squeeze", name) ||
		    maker.operands[self].ndim < 2 || maker.operands[self].sizes[0] != mask->sizes[0] || strcmp(maker.operands[self].dtype, "bool") != 0)
			return 0;
		turned = turned != (text_among("bitwise_not logical_not", name) != 0);
		tensor = maker.operands[self].tensor;
		before = maker.id;
	}
	return 0;
}

/* The place of the only one that isn't as all others are, -1. */
static int
odd_one(const int64_t *values, int count)
{
	int odd = -1;

	for (int i = 0; i < count && count > 2; i++) {
		int like = 0;

		for (int n = 0; n < count; n++)
			like += values[n] == values[i];
		if (like == 1 && odd < 0)
			odd = i;
		else if (like != count - 1)
			return -1;
	}
	return odd;
}

/* Row ODD was stacked from a tensor of its own: what was new as that was made. */
static void
add_row_made(const struct cause_facts *facts, struct cause *out, int64_t mask, int64_t before, int odd)
{
	int places[2] = { -1, -1 }, output, count = 0;
	struct event stack, made[2];

	if (!facts->source || odd < 1 || !facts->source->maker(facts->source->context, facts->process, mask, before, &stack, &output))
		return;
	if (!mismatch_is_any(stack.operation, "stack"))
		return;
	for (int i = rule_next(&stack, 0); i >= 0; i = rule_next(&stack, i + 1), count++)
		if (count == odd || count == odd - 1)
			places[count == odd] = i;
	for (int i = 0; i < 2; i++)
		if (places[i] < 0 || !facts->source->maker(facts->source->context, facts->process, stack.operands[places[i]].tensor, stack.id, &made[i], &output))
			return;
	for (int64_t id = made[0].id + 1; id <= made[1].id && id <= made[0].id + MADE_MOST; id++) {
		struct history_size was;
		struct event event;
		int dim;

		if (!facts->source->event(facts->source->context, facts->process, id, &event) || event.output_count != 1)
			continue;
		dim = history_new_dim(facts->source, facts->process, &event, 0);
		if (dim < 0 || !history_size_new(facts->source, facts->process, &event, 0, dim, &was) || was.smallest != was.largest)
			continue;
		text_add(&out->text, "; for row %d alone there were %" PRId64 ", where all %" PRId64 " calls before made %" PRId64 ", by ", odd,
			 event.outputs[0].sizes[dim], was.calls, was.smallest);
		cause_add_line(facts, &out->text, &(struct lineage_step){ .event = event, .dim = dim, .size = event.outputs[0].sizes[dim] }, -1);
		return;
	}
}

struct inside { int64_t size, width, value, times; int row; };

/* Whole numbers whose padding also stands inside the row that is as wide as they are, as often as SIZE is short of that. */
static bool
has_inside(const json_t *local, void *context)
{
	const json_t *summary = json_object_get(local, "summary"), *inside = json_object_get(summary, "padding_inside");
	struct inside *out = context;

	out->width = cause_local_size(local, 1);
	out->value = cause_count(summary, "padding", 0);
	for (size_t i = 0; i < json_array_size(inside); i++) {
		out->times = json_integer_value(json_array_get(inside, i));
		out->row = (int)i;
		if (out->times > 0 && out->width - out->times == out->size)
			return true;
	}
	return false;
}

/* Needs: a size that was made by lengths (packing and padding again), and whole numbers as wide as it should be, one of whose rows holds the
 * padding's value inside, as often as it is short: counted by what isn't padding, that row is too short. */
bool
cause_padding_inside(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size"))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = cause_step_any(&facts->sides[i], "pad_packed_sequence");
		struct inside inside = { .size = step ? step->size : -1 };
		const json_t *local = step ? cause_local(facts, has_inside, &inside) : NULL;

		if (!local)
			continue;
		out->confidence = "likely";
		text_add(&out->text, "%s is padded with %" PRId64 ", and row %d holds %" PRId64 " inside, before its end (%" PRId64 " of its %" PRId64
			 " places): counted by what isn't %" PRId64 ", that row has %" PRId64 ", and no more came back from ", text_get(local, "name"), inside.value,
			 inside.row, inside.value, inside.times, inside.width, inside.value, inside.size);
		cause_add_step(facts, &out->text, step);
		text_add(&out->fix, "give what is unknown a number of its own, not the padding's (%" PRId64 "), or take the lengths from the lists (len) instead of "
			 "counting what isn't padding; total_length=%" PRId64 " of pad_packed_sequence gives the width back, but leaves out the row's end", inside.value,
			 inside.width);
		return true;
	}
	return false;
}

/* Needs: a size that is the longest of the lengths that were packed, of a batch that was as long as what it meets, or longer; another would be told by
 * what it holds inside (cause_padding_inside). */
bool
cause_packed_longest(const struct cause_facts *facts, struct cause *out)
{
	for (int i = 0; i < 2 && cause_disagrees(facts, "size"); i++) {
		const struct cause_side *packed = &facts->sides[i], *other = &facts->sides[!i];
		const struct lineage_step *step = cause_step_any(packed, "pad_packed_sequence");

		if (!step || step->size != packed->size || packed->size >= other->size || !cause_decider(other) || cause_step_any(other, "pad_packed_sequence"))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s is as long as the longest of the lengths that were packed, %" PRId64 ", while %s has %" PRId64 ": unpacking brings back no padding beyond that; ",
			 cause_operand_name(facts, packed->place), packed->size, cause_operand_name(facts, other->place), other->size);
		cause_add_line(facts, &out->text, step, -1);
		cause_add_decided(facts, &out->evidence, other->size, cause_decider(other));
		text_add(&out->fix, "cut %s to the longest of the lengths (lengths.max() = %" PRId64 ") by the same number that packing goes by, or bring the padding back: "
			 "pad_packed_sequence(..., total_length=%" PRId64 ")", cause_operand_name(facts, other->place), packed->size, other->size);
		return true;
	}
	return false;
}

/* Needs: what a mask picked, put into as many equal rows as the mask has; and the mask's rows hold unequal numbers, which come to what was
 * picked. Were they equal, it would fit. */
bool
cause_rows_unequal(const struct cause_facts *facts, struct cause *out)
{
	int64_t asked[RULE_INTS_MOST], rows[ROWS_MOST], total = 0, counted;
	const struct lineage_step *step = NULL;
	const struct operand *mask;
	int count, odd;

	if (!cause_disagrees(facts, "numel") || facts->mismatch->operand < 0 ||
	    rule_ints(facts->event, cause_argument(facts, facts->mismatch->operand), asked, RULE_INTS_MOST) < 2)
		return false;
	for (int i = 0; i < 2 && !step; i++)
		step = cause_step(&facts->sides[i], picks);
	mask = step ? mask_of(step) : NULL;
	count = mask && asked[0] == mask->sizes[0] ? count_rows(facts, mask, step->event.id, rows, &counted) : 0;
	odd = odd_one(rows, count);
	for (int i = 0; i < count; i++)
		total += rows[i];
	if (count < 2 || total != step->size || total % count == 0)
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the %d rows of the mask pick ", count);
	for (int i = 0; i < count && i < ROWS_SHOWN; i++)
		text_add(&out->text, "%s%" PRId64, !i ? "" : i == count - 1 ? SAY(" and ") : ", ", rows[i]);
	text_add(&out->text, "%s, %" PRId64 " in all: each must pick as many, to be put into %" PRId64 " rows again", count > ROWS_SHOWN ? ", ..." : "", total,
		 asked[0]);
	add_row_made(facts, out, counted, step->event.id, odd);
	text_add(&out->evidence, "picked by ");
	cause_add_step(facts, &out->evidence, step);
	if (odd >= 0)
		text_add(&out->fix, "mask as many places in each row of a batch: row %d picks %" PRId64 ", the others %" PRId64
			 "; what decides their number (a ratio, a schedule) may change between batches only", odd, rows[odd], rows[odd ? 0 : 1]);
	else
		text_add(&out->fix, "mask as many places in each row of a batch; what decides their number (a ratio, a schedule) may change between batches only");
	return true;
}

/* The step of SIDE's story that picked its rows from as many as FROM, by an index; NULL. */
static const struct lineage_step *
selection_of(const struct cause_side *side, int64_t from)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int self = rule_tensor(&step->event, "self");

		if (self >= 0 && mismatch_is_any(step->event.operation, "index index_select") && step->dim == 0 && step->size == side->size &&
		    step->event.operands[self].ndim > 0 && step->event.operands[self].sizes[0] == from)
			return step;
	}
	return NULL;
}

/* How many tensors were picked from by the index of SELECTION, itself included, and the last that was. */
static int
count_selected(const struct cause_facts *facts, const struct event *selection, struct event *last)
{
	int64_t index = -1;
	int count = 0;

	for (int i = 1; i < selection->operand_count && index <= 0; i++)
		index = selection->operands[i].tensor;
	*last = *selection;
	for (int64_t id = selection->id - SELECTED_MOST; index > 0 && facts->source && id <= selection->id + SELECTED_MOST && id < facts->event->id; id++) {
		struct event event;

		if (id < 0 || !facts->source->event(facts->source->context, facts->process, id, &event))
			continue;
		for (int i = 1; i < event.operand_count; i++)
			if (mismatch_is_any(event.operation, "index index_select") && event.operands[i].tensor == index) {
				*last = event;
				count++;
				break;
			}
	}
	return count;
}

/* Needs: one side's rows were picked by an index from as many as the other side has, which was made before that and not picked from. Likely
 * where the same index picked from other tensors, too: all that belongs to these rows was meant. */
bool
cause_before_selection(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *few = &facts->sides[0], *all = &facts->sides[1];
	const struct lineage_step *step, *made;
	struct event last;
	int selected;

	if (!cause_disagrees(facts, "size") || few->size < 1 || all->size < 1 || few->dim != 0 || all->dim != 0 || strcmp(facts->event->phase, "optimizer") == 0)
		return false;
	if (few->size > all->size) {
		few = &facts->sides[1];
		all = &facts->sides[0];
	}
	step = selection_of(few, all->size);
	made = all->lineage && all->lineage->count ? &all->lineage->steps[0] : NULL;
	if (!step || !made || made->event.id < 0 || made->event.id > step->event.id || made->entered || made->event.step != facts->event->step)
		return false;
	selected = count_selected(facts, &step->event, &last);
	out->confidence = selected > 1 ? "likely" : "possible";
	text_add(&out->text, "%s was made before rows were picked, and not picked from since: of %" PRId64 " rows %" PRId64 " were kept by ",
		 cause_operand_name(facts, all->place), all->size, few->size);
	cause_add_line(facts, &out->text, step, -1);
	if (selected > 1)
		text_add(&out->text, ", of %d tensors, but not of %s", selected, cause_operand_name(facts, all->place));
	text_add(&out->evidence, "%s was made by ", cause_operand_name(facts, all->place));
	cause_add_step(facts, &out->evidence, made);
	if (facts->agreed)
		text_add(&out->evidence, "; in %" PRId64 " earlier calls both had as many rows", facts->agreed);
	text_add(&out->fix, "pick the same rows of %s by the same index (index_select; of a cache: every part of it, batch_select_indices of the whole cache)",
		 cause_operand_name(facts, all->place));
	return true;
}
