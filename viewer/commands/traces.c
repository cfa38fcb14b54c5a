#include "traces.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../analysis/report.h"
#include "../rendering/terminal.h"
#include "command.h"

static bool
traces_ends(const char *name, const char *end)
{
	size_t size = strlen(name), end_size = strlen(end);

	return size > end_size && strcmp(name + size - end_size, end) == 0;
}

bool
traces_file(const char *name)
{
	static const char *const ends[] = { ".db", ".box", ".db-wal", ".db-shm", ".db-journal", ".db.new", ".box.new", ".db.tmp",
					    ".lock" };

	for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (traces_ends(name, ends[i]))
			return true;
	return strcmp(name, "run.json") == 0 || strcmp(name, "run.json.new") == 0 || strcmp(name, ".gitignore") == 0;
}

/* What `run` writes also exists in other people's directories; it must say so itself. */
static bool
traces_run_file(const char *path)
{
	char name[PATH_MAX + 16];
	json_t *run;
	bool ours;

	snprintf(name, sizeof name, "%s/run.json", path);
	run = json_load_file(name, 0, NULL);
	ours = json_is_array(json_object_get(run, "command")) && json_is_integer(json_object_get(run, "start_ns"));
	json_decref(run);
	return ours;
}

bool
traces_is(const char *path, struct trace_place *place)
{
	DIR *directory = opendir(path);
	struct trace_place found = { .written_ns = 0 };
	struct dirent *entry;
	bool data = false, run = false;

	if (!directory)
		return false;
	while ((entry = readdir(directory))) {
		const char *name = entry->d_name;
		struct stat status;
		int64_t written;

		if (!traces_file(name) || fstatat(dirfd(directory), name, &status, 0) != 0)
			continue;
		written = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
		found.size_bytes += (int64_t)status.st_blocks * 512;
		run = run || strcmp(name, "run.json") == 0;
		/* "rank0-12.db", "process-12.box": other programs' databases are named otherwise */
		if (traces_ends(name, ".box") || (traces_ends(name, ".db") && strchr(name, '-')))
			data = true;
		else if (strcmp(name, "run.json") != 0)
			continue;
		if (written > found.written_ns)
			found.written_ns = written;
	}
	closedir(directory);
	if (!data && !(run && traces_run_file(path)))
		return false;
	if (place) {
		snprintf(found.path, sizeof found.path, "%s", path);
		*place = found;
	}
	return true;
}

static int
traces_newer(const void *one, const void *other)
{
	const struct trace_place *a = one, *b = other;

	if (a->written_ns != b->written_ns)
		return a->written_ns > b->written_ns ? -1 : 1;
	return strcmp(b->path, a->path);
}

size_t
traces_list(const char *dir, struct trace_place **out)
{
	size_t count = 0, capacity = 16;
	struct trace_place *places = malloc(capacity * sizeof *places);
	DIR *directory = opendir(dir);
	struct dirent *entry;

	*out = NULL;
	if (!places || !directory)
		goto out;
	if (traces_is(dir, &places[count]))
		count++;
	while ((entry = readdir(directory))) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK))
			continue;
		if (strcmp(dir, ".") == 0)
			snprintf(path, sizeof path, "%s", entry->d_name);
		else if (snprintf(path, sizeof path, "%s%s%s", dir, traces_ends(dir, "/") ? "" : "/", entry->d_name) >=
			 (int)sizeof path)
			continue;
		if (count == capacity) {
			struct trace_place *grown = realloc(places, capacity * 2 * sizeof *places);

			if (!grown)
				break;
			places = grown;
			capacity *= 2;
		}
		if (traces_is(path, &places[count]))
			count++;
	}
	qsort(places, count, sizeof *places, traces_newer);
	*out = places;
	places = NULL;
out:
	free(places);
	if (directory)
		closedir(directory);
	return count;
}

bool
traces_choose(const char *word, char path[PATH_MAX], bool *chosen, struct error *error)
{
	struct trace_place *places = NULL;
	struct stat status;
	size_t count;

	*chosen = false;
	if (word && stat(word, &status) != 0) {
		command_trouble(error, "%s: no such directory", word);
		return false;
	}
	if (word && !S_ISDIR(status.st_mode)) {
		const char *slash = strrchr(word, '/');

		/* one process's file stands for its trace */
		snprintf(path, PATH_MAX, "%.*s", slash ? (int)(slash - word) : 1, slash ? word : ".");
		if (traces_file(slash ? slash + 1 : word) && traces_is(path, NULL))
			return true;
		command_trouble(error, "%s is not a trace: a trace is a directory that `shapebox run` makes", word);
		return false;
	}
	if (word && traces_is(word, NULL)) {
		snprintf(path, PATH_MAX, "%s", word);
		return true;
	}
	count = traces_list(word ? word : ".", &places);
	if (count > 0)
		snprintf(path, PATH_MAX, "%s", places[0].path);
	free(places);
	*chosen = count > 1 || (count > 0 && !word);
	if (count == 0 && word)
		command_trouble(error, "%s is not a trace, and holds none", word);
	else if (count == 0)
		command_trouble(error, "no trace in this directory; make one: shapebox run -- python train.py");
	return count > 0;
}

struct trace *
traces_open(const char *word, bool *chosen, struct error *error)
{
	char path[PATH_MAX], notice[256];
	struct trace *trace;

	if (!traces_choose(word, path, chosen, error))
		return NULL;
	snprintf(notice, sizeof notice, "shapebox: reading %.200s ...", path);
	for (char *at = notice; *at; at++)
		if ((unsigned char)*at < 32 || *at == 127)
			*at = '?';
	terminal_notice(notice);
	trace = trace_open(path, error);
	terminal_notice(NULL);
	return trace;
}

json_t *
traces_report(struct trace *trace, struct error *error)
{
	static const char *const keys[] = { "exit_status", "signal", "command", "cwd" };
	json_t *report, *facts, *run = trace_run(trace);

	terminal_notice("shapebox: looking for the cause ...");
	report = report_build(trace, error);
	terminal_notice(NULL);
	facts = json_object_get(report, "trace");
	for (unsigned i = 0; facts && run && i < sizeof keys / sizeof keys[0]; i++) {
		json_t *old = json_object_get(facts, keys[i]), *value = json_object_get(run, keys[i]);

		if (value && (!old || json_is_null(old)))
			json_object_set(facts, keys[i], value);
	}
	return report;
}
