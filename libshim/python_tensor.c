/* Python's tensors and modules. See python_tensor.h. */
#include <string.h>

#include "../schema/box.h"
#include "python_tensor.h"

#define DEVICE_CUDA 1 /* c10::DeviceType */

/* Where a tensor object keeps its TensorImpl, and where that points back: learned from a plain tensor. 0: not known. */
static long impl_offset, back_offset;

static const char *const dtype_names[] = {
	"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex32", "complex64",
	"complex128", "bool", "qint8", "quint8", "qint32", "bfloat16", "quint4x2", "quint2x4", "bits1x8", "bits2x4",
	"bits4x2", "bits8", "bits16", "float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz", "float8_e4m3fnuz", "uint16",
	"uint32", "uint64", "uint1", "uint2", "uint3", "uint4", "uint5", "uint6", "uint7", "int1", "int2", "int3",
	"int4", "int5", "int6", "int7", "float8_e8m0fnu", "float4_e2m1fn_x2",
};

static const char *const device_names[] = {
	"cpu", "cuda", "mkldnn", "opengl", "opencl", "ideep", "hip", "fpga", "maia", "xla", "vulkan", "metal", "xpu",
	"mps", "meta", "hpu", "ve", "lazy", "ipu", "mtia", "privateuseone",
};

static const char *const layout_names[] = {
	"strided", "sparse_coo", "sparse_compressed", "nested", "quantized", "other",
};

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

void
python_torch_find(struct python_torch *torch)
{
	struct python_object *modes = python_module_item("torch._C", "_len_torch_function_stack");
	struct python_object *length = modes ? py.PyObject_CallObject(modes, NULL) : NULL;
	int64_t active;

	torch->tensor = python_module_item("torch", "Tensor");
	torch->parameter = python_module_item("torch.nn.parameter", "Parameter");
	torch->module = python_module_item("torch.nn.modules.module", "Module");
	torch->quiet = length && python_integer(length, &active) && active == 0;
	if (python_kind(torch->tensor) != PYTHON_TYPE)
		torch->tensor = NULL;
	if (python_kind(torch->module) != PYTHON_TYPE)
		torch->module = NULL;
	py.PyErr_Clear();
	python_release(length);
}

bool
python_is_tensor(const struct python_torch *torch, struct python_object *object)
{
	return python_isinstance(object, torch->tensor);
}

bool
python_is_module(const struct python_torch *torch, struct python_object *object)
{
	return python_isinstance(object, torch->module);
}

/* An exact torch.Tensor or Parameter: its attributes are torch's own C code. */
static bool
is_plain(const struct python_torch *torch, struct python_object *object)
{
	return python_is(object, torch->tensor) || (torch->parameter && python_is(object, torch->parameter));
}

static const void *
ask_impl(const struct python_torch *torch, struct python_object *object)
{
	const void *impl = NULL;

	if (torch->quiet && is_plain(torch, object)) {
		struct python_object *number = py.PyObject_GetAttrString(object, "_cdata");
		if (python_is(number, py.PyLong_Type))
			impl = py.PyLong_AsVoidPtr(number);
		python_release(number);
		py.PyErr_Clear();
	}
	return impl;
}

static void
learn_offsets(const void *impl, const struct python_object *object)
{
	long found = 0;

	for (long at = 16; at <= 40 && !found; at += 8)
		if (python_at(object, at) == impl)
			found = at;
	if (!found)
		return;
	for (long at = 8; at <= 120; at += 8)
		if (((uintptr_t)python_at(impl, at) & ~(uintptr_t)1) == (uintptr_t)object) {
			back_offset = at;
			impl_offset = found;
			return;
		}
}

const void *
python_tensor_impl(const struct python_torch *torch, struct python_object *object)
{
	const void *impl;

	if (impl_offset) {
		impl = python_at(object, impl_offset);
		if ((uintptr_t)impl > 4096 && !((uintptr_t)impl & 7)
		    && ((uintptr_t)python_at(impl, back_offset) & ~(uintptr_t)1) == (uintptr_t)object)
			return impl;
	}
	impl = ask_impl(torch, object);
	if (impl)
		learn_offsets(impl, object);
	if (impl)
		return impl;
	/* Asking is not allowed: a word that names a tensor which the recorder knows is one. */
	for (long at = 16; at <= 32 && is_plain(torch, object); at += 8)
		if (tensor_identity(python_at(object, at)))
			return python_at(object, at);
	return NULL;
}

int
python_tensor_flag(const struct python_torch *torch, struct python_object *object, const char *name)
{
	struct python_object *value;
	int result = -1;

	if (!torch->quiet || !is_plain(torch, object))
		return -1;
	value = py.PyObject_GetAttrString(object, name);
	if (python_is(value, py.PyBool_Type)) {
		int overflow;
		result = py.PyLong_AsLongLongAndOverflow(value, &overflow) != 0;
	}
	python_release(value);
	py.PyErr_Clear();
	return result;
}

struct python_object *
python_tensor_grad(const struct python_torch *torch, struct python_object *object)
{
	struct python_object *grad = NULL;

	if (python_tensor_flag(torch, object, "is_leaf") == 1)
		grad = py.PyObject_GetAttrString(object, "grad");
	py.PyErr_Clear();
	return grad;
}

int
python_tensor_has_grad(const struct python_torch *torch, struct python_object *object)
{
	struct python_object *grad = python_tensor_grad(torch, object);
	int result = grad ? python_is_tensor(torch, grad) : -1;

	python_release(grad);
	return result;
}

const char *
python_dtype_name(int dtype)
{
	return dtype >= 0 && dtype < COUNT(dtype_names) ? dtype_names[dtype] : NULL;
}

const char *
python_device_name(const struct tensor_meta *meta, char *text)
{
	if (meta->device_type < 0 || meta->device_type >= COUNT(device_names))
		return NULL;
	const char *name = device_names[meta->device_type];
	size_t size = strlen(name);
	memcpy(text, name, size + 1);
	/* The CPU and meta devices have no index worth telling. */
	if (meta->device_index >= 0 && meta->device_index < 1000 && meta->device_type != 0 && meta->device_type != 14) {
		int index = meta->device_index;
		text[size++] = ':';
		if (index >= 100)
			text[size++] = (char)('0' + index / 100);
		if (index >= 10)
			text[size++] = (char)('0' + index / 10 % 10);
		text[size++] = (char)('0' + index % 10);
		text[size] = 0;
	}
	return text;
}

static void
write_flag(struct json_writer *json, const char *key, int value)
{
	json_key(json, key);
	if (value < 0)
		json_null(json);
	else
		json_bool(json, value);
}

void
python_tensor_write_meta(struct json_writer *json, const struct tensor_meta *meta)
{
	char device[32];
	unsigned layout = meta->flags & BOX_TENSOR_LAYOUT;

	json_key(json, "shape");
	if (meta->flags & BOX_TENSOR_OPAQUE || layout == BOX_LAYOUT_NESTED) {
		json_null(json);
	} else {
		json_array_begin(json);
		for (int i = 0; i < meta->ndim; i++)
			json_int(json, meta->sizes[i]);
		json_array_end(json);
	}
	json_key(json, "dtype");
	json_string(json, python_dtype_name(meta->dtype));
	json_key(json, "device");
	json_string(json, python_device_name(meta, device));
	json_key(json, "layout");
	json_string(json, layout < (unsigned)COUNT(layout_names) ? layout_names[layout] : NULL);
}

/* Bytes of an element, by c10::ScalarType; 0 where elements are no whole bytes, or it isn't known. */
static const uint8_t element_bytes[] = {
	1, 1, 2, 4, 8, 2, 4, 8, 4, 8, 16, 1, 1, 1, 4, 2, 0, 0, 0, 0, 0, 1, 2, 1, 1, 1, 1, 2, 4, 8,
};

/* Where a device has its elements. */
static void
write_data(struct json_writer *json, const void *impl, const struct tensor_meta *meta)
{
	uint64_t bytes, each = meta->dtype >= 0 && meta->dtype < COUNT(element_bytes) ? element_bytes[meta->dtype] : 0;
	const char *storage = meta->device_type == DEVICE_CUDA && !(meta->flags & BOX_TENSOR_OPAQUE) ? tensor_storage(impl, &bytes) : NULL;

	if (!storage || !each)
		return;
	json_key(json, "data");
	json_address(json, (uintptr_t)storage + (uint64_t)meta->storage_offset * each);
}

void
python_tensor_write(struct json_writer *json, const struct python_torch *torch, struct python_object *object)
{
	const void *impl = python_tensor_impl(torch, object);
	uint64_t identity = impl ? tensor_identity(impl) : 0;
	struct tensor_meta meta;

	json_key(json, "kind");
	json_string(json, "tensor");
	json_key(json, "tensor");
	if (identity)
		json_int(json, (int64_t)identity);
	else
		json_null(json);
	json_key(json, "address");
	if (impl)
		json_address(json, (uintptr_t)impl);
	else
		json_null(json);
	json_key(json, "class");
	json_string(json, python_type_name(python_type(object)));
	if (impl && tensor_read(impl, &meta)) {
		python_tensor_write_meta(json, &meta);
		write_data(json, impl, &meta);
	} else {
		static const char *const keys[] = { "shape", "dtype", "device", "layout" };
		for (int i = 0; i < COUNT(keys); i++) {
			json_key(json, keys[i]);
			json_null(json);
		}
	}
	write_flag(json, "requires_grad", python_tensor_flag(torch, object, "requires_grad"));
	write_flag(json, "is_leaf", python_tensor_flag(torch, object, "is_leaf"));
}
