/* Opening a trace directory: see trace.h. */
#include "trace.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "schema/box.h"
#include "schema/progress.h"
#include "trace_internal.h"

#define FILES_LIMIT 65536
#define FILES_OPEN 128 /* of a trace with more, each is opened when it is asked */
#define RUN_LIMIT_BYTES (4u << 20)

struct names { char **names; int count, room; };

static bool
names_add(struct names *names, const char *name)
{
	char **grown;

	if (names->count == FILES_LIMIT)
		return true;
	if (names->count == names->room) {
		int room = names->room ? names->room * 2 : 32;

		grown = realloc(names->names, (size_t)room * sizeof *grown);
		if (!grown)
			return false;
		names->names = grown;
		names->room = room;
	}
	names->names[names->count] = strdup(name);
	return names->names[names->count] != NULL && ++names->count;
}

static void
names_free(struct names *names)
{
	for (int i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
}

static int
name_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool
ends_with(const char *name, const char *end)
{
	size_t size = strlen(name), n = strlen(end);

	return size > n && strcmp(name + size - n, end) == 0;
}

/* The directory's databases and boxes, in order of name: of one process, first where a box lies apart, then a box, then a database. */
static bool
directory_list(const char *directory, struct names *names, struct merged *merged, struct error *error)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	bool ok = true;

	if (!dir) {
		if (errno == ENOTDIR)
			snprintf(error->text, sizeof error->text, "%.300s: not a directory (a trace is one)", directory);
		else
			snprintf(error->text, sizeof error->text, "%.300s: %s", directory, strerror(errno));
		return false;
	}
	while (ok && (entry = readdir(dir))) {
		if (ends_with(entry->d_name, ".db") || ends_with(entry->d_name, ".box") || ends_with(entry->d_name, BOX_PLACE_END))
			ok = names_add(names, entry->d_name);
		else if (strncmp(entry->d_name, BOX_MERGED_NAME, strlen(BOX_MERGED_NAME)) == 0 && ends_with(entry->d_name, BOX_MERGED_END))
			merged_read(directory, entry->d_name, merged);
	}
	closedir(dir);
	if (!ok)
		snprintf(error->text, sizeof error->text, "%.300s: not enough memory", directory);
	else if (names->count == 0)
		snprintf(error->text, sizeof error->text, "%.300s: not a shapebox trace (no .db or .box file in it)", directory);
	if (names->count)
		qsort(names->names, (size_t)names->count, sizeof *names->names, name_order);
	return ok && names->count > 0;
}

/* Do both names stand for one process? */
static bool
is_same_process(const char *one, const char *other)
{
	size_t size = (size_t)(strrchr(one, '.') - one);

	return (size_t)(strrchr(other, '.') - other) == size && strncmp(one, other, size) == 0;
}

static json_t *
run_read(const char *directory)
{
	struct stat status;
	json_t *run = NULL;
	char *path;

	if (asprintf(&path, "%s/run.json", directory) < 0)
		return NULL;
	if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= RUN_LIMIT_BYTES)
		run = json_load_file(path, 0, NULL);
	free(path);
	if (run && !json_is_object(run)) {
		json_decref(run);
		run = NULL;
	}
	return run;
}

static struct reader *
file_open(struct trace *trace, const char *name, struct error *error)
{
	struct reader *reader;
	struct stat status;
	char *path;

	if (!ends_with(name, ".db"))
		return reader_open_box(&trace->arena, trace->directory, name, error);
	if (asprintf(&path, "%s/%s", trace->directory, name) < 0)
		return NULL;
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
		snprintf(error->text, sizeof error->text, "%.300s: not a regular file", path);
		reader = NULL;
	} else {
		reader = reader_open(&trace->arena, path, name, error);
	}
	free(path);
	return reader;
}

/* Every file that can be read; the complaints about the others go to SKIPPED, and to ERROR the first of them. */
static bool
files_open(struct trace *trace, const struct names *names, struct names *skipped, struct error *error)
{
	struct error complaint;

	trace->readers = calloc((size_t)names->count, sizeof(struct reader *));
	if (!trace->readers) {
		snprintf(error->text, sizeof error->text, "%.300s: not enough memory", trace->directory);
		return false;
	}
	for (int i = 0; i < names->count; i++) {
		bool more = i + 1 < names->count && is_same_process(names->names[i], names->names[i + 1]);
		struct reader *reader;

		complaint.text[0] = '\0';
		progress_part(i, names->count);
		progress_tell(0, 1);
		reader = file_open(trace, names->names[i], &complaint);
		if (!reader && more && ends_with(names->names[i], BOX_PLACE_END))
			continue; /* what was copied of the box, or folded */
		while (more) {
			i++;
			more = i + 1 < names->count && is_same_process(names->names[i], names->names[i + 1]);
		}
		if (reader) {
			reader_notes_load(reader);
			if (names->count > FILES_OPEN)
				reader_rest(reader);
			trace->readers[trace->count++] = reader;
		} else {
			if (skipped->count == 0)
				*error = complaint;
			names_add(skipped, complaint.text);
		}
	}
	progress_part(0, 1);
	return trace->count > 0;
}

struct trace *
trace_open(const char *dir, struct error *error)
{
	struct trace *trace = calloc(1, sizeof *trace);
	struct names names = { 0 }, skipped = { 0 };
	bool ok = false;

	if (!trace || !(trace->directory = strdup(dir))) {
		snprintf(error->text, sizeof error->text, "%.300s: not enough memory", dir);
		goto out;
	}
	if (!directory_list(dir, &names, &trace->merged, error))
		goto out;
	trace->run = run_read(dir);
	if (!files_open(trace, &names, &skipped, error))
		goto out;
	trace_judge(trace);
	for (int i = 0; i < skipped.count; i++) {
		char text[600];

		snprintf(text, sizeof text, "%s: skipped", skipped.names[i]);
		reader_degrade(trace->readers[0], "file", 1, text);
	}
	ok = true;
out:
	names_free(&names);
	names_free(&skipped);
	if (!ok) {
		trace_close(trace);
		trace = NULL;
	}
	return trace;
}

void
trace_close(struct trace *trace)
{
	if (!trace)
		return;
	for (int i = 0; i < trace->count; i++)
		reader_close(trace->readers[i]);
	free(trace->readers);
	json_decref(trace->run);
	arena_free(&trace->arena);
	free(trace->directory);
	free(trace->name);
	free(trace);
}

const char *
trace_directory(const struct trace *trace)
{
	return trace->name ? trace->name : trace->directory;
}

void
trace_call(struct trace *trace, const char *name)
{
	free(trace->name);
	trace->name = strdup(name);
}

const char *
trace_unpacked(const struct trace *trace)
{
	return trace->name ? trace->directory : NULL;
}

int
trace_process_count(const struct trace *trace)
{
	return trace->count;
}

struct reader *
trace_reader(const struct trace *trace, int process)
{
	return process >= 0 && process < trace->count ? trace->readers[process] : NULL;
}

const struct process *
trace_process(const struct trace *trace, int index)
{
	struct reader *reader = trace_reader(trace, index);

	return reader ? &reader->process : NULL;
}

json_t *
trace_run(const struct trace *trace)
{
	return trace->run;
}
