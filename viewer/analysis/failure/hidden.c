/* What a handler hid: an operation that failed and was survived, for want of whose result the program then ended. */
#include <stdlib.h>
#include <string.h>

#include "../causes/code/code.h"
#include "failure_process.h"
#include "../text.h"
#include "../where.h"

#define NAMES_MOST 16
#define NOTES_MOST 64

/* What the program lacked where it ended: the names that its statement takes, and the functions that those were to come from. */
struct lack { char names[NAMES_MOST][64], makers[NAMES_MOST][64]; int name_count, maker_count; bool unbound; const json_t *frame; };

static void
add_word(char list[NAMES_MOST][64], int *count, const char *word, size_t length)
{
	if (length && length < 64 && *count < NAMES_MOST)
		text_format(list[(*count)++], 64, "%.*s", (int)length, word);
}

/* The function that EXPRESSION ("self.run(batch)[0]") calls first: "run". */
static void
add_maker(struct lack *lack, const char *expression)
{
	const char *open = strchr(expression, '('), *begin = open;

	while (begin && begin > expression && text_is_word(begin[-1]))
		begin--;
	if (open)
		add_word(lack->makers, &lack->maker_count, begin, (size_t)(open - begin));
}

/* Does the exception say that something is None, or was never given a value? */
static bool
tells_lack(const struct failure *failure, struct lack *lack)
{
	const char *message = failure->message ? failure->message : "", *quote;

	if (text_among("UnboundLocalError NameError", failure->type)) {
		quote = strchr(message, '\'');
		if (quote)
			add_word(lack->names, &lack->name_count, quote + 1, strcspn(quote + 1, "'"));
		lack->unbound = true;
		return lack->name_count > 0;
	}
	return text_among("TypeError AttributeError", failure->type) && strstr(message, "NoneType");
}

/* The names of the failing statement, as far as its file can be read. */
static bool
read_lack(const struct failure *failure, struct lack *lack)
{
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	struct code_names *names = calloc(1, sizeof(*names));
	struct code code;
	int count = 0;

	lack->frame = json_array_get(failure->frames, 0);
	if (statements && names && code_open(&code, text_get(lack->frame, "file"), failure->time_ns)) {
		char made[CODE_TEXT_MOST];
		int place;

		count = code_statements(&code, (int)json_integer_value(json_object_get(lack->frame, "line")), statements, CODE_STATEMENTS_MOST);
		if (count && !lack->unbound)
			code_depends(statements, count, names);
		for (int i = 0; i < names->count; i++) {
			const char *name = names->names[i].name;

			if (names->names[i].depth || strcmp(name, "self") == 0)
				continue;
			add_word(lack->names, &lack->name_count, name, strlen(name));
			if (code_assigned(statements, count, name, made, sizeof(made), &place))
				add_maker(lack, made);
		}
		code_close(&code);
	}
	free(statements);
	free(names);
	return count && lack->name_count;
}

/* Is NAME what STATEMENT sets: "NAME = ", "self.NAME = ", one of several? */
static bool
sets(const struct code_statement *statement, const char *name)
{
	const char *equals = strstr(statement->text, " = "), *dot;
	char value[CODE_TEXT_MOST];
	size_t length;
	int place;

	if (code_assigned(statement, 2, name, value, sizeof(value), &place)) /* of two statements, the first */
		return true;
	if (!equals)
		return false;
	length = (size_t)(equals - statement->text);
	for (size_t i = 0; i < length; i++)
		if (!text_is_word(statement->text[i]) && statement->text[i] != '.')
			return false;
	dot = memchr(statement->text, '.', length) ? equals - strlen(name) : NULL;
	return dot && dot > statement->text && dot[-1] == '.' && strncmp(dot, name, strlen(name)) == 0;
}

/* Was the call at FRAME to give the program what it lacked: was it within its making, or was the line to set it? */
static bool
was_to_give(const struct lack *lack, const json_t *frame, int64_t time_ns)
{
	const char *function = text_get(frame, "function"), *last = strrchr(function, '.');
	bool same = strcmp(text_get(frame, "file"), text_get(lack->frame, "file")) == 0 && strcmp(function, text_get(lack->frame, "function")) == 0, found = false;
	struct code_statement *statements;
	struct code code;
	int count;

	for (int i = 0; i < lack->maker_count; i++)
		if (strcmp(lack->makers[i], last ? last + 1 : function) == 0)
			return true;
	if ((lack->unbound && !same) || !code_open(&code, text_get(frame, "file"), time_ns))
		return false;
	statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	count = statements ? code_statements(&code, (int)json_integer_value(json_object_get(frame, "line")), statements, CODE_STATEMENTS_MOST) : 0;
	for (int i = 0; i < lack->name_count && count && !found; i++)
		found = sets(&statements[count - 1], lack->names[i]);
	free(statements);
	code_close(&code);
	return found;
}

/* Did the operation of NOTE fail on the way to what the program lacked? */
static bool
gave_nothing(const struct source *source, const struct failure *failure, const struct lack *lack, const struct note *note)
{
	struct event event;
	json_t *frames;
	bool found = false;

	if (note->event < 0 || note->time_ns > failure->time_ns || !source->event(source->context, failure->process, note->event, &event) || event.site < 0 ||
	    event.step + 1 < failure->step || failure_left_by_python(note))
		return false;
	frames = where_site_frames(source, failure->process, event.site);
	for (size_t i = 0; i < json_array_size(frames) && !found; i++)
		found = where_is_program(text_get(json_array_get(frames, i), "file")) && was_to_give(lack, json_array_get(frames, i), failure->time_ns);
	json_decref(frames);
	return found;
}

const struct note *
failure_hidden(const struct source *source, const struct failure *failure)
{
	struct lack lack = { .name_count = 0 };
	const struct note *notes;
	int count;

	if (strcmp(failure->kind, "python") != 0 || failure->operation || failure->has_event || !failure->type || !tells_lack(failure, &lack) ||
	    !read_lack(failure, &lack))
		return NULL;
	count = source->notes(source->context, failure->process, "operation", &notes);
	for (int i = count - 1; i >= 0 && i >= count - NOTES_MOST; i--)
		if (gave_nothing(source, failure, &lack, &notes[i]))
			return &notes[i];
	return NULL;
}
