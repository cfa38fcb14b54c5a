/*
 * Python's tensors and modules: which object is one, and which recorded tensor it is.
 *
 * Classes are told by their bases, addresses by a word of the object that is learned from a plain tensor; attributes
 * are asked of exact torch.Tensor and Parameter objects only, and only while no function mode would see it. So no
 * subclass's or mode's Python runs. GIL held, inside python_quiet_begin.
 */
#ifndef SHAPEBOX_LIBSHIM_PYTHON_TENSOR_H
#define SHAPEBOX_LIBSHIM_PYTHON_TENSOR_H

#include "json.h"
#include "python_api.h"
#include "tensor.h"

/* torch's classes as loaded now; NULL: not loaded. Borrowed. */
struct python_torch {
	struct python_object *tensor, *parameter, *module;
	bool quiet; /* no torch function mode is active: plain tensors' attributes can be read */
};

void python_torch_find(struct python_torch *torch);

bool python_is_tensor(const struct python_torch *torch, struct python_object *object);
bool python_is_module(const struct python_torch *torch, struct python_object *object);

/* The TensorImpl of tensor OBJECT, NULL if it can't be known safely. */
const void *python_tensor_impl(const struct python_torch *torch, struct python_object *object);
/* Attribute NAME of OBJECT, a bool: 1, 0, or -1 if it can't be asked. */
int python_tensor_flag(const struct python_torch *torch, struct python_object *object, const char *name);

/* The gradient of the leaf OBJECT, a new reference (None: it has none); NULL if it can't be asked (of what is no leaf, asking would warn). */
struct python_object *python_tensor_grad(const struct python_torch *torch, struct python_object *object);
/* Has the leaf OBJECT a gradient now: 1, 0, or -1 if it can't be asked. */
int python_tensor_has_grad(const struct python_torch *torch, struct python_object *object);

/* The names of recorded numbers: "float32", "cuda:0" (into TEXT of at least 32 bytes), "strided". */
const char *python_dtype_name(int dtype);
const char *python_device_name(const struct tensor_meta *meta, char *text);

/* Of a tensor's JSON object shape, dtype, device and layout. Calls nothing of Python's; any thread. */
void python_tensor_write_meta(struct json_writer *json, const struct tensor_meta *meta);
/* The members of a tensor's JSON object but its name: kind, tensor, address, class, shape, ... */
void python_tensor_write(struct json_writer *json, const struct python_torch *torch, struct python_object *object);

#endif
