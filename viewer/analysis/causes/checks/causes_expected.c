/* A check of Python's that wants one size exactly: what that is, and whether what it checked is of the form that is taken at all. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../layers/first_layer.h"
#include "../../subject.h"

#define LETTERS_LEAST 3 /* a shorter name is no setting */
#define PICTURE_MOST 4  /* channels that a picture may have */

/* What the failing function computed the checked VALUE of, in OUT; false if it is no variable of it. */
static bool
computed_of(const struct cause_facts *facts, int64_t value, char *out, size_t size)
{
	const struct condition *condition = facts->condition;
	bool right = condition && condition->other.kind == CONDITION_NUMBER && condition->other.number == value && !condition->other.tensor;
	const char *name = !condition ? "" : right ? condition->right : condition->left;
	int place;

	return facts->scope && *name && !name[strcspn(name, " .()[]")] &&
	       code_assigned(facts->scope->statements, facts->scope->count, name, out, size, &place) && place < 0;
}

/* The number by name of which VALUE is a multiple, that stands in the EXPRESSION it was computed by; NULL. */
static const json_t *
number_in(const struct cause_facts *facts, const char *expression, int64_t value)
{
	const char *at = expression;
	size_t size;

	while ((at = code_next_path(at, &size))) {
		char name[CONDITION_TEXT_MOST];
		const json_t *number;
		int64_t is;

		text_format(name, sizeof(name), "%.*s", (int)size, at);
		at += size;
		number = size >= LETTERS_LEAST ? cause_number_named(facts, name, NULL) : NULL;
		is = number ? json_integer_value(json_object_get(number, "value")) : 0;
		if (is > 1 && value % is == 0)
			return number;
	}
	return NULL;
}

/* The number by name that VALUE is, or is computed of; NULL. That it is equal is only asked where the source isn't known. */
static const json_t *
find_setting(const struct cause_facts *facts, int64_t value)
{
	static const char sizes[] = "max_ length size positions frames samples";
	const json_t *found = cause_checked_number(facts, value);
	char expression[CODE_TEXT_MOST];

	if (!found && computed_of(facts, value, expression, sizeof(expression)))
		return number_in(facts, expression, value);
	for (int64_t times = 1; times <= 4 && !found; times++) { /* a layer of stride 2 takes twice what it makes */
		const json_t *number = value % times ? NULL : cause_named_number(facts, value / times, sizes);

		found = cause_is_limit(facts, number) || (cause_is_called(number, sizes) && strchr(text_get(number, "name"), '.')) ? number : NULL;
	}
	return found;
}

/* What the first layer asks for, and how IS, called NAME, gets there: its length isn't the question. */
static void
tell_form(const struct cause_facts *facts, struct cause *out, const struct first_layer *layer, const struct operand *is, const char *name)
{
	const struct mismatch *mismatch = facts->mismatch;
	bool signal = is->ndim == layer->spatial + 1 && layer->spatial == 1 && layer->channels > PICTURE_MOST;
	int turned = -1;

	for (int d = 0; d < is->ndim && is->ndim >= layer->spatial + 1; d++)
		turned = is->sizes[d] == layer->channels ? d : turned;
	text_add(&out->text, "%s is ", name);
	text_add_sizes(&out->text, is->sizes, is->ndim);
	text_add(&out->text, ", and the first layer that takes it, %s (%s, %s:%d), is for %" PRId64 " channels", layer->name, layer->kind,
		 text_basename(text_get(json_array_get(facts->frames, 0), "file")), layer->line, layer->channels);
	if (*layer->told)
		text_add(&out->text, " (%s)", layer->told);
	if (turned >= 0)
		text_add(&out->text, ", which stand in dimension %d: it is turned", turned);
	else if (signal)
		text_add(&out->text, " in a dimension of their own, which it lacks: a signal as it was recorded in place of its features");
	else
		text_add(&out->text, ", which it doesn't have: no length makes it fit");
	text_add(&out->text, "; the check met its length first (%" PRId64 " where %" PRId64 " are wanted)", mismatch->actual, mismatch->expected);
	if (turned >= 0)
		text_add(&out->fix, "turn it so that dimension 1 has the channels (%s.transpose(1, %d)), then see its length", name, turned);
	else if (signal)
		text_add(&out->fix, "compute the %" PRId64 " features before (a spectrogram: the model's own processor or feature extractor makes it of the signal) and bring those to %"
			 PRId64 "; to cut or pad %s itself would not do", layer->channels, mismatch->expected, name);
	else
		text_add(&out->fix, "give %s %" PRId64 " channels in dimension 1 where it is made, then see its length", name, layer->channels);
}

/* Needs: a check of Python's that wants one size exactly. Likely where that size is set by a name that says so, or what is checked hasn't the form, either, that the
 * first layer takes. */
bool
cause_expected_size(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct first_layer layer;
	const char *name;
	int64_t apart;
	bool formed;

	if (!cause_disagrees(facts, "size") || !cause_is(facts, SUBJECT_CHECK) || mismatch->operand < 0 || mismatch->expected < 2 ||
	    (facts->message && cause_tells_excess(facts->message)) ||
	    (mismatch->against >= 0 && facts->event->operands[mismatch->against].tensor >= 0))
		return false;
	name = cause_operand_name(facts, mismatch->operand);
	apart = mismatch->expected - mismatch->actual;
	formed = !first_layer_find(facts, name, &layer) || first_layer_takes(&layer, &facts->event->operands[mismatch->operand]);
	out->setting = find_setting(facts, mismatch->expected);
	out->confidence = out->setting || !formed ? "likely" : "possible";
	if (!formed)
		tell_form(facts, out, &layer, &facts->event->operands[mismatch->operand], name);
	else
		text_add(&out->text, "the model takes %" PRId64 " in dimension %d of %s, neither more nor fewer; it is given %" PRId64, mismatch->expected, mismatch->dim,
			 name, mismatch->actual);
	if (formed)
		cause_add_number(facts, &out->text, cause_cut_by(facts, &facts->sides[0], mismatch->expected));
	if (out->setting) {
		int64_t by = mismatch->expected / json_integer_value(json_object_get(out->setting, "value"));

		text_add(&out->evidence, "%" PRId64 " is ", mismatch->expected);
		if (by > 1)
			text_add(&out->evidence, "%" PRId64 " x ", by);
		text_add(&out->evidence, "%s; ", text_get(out->setting, "name"));
	}
	if (cause_decider(&facts->sides[0]))
		cause_add_decided(facts, &out->evidence, mismatch->actual, cause_decider(&facts->sides[0]));
	if (!formed)
		out->setting = NULL; /* nothing is to be changed about it */
	else if (apart > 0)
		text_add(&out->fix, "pad %s by %" PRId64 " to %" PRId64 " (the model's own processor or feature extractor does), or build the model for %" PRId64, name,
			 apart, mismatch->expected, mismatch->actual);
	else
		text_add(&out->fix, "cut or resize %s to %" PRId64 " (the model's own processor does), or build the model for %" PRId64, name, mismatch->expected,
			 mismatch->actual);
	return true;
}
