/*
 * What the Python program has loaded, for the notes. Nothing is imported. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_VERSIONS_H
#define SHAPEBOX_LIBSHIM_PYTHON_VERSIONS_H

#include "json.h"

/* {"torch":"2.13.0",...}: of the packages that are loaded and worth knowing. */
void python_versions_write(struct json_writer *json);
/* The seed of torch's default generator as a number, or null. */
void python_seed_write(struct json_writer *json);

#endif
