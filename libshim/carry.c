/* Which operations hand on where a tensor came from. See carry.h. */
#include <stddef.h>
#include <string.h>

#include "carry.h"

enum carry
carry_of(const char *name)
{
	static const struct { enum carry kind; const char *name; } rows[] = {
#define CARRY(kind, name) { kind, name },
#include "carry.def"
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].name, name))
			return rows[i].kind;
	return CARRY_NOTHING;
}
