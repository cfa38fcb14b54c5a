/* See reserve.h. */
#include "reserve.h"

#include <jansson.h>
#include <stdlib.h>

#define RESERVE_BYTES (256 << 10)

static void *reserve;

static void *
json_allocate(size_t size)
{
	void *memory = malloc(size);

	if (memory || !reserve)
		return memory;
	free(reserve);
	reserve = NULL;
	return malloc(size);
}

void
reserve_for_json(void)
{
	reserve = malloc(RESERVE_BYTES);
	json_set_alloc_funcs(json_allocate, free);
}
