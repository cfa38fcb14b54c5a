/*
 * A running job at one moment: what each rank is in, for how long, and who keeps the others waiting.
 *
 * {"time_ns", "processes": [{"rank","pid","host","running","step","operation","open","for_s","where"}], "ended": n,
 *  "waiting": [ranks], "waited_for": [{"rank","text"}], "text", "elsewhere": [{"host","processes"}]}
 *
 * A rank is waited for by those whose collective's group it belongs to; where that isn't known, by all who wait. Where nobody else is left
 * and the ranks wait in different calls, the text names these.
 *
 * `elsewhere` are processes whose boxes lie in local space of other hosts: their `running` and `step` are null, and nothing is said of
 * them; "text" is of those that are seen.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_WATCH_H
#define SHAPEBOX_VIEWER_ANALYSIS_WATCH_H

#include <jansson.h>

#include "../../reader/trace_live.h"

/* PROCESSES as live_read gave them, at NOW_NS. A rank that has been in a collective for AFTER_S seconds waits. New reference. */
json_t *watch_build(const struct live_process *processes, int count, int ended, int64_t now_ns, double after_s);

#endif
