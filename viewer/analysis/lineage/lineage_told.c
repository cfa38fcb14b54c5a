/* What is told of a story: its lines, its origin, and where two of them part. See lineage.h. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lineage.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"

#define LINE_MOST 512

/* CALLER: the program's line that was told last, which isn't told again. */
static void
add_operation(struct text *text, const struct source *source, const struct lineage *lineage, const struct lineage_step *step, char caller[LINE_MOST])
{
	char line[LINE_MOST];

	text_add(text, "%s", step->event.operation);
	if (where_site_line(source, lineage->process, step->event.site, false, line, sizeof(line)))
		text_add(text, " %s", line);
	if (step->decides && where_caller_line(source, lineage->process, step->event.site, line, sizeof(line)) && strcmp(line, caller) != 0) {
		text_add(text, ", called at %s", line);
		text_format(caller, LINE_MOST, "%s", line);
	}
	if (*step->how)
		text_add(text, " (%s)", step->how);
	if (step->writes)
		text_add(text, " (written in place %d time%s since)", step->writes, language_plural(step->writes));
	if (step->possible)
		text_add(text, " [possible]");
}

/* Does STEP only pass on what it was given: a view of the same elements, and not one that makes another size of them? */
static bool
is_passing(const struct lineage *lineage, int index)
{
	const struct lineage_step *step = &lineage->steps[index], *given = index + 1 < lineage->count ? &lineage->steps[index + 1] : NULL;

	return index > 0 && given && !step->decides && mismatch_is_view(step->event.operation) && step->size == given->size;
}

/* Chooses, of a story's steps, up to MOST; of one line of code no more than what decides. */
static void
choose_more(const struct lineage *lineage, bool *chosen, int *count, int most, bool passing)
{
	for (int i = 0; i < lineage->count && *count < most; i++)
		if (!chosen[i] && is_passing(lineage, i) == passing && (i == 0 || lineage->steps[i].event.site != lineage->steps[i - 1].event.site) &&
		    (i == 0 || i + 1 == lineage->count || lineage->steps[i].event.site != lineage->steps[i + 1].event.site)) {
			chosen[i] = true;
			++*count;
		}
}

/* Which steps to tell: what decides, then what is nearest to the failure, views last. */
static void
choose_steps(const struct lineage *lineage, bool *chosen, int most)
{
	int count = 0;

	memset(chosen, 0, LINEAGE_STEPS_MOST * sizeof(*chosen));
	if (lineage->decider >= 0) {
		chosen[lineage->decider] = true;
		count++;
	}
	for (int i = 0; i < lineage->count && count < most - 1; i++)
		if (lineage->steps[i].decides && !chosen[i]) {
			chosen[i] = true;
			count++;
		}
	choose_more(lineage, chosen, &count, most, false);
	choose_more(lineage, chosen, &count, most, true);
}

json_t *
lineage_passing(const struct lineage *lineage)
{
	bool chosen[LINEAGE_STEPS_MOST];
	json_t *places = json_array();
	int line = 0;

	choose_steps(lineage, chosen, LINEAGE_LINES_MOST);
	for (int i = 0; i < lineage->count; i++) {
		if (chosen[i] && is_passing(lineage, i))
			json_array_append_new(places, json_integer(line));
		line += chosen[i];
	}
	return places;
}

json_t *
lineage_lines(const struct source *source, const struct lineage *lineage, const char *head)
{
	json_t *lines = json_array();
	char caller[LINE_MOST] = ""; /* that was told */
	bool chosen[LINEAGE_STEPS_MOST];
	bool first = true;

	choose_steps(lineage, chosen, LINEAGE_LINES_MOST);
	for (int i = 0; i < lineage->count; i++) {
		struct text text = {{0}, 0};

		if (!chosen[i])
			continue;
		text_add(&text, "%s%s<- ", first && head ? head : "", first && head ? " " : "");
		add_operation(&text, source, lineage, &lineage->steps[i], caller);
		json_array_append_new(lines, text_json(text.data));
		first = false;
	}
	if (first && head)
		json_array_append_new(lines, text_json(head));
	return lines;
}

json_t *
lineage_origin(const struct source *source, const struct lineage *lineage, const char *what)
{
	const struct lineage_step *step = lineage->decider >= 0 ? &lineage->steps[lineage->decider] : NULL;
	struct text text = {{0}, 0};
	char line[4200], caller[LINE_MOST] = "";
	json_t *json;

	if (!step)
		return json_null();
	json = json_object();
	text_set_integer(json, "event", step->event.id, -1);
	text_set(json, "operation", step->event.operation);
	text_set(json, "where", where_site_line(source, lineage->process, step->event.site, true, line, sizeof(line)) ? line : NULL);
	text_add(&text, "%s", what);
	if (lineage->property == LINEAGE_SIZE && step->size > 0 && isdigit((unsigned char)*what) && strtoll(what, NULL, 10) != step->size)
		text_add(&text, " (%" PRId64 " there)", step->size);
	text_add(&text, " %s ", step->entered ? SAY("entered at") : step->possible ? SAY("possibly comes from")
				  : lineage->property == LINEAGE_VALUES || lineage->property == LINEAGE_MAKER ? SAY("was made by") : SAY("was decided by"));
	add_operation(&text, source, lineage, step, caller);
	text_set(json, "text", text.data);
	json_object_set_new(json, "possible", json_boolean(step->possible));
	return json;
}

bool
lineage_part(const struct source *source, const struct lineage *one, const struct lineage *other, char *out, size_t size)
{
	const struct lineage_step *a, *b;
	int parting = -1, shared = 0;
	char line[512];

	for (; shared < one->count && shared < other->count; shared++) {
		a = &one->steps[shared];
		b = &other->steps[shared];
		if (strcmp(a->event.operation, b->event.operation) != 0 || !where_same_line(source, one->process, a->event.site, b->event.site))
			break;
		if (a->size != b->size)
			parting = shared;
	}
	if (parting == 0 && shared == 1 && shared < one->count && shared < other->count)
		return false; /* one line, given what other lines made: all that they share */
	if (parting < 0 || one->steps[parting].event.id == other->steps[parting].event.id)
		return false;
	a = &one->steps[parting];
	b = &other->steps[parting];
	where_site_line(source, one->process, a->event.site, false, line, sizeof(line));
	text_say(out, size, "both come from the same code; they part at %s %s: %" PRId64 " here, %" PRId64 " there (events %" PRId64
		    " and %" PRId64 ")", a->event.operation, line, a->size, b->size, a->event.id, b->event.id);
	return true;
}
