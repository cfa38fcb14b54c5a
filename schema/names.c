#include "names.h"

#include <stdio.h>

/* torch/headeronly/core/ScalarType.h, in its order */
static const char *const dtypes[] = {
	"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex32", "complex64",
	"complex128", "bool", "qint8", "quint8", "qint32", "bfloat16", "quint4x2", "quint2x4", "bits1x8", "bits2x4",
	"bits4x2", "bits8", "bits16", "float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz", "float8_e4m3fnuz", "uint16",
	"uint32", "uint64", "uint1", "uint2", "uint3", "uint4", "uint5", "uint6", "uint7", "int1", "int2", "int3",
	"int4", "int5", "int6", "int7", "float8_e8m0fnu", "float4_e2m1fn_x2",
};

/* torch/headeronly/core/DeviceType.h, in its order. Vendors' devices without a number of their own (Ascend "npu",
 * and others) are privateuseone here: the name that they rename it to is known to the process alone. */
static const char *const device_types[] = {
	"cpu", "cuda", "mkldnn", "opengl", "opencl", "ideep", "hip", "fpga", "maia", "xla", "vulkan", "metal", "xpu",
	"mps", "meta", "hpu", "ve", "lazy", "ipu", "mtia", "privateuseone",
};

static const char *const layouts[] = { "strided", "sparse", "sparse_csr", "nested", "quantized", "other" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *
names_dtype(unsigned scalar_type)
{
	return scalar_type < COUNT(dtypes) ? dtypes[scalar_type] : "unknown";
}

const char *
names_device_type(unsigned device_type)
{
	return device_type < COUNT(device_types) ? device_types[device_type] : "unknown";
}

const char *
names_device(unsigned device_type, int index, char *text, size_t room)
{
	if (index < 0)
		snprintf(text, room, "%s", names_device_type(device_type));
	else
		snprintf(text, room, "%s:%d", names_device_type(device_type), index);
	return text;
}

const char *
names_layout(unsigned layout)
{
	return layout < COUNT(layouts) ? layouts[layout] : "other";
}
