/* A slice whose start was reckoned and fell below 0: Python counts it from the end. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"

#define CALLS_ENOUGH 3
#define CALLS_MOST 200
#define STATEMENTS_MOST 80

struct starts { int64_t calls, below; };

static bool
add_start(const struct event *event, void *context)
{
	struct starts *starts = context;
	int64_t start = 0;

	rule_int(event, "start", &start);
	starts->calls++;
	starts->below += start < 0;
	return starts->calls < CALLS_MOST;
}

/* The difference that a bound of the slice at STEP is given before it in its function ("r_begin = s_end - self.label_len"), in OUT with its line; false where there is none. */
static bool
find_difference(const struct cause_facts *facts, const struct lineage_step *step, struct text *out)
{
	char file[512], value[512];
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	struct code_names *names = calloc(1, sizeof(*names));
	int line, place, count = statements ? cause_statements(facts, step, statements, STATEMENTS_MOST, file, sizeof(file), &line) : 0;
	bool found = false;

	if (count > 0 && names)
		code_depends(statements, count, names);
	for (int i = 0; names && i < names->count && !found; i++) {
		const char *name = names->names[i].name, *at;
		size_t size = strlen(name);

		if (!names->names[i].assigned || names->names[i].depth || !code_assigned(statements, count, name, value, sizeof(value), &place) || place >= 0 || !strchr(value, '-'))
			continue;
		at = strstr(statements[count - 1].text, name);
		while (at && !(at[size] == ':' && at > statements[count - 1].text && strchr("[, ", at[-1])))
			at = strstr(at + 1, name);
		if (!at)
			continue; /* it isn't where a slice begins */
		text_add(out, "`%s = %s`", name, value);
		found = true;
	}
	free(names);
	free(statements);
	return found;
}

/* Needs: a side's size was decided by a slice that begins below 0, where its line begins at 0 or more in nearly all other calls. */
bool
cause_slice_below(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || !facts->source)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct lineage_step *step = cause_decider(&facts->sides[i]);
		struct starts starts = { 0 };
		struct text set = {{0}, 0};
		int64_t start = 0, end = 0;

		if (!step || !mismatch_is_any(step->event.operation, "slice") || !rule_int(&step->event, "start", &start) || start >= 0)
			continue;
		elsewhere_each(facts->source, facts->process, &step->event, add_start, &starts);
		if (starts.calls - starts.below < CALLS_ENOUGH || starts.below * 4 > starts.calls)
			continue;
		out->confidence = "likely";
		out->tells_news = true;
		text_add(&out->text, "a slice begins at %" PRId64 ", which is counted from the end: ", start);
		cause_add_line(facts, &out->text, step, -1);
		text_add(&out->text, "; so %s has %" PRId64, cause_operand_name(facts, facts->sides[i].place), facts->sides[i].size);
		if (rule_int(&step->event, "end", &end) && end >= 0 && end < RULE_INT_MOST)
			text_add(&out->text, " where %" PRId64 " to %" PRId64 " was meant, %" PRId64 " of them", start, end, end - start);
		if (find_difference(facts, step, &set))
			text_add(&out->text, "; its start is %s", set.data);
		text_add(&out->evidence, "in %" PRId64 " of %" PRId64 " other calls of that line it begins at 0 or more", starts.calls - starts.below, starts.calls);
		text_add(&out->fix, "let what is taken away there be no more than there is before it (a length, a lag or an overlap that is larger than the window), or begin at the first item for which "
			 "the start isn't below 0; to pad the empty one would hide it");
		return true;
	}
	return false;
}
