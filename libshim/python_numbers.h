/*
 * Named numbers: integers within reach of a frame, with the name by which its code would reach them.
 *
 * 2048 explains a size only if somebody calls it `data_args.cutoff_len`. Looked at: local integers, lengths of lists,
 * dictionaries, instance dictionaries of objects (two levels; one more below configurations), attributes of config
 * classes, constants of the frame's module; last the integers and configurations of the modules that a module holds, two levels down, but for PyTorch's own
 * layers; rows and columns of numpy's arrays. Nothing else is looked up as an attribute, nothing twice in one note; bounded in
 * depth, number and room. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_NUMBERS_H
#define SHAPEBOX_LIBSHIM_PYTHON_NUMBERS_H

#include "python_tensor.h"
#include "python_trace.h"

#define NUMBERS_PER_FRAME 200
#define NUMBERS_SEEN 1024u
#define NUMBERS_ENTRIES_MAX 50000

/* What one note has looked at already. Zero it first. */
struct python_numbers {
	const void *seen[NUMBERS_SEEN]; /* dictionaries and classes; open addressing */
	int seen_count;
	int entries;                    /* dictionary entries looked at */
};

/* Write the array of FRAME's numbers, as long as json_left(JSON) stays above RESERVE. */
void python_numbers_write(struct json_writer *json, struct python_numbers *numbers, const struct python_torch *torch,
			  const struct python_frame *frame, uint32_t reserve);

#endif
