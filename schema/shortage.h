/*
 * Memory that was asked for and not given, by anyone in the command: our own code, SQLite, jansson.
 *
 * Each of them goes on without: a value that finds no memory becomes NULL in a row, a part of a JSON text is left out. So
 * the command is linked with --wrap for malloc, calloc and realloc (Makefile), and counts here. Who needs all or nothing
 * compares the count before and after. Any thread. Linked without --wrap (unit tests), the count stays 0.
 */
#ifndef SHAPEBOX_SCHEMA_SHORTAGE_H
#define SHAPEBOX_SCHEMA_SHORTAGE_H

#include <stdint.h>

/* How many requests for memory have failed in this process. */
uint64_t shortage_count(void);

#endif
