/*
 * Samples: of a few operations, facts about what an operand holds that no size tells, for `check`. Never the values.
 *
 * A loss over classes: are all labels -100, PyTorch's default ignore_index? masked_scatter: are there fewer places than the
 * source has elements? An index into a table: how far does it reach, and is it a run of consecutive numbers? Looked at are the first SAMPLE_CALLS calls of a call site, then calls 32, 64, 128, ...; CPU tensors of at
 * most SAMPLE_ELEMENTS elements (what is expanded counts once), which the operation is about to read itself. Off with
 * --no-summaries. Hot path: no malloc, lock, system call; any thread.
 */
#ifndef SHAPEBOX_LIBSHIM_SAMPLE_H
#define SHAPEBOX_LIBSHIM_SAMPLE_H

#include "json.h"
#include "values.h"

#define SAMPLE_CALLS 16u
#define SAMPLE_ELEMENTS (1 << 18)
#define SAMPLE_SITES 64u
#define SAMPLE_PROBES 8u /* a call site that finds no place among so many is not looked at */

/* What is asked. X(id, name, operations): name as the note has it; a trailing '*' matches any rest. */
#define SAMPLE_KINDS(X) \
	X(LABELS, "labels_ignored", "aten::cross_entropy_loss", "aten::nll_loss*") \
	X(PLACES, "source_in_part", "aten::masked_scatter", "aten::masked_scatter_") \
	X(INDEX, "index", "aten::embedding", "aten::index", "aten::index_select")

enum sample_kind {
	SAMPLE_NONE,
#define X(id, name, ...) SAMPLE_##id,
	SAMPLE_KINDS(X)
#undef X
};

/* What to ask of the operation NAME. */
enum sample_kind sample_of(const char *name);
/* A call of such an operation from SITE, with VALUES, begins. */
void sample_take(enum sample_kind kind, uint32_t site, const struct values *values);
/* Write what was seen: [{"what","site","calls","looked","odd","count","of"}], the last two of the newest odd one. Of an index, odd is
 * one that doesn't reach the end of the table's first dimension; "largest" is the largest of all, in a table of "rows", "grew" how often
 * it was a larger one than before, "runs" how many were rows of consecutive numbers. */
void sample_write(struct json_writer *json);
/* In a forked child: nothing was seen. */
void sample_forget(void);

#endif
