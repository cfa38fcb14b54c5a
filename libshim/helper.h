/*
 * What this process is to the one that started it.
 *
 * Asked when a box is made and at the process's end, never on the hot path; reads /proc, no malloc, no lock. What can't be read says no.
 */
#ifndef SHAPEBOX_LIBSHIM_HELPER_H
#define SHAPEBOX_LIBSHIM_HELPER_H

#include <stdbool.h>

/* Was it started by Python's multiprocessing, in a new process image? */
bool helper_is_spawned(void);

/* Has it its rank (RANK and its like, not Slurm's, which launchers have as well) from a launcher? False where the parent was started
 * with the same: then it helps a rank. */
bool helper_is_rank(void);

#endif
