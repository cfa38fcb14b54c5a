/*
 * Where named numbers were set: the files that the command names, the program's own files, the command line.
 *
 * settings_load reads at most SETTINGS_FILES_MOST plain files of at most SETTINGS_BYTES_MOST each, line by line, for
 * "key: 512", "key = 512" (a product or power of integers, too), "\"key\": 512", "--key 512" and keyword arguments; no file is
 * parsed. Configuration files are those that the command or a line of the program names. A file that changed
 * after the failure is left out. The rest is pure.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_SETTINGS_H
#define SHAPEBOX_VIEWER_ANALYSIS_SETTINGS_H

#include "../../source.h"

#define SETTINGS_FILES_MOST 12
#define SETTINGS_BYTES_MOST (1 << 20)
#define SETTINGS_MOST 2048

struct setting {
	char key[64];
	int64_t value;
	int file;  /* place in files; -1: the command line */
	int line;
};

struct settings {
	int count, file_count;
	char files[SETTINGS_FILES_MOST][1024];
	struct setting list[SETTINGS_MOST];
};

/* Fills OUT (large: allocate it) for PROCESS, whose failure at TIME_NS has FRAMES. */
void settings_load(const struct source *source, int process, const json_t *frames, int64_t time_ns, struct settings *out);
/* Adds what one line of text sets. LINE is its number in file FILE. */
void settings_add_line(struct settings *settings, const char *text, int file, int line);
/* Adds what the words of a command set. */
void settings_add_command(struct settings *settings, const json_t *argv);
/* What sets NAME ("args.cutoff_len", "cfg['cutoff_len']") to VALUE; NULL if nothing is seen to. Configuration files come
 * before the command line and programs. */
const struct setting *settings_find(const struct settings *settings, const char *name, int64_t value);
/* What NAME is called where it was set to VALUE: of a function's other arguments (kwargs['size']) the argument that a call gave (size); else NAME itself. */
const char *settings_name(const struct settings *settings, const char *name, int64_t value);

#endif
