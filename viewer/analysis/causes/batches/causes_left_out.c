/* A rule about Python lists: a tensor was made of one that has fewer (or more) items than what it was made for. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

#define NAME_MOST 96
#define CALLS_LEAST 10     /* of one size: no chance */
#define LISTS_STATEMENTS 80 /* of the function, the last of them */

/* A list by name, "rewards" of a number "len(rewards)"; false if NUMBER is none. */
static bool
list_name(const json_t *number, char out[NAME_MOST])
{
	const char *name = text_get(number, "name");
	size_t size = strlen(name);

	if (strncmp(name, "len(", 4) != 0 || size < 6 || size >= NAME_MOST || name[size - 1] != ')')
		return false;
	text_format(out, NAME_MOST, "%.*s", (int)(size - 5), name + 4);
	return true;
}

/* The list that LINE makes its tensor of: one of SIZE by a name on it, and the place of its frame among the numbers; false if there is none. */
static bool
find_made_of(const struct cause_facts *facts, const char *line, int64_t size, char out[NAME_MOST], size_t *frame)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == size && list_name(number, out) && text_has_name(line, out)) {
			*frame = at.outer;
			return true;
		}
	return false;
}

/* Another list of the same FRAME, of WAS items: one that MADE, what the list is set to, names, or else any. False if there is none, or it isn't named and
 * one more list has IS, too: there are that many this time, and what has WAS is of something else. */
static bool
find_beside(const struct cause_facts *facts, size_t frame, int64_t was, int64_t is, const char *made_of, const char *made, char out[NAME_MOST])
{
	const json_t *numbers = json_object_get(json_array_get(facts->numbers, frame), "numbers"), *number;
	bool found = false, as_many = false;
	char name[NAME_MOST];
	size_t i;

	json_array_foreach(numbers, i, number) {
		int64_t value = json_integer_value(json_object_get(number, "value"));

		if ((value != was && value != is) || !list_name(number, name) || strcmp(name, made_of) == 0 || strpbrk(name, ".["))
			continue;
		as_many = as_many || value == is;
		if (value == is || (found && !text_has_name(made, name)))
			continue;
		text_format(out, NAME_MOST, "%s", name);
		found = true;
		if (text_has_name(made, name))
			return true;
	}
	return found && !as_many;
}

/* "number_reward(completions, answers)": what NAME was set to before STEP's line; empty if that isn't known. */
static void
find_made(const struct cause_facts *facts, const struct lineage_step *step, const char *name, char *value, size_t size)
{
	struct code_statement statements[LISTS_STATEMENTS];
	char file[512];
	int line, place, count = cause_statements(facts, step, statements, LISTS_STATEMENTS, file, sizeof(file), &line);

	*value = 0;
	if (count < 1 || !code_assigned(statements, count, name, value, size, &place) || place >= 0)
		*value = 0;
}

/* Needs: a size that a line of the program gave a tensor from a list by name, which was another, the same one, in every earlier call; and a list beside it
 * that has just as many items as that. */
bool
cause_list_left_out(const struct cause_facts *facts, struct cause *out)
{
	for (int i = 0; i < 2 && facts->source && facts->mismatch; i++) {
		const struct news *news = facts->sides[i].news;
		const struct news_step *new = news && news->count ? &news->steps[news->count - 1] : NULL;
		char line[512], made_of[NAME_MOST], beside[NAME_MOST], made[512];
		int64_t was, is, apart;
		size_t frame;

		if (!new || !usual_is_steady(&new->usual) || new->usual.calls < CALLS_LEAST || new->step.dim != 0 || !cause_source(facts, &new->step, line, sizeof(line)))
			continue;
		is = new->step.size;
		was = new->usual.largest;
		if (!find_made_of(facts, line, is, made_of, &frame))
			continue;
		find_made(facts, &new->step, made_of, made, sizeof(made));
		if (!find_beside(facts, frame, was, is, made_of, made, beside))
			continue;
		apart = is < was ? was - is : is - was;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "%s has %" PRId64 " item%s, %s has %" PRId64 ": %" PRId64 " %s", made_of, is, language_plural(is), beside, was, apart,
			 is > was ? SAY("too many") : apart == 1 ? SAY("was left out") : SAY("were left out"));
		text_add(&out->text, "; a tensor was made of it by ");
		cause_add_line(facts, &out->text, &new->step, -1);
		text_add(&out->evidence, "it was made of %" PRId64 " in each of the last %" PRId64 " calls, of %" PRId64 " this time", was, new->usual.calls, is);
		text_add(&out->fix, "see where %s is filled", made_of);
		if (*made) {
			text_add(&out->fix, "%s", " (`");
			text_add_short(&out->fix, made, 70);
			text_add(&out->fix, "%s", "`)");
		}
		text_add(&out->fix, ", and give it one item for each of %s: a value for what can't be counted (0, or nan that is left out later) instead of %s", beside,
			 is < was ? SAY("none (continue, a condition)") : SAY("several"));
		return true;
	}
	return false;
}
