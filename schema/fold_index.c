#include "fold_index.h"

#include <stdlib.h>

bool
fold_index_reserve(struct fold_index *index)
{
	uint32_t room = index->room ? index->room * 2 : 1024;
	struct fold_index grown = { .room = room, .count = index->count };

	if (2 * (uint64_t)index->count < index->room)
		return true;
	grown.slots = room ? calloc(room, sizeof *grown.slots) : NULL;
	if (!grown.slots)
		return false;
	for (uint32_t i = 0; i < index->room; i++) {
		uint32_t at = (uint32_t)(index->slots[i] >> 32);

		if (!index->slots[i])
			continue;
		while (grown.slots[at & (room - 1)])
			at++;
		grown.slots[at & (room - 1)] = index->slots[i];
	}
	free(index->slots);
	*index = grown;
	return true;
}

void
fold_index_free(struct fold_index *index)
{
	free(index->slots);
	*index = (struct fold_index){ 0 };
}
