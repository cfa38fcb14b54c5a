/*
 * The terminal: whether it may be coloured, how wide it is, and notices of long work.
 *
 * Owns no state but the notice shown on stderr. Single-threaded.
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

/* Say on stderr what takes long, if it is a terminal; the next notice, or NULL, replaces it. */
void terminal_notice(const char *text);

#endif
