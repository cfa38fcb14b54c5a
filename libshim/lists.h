/*
 * Lists of tensors that were longer than a record keeps: the operands of optimizers, of averages, of large batches.
 *
 * When an operation with such a list begins, the addresses of its tensors are set aside (one copy of each pointer; no other operation pays). If
 * it is then left by an exception, those that differ from what they are held against are written into its note: of lists of one length, an item
 * from the first list's item at its place; of a list alone, an item from the list's first; of a list that is another with some put in, those.
 * Lists that differ at more places than they agree at
 * are of different kinds, and nothing is said of them.
 *
 * On the operation's thread. A tensor is looked at only while the table of identities says that it lives. No malloc, no lock.
 */
#ifndef SHAPEBOX_LIBSHIM_LISTS_H
#define SHAPEBOX_LIBSHIM_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "torch.h"

#define LISTS_MOST 8
#define LISTS_ITEMS 4096 /* of all lists of one operation */
#define LISTS_PLACES 4   /* at which items differ that are written */
#define LISTS_TOLD 16    /* of those, remembered: fewer than bits of a word */

struct lists {
	uint64_t event;   /* the operation that they are of */
	uint32_t count;   /* 0: none */
	struct lists_one { uint32_t argument, length, kept; const void **items; } of[LISTS_MOST];
	uint32_t told_count; /* those that were written last, then the operation's own operands, and where their elements lie */
	struct lists_told { uint64_t tensor; const void *storage; int64_t offset, elements; } told[LISTS_TOLD];
	const void *items[LISTS_ITEMS];
};

/* EVENT begins with COUNT values from LIST: set its lists of tensors aside. */
void lists_keep(struct lists *lists, uint64_t event, const struct torch_value *list, size_t count);
/* Remember where the elements of TENSOR, which is at IMPL and lives, lie: python_parameters.h finds its name by that. Beyond LISTS_TOLD: nothing. */
void lists_tell(struct lists *lists, uint64_t tensor, const void *impl);
/* EVENT is being left by an exception: write the array of its items that differ (ARCHITECTURE.md "Notes", `items`). */
void lists_write(struct json_writer *json, struct lists *lists, uint64_t event);

#endif
