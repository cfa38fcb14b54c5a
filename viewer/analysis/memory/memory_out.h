/*
 * An allocation that failed on a device: what was asked for, who held the memory then, and who had been taking more and more.
 *
 * {"device":"cuda:0","call","function","asked","operation","where","step",
 *  "allocated":null or bytes (of PyTorch's tensors),"reserved":null or bytes (of its caching allocator),
 *  "known":bytes that the holders hold (the rest was allocated before the kept calls),
 *  "total","free","in_use": the device's, what was free, what this process had; as PyTorch's message tells; null
 *  "holders":[HOLDER...],"operations":[{"operation","bytes","pieces"}...],  // largest first
 *  "growth":[{... HOLDER,"first","last","steps"}...]}                        // over the kept steps before this one
 * HOLDER: see memory.h.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MEMORY_OUT_H
#define SHAPEBOX_VIEWER_ANALYSIS_MEMORY_OUT_H

#include <jansson.h>

#include "../failure/failure.h"

/* The allocation that FAILURE comes from; NULL if it comes from none. New reference. */
json_t *memory_out(const struct source *source, const struct failure *failure);

#endif
