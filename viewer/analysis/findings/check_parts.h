/*
 * What the files that read the failing statement (check*.c) share. Included by them alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CHECK_PARTS_H
#define SHAPEBOX_VIEWER_ANALYSIS_CHECK_PARTS_H

#include "check.h"

/* What the frame that is shown knows, and those that called it; ROOM is to be freed. False where that is nothing, or its file has changed since. */
bool check_open(struct condition_scope *scope, void **room, const struct source *source, const struct failure *failure, const json_t *frames);

#endif
