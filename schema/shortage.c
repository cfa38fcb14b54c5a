/* See shortage.h. The linker sends every call of malloc to __wrap_malloc, and __real_malloc is what malloc was. */
#include "shortage.h"

#include <stddef.h>

void *__real_malloc(size_t size) __attribute__((weak));
void *__real_calloc(size_t count, size_t size) __attribute__((weak));
void *__real_realloc(void *old, size_t size) __attribute__((weak));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static uint64_t refused; /* atomic */

uint64_t
shortage_count(void)
{
	return __atomic_load_n(&refused, __ATOMIC_RELAXED);
}

static void *
counted(void *memory, size_t size)
{
	if (!memory && size)
		__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
	return memory;
}

void *
__wrap_malloc(size_t size)
{
	return counted(__real_malloc(size), size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return counted(__real_calloc(count, size), count && size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return counted(__real_realloc(old, size), size);
}
