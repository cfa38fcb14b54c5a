/*
 * What a healthy run always did, as a contract that a later run is held against.
 *
 * A call is an operation from a line of the program: the outermost operations of the main thread (as `diff` chooses them), without those
 * of backward, which follow from forward. Of its tensors a contract has the names, numbers of dimensions, dtypes, kinds of device, and
 * the sizes that never varied from step to step (in a run without training steps: from call to call). A size that was seen in one step
 * alone isn't known to be constant. A call is in each step (as many times each, or some), or it is now and then: only what is in
 * each step may be missed, told in another order, or be told as new.
 *
 * Lines move when a file is edited: calls are matched by file (its last two names), function and operation, then line by line.
 * Nothing in a contract names this machine: no full paths, addresses, hosts, device numbers or times.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CONTRACT_H
#define SHAPEBOX_VIEWER_ANALYSIS_CONTRACT_H

#include "../../reader/trace.h"

#define CONTRACT_VERSION 1

struct contract;

/* The contract that TRACE's ranks fulfil. NULL: ERROR is filled. */
struct contract *contract_learn(struct trace *trace, struct error *error);
/* The contract in the file PATH, which may be anybody's. NULL: ERROR names the file and what is wrong in it. */
struct contract *contract_read(const char *path, struct error *error);
void contract_free(struct contract *contract);
/* {"contract":1,"torch","steps","ranks","calls":[{"at","call","times":N|"some"|"rare","operands":["weight [64, *] float32 cpu"]}]}, the calls in
 * the order of a step; of one call with operands of several forms, one entry each. New reference. */
json_t *contract_json(const struct contract *contract);

/* Makes CONTRACT so wide that TRACE, another healthy run, fulfils it, too: what differs in the trace is no longer said, calls that it has
 * besides are added as such that come now and then. False: ERROR is filled. */
struct contract_widened {
	int added;               /* calls */
	int loosened;            /* calls that no longer come in each step, as many times in each, or in order */
	int varied;              /* calls whose tensors vary more */
};
bool contract_widen(struct contract *contract, struct trace *trace, struct contract_widened *out, struct error *error);

/* Holds TRACE against CONTRACT: {"calls","steps","ranks","departure":null or {"kind":"size|rank|dtype|device|operands|new|missing|count|order",
 * "text","step","rank","event","contract":CALL or null,"run":CALL or null}}, the first departure by step, rank and event. NULL: ERROR. */
json_t *contract_hold(const struct contract *contract, struct trace *trace, struct error *error);

#endif
