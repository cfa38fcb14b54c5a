/*
 * What the rooms of libshim share: configuration, the thread's state, life-cycle calls.
 */
#ifndef SHAPEBOX_LIBSHIM_SHIM_H
#define SHAPEBOX_LIBSHIM_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#define SHIM_EXPORT __attribute__((visibility("default")))
#define SHIM_HIDDEN __attribute__((visibility("hidden")))

/* record.c: the current thread's recorder number (BOX_NONE if it has none) and how many events it has started. */
void record_thread(uint32_t *thread, uint64_t *events);

/* python_*.c, called from the constructor: register the audit hook where this process has (or will have) a Python. */
void python_start(void);
/* Called once when recording begins (GIL state unknown): nothing that needs the GIL may be done here. */
void python_recording(void);
/* Has this process imported torch? Any thread, no GIL. */
bool python_has_torch(void);
/* Called in a forked child. */
void python_forked(void);

/* frames.c: verify the frame offsets against the public interface. Needs the GIL and at least one Python frame on this
 * thread. Returns false if there was nothing to compare yet. The result goes to BOX_CHECK_FRAMES when a box exists. */
bool frames_verify(void);

#endif
