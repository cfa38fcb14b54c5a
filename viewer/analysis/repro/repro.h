/*
 * A program that fails as the traced one did: PyTorch alone, operands as they were recorded, no data, no weights.
 *
 * The failing operation is called under its ATen name (torch.ops.aten...), so that the same code raises the same exception:
 * the functions of torch and torch.nn.functional check things of their own before they come to it. Operands have the recorded
 * sizes, strides, dtype, device and leaf, view or requires_grad relation; integers and masks are made to the counts that were
 * taken at the failure. What autograd's engine refused is made of the recorded forward operation, of what was written
 * in place since, and of backward().
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_REPRO_H
#define SHAPEBOX_VIEWER_ANALYSIS_REPRO_H

#include "../source.h"

#define REPRO_LINES_MOST 40 /* of the program, its comment included */
#define REPRO_ABOUT_MOST 12 /* of these, the comment's */

/* {"operation","where","exception":{"type","message"},"torch","notes":[...],"program":[...],"reason"}: the failure that ended
 * the run as a program's lines, what its reader should know, or (program null) why there can't be one. Strings of the trace
 * stand in "operation", "where", "exception", "torch", "notes" and "reason" only; the program's lines are ASCII and hold none but plain
 * identifiers and quoted text. New reference; NULL without memory. */
json_t *repro_build(const struct source *source);

#endif
