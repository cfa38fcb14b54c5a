/*
 * The sizes that a message tells, found again among the tensors in reach.
 *
 * Modules check their inputs in Python: "Expected hidden[0] size (2, 50, 24), got [2, 16, 24]", "expected 4D input (got 3D
 * input)". Only a tensor that a frame holds and that has that whole shape (or rank) counts; without one there is no finding.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_TOLD_H
#define SHAPEBOX_VIEWER_ANALYSIS_TOLD_H

#include "failure/failure.h"
#include "subject.h"

#define TOLD_SHAPES_MOST 4
#define TOLD_DIMS_MOST 8

struct told_shape { int64_t sizes[TOLD_DIMS_MOST]; int ndim; enum { TOLD_PLAIN, TOLD_EXPECTED, TOLD_ACTUAL } role; };

/* The shapes in MESSAGE, "[2, 3]" or "(2, 3)" or "(2,)", with what the words before them say. Returns how many. */
int told_shapes(const char *message, struct told_shape out[TOLD_SHAPES_MOST]);
/* Is SHAPE (of a VARIABLE) the one told? */
bool told_is(const struct told_shape *told, const json_t *shape);
/* MESSAGE with blanks for the shapes in it, cut to SIZE. */
void told_rest(const char *message, char *out, size_t size);
/* "expected 4D input (got 3D input)": both numbers of dimensions; false if MESSAGE tells no such pair. */
bool told_ranks(const char *message, int64_t *expected, int64_t *actual);

/* "Expected mask.shape[1] to be 22, but got 21": both numbers; false if MESSAGE tells no such pair, or more numbers. */
bool told_numbers(const char *message, int64_t *expected, int64_t *actual);

/* What "Process 0: [8, 3] - Process 1: [5, 3]" tells: the shape of process RANK (else of the first), and the one dimension of it that is another in another process; false
 * if it tells no such. */
struct told_apart { struct told_shape shape; int dim; int64_t rank, size, other, other_size; };
bool told_apart(const char *message, int64_t rank, struct told_apart *out);
/* The same: which of the COUNT tensors NAMED of process RANK that is. Names are borrowed from them. */
bool told_of_processes(const char *message, int64_t rank, const json_t *const *named, int count, struct subject *out, struct mismatch *found);

/* The one dimension of LOCAL, a tensor, that is SIZE long; -1 if none or several are, or it is none. */
int told_dim(const json_t *local, int64_t size);

/* The tensor that a message is about, against what it asks for. Names are borrowed from FRAMES and OUT. */
bool told_subject(const struct source *source, const struct failure *failure, const json_t *frames, struct subject *out,
		  struct mismatch *found);

#endif
