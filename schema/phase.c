#include "phase.h"

#include <string.h>

#include "site.h"

enum phase
phase_of(const struct phase_facts *facts)
{
	unsigned site = facts->site;

	if (facts->backward_open || (site & SITE_BACKWARD))
		return PHASE_BACKWARD;
	if (facts->optimizer_open || (site & SITE_OPTIMIZER))
		return (site & SITE_CONSTRUCTOR) && !facts->optimizer_open ? PHASE_LOAD : PHASE_OPTIMIZER;
	if (facts->data_open || (site & SITE_DATA))
		return PHASE_DATA;
	if ((site & SITE_LOAD) || ((site & SITE_CONSTRUCTOR) && !(site & SITE_MODULE)))
		return PHASE_LOAD;
	if (facts->grad)
		return (site & SITE_MODULE) || facts->advanced ? PHASE_FORWARD : PHASE_OTHER;
	if (!(site & SITE_MODULE))
		return PHASE_OTHER;
	if ((site & SITE_NO_GRAD) && facts->last_module != PHASE_EVAL)
		return PHASE_FORWARD;
	return PHASE_EVAL;
}

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
