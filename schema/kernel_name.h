/*
 * Kernels' names as people read them.
 */
#ifndef SHAPEBOX_SCHEMA_KERNEL_NAME_H
#define SHAPEBOX_SCHEMA_KERNEL_NAME_H

#include <stddef.h>

/* From SYMBOL (SIZE bytes, as the compiler mangled it by the Itanium C++ ABI, 5.1) the qualified name of the function, and in
 * angle brackets the functor that a template was made for, into TEXT of ROOM bytes. What isn't understood is left as it is. */
void kernel_name(const char *symbol, size_t size, char *text, size_t room);

#endif
