/*
 * What the fake libraries share: state and counts live in the fake libcuda.so.1; the fake runtime uses them from there.
 */
#ifndef SHAPEBOX_TESTS_FAKE_H
#define SHAPEBOX_TESTS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../libshim/cuda_types.h"

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, NOT_FOUND = 500, NOT_SUPPORTED = 801,
       CAPTURE_UNSUPPORTED = 900 };

#define FAKE_COUNTS(X) \
	X(launches) X(captured_launches) X(graph_launches) X(allocations) X(frees) X(host_allocations) X(host_frees) X(copies) X(memsets) \
	X(failed_calls) X(queries)

enum fake_count {
#define X(name) FAKE_##name,
	FAKE_COUNTS(X)
#undef X
	FAKE_COUNT_COUNT
};

/* A call of the public interface begins or ends; the runtime's calls contain the driver's. fake_leave counts a failure of
 * the outermost and returns RESULT. */
void fake_enter(void);
int fake_leave(int result);
void fake_count(enum fake_count what);
/* An error of the device that has come out by now (0: none); WAITING: it comes out for who waits. */
int fake_broken(bool waiting);
/* Device memory. */
int fake_allocate(void **out, size_t bytes);
int fake_free(void *at);
/* 0 unknown, 1 pinned host, 2 device; DEVICE and BASE may be NULL */
int fake_memory_type(const void *at, int *device, void **base, size_t *bytes);
int fake_host_allocate(void **out, size_t bytes);
int fake_host_free(void *at);
int fake_register(void *at, size_t bytes);
int fake_unregister(void *at);
void fake_memory_info(size_t *free_bytes, size_t *total);

int fake_device_count(void);
int fake_device_now(void);
int fake_device_set(int device);
int fake_attribute(int *out, int attribute);

/* A kernel as the driver knows it. */
struct fake_kernel { char name[256]; };
int fake_launch(const struct fake_kernel *kernel, void *stream);

struct fake_stream { int capturing, device; void *graph; };
struct fake_graph { int nodes; };

/* Function NAME in its form for VERSION and FLAGS, as cuGetProcAddress answers; NULL: there is none. */
void *fake_function(const char *name, int version, uint64_t flags);

#endif
