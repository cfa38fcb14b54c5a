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

static void
add_origin(const struct cause_facts *facts, struct cause *out, int side, const char *dtype)
{
	if (!cause_decider(&facts->sides[side]))
		return;
	text_add(&out->evidence, "; %s comes from ", dtype);
	cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[side]));
}

/* A layer's parameter in PARAMETER meets an input in INPUT: which of the two is the exception in the model? */
static void
tell_layer(const struct cause_facts *facts, struct cause *out, int place, const char *parameter, const char *name, const char *input)
{
	int64_t all, like_input = parameters_in(facts, input, &all), like_parameter = parameters_in(facts, parameter, &all);

	if (like_input * 2 > all && all) {
		out->confidence = "likely";
		text_add(&out->text, "; %s is the exception: most of the model's parameters are %s, like the input", cause_operand_name(facts, place), input);
		text_add(&out->fix, "cast this layer to %s (and what was made with it: lora_A and lora_B, a new head), as the rest of the model is; or run it "
			 "under autocast", input);
	} else if (like_parameter * 2 > all && all) {
		out->confidence = "likely";
		text_add(&out->text, "; the input is the exception: the model's parameters are %s", parameter);
		text_add(&out->fix, "convert %s to %s where it is made%s", name, parameter, strcmp(parameter, "float32") == 0
			 ? SAY(" (.float(); numpy makes float64)") : "");
	} else {
		text_add(&out->fix, "convert %s to %s before the call, load or cast the whole module in one dtype, or run it under autocast", name, parameter);
	}
}

/* Needs: a dtype that an operation doesn't convert. Likely where both tensors are known, and for a layer what most of the
 * model is in. */
bool
cause_dtype(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *is, *wanted, *name;

	if (!cause_disagrees(facts, "dtype") || !mismatch->expected_name || !mismatch->actual_name)
		return false;
	is = mismatch->actual_name;
	wanted = mismatch->expected_name;
	name = cause_operand_name(facts, mismatch->operand);
	out->confidence = mismatch->against >= 0 ? "likely" : "possible";
	text_add(&out->text, "%s meets %s: nothing in this operation converts one to the other", is, wanted);
	if (mismatch->against >= 0 && rule_is_floating(is) && rule_is_floating(wanted) &&
	    (is_parameter(cause_argument(facts, mismatch->against)) || is_parameter(cause_argument(facts, mismatch->operand)))) {
		bool first = is_parameter(cause_argument(facts, mismatch->operand));

		out->confidence = "possible";
		tell_layer(facts, out, first ? mismatch->operand : mismatch->against, first ? is : wanted,
			   cause_operand_name(facts, first ? mismatch->against : mismatch->operand), first ? wanted : is);
	} else if (rule_is_integral(is) != rule_is_integral(wanted)) {
		text_add(&out->fix, "convert %s where it is made: %s", name, strcmp(wanted, "int64") == 0 ? ".long()"
			 : rule_is_integral(wanted) ? SAY("to whole numbers") : SAY(".float() (or the model's dtype)"));
	} else {
		text_add(&out->fix, "convert %s to %s before the call (.to(%s.dtype))", name, wanted,
			 mismatch->against >= 0 ? cause_operand_name(facts, mismatch->against) : SAY("the other"));
	}
	text_add(&out->evidence, "%s", mismatch->text);
	add_origin(facts, out, 0, is);
	add_origin(facts, out, 1, wanted);
	return true;
}
