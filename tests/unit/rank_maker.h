/*
 * Makes the boxes of ranks that train together, operation by operation, on top of box_maker.
 *
 * Sites and signatures are entered once each, in the order in which they are met: equal ranks get equal dictionaries, others
 * don't. One main thread; chunks are opened as needed. Memory failures end the program.
 */
#ifndef SHAPEBOX_TESTS_UNIT_RANK_MAKER_H
#define SHAPEBOX_TESTS_UNIT_RANK_MAKER_H

#include "box_maker.h"

enum rank_place { RANK_MODEL, RANK_SCRIPT, RANK_OPTIMIZER, RANK_SHARDING };

struct rank_entry { uint64_t key; uint32_t reference; };

struct rank_maker {
	struct box_maker box;
	uint64_t ns, events, steps;
	struct rank_entry *entries; /* of all dictionaries: by hash of what they hold */
	uint32_t entry_room, entry_count;
	uint32_t module_frame, optimizer_frame, sharding_frame;
	int device;                 /* type of the tensors' device; index of it: */
	int device_index;
};

void rank_begin(struct rank_maker *rank, int number, int world, const char *host);
void rank_free(struct rank_maker *rank);

/* A tensor on the rank's device. */
void rank_tensor(struct rank_maker *rank, struct maker_words *words, int dtype, int ndim, const int64_t *sizes);

/* Operation NAME(ARGUMENTS) called at LINE of PLACE, with INPUTS and OUTPUTS (may be NULL); FLAGS of its end: 0 or BOX_FLAG_FAILED. */
void rank_operation(struct rank_maker *rank, const char *name, const char *arguments, enum rank_place place, int line,
		    const struct maker_words *inputs, const struct maker_words *outputs, int flags);
/* The optimizer's step has ended. */
void rank_step(struct rank_maker *rank);

#endif
