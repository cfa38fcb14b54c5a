#include "phase.h"

#include <string.h>

const char *
phase_name(enum phase phase)
{
	static const char *const names[] = { "other", "forward", "backward", "optimizer", "eval", "data", "load" };

	return names[phase];
}

static bool
begins_with(const char *name, unsigned size, const char *start)
{
	size_t n = strlen(start);

	return size >= n && memcmp(name, start, n) == 0;
}

enum phase
phase_of_range(const char *name, unsigned size)
{
	if (begins_with(name, size, "Optimizer."))
		return PHASE_OPTIMIZER;
	if (begins_with(name, size, "enumerate(DataLoader)"))
		return PHASE_DATA;
	return PHASE_OTHER;
}
