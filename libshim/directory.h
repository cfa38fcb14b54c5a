/*
 * Looking through a directory without malloc (readdir's stream has one). Off the hot path.
 */
#ifndef SHAPEBOX_LIBSHIM_DIRECTORY_H
#define SHAPEBOX_LIBSHIM_DIRECTORY_H

#include <stdbool.h>

/* Call EACH with every name in the directory open as DESCRIPTOR, from its beginning. */
void directory_each(int descriptor, void (*each)(int descriptor, const char *name, void *context), void *context);

/* Does NAME end in END, with something before it? */
bool directory_name_ends(const char *name, const char *end);

#endif
