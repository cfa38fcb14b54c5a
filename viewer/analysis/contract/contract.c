/* A contract's memory, and its JSON. */
#include "contract.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract_parts.h"
#include "../text.h"

#define FORMS_MOST 1000000
#define FORM_TEXT 240 /* of one operand */

static const char *const often_words[] = { "rare", "some" };

struct contract *
contract_new(void)
{
	struct contract *contract = calloc(1, sizeof(*contract));

	if (contract) {
		contract->strings = json_object();
		contract->call_index = json_object();
		contract->form_index = json_object();
		contract->pairs = json_object();
	}
	return contract;
}

void
contract_free(struct contract *contract)
{
	if (!contract)
		return;
	for (int i = 0; i < contract->call_count; i++) {
		free(contract->calls[i].forms);
		free(contract->calls[i].seen);
	}
	for (int i = 0; i < contract->form_count; i++)
		free(contract->forms[i]);
	json_decref(contract->strings);
	json_decref(contract->call_index);
	json_decref(contract->form_index);
	json_decref(contract->pairs);
	free(contract->calls);
	free(contract->forms);
	free(contract->sequence);
	free(contract);
}

const char *
contract_string(struct contract *contract, const char *text)
{
	json_t *kept = json_object_get(contract->strings, text);

	if (!kept) {
		json_object_set_new(contract->strings, text, text_json(text));
		kept = json_object_get(contract->strings, text);
	}
	return kept ? json_string_value(kept) : "?";
}

/* Room for one more in an array of COUNT things of SIZE bytes. */
static bool
grow(struct contract *contract, void *array, int count, int *room, size_t size)
{
	void **at = array, *grown;

	if (count < *room)
		return true;
	int wanted = *room ? *room * 2 : 64;

	grown = realloc(*at, (size_t)wanted * size);
	contract->failed = contract->failed || !grown;
	if (!grown)
		return false;
	*at = grown;
	*room = wanted;
	return true;
}

int
contract_call(struct contract *contract, const char *file, int line, const char *function, const char *operation)
{
	char key[2048];
	json_t *known;

	text_format(key, sizeof(key), "%s:%d %s %s", file, line, function, operation);
	known = json_object_get(contract->call_index, key);
	if (known)
		return (int)json_integer_value(known);
	if (!grow(contract, &contract->calls, contract->call_count, &contract->call_room, sizeof(*contract->calls)))
		return -1;
	contract->calls[contract->call_count] = (struct call){ .file = contract_string(contract, file), .function = contract_string(contract, function),
							       .operation = contract_string(contract, operation), .line = line, .matched = -1 };
	json_object_set_new(contract->call_index, key, json_integer(contract->call_count));
	return contract->call_count++;
}

static void
whole_text(const struct form *form, char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (int i = 0; i < form->count && used + FORM_TEXT < size; i++) {
		form_text(&form->operands[i], out + used, size - used);
		used += strlen(out + used);
		text_format(out + used, size - used, ";");
		used += strlen(out + used);
	}
}

int
contract_form(struct contract *contract, const struct form *form)
{
	char text[FORM_TEXT * (FORM_OPERANDS + 2)];
	json_t *known;
	struct form *kept;

	whole_text(form, text, sizeof(text));
	known = json_object_get(contract->form_index, text);
	if (known)
		return (int)json_integer_value(known);
	kept = malloc(sizeof(*kept));
	if (!kept || contract->form_count >= FORMS_MOST ||
	    !grow(contract, &contract->forms, contract->form_count, &contract->form_room, sizeof(*contract->forms))) {
		contract->failed = true;
		free(kept);
		return -1;
	}
	*kept = *form;
	contract->forms[contract->form_count] = kept;
	json_object_set_new(contract->form_index, text, json_integer(contract->form_count));
	return contract->form_count++;
}

json_t *
contract_call_json(const struct call *call, const struct form *form)
{
	json_t *json = json_object(), *operands = json_array();
	char text[1024];

	text_format(text, sizeof(text), "%s:%d %s", call->file, call->line, call->function);
	text_set(json, "at", text);
	text_set(json, "call", call->operation);
	json_object_set_new(json, "times", call->often == CALL_EACH ? json_integer(call->times) : json_string(often_words[call->often]));
	if (call->unordered)
		json_object_set_new(json, "order", json_false());
	for (int i = 0; form && i < form->count; i++) {
		form_text(&form->operands[i], text, sizeof(text));
		json_array_append_new(operands, text_json(text));
	}
	json_object_set_new(json, "operands", operands);
	return json;
}

json_t *
contract_json(const struct contract *contract)
{
	json_t *json = json_object(), *calls = json_array();

	json_object_set_new(json, "contract", json_integer(CONTRACT_VERSION));
	text_set(json, "torch", contract->torch);
	json_object_set_new(json, "steps", json_integer(contract->steps));
	json_object_set_new(json, "ranks", json_integer(contract->ranks));
	for (int i = 0; i < contract->call_count; i++)
		for (int f = 0; f < contract->calls[i].form_count; f++)
			json_array_append_new(calls, contract_call_json(&contract->calls[i], contract->forms[contract->calls[i].forms[f]]));
	json_object_set_new(json, "calls", calls);
	return json;
}

/* "models/net.py:12 Net.forward" into its parts; AT is cut. */
static bool
read_place(char *at, const char **file, int *line, const char **function)
{
	char *blank = strrchr(at, ' '), *colon;

	if (!blank)
		return false;
	*blank = 0;
	*function = blank + 1;
	colon = strrchr(at, ':');
	if (!colon || colon == at || strspn(colon + 1, "0123456789") != strlen(colon + 1) || !colon[1] || strlen(colon) > 9)
		return false;
	*colon = 0;
	*file = at;
	*line = atoi(colon + 1);
	return true;
}

static bool
read_call(struct contract *contract, const json_t *json, const char **what)
{
	const json_t *times = json_object_get(json, "times"), *operands = json_object_get(json, "operands");
	const char *file, *function, *often = json_string_value(times), *at = text_get(json, "at");
	struct form form = { .count = 0 };
	char place[1024];
	struct call *call;
	int line, number, made, *forms;

	text_format(place, sizeof(place), "%s", at);
	*what = "at";
	if (strlen(at) >= sizeof(place) || !read_place(place, &file, &line, &function))
		return false;
	*what = "call";
	if (!*text_get(json, "call"))
		return false;
	*what = "times";
	if (!(json_is_integer(times) && json_integer_value(times) > 0) && !(often && text_among("rare some", often)))
		return false;
	*what = "operands";
	if (!json_is_array(operands) || json_array_size(operands) > FORM_OPERANDS)
		return false;
	for (; form.count < (int)json_array_size(operands); form.count++) {
		const char *text = json_string_value(json_array_get(operands, (size_t)form.count));

		if (!text || !form_parse(contract, text, &form.operands[form.count]))
			return false;
	}
	number = contract_call(contract, file, line, function, text_get(json, "call"));
	made = contract_form(contract, &form);
	if (number < 0 || made < 0)
		return true; /* out of memory: said by the caller */
	call = &contract->calls[number];
	call->often = !often ? CALL_EACH : strcmp(often, "some") == 0 ? CALL_SOME : CALL_RARE;
	call->times = json_integer_value(times);
	call->unordered = json_is_false(json_object_get(json, "order"));
	forms = realloc(call->forms, (size_t)(call->form_count + 1) * sizeof(*forms));
	if (forms) {
		call->forms = forms;
		call->forms[call->form_count++] = made;
	}
	contract->failed = contract->failed || !forms;
	return true;
}

struct contract *
contract_read(const char *path, struct error *error)
{
	struct contract *contract = contract_new();
	json_error_t wrong;
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &wrong), *calls = json_object_get(json, "calls");
	const char *what = "";
	size_t i = 0;

	if (!json && wrong.line > 0)
		text_format(error->text, sizeof(error->text), "%s: no contract: line %d: %s", path, wrong.line, wrong.text);
	else if (!json)
		text_format(error->text, sizeof(error->text), "%s", wrong.text); /* "unable to open FILE: ..." */
	else if (!json_is_integer(json_object_get(json, "contract")) || !json_is_array(calls))
		text_format(error->text, sizeof(error->text), "%s: no contract of `shapebox assert --save`", path);
	else if (json_integer_value(json_object_get(json, "contract")) != CONTRACT_VERSION)
		text_format(error->text, sizeof(error->text), "%s: a contract of format %" JSON_INTEGER_FORMAT "; this shapebox reads %d", path,
			    json_integer_value(json_object_get(json, "contract")), CONTRACT_VERSION);
	for (; !error->text[0] && contract && !contract->failed && i < json_array_size(calls); i++)
		if (!read_call(contract, json_array_get(calls, i), &what))
			text_format(error->text, sizeof(error->text), "%s: no contract: calls[%zu].%s can't be read", path, i, what);
	if (contract && !error->text[0]) {
		contract->steps = json_integer_value(json_object_get(json, "steps"));
		contract->ranks = json_integer_value(json_object_get(json, "ranks"));
		text_format(contract->torch, sizeof(contract->torch), "%s", text_get(json, "torch"));
	}
	if ((!contract || contract->failed) && !error->text[0])
		text_format(error->text, sizeof(error->text), "%s: out of memory", path);
	json_decref(json);
	if (error->text[0]) {
		contract_free(contract);
		return NULL;
	}
	return contract;
}
