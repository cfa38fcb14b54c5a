/* Rules about limits that code applies to lists, before a tensor is made of them: cut too early, or each for itself. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../causes_tool.h"
#include "../code/code.h"
#include "../../where.h"

#define CALLS_ENOUGH 5
#define ADDED_MOST 4   /* tokens that are put around a text */
#define SUMMED_MOST 3
#define SOURCE_MOST 90

/* A line of source that cuts a list to a limit, less a few. */
struct cut { char file[512], name[64], line[200]; int number; int64_t less; };

/* "[: self.limit - 1]" at AT, where LIMIT is the name: how much less, -1 if that isn't what stands there. */
static int64_t
cuts_to(const char *at, const char *limit, size_t size)
{
	const char *name, *end;
	int64_t less = 0;

	if (*at++ != '[')
		return -1;
	at += strspn(at, " ");
	if (*at++ != ':')
		return -1;
	at += strspn(at, " ");
	for (name = end = at; isalnum((unsigned char)*end) || *end == '_' || *end == '.'; end++)
		if (*end == '.')
			name = end + 1;
	if ((size_t)(end - name) != size || strncmp(name, limit, size) != 0)
		return -1;
	end += strspn(end, " ");
	if (*end == '-') {
		char *after;

		less = strtoll(end + 1, &after, 10);
		end = after + strspn(after, " ");
	}
	return *end == ']' && less >= 0 && less <= ADDED_MOST ? less : -1;
}

/* The one line of FILE that cuts a list to LIMIT (or a few less). False if none does, or several do otherwise. */
static bool
find_cut(const struct cause_facts *facts, const char *file, const char *limit, struct cut *out)
{
	const char *last = strrchr(limit, '.') ? strrchr(limit, '.') + 1 : limit;
	size_t size = strlen(last);
	struct code code;
	bool found = false, several = false;

	if (size < 3 || !code_open(&code, file, facts->time_ns))
		return false;
	for (int i = 0; i < code.count; i++)
		for (const char *at = code.lines[i]; (at = strchr(at, '[')); at++) {
			int64_t less = cuts_to(at, last, size);

			if (less < 0)
				continue;
			several = several || (found && out->less != less);
			found = true;
			out->less = less;
			out->number = i + 1;
			text_format(out->file, sizeof(out->file), "%s", file);
			text_format(out->name, sizeof(out->name), "%s", last);
			text_format(out->line, sizeof(out->line), "%s", code.lines[i] + strspn(code.lines[i], " \t"));
		}
	code_close(&code);
	return found && !several;
}

/* The limit that SIZE is, and the line of STEP's file that cuts to it; without such a line, any limit by name. */
static const json_t *
find_limit(const struct cause_facts *facts, const struct lineage_step *step, int64_t size, struct cut *cut)
{
	char file[4200], *colon;
	bool known = facts->source && where_site_line(facts->source, facts->process, step->event.site, true, file, sizeof(file));
	struct text_walk at = { 0 };
	const json_t *limit, *number;

	cut->number = 0;
	colon = known ? strrchr(file, ':') : NULL;
	if (colon)
		*colon = 0;
	while (colon && *file == '/' && (number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == size && cause_is_limit(facts, number) &&
		    find_cut(facts, file, text_get(number, "name"), cut))
			return number;
	limit = cause_named_number(facts, size, cause_limits);
	return cause_is_limit(facts, limit) ? limit : NULL;
}

/* Needs: two sizes that came in from lists, one of them a limit by name that all had in every call before, the other a few more. Likely where
 * a line of the program cuts to that limit, less as many as don't make up for it. */
bool
cause_cut_before_added(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *fits = &facts->sides[0], *more = &facts->sides[1];
	const struct lineage_step *step;
	const char *limit;
	struct cut cut;
	int64_t over;

	if (!cause_disagrees(facts, "size") || facts->calls < CALLS_ENOUGH)
		return false;
	if (fits->size > more->size) {
		fits = &facts->sides[1];
		more = &facts->sides[0];
	}
	over = more->size - fits->size;
	step = cause_decider(more);
	if (fits->size < 4 || over < 1 || over > ADDED_MOST || !step || !step->entered || !cause_decider(fits) || !cause_decider(fits)->entered)
		return false;
	for (int i = 0; i < 2; i++)
		if (!facts->sides[i].calls || facts->sides[i].smallest != fits->size || facts->sides[i].largest != fits->size)
			return false; /* lengths of all kinds: nothing is padded */
	out->setting = find_limit(facts, step, fits->size, &cut);
	if (!out->setting)
		return false;
	limit = text_get(out->setting, "name");
	out->confidence = cut.number ? "likely" : "possible";
	if (cut.number) {
		text_add(&out->text, "%s was cut to %s - %" PRId64 " = %" PRId64 " before %" PRId64 " more were added: it has %" PRId64 " where the limit is %" PRId64,
			 cause_operand_name(facts, more->place), cut.name, cut.less, fits->size - cut.less, more->size - (fits->size - cut.less), more->size,
			 fits->size);
		text_add(&out->text, " (%s:%d: `", text_basename(cut.file), cut.number);
		text_add_short(&out->text, cut.line, SOURCE_MOST);
		text_add(&out->text, "%s", "`)");
		text_add(&out->fix, "cut to %s - %" PRId64 " (as many as are added after that), or cut again when all are there; raising the limit leaves the next "
			 "long one as much too long", cut.name, more->size - (fits->size - cut.less));
	} else {
		text_add(&out->text, "all are padded to %s = %" PRId64 ", and %s has %" PRId64 " more: it was not cut to that, or was cut before as many special tokens "
			 "(begin, end) were added", limit, fits->size, cause_operand_name(facts, more->place), over);
		text_add(&out->fix, "cut to %" PRId64 " when all tokens are there, special ones included (or cut the text to as many fewer as are added)", fits->size);
	}
	text_add(&out->evidence, "in %" PRId64 " earlier calls every size was %" PRId64 ", the limit itself: shorter ones are padded to it", facts->calls, fits->size);
	return true;
}

/* Do ONE and OTHER ("settings.a", "settings.b") belong to one object? */
static bool
is_of_same(const char *one, const char *other)
{
	const char *dot = strrchr(one, '.'), *theirs = strrchr(other, '.');

	return dot && theirs && dot - one == theirs - other && strncmp(one, other, (size_t)(dot - one)) == 0 && strcmp(dot, theirs) != 0;
}

bool
cause_add_sum(const struct cause_facts *facts, int64_t size, int64_t bound, struct cause *out)
{
	static const char lengths[] = "token length len words frames prompt text";

	for (size_t i = 0; i < json_array_size(facts->numbers); i++) {
		const json_t *list = json_object_get(json_array_get(facts->numbers, i), "numbers");

		for (size_t n = 0; n < json_array_size(list); n++) {
			const json_t *parts[SUMMED_MOST] = { json_array_get(list, n) };
			int64_t sum = json_integer_value(json_object_get(parts[0], "value"));
			int count = 1;

			if (!strchr(text_get(parts[0], "name"), '.') || !cause_is_called(parts[0], lengths) || sum < 2 || sum >= bound)
				continue;
			for (size_t m = n + 1; m < json_array_size(list) && count < SUMMED_MOST; m++) {
				const json_t *other = json_array_get(list, m);
				int64_t value = json_integer_value(json_object_get(other, "value"));
				bool fresh = is_of_same(text_get(parts[0], "name"), text_get(other, "name"));

				for (int k = 0; k < count; k++)
					fresh = fresh && strcmp(text_get(parts[k], "name"), text_get(other, "name")) != 0;
				if (!fresh || !cause_is_called(other, lengths) || value < 2 || value >= bound)
					continue;
				parts[count++] = other;
				sum += value;
			}
			if (count < 2 || sum <= bound || size > sum + ADDED_MOST)
				continue;
			text_add(&out->text, "%s", "; ");
			for (int k = 0; k < count; k++)
				text_add(&out->text, "%s%s = %" PRId64, !k ? "" : k == count - 1 ? SAY(" and ") : ", ", text_get(parts[k], "name"),
					 (int64_t)json_integer_value(json_object_get(parts[k], "value")));
			text_add(&out->text, " are each below it, and together may come to %" PRId64 " and what is put around them", sum);
			text_add(&out->fix, "where these are joined, bound both together to %" PRId64 ", special tokens included (cut the one to what the other leaves); else ", bound);
			return true;
		}
	}
	return false;
}
