/*
 * Phases: what a training run was doing when an operation ran.
 *
 * Pure decisions on a few facts, so that the rules can be read, and tested, on one page. The fold asks for each row, libshim for what it
 * counts of a step (steps.h). In order, the first that
 * holds decides:
 *   backward   a backward node is open on the thread, or the call site is inside torch.autograd's engine call
 *   optimizer  an "Optimizer." range is open, or the call site is inside torch.optim or clips gradients
 *   data       a DataLoader range is open, or the call site is inside torch.utils.data
 *   load       torch.nn.init, torch.load, *load_state_dict*, from_pretrained; some __init__ outside any module's call
 *   forward    autograd was recording, inside a module's call; or a node was made (the sequence number advanced)
 *   forward    autograd was off inside a checkpoint or a custom Function, in a module's call that is not eval
 *   eval       autograd was off, inside a module's call
 *   other      everything else
 */
#ifndef SHAPEBOX_SCHEMA_PHASE_H
#define SHAPEBOX_SCHEMA_PHASE_H

#include <stdbool.h>

#include "site.h"

enum phase { PHASE_OTHER, PHASE_FORWARD, PHASE_BACKWARD, PHASE_OPTIMIZER, PHASE_EVAL, PHASE_DATA, PHASE_LOAD };

struct phase_facts {
	unsigned site;              /* SITE_* of site.h */
	bool backward_open, optimizer_open, data_open; /* ranges open on the thread */
	bool grad;                  /* autograd was recording */
	bool advanced;              /* it made an autograd node */
	enum phase last_module;     /* forward or eval: the thread's last that was certain; else other */
};

static inline enum phase
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

const char *phase_name(enum phase phase);

/* What range NAME of a user scope opens: PHASE_OPTIMIZER, PHASE_DATA, or PHASE_OTHER. NAME need not be terminated. */
enum phase phase_of_range(const char *name, unsigned size);

#endif
