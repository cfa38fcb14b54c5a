/*
 * How parameters came to what they hold before training begins: by an initialiser's random numbers, or copied from elsewhere (a
 * checkpoint). For `check`; noted in the table of tensors (BOX_LIVE_*), until the first optimizer step alone.
 *
 * `module.weight.data.copy_(saved)` writes through another tensor of the same storage, `embedding.weight[:n] = old` through a view.
 * So storages that anything was copied to are remembered too, by their addresses, in a filter: it may say "copied" of what was not,
 * never the other way round. Any thread; no malloc, lock, system call.
 */
#ifndef SHAPEBOX_LIBSHIM_WRITTEN_H
#define SHAPEBOX_LIBSHIM_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

enum written_kind { WRITTEN_NONE, WRITTEN_RANDOM, WRITTEN_COPIED };

/* What the operation NAME does to its first operand. */
enum written_kind written_of(const char *name);
/* An operation of KIND writes to the tensor at IMPL. */
void written_take(enum written_kind kind, const void *impl);
/* The tensor at IMPL is given the storage of FROM: another content, or (CONVERTED: of another dtype or device, as module.to() does
 * it) its own. */
void written_moved(const void *impl, const void *from, bool converted);

/* Of the parameter at IMPL: random numbers, and nothing else was written to it. */
bool written_is_fresh(const void *impl);
/* Something was copied to it. */
bool written_is_copied(const void *impl);
/* Something was, and random numbers after that. */
bool written_is_reset(const void *impl);

#endif
