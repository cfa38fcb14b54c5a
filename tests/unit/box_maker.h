/*
 * Makes boxes for tests, in the format of schema/box.h, without a recorder.
 *
 * Fill a maker in any order (dictionary entries before what refers to them), then write it to a file. Event times are
 * in nanoseconds from the box's start, told in steps of 64. Memory failures end the test program.
 * `header`, `regions` and `chunks` may be changed by hand before writing, to make damaged boxes.
 */
#ifndef SHAPEBOX_TESTS_UNIT_BOX_MAKER_H
#define SHAPEBOX_TESTS_UNIT_BOX_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/box.h"

#define MAKER_CHUNK_BYTES 65536u
#define MAKER_NOTE_BYTES 4096u
#define MAKER_NOTES 16u
#define MAKER_START_NS 1700000000000000000ull
#define MAKER_START_TICKS 5000000ull

struct maker_bytes { uint8_t *data; size_t size, room; };

struct box_maker {
	struct box_header header;
	struct maker_bytes regions[BOX_CHUNKS]; /* all but the chunks */
	struct maker_bytes chunks;              /* chunk_count * MAKER_CHUNK_BYTES */
	uint32_t current;                       /* index of the chunk being filled */
};

/* The words of a signature while it is made. */
struct maker_words { uint64_t at[512]; uint32_t count, values; bool inside; };

void box_maker_begin(struct box_maker *maker);
void box_maker_free(struct box_maker *maker);
bool box_maker_write(struct box_maker *maker, const char *path);

uint32_t box_maker_string(struct box_maker *maker, const char *text);
uint32_t box_maker_op(struct box_maker *maker, const char *name, const char *overload, const char *arguments);
uint32_t box_maker_frame(struct box_maker *maker, const char *file, const char *function, int line);
uint32_t box_maker_site(struct box_maker *maker, const uint32_t *frames, int count);
uint32_t box_maker_signature(struct box_maker *maker, uint32_t op, bool outputs, const struct maker_words *words);
void box_maker_tensor(struct box_maker *maker, uint64_t tensor, uint32_t op, uint32_t signature, uint32_t site, bool entered);
/* What the tensor added last is a view or copy of: FLAGS are BOX_LIVE_BASE_*. */
void box_maker_base(struct box_maker *maker, uint32_t op, uint32_t signature, uint32_t site, uint32_t flags);
void box_maker_note(struct box_maker *maker, uint32_t slot, enum box_note_kind kind, uint32_t thread, uint64_t event,
		    uint64_t events_before, const char *json);

/* A value each; between list_begin and the last of its items nothing else. */
void maker_tensor(struct maker_words *words, int dtype, int device_type, int ndim, const int64_t *sizes);
void maker_int(struct maker_words *words, int64_t value);
void maker_ints(struct maker_words *words, int count, const int64_t *values);
void maker_list(struct maker_words *words, int count); /* the next COUNT values are its items */
void maker_plain(struct maker_words *words, enum box_value_kind kind); /* NONE, FLOAT, NUMBER */
void maker_string(struct maker_words *words, const char *text);

/* Open a chunk of THREAD; records go there until the next call. */
void box_maker_chunk(struct box_maker *maker, uint32_t thread, uint64_t first_event, uint64_t step, uint64_t ns);
void box_maker_start(struct box_maker *maker, uint64_t ns, uint32_t signature, uint32_t site, uint32_t sequence,
		     int depth, int flags, int ids, const uint32_t *id);
/* With BOX_FLAG_INLINE: WORDS instead of a signature, OP instead of its reference. */
void box_maker_start_inline(struct box_maker *maker, uint64_t ns, uint32_t op, const struct maker_words *words, int depth,
			    int ids, const uint32_t *id);
void box_maker_end(struct box_maker *maker, uint64_t ns, uint32_t signature, int depth, int flags, int ids,
		   const uint32_t *id);
void box_maker_scope(struct box_maker *maker, uint64_t ns, const char *name, enum box_scope scope, uint32_t sequence,
		     uint64_t token);
void box_maker_scope_end(struct box_maker *maker, uint64_t ns, uint64_t token);
void box_maker_step(struct box_maker *maker, uint64_t ns, uint64_t step);
/* Bytes left in the current chunk. */
uint32_t box_maker_room(const struct box_maker *maker);

#endif
