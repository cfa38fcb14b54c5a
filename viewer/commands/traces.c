#include "traces.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../schema/box.h"
#include "../analysis/report.h"
#include "../rendering/terminal.h"
#include "archive.h"
#include "command.h"

static bool
traces_ends(const char *name, const char *end)
{
	size_t size = strlen(name), end_size = strlen(end);

	return size > end_size && strcmp(name + size - end_size, end) == 0;
}

/* Where the digits that end at END begin; NULL if there are none. */
static const char *
traces_digits(const char *name, const char *end)
{
	const char *at = end;

	while (at > name && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at < end ? at : NULL;
}

enum trace_file
traces_file(const char *name)
{
	const char *at = name + strlen(name), *end = NULL;

	if (strcmp(name, "run.json") == 0 || strcmp(name, "run.json.new") == 0 || strcmp(name, ".gitignore") == 0 ||
	    strcmp(name, BOX_STARTS_FILE) == 0)
		return TRACE_FILE_OTHER;
	if (strncmp(name, BOX_MERGED_NAME, strlen(BOX_MERGED_NAME)) == 0 && traces_ends(name, BOX_MERGED_END))
		return TRACE_FILE_SIDE;
	/* what precedes the last .db or .box must end in -<process> */
	while (at > name && !end) {
		at--;
		if (strncmp(at, ".db", 3) == 0)
			end = at + 3;
		else if (strncmp(at, ".box", 4) == 0)
			end = at + 4;
		else if (strcmp(at, BOX_PLACE_END) == 0)
			end = at + strlen(BOX_PLACE_END);
	}
	at = end ? traces_digits(name, at) : NULL;
	if (at && at > name && at[-1] == '.') /* "-4711.2.box": the process began again, by exec */
		at = traces_digits(name, at - 1);
	if (!at || at == name || at[-1] != '-')
		return TRACE_FILE_NONE;
	if (*end == 0)
		return TRACE_FILE_DATA;
	return *end == '-' || *end == '.' ? TRACE_FILE_SIDE : TRACE_FILE_NONE;
}

bool
traces_sniff(int descriptor, const char *name)
{
	unsigned char start[72];
	int file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t size;

	if (file < 0)
		return false;
	size = read(file, start, sizeof start);
	close(file);
	if (size >= (ssize_t)sizeof start && memcmp(start, "SQLite format 3", 16) == 0)
		return memcmp(start + 68, "shbx", 4) == 0; /* application_id */
	return size >= 8 && memcmp(start, "shapebox", 8) == 0;
}

/* What `run` writes also exists in other people's directories; it must say so itself. */
bool
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
	bool run = false;

	if (!directory)
		return false;
	while ((entry = readdir(directory))) {
		const char *name = entry->d_name;
		enum trace_file kind = traces_file(name);
		struct stat status;
		int64_t written;

		if (kind == TRACE_FILE_NONE || fstatat(dirfd(directory), name, &status, 0) != 0)
			continue;
		found.size_bytes += (int64_t)status.st_blocks * 512;
		run = run || strcmp(name, "run.json") == 0;
		found.data = found.data || kind == TRACE_FILE_DATA;
		written = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
		/* a database is folded again when looked at: the run's own files tell the time, where there are some */
		if (kind != TRACE_FILE_SIDE && strcmp(name, ".gitignore") != 0 && written > found.written_ns)
			found.written_ns = written;
	}
	closedir(directory);
	if (!found.data && !(run && traces_run_file(path)))
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
		if (traces_file(slash ? slash + 1 : word) != TRACE_FILE_NONE && traces_is(path, NULL))
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
traces_open_path(const char *path, struct error *error)
{
	char what[80];
	struct trace *trace;

	snprintf(what, sizeof what, "reading %.64s", path);
	terminal_work(what);
	trace = trace_open(path, error);
	terminal_done();
	return trace;
}

bool
traces_word(const char *command, int argc, char **argv, int rest, const char **word, struct error *error)
{
	*word = rest < argc ? argv[rest] : NULL;
	if (argc - rest > 1)
		command_trouble(error, "%s: one trace at a time: %s is too many", command, argv[rest + 1]);
	return argc - rest <= 1;
}

bool
traces_recorded(struct trace *trace, struct error *error)
{
	if (trace_process_count(trace) > 0)
		return true;
	command_trouble(error, "%s: nothing recorded: no process ran a PyTorch operation", trace_directory(trace));
	return false;
}

struct trace *
traces_open(const char *word, bool *chosen, struct error *error)
{
	char path[PATH_MAX];

	*chosen = false;
	if (word && archive_is(word))
		return traces_open_bundle(word, error);
	return traces_choose(word, path, chosen, error) ? traces_open_path(path, error) : NULL;
}

json_t *
traces_report(struct trace *trace, struct error *error)
{
	static const char *const keys[] = { "exit_status", "signal", "command", "cwd" };
	json_t *report = traces_bundled_report(trace), *facts, *run = trace_run(trace);

	if (report)
		return report;
	terminal_work("looking for the cause");
	report = report_build(trace, error);
	terminal_done();
	facts = json_object_get(report, "trace");
	for (unsigned i = 0; facts && run && i < sizeof keys / sizeof keys[0]; i++) {
		json_t *old = json_object_get(facts, keys[i]), *value = json_object_get(run, keys[i]);

		if (value && (!old || json_is_null(old)))
			json_object_set(facts, keys[i], value);
	}
	return report;
}
