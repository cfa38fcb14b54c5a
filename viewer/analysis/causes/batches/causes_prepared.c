/* A rule about data that came in ready made with other columns than those a layer was built for: two data sets that were prepared apart. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"

#define CALLS_LEAST 10   /* of one width: no chance */
#define CALLS_LOOKED 512
#define NAME_MOST 96

struct width { const struct cause_side *is, *built; const struct news_step *new; };

/* Is it of before this step, as a layer's weight is? */
static bool
is_of_before(const struct cause_facts *facts, const struct cause_side *side)
{
	return cause_is_old(facts, side) || (cause_decider(side) && cause_decider(side)->event.step < facts->event->step);
}

/* The side whose last dimension came in by one line of the program that always brought as many as the other, which is old, has. */
static bool
find_width(const struct cause_facts *facts, struct width *out)
{
	for (int i = 0; i < 2 && cause_disagrees(facts, "size"); i++) {
		const struct cause_side *is = &facts->sides[i], *built = &facts->sides[!i];
		const struct news_step *new = is->news && is->news->count ? &is->news->steps[is->news->count - 1] : NULL;
		const struct operand *came = new && new->step.output < new->step.event.output_count ? &new->step.event.outputs[new->step.output] : NULL;

		if (!came || is->place < 0 || built->place < 0 || !new->step.entered || came->ndim < 2 || new->step.dim != came->ndim - 1 || !rule_is_floating(came->dtype))
			continue;
		if (new->step.size != is->size || !usual_is_steady(&new->usual) || new->usual.calls < CALLS_LEAST || new->usual.largest != built->size ||
		    !is_of_before(facts, built))
			continue;
		*out = (struct width){ is, built, new };
		return true;
	}
	return false;
}

struct phases { const struct event *now; int64_t calls; const char *before; bool same; };

static bool
add_phase(const struct event *event, void *context)
{
	struct phases *phases = context;

	phases->same = phases->same || strcmp(event->phase, phases->now->phase) == 0;
	phases->before = phases->before ? phases->before : strcmp(event->phase, "eval") == 0 ? SAY("evaluation") : SAY("training");
	return !phases->same && ++phases->calls < CALLS_LOOKED;
}

/* Is it the first batch of this phase that the line is given, others being of another (an evaluation's own line: of training)? Gets what both are called. */
static bool
is_first_of_phase(const struct cause_facts *facts, const char **now, const char **before)
{
	struct phases phases = { .now = facts->event };
	bool evaluates = strcmp(facts->event->phase, "eval") == 0;

	elsewhere_each(facts->source, facts->process, facts->event, add_phase, &phases);
	*now = evaluates ? SAY("evaluation") : SAY("training");
	*before = phases.before ? phases.before : SAY("training");
	return !phases.same && (phases.calls || evaluates);
}

/* The array of NUMBER, "train.features" of "len(train.features[0])", whose columns it tells; false if it is none. */
static bool
array_name(const json_t *number, char out[NAME_MOST])
{
	const char *name = text_get(number, "name");
	size_t size = strlen(name);

	if (strncmp(name, "len(", 4) != 0 || !text_ends(name, "[0])") || size < 9 || size - 8 >= NAME_MOST)
		return false;
	text_format(out, NAME_MOST, "%.*s", (int)(size - 8), name + 4);
	return true;
}

/* An array of COLUMNS within reach, by the attribute ATTRIBUTE if that isn't ""; false if there is none. */
static bool
find_array(const struct cause_facts *facts, int64_t columns, const char *attribute, char out[NAME_MOST])
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at))) {
		const char *dot;

		if (json_integer_value(json_object_get(number, "value")) != columns || !array_name(number, out))
			continue;
		dot = strrchr(out, '.');
		if (!*attribute || (dot && strcmp(dot + 1, attribute) == 0))
			return true;
	}
	return false;
}

/* Two arrays by one attribute of two objects, of IS and WAS columns. */
static bool
find_arrays(const struct cause_facts *facts, const struct width *width, char is[NAME_MOST], char was[NAME_MOST])
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at)))
		if (json_integer_value(json_object_get(number, "value")) == width->is->size && array_name(number, is) && strrchr(is, '.') &&
		    find_array(facts, width->built->size, strrchr(is, '.') + 1, was))
			return true;
	return false;
}

/* " (`self.features = prepare(frame)`, data.py:30)": the one line of the file that the data came in by which sets the attribute of ARRAY. */
static bool
add_made(const struct cause_facts *facts, const struct lineage_step *step, const char *array, struct text *text)
{
	char file[512], line[512], made[512] = "", wanted[NAME_MOST + 8];
	struct code code;
	int at = cause_open(facts, step, &code, file, sizeof(file)), where = 0;

	if (!at)
		return false;
	text_format(wanted, sizeof(wanted), "self.%s =", strrchr(array, '.') + 1);
	for (int i = 1; i <= code.count; i++)
		if (code_line(&code, i, line, sizeof(line)) && strncmp(line, wanted, strlen(wanted)) == 0 && line[strlen(wanted)] != '=') {
			if (where) {
				where = 0;
				break;
			}
			where = i;
			text_format(made, sizeof(made), "%s", line);
		}
	code_close(&code);
	if (!where)
		return false;
	text_add(text, "%s", " (`");
	text_add_short(text, made, 70);
	text_add(text, "`, %s:%d)", file, where);
	return true;
}

/* Needs: columns that came in ready made by a line which always brought as many as the layer was built for, in another phase or, by name, of another
 * data set of the same kind. */
bool
cause_prepared_apart(const struct cause_facts *facts, struct cause *out)
{
	const char *now = "", *before = "";
	char is[NAME_MOST], was[NAME_MOST];
	struct width width;
	bool first, named;
	int64_t apart;

	if (!facts->source || !facts->event || !find_width(facts, &width))
		return false;
	first = is_first_of_phase(facts, &now, &before);
	named = find_arrays(facts, &width, is, was);
	if (!first && !named)
		return false;
	apart = width.is->size < width.built->size ? width.built->size - width.is->size : width.is->size - width.built->size;
	out->confidence = "likely";
	out->tells_news = true;
	if (first)
		text_add(&out->text, "the data of %s has %" PRId64 " columns, that of %s, for which %s was built, %" PRId64 ": %" PRId64 " %s", now, width.is->size, before,
			 cause_operand_name(facts, width.built->place), width.built->size, apart, width.is->size < width.built->size ? SAY("fewer") : SAY("more"));
	else
		text_add(&out->text, "this data has %" PRId64 " columns, that before, for which %s was built, %" PRId64 ": %" PRId64 " %s", width.is->size,
			 cause_operand_name(facts, width.built->place), width.built->size, apart, width.is->size < width.built->size ? SAY("fewer") : SAY("more"));
	if (named)
		text_add(&out->text, " (%s has %" PRId64 ", %s %" PRId64 ")", is, width.is->size, was, width.built->size);
	text_add(&out->text, ": the two were prepared apart, each by what it contains; both came in by ");
	cause_add_line(facts, &out->text, &width.new->step, -1);
	text_add(&out->evidence, "it brought %" PRId64 " in each of the last %" PRId64 " calls", width.built->size, width.new->usual.calls);
	if (cause_decider(width.built)) {
		text_add(&out->evidence, "; %s was made by ", cause_operand_name(facts, width.built->place));
		cause_add_line(facts, &out->evidence, cause_decider(width.built), -1);
	}
	text_add(&out->fix, "prepare both alike");
	if (named)
		add_made(facts, &width.new->step, is, &out->fix);
	text_add(&out->fix, ": keep the columns that were found for %s (categories, vocabulary, their order) and bring the other data to these %" PRId64 " (pandas: "
		 "reindex(columns=..., fill_value=0) after get_dummies; an encoder: fit it once, only transform here)",
		 first ? before : SAY("the first"), width.built->size);
	return true;
}
