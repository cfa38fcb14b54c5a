/*
 * The failure in one sentence that a colleague would send by chat.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_HEADLINE_H
#define SHAPEBOX_VIEWER_ANALYSIS_HEADLINE_H

#include "failure/failure.h"
#include "mismatch/mismatch.h"

/* The sentence as a JSON string. FRAMES as where_frames gave them; MISMATCH is SUBJECT's and may be NULL. New reference. */
json_t *headline_build(const struct source *source, const struct failure *failure, const json_t *frames,
		       const struct event *subject, const struct mismatch *mismatch);
/* The mismatch's text with the variables' names for the operands', in OUT. */
void headline_mismatch(const struct event *subject, const json_t *frames, const struct mismatch *mismatch, char *out,
		       size_t size);
/* Where the first line of MESSAGE begins that tells more than a heading ("Error(s) in loading state_dict:"). */
const char *headline_line(const char *message);
/* "SIGKILL" */
const char *headline_signal(int signal);

#endif
