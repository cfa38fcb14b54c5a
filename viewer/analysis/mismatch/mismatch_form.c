/* Rules for operations that give a tensor another form: view, expand, permute, split, select. */
#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "../text.h"

/* Can COUNT elements take the form of SIZES, one of which may be -1? Fills OUT and returns true if not. */
static bool
state_numel(const struct mismatch_facts *facts, struct mismatch *out, int input, int asked, int64_t count, const int64_t *sizes,
	    int size_count, int mark)
{
	const struct operand *is = &facts->event->operands[input];
	struct text list = {{0}, 0};
	int64_t product = 1;
	bool free = false;

	for (int i = 0; i < size_count; i++) {
		if (sizes[i] == -1)
			free = true;
		else if (__builtin_mul_overflow(product, sizes[i], &product))
			return false;
	}
	if (free ? product && count % product == 0 : count == product)
		return false;
	text_add_sizes(&list, sizes, size_count);
	for (int i = 0; free && !product && !count && i < is->ndim; i++)
		if (is->sizes[i] == 0) { /* the dimension to explain is this one: nothing has to divide */
			state_numbers(out, "size", input, asked, i, 0, 0);
			out->has_expected = false;
			state_mark(out, input, i);
			text_say(out->text, sizeof(out->text), "%s is empty, 0 in dimension %d: of %s the -1 can't be told", is->name, i, list.data);
			return true;
		}
	for (int i = 0; mark < 0 && !count && i < is->ndim; i++)
		if (is->sizes[i] == 0)
			mark = i;
	state_numbers(out, "numel", asked, input, -1, count, product);
	state_mark(out, input, mark);
	if (free)
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " elements, no multiple of %" PRId64 " as %s asks", is->name,
			    count, product, list.data);
	else
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " elements where %s asks for %" PRId64, is->name, count,
			    list.data, product);
	return true;
}

/* The list of sizes among the arguments: "size", "shape" or the other tensor's. */
static int
asked_sizes(const struct event *event, int64_t *sizes, int *count)
{
	static const char *const names[] = { "size", "shape", "sizes", "repeats", "dims" };
	int other = rule_tensor(event, "other");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		*count = rule_ints(event, names[i], sizes, RULE_INTS_MOST);
		if (*count >= 0)
			return rule_place(event, names[i]);
	}
	if (other < 0 || event->operands[other].ndim > RULE_INTS_MOST)
		return -1;
	*count = event->operands[other].ndim;
	memcpy(sizes, event->operands[other].sizes, (size_t)*count * sizeof(*sizes));
	return other;
}

bool
mismatch_view(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int64_t sizes[RULE_INTS_MOST], count;
	int self = rule_any(event, "self input"), size_count, asked = asked_sizes(event, sizes, &size_count);

	if (self < 0 || asked < 0)
		return false;
	count = rule_count(&event->operands[self]);
	if (state_numel(facts, out, self, asked, count, sizes, size_count, -1))
		return true;
	if (!facts->message || !strstr(facts->message, "stride"))
		return false;
	out->property = "stride";
	out->operand = self;
	out->against = asked;
	state_mark(out, self, -1);
	text_say(out->text, sizeof(out->text), "%s is laid out so that no view of that form exists (it is not contiguous)",
		    event->operands[self].name);
	return true;
}

bool
mismatch_unflatten(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int64_t sizes[RULE_INTS_MOST], dim;
	int self = rule_any(event, "self input"), size_count, asked = asked_sizes(event, sizes, &size_count), along;

	if (self < 0 || asked < 0 || !rule_int(event, "dim", &dim))
		return false;
	along = rule_dim(dim, event->operands[self].ndim);
	return along >= 0 && state_numel(facts, out, self, asked, event->operands[self].sizes[along], sizes, size_count, along);
}

bool
mismatch_expand(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int64_t sizes[RULE_INTS_MOST];
	int self = rule_any(event, "self input"), count, asked = asked_sizes(event, sizes, &count);
	const struct operand *is;

	if (self < 0 || asked < 0)
		return false;
	is = &event->operands[self];
	if (count < is->ndim)
		return state_rank(facts, out, self, asked, count);
	for (int i = 1; i <= is->ndim; i++)
		if (sizes[count - i] != -1 && is->sizes[is->ndim - i] != 1 && is->sizes[is->ndim - i] != sizes[count - i])
			return state_size(facts, out, self, is->ndim - i, asked, event->operands[asked].ndim == count ? count - i : -1, sizes[count - i],
					  is->sizes[is->ndim - i]);
	return false;
}

bool
mismatch_repeat(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int64_t sizes[RULE_INTS_MOST];
	int self = rule_any(event, "self input"), count, asked = asked_sizes(event, sizes, &count);

	return self >= 0 && asked >= 0 && count < event->operands[self].ndim && state_rank(facts, out, self, asked, count);
}

/* The largest K of no fewer. */
bool
mismatch_top(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_any(event, "self input"), dim;
	int64_t count, asked = -1;

	if (self < 0 || !rule_int(event, "k", &count))
		return false;
	rule_int(event, "dim", &asked);
	dim = rule_dim(asked, event->operands[self].ndim);
	return dim >= 0 && count > event->operands[self].sizes[dim] &&
	       state_size(facts, out, self, dim, rule_place(event, "k"), -1, count, event->operands[self].sizes[dim]);
}

/* One count for each that is repeated, none below 0. */
bool
mismatch_repeats(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_any(event, "self input"), repeats = rule_tensor(event, "repeats");
	const struct mismatch_knowledge *knowledge = facts->knowledge && repeats >= 0 ? &facts->knowledge[repeats] : NULL;
	int64_t asked, items;
	int dim = 0;

	if (repeats < 0)
		return false;
	if (self >= 0 && self != repeats && event->operands[repeats].ndim == 1 && event->operands[repeats].sizes[0] != 1) {
		bool along = rule_int(event, "dim", &asked); /* else all elements, in a row */

		if (along && (dim = rule_dim(asked, event->operands[self].ndim)) < 0)
			return false;
		items = along ? event->operands[self].sizes[dim] : rule_count(&event->operands[self]);
		if (items != event->operands[repeats].sizes[0])
			return state_size(facts, out, repeats, 0, self, dim, items, event->operands[repeats].sizes[0]);
	}
	if (!knowledge || !knowledge->has_range || knowledge->smallest >= 0)
		return false;
	state_numbers(out, "length", repeats, -1, -1, 0, knowledge->smallest);
	text_say(out->text, sizeof(out->text), "%s holds %" PRId64 ", and what is repeated can't be less than 0 times", event->operands[repeats].name, knowledge->smallest);
	return true;
}

bool
mismatch_permute(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int64_t dims[RULE_INTS_MOST];
	int self = rule_any(event, "self input"), count = rule_ints(event, "dims", dims, RULE_INTS_MOST);

	return self >= 0 && count >= 0 && count != event->operands[self].ndim &&
	       state_rank(facts, out, self, rule_place(event, "dims"), count);
}

bool
mismatch_split(const struct mismatch_facts *facts, struct mismatch *out)
{
	static const char *const names[] = { "split_sizes", "split_size" };
	const struct event *event = facts->event;
	int64_t sizes[RULE_INTS_MOST], dim = 0, sum = 0, is;
	int self = rule_any(event, "self input"), along;

	if (self < 0)
		return false;
	rule_int(event, "dim", &dim);
	along = rule_dim(dim, event->operands[self].ndim);
	for (int n = 0; n < 2 && along >= 0; n++) {
		int count = rule_ints(event, names[n], sizes, RULE_INTS_MOST), asked = rule_place(event, names[n]);

		if (count < 0 || !event->operands[asked].value || event->operands[asked].value[0] != '[')
			continue;
		for (int i = 0; i < count; i++)
			sum += sizes[i];
		is = event->operands[self].sizes[along];
		if (sum == is)
			return false;
		state_numbers(out, "size", asked, self, along, is, sum);
		out->against_dim = along;
		state_mark(out, self, along);
		text_say(out->text, sizeof(out->text), "%s sum to %" PRId64 " where %s has %" PRId64 " in dimension %d", names[n], sum,
			    event->operands[self].name, is, along);
		return true;
	}
	return false;
}

bool
mismatch_select(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_any(event, "self input"), along, place;
	int64_t dim = 0, index, length, size;
	const char *name;

	if (self < 0)
		return false;
	if (!rule_int(event, "dim", &dim))
		rule_int(event, "dimension", &dim);
	along = rule_dim(dim, event->operands[self].ndim);
	if (along < 0)
		return false;
	size = event->operands[self].sizes[along];
	if (rule_int(event, "index", &index) && (index >= size || index < -size)) {
		name = "index";
	} else if (rule_int(event, "start", &index) && rule_int(event, "length", &length) &&
		   (index > size || index < -size || (index < 0 ? index + size : index) + length > size)) {
		name = "length";
		index = (index < 0 && index >= -size ? index + size : index) + length;
	} else if (rule_int(event, "size", &index) && index > size) {
		name = "size";
	} else {
		return false;
	}
	place = rule_place(event, name);
	state_numbers(out, strcmp(name, "index") == 0 ? "index" : "size", place, self, along, size, index);
	out->against_dim = along;
	state_mark(out, self, along);
	text_say(out->text, sizeof(out->text), "%s reaches %" PRId64 " where %s has %" PRId64 " in dimension %d", name, index,
		    event->operands[self].name, size, along);
	return true;
}
