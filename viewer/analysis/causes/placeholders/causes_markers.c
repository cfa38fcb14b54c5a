/* Rules about start and end markers, found by their tokens' ids, that don't pair. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

#define RESERVED 4 /* ids that tokenizers give to unknown, padding, begin and end */

bool
cause_are_markers(const struct cause_facts *facts)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct operand *one, *other;
	int items = 0;

	if (!cause_disagrees(facts, "size") || mismatch->operand < 0 || mismatch->against < 0 || mismatch->dim != 0)
		return false;
	one = &facts->event->operands[mismatch->operand];
	other = &facts->event->operands[mismatch->against];
	for (int i = rule_next(facts->event, 0); i >= 0; i = rule_next(facts->event, i + 1))
		items += facts->event->operands[i].item >= 0;
	return items == 2 && one->item >= 0 && other->item >= 0 && rule_is_integral(one->dtype) && rule_is_integral(other->dtype) &&
	       one->ndim == other->ndim && (one->ndim == 1 || (one->ndim == 2 && one->sizes[1] == 1 && other->sizes[1] == 1));
}

static bool
by_value(const struct cause_side *side)
{
	return cause_decided_by(side, "nonzero nonzero_numpy masked_select argwhere index where");
}

/* How long the tensor was that positions were looked for in; -1. */
static int64_t
searched_length(const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);
	int input = step ? rule_any(&step->event, "self input condition") : -1;

	return input >= 0 && step->event.operands[input].ndim > 0 ? step->event.operands[input].sizes[step->event.operands[input].ndim - 1] : -1;
}

/* The longest that SIDE's positions were looked for in before; -1 where that isn't known. */
static int64_t
longest_searched(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);
	int input = step ? rule_any(&step->event, "self input condition") : -1;
	struct usuals usuals;
	struct usual usual;

	return facts->source && input >= 0 && usual_given(facts->source, facts->process, &step->event, input, USUAL_CALLS_QUICK, &usuals) &&
	       usual_dim(&usuals, step->event.operands[input].ndim - 1, &usual) ? usual.largest : -1;
}

/* A check in Python failed where exactly two lists of whole numbers, of unequal length, are at hand. */
static bool
cause_markers_checked(const struct cause_facts *facts, struct cause *out)
{
	const json_t *locals = json_object_get(json_array_get(facts->frames, 0), "locals");
	const json_t *lists[2];
	int64_t sizes[2];
	int count = 0;

	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *shape = json_object_get(local, "shape");

		if (json_array_size(shape) != 1 || !text_among("int64 int32", text_get(local, "dtype")))
			continue;
		if (count == 2)
			return false;
		sizes[count] = json_integer_value(json_array_get(shape, 0));
		lists[count++] = local;
	}
	if (count < 2 || sizes[0] == sizes[1] || sizes[0] <= 0 || sizes[1] <= 0)
		return false;
	out->confidence = "possible";
	text_add(&out->text, "two lists of positions don't pair: %s has %" PRId64 ", %s has %" PRId64, text_get(lists[0], "name"), sizes[0],
		 text_get(lists[1], "name"), sizes[1]);
	text_add(&out->fix, "keep the length limit from cutting between a start and its end (raise it, or drop the sample)");
	return true;
}

/* How many starts there are, how many ends: by their variables' names, else in the order in which they are joined. */
static int64_t
named_count(const struct cause_facts *facts, const char *name, int otherwise)
{
	for (int i = 0; i < 2; i++)
		if (strstr(cause_operand_name(facts, facts->sides[i].place), name))
			return facts->sides[i].size;
	for (int i = 0; i < 2; i++)
		if (facts->sides[i].place >= 0 && facts->event->operands[facts->sides[i].place].item == otherwise)
			return facts->sides[i].size;
	return -1;
}

static int64_t
starts_of(const struct cause_facts *facts)
{
	return named_count(facts, "start", 0);
}

static int64_t
ends_of(const struct cause_facts *facts)
{
	return named_count(facts, "end", 1);
}

/* What SIDE's positions were looked for by ("self.tokenizer.audio_end_id" of `torch.where(ids == self.tokenizer.audio_end_id)`), in NAME, and its id; -1 where the line or the
 * number isn't known. */
static int64_t
marker_id(const struct cause_facts *facts, const struct cause_side *side, char *name, size_t size)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		char line[512];
		const char *equals;
		size_t length;

		if (!mismatch_is_any(step->event.operation, "nonzero nonzero_numpy where argwhere eq") || !cause_source(facts, step, line, sizeof(line)) || !(equals = strstr(line, "==")))
			continue;
		equals += 2 + strspn(equals + 2, " ");
		length = code_path(equals);
		if (!length || length >= size || strstr(equals, "=="))
			return -1;
		text_format(name, size, "%.*s", (int)length, equals);
		return cause_value_of(facts, name);
	}
	return -1;
}

/* One kind of marker is looked for by an id as small as the reserved tokens have, the other isn't: its token isn't in the vocabulary, and has the unknown one's. Says so; false if
 * that isn't so. */
static bool
tell_reserved(const struct cause_facts *facts, struct cause *out)
{
	char names[2][96];
	int64_t ids[2];
	int reserved;

	for (int i = 0; i < 2; i++)
		ids[i] = marker_id(facts, &facts->sides[i], names[i], sizeof(names[i]));
	if (ids[0] < 0 || ids[1] < 0 || (ids[0] < RESERVED) == (ids[1] < RESERVED))
		return false;
	reserved = ids[1] < RESERVED;
	if (facts->sides[reserved].size < facts->sides[!reserved].size)
		return false;
	text_add(&out->text, "; those of %s are the places of token %" PRId64 ", an id that tokenizers reserve (unknown, padding, begin, end), where %s is %" PRId64
		 ": that marker isn't in the vocabulary, and what is found is every token that isn't", names[reserved], ids[reserved], names[!reserved], ids[!reserved]);
	text_add(&out->fix, "add that marker's token to the tokenizer as a special one (then resize the embeddings), and make sure that %s isn't the unknown token's id", names[reserved]);
	return true;
}

/* What else may stand where a marker was found by its id, which isn't recorded. */
static void
add_other_token(struct cause *out)
{
	text_add(&out->fix, "; if none does, another token has its id: a marker that isn't in the vocabulary gets the unknown token's (unk_token_id), so add it as a special one");
}

/* Needs: two lists of positions, of unequal length, joined side by side; likely where both were found by value. */
bool
cause_markers(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t few, many, length, longest;

	if (!facts->event)
		return cause_markers_checked(facts, out);
	if (!cause_are_markers(facts))
		return false;
	few = mismatch->actual < mismatch->expected ? mismatch->actual : mismatch->expected;
	many = mismatch->actual < mismatch->expected ? mismatch->expected : mismatch->actual;
	out->confidence = by_value(&facts->sides[0]) && by_value(&facts->sides[1]) ? "likely" : "possible";
	text_add(&out->text, "start and end markers don't pair: %" PRId64 " positions of one kind, %" PRId64 " of the other", many, few);
	if (by_value(&facts->sides[0]))
		text_add(&out->evidence, "both lists are positions found by value, not samples of a batch");
	if (tell_reserved(facts, out))
		return true;
	if (starts_of(facts) < ends_of(facts)) {
		text_add(&out->evidence, "%sends without a start can't come from cutting a sequence's end", out->evidence.used ? SAY("; ") : "");
		text_add(&out->fix, "look for an end marker that stands alone in the text (quoted in it, or the start removed), and escape or drop it; no "
			 "length limit makes more ends than starts");
		add_other_token(out);
		return true;
	}
	length = searched_length(&facts->sides[0]);
	longest = longest_searched(facts, &facts->sides[0]);
	if (length > 0 && length < longest) {
		text_add(&out->text, "; nothing was cut: the sequence that they were looked for in has %" PRId64 ", earlier ones up to %" PRId64 ", so a marker more stands in the text itself",
			 length, longest);
		text_add(&out->fix, "look for a marker that stands alone in this sample's text (what a user wrote, which the tokenizer makes that token, or a template that forgets the other "
			 "one): remove or escape it there; to use the first %" PRId64 " pairs would pair the wrong ones", few);
		add_other_token(out);
		return true;
	}
	out->setting = length > 0 && length == searched_length(&facts->sides[1]) ? cause_named_number(facts, length, cause_limits) : NULL;
	if (out->setting && !cause_is_limit(facts, out->setting))
		out->setting = NULL;
	if (out->setting)
		text_add(&out->evidence, "%sthe sequence that they were looked for in is %" PRId64 " long, which is %s", out->evidence.used ? SAY("; ") : "",
			 length, text_get(out->setting, "name"));
	text_add(&out->fix, "keep the length limit from cutting between a start and its end (raise %s, or drop the sample), or use only the "
		 "first %" PRId64 " pairs that are whole", out->setting ? text_get(out->setting, "name") : SAY("it"), few);
	return true;
}
