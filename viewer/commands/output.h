/*
 * A file that a command makes: whole, or not there. It is written beside its place under another name and renamed at the
 * end; Ctrl-C, SIGTERM and SIGHUP remove what was begun.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_OUTPUT_H
#define SHAPEBOX_VIEWER_COMMANDS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct error;
struct page;

/* Let WRITE fill the file PATH ("-": standard output). A file that was there is replaced, or, without REPLACE, an error; a
 * directory, a device or a pipe always is. False: ERROR is filled, unless WRITE filled it. */
bool output_write(const char *path, bool replace, bool (*write)(FILE *file, void *context), void *context, struct error *error);

/* Print JSON, indented, or PAGE (in colour on a terminal) on standard output. Returns RESULT, or COMMAND_TROUBLE with ERROR filled
 * where memory ran out. */
int output_json(const json_t *json, int result, struct error *error);
int output_page(struct page *page, int result, struct error *error);

#endif
