/*
 * Which operations have to be read for a question about a tensor, a call site or a failure: a few thousand of ten million.
 *
 * What is in each part (schema/parts.h) stands in the file's table event_part; of a file without one every operation is read once, when a
 * tensor is asked about. Some parts that were read are kept, within bounds. Memory is the reader's, until it is closed.
 */
#ifndef SHAPEBOX_VIEWER_READER_TRACE_PARTS_H
#define SHAPEBOX_VIEWER_READER_TRACE_PARTS_H

#include "../../schema/parts.h"
#include "trace_internal.h"

/* What the file says of its parts; NULL: nothing. */
const struct parts *reader_parts_told(struct reader *reader);
/* The same, found by reading every operation where it says nothing. NULL without memory (said among what is degraded). */
const struct parts *reader_parts(struct reader *reader);

/* An operation of a part, with its identities. */
struct part_event {
	int64_t id, signature, sequence; /* sequence -1: none, or of backward */
	const int64_t *ids;              /* inputs, then outputs */
	uint32_t inputs, outputs;
};
struct part_events {
	int64_t number;
	uint64_t used;                   /* when it was asked for last */
	struct part_event *events;       /* by id */
	uint32_t count, room;
	int64_t *ids;
	size_t id_count, id_room;
};

/* The operations of part NUMBER, until the next call; NULL without memory. */
const struct part_events *reader_part(struct reader *reader, int64_t number);
/* Is SIGNATURE one of PART_GIVING? */
bool reader_gives(struct reader *reader, int64_t signature);

/* Let go of the file; of everything. */
void reader_parts_rest(struct reader *reader);
void reader_parts_free(struct reader *reader);

#endif
