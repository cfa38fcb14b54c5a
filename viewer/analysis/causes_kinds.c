/* Rules about devices and dtypes. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "mismatch_rule.h"

static bool
is_parameter(const char *name)
{
	return text_among("weight bias running_mean running_var mat2", name);
}

/* Needs: property device. */
bool
cause_device(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *odd, *rest;

	if (!cause_disagrees(facts, "device") || !mismatch->actual_name || !mismatch->expected_name)
		return false;
	odd = mismatch->actual_name;
	rest = mismatch->expected_name;
	out->confidence = "likely";
	if (strcmp(odd, "meta") == 0 || strcmp(rest, "meta") == 0) {
		int place = strcmp(odd, "meta") == 0 ? mismatch->operand : mismatch->against;

		text_add(&out->text, "%s is on the meta device: it has a shape and no data, so it was never loaded or materialised",
			 cause_operand_name(facts, place));
		text_add(&out->fix, "load its weights (or to_empty(device=...) and initialise it) before it is used; .to() cannot bring data that "
			 "isn't there");
	} else if (is_parameter(cause_argument(facts, mismatch->operand))) {
		text_add(&out->text, "the module's parameters were left on %s while its input is on %s", odd, rest);
		text_add(&out->fix, "move the module: module.to('%s'), after it is attached to its parent", rest);
	} else {
		text_add(&out->text, "%s was left on %s while the rest is on %s", cause_operand_name(facts, mismatch->operand), odd, rest);
		text_add(&out->fix, "move it where it is made: .to('%s')", rest);
	}
	text_add(&out->evidence, "%s", mismatch->text);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "; made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	return true;
}

/* Parameters of the model in DTYPE and in floating dtypes at all. */
static int64_t
parameters_in(const struct cause_facts *facts, const char *dtype, int64_t *all)
{
	int64_t count = 0;

	*all = 0;
	for (size_t i = 0; i < json_array_size(facts->modules); i++) {
		const json_t *row = json_array_get(facts->modules, i);
		int64_t many = json_integer_value(json_object_get(row, "parameters"));
		const char *is = text_get(row, "dtype");

		if (!rule_is_floating(is) || many < 0 || many > INT32_MAX * (int64_t)1000)
			continue;
		*all += many;
		count += strcmp(is, dtype) == 0 ? many : 0;
	}
	return count;
}

/* Needs: a dtype that an operation doesn't convert. Likely where both tensors are known, and for a layer what the rest of
 * the model is in. */
bool
cause_dtype(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	bool layer, label;
	int64_t like_input, all;
	const char *is, *wanted;

	if (!cause_disagrees(facts, "dtype") || !mismatch->expected_name || !mismatch->actual_name)
		return false;
	is = mismatch->actual_name;
	wanted = mismatch->expected_name;
	layer = mismatch->against >= 0 && is_parameter(cause_argument(facts, mismatch->against)) && rule_is_floating(is) && rule_is_floating(wanted);
	label = facts->event && strstr(facts->event->operation, "loss") != NULL;
	like_input = parameters_in(facts, is, &all);
	out->confidence = mismatch->against >= 0 && (!layer || all) ? "likely" : "possible";
	text_add(&out->text, "%s meets %s: nothing in this operation converts one to the other", is, wanted);
	if (layer && all && like_input * 2 > all) {
		text_add(&out->text, "; %s is the exception, most of the model's parameters are %s like the input", cause_operand_name(facts, mismatch->against), is);
		text_add(&out->fix, "cast this layer (and what was made with it: lora_A, lora_B, a new head) to %s, %s; or run it under autocast", is,
			 "as the rest of the model is");
	} else if (layer) {
		text_add(&out->fix, "convert %s to %s before the call, load or cast the whole module in one dtype, or run it under autocast",
			 cause_operand_name(facts, mismatch->operand), wanted);
	} else if (label || rule_is_integral(is) != rule_is_integral(wanted)) {
		text_add(&out->fix, "convert %s where it is made: %s", cause_operand_name(facts, mismatch->operand),
			 strcmp(wanted, "int64") == 0 ? ".long()" : rule_is_integral(wanted) ? "to whole numbers" : ".float() (or the model's dtype)");
	} else {
		text_add(&out->fix, "convert %s to %s before the call", cause_operand_name(facts, mismatch->operand), wanted);
	}
	text_add(&out->evidence, "%s", mismatch->text);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "; %s comes from ", is);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (cause_decider(&facts->sides[1])) {
		text_add(&out->evidence, ", %s from ", wanted);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[1]));
	}
	return true;
}
