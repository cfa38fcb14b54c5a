/*
 * Messages from one rank to another: send, recv and what is made of them; all_to_all. Included within viewer/analysis/diff/ alone.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_DIFF_MESSAGES_H
#define SHAPEBOX_VIEWER_ANALYSIS_DIFF_MESSAGES_H

#include "diff_parts.h"

/* The first that is not what the other side expects; SENDER and RECEIVER: places among the members. */
struct mismatch {
	bool found, waits;     /* waits: it never came, and the receiver's last operation waits for it */
	bool exchange;         /* it is part of an all_to_all, in which both ended */
	int64_t given, expected; /* then: elements */
	int sender, receiver;
	int64_t step, sent /* event, -1 */, received;
};

struct mismatch messages_compare(const struct members *members);

/* New reference. */
json_t *divergence_of_message(struct members *members, const struct mismatch *mismatch);

#endif
