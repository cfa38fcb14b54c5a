/*
 * Memory of CUDA devices: who holds it, who held it at the peak, how it grew, which calls failed. JSON for `shapebox memory`
 * and for the report of a failed allocation.
 *
 * {"processes":[{"file","role","rank","pid",
 *    "totals":{"launches","captured_launches","graph_launches","allocations","frees","host_allocations","host_frees","copies",
 *              "memsets","waits","blocks","block_frees","failed_calls",...},          // over the whole run
 *    "devices":[{"device":"cuda:0","live","peak","allocated","peak_allocated","reserved","peak_reserved","peak_step"}],
 *    "live":[HOLDER...],                     // at the end, largest first: what tensors hold (blocks), then the rest
 *    "at_peak":null or {"device","allocated","step","call","holders":[HOLDER...]}, // null: the peak lies before the kept calls
 *    "steps":[{"step","peak_allocated","end_allocated","peak_reserved","launches","allocations"}], // those kept, the newest 1,000
 *    "over_time":[HOLDER with "points":[[step,bytes],...]],   // the largest holders, when each step ended
 *    "growth":[{"where","operation","first","last","steps"}],  // holders that grew from step to step
 *    "failed":[{"call","function","result","bytes","operation","where","step","time_ns"}]}]}
 * HOLDER: {"kind","device","bytes","pieces","operation"|null,"where":"file:line"|null,"backward":bool}
 * Bytes are numbers; kinds are those of table live_memory.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MEMORY_H
#define SHAPEBOX_VIEWER_ANALYSIS_MEMORY_H

#include <jansson.h>

#include "../../reader/trace_cuda.h"

/* Every process that called CUDA (RANK >= 0: of this rank). New reference; NULL without memory. */
json_t *memory_build(struct trace *trace, int rank);
/* One process of it; NULL where it called nothing of CUDA. New reference. */
json_t *memory_process(struct trace *trace, int process);

#endif
