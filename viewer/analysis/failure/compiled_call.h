/*
 * The text of a call that torch.compile tells: "call_function <built-in function NAME>(*(ARGUMENT, ...), **{'KEYWORD': ARGUMENT}): got ERROR". Pure;
 * what is found points into the text.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_COMPILED_CALL_H
#define SHAPEBOX_VIEWER_ANALYSIS_COMPILED_CALL_H

#include <stdbool.h>
#include <stddef.h>

/* Where an argument is (AT to END), at which place; its keyword, "" where it has none. */
struct compiled_call { const char *at, *end; char keyword[32]; int place; };

/* The operation's NAME, and where its arguments begin; NULL if MESSAGE (or NULL) tells of no call. */
const char *compiled_find_call(const char *message, char *name, size_t size);
/* What torch said to the call that MESSAGE (or NULL) tells, in OUT: what is before it are the arguments, what follows is advice and a traceback. False: nothing. */
bool compiled_answer(const char *message, char *out, size_t size);
/* Before the arguments at AT; then to the next one, those with keywords last. False: that was all. */
void compiled_start(struct compiled_call *out, const char *at);
bool compiled_next_argument(struct compiled_call *call);
/* The end of all the arguments at CALL, those with keywords among them; NULL if they don't end. */
const char *compiled_call_end(const char *call);
/* The end of the argument at AT, on its own level. */
const char *compiled_argument_end(const char *at);
/* What torch calls argument PLACE of OPERATION; NULL if it isn't known. */
const char *compiled_argument_name(const char *operation, int place);

#endif
