/*
 * A check that Python code made and that failed: an assert, a raise under a condition, a library's own check.
 *
 * Its line's source names what it compares. Where both sides are sizes or counts of tensors that the frame holds, that is
 * the mismatch; where not, the tensors that the compared names were made from are what to follow. Only recorded numbers
 * count: what the source says serves to find them.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CHECK_H
#define SHAPEBOX_VIEWER_ANALYSIS_CHECK_H

#include "../causes/code/condition.h"
#include "../failure/failure.h"
#include "../subject.h"

#define CHECK_TENSORS_MOST 8

/* What the frame that is shown knows, and those that called it; ROOM is to be freed, if that is something. False where that is nothing, or its file has changed
 * since. */
bool check_open(struct condition_scope *scope, void **room, const struct source *source, const struct failure *failure, const json_t *frames);

/* The comparison that failed at the chosen frame of FRAMES, with what both sides came to; false where it isn't known. Borrows of FRAMES. */
bool check_condition(const struct source *source, const struct failure *failure, const json_t *frames, struct condition *out);

/* The two sides of the check at the chosen frame of FRAMES, if they differ and at least one is a tensor's size or count.
 * Names are borrowed from FRAMES and OUT. */
bool check_compares(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out,
		    struct mismatch *found);

/* Values were to be unpacked ("b, c, h, w = x.shape", "x, y = p.unbind(-1)", "q, k, v = qkv.split(n)") and there were more or fewer than names: the tensor
 * that they are of, whose rank or size that is. Borrows of FRAMES. */
bool check_unpacks(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out,
		   struct mismatch *found);

/* A tensor was given more indices than it has dimensions ("mask[:, None, :, :]"). Borrows of FRAMES. */
bool check_indexes(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found);

/* A tensor was given an index behind its end ("features[place]", which PyTorch refuses before an operation runs): its size there, against the place that was asked
 * for, counted from 1. Only where one tensor of the failing line can be the one. Borrows of FRAMES. */
bool check_subscripts(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out, struct mismatch *found);

/* The frame's tensors (VARIABLEs of ARCHITECTURE.md, borrowed) that the failing statement rests on: first those that its
 * function was given, then those it made, nearest first. Returns how many. */
int check_tensors(const struct source *source, const struct failure *failure, const json_t *frames,
		  const json_t *out[CHECK_TENSORS_MOST]);

/* [{"name","value"}]: the numbers that the failing statement names ("len(features)", "self.window", "x.size(1)"), in its order, as far as its frame's record
 * tells them; a few of them. New reference. */
json_t *check_values(const struct source *source, const struct failure *failure, const json_t *frames);

#endif
