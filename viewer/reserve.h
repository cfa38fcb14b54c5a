/*
 * Memory for JSON when there is none left.
 *
 * jansson's parser (2.14, load.c: lex_save) goes on where its buffer could not grow, and then copies a string without its end: beyond what it
 * has, if the memory for the copy is there. So the first request of its that malloc refuses is met from what was laid by; where memory
 * stays short the next is refused as well, and the parser ends as it should. shortage.h has counted that the answer may be short.
 */
#ifndef SHAPEBOX_VIEWER_RESERVE_H
#define SHAPEBOX_VIEWER_RESERVE_H

/* Let jansson allocate so. Once, before any JSON; what it gives is free()'s. The process has one thread. */
void reserve_for_json(void);

#endif
