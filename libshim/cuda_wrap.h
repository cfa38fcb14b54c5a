/*
 * How a line of cuda_runtime.def or cuda_driver.def becomes a wrapper. Included by cuda_runtime.c and cuda_driver.c.
 *
 * The facts are taken after the real call: out-parameters stand then, and what is read through pointers was good enough
 * for CUDA to read.
 */
#ifndef SHAPEBOX_LIBSHIM_CUDA_WRAP_H
#define SHAPEBOX_LIBSHIM_CUDA_WRAP_H

#include "cuda.h"
#include "cuda_rows.h"
#include "cuda_types.h"
#include "shim.h"

#define CUDA_LAUNCH_NUMBERS(f, gx, gy, gz, bx, by, bz, s, q) \
	.kernel = f, .stream = q, .grid = { gx, gy, gz }, .block = { bx, by, bz }, .shared_bytes = (uint32_t)(s)
#define CUDA_LAUNCH_FACTS(f, g, b, s, q) CUDA_LAUNCH_NUMBERS(f, (g).x, (g).y, (g).z, (b).x, (b).y, (b).z, s, q)
#define CUDA_RUNTIME_CONFIG(c) ((c) ? (c) : &(const struct cuda_launch_config){ .shared_bytes = 0 })
#define CUDA_CONFIG(c) ((c) ? (c) : &(const struct cuda_driver_config){ .shared_bytes = 0 })

/* What lies behind a pointer is read on success only. */
#define CUDA_SUM(sizes, n) (result == CUDA_SUCCESS ? cuda_sum(sizes, n) : 0)
#define CUDA_ARRAY_BYTES(c, w, h, d) (result == CUDA_SUCCESS ? cuda_array_bytes(c, w, h, d) : 0)
#define CUDA_COPY3D_FACTS(p) \
	.address = result == CUDA_SUCCESS ? (p)->to.at : NULL, .source = result == CUDA_SUCCESS ? (p)->from.at : NULL, \
	.bytes = result == CUDA_SUCCESS ? (p)->extent.width * (p)->extent.height * (p)->extent.depth : 0
#define CUDA_DRIVER_PLACE(p, side) \
	(result != CUDA_SUCCESS || (p)->side##_type == 3 ? NULL : (p)->side##_type == 1 ? (p)->side##_host : (p)->side##_device)
#define CUDA_DRIVER_COPY2D_FACTS(p) \
	.address = CUDA_DRIVER_PLACE(p, to), .source = CUDA_DRIVER_PLACE(p, from), \
	.bytes = result == CUDA_SUCCESS ? (p)->width * (p)->height : 0
#define CUDA_DRIVER_COPY3D_FACTS(p) \
	.address = CUDA_DRIVER_PLACE(p, to), .source = CUDA_DRIVER_PLACE(p, from), \
	.bytes = result == CUDA_SUCCESS ? (p)->width * (p)->height * (p)->depth : 0

static inline uint64_t __attribute__((unused))
cuda_sum(const size_t *sizes, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; sizes && i < count; i++)
		sum += sizes[i];
	return sum;
}

static inline uint64_t __attribute__((unused))
cuda_array_bytes(const struct cuda_channels *c, size_t width, size_t height, size_t depth)
{
	uint64_t bits = c ? (uint64_t)c->x + (uint64_t)c->y + (uint64_t)c->z + (uint64_t)c->w : 0;

	return bits / 8 * width * (height ? height : 1) * (depth ? depth : 1);
}

#define CUDA_WRAP_REAL(symbol, form, parameters) \
	int (*real) parameters = (int (*) parameters)cuda_real_of(CUDA_ROW_##symbol, form); \
	if (__builtin_expect(!real, 0)) \
		return CUDA_NO_SYMBOL;

/* What is about to be freed leaves the table first: its address may be handed out again before the call has returned. */
#define CUDA_WRAP_CALL(storage, name, symbol, form, kind, parameters, arguments, ...) \
	storage int name parameters \
	{ \
		int result = CUDA_SUCCESS; \
		CUDA_WRAP_REAL(symbol, form, parameters) \
		if (!cuda_enter()) \
			return real arguments; \
		if (CUDA_IS_FREE(kind)) \
			cuda_freeing(kind, &(struct cuda_facts){ __VA_ARGS__ }); \
		result = real arguments; \
		cuda_leave(CUDA_ROW_##symbol, result, &(struct cuda_facts){ __VA_ARGS__ }); \
		return result; \
	}

#define CUDA_IS_FREE(kind) \
	((kind) == BOX_CUDA_FREE || (kind) == BOX_CUDA_HOST_FREE || (kind) == BOX_CUDA_HOST_UNREGISTER \
	 || (kind) == BOX_CUDA_RELEASE || (kind) == BOX_CUDA_UNRESERVE || (kind) == BOX_CUDA_CLOSE)

#define CUDA_WRAP_LAUNCH(storage, name, symbol, form, parameters, arguments, ...) \
	storage int name parameters \
	{ \
		CUDA_WRAP_REAL(symbol, form, parameters) \
		if (!cuda_enter()) \
			return real arguments; \
		int result = real arguments; \
		cuda_leave_launch(CUDA_ROW_##symbol, result, &(struct cuda_launch){ __VA_ARGS__ }); \
		return result; \
	}

/* AFTER runs for calls within calls as well: what it keeps track of is true of them, too. */
#define CUDA_WRAP_STATE(storage, name, symbol, form, parameters, arguments, after) \
	storage int name parameters \
	{ \
		CUDA_WRAP_REAL(symbol, form, parameters) \
		bool entered = cuda_enter(); \
		int result = real arguments; \
		if (result == CUDA_SUCCESS && cuda_on) \
			after; \
		if (entered) \
			cuda_leave(CUDA_ROW_##symbol, result, &(struct cuda_facts){ 0 }); \
		return result; \
	}

#define CUDA_WRAP_PLAIN(storage, name, symbol, form) \
	storage int name(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f) \
	{ \
		CUDA_WRAP_REAL(symbol, form, (uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)) \
		if (!cuda_enter()) \
			return real(a, b, c, d, e, f); \
		int result = real(a, b, c, d, e, f); \
		cuda_leave_plain(CUDA_ROW_##symbol, result); \
		return result; \
	}

#endif
