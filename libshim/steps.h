/*
 * Fingerprints of steps, made while recording: what `shapebox diff` compares ranks by where the ring has overwritten the events.
 *
 * Each recorder sums up the step that it is in; the main thread's sums go into the box when an optimizer's step ends
 * (struct box_steps). What counts is chosen as the fold chooses what ranks are compared by (schema/fold_fingerprint.c), and of
 * that what diff doesn't hold to be usual: training's own operations, and collectives. Hot path: some hundred instructions, no
 * lock, no allocation, no call of the system. Where the step ends: one entry written; once in thousands of steps all joined in pairs.
 */
#ifndef SHAPEBOX_LIBSHIM_STEPS_H
#define SHAPEBOX_LIBSHIM_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "../schema/box.h"
#include "../schema/phase.h"

struct recorder;
struct operation;

/* Of one thread. */
struct steps {
	bool main;               /* the process's first thread */
	uint32_t backward;       /* backward nodes open */
	enum phase last_module;  /* as in struct phase_facts */
	struct operation *held;  /* the last operation, if it counts only where it made an autograd node; NULL: none */
	struct box_site *held_site;
	uint32_t sequence;       /* autograd's number when it began */
	struct box_step_print print;
};

/* An outermost operation of RECORDER begins, called from SITE (a reference, as frames_site returns it), while autograd records
 * (GRAD) and would give SEQUENCE to its next node. */
void steps_operation(struct recorder *recorder, struct operation *facts, uint32_t site, bool grad, uint32_t sequence);

/* STEP steps are finished now: what RECORDER has summed up was the last of them. */
void steps_end(struct recorder *recorder, uint64_t step);

/* Bytes of BOX_STEPS that are in use. */
uint64_t steps_bytes(void);

#endif
