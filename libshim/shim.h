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
/* Called on the thread whose outermost operation was just left by an exception (GIL state unknown: takes nothing,
 * calls only what is safe without it, e.g. Py_AddPendingCall). */
void python_operation_failed(void);
/* Called once when recording begins (GIL state unknown): nothing that needs the GIL may be done here. */
void python_recording(void);
/* Called once, when the first optimizer step has ended: what the program imports is loaded by then. Any thread, no GIL. */
void python_first_step(void);
/* Called where an optimizer begins a step after STEPS of them have ended. Any thread, no GIL. */
void python_optimizer_begins(uint64_t steps);
/* An operation begins, and there are process groups whose ranks only Python knows. */
void python_group_made(void);
/* Has this process imported torch? Any thread, no GIL. */
bool python_has_torch(void);
/* Called in a forked child. */
void python_forked(void);

/* frames.c: verify the frame offsets against the public interface. Needs the GIL and at least one Python frame on this
 * thread. Returns false if there was nothing to compare yet. The result goes to BOX_CHECK_FRAMES when a box exists. */
bool frames_verify(void);

#endif
