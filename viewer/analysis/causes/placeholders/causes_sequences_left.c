/* Pieces that a line made, of which another took only some: a limit between both left the rest out. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "placeholders.h"
#include "../../history/usual.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define SEEN_MOST 512
#define STATEMENTS_MOST 64

/* What the line of MAKER made after event AFTER and before BEFORE, of the shape of LIKE; what that line itself went on with isn't counted. */
struct made { const struct operand *like; int64_t after, before, taken[SEEN_MOST]; int seen, count; };

static bool
count_made(const struct event *event, void *context)
{
	struct made *made = context;
	const struct operand *is = event->output_count == 1 ? &event->outputs[0] : NULL;
	int from = rule_any(event, "self input");
	bool same = is && is->ndim == made->like->ndim;

	if (event->id >= made->before)
		return true;
	if (event->id <= made->after || made->seen == SEEN_MOST)
		return false;
	for (int i = 0; same && i < made->seen; i++)
		same = made->taken[i] != is->tensor;
	for (int d = 0; same && d < is->ndim; d++)
		same = is->sizes[d] == made->like->sizes[d];
	made->count += same;
	made->taken[made->seen++] = from >= 0 ? event->operands[from].tensor : 0;
	return true;
}

/* How many pieces of JOIN are of the line that made the first; MAKER gets that. */
static int
count_taken(const struct cause_facts *facts, const struct event *join, struct event *maker)
{
	int first = rule_next(join, 0), taken = 0, output, writes;

	if (first < 0 || !lineage_maker(facts->source, facts->process, join->operands[first].tensor, join->id, LINEAGE_SIZE, maker, &output, &writes) || maker->site < 0)
		return 0;
	for (int i = first; i >= 0; i = rule_next(join, i + 1)) {
		struct event other;

		taken += join->operands[i].tensor > 0 && lineage_maker(facts->source, facts->process, join->operands[i].tensor, join->id, LINEAGE_SIZE, &other, &output, &writes) &&
			 other.site == maker->site && strcmp(other.operation, maker->operation) == 0;
	}
	return taken;
}

/* Does the statement TEXT keep the first of a list, "pieces[:most]"? */
static bool
keeps_first(const char *text)
{
	for (const char *at = text; (at = strchr(at, '[')); at++) {
		const char *end = at + 1 + strspn(at + 1, " ");
		size_t size;

		if (*end != ':')
			continue;
		end += 1 + strspn(end + 1, " ");
		size = strcspn(end, "],:");
		if (size && end[size] == ']' && *end != '-')
			return true;
	}
	return false;
}

/* ": `tiles = tiles[:most]` (prepare.py:24)" of the only statement between MAKER's line and JOIN's that keeps the first of a list, into TEXT. */
static void
add_limit(const struct cause_facts *facts, const struct event *maker, const struct lineage_step *join, struct text *text)
{
	struct code_statement *statements = malloc(STATEMENTS_MOST * sizeof(*statements));
	const struct code_statement *found = NULL;
	char file[512], made[512], *colon = NULL;
	int line, from, count = statements ? cause_statements(facts, join, statements, STATEMENTS_MOST, file, sizeof(file), &line) : 0, seen = 0;

	if (where_site_line(facts->source, facts->process, maker->site, false, made, sizeof(made)))
		colon = strrchr(made, ':');
	from = colon ? atoi(colon + 1) : 0;
	if (colon)
		*colon = 0;
	for (int i = 0; i < count && from && strcmp(made, file) == 0; i++)
		if (statements[i].first >= from && keeps_first(statements[i].text)) {
			found = &statements[i];
			seen++;
		}
	if (seen == 1) {
		const char *is = found->text + strspn(found->text, " ");
		size_t size = strlen(is);

		while (size && is[size - 1] == ' ')
			size--;
		text_add(text, ": `");
		text_add(text, "%.*s", (int)size, is);
		text_add(text, "` (%s:%d)", file, found->first);
	}
	free(statements);
}

bool
placeholders_tell_left(const struct cause_facts *facts, const struct lineage_step *step, int64_t left, struct cause *out)
{
	const struct event *join = &step->event;
	struct made made = { .before = join->id, .after = -1 };
	struct event maker, newest;
	char at[512];
	int taken;

	if (!facts->source || left < 1 || !mismatch_is_any(join->operation, "stack cat concat concatenate") || (taken = count_taken(facts, join, &maker)) < 1)
		return false;
	if (usual_newest(facts->source, facts->process, join, &newest))
		made.after = newest.id;
	made.like = &join->operands[rule_next(join, 0)];
	maker.id = join->id; /* all before that */
	facts->source->each_call(facts->source->context, facts->process, &maker, count_made, &made);
	if (made.seen == SEEN_MOST || made.count != taken + left)
		return false;
	if (!where_called_line(facts->source, facts->process, maker.site, at, sizeof(at)))
		return false;
	text_add(&out->text, "; of %d pieces made of it at %s %d went into ", made.count, at, taken);
	cause_add_event(facts, &out->text, join);
	text_add(&out->text, ", %" PRId64 " were left out", left);
	add_limit(facts, &maker, step, &out->text);
	text_add(&out->text, "; the text counts all");
	return true;
}
