/* Where a program holds its data to a limit before something more is put to them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

#define ADDED_MOST 16 /* marks that are put around a text; more is no mark */

/* Is NAME compared, or cut at, on LINE (which doesn't set it)? */
static bool
is_held(const char *line, const char *name)
{
	size_t size = strlen(name);

	if (line[strspn(line, " \t")] == '#')
		return false;
	for (const char *at = line; (at = text_word(at, name)); at += size) {
		const char *before = at, *after = at + size + strspn(at + size, " ");

		while (before > line && (before[-1] == ' ' || text_is_word(before[-1]) || before[-1] == '.'))
			before--;
		if ((before - line > 1 && before[-1] == '=' && strchr("<>", before[-2])) || (before > line && strchr("<>", before[-1])) ||
		    (before > line && before[-1] == ':' && strchr(line, '[') && *after == ']') || strchr("<>", *after ? *after : ' '))
			return true;
	}
	return false;
}

/* The first line of the file at PATH that holds something to a number by name which it sets, or a frame reaches, to BOUND; 0 if none does. */
static int
find_line(const struct cause_facts *facts, const char *path, int64_t bound, char name[64])
{
	struct settings *own = calloc(1, sizeof(*own));
	struct code code;
	int found = 0;

	if (!own || !code_open(&code, path, facts->time_ns)) {
		free(own);
		return 0;
	}
	for (int i = 0; i < code.count; i++)
		settings_add_line(own, code.lines[i], 0, i + 1);
	for (int s = 0; s < own->count && !found; s++)
		for (int i = 0; own->list[s].value == bound && strlen(own->list[s].key) > 2 && i < code.count && !found; i++)
			if (i + 1 != own->list[s].line && is_held(code.lines[i], own->list[s].key)) {
				text_format(name, 64, "%s", own->list[s].key);
				found = i + 1;
			}
	code_close(&code);
	free(own);
	return found;
}

bool
cause_add_checked_before(const struct cause_facts *facts, const struct lineage_step *step, int64_t bound, int64_t most, struct cause *out)
{
	char where[4200], name[64], *colon;
	struct code code;
	int line;

	if (!facts->source || !step || most <= bound || most - bound > ADDED_MOST || !where_site_line(facts->source, facts->process, step->event.site, true, where, sizeof(where)) ||
	    !(colon = strrchr(where, ':')))
		return false;
	*colon = 0;
	line = where_is_program(where) ? find_line(facts, where, bound, name) : 0;
	if (!line || !code_open(&code, where, facts->time_ns))
		return false;
	text_add(&out->text, "; the program holds its data to %s = %" PRId64 " at %s:%d: `", name, bound, text_basename(where), line);
	text_add_short(&out->text, code.lines[line - 1] + strspn(code.lines[line - 1], " \t"), 80);
	text_add(&out->text, "%s", "`");
	text_add(&out->text, ", and what is put to them after that isn't counted there: %" PRId64 " more", most - bound);
	text_add(&out->fix, "count what is added (marks at the beginning and end, a prefix) at %s:%d, or hold it to %s after that; or ", text_basename(where), line, name);
	code_close(&code);
	return true;
}
