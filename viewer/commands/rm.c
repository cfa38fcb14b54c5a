/*
 * shapebox rm: removes traces: the files that a trace consists of, then the directory. Nothing else, whatever lies there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "traces.h"

struct rm_values { bool force; };

const struct option_row command_rm_options[] = {
	{ "force", 'f', OPTION_FLAG, offsetof(struct rm_values, force), NULL, NULL, "also a trace whose processes still run" },
	{ 0 }
};

/* Does a process that writes a box here still run (on this machine)? */
static bool
rm_running(const char *name)
{
	size_t size = strlen(name);
	const char *dash = strrchr(name, '-');
	long pid;

	if (size < 6 || strcmp(name + size - 4, ".box") != 0 || !dash)
		return false;
	pid = strtol(dash + 1, NULL, 10);
	return pid > 0 && pid <= INT_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Is the trace at PATH one that may go? Fills ERROR if not. */
static bool
rm_check(const char *path, bool force, struct error *error)
{
	bool ours = traces_run_file(path), sniffed = true;
	DIR *directory = NULL;
	struct dirent *entry;
	struct stat status;

	if (lstat(path, &status) != 0) {
		command_trouble(error, "rm: %s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISDIR(status.st_mode) || !traces_is(path, NULL) || !(directory = opendir(path))) {
		command_trouble(error, "rm: %s is not a trace: left as it is", path);
		return false;
	}
	while (sniffed && (entry = readdir(directory))) {
		if (traces_file(entry->d_name) != TRACE_FILE_DATA)
			continue;
		/* a damaged file of our own run may go; one that only looks like ours by name may not */
		sniffed = ours || traces_sniff(dirfd(directory), entry->d_name);
		if (!sniffed)
			command_trouble(error, "rm: %s is not a trace: %s isn't of shapebox; left as it is", path, entry->d_name);
		else if (!force && rm_running(entry->d_name)) {
			command_trouble(error, "rm: %s is still being written (%s); --force removes it all the same", path,
					entry->d_name);
			sniffed = false;
		}
	}
	closedir(directory);
	return sniffed;
}

/* run.json and .gitignore are other people's names too. */
static bool
rm_ours(int descriptor, const char *name, bool run_file)
{
	char start[4];
	ssize_t size;
	int file;

	if (strcmp(name, ".gitignore") != 0)
		return run_file;
	file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return false;
	size = read(file, start, sizeof start);
	close(file);
	return size == 2 && memcmp(start, "*\n", 2) == 0;
}

static bool
rm_trace(const char *path, struct error *error)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool removed = directory != NULL, others = false, run_file = traces_run_file(path);

	while (directory && (entry = readdir(directory))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (traces_file(name) == TRACE_FILE_NONE ||
		    (traces_file(name) == TRACE_FILE_OTHER && !rm_ours(dirfd(directory), name, run_file)))
			others = true;
		else if (unlinkat(dirfd(directory), name, 0) != 0)
			removed = false;
	}
	if (directory)
		closedir(directory);
	if (others) {
		command_trouble(error, "rm: %s: the trace is gone, the directory stays: other files are in it", path);
		return false;
	}
	if (!removed || rmdir(path) != 0) {
		command_trouble(error, "rm: %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

int
command_rm(int argc, char **argv, struct error *error)
{
	struct rm_values values = { 0 };
	int rest, status;

	if (!command_parse("rm", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (rest == argc)
		return command_trouble(error, "rm: which trace? see: shapebox ls");
	/* all are looked at before the first goes */
	for (int i = rest; i < argc; i++)
		if (!rm_check(argv[i], values.force, error))
			return COMMAND_TROUBLE;
	for (int i = rest; i < argc; i++)
		if (!rm_trace(argv[i], error))
			return COMMAND_TROUBLE;
	return COMMAND_OK;
}
