/* Rules for labels: what a loss, one_hot or ctc_loss is given. */
#include <inttypes.h>
#include <string.h>

#include "mismatch_rule.h"
#include "../text.h"

/* The largest label is the one that is ignored: what offends is the one that the message tells, or one that isn't known. */
static bool
state_beside_ignored(const struct mismatch_facts *facts, struct mismatch *out, int target, int self, int classes, int64_t ignored)
{
	const struct operand *logits = &facts->event->operands[self];
	int64_t limit = logits->sizes[classes], value = facts->knowledge[target].smallest;
	bool known = value < 0 || (rule_message_number(facts, "Target ", &value) && value != ignored && (value >= limit || value < 0));

	if (!known && (!facts->message || (!strstr(facts->message, "out of") && !strstr(facts->message, "assert"))))
		return false;
	out->from_message = facts->knowledge[target].smallest >= 0;
	state_numbers(out, "index", target, self, -1, limit, known ? value : 0);
	out->has_actual = known;
	state_mark(out, self, classes);
	out->against_dim = classes;
	if (known)
		text_say(out->text, sizeof(out->text), "%s holds the label %" PRId64 " beside the ignored %" PRId64 " where %s has %" PRId64 " classes (dimension %d)",
			 facts->event->operands[target].name, value, ignored, logits->name, limit, classes);
	else
		text_say(out->text, sizeof(out->text), "%s holds labels beside the ignored %" PRId64 " that are none of the %" PRId64 " classes of %s (dimension %d)",
			 facts->event->operands[target].name, ignored, limit, logits->name, classes);
	return true;
}

/* Labels outside the classes: too large, or negative and not the one that is ignored. */
static bool
state_labels(const struct mismatch_facts *facts, struct mismatch *out, int target, int self, int classes, int64_t ignored)
{
	const struct mismatch_knowledge *knowledge = facts->knowledge ? &facts->knowledge[target] : NULL;
	int64_t limit = facts->event->operands[self].sizes[classes], lowest = ignored < 0 ? ignored : 0;

	if (knowledge && knowledge->has_range && ignored >= limit && knowledge->largest == ignored)
		return state_beside_ignored(facts, out, target, self, classes, ignored);
	if (knowledge && knowledge->has_range && knowledge->largest < limit) {
		/* -100 among others that aren't: how many are negative tells, not the smallest. */
		if (ignored == -100 && knowledge->smallest == -100 && knowledge->negative > knowledge->ignored && knowledge->ignored >= 0) {
			state_numbers(out, "index", target, self, -1, limit, -1);
			out->has_actual = false;
			out->against_dim = classes;
			text_say(out->text, sizeof(out->text), "%s holds %" PRId64 " negative labels beside the ignored -100 where %s has %"
				    PRId64 " classes", facts->event->operands[target].name, knowledge->negative - knowledge->ignored,
				    facts->event->operands[self].name, limit);
			return true;
		}
		if (knowledge->smallest < 0 && knowledge->smallest != ignored)
			lowest = 0;
	}
	if (!state_index(facts, out, target, self, classes, limit, lowest))
		return false;
	if (out->has_actual)
		text_say(out->text, sizeof(out->text), "%s holds the label %" PRId64 " where %s has %" PRId64 " classes (dimension %d)",
			    facts->event->operands[target].name, out->actual, facts->event->operands[self].name, limit, classes);
	return true;
}

bool
mismatch_one_hot(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self");
	const struct mismatch_knowledge *knowledge = facts->knowledge && self >= 0 ? &facts->knowledge[self] : NULL;
	int64_t classes;

	if (self < 0 || !rule_int(event, "num_classes", &classes) || classes < 0)
		return false;
	if (state_index_dtype(facts, out, self, "int64"))
		return true;
	if (knowledge && knowledge->has_range ? knowledge->largest < classes && knowledge->smallest >= 0
					      : !facts->message || !strstr(facts->message, "smaller than num_classes"))
		return false;
	state_numbers(out, "index", self, rule_place(event, "num_classes"), -1, classes, 0);
	out->has_actual = knowledge && knowledge->has_range;
	if (!out->has_actual) {
		out->from_message = true;
		text_say(out->text, sizeof(out->text), "%s holds a class beyond the %" PRId64 " of num_classes", event->operands[self].name, classes);
		return true;
	}
	out->actual = knowledge->largest >= classes ? knowledge->largest : knowledge->smallest;
	text_say(out->text, sizeof(out->text), "%s holds the class %" PRId64 " where num_classes is %" PRId64, event->operands[self].name, out->actual,
		 classes);
	return true;
}

/* LENGTHS (a tensor whose values are counted) says more than dimension DIM of OF has. */
static bool
state_length(const struct mismatch_facts *facts, struct mismatch *out, int lengths, int of, int dim)
{
	const struct mismatch_knowledge *knowledge = facts->knowledge && lengths >= 0 ? &facts->knowledge[lengths] : NULL;
	int64_t size = of >= 0 && dim < facts->event->operands[of].ndim ? facts->event->operands[of].sizes[dim] : -1;

	if (!knowledge || !knowledge->has_range || size < 0 || knowledge->largest <= size)
		return false;
	state_numbers(out, "length", lengths, of, -1, size, knowledge->largest);
	out->against_dim = dim;
	state_mark(out, of, dim);
	text_say(out->text, sizeof(out->text), "%s holds %" PRId64 " where %s has %" PRId64 " in dimension %d", facts->event->operands[lengths].name,
		 out->actual, facts->event->operands[of].name, size, dim);
	return true;
}

bool
mismatch_lengths(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int64_t sum;
	int scores = rule_tensor(event, "log_probs"), targets = rule_tensor(event, "targets"), input = rule_tensor(event, "input_lengths"),
	    target = rule_tensor(event, "target_lengths");

	if (scores < 0 || targets < 0)
		return false;
	for (int i = 0; i < 2; i++) { /* one length for each of the batch */
		int lengths = i ? target : input;

		if (lengths >= 0 && event->operands[scores].ndim == 3 && event->operands[lengths].ndim == 1 &&
		    event->operands[lengths].sizes[0] != event->operands[scores].sizes[1])
			return state_size(facts, out, lengths, 0, scores, 1, event->operands[scores].sizes[1], event->operands[lengths].sizes[0]);
	}
	if (event->operands[targets].ndim == 1 && target >= 0 && facts->message && strstr(facts->message, "'targets'") && rule_message_number(facts, "have size ", &sum) &&
	    sum != event->operands[targets].sizes[0]) { /* one behind the other: as many as the lengths come to */
		out->from_message = true;
		state_size(facts, out, targets, 0, target, -1, sum, event->operands[targets].sizes[0]);
		text_say(out->text, sizeof(out->text), "%s has %" PRId64 " in dimension 0 where %s come to %" PRId64, event->operands[targets].name, event->operands[targets].sizes[0],
			 event->operands[target].name, sum);
		return true;
	}
	return state_length(facts, out, input, scores, 0) ||
	       (event->operands[targets].ndim == 2 && state_length(facts, out, target, targets, 1));
}

bool
mismatch_loss(const struct mismatch_facts *facts, struct mismatch *out)
{
	const struct event *event = facts->event;
	int self = rule_tensor(event, "self"), target = rule_tensor(event, "target"), weight = rule_tensor(event, "weight");
	const struct operand *a, *b;
	int64_t ignored = -100;
	int classes;

	if (self < 0 || target < 0 || !event->operands[self].ndim)
		return false;
	a = &event->operands[self];
	b = &event->operands[target];
	classes = a->ndim == 1 ? 0 : 1;
	if (rule_is_floating(b->dtype)) { /* probabilities */
		for (int i = 0; i < a->ndim && a->ndim == b->ndim; i++)
			if (a->sizes[i] != b->sizes[i])
				return state_size(facts, out, target, i, self, i, a->sizes[i], b->sizes[i]);
		return state_names(facts, out, "dtype", target, -1, "int64", b->dtype);
	}
	if (b->ndim != a->ndim - 1)
		return state_rank(facts, out, target, self, a->ndim - 1);
	for (int i = 0; i < b->ndim; i++)
		if (b->sizes[i] != a->sizes[i ? i + 1 : 0])
			return state_size(facts, out, target, i, self, i ? i + 1 : 0, a->sizes[i ? i + 1 : 0], b->sizes[i]);
	if (weight >= 0 && event->operands[weight].ndim == 1 && event->operands[weight].sizes[0] != a->sizes[classes])
		return state_size(facts, out, weight, 0, self, classes, a->sizes[classes], event->operands[weight].sizes[0]);
	rule_int(event, "ignore_index", &ignored);
	return state_labels(facts, out, target, self, classes, ignored);
}
