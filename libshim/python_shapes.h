/*
 * Names with two shapes: what a loader found to differ between a file and a model, where its exception doesn't tell it.
 *
 * (name, shape, shape) in a list, tuple or set, name: (shape, shape) in a dictionary: a local variable of a frame, or what an object or
 * dictionary that is one holds. A shape is exactly torch.Size, so the text beside two of them is a parameter's name and no secret.
 * GIL held, inside python_quiet_begin; runs none of the user's code; bounded in number, depth and room.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_SHAPES_H
#define SHAPEBOX_LIBSHIM_PYTHON_SHAPES_H

#include "python_tensor.h"
#include "python_trace.h"

/* "shapes": {"name":"loading_info.mismatched_keys","pairs":[{"of":"model.weight","shapes":[[16, 16], [36, 16]]}]} as a member of the object that is
 * open in JSON: the innermost such collection of TRACE's frames. Nothing is written where there is none. */
void python_shapes_write(struct json_writer *json, const struct python_torch *torch, const struct python_trace *trace, uint32_t reserve);

#endif
