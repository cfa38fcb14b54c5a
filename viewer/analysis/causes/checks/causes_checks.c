/* Rules about what a check compared, and about the sample of a batch that isn't like the others. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../failure/samples.h"
#include "../../subject.h"

/* The number in reach that the source calls TEXT, and that is VALUE; NULL. */
static const json_t *
number_called(const struct cause_facts *facts, const char *text, int64_t value)
{
	const char *last = strrchr(text, '.');
	char name[CONDITION_TEXT_MOST];
	const json_t *number;

	text_format(name, sizeof(name), "%s", last ? last + 1 : text);
	if (!*name || name[strcspn(name, " ()[]*/%+-")])
		return NULL;
	number = cause_named_number(facts, value, name);
	return cause_is_called(number, name) ? number : NULL;
}

/* A constant or an attribute was set; a plain variable may just have been computed. */
static bool
is_set(const char *text)
{
	bool lower = false;

	for (const char *at = text; *at; at++)
		lower = lower || islower((unsigned char)*at);
	return !lower || strchr(text, '.');
}

const json_t *
cause_checked_number(const struct cause_facts *facts, int64_t value)
{
	const struct condition *condition = facts->condition;

	if (condition && condition->other.kind == CONDITION_NUMBER && condition->other.number == value && !condition->other.tensor &&
	    is_set(condition->right))
		return number_called(facts, condition->right, value);
	if (condition && condition->one.kind == CONDITION_NUMBER && condition->one.number == value && !condition->one.tensor &&
	    is_set(condition->left))
		return number_called(facts, condition->left, value);
	return NULL;
}

/* The innermost module that runs: of the frames, the first that has one. */
static const json_t *
module_frame(const struct cause_facts *facts)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++)
		if (*text_get(json_array_get(facts->frames, i), "module_class"))
			return json_array_get(facts->frames, i);
	return NULL;
}

/* Needs: a check of a layer of torch.nn's own that finds another width than it was built for in a tensor that its call names. */
bool
cause_layer_told(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *frame = module_frame(facts);
	const struct operand *is;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, SUBJECT_CHECK) || mismatch->operand < 0 || !frame || !facts->message ||
	    !strstr(text_get(json_array_get(facts->frames, 0), "file"), "/torch/nn/") || strcasestr(facts->message, "mask") ||
	    strcasestr(facts->message, "hidden"))
		return false;
	is = &facts->event->operands[mismatch->operand];
	if (mismatch->dim != is->ndim - 1 || !is->dtype || !rule_is_floating(is->dtype))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the layer %s (%s) was built for %" PRId64 " features and is given %" PRId64 " in dimension %d of %s",
		 *text_get(frame, "module") ? text_get(frame, "module") : text_get(frame, "module_class"), text_get(frame, "module_class"), mismatch->expected,
		 mismatch->actual, mismatch->dim, cause_operand_name(facts, mismatch->operand));
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->text, ", decided by ");
		cause_add_step(facts, &out->text, cause_decider(&facts->sides[0]));
	}
	out->setting = cause_named_number(facts, mismatch->expected, "hidden dim width embed features size in_ model");
	text_add(&out->fix, "build it for %" PRId64 " (its first argument; of attention: kdim and vdim for keys and values of another width), or bring %s to %" PRId64
		 " before (a linear projection)", mismatch->actual, cause_operand_name(facts, mismatch->operand), mismatch->expected);
	return true;
}

static bool
is_plain(const struct condition_value *value)
{
	return value->kind == CONDITION_NUMBER && !value->mask;
}

static void
add_side(const struct cause_facts *facts, struct text *text, const char *name, const struct condition_value *value)
{
	if (isdigit((unsigned char)*name))
		text_add(text, "%s", name);
	else
		text_add(text, "%s is %" PRId64, name, value->number);
	if (!isdigit((unsigned char)*name) && strncmp(name, "len(", 4) != 0)
		cause_add_number(facts, text, number_called(facts, name, value->number));
}

/* Needs: a comparison that failed, both of whose sides are known as numbers. Says no more than that: the last word where no other rule
 * holds. */
bool
cause_check_failed(const struct cause_facts *facts, struct cause *out)
{
	const struct condition *condition = facts->condition;
	int64_t sample = samples_asked(facts->frames);

	if (!condition || !is_plain(&condition->one) || !is_plain(&condition->other))
		return false;
	out->confidence = "possible";
	text_add(&out->text, "what the check compares doesn't agree: ");
	add_side(facts, &out->text, condition->left, &condition->one);
	text_add(&out->text, ", ");
	add_side(facts, &out->text, condition->right, &condition->other);
	if (sample >= 0)
		text_add(&out->text, "; it is sample %" PRId64 " of the data set", sample);
	out->setting = number_called(facts, condition->right, condition->other.number);
	if (!out->setting)
		out->setting = number_called(facts, condition->left, condition->one.number);
	if (sample >= 0)
		text_add(&out->fix, "look at sample %" PRId64 ": bring %s and %s to one number where it is made, or leave it out", sample, condition->left,
			 condition->right);
	else
		text_add(&out->fix, "make %s (%" PRId64 ") what %s (%" PRId64 ") asks for, or the other way round, where they are set", condition->left,
			 condition->one.number, condition->right, condition->other.number);
	return true;
}

static void
add_fix(const struct samples_odd *odd, struct cause *out)
{
	bool sized = odd->is.ndim >= 0 && odd->usually.ndim >= 0;

	if (strcmp(odd->is.text, "None") == 0 || !*odd->is.text)
		text_add(&out->fix, "give every sample %s (an empty or default value), leave out those that lack it when the data set is made, or give the DataLoader "
			 "a collate_fn that passes over them", *odd->path ? odd->path : SAY("a value"));
	else if (sized && odd->is.ndim == odd->usually.ndim)
		text_add(&out->fix, "bring all to one size where a sample is made (resize, crop, pad, convert), or pad them in a collate_fn; see why this one "
			 "differs");
	else
		text_add(&out->fix, "return the same kind for every sample: convert this one where it is made");
}

static bool
asks_for_one_size(const char *message)
{
	static const char *const words[] = { "equal size", "same size", "same shape", "equal length", "same length", "sequence of length", "inhomogeneous",
					     "must match", "lengths" };

	return text_contains_any(message, words, sizeof(words) / sizeof(*words));
}

/* Is what failed about another entry ("samples[1]['pixels']") than PATH ("['ids']")? */
static bool
is_of_other_key(const struct cause_facts *facts, const char *path)
{
	const char *name = facts->event && facts->mismatch && facts->mismatch->operand >= 0 ? cause_operand_name(facts, facts->mismatch->operand) : "";
	const char *key = strstr(name, "['");

	return key && *path && !strstr(key, path);
}

/* Two sizes disagree, and the odd item's don't part by as much anywhere: it is another list that the operation joined. */
static bool
is_another_list(const struct cause_facts *facts, const struct samples_odd *odd)
{
	int64_t apart = cause_disagrees(facts, "size") && facts->mismatch->has_actual && facts->mismatch->has_expected ? llabs(facts->mismatch->actual - facts->mismatch->expected) : 0;

	if (!apart || odd->is.ndim < 1 || odd->is.ndim != odd->usually.ndim)
		return false;
	for (int d = 0; d < odd->is.ndim; d++)
		if (llabs(odd->is.sizes[d] - odd->usually.sizes[d]) == apart)
			return false;
	return true;
}

/* Does the message list sizes ("got sizes [22, 1100]"), none of which either of the items has? */
static bool
tells_other_sizes(const struct cause_facts *facts, const struct samples_odd *odd)
{
	int64_t told[RULE_INTS_MOST];
	int count = facts->message && !facts->event ? cause_message_shape(facts->message, 0, told) : 0;

	for (int i = 0; i < count; i++) {
		for (int d = 0; d < odd->is.ndim; d++)
			if (odd->is.sizes[d] == told[i])
				return false;
		for (int d = 0; d < odd->usually.ndim; d++)
			if (odd->usually.sizes[d] == told[i])
				return false;
	}
	return count > 1 && odd->is.ndim > 0 && odd->usually.ndim > 0;
}

/* Needs: a list that a loader or collator (or the failing line) works on, most of whose items are of one form, and one that isn't. */
bool
cause_odd_sample(const struct cause_facts *facts, struct cause *out)
{
	struct samples_odd odd;

	if (!samples_find(facts->frames, facts->line, &odd) || (!cause_is_raised(facts) && !cause_is(facts, "stack cat resize")))
		return false;
	if (odd.ragged && (is_of_other_key(facts, odd.path) || is_another_list(facts, &odd)))
		return false;
	if (odd.ragged && tells_other_sizes(facts, &odd))
		return false;
	if (odd.ragged && !cause_is(facts, "stack") && (!facts->message || !asks_for_one_size(facts->message)))
		return false; /* samples may well be of several lengths */
	if (odd.ragged) {
		out->confidence = "likely";
		text_add(&out->text, "the items of %s are not of one size, which is asked for here: %s%sitem 0 is %s, item %d", odd.list, odd.path, *odd.path ? ": " : "",
			 odd.usually.text, odd.odd);
		if (odd.number >= 0)
			text_add(&out->text, " (sample %" PRId64 " of the data set)", odd.number);
		text_add(&out->text, " is %s", odd.is.text);
		if (*odd.also)
			text_add(&out->text, "; so it is with %s", odd.also);
		if (*odd.also)
			text_add(&out->fix, "pad each of %s, %s to the longest in a collate_fn (torch.nn.utils.rnn.pad_sequence, a tokenizer's pad), or bring each to one "
				 "size where a sample is made", odd.path, odd.also);
		else
			text_add(&out->fix, "pad them to the longest in a collate_fn (torch.nn.utils.rnn.pad_sequence, a tokenizer's pad), or bring each to one size where a sample "
				 "is made");
		return true;
	}
	out->confidence = odd.others >= odd.all - 1 && odd.all > 2 ? "likely" : "possible";
	text_add(&out->text, "item %d of %s", odd.odd, odd.list);
	if (odd.number >= 0)
		text_add(&out->text, " (sample %" PRId64 " of the data set)", odd.number);
	text_add(&out->text, " is not like %d of the %d: ", odd.others, odd.all);
	if (!*odd.is.text)
		text_add(&out->text, "it has no %s, where theirs is %s", odd.path, odd.usually.text);
	else if (!*odd.usually.text)
		text_add(&out->text, "it has %s, %s, which they don't have", odd.path, odd.is.text);
	else
		text_add(&out->text, "%s%sit is %s where theirs is %s", odd.path, *odd.path ? ": " : "", odd.is.text, odd.usually.text);
	add_fix(&odd, out);
	return true;
}
