/*
 * C++ exceptions: what was thrown last on this thread, and the note about the operation it left.
 */
#ifndef SHAPEBOX_LIBSHIM_THROW_H
#define SHAPEBOX_LIBSHIM_THROW_H

struct recorder;
struct open_op;

/* RECORDER's operation OPEN is being left by the exception thrown last: write a note, once per throw. */
void throw_note(struct recorder *recorder, const struct open_op *open);

#endif
