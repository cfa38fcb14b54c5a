/*
 * A little of the program's source, read as text: which names a failing statement rests on, and the condition it stands under.
 *
 * Nothing is run, and nothing is read but plain files that haven't changed since the failure. Knows statements (over several
 * lines, too), assignments and conditions; what it doesn't understand it leaves out. Strings and comments hold no names.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CODE_H
#define SHAPEBOX_VIEWER_ANALYSIS_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_NAMES_MOST 64
#define CODE_STATEMENTS_MOST 512
#define CODE_TEXT_MOST 1024

/* A file's lines; they live until code_close. */
struct code { char *data; char **lines; int count; };

/* Reads PATH if it is a plain file of bounded size that hasn't changed since CHANGED_NS (Unix, 0: whenever). */
bool code_open(struct code *code, const char *path, int64_t changed_ns);
void code_close(struct code *code);
/* Line NUMBER (from 1) without the blanks around it, in OUT; false if there is none. */
bool code_line(const struct code *code, int64_t number, char *out, size_t size);

/* The column at which LINE begins to say something; a tab goes to the next of 8. */
int code_indent(const char *line);
struct code_statement { int first, last, indent; char text[CODE_TEXT_MOST]; };

/* The statements of the function around LINE, from its def to the one that holds LINE, which is the last. Returns how many
 * (0: none); the first are left out where there are more than MOST. */
int code_statements(const struct code *code, int line, struct code_statement *out, int most);

/* A name that the last statement rests on: how many assignments away, and whether one gave it its value here. */
struct code_name { char name[64]; int depth; bool assigned; };
struct code_names { struct code_name names[CODE_NAMES_MOST]; int count; };

/* The names of the last of COUNT statements, nearest first; of a raise, those of the conditions around it. */
void code_depends(const struct code_statement *statements, int count, struct code_names *out);

/* The condition that the last statement checks, or a raise stands under, in OUT; WANTED gets what it must have come to for that to
 * raise. False where there is none. */
bool code_condition(const struct code_statement *statements, int count, char *out, size_t size, bool *wanted);
/* What NAME was last set to before the last statement, in OUT; false if nothing here did. PLACE: which of several values is NAME's,
 * -1 where it is the only one. */
bool code_assigned(const struct code_statement *statements, int count, const char *name, char *out, size_t size, int *place);

/* What the statement TEXT assigns a part of ("tiles" of "tiles[i, :n] = tile"), in OUT; false if it assigns none. */
bool code_part_of(const char *text, char *out, size_t size);

/* Which of the parameters of DEF, a function's first statement, is called NAME: its place among those that a call gives (self isn't one), -1 if none is. */
int code_parameter(const struct code_statement *def, const char *name);
/* Does the statement TEXT call CALLED, once? */
bool code_calls(const char *text, const char *called);
/* What the call of CALLED in the statement TEXT gives as NAME, the parameter at PLACE, in OUT; false where it gives none, by a star, or is called there
 * more than once. */
bool code_argument(const char *text, const char *called, const char *name, int place, char *out, size_t size);
/* How long the path ("self.config.width", "cfg['width']") at AT is, and with the calls and subscripts that follow it ("x.size(1)", "shape[-1]"); 0: there
 * is none. */
size_t code_path(const char *at);
size_t code_term(const char *at);
/* The next path at or after AT that is no string's or number's part, of SIZE; NULL. */
const char *code_next_path(const char *at, size_t *size);
/* What follows the string that begins at AT. */
const char *code_skip_string(const char *at);

/* An attribute of its object ("self.schedule.ratio") that the statement at LINE rests on, and the line that sets it where no object is made: itself (WITHIN its function)
 * or in FUNCTION, which is called at line CALLED (0: nowhere in this file). False where there is none. */
struct code_state { char name[64], function[64]; int set, called; bool within; };
bool code_state(const struct code *code, int line, struct code_state *out);

/* The line at which the function around LINE draws from Python's or numpy's random numbers on its way there, itself or in a function of the
 * same file that it calls; 0 if it doesn't. */
int code_draws(const struct code *code, int line);

/* The except BRANCH that a line stands in, and what was TRIED before: the lines of both, and the branch's CLAUSE ("except OSError as e"). Such a line runs only
 * after a line that was tried has raised. */
struct code_fallback { int tried, tried_last, branch /* 0: it follows the try */, last; char clause[96]; };
/* That of LINE, in its own function; false where it is in none. */
bool code_fallback(const struct code *code, int line, struct code_fallback *out);
/* The same where LINE comes after the whole try of the same function that HANDLED is tried in. */
bool code_follows_try(const struct code *code, int line, int handled, struct code_fallback *out);

#endif
