/*
 * A lineage as a list of facts: one object a step, newest first, of which a page draws its picture.
 *
 * The lines of lineage_lines are for reading; these leave no step out (up to LINEAGE_PICTURED_MOST).
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_STEPS_H
#define SHAPEBOX_VIEWER_ANALYSIS_LINEAGE_STEPS_H

#include "../failure/failure.h"
#include "lineage.h"

#define LINEAGE_PICTURED_MOST 24

/* [{"event","operation","file","line","function","source","shape","dtype","dim","size","how","decides","decider",
 * "possible","entered"}]: schema/report.schema.json says what each is. Source lines are read as of FAILURE. New reference. */
json_t *lineage_steps(const struct source *source, const struct failure *failure, const struct lineage *lineage);

#endif
