/* A rule about codes: an evaluation's data got theirs apart from the training's, by which the table was built. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_LEAST 3
#define CALLS_LOOKED 512

struct trained { const struct event *now; int64_t newest, calls; int weight; };

static bool
add_trained(const struct event *event, void *context)
{
	struct trained *trained = context;
	int weight = rule_tensor(event, "weight");

	if (strcmp(event->phase, "eval") == 0 || weight < 0 || event->operands[weight].tensor != trained->now->operands[trained->weight].tensor)
		return true;
	trained->newest = trained->calls++ ? trained->newest : event->id;
	return trained->calls < CALLS_LOOKED;
}

/* Where the values that LINEAGE tells came in, from the program's data: its last step, kept; NULL. */
static const struct lineage_step *
entry_of(const struct lineage *lineage)
{
	const struct lineage_step *last = lineage && lineage->count ? &lineage->steps[lineage->count - 1] : NULL;

	return last && last->event.id >= 0 && last->event.site >= 0 ? last : NULL;
}

/* The operation that made the table, at the end of its story. */
static const struct lineage_step *
built_of(const struct cause_facts *facts)
{
	const struct lineage_step *built = entry_of(facts->sides[1].lineage);
	char line[512], rows[24];

	text_format(rows, sizeof(rows), "%" PRId64, facts->mismatch->expected);
	if (!built || (cause_source(facts, built, line, sizeof(line)) && text_has_name(line, rows)))
		return NULL; /* as many as the line says, whatever the data have */
	return built;
}

/* Is how many rows the table has set by a number in a file? */
static bool
is_set(const struct cause_facts *facts)
{
	const json_t *number = cause_number_of_path(facts, cause_operand_name(facts, facts->mismatch->against), facts->mismatch->expected);

	number = number ? number : cause_named_number(facts, facts->mismatch->expected, "vocab num_embeddings num_ categ");
	return number && settings_find(facts->settings, text_get(number, "name"), facts->mismatch->expected);
}

static void
tell_coded(const struct cause_facts *facts, struct cause *out, const struct lineage_step *entry, const struct lineage_step *built, const char *first, const char *second, int64_t trained)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *table = cause_operand_name(facts, mismatch->against);
	char line[512];

	out->confidence = "likely";
	text_add(&out->text, "the data of evaluation were coded apart from those of training: they hold %" PRId64 ", for which %s of %" PRId64 " rows, built for training's codes, has none; "
		 "training's were made from %s, evaluation's from %s, by one line of code", mismatch->actual, table, mismatch->expected, first, second);
	text_add(&out->evidence, "%" PRId64 " calls in training fitted", trained);
	if (where_called_line(facts->source, facts->process, built->event.site, line, sizeof(line)))
		text_add(&out->evidence, "; the table was built after training's data were there, at %s", line);
	text_add(&out->evidence, "; both sets came in by ");
	cause_add_line(facts, &out->evidence, entry, -1);
	text_add(&out->fix, "make evaluation's data (%s) with the encoders, or the vocabulary, of training's (%s): fit them once, only transform here (a data set's own from_dataset(training, ...)), and "
		 "give what training never had a code for the unknown; a larger table wouldn't help: its other rows were never trained, and codes made anew mean something else", second, first);
}

/* Needs: an index beyond a table in evaluation, which fitted in training; and that both came in by one line of code, called at two of the program's, at
 * the first of them before the table was built, whose rows no number of the program's own says. */
bool
cause_coded_apart(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct trained trained = { .now = facts->event, .newest = -1 };
	char first[ELSEWHERE_LINE], second[ELSEWHERE_LINE];
	const struct lineage_step *entry, *built, *was;
	struct lineage *before;
	struct event event;
	bool apart = false;
	int indices;

	if (!cause_disagrees(facts, "index") || !facts->source || !facts->event || !cause_is(facts, "embedding embedding_bag") || !mismatch->has_actual ||
	    mismatch->actual < mismatch->expected || mismatch->actual == INT64_MAX || strcmp(facts->event->phase, "eval") != 0 || cause_are_positions(facts))
		return false;
	trained.weight = rule_tensor(facts->event, "weight");
	entry = entry_of(facts->sides[0].lineage);
	built = trained.weight >= 0 && entry ? built_of(facts) : NULL;
	if (!built || is_set(facts))
		return false;
	elsewhere_each(facts->source, facts->process, facts->event, add_trained, &trained);
	if (trained.calls < CALLS_LEAST || !facts->source->event(facts->source->context, facts->process, trained.newest, &event))
		return false;
	indices = rule_tensor(&event, "indices");
	before = indices >= 0 ? calloc(1, sizeof(*before)) : NULL;
	if (!before)
		return false;
	lineage_walk(facts->source, facts->process, &event, indices, -1, LINEAGE_VALUES, before);
	was = entry_of(before);
	apart = was && was->event.id != entry->event.id && was->event.id < built->event.id && where_same_line(facts->source, facts->process, was->event.site, entry->event.site) &&
		elsewhere_parts(facts->source, facts->process, was->event.site, entry->event.site, first, second);
	if (apart)
		tell_coded(facts, out, entry, built, first, second, trained.calls);
	free(before);
	return apart;
}
