/*
 * What a call site says by its frames' texts: which part of a training it belongs to, and a number for it that is equal in every
 * process. Asked by the fold and, when a call site is met first, by the recorder. Plain functions, any thread; no allocation.
 */
#ifndef SHAPEBOX_SCHEMA_SITE_H
#define SHAPEBOX_SCHEMA_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SITE_KNOWN 0x01u
#define SITE_MODULE 0x02u    /* inside a module's call */
#define SITE_NO_GRAD 0x04u   /* checkpoint or custom Function: gradients are off, yet it is forward */
#define SITE_DATA 0x08u      /* a data loader, sampler, worker or fetch */
#define SITE_LOAD 0x10u      /* initialisation of weights, loading of a state dict */
#define SITE_OPTIMIZER 0x20u
#define SITE_BACKWARD 0x40u
#define SITE_CONSTRUCTOR 0x80u /* inside some __init__ */
#define SITE_SHARDING 0x100u /* a sharding library arranges its own pieces: how often follows the rank */

/* Does TEXT of SIZE bytes end with END; is PART in it? */
static inline bool
site_text_ends(const char *text, size_t size, const char *end)
{
	size_t n = strlen(end);

	return size >= n && memcmp(text + size - n, end, n) == 0;
}

static inline bool
site_text_has(const char *text, size_t size, const char *part)
{
	return memmem(text, size, part, strlen(part)) != NULL;
}

/* The SITE_* of one frame, but KNOWN and SHARDING. FILE and FUNCTION need not be terminated. */
unsigned site_frame_class(const char *file, size_t file_size, const char *function, size_t function_size);

/* A call site while its frames are added, innermost first. */
struct site_text {
	uint64_t print;      /* of the last parts of the files' paths, functions, lines */
	unsigned class;      /* SITE_*, but KNOWN */
	int shards;          /* of the frames so far: 1 yes, 0 no, -1 not decided */
};

struct site_text site_begin(void);
void site_add(struct site_text *site, const char *file, size_t file_size, const char *function, size_t function_size, int line);

#endif
