/*
 * What torch.compile tells of an operation that failed while it traced the program: no tensor of the program's took part, only
 * stand-ins ("FakeTensor(..., size=(3, s27, 24))") whose sizes the message has.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_COMPILED_H
#define SHAPEBOX_VIEWER_ANALYSIS_COMPILED_H

#include "../source.h"
#include "../subject.h"

/* The operation with its operands, and what disagrees among them; false if MESSAGE tells of no such thing. A size that stands as a
 * symbol is taken from the message's own hint, or from a variable of FRAMES that has all of the other sizes. An operand becomes the
 * variable that went into the compiled part where one alone has its size in that dimension: the size came in with it. */
bool compiled_subject(struct subject *out, const char *message, const json_t *frames, struct mismatch *found);
/* An operand that no variable is known for becomes the newest tensor of its whole shape that an operation of the program made (a buffer,
 * an attribute), if there is one. */
void compiled_find_made(const struct source *source, int process, struct subject *subject);

#endif
