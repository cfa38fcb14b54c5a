/* The call of an operation, argument by argument. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../mismatch/mismatch_rule.h"
#include "repro_parts.h"
#include "schema/names.h"

#define ITEM_MOST 1000

/* None is what these are where they aren't given, in every schema that has them. */
static const char none_by_itself[] = "dtype layout device pin_memory memory_format generator";
/* Arguments' names that Python doesn't take as keywords. */
static const char python_words[] = "from lambda in is not and or if else for while with as def class return pass global None True False";

bool
repro_writes(const struct event *event, const struct operand *operand)
{
	if (operand->name && strncmp(operand->name, "out", 3) == 0)
		return true;
	return mismatch_is_in_place(event->operation) && operand->argument == 0;
}

static bool
is_word(const char *text)
{
	const char *at = text;

	while (*at == '_' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'))
		at++;
	return at > text && !*at;
}

bool
repro_callable(const struct event *event)
{
	const char *name = event->operation ? event->operation : "", *colons = strstr(name, "::");

	return colons && (strncmp(name, "aten::", 6) == 0 || strncmp(name, "prims::", 7) == 0) && is_word(colons + 2) &&
	       (!event->overload || !*event->overload || is_word(event->overload));
}

/* An integer that stands for a dtype, a layout or a memory format (c10's numbers), as Python calls it. */
static bool
add_named(struct text *out, const char *name, int64_t value)
{
	static const char *const formats[] = { "contiguous_format", "preserve_format", "channels_last", "channels_last_3d" };
	const char *word = NULL;

	if (strstr(name, "dtype") && value >= 0 && value < 256 && strcmp(names_dtype((unsigned)value), "unknown") != 0)
		word = names_dtype((unsigned)value);
	else if (strcmp(name, "memory_format") == 0 && value >= 0 && value < 4)
		word = formats[value];
	else if (strcmp(name, "layout") == 0 && value == 0)
		word = "strided";
	if (word)
		repro_add(out, "torch.%s", word);
	return word != NULL;
}

static bool
add_string(struct repro *repro, const struct operand *operand, const json_t *value, struct text *out)
{
	repro_add(out, "\"");
	for (const char *at = json_string_value(value); *at; at++) {
		if (*at < 32 || *at > 126)
			return repro_refuse(repro, "the text in %s is none that a program can hold", operand->name);
		repro_add(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
	}
	repro_add(out, "\"");
	return true;
}

/* A JSON value as Python writes it. */
static bool
add_json(struct repro *repro, const struct operand *operand, const json_t *value, struct text *out)
{
	if (json_is_integer(value)) {
		if (!add_named(out, operand->name, json_integer_value(value)))
			repro_add(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return true;
	}
	if (json_is_boolean(value) || json_is_null(value)) {
		repro_add(out, "%s", json_is_null(value) ? "None" : json_is_true(value) ? "True" : "False");
		return true;
	}
	if (json_is_string(value))
		return add_string(repro, operand, value, out);
	if (!json_is_array(value))
		return repro_refuse(repro, "of the list %s only a part was recorded", operand->name);
	repro_add(out, "[");
	for (size_t i = 0; i < json_array_size(value); i++) {
		repro_add(out, i ? ", " : "");
		if (!add_json(repro, operand, json_array_get(value, i), out))
			return false;
	}
	repro_add(out, "]");
	return true;
}

/* NUMBER for an amount that isn't recorded; where the message tells that it was too large for its dtype, one that is. */
static void
add_stand_in(struct repro *repro, const struct operand *operand, const char *number, struct text *out)
{
	if (repro->failure->message && strstr(repro->failure->message, "without overflow"))
		number = strchr(number, '.') ? "1e300" : "2**62";
	repro_add(out, "%s", number);
	repro_add(&repro->amounts, "%s%s=%s", repro->amounts.used ? ", " : "", operand->name, number);
}

/* What isn't a tensor. */
static bool
add_value(struct repro *repro, const struct operand *operand, struct text *out)
{
	json_t *value = operand->value ? json_loads(operand->value, JSON_DECODE_ANY, NULL) : NULL;
	const char *stand_in = strcmp(operand->kind, "float") == 0 ? "0.5" : strcmp(operand->kind, "number") == 0 ? "1" : NULL;
	bool added = true;

	if (value && strcmp(operand->kind, "device") == 0 && json_is_string(value)) {
		repro_add(out, "torch.device(");
		added = add_string(repro, operand, value, out);
		repro_add(out, ")");
	} else if (value) {
		added = add_json(repro, operand, value, out);
	} else if (stand_in) {
		add_stand_in(repro, operand, stand_in, out);
	} else if (strcmp(operand->name, "generator") == 0) {
		repro_add(out, "None");
	} else {
		added = repro_refuse(repro, "what was given as %s isn't recorded", operand->name);
	}
	json_decref(value);
	return added;
}

/* What may be a Python number that was made a tensor for the call: "1.0"; NULL if OPERAND can't be one. */
static const char *
wrapped_number(const struct operand *operand)
{
	if (operand->ndim != 0 || operand->item >= 0 || !operand->dtype || !operand->device || strcmp(operand->device, "cpu") != 0)
		return NULL;
	return strcmp(operand->dtype, "float64") == 0 ? "1.0" : strcmp(operand->dtype, "int64") == 0 ? "1" : strcmp(operand->dtype, "bool") == 0 ? "True" : NULL;
}

/* One tensor: its variable, or where it's in a list and nothing else needs it, the expression that makes it. */
static bool
add_tensor(struct repro *repro, const struct event *event, const struct operand *operand, struct text *out)
{
	struct event maker;
	int output;
	bool alone = operand->item >= 0 && !repro_writes(event, operand) && !repro_named(repro, operand->tensor);
	const char *name, *number = wrapped_number(operand);

	if (number && operand->tensor > 0 &&
	    !repro->source->maker(repro->source->context, repro->failure->process, operand->tensor, event->id, &maker, &output)) {
		add_stand_in(repro, operand, number, out);
		return true;
	}
	for (int i = 0; i < event->operand_count && alone && operand->tensor > 0; i++)
		alone = &event->operands[i] == operand || event->operands[i].tensor != operand->tensor;
	if (alone && event->operand_count > 4)
		return repro_tensor(repro, event, operand, repro_grad(repro, operand, event->id), out);
	name = repro_operand(repro, event, operand, repro_writes(event, operand) ? REPRO_WITH_VIEWS : REPRO_ALONE);
	repro_add(out, "%s", name ? name : "");
	return name != NULL;
}

/* The items of a list from place *AT on; equal neighbours once. Moves *AT to its last. */
static bool
add_list(struct repro *repro, const struct event *event, int *at, struct text *out)
{
	int argument = event->operands[*at].argument, same = 0, runs = 0;
	struct text last = {{0}, 0}, list = {{0}, 0}, item;

	for (int place = *at;; place++) {
		bool more = place < event->operand_count && event->operands[place].argument == argument;

		item = (struct text){{0}, 0};
		if (more && strcmp(event->operands[place].kind, "tensor") != 0) {
			if (!add_value(repro, &event->operands[place], &item))
				return false;
		} else if (more && !add_tensor(repro, event, &event->operands[place], &item)) {
			return false;
		}
		if (item.used >= ITEM_MOST)
			return repro_refuse(repro, "%s is too long for a program", event->operands[place].name);
		if (more)
			*at = place;
		if (more && same && strcmp(item.data, last.data) == 0) {
			same++;
			continue;
		}
		if (same > 2)
			repro_add(&list, "%s*[%s for _ in range(%d)]", runs++ ? ", " : "", last.data, same);
		for (; same > 0 && same <= 2; same--)
			repro_add(&list, "%s%s", runs++ ? ", " : "", last.data);
		if (!more)
			break;
		last = item;
		same = 1;
	}
	repro_add(out, "[%s]", list.data);
	return list.used + 1 < sizeof(list.data) || repro_refuse(repro, "%s is too long for a program", event->operands[*at].name);
}

/* The declared name of the argument that OPERAND is, or is an item of. */
static void
argument_name(const struct operand *operand, char *out, size_t size)
{
	text_format(out, size, "%.*s", (int)strcspn(operand->name, "["), operand->name);
}

bool
repro_call(struct repro *repro, const struct event *event, struct text *out)
{
	int positional = 0;
	bool first = true;
	char name[96];

	if (!repro_callable(event))
		return repro_refuse(repro, "%s isn't one of PyTorch's own operations", event->operation);
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];

		argument_name(operand, name, sizeof(name));
		if (!is_word(name))
			return repro_refuse(repro, "the arguments' names of %s aren't recorded", event->operation);
		if (text_among(python_words, name) || (i == 0 && (strcmp(operand->kind, "tensor") == 0 || operand->item >= 0)))
			positional = operand->argument + 1;
	}
	repro_add(out, "torch.ops.%.*s.%s.%s(", (int)(strstr(event->operation, "::") - event->operation), event->operation,
		 strstr(event->operation, "::") + 2, event->overload && *event->overload ? event->overload : "default");
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];
		bool added;

		argument_name(operand, name, sizeof(name));
		if (strcmp(operand->kind, "none") == 0 && operand->item < 0 && text_among(none_by_itself, name))
			continue;
		repro_add(out, "%s", first ? "" : ", ");
		first = false;
		if (operand->argument >= positional)
			repro_add(out, "%s=", name);
		if (operand->item >= 0)
			added = add_list(repro, event, &i, out);
		else if (strcmp(operand->kind, "tensor") == 0)
			added = add_tensor(repro, event, operand, out);
		else
			added = add_value(repro, operand, out);
		if (!added)
			return false;
	}
	repro_add(out, ")");
	return out->used + 1 < sizeof(out->data) || repro_refuse(repro, "the call of %s is too long for a program", event->operation);
}
