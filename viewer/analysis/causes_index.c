/* Rules about indices: tables too small, padding taken for data, labels, markers. */
#include <inttypes.h>
#include <string.h>

#include "causes.h"
#include "knowledge.h"
#include "mismatch_rule.h"

static int64_t
count_of(const json_t *summary, const char *key, int64_t missing)
{
	const json_t *value = json_object_get(summary, key);

	return json_is_integer(value) ? json_integer_value(value) : missing;
}

/* The summary of the index that is out of range; NULL if there is none. */
static const json_t *
index_summary(const struct cause_facts *facts)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "index") || mismatch->operand < 0 || mismatch->operand >= facts->event->operand_count)
		return NULL;
	return knowledge_summary(facts->event->operands[mismatch->operand].tensor, facts->counts, facts->frames);
}

static bool
is_loss(const struct cause_facts *facts)
{
	return strstr(facts->event->operation, "nll_loss") || strstr(facts->event->operation, "cross_entropy");
}

/* Are the indices 0, 1, 2, ... (of each row alike): positions, not tokens? */
static bool
are_positions(const struct cause_facts *facts)
{
	const json_t *summary = index_summary(facts);
	const struct operand *index = summary ? &facts->event->operands[facts->mismatch->operand] : NULL;
	int64_t least = count_of(summary, "min", -1), most = count_of(summary, "max", -1), distinct = count_of(summary, "distinct", -1);

	if (facts->positions && cause_disagrees(facts, "index") && !is_loss(facts))
		return true;
	return summary && least >= 0 && distinct > 1 && most - least == distinct - 1 && index->ndim > 0 &&
	       index->sizes[index->ndim - 1] == distinct && !is_loss(facts) &&
	       (json_is_true(json_object_get(summary, "sorted")) ||
		(facts->deciders[0] && strstr(facts->deciders[0], "arange")));
}

/* Needs: indices that are consecutive positions (or made by counting), and a table shorter than they reach. */
bool
cause_position_table(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int frame = -1;

	if (!are_positions(facts) || (mismatch->has_actual && mismatch->actual < mismatch->expected))
		return false;
	out->confidence = mismatch->has_actual ? "likely" : "possible";
	out->setting = cause_named_number(facts, mismatch->expected, &frame);
	out->setting_frame = frame;
	if (!strstr(facts->event->operation, "embedding"))
		text_add(&out->text, "%s is full: ", cause_operand_name(facts, mismatch->against));
	else if (mismatch->has_actual && mismatch->actual < INT64_MAX)
		text_add(&out->text, "a sequence of %" PRId64 " exceeds the %" PRId64 " positions: ", mismatch->actual + 1, mismatch->expected);
	else
		text_add(&out->text, "the sequence exceeds the %" PRId64 " positions: ", mismatch->expected);
	if (mismatch->has_actual)
		text_add(&out->text, "position %" PRId64 " is asked of a table of %" PRId64, mismatch->actual, mismatch->expected);
	else
		text_add(&out->text, "a position beyond it is asked of a table of %" PRId64, mismatch->expected);
	if (out->setting)
		text_add(&out->evidence, "%" PRId64 " is %s", mismatch->expected, text_get(out->setting, "name"));
	if (facts->positions)
		text_add(&out->evidence, "%sthe index was made by counting, not read from data", out->evidence.used ? "; " : "");
	text_add(&out->fix, "cut the sequences to %" PRId64 ", or raise %s (with a cache, positions count from what it already holds)",
		 mismatch->expected, out->setting ? text_get(out->setting, "name")
		 : strstr(facts->event->operation, "embedding") ? "the model's number of positions (n_positions, max_position_embeddings)"
								: "its length (of a static cache: max_cache_len)");
	return true;
}

/* The value that marks ignored places and was used as an index, 0 if it isn't that; -100 is sure where it is counted. */
static int64_t
padding_value(const struct cause_facts *facts)
{
	const json_t *summary = index_summary(facts);
	int64_t least = count_of(summary, "min", 0), ignored = count_of(summary, "ignored", 0), negative = count_of(summary, "negative", 0);

	if (!summary || negative <= 0 || facts->mismatch->expected <= count_of(summary, "max", INT64_MAX))
		return 0;
	return least == -1 || (least == -100 && ignored == negative && !is_loss(facts)) ? least : 0;
}

/* Needs: negative values where an index is wanted; of -100, that it is counted. */
bool
cause_padding(const struct cause_facts *facts, struct cause *out)
{
	int64_t value = padding_value(facts), times = count_of(index_summary(facts), "negative", 0);

	if (!value)
		return false;
	out->confidence = value == -100 ? "likely" : "possible";
	text_add(&out->text, "padding became data: %s holds %" PRId64 " time%s %" PRId64 ", a value that marks places to ignore, and is used "
		 "as %s", cause_operand_name(facts, facts->mismatch->operand), times, times == 1 ? "" : "s", value,
		 is_loss(facts) ? "a label" : "an index");
	text_add(&out->evidence, "%s", facts->mismatch->text);
	if (is_loss(facts))
		text_add(&out->fix, "pass ignore_index=%" PRId64 " to the loss, or pad the labels with -100", value);
	else
		text_add(&out->fix, "replace %" PRId64 " before it is used as an index (masked_fill, clamp), and mask what it stands for", value);
	return true;
}

/* Needs: a loss with labels outside its classes. */
bool
cause_labels(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;

	if (!cause_disagrees(facts, "index") || !is_loss(facts) || (mismatch->has_actual && mismatch->actual < mismatch->expected))
		return false;
	if (!mismatch->has_actual && !mismatch->from_message)
		return false;
	out->confidence = mismatch->has_actual ? "certain" : "likely";
	text_add(&out->text, "%s", mismatch->text);
	if (mismatch->has_actual)
		text_add(&out->fix, "build the head for more than %" PRId64 " classes (num_labels), or number the labels from 0", mismatch->actual);
	else
		text_add(&out->fix, "number the labels from 0 to %" PRId64 ", or build the head for more classes", mismatch->expected - 1);
	return true;
}

/* Needs: property index; certain where the largest index is known. */
bool
cause_index(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	bool embedding;

	if (!cause_disagrees(facts, "index") || are_positions(facts) || is_loss(facts) || padding_value(facts) == -100)
		return false;
	embedding = strstr(facts->event->operation, "embedding") != NULL;
	out->confidence = mismatch->has_actual ? "certain" : "likely";
	text_add(&out->text, "%s", mismatch->text);
	if (embedding && (!mismatch->has_actual || mismatch->actual >= 0))
		text_add(&out->fix, "resize the table (resize_token_embeddings) after tokens were added, or keep the ids below %" PRId64,
			 mismatch->expected);
	else if (mismatch->has_actual && mismatch->actual < 0)
		text_add(&out->fix, "a negative value marks padding or places to ignore (ignore_index): mask or clamp it before it is used as an "
			 "index");
	else
		text_add(&out->fix, "keep the values from 0 to %" PRId64 ", or make dimension %d of %s longer (the limit it was built with); "
			 "check offsets", mismatch->expected - 1, mismatch->against_dim < 0 ? 0 : mismatch->against_dim,
			 cause_operand_name(facts, mismatch->against));
	return true;
}

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
counts_values(const char *operation)
{
	return operation && (strstr(operation, "nonzero") || strstr(operation, "masked_select") || strstr(operation, "argwhere") ||
			     strstr(operation, "::index") || strstr(operation, "::where"));
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

/* Needs: two lists of positions, of unequal length, joined side by side; likely where both were found by value. */
bool
cause_markers(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t few, many;

	if (!facts->event)
		return cause_markers_checked(facts, out);
	if (!cause_are_markers(facts))
		return false;
	few = mismatch->actual < mismatch->expected ? mismatch->actual : mismatch->expected;
	many = mismatch->actual < mismatch->expected ? mismatch->expected : mismatch->actual;
	out->confidence = counts_values(facts->deciders[0]) && counts_values(facts->deciders[1]) ? "likely" : "possible";
	text_add(&out->text, "start and end markers don't pair: %" PRId64 " positions of one kind, %" PRId64 " of the other", many, few);
	if (counts_values(facts->deciders[0]))
		text_add(&out->evidence, "both lists are positions found by value, not samples of a batch");
	text_add(&out->fix, "keep the length limit from cutting between a start and its end (raise it, or drop the sample), or use only the "
		 "first %" PRId64 " pairs that are whole", few);
	return true;
}
