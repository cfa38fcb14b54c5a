#include "run_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

static bool
run_directory_empty(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!directory)
		return false;
	while (empty && (entry = readdir(directory)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(directory);
	return empty;
}

static bool
run_directory_parents(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof part, "%s", path);
	for (char *at = part + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = 0;
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return false;
		*at = '/';
	}
	return true;
}

/* Everything in it is the trace's: git is told so, which also makes the directory ours at once. */
static bool
run_directory_claim(const char *path)
{
	char name[PATH_MAX + 16];
	int descriptor;
	bool written;

	snprintf(name, sizeof name, "%s/.gitignore", path);
	descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return false;
	written = write(descriptor, "*\n", 2) == 2;
	return close(descriptor) == 0 && written;
}

/* Make WANTED or the next free WANTED.N. On false, errno says why. */
static bool
run_directory_try(const char *wanted, const char *job, char path[PATH_MAX], bool *numbered, bool *joined)
{
	for (int number = 1; number < 10000; number++) {
		int size = number == 1 ? snprintf(path, PATH_MAX, "%s", wanted)
				       : snprintf(path, PATH_MAX, "%s.%d", wanted, number);

		if (size >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return false;
		}
		if (mkdir(path, 0700) == 0 || (errno == EEXIST && run_directory_empty(path))) {
			int reason;

			if (run_directory_claim(path)) {
				*numbered = number > 1;
				return true;
			}
			reason = errno;
			rmdir(path); /* only if it is empty: made here a moment ago, or empty before */
			if (reason == EEXIST && run_job_joins(path, job)) {
				*joined = true;
				return true;
			}
			if (reason == EEXIST)
				continue; /* another run was faster */
			errno = reason;
			return false;
		}
		if (errno != EEXIST && errno != ENOENT && errno != ENOTDIR)
			return false;
		if (access(path, F_OK) != 0)
			return false;
		if (run_job_joins(path, job)) {
			*joined = true;
			return true;
		}
	}
	return false;
}

bool
run_directory_make(const char *wanted, const char *job, char path[PATH_MAX], bool *joined, struct error *notice,
		   struct error *error)
{
	char name[64], full[PATH_MAX], cwd[PATH_MAX];
	const char *roots[] = { NULL, getenv("TMPDIR"), "/tmp" };
	time_t now = time(NULL);
	struct tm local;
	bool numbered = false;
	int reason = 0;

	notice->text[0] = 0;
	*joined = false;
	localtime_r(&now, &local);
	strftime(name, sizeof name, "shapebox-%Y%m%d-%H%M%S", &local);
	if (!getcwd(cwd, sizeof cwd))
		snprintf(cwd, sizeof cwd, ".");
	if (wanted[0] == '/')
		snprintf(full, sizeof full, "%s", wanted);
	else if (snprintf(full, sizeof full, "%s/%s", cwd, wanted[0] ? wanted : name) >= (int)sizeof full)
		snprintf(full, sizeof full, "%s", wanted);
	for (size_t size = strlen(full); size > 1 && full[size - 1] == '/'; size--)
		full[size - 1] = 0;
	if (run_directory_parents(full) && run_directory_try(full, job, path, &numbered, joined)) {
		if (numbered && wanted[0])
			command_trouble(notice, "%s exists and isn't empty: the trace goes to %s", full, path);
		return true;
	}
	reason = errno;
	for (unsigned i = 1; i < sizeof roots / sizeof roots[0]; i++) {
		char fallback[PATH_MAX];

		if (!roots[i] || !roots[i][0] ||
		    snprintf(fallback, sizeof fallback, "%s/%s-%d", roots[i], name, (int)getpid()) >= (int)sizeof fallback)
			continue;
		if (run_directory_try(fallback, "", path, &numbered, joined)) {
			command_trouble(notice, "%.200s can't be made (%s): the trace goes to %.200s", full, strerror(reason),
					path);
			return true;
		}
	}
	command_trouble(error, "%.300s can't be made (%s), nor a directory in /tmp", full, strerror(reason));
	return false;
}
