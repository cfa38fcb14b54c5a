/*
 * Short-lived processes: what ended well and has nothing to explain needs no file of its own.
 *
 * A data worker or another helper (forked, or started by Python's multiprocessing; it took no optimizer step and called nothing of CUDA) that ends
 * with status 0 and has seen no exception adds its counts to its host's file (struct box_merged) and removes its own.
 * And a trace that has MERGE_FILES_MOST process files gives up the one that will be missed least before another is made:
 * first those that ended well, then those that were killed and told nothing, the oldest first; then the newest failure.
 * Not with --keep all. Off the hot path: a process's beginning and its end. No malloc, no lock; what fails leaves the file.
 */
#ifndef SHAPEBOX_LIBSHIM_MERGE_H
#define SHAPEBOX_LIBSHIM_MERGE_H

#include <stdbool.h>

#define MERGE_FILES_MOST 256

/* This process has ended with status 0. FOREIGN: it was forked, and has another rank than its parent. True if its box is gone. */
bool merge_ended(bool foreign);

/* A box is about to be made in DIRECTORY. */
void merge_make_room(const char *directory);

#endif
