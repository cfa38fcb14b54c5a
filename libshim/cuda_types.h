/*
 * CUDA's own structures, as far as wrappers must know them: to pass them on by value, or to read what a call was asked for.
 * From driver_types.h, vector_types.h and cuda.h of CUDA 12 and 13, where they are the same. tests/fake is built from them too.
 */
#ifndef SHAPEBOX_LIBSHIM_CUDA_TYPES_H
#define SHAPEBOX_LIBSHIM_CUDA_TYPES_H

#include <stddef.h>
#include <stdint.h>

struct cuda_dim3 { unsigned x, y, z; };                         /* dim3 */
struct cuda_extent { size_t width, height, depth; };            /* cudaExtent */
struct cuda_pitched { void *at; size_t pitch, width, height; }; /* cudaPitchedPtr */
struct cuda_channels { int x, y, z, w, kind; };                 /* cudaChannelFormatDesc: bits of each channel */
struct cuda_ipc { char bytes[64]; };                            /* cudaIpcMemHandle_t, CUipcEventHandle... */

struct cuda_launch_config {                                     /* cudaLaunchConfig_t */
	struct cuda_dim3 grid, block;
	size_t shared_bytes;
	void *stream, *attributes;
	unsigned attribute_count;
};

struct cuda_driver_config {                                     /* CUlaunchConfig */
	unsigned grid[3], block[3], shared_bytes;
	void *stream, *attributes;
	unsigned attribute_count;
};

struct cuda_copy3d {                                            /* cudaMemcpy3DParms */
	void *from_array;
	struct cuda_extent from_place;                          /* cudaPos: three size_t as well */
	struct cuda_pitched from;
	void *to_array;
	struct cuda_extent to_place;
	struct cuda_pitched to;
	struct cuda_extent extent;
	int kind;
};

struct cuda_driver_copy2d {                                     /* CUDA_MEMCPY2D_v2 */
	size_t from_x, from_y;
	int from_type;                                          /* 1 host, 2 device, 3 array, 4 unified */
	const void *from_host, *from_device, *from_array;
	size_t from_pitch, to_x, to_y;
	int to_type;
	void *to_host, *to_device, *to_array;
	size_t to_pitch, width, height;
};

struct cuda_driver_copy3d {                                     /* CUDA_MEMCPY3D_v2 */
	size_t from_x, from_y, from_z, from_level;
	int from_type;
	const void *from_host, *from_device, *from_array, *from_reserved;
	size_t from_pitch, from_height, to_x, to_y, to_z, to_level;
	int to_type;
	void *to_host, *to_device, *to_array, *to_reserved;
	size_t to_pitch, to_height, width, height, depth;
};

#endif
