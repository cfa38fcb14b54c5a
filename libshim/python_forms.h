/*
 * Forms: what the items of a list are, told alike, so that the one that differs from the others is seen.
 *
 * "tensor float32 [3, 8, 8]", "array int64 [24]" (numpy's own), "list of 12", "(FORM, int)", "{image: FORM, box: None}", "int", "str",
 * a class's name. Where items are of more forms than are kept, they are told less deeply, if that makes them few enough. Never a value; keys that
 * are text are told. Of what isn't one of Python's, PyTorch's or numpy's own types nothing but the class is asked, so no code of the user's runs.
 * GIL held, inside python_quiet_begin; bounded in number, depth and room.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_FORMS_H
#define SHAPEBOX_LIBSHIM_PYTHON_FORMS_H

#include "python_tensor.h"

/* If the items of the list or tuple OBJECT are not all of one form: "forms": [{"first":0,"count":7,"form":"..."}], by the first item of
 * each form, as members of the object that is open in JSON. False (and nothing is written) where they are, or there are less than two. */
bool python_forms_write(struct json_writer *json, const struct python_torch *torch, struct python_object *object);
/* The sizes of exactly numpy's array (its attributes are read by numpy's own code), at most MOST: how many; -1 if OBJECT is none. */
int python_array_sizes(struct python_object *object, int64_t *sizes, int most);
/* Would that write something? */
bool python_forms_differ(const struct python_torch *torch, struct python_object *object);

#endif
