/*
 * Which batch of a data loader failed, in the process that trains.
 *
 * By the time of the failure its iterator is gone with the loop's frame. But every batch was put together by recorded operations, within a range that
 * the loader begins for each; and each epoch begins with a number that it draws. So the batch from which the failed operation's tensors come, or the
 * variables around it, is counted from there, also where batches are fetched ahead. What workers put together (num_workers above 0) is received within such a range, at
 * times before its turn: a range gives one batch, the last that came within it, or where none did, one that came early.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_FETCHED_H
#define SHAPEBOX_VIEWER_ANALYSIS_FETCHED_H

#include "failure.h"
#include "../lineage/lineage.h"

struct fetched {
	int64_t epoch, batch;       /* from 0; -1: not known */
	int64_t first, count;       /* samples of the data set, where the loader takes them in order; COUNT 0: not known */
};

/* STORIES are those of the two sides that disagree (NULL: none). False where no batch is in sight, or it can't be counted. */
bool fetched_find(const struct source *source, const struct failure *failure, const json_t *frames, struct lineage *const stories[2], struct fetched *out);

#endif
