#include "sliced.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

#define STEPS_MOST 24 /* of a side's story whose lines are read */
#define NAME_BYTES 100
#define STATEMENTS_MOST 128

void
sliced_frames(const struct cause_facts *facts, json_t *frames)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; facts->sides[side].lineage && i < facts->sides[side].lineage->count && i < STEPS_MOST; i++) {
			int64_t site = facts->sides[side].lineage->steps[i].event.site;
			json_t *list = site >= 0 ? where_site_frames(facts->source, facts->process, site) : NULL;
			int chosen = where_choose(list);

			if (chosen >= 0 && where_is_program(text_get(json_array_get(list, (size_t)chosen), "file")))
				json_array_append(frames, json_array_get(list, (size_t)chosen));
			json_decref(list);
		}
}

bool
sliced_name(const char **at, char *out, size_t size)
{
	for (const char *open = strchr(*at, '['); open; open = strchr(open + 1, '[')) {
		const char *start = open + 1 + strspn(open + 1, " "), *end;

		if (*start != ':')
			continue;
		start += 1 + strspn(start + 1, " ");
		for (end = start; text_is_word(*end) || (*end == '.' && end > start); end++)
			;
		if (end == start || isdigit((unsigned char)*start) || (size_t)(end - start) >= size || end[strspn(end, " ")] != ']')
			continue;
		text_format(out, size, "%.*s", (int)(end - start), start);
		*at = end;
		return true;
	}
	return false;
}

static bool
is_listed(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(text_get(json_array_get(list, i), "name"), name) == 0)
			return true;
	return false;
}

static void
each_in(const char *text, void (*visit)(const char *name, void *context), void *context)
{
	char name[NAME_BYTES];

	while (sliced_name(&text, name, sizeof(name)))
		visit(name, context);
}

void
sliced_each(const struct code *code, int line, void (*visit)(const char *name, void *context), void *context)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	int count = statements ? code_statements(code, line, statements, STATEMENTS_MOST) : 0, place;
	struct code_names names = { .count = 0 };
	char text[CODE_TEXT_MOST];

	if (count)
		code_depends(statements, count, &names);
	if (count)
		each_in(statements[count - 1].text, visit, context);
	for (int i = 0; i < names.count; i++)
		if (code_assigned(statements, count, names.names[i].name, text, sizeof(text), &place))
			each_in(text, visit, context);
	free(statements);
}

struct limits { const struct cause_facts *facts; int64_t size; json_t *list; };

/* What is cut at NAME, where that is the size. */
static void
add_limit(const char *name, void *context)
{
	struct limits *limits = context;

	if (!is_listed(limits->list, name) && settings_find(limits->facts->settings, name, limits->size))
		json_array_append_new(limits->list, json_pack("{s:s, s:I}", "name", name, "value", (json_int_t)limits->size));
}

static void
add_of(const struct cause_facts *facts, const struct lineage_step *step, int64_t size, json_t *list)
{
	struct limits limits = { .facts = facts, .size = size, .list = list };
	char file[512];
	struct code code;
	int line = step->event.site >= 0 && where_is_own(facts->source, facts->process, step->event.site) ? cause_open(facts, step, &code, file, sizeof(file)) : 0;

	if (!line)
		return;
	sliced_each(&code, line, add_limit, &limits);
	code_close(&code);
}

void
sliced_numbers(const struct cause_facts *facts, json_t *numbers)
{
	json_t *list = json_array();

	for (int side = 0; side < 2; side++) {
		const struct lineage *lineage = facts->sides[side].lineage;

		for (int i = 0; lineage && facts->settings && facts->sides[side].size > 2 && i < lineage->count && i < STEPS_MOST; i++)
			add_of(facts, &lineage->steps[i], facts->sides[side].size, list);
	}
	if (json_array_size(list))
		json_array_append_new(numbers, json_pack("{s:i, s:O}", "frame", (int)json_array_size(facts->frames), "numbers", list));
	json_decref(list);
}
