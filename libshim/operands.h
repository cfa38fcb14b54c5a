/*
 * Operands of an operation that is being left by an exception: they are alive, for its caller holds them.
 */
#ifndef SHAPEBOX_LIBSHIM_OPERANDS_H
#define SHAPEBOX_LIBSHIM_OPERANDS_H

struct json_writer;
struct recorder;
struct open_op;

/* Write the array of the summaries of RECORDER's operation OPEN's integer and bool operands. On its thread, while it is
 * being left, before anything around it is. */
void operands_write(struct json_writer *json, const struct recorder *recorder, const struct open_op *open);
/* Remember where those operands' elements lie, for their parameters' names (lists_tell). As above; after lists_write, which begins anew. */
void operands_tell(struct recorder *recorder, const struct open_op *open);

#endif
