/*
 * Where a failure arose: the stack as JSON frames, and which of them is the user's or the model's.
 *
 * A frame is {"file","line","function","module","source"?...} as the notes have it. Frames of PyTorch,
 * of launchers, of Python's own library and of wrappers are never chosen where another exists; model and
 * training libraries are. Reads at most one line of the source file, and only if that is unchanged since.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_WHERE_H
#define SHAPEBOX_VIEWER_ANALYSIS_WHERE_H

#include "causes/code/code.h"
#include "failure/failure.h"

/* Frames of the failure, innermost first: the forward line first where a backward operation failed, then the
 * Python frames, or the call site of the operation where Python told nothing. New reference. */
json_t *where_frames(const struct source *source, const struct failure *failure);
/* Frames of site ID of PROCESS. New reference; an empty list if unknown. */
json_t *where_site_frames(const struct source *source, int process, int64_t id);
/* Index of the frame to show, -1 if there is none. */
int where_choose(const json_t *frames);
/* Where that is an installed package's: the program's own frame that called it, further out; NULL. Borrowed. */
const json_t *where_caller(const json_t *frames);
/* Where what is shown ran in a backward, or made a node that failed in one: the line that called that backward; NULL. Borrowed. */
const json_t *where_backward(const json_t *frames);
/* {"file","line","function","module","source","caller","backward"} of the chosen frame, or null. New reference. */
json_t *where_build(const struct source *source, const struct failure *failure, const json_t *frames);
/* LINE of FILE, trimmed, if FILE is Python and hasn't changed since FAILURE; else null. New reference. */
json_t *where_source(const struct source *source, const struct failure *failure, const char *file, int64_t line);
/* "stack": every frame without its locals. New reference. */
json_t *where_stack(const json_t *frames);
/* Is FILE PyTorch's own, a launcher's, Python's library's or a wrapper's? */
bool where_is_foreign(const char *file);
/* Is it that, or a package's decorator ("verify.<locals>.wrapper"), or the method of its tensor class that PyTorch asks about every operation (__torch_function__):
 * does it only pass on what another called? */
bool where_passes(const char *file, const char *function);
bool where_frame_passes(const json_t *frame);
/* Is it the outermost frame of a data loader's worker? What is around it is the parent's, of the moment when it forked. */
bool where_is_worker_loop(const char *file, const char *function);
/* Is FILE PyTorch's code of activation checkpointing? */
bool where_is_checkpointing(const char *file);
/* Was the operation at call SITE called by it, at any depth? */
bool where_in_checkpoint(const struct source *source, int process, int64_t site);
/* Nor in an installed package: the program's own. */
bool where_is_program(const char *file);
/* Is site ID (its chosen frame) in the program's own files, not in an installed package or Python's library? */
bool where_is_own(const struct source *source, int process, int64_t id);
/* Was site ID's operation called by the program's own line itself, not by a library that it called? */
bool where_is_asked(const struct source *source, int process, int64_t id);
/* Did PyTorch's own code (or a wrapper's, not a model's) call site ID's operation? */
bool where_is_inner(const struct source *source, int process, int64_t id);
/* "file.py:41" of the chosen frame of site ID, in OUT; false if unknown. FULL keeps the path. */
bool where_site_line(const struct source *source, int process, int64_t id, bool full, char *out, size_t size);
/* "file.py:41" of the program's own line that called it, where the chosen frame is an installed package's. */
bool where_caller_line(const struct source *source, int process, int64_t id, char *out, size_t size);
/* The same, else the line itself: false if that is unknown, too. */
bool where_called_line(const struct source *source, int process, int64_t id, char *out, size_t size);
/* The same as where_site_line for what a call of CUDA is tied to: its site or, in backward, the forward line of EVENT (either may be -1). */
bool where_call_line(const struct source *source, int process, int64_t site, int64_t event, bool *backward, char *out, size_t size);
/* Are both call sites at one line of the user's code? */
bool where_same_line(const struct source *source, int process, int64_t one, int64_t other);
/* Is FRAME's function among FRAMES? */
bool where_is_among(const json_t *frames, const json_t *frame);
/* FILE of one of FAILURE's frames, if it is Python and hasn't changed since; close it with code_close. */
bool where_code(const struct source *source, const struct failure *failure, const char *file, struct code *out);
/* The statement that FRAME stands at, the last of its function up to there. False where its file can't be read so. */
bool where_statement(const struct source *source, const struct failure *failure, const json_t *frame, struct code_statement *out);

#endif
