/*
 * Which sample failed: read from the locals of PyTorch's own data loading and of the loop around it.
 *
 * A worker's loop knows the batch it was making (prefetching respected: it is the batch that failed, not the one being
 * trained on), the fetcher the index of the item; the training loop's own `epoch` is taken where it has one.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SAMPLE_H
#define SHAPEBOX_VIEWER_ANALYSIS_SAMPLE_H

#include "failure.h"
#include "fetched.h"

/* {"epoch","batch","indices","within_batch","source"}, null where nothing is known. ODD: the item of a list that
 * disagrees, -1 if none. New reference. */
json_t *sample_build(const struct source *source, const struct failure *failure, const json_t *frames, int odd);
/* SAMPLE (taken over; may be null) with the batch that was counted, and its epoch where the loop has no number of its own. New reference. */
json_t *sample_add(json_t *sample, const struct fetched *fetched);

#endif
