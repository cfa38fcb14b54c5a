/* Rules about devices and dtypes. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

static bool
is_parameter(const char *name)
{
	return text_among("weight bias running_mean running_var mat2", name);
}

/* --- which of the model's parameters are where ------------------------------------------------- */

static int64_t
number_of(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	return json_is_integer(value) ? json_integer_value(value) : 0;
}

static bool
is_flag(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

/* Parameters on DEVICE, of rows that are OUTSIDE the failing module's tree or in it. */
static int64_t
parameters_on(const json_t *modules, const char *device, bool outside)
{
	int64_t count = 0;

	for (size_t i = 0; i < json_array_size(modules); i++) {
		const json_t *row = json_array_get(modules, i);

		if (is_flag(row, "outside") == outside && strcmp(text_get(row, "device"), device) == 0)
			count += number_of(row, "parameters");
	}
	return count;
}

/* "on cpu: visual.embeddings, visual.norm (2112 parameters)" */
static void
add_rows_on(struct text *text, const json_t *modules, const char *device)
{
	int named = 0;

	for (size_t i = 0; i < json_array_size(modules); i++) {
		const json_t *row = json_array_get(modules, i);
		const char *path = text_get(row, "module");

		if (strcmp(text_get(row, "device"), device) != 0 || named == 4)
			continue;
		if (named == 0)
			text_add(text, "; on %s: ", device);
		text_add(text, "%s%s", named++ ? ", " : "", path);
	}
	if (named)
		text_add(text, " (%" PRId64 " parameters)", parameters_on(modules, device, false) + parameters_on(modules, device, true));
}

/* The row of what a module holds itself, on DEVICE, and as many elements as OPERAND; NULL. */
static const json_t *
own_row(const json_t *modules, const char *device, const struct operand *operand)
{
	for (size_t i = 0; i < json_array_size(modules); i++) {
		const json_t *row = json_array_get(modules, i);

		if (is_flag(row, "own") && strcmp(text_get(row, "device"), device) == 0 &&
		    number_of(row, "parameters") == rule_count(operand) * (number_of(row, "modules") ? number_of(row, "modules") : 1))
			return row;
	}
	return NULL;
}

/* What was last done in place to the operand at PLACE; false if nothing is known. */
static bool
last_change(const struct cause_facts *facts, int place, struct tensor_change *out)
{
	struct live_tensor live;

	if (!facts->source || place < 0 || facts->event->operands[place].tensor <= 0 ||
	    !facts->source->live_tensor(facts->source->context, facts->process, facts->event->operands[place].tensor, &live) ||
	    !live.moved.known || !live.moved.before || !live.moved.after)
		return false;
	*out = live.moved;
	return true;
}

/* Is FORM, "float16 cuda:0", on DEVICE? */
static bool
is_form_on(const char *form, const char *device)
{
	const char *space = strchr(form, ' ');

	return space && strcmp(space + 1, device) == 0;
}

/* Was the operand that disagrees moved from device FROM to device TO, in place or as a copy? */
static bool
was_moved(const struct cause_facts *facts, const char *from, const char *to)
{
	const struct lineage_step *step = cause_decider(&facts->sides[0]);
	const struct event *event = step ? &step->event : NULL;
	struct tensor_change change;

	if (last_change(facts, facts->mismatch->operand, &change) && is_form_on(change.before, from) && is_form_on(change.after, to))
		return true;
	return event && event->operand_count && step->output < event->output_count && event->operands[0].device &&
	       event->outputs[step->output].device && strcmp(event->operands[0].device, from) == 0 &&
	       strcmp(event->outputs[step->output].device, to) == 0;
}

/* "; weight was last converted at train.py:52: float32 cpu to float16 cpu" */
static void
add_last_change(const struct cause_facts *facts, struct text *text, int place)
{
	struct tensor_change change;
	char where[4200];

	if (last_change(facts, place, &change) && change.site >= 0 &&
	    where_site_line(facts->source, facts->process, change.site, false, where, sizeof where))
		text_add(text, "; %s was last converted at %s: %s to %s", cause_operand_name(facts, place), where, change.before, change.after);
}

/* What is on device ODD, and why, while the rest is on REST. */
static void
tell_left_behind(const struct cause_facts *facts, struct cause *out, const char *odd, const char *rest)
{
	const struct mismatch *mismatch = facts->mismatch;
	const json_t *own = own_row(facts->modules, odd, &facts->event->operands[mismatch->operand]);
	bool parameter = own || is_parameter(cause_argument(facts, mismatch->operand));

	if (parameter && was_moved(facts, rest, odd)) {
		text_add(&out->text, "the module's parameters were moved from %s to %s, and not brought back before it was called", rest, odd);
		text_add(&out->fix, "move it back before the call (module.to('%s')), or let what offloads it bring in its weights and input by a hook "
			 "(accelerate's dispatch_model, cpu_offload)", rest);
	} else if (own) {
		text_add(&out->text, "a parameter that %s holds itself is on %s while the rest of it is on %s: it was registered after the module had been "
			 "moved, or replaced since", text_get(own, "module"), odd, rest);
		text_add(&out->fix, "register it before .cuda() or .to() moves the module, or make it there: torch.nn.Parameter(..., device='%s')", rest);
	} else if (parameter && parameters_on(facts->modules, odd, false) && !parameters_on(facts->modules, rest, false) &&
		   parameters_on(facts->modules, rest, true)) {
		text_add(&out->text, "the module was left on %s: it isn't registered in the model that runs it (held in a list, a dict, or set aside), so "
			 "moving the model to %s didn't reach it", odd, rest);
		text_add(&out->fix, "register it (self.name = module, or nn.ModuleList), or move it on its own: module.to('%s')", rest);
	} else if (parameter) {
		text_add(&out->text, "the module's parameters were left on %s while its input is on %s", odd, rest);
		text_add(&out->fix, "move the module: module.to('%s'), after it is attached to its parent", rest);
	} else {
		text_add(&out->text, "%s was left on %s while the rest is on %s", cause_operand_name(facts, mismatch->operand), odd, rest);
		text_add(&out->fix, "move it where it is made: .to('%s')", rest);
	}
}

/* The message names a type for each device ("torch.cuda.HalfTensor"), and reads as if dtypes differed. */
static void
tell_same_dtype(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *one, *other;

	if (mismatch->against < 0 || !facts->message || !strstr(facts->message, "Tensor)"))
		return;
	one = facts->event->operands[mismatch->operand].dtype;
	other = facts->event->operands[mismatch->against].dtype;
	if (one && other && strcmp(one, other) == 0)
		text_add(&out->text, "; the dtype agrees: both are %s, only the device differs", one);
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
		cause_add_untaken(facts, out, &facts->sides[place == mismatch->operand ? 0 : 1]);
		text_add(&out->fix, "load its weights (or to_empty(device=...) and initialise it) before it is used; .to() cannot bring data that "
			 "isn't there");
	} else {
		tell_left_behind(facts, out, odd, rest);
		tell_same_dtype(facts, out);
	}
	text_add(&out->evidence, "%s", mismatch->text);
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "; made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	add_last_change(facts, &out->evidence, mismatch->operand);
	add_last_change(facts, &out->evidence, mismatch->against);
	if (parameters_on(facts->modules, odd, false) + parameters_on(facts->modules, odd, true)) {
		add_rows_on(&out->evidence, facts->modules, odd);
		add_rows_on(&out->evidence, facts->modules, rest);
	}
	return true;
}

int64_t
cause_parameters_in(const struct cause_facts *facts, const char *dtype, int64_t *all)
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

/* --- a line that made another dtype than now ---------------------------------------------------- */

#define CALLS_ENOUGH 3
#define CALLS_LOOKED 400

/* Earlier calls of STEP's line, and those of them that made DTYPE; SITE: of the newest. */
struct conversions { const struct lineage_step *step; const char *dtype; int64_t calls, fitting, site; };

static bool
add_conversion(const struct event *event, void *context)
{
	struct conversions *conversions = context;
	int output = conversions->step->output;

	if (output >= event->output_count || !event->outputs[output].dtype)
		return true;
	if (!conversions->calls++)
		conversions->site = event->site;
	conversions->fitting += strcmp(event->outputs[output].dtype, conversions->dtype) == 0;
	return conversions->fitting == conversions->calls && conversions->calls < CALLS_LOOKED;
}

/* The first line on SIDE's way, from where it began, that made DTYPE in every earlier call, and something else now. */
static bool
find_conversion(const struct cause_facts *facts, const struct cause_side *side, const char *dtype, struct conversions *out)
{
	for (int i = side->lineage ? side->lineage->count - 1 : -1; i >= 0; i--) {
		const struct lineage_step *step = &side->lineage->steps[i];

		*out = (struct conversions){ .step = step, .dtype = dtype };
		if (step->event.id < 0 || step->output < 0 || step->output >= step->event.output_count || !step->event.outputs[step->output].dtype ||
		    strcmp(step->event.outputs[step->output].dtype, dtype) == 0)
			continue;
		elsewhere_each(facts->source, facts->process, &step->event, add_conversion, out);
		if (out->calls >= CALLS_ENOUGH && out->fitting == out->calls)
			return true;
	}
	return false;
}

static bool
note_call(const struct event *event, void *context)
{
	(void)event;
	*(bool *)context = true;
	return false;
}

/* Did the failing line run before? Else what another line made then went elsewhere, and says nothing of what is wanted here. */
static bool
ran_before(const struct cause_facts *facts)
{
	bool found = false;

	elsewhere_each(facts->source, facts->process, facts->event, note_call, &found);
	return found;
}

/* Needs: a dtype that differs, made by a line that made the other one in every earlier call, and a failing line that ran before. */
bool
cause_converted_otherwise(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *is, *wanted;

	if (!facts->source || !cause_disagrees(facts, "dtype") || !mismatch->expected_name || !mismatch->actual_name || !ran_before(facts))
		return false;
	for (int i = 0; i < 2; i++) {
		char here[ELSEWHERE_LINE], there[ELSEWHERE_LINE];
		struct conversions found;

		is = i ? mismatch->expected_name : mismatch->actual_name;
		wanted = i ? mismatch->actual_name : mismatch->expected_name;
		if (!find_conversion(facts, &facts->sides[i], wanted, &found))
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s is %s this time: ", cause_operand_name(facts, facts->sides[i].place), is);
		cause_add_step(facts, &out->text, found.step);
		text_add(&out->text, " made %s in %" PRId64 " earlier calls", wanted, found.calls);
		if (elsewhere_parts(facts->source, facts->process, found.step->event.site, found.site, here, there)) {
			text_add(&out->text, ", which came by %s; this one comes by %s", there, here);
			text_add(&out->fix, "what %s gives that line decides: let it be %s, as by %s: ", here, wanted, there);
		} else {
			text_add(&out->fix, "let that line make %s here, too: ", wanted);
		}
		cause_add_line(facts, &out->fix, found.step, -1);
		text_add(&out->evidence, "%s", mismatch->text);
		return true;
	}
	return false;
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
	int64_t all, like_input = cause_parameters_in(facts, input, &all), like_parameter = cause_parameters_in(facts, parameter, &all);
	int other = place == facts->mismatch->operand ? facts->mismatch->against : facts->mismatch->operand;

	if (like_input * 2 > all && all) {
		out->confidence = "likely";
		text_add(&out->text, "; %s is the exception: most of the model's parameters are %s, like the input", cause_operand_name(facts, place), input);
		text_add(&out->fix, "cast this layer to %s (and what was made with it: lora_A and lora_B, a new head), as the rest of the model is; or run it "
			 "under autocast", input);
	} else if (cause_tell_cast_copy(facts, out, place, other, parameter, input)) {
		return;
	} else if (like_parameter * 2 > all && all) {
		out->confidence = "likely";
		if (like_parameter == all)
			text_add(&out->text, "; the input is the exception: the model's parameters are %s", parameter);
		else
			text_add(&out->text, "; the input is the exception: most of the model's parameters are %s", parameter);
		cause_add_otherwise(facts, &out->evidence, other, -1, LINEAGE_DTYPE);
		if (like_parameter == all && cause_tell_two_models(facts, out, place, other, parameter, input))
			return;
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
	if (strcmp(is, "float32") == 0 || strcmp(wanted, "float32") == 0)
		cause_add_autocast(facts, &out->text, &facts->sides[strcmp(is, "float32") == 0]);
	if (!out->evidence.used)
		text_add(&out->evidence, "%s", mismatch->text);
	add_origin(facts, out, 0, is);
	add_origin(facts, out, 1, wanted);
	return true;
}
