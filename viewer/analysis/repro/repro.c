#include "repro.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lineage/backward.h"
#include "../headline.h"
#include "../memory/memory_out.h"
#include "../report_failure.h"
#include "repro_parts.h"
#include "../where.h"

#define LINE_COLUMNS 100

void
repro_add(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->data) - text->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->data + text->used, room, format, arguments);
	va_end(arguments);
	text->used += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

bool
repro_refuse(struct repro *repro, const char *format, ...)
{
	va_list arguments;

	if (repro->reason[0])
		return false;
	va_start(arguments, format);
	vsnprintf(repro->reason, sizeof(repro->reason), format, arguments);
	va_end(arguments);
	return false;
}

void
repro_note(struct repro *repro, const char *format, ...)
{
	char note[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	json_array_append_new(repro->notes, text_json(note));
}

/* Where LINE can be broken: behind a comma within brackets (not within a string) in its first columns, the outermost and of these the
 * last; 0: nowhere. */
static size_t
break_at(const char *line)
{
	int depth = 0, least = INT_MAX;
	bool quoted = false;
	size_t found = 0;

	for (size_t i = 0; i < LINE_COLUMNS && line[i]; i++) {
		if (line[i] == '\\' && quoted && line[i + 1])
			i++;
		else if (line[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr("([", line[i]))
			depth++;
		else if (!quoted && strchr(")]", line[i]))
			depth--;
		if (quoted || line[i] != ',' || line[i + 1] != ' ' || i < LINE_COLUMNS / 3 || depth > least)
			continue;
		least = depth;
		found = i + 1;
	}
	return found;
}

bool
repro_line(struct repro *repro, const char *format, ...)
{
	char line[2400], *rest = line;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(line))
		return repro_refuse(repro, "a line would be too long");
	while (strlen(rest) > LINE_COLUMNS) {
		size_t end = break_at(rest);

		if (!end)
			break;
		json_array_append_new(repro->lines, json_stringn(rest, end));
		rest += end - 3; /* over what is written already: the blank behind the comma, and room for an indent of four */
		memset(rest, ' ', 4);
	}
	json_array_append_new(repro->lines, json_string(rest));
	return json_array_size(repro->lines) <= REPRO_LINES_MOST - REPRO_ABOUT_MOST ||
	       repro_refuse(repro, "it takes more than the %d lines that a program may have", REPRO_LINES_MOST);
}

bool
repro_statement(struct repro *repro, const struct event *event, const char *name, const char *call)
{
	return repro_line(repro, "%s%s%s%s", repro->grads && !event->grad ? "with torch.no_grad(): " : "", name ? name : "", name ? " = " : "", call);
}

/* The operation's own message, where what ran it (TorchScript) told it with words around it; else NULL. */
static const char *
own_message(const struct failure *failure)
{
	const char *own = text_get(failure->operation ? json_object_get(failure->operation->json, "exception") : NULL, "message");

	return *own && failure->message && strncmp(failure->message, own, strlen(own)) != 0 && strstr(failure->message, own) ? own : NULL;
}

/* The failing operation alone, called as it was. */
static void
make_operation(struct repro *repro, const struct event *event, bool explained)
{
	struct text call = {{0}, 0};

	if (strncmp(event->operation, "c10d::", 6) == 0 || strncmp(event->operation, "_c10d", 5) == 0) {
		repro_refuse(repro, "%s is a collective: it takes all of the ranks", event->operation);
		return;
	}
	if (!repro_call(repro, event, &call) || !repro_statement(repro, event, NULL, call.data))
		return;
	if (strncmp(event->operation, "prims::", 7) == 0)
		json_array_insert_new(repro->lines, 0, json_string("import torch._prims"));
	if (repro->amounts.used)
		repro_note(repro, "amounts aren't recorded; stand-ins: %s", repro->amounts.data);
	if (own_message(repro->failure))
		repro_note(repro, "what ran the operation told the message with words of its own around it");
	if (!explained)
		repro_note(repro, "nothing that was recorded of the operands disagrees: if values decide, this program doesn't fail");
}

static void
refuse_python(struct repro *repro)
{
	const char *type = repro->failure->type && *repro->failure->type ? repro->failure->type : "the exception";
	int chosen = where_choose(repro->frames);
	const json_t *frame = chosen < 0 ? NULL : json_array_get(repro->frames, (size_t)chosen);

	if (frame)
		repro_refuse(repro, "%s was raised by Python code (%s:%" JSON_INTEGER_FORMAT "): no operation failed", type,
			     text_basename(text_get(frame, "file")), json_integer_value(json_object_get(frame, "line")));
	else
		repro_refuse(repro, "%s was raised by Python code: no operation failed", type);
}

static void
make(struct repro *repro, struct diagnosis *diagnosis)
{
	const struct failure *failure = repro->failure;
	json_t *memory = memory_out(repro->source, failure);

	if (diagnosis->cuda)
		repro_refuse(repro, "a kernel failed on the device (%s) over values there, which aren't recorded", diagnosis->cuda->error->text);
	else if (memory)
		repro_refuse(repro, "memory ran out on %s: that depends on all that the process held", text_get(memory, "device"));
	else if (strcmp(failure->kind, "signal") == 0)
		repro_refuse(repro, "%s ended the process: there is no exception to raise", headline_signal(failure->signal));
	else if (strcmp(failure->kind, "operation") == 0 && !failure->has_event)
		repro_refuse(repro, "the failing %s is no longer kept", failure->operation_name ? failure->operation_name : "operation");
	else if (strcmp(failure->kind, "operation") == 0)
		make_operation(repro, &failure->event, diagnosis->has_mismatch);
	else if (!failure->note)
		repro_refuse(repro, "no exception was recorded");
	else if (!failure->operation && backward_engine_raised(failure->frames))
		repro_backward(repro);
	else
		refuse_python(repro);
	json_decref(memory);
}

static json_t *
result_json(const struct repro *repro, const struct failure *failure)
{
	json_t *json = json_object(), *exception = json_object(), *where = where_build(repro->source, failure, repro->frames);
	const char *file = text_get(where, "file"), *own = own_message(failure);
	char place[512];

	text_set(json, "operation", failure->operation_name);
	text_format(place, sizeof(place), "%s:%" JSON_INTEGER_FORMAT, text_basename(file), json_integer_value(json_object_get(where, "line")));
	text_set(json, "where", *file ? place : NULL);
	text_set(exception, "type", own ? "RuntimeError" : failure->type);
	text_set(exception, "message", own ? own : failure->message);
	json_object_set_new(json, "exception", exception);
	text_set(json, "torch", repro->source->process(repro->source->context, failure->process)->torch_version);
	json_object_set(json, "notes", repro->notes);
	json_object_set(json, "program", repro->reason[0] ? json_null() : repro->lines);
	text_set(json, "reason", repro->reason[0] ? repro->reason : NULL);
	json_decref(where);
	return json;
}

json_t *
repro_build(const struct source *source)
{
	struct repro *repro = calloc(1, sizeof(*repro));
	struct failure failure, told;
	struct diagnosis diagnosis;
	json_t *json;

	if (!repro)
		return NULL;
	*repro = (struct repro){ .source = source, .failure = &failure, .lines = json_array(), .notes = json_array() };
	if (failure_choose(source, &failure)) {
		told = failure; /* the diagnosis may turn to what failed inside */
		diagnosis_start(&diagnosis, source, &told);
		repro->frames = diagnosis.frames;
		repro->leaf = diagnosis.has_mismatch && strcmp(diagnosis.mismatch.property, "leaf") == 0;
		repro->counts = failure.operation ? failure.operation->json : NULL;
		make(repro, &diagnosis);
		if (repro->devices.used)
			repro_note(repro, "it takes %s", repro->devices.data);
		json = result_json(repro, &failure);
		diagnosis_end(&diagnosis);
	} else {
		json = json_pack("{s:n, s:n, s:n, s:n, s:[], s:n, s:s}", "operation", "where", "exception", "torch", "notes", "program", "reason",
				 "nothing failed");
	}
	json_decref(repro->lines);
	json_decref(repro->notes);
	free(repro);
	return json;
}
