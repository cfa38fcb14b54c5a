/*
 * Operands of an operation that is being left by an exception: they are alive, for its caller holds them.
 *
 * On the operation's thread, while it is being left, before anything around it is.
 */
#ifndef SHAPEBOX_LIBSHIM_OPERANDS_H
#define SHAPEBOX_LIBSHIM_OPERANDS_H

#include <stdint.h>

#include "values.h"

struct json_writer;
struct lists;
struct recorder;
struct open_op;

/* Numbers of tensors, and where each is; NULL: it isn't known to live. */
struct operands { uint32_t count; uint64_t numbers[VALUES_TENSORS]; const void *impls[VALUES_TENSORS]; };

/* The operands of RECORDER's operation OPEN; none, where its record has been overwritten or ends of tensors aren't seen. */
void operands_find(struct operands *operands, const struct recorder *recorder, const struct open_op *open);
/* Write the array of the summaries of those that are integers or bools. */
void operands_write(struct json_writer *json, const struct operands *operands);
/* Remember in LISTS where their elements lie, for their parameters' names (lists_tell). After lists_write, which begins anew. */
void operands_tell(struct lists *lists, const struct operands *operands);

#endif
