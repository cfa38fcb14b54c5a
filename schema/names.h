/*
 * PyTorch's numbers as the words its users know: dtypes and device types.
 *
 * The numbers are c10::ScalarType and c10::DeviceType; both lists only ever grow at their end, so one table
 * serves every version of torch. Static storage, never NULL, no state.
 */
#ifndef SHAPEBOX_SCHEMA_NAMES_H
#define SHAPEBOX_SCHEMA_NAMES_H

#include <stddef.h>

/* "float32" for 6; "unknown" for a number this table doesn't have. */
const char *names_dtype(unsigned scalar_type);

/* "cuda" for 1; "unknown" for a number this table doesn't have. */
const char *names_device_type(unsigned device_type);

/* "cpu", "cuda:0" into TEXT of ROOM bytes (always terminated). A negative INDEX is left out. Returns TEXT. */
const char *names_device(unsigned device_type, int index, char *text, size_t room);

/* The layout of flag bits BOX_TENSOR_LAYOUT (enum box_layout): "strided", "sparse", ... */
const char *names_layout(unsigned layout);

#endif
