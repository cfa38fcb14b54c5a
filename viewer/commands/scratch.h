/*
 * A private directory for a while: below TMPDIR, readable by its owner alone, gone when the command ends, be it by Ctrl-C
 * (schema/unfinished.h).
 *
 * Owns the directory and the files in it, of which it must know every name. Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_SCRATCH_H
#define SHAPEBOX_VIEWER_COMMANDS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#define SCRATCH_FILES 2048 /* in one */

struct error;
struct scratch;

/* A new one; NULL: ERROR is filled. */
struct scratch *scratch_make(struct error *error);
const char *scratch_path(const struct scratch *scratch);
/* The full name of a file NAME that is going to be made in it; NULL: too many. Lives as long as the scratch. */
const char *scratch_file(struct scratch *scratch, const char *name);
/* Remove it and all of its files. */
void scratch_remove(struct scratch *scratch);

#endif
