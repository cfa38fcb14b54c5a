/* A rule about an index that was made for an earlier batch and kept, as a cache, while what it picks from is of this one. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../state/kept.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define LINES_MOST 12 /* behind the line that made it, until it is kept */
#define NAME_MOST 96

struct newest { int64_t id, step; };

static bool
look_at_newest(const struct event *event, void *context)
{
	*(struct newest *)context = (struct newest){ event->id, event->step };
	return false;
}

/* The line that brought what it was made of, the first of SIDE's way behind KEPT that has brought another since; NULL. */
static const struct lineage_step *
brought_by(const struct cause_facts *facts, const struct cause_side *side, const struct kept *kept, struct newest *out)
{
	for (const struct lineage_step *step = kept->made; step < side->lineage->steps + side->lineage->count; step++) {
		struct event call = step->event;

		if (step->event.id < 0 || step->event.site < 0)
			continue;
		*out = (struct newest){ -1, -1 };
		call.id = facts->event->id;
		facts->source->each_call(facts->source->context, facts->process, &call, look_at_newest, out);
		if (out->id > kept->made->event.id && out->step > kept->made->event.step)
			return step;
	}
	return NULL;
}

/* Is what TABLE is made of, this step's own? */
static bool
is_of_now(const struct cause_facts *facts, const struct cause_side *table, const struct kept *kept)
{
	const struct lineage *lineage = table->lineage;

	return lineage && lineage->count && lineage->steps[0].event.id > kept->last && lineage->decider >= 0 && lineage->steps[lineage->decider].event.id > kept->last &&
	       !cause_is_parameter(facts, table->place);
}

/* The statement that keeps it: the first `self.NAME = ...` at LINE or a few behind, and the flag (a path) that it stands under. */
struct keeping { char name[NAME_MOST], flag[NAME_MOST]; int line; };

static bool
is_keeping(const char *text, struct keeping *out)
{
	size_t size = code_path(text);
	const char *after = text + size + strspn(text + size, " ");

	if (strncmp(text, "self.", 5) != 0 || size >= NAME_MOST || *after != '=' || after[1] == '=')
		return false;
	text_format(out->name, sizeof(out->name), "%.*s", (int)size, text);
	return true;
}

static bool
find_keeping(const struct cause_facts *facts, const char *file, int line, struct keeping *out)
{
	struct code_statement *statements = malloc(CODE_STATEMENTS_MOST * sizeof(*statements));
	char condition[CODE_TEXT_MOST];
	bool found = false;
	struct code code;

	*out = (struct keeping){ .line = 0 };
	if (!statements || !code_open(&code, file, facts->time_ns)) {
		free(statements);
		return false;
	}
	for (int at = line; at <= line + LINES_MOST && at <= code.count && !found; at++) {
		int count = code_statements(&code, at, statements, CODE_STATEMENTS_MOST);

		if (!count || strncmp(statements[0].text, "def ", 4) != 0 || statements[0].first > line)
			break;
		found = is_keeping(statements[count - 1].text, out);
		out->line = statements[count - 1].first;
		for (int i = count - 2; found && i > 0; i--) /* what it stands under, next */
			if (statements[i].indent < statements[count - 1].indent) {
				size_t size = strncmp(statements[i].text, "if ", 3) == 0 ? code_path(statements[i].text + 3) : 0;

				text_format(condition, sizeof(condition), "%.*s", (int)size, statements[i].text + 3);
				if (size && size < NAME_MOST && statements[i].text[3 + size] == ':')
					text_format(out->flag, sizeof(out->flag), "%s", condition);
				break;
			}
	}
	code_close(&code);
	free(statements);
	return found;
}

/* What keeps it, and how that is turned off. */
static void
tell_keeping(const struct cause_facts *facts, struct cause *out, const struct kept *kept)
{
	struct keeping keeping;
	char file[4200], asked[NAME_MOST + 8];
	const char *last;
	int line;

	if (!kept_in_module(facts, kept, file, sizeof(file), &line) || !find_keeping(facts, file, line, &keeping)) {
		text_add(&out->fix, "make it anew for each batch, or keep one for each batch by what it belongs to");
		return;
	}
	text_add(&out->text, ", as %s (%s:%d)", keeping.name, text_basename(file), keeping.line);
	if (!*keeping.flag) {
		text_add(&out->fix, "make it anew for each batch instead of keeping it as %s (%s:%d)", keeping.name, text_basename(file), keeping.line);
		return;
	}
	last = strrchr(keeping.flag, '.') ? strrchr(keeping.flag, '.') + 1 : keeping.flag;
	text_format(asked, sizeof(asked), "%s=True", last);
	text_add(&out->fix, "don't keep it: %s, under which that is kept, is for what is one and the same in all batches: %s=False", keeping.flag, last);
	cause_add_asked(facts, &out->fix, asked);
}

/* Needs: an index out of range whose elements were made in an earlier step within a call of the module that uses them again (no buffer that was made as it was
 * built), by a line that made none since, of what a line brought that has brought other since; and what it picks from was made after its last use. */
bool
cause_kept_index(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct cause_side *index = &facts->sides[0], *table = &facts->sides[1];
	const struct lineage_step *brought;
	char file[4200];
	struct newest newest;
	struct kept kept;
	int line;

	if (!cause_disagrees(facts, "index") || !facts->source || !mismatch->has_actual || mismatch->actual < mismatch->expected || mismatch->actual == INT64_MAX || !index->lineage ||
	    index->lineage->property != LINEAGE_VALUES || table->place < 0 || cause_is_parameter(facts, index->place) || !kept_find(facts, index, &kept) || !is_of_now(facts, table, &kept) ||
	    kept_is_made_anew(facts, &kept) || !(kept_is_within(facts, &kept) || kept_in_module(facts, &kept, file, sizeof(file), &line)))
		return false;
	brought = brought_by(facts, index, &kept, &newest);
	if (!brought)
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "%s isn't of this batch: it was made in step %" PRId64 " for %" PRId64 " rows or more (it goes to %" PRId64 ") and is kept since",
		 cause_operand_name(facts, index->place), kept.made->event.step, mismatch->actual + 1, mismatch->actual);
	tell_keeping(facts, out, &kept);
	text_add(&out->text, ": ");
	cause_add_line(facts, &out->text, kept.made, -1);
	text_add(&out->text, "; %s is of this batch and has %" PRId64, cause_operand_name(facts, table->place), mismatch->expected);
	text_add(&out->evidence, "the same tensor was used in %" PRId64 " calls before", kept.uses);
	text_add(&out->evidence, "; it was made of what was brought by ");
	cause_add_step(facts, &out->evidence, brought);
	text_add(&out->evidence, ", event %" PRId64 ", which has brought other since, last in step %" PRId64, brought->event.id, newest.step);
	return true;
}
