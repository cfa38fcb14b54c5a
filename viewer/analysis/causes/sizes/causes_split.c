/* A rule about one size that is viewed as several whose product is another. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

/* Each dimension from FIRST on viewed as two, one of which was made by dividing: the first whose two parts don't make it. */
static bool
split_pairs(const struct operand *input, int first, const int64_t *sizes, int count, int64_t *whole, int64_t *parts)
{
	bool found = false;

	for (int d = first; d < input->ndim; d++) {
		int at = first + 2 * (d - first);
		int64_t is = input->sizes[d], one, other;

		if (input->ndim - d == count - at) { /* the rest is as it was */
			for (; d < input->ndim; d++, at++)
				if (input->sizes[d] != sizes[at])
					return false;
			return found;
		}
		if (at + 1 >= count)
			return false;
		one = sizes[at];
		other = sizes[at + 1];
		if (one < 1 || other < 1 || (one * other != is && is / other != one && is / one != other))
			return false;
		if (one * other != is && !found) {
			found = true;
			*whole = is;
			parts[0] = one;
			parts[1] = other;
		}
	}
	return found && first + 2 * (input->ndim - first) == count;
}

/* How many of the last of COUNT sizes make IS together (one that is it, or several that were one); 0 if they don't. */
static int
last_in_full(int64_t is, const int64_t *sizes, int count)
{
	int64_t product = 1;

	for (int taken = 1; taken <= count && sizes[count - taken] > 0 && !__builtin_mul_overflow(product, sizes[count - taken], &product) && product <= is; taken++)
		if (product == is)
			return taken;
	return 0;
}

int
cause_split_sizes(const struct cause_facts *facts, int64_t *whole, int64_t *parts, int room)
{
	const struct mismatch *mismatch = facts->mismatch;
	int64_t sizes[RULE_INTS_MOST];
	const struct operand *input;
	int count, first = 0, taken, ndim;

	if (!cause_disagrees(facts, "numel") || mismatch->operand < 0 || mismatch->against < 0)
		return 0;
	input = &facts->event->operands[mismatch->against];
	count = rule_ints(facts->event, cause_argument(facts, mismatch->operand), sizes, RULE_INTS_MOST);
	ndim = input->ndim;
	while (first < input->ndim && first < count && sizes[first] == input->sizes[first])
		first++;
	if (room >= 2 && count > input->ndim && split_pairs(input, first, sizes, count, whole, parts))
		return 2;
	for (int d = input->ndim - 1; d > first && (taken = last_in_full(input->sizes[d], sizes + first, count - first)); d--) {
		count -= taken;
		ndim--;
	}
	if (ndim - first != 1 || count - first < 2 || count - first > room)
		return 0;
	*whole = input->sizes[first];
	memcpy(parts, sizes + first, (size_t)(count - first) * sizeof(*parts));
	return count - first;
}

bool
cause_is_split(const struct cause_facts *facts)
{
	int64_t whole, parts[CAUSE_SPLIT_MOST];

	return cause_split_sizes(facts, &whole, parts, CAUSE_SPLIT_MOST) > 0;
}

/* The part that the whole was divided by to get the other one; 0 if neither. */
static int64_t
divisor_of(int64_t whole, const int64_t *parts)
{
	if (parts[0] < 1 || parts[1] < 1)
		return 0;
	return whole / parts[1] == parts[0] ? parts[1] : whole / parts[0] == parts[1] ? parts[0] : 0;
}

bool
cause_split_by(const struct cause_facts *facts, int64_t *whole, int64_t *by)
{
	int64_t parts[CAUSE_SPLIT_MOST];

	if (cause_split_sizes(facts, whole, parts, CAUSE_SPLIT_MOST) != 2)
		return false;
	*by = divisor_of(*whole, parts);
	return *by > 1 && *whole % *by;
}

/* Whose number the parts are: windows and patches need a multiple, heads another number. */
static void
tell_parts(const struct cause_facts *facts, struct cause *out, int64_t whole, const int64_t *parts, int count, int64_t product, bool free)
{
	static const char cells[] = "window patch merge stride chunk block factor unshuffle tokens_per frame group_size segment";
	static const char heads[] = "head";
	const json_t *cell = NULL, *head = NULL, *own = NULL;

	for (int i = 0; i < count; i++)
		own = parts[i] > 1 && whole % parts[i] && !own ? cause_number_on_line(facts, parts[i]) : own;
	own = cause_is_called(own, heads) || cause_is_called(own, cells) ? NULL : own;
	for (int i = 0; i < count && !own; i++) {
		const json_t *number = parts[i] > 1 ? cause_named_number(facts, parts[i], cells) : NULL;

		if (cause_is_called(number, cells) && whole % parts[i] && !cause_is_ambiguous(facts, number, cells))
			cell = number;
		number = parts[i] > 1 ? cause_named_number(facts, parts[i], heads) : NULL;
		if (cause_is_called(number, heads))
			head = number;
	}
	if (!cell && !head && !own && free) {
		cell = cause_named_number(facts, product, cells);
		cell = cause_is_called(cell, cells) ? cell : NULL;
	}
	out->setting = own ? own : cell ? cell : head;
	if (out->setting) {
		int64_t by = json_integer_value(json_object_get(out->setting, "value"));

		text_add(&out->evidence, "%" PRId64 " is %s", by, text_get(out->setting, "name"));
		if (whole % by)
			text_add(&out->evidence, ", and %" PRId64 " is no multiple of it: it leaves %" PRId64, whole, whole % by);
	}
	if (cell && json_integer_value(json_object_get(cell, "value")) > 0) {
		int64_t by = json_integer_value(json_object_get(cell, "value"));

		cause_tell_namesake(facts, text_get(cell, "name"), whole, by, out);
		text_add(&out->fix, "pad, resize or crop the %" PRId64 " to a multiple of %s = %" PRId64 " (%" PRId64 " or %" PRId64 ") before it is cut "
			 "into parts", whole, text_get(cell, "name"), by, whole / by * by, (whole / by + 1) * by);
	} else if (own) {
		int64_t by = json_integer_value(json_object_get(own, "value"));

		text_add(&out->fix, "make the %" PRId64 " a multiple of %s = %" PRId64 " (%" PRId64 " or %" PRId64 ") where it is made", whole, text_get(own, "name"), by, whole / by * by,
			 (whole / by + 1) * by);
	} else if (count == 2 && !head && divisor_of(whole, parts) > 1) {
		text_add(&out->fix, "pad, resize or crop the %" PRId64 " to a multiple of %" PRId64 " before it is cut into parts (patches, windows, merged "
			 "cells)", whole, divisor_of(whole, parts));
	} else if (head) {
		text_add(&out->fix, "make heads x head_dim the width that arrives, %" PRId64 " (with fewer key/value heads, use their number)", whole);
	} else {
		text_add(&out->fix, "make the parts multiply to the %" PRId64 " that arrives, or pad, resize or crop it to a multiple of them (patches, "
			 "windows, heads)", whole);
	}
	if (cause_decider(&facts->sides[1]) || cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "%s%" PRId64 " was decided by ", out->evidence.used ? SAY("; ") : "", whole);
		cause_add_step(facts, &out->evidence, cause_decider(cause_decider(&facts->sides[1]) ? &facts->sides[1] : &facts->sides[0]));
	}
}

/* Needs: one dimension viewed as several whose product isn't it. */
bool
cause_split(const struct cause_facts *facts, struct cause *out)
{
	int64_t whole, parts[CAUSE_SPLIT_MOST], product = 1;
	int count = cause_split_sizes(facts, &whole, parts, CAUSE_SPLIT_MOST);
	bool free = false;

	if (!count)
		return false;
	for (int i = 0; i < count; i++) {
		free = free || parts[i] == -1;
		if (parts[i] != -1 && __builtin_mul_overflow(product, parts[i], &product))
			return false;
	}
	if (product <= 0 || (free && whole % product == 0))
		return false;
	out->confidence = "likely";
	if (free)
		text_add(&out->text, "%" PRId64 " is no multiple of %" PRId64 ": it leaves %" PRId64, whole, product, whole % product);
	else
		text_add(&out->text, "%" PRId64 " is not ", whole);
	for (int i = 0; i < count && !free; i++)
		text_add(&out->text, "%s%" PRId64, i ? " x " : "", parts[i]);
	if (!free)
		text_add(&out->text, " = %" PRId64, product);
	tell_parts(facts, out, whole, parts, count, product, free);
	return true;
}

/* A plain name of the failing frame that carries VALUE, and is the only one that does; NULL. */
static const json_t *
local_number(const struct cause_facts *facts, int64_t value)
{
	const json_t *number, *found = NULL;
	struct text_walk at = { 0 };
	const char *last;

	while ((number = cause_next_number(facts, &at)) && at.outer == 0) {
		const char *name = text_get(number, "name");

		if (json_integer_value(json_object_get(number, "value")) != value || cause_last_name(name, &last) < 2 || strpbrk(name, ".[("))
			continue;
		if (found)
			return NULL;
		found = number;
	}
	return found;
}

/* What the part at PLACE would have to be for the COUNT parts to make WHOLE; 0 if the others don't divide it. */
static int64_t
part_wanted(int64_t whole, const int64_t *parts, int count, int place)
{
	int64_t rest = 1;

	for (int i = 0; i < count; i++) {
		if (i == place)
			continue;
		if (parts[i] < 1 || rest > whole / parts[i])
			return 0;
		rest *= parts[i];
	}
	return rest > 1 && whole % rest == 0 ? whole / rest : 0;
}

/* Needs: one dimension viewed as several, of which all but one make it with what that one was on its way: 40 came as 4 x 10, and is viewed as 2 x 2 x 8. */
bool
cause_part_otherwise(const struct cause_facts *facts, struct cause *out)
{
	int64_t whole, parts[CAUSE_SPLIT_MOST], is = 0;
	int count = cause_split_sizes(facts, &whole, parts, CAUSE_SPLIT_MOST), part = -1;
	const struct lineage *story = facts->sides[1].lineage ? facts->sides[1].lineage : facts->sides[0].lineage;
	const struct lineage_step *made = NULL;
	const json_t *local, *setting;
	const char *last;
	char name[96];

	for (int i = 0; i < count; i++) {
		int64_t wanted = part_wanted(whole, parts, count, i);

		for (int s = 0; story && wanted > 1 && parts[i] > 1 && wanted != parts[i] && (part < 0 || part == i) && s < story->count; s++)
			if (story->steps[s].size == wanted && !story->steps[s].possible) {
				made = &story->steps[s];
				is = wanted;
				part = i;
			}
	}
	local = part >= 0 ? local_number(facts, parts[part]) : NULL;
	if (!made || !local)
		return false;
	cause_last_name(text_get(local, "name"), &last);
	text_format(name, sizeof(name), "%s", last);
	setting = cause_number_called(facts, name);
	out->setting = setting && json_integer_value(json_object_get(setting, "value")) == parts[part] ? setting : local;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "the %" PRId64 " are %" PRId64 " x %" PRId64 ", and are viewed as %" PRId64 " x %" PRId64 ": %s is %" PRId64 ", what came in has %" PRId64, whole, whole / is, is,
		 whole / is, parts[part], name, parts[part], is);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->evidence, "the %" PRId64 " was made by ", is);
	cause_add_line(facts, &out->evidence, made, is);
	text_add(&out->fix, "bring what is made there to %s = %" PRId64 ", or build the model for %" PRId64 " (%s); loaded weights keep theirs", name, parts[part], is,
		 text_get(out->setting, "name"));
	return true;
}
