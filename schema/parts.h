/*
 * What is in so many operations, that the others need not be read: a trace of ten million is asked for the makers of a few tensors.
 *
 * A part is PART_EVENTS operations by their number (event_row.id). Of each is kept which tensors it may have made or changed: identities are
 * given in order, so those of new tensors are a range, and the few older ones that it wrote to are listed. The fold adds operations as it
 * writes them, in no strict order, and keeps the sum in table event_part; the viewer does so itself where a file has no such table.
 *
 * What a part says it doesn't have, it doesn't; what it may have must be looked for. Single-threaded; the caller's memory.
 */
#ifndef SHAPEBOX_SCHEMA_PARTS_H
#define SHAPEBOX_SCHEMA_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PART_SHIFT 13
#define PART_EVENTS (1 << PART_SHIFT)
#define PART_SITES_BYTES 512
#define PARTS_MOST (1u << 18)
#define PARTS_AGAIN_MOST (1u << 24) /* identities listed, over all parts; of a part for which no room is left any must be looked for */

/* What a tensor is asked by before it is given another's data (t.data = other, module.to()): Variable::set_data asks
 * _has_compatible_shallow_copy_type(self, new_data) first (torch/csrc/autograd/variable.cpp). */
#define PART_GIVING "aten::_has_compatible_shallow_copy_type"

struct part {
	int64_t number;                /* operations number << PART_SHIFT and on */
	int64_t begin, met;            /* largest identity that was met before its first operation, and up to its last */
	int64_t made;                  /* the smallest so far that was made, not met before; 0: it made none smaller */
	int64_t sequence_low, sequence_high; /* of autograd's numbers of forward; low > high: none */
	uint32_t unwell;               /* operations that failed or are open */
	uint32_t again_count, again_room;
	int64_t *again;                /* identities up to `begin` that it made, wrote or gave data; in order once parts_sort was called */
	uint8_t *sites;                /* PART_SITES_BYTES: a bit for each call site, by part_site; NULL: not known */
};

struct parts {
	struct part *parts;            /* by number */
	uint32_t count, room;
	uint64_t again_total;
	int64_t met, made;
	bool sites;                    /* are call sites noted? */
	int64_t *old;                  /* a table of identities met that are smaller than `made` */
	uint32_t old_count, old_room;
};

/* An operation. IDS has INPUTS and then OUTPUTS identities, 0 or less: not known. */
struct part_row {
	int64_t event, site /* -1: none */, sequence /* -1: none, or of backward */;
	bool unwell, gives;            /* gives: it is PART_GIVING of its first two tensors */
	const int64_t *ids;
	size_t inputs, outputs;
};

/* Part NUMBER, made where there is none; NULL without memory, or room. */
struct part *parts_part(struct parts *parts, int64_t number);
/* False without memory, or with more than PARTS_MOST: what there is then is of no use. */
bool parts_add(struct parts *parts, const struct part_row *row);
void parts_sort(struct parts *parts); /* when all are added */
void parts_free(struct parts *parts);

/* May PART have made, written or given data to TENSOR? May it have used it? */
bool part_may_make(const struct part *part, int64_t tensor);
bool part_may_use(const struct part *part, int64_t tensor);

/* The bit of call site SITE. */
static inline uint32_t
part_site(int64_t site)
{
	return (uint32_t)((uint64_t)site * 0x9e3779b97f4a7c15u >> 52) & (PART_SITES_BYTES * 8 - 1);
}

/* The place of part NUMBER, or of the first after it. */
uint32_t parts_place(const struct parts *parts, int64_t number);

#endif
