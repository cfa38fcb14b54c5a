/*
 * A size that had to be a multiple of another, as a check in Python found: "can't divide axis of length 30 in chunks of 4", "if length % self.chunk:".
 *
 * The size must be a tensor's that a frame holds, in the one dimension of it that is so long; of what only a message tells, the other number must be
 * within reach of a frame, too, or the message must tell that tensor's whole shape.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_MULTIPLE_H
#define SHAPEBOX_VIEWER_ANALYSIS_MULTIPLE_H

#include "failure/failure.h"
#include "subject.h"

/* "can't divide axis of length 30 in chunks of 4": both numbers, of which the first leaves a rest; false if MESSAGE tells no such pair. */
bool multiple_told(const char *message, int64_t *whole, int64_t *part);
/* The tensor, and the number that its size is no multiple of. Names are borrowed from FRAMES. */
bool multiple_subject(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found);

#endif
