/* A rule about what is made no longer than a limit, where what it belongs to isn't held to that: "zeros(min(width, self.limit))". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

#define STATEMENTS_MOST 64
#define FRAMES_DEEP 3   /* calls that the size may have been given through */
#define LAST_LEAST 3    /* letters of a limit's name */
#define ARGUMENT_MOST 96

/* The "min(FREE, HELD)" that gave the size: HELD is NUMBER (NULL: it stands there as it is). */
struct capped { char text[CODE_TEXT_MOST], free[ARGUMENT_MOST], held[ARGUMENT_MOST], file[256]; const json_t *number; int line; };

/* What the path TEXT is by its last name, of SIZE; one that a file sets, which it got its name from, before others. NULL if nothing is. */
static const json_t *
number_of(const struct cause_facts *facts, const char *text, int64_t size)
{
	const char *last, *is;
	size_t length = cause_last_name(text, &last);
	const json_t *number, *found = NULL;
	struct text_walk at = { 0 };

	while (length >= LAST_LEAST && (number = cause_next_number(facts, &at))) {
		const char *name = text_get(number, "name");
		size_t whole = cause_last_name(name, &is);

		if (json_integer_value(json_object_get(number, "value")) != size || strncmp(name, "len(", 4) == 0 || whole < length || strncmp(is, last, length) != 0)
			continue;
		if (settings_find(facts->settings, name, size))
			return number;
		found = !found && whole == length ? number : found;
	}
	return found;
}

/* Does TEXT have one min() of two, one of which is SIZE by its name or as it stands there? */
static bool
is_capped(const struct cause_facts *facts, const char *text, int64_t size, struct capped *out)
{
	const char *at = strstr(text, "min(");
	char arguments[3][ARGUMENT_MOST];

	if (!at || (at > text && at[-1] == '.') || !code_argument(text, "min", "", 0, arguments[0], sizeof(arguments[0])) ||
	    !code_argument(text, "min", "", 1, arguments[1], sizeof(arguments[1])) || code_argument(text, "min", "", 2, arguments[2], sizeof(arguments[2])))
		return false;
	for (int i = 0; i < 2; i++) {
		bool path = code_path(arguments[i]) == strlen(arguments[i]);
		char *end;

		out->number = path ? number_of(facts, arguments[i], size) : NULL;
		if (!out->number && (strtoll(arguments[i], &end, 10) != size || *end))
			continue;
		text_format(out->held, sizeof(out->held), "%s", arguments[i]);
		text_format(out->free, sizeof(out->free), "%s", arguments[!i]);
		text_format(out->text, sizeof(out->text), "min(%s, %s)", arguments[0], arguments[1]);
		return true;
	}
	return false;
}

struct search { const struct cause_facts *facts; const json_t *frames; int64_t size; struct capped *out; };

static bool search_frame(const struct search *search, size_t f, const char *name, int place, int depth);

/* In what the names of EXPRESSION were set to by STATEMENTS, those of frame F, or were given as the function was called. */
static bool
search_names(const struct search *search, size_t f, const struct code_statement *statements, int count, const char *expression, int depth)
{
	size_t size;

	for (const char *at = expression; (at = code_next_path(at, &size)); at += size) {
		char name[64], text[CODE_TEXT_MOST];
		int place;

		if (size >= sizeof(name) || at[size] == '(')
			continue;
		text_format(name, sizeof(name), "%.*s", (int)size, at);
		if (code_assigned(statements, count, name, text, sizeof(text), &place)) {
			if (place < 0 && is_capped(search->facts, text, search->size, search->out)) {
				for (int i = 0; i + 1 < count; i++)
					search->out->line = strstr(statements[i].text, text) ? statements[i].first : search->out->line;
				return true;
			}
			continue;
		}
		place = code_parameter(&statements[0], name);
		if (place >= 0 && depth < FRAMES_DEEP && search_frame(search, f + 1, name, place, depth + 1))
			return true;
	}
	return false;
}

/* In the statement of frame F; NAME: in what it gives to the frame within as its parameter at PLACE. */
static bool
search_frame(const struct search *search, size_t f, const char *name, int place, int depth)
{
	const json_t *frame = json_array_get(search->frames, f);
	const char *function = f ? text_get(json_array_get(search->frames, f - 1), "function") : "", *last = strrchr(function, '.');
	struct code_statement *statements;
	char argument[CODE_TEXT_MOST];
	bool found = false;
	struct code code;
	int line = (int)json_integer_value(json_object_get(frame, "line")), count;

	if (!frame || !where_is_program(text_get(frame, "file")) || !code_open(&code, text_get(frame, "file"), search->facts->time_ns))
		return false;
	statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	count = statements ? code_statements(&code, line, statements, STATEMENTS_MOST) : 0;
	if (count > 0 && (!name || code_argument(statements[count - 1].text, last ? last + 1 : function, name, place, argument, sizeof(argument)))) {
		const char *expression = name ? argument : statements[count - 1].text;

		search->out->line = line;
		text_format(search->out->file, sizeof(search->out->file), "%s", text_basename(text_get(frame, "file")));
		found = is_capped(search->facts, expression, search->size, search->out) ||
			search_names(search, f, statements, count, expression, depth);
	}
	free(statements);
	code_close(&code);
	return found;
}

static bool
find_capped(const struct cause_facts *facts, const struct lineage_step *step, int64_t size, struct capped *out)
{
	json_t *frames = facts->source ? where_site_frames(facts->source, facts->process, step->event.site) : NULL;
	struct search search = { facts, frames, size, out };
	bool found;
	size_t f = 0;

	while (f < json_array_size(frames) && !where_is_program(text_get(json_array_get(frames, f), "file")))
		f++;
	found = frames && search_frame(&search, f, NULL, -1, 0);
	json_decref(frames);
	return found;
}

/* Needs: the smaller side was made by what asks for a size, which the program's code gives as the lesser of two, one of them that size by name; its
 * line never made more. */
bool
cause_capped(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *small = &facts->sides[0], *large = &facts->sides[1];
	const struct lineage_step *step;
	const char *is, *other;
	struct capped capped;

	if (small->size > large->size) {
		small = &facts->sides[1];
		large = &facts->sides[0];
	}
	step = cause_decider(small);
	if (!cause_disagrees(facts, "size") || small->size < 2 || small->size == large->size || small->place < 0 || large->place < 0 || !step ||
	    !cause_decided_by(small, "zeros ones full empty rand randn randint arange eye randperm") || (small->calls && small->largest > small->size) ||
	    !find_capped(facts, step, step->size, &capped))
		return false;
	is = cause_operand_name(facts, small->place);
	other = cause_operand_name(facts, large->place);
	out->setting = capped.number;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "%s is made no longer than %s", is, capped.held);
	if (capped.number)
		cause_add_number(facts, &out->text, capped.number);
	text_add(&out->text, ", by `%s` (%s:%d), and %s isn't held to that: it has %" PRId64, capped.text, capped.file, capped.line, other, large->size);
	text_add(&out->evidence, "the %" PRId64 " was decided by ", step->size);
	cause_add_step(facts, &out->evidence, step);
	text_add(&out->fix, "make both of one length: `%s` instead of `%s` at %s:%d, or hold what %s is made of to %s, too (before anything is computed from it)", capped.free,
		 capped.text, capped.file, capped.line, other, capped.held);
	if (capped.number)
		text_add(&out->fix, "; or raise %s to %" PRId64 " or more", text_get(capped.number, "name"), large->size);
	return true;
}
