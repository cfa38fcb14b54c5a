/*
 * What may go wrong later, or goes wrong in silence, on a run that has not failed: the rules of findings.def.
 *
 * A rule reads a survey of the newest operations (findings_survey.h), the tallies of the whole run, and what was seen of the
 * program between its steps (the "state" note). Works on a run that is still going on as well. Of many ranks, what several
 * have found alike is told once.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_H
#define SHAPEBOX_VIEWER_ANALYSIS_FINDINGS_H

#include "findings_survey.h"
#include "../causes/code/settings.h"
#include "../source.h"
#include "../text.h"

#define FINDINGS_PER_RULE 4

enum finding_needs { FINDING_EVENTS = 1, FINDING_STATE = 2, FINDING_SAMPLES = 4 };

/* What a rule may ask of one process. */
struct finding_facts {
	const struct source *source;
	int process;
	const struct findings_survey *survey;
	const json_t *state;             /* the newest "state" note; NULL if there is none */
	const struct settings *settings; /* may be NULL */
};

struct finding {
	const char *confidence; /* the row's, or less */
	struct text text, fix /* unused: the row's */, evidence;
	int64_t event, site;    /* an example; -1 */
	json_t *setting;        /* {"name","value"}; NULL. The sink's */
};

/* Takes a rule's findings: at most FINDINGS_PER_RULE. */
struct finding_sink { struct finding list[FINDINGS_PER_RULE]; int count; };

/* One more, with nothing said yet; NULL where there are enough. */
struct finding *finding_new(struct finding_sink *sink);
/* What is taken back: the last one. */
void finding_drop(struct finding_sink *sink);

#define FINDING(id, function, needs, confidence, fix) void finding_##function(const struct finding_facts *facts, struct finding_sink *sink);
#include "findings.def"
#undef FINDING

/* "findings" of the report: the keys of its causes, and "ranks" (those that have it; null: it has no rank). New reference. */
json_t *findings_of_source(const struct source *source);
json_t *findings_list(struct trace *trace);

/* What `check` prints: {"schema","trace","steps","processes","running","failed","trains","findings","not_looked":[{"text","rules"}]}. New reference. */
json_t *findings_build(struct trace *trace);

#endif
