/*
 * Which operations hand on where a tensor came from. A table (carry.def); any thread, asked once for each operation.
 */
#ifndef SHAPEBOX_LIBSHIM_CARRY_H
#define SHAPEBOX_LIBSHIM_CARRY_H

enum carry {
	CARRY_NOTHING,
	CARRY_ELEMENTS,    /* a view or a copy of its first tensor, or of a part of it */
	CARRY_SIZES,       /* other elements, of the sizes that its first tensor has (or that it is broadcast to) */
	CARRY_HANDED_OVER, /* its output is the very tensor it is given, made for it by others */
};

/* Of the operation NAME ("aten::view"). */
enum carry carry_of(const char *name);

#endif
