/*
 * The terminal: whether it may be coloured, how wide it is, and notices of long work.
 *
 * Owns no state but the line of work on stderr, and, while work goes on, the process's alarm (SIGALRM). Single-threaded.
 */
#ifndef SHAPEBOX_VIEWER_RENDERING_TERMINAL_H
#define SHAPEBOX_VIEWER_RENDERING_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#define TERMINAL_WIDEST 100 /* reports are never wider: they are pasted into issues and chats */

/* Colour on FILE? Only on a terminal that isn't "dumb", and not where NO_COLOR is set (https://no-color.org). */
bool terminal_color(FILE *file);

/* Columns to use for FILE: COLUMNS, else the terminal's, else TERMINAL_WIDEST; from 60 to TERMINAL_WIDEST. */
int terminal_columns(FILE *file);

/* The terminal's real width for wide tables (logs): no upper bound, 0 where FILE is no terminal and COLUMNS unset. */
int terminal_columns_real(FILE *file);

/* Work begins that may take long: once it, or all such work of the command, has taken a second, stderr, if it is a terminal that isn't "dumb", says WHAT, with a bar as soon
 * as something is told of its progress (schema/progress.h). Nothing is said elsewhere. Ends what was begun before. */
void terminal_work(const char *what);
/* It is done: the line is gone. */
void terminal_done(void);

/* The line of work in OUT (of SIZE bytes) for a terminal of COLUMNS: WHAT and, unless THOUSANDTHS is -1, a bar. No more columns than
 * there are, less one. Async-signal-safe; WHAT is ASCII. */
void terminal_bar(char *out, size_t size, const char *what, int thousandths, int columns);

#endif
