/*
 * The variables of a frame as JSON: tensors, collections of tensors, and plain numbers.
 *
 * Strings and other objects are left out (they may be secrets, and looking at them may run the user's code). GIL held,
 * inside python_quiet_begin; bounded in number, depth and room.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_VALUES_H
#define SHAPEBOX_LIBSHIM_PYTHON_VALUES_H

#include "python_tensor.h"
#include "python_trace.h"

#define VALUES_PER_FRAME 64
#define VALUES_PER_LIST 16

struct summary_budget;

/* Write the array of FRAME's variables as long as json_left(JSON) stays above RESERVE: the samples of a batch first, then tensors, then numbers.
 * Integer and bool tensors come with a summary, once for all that share BUDGET. */
void python_values_write(struct json_writer *json, const struct python_torch *torch, const struct python_frame *frame,
			 struct summary_budget *budget, uint32_t reserve);

/* The dictionary that OBJECT is or stands for (a dict, or a UserDict's `data`), NULL if none; `*held` keeps it. */
struct python_object *python_values_mapping(struct python_object *object, struct python_object **held);

/* NAME[key] or NAME['key'] into TEXT; false if KEY is neither a str nor an int. */
bool python_values_key(char *text, size_t room, const char *name, struct python_object *key);
/* NAME[INDEX] into TEXT. */
void python_values_index(char *text, size_t room, const char *name, int64_t index);

#endif
