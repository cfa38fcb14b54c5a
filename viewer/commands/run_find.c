#include "run_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

/* Another name for PATH that LD_PRELOAD can carry: a link in a directory of this user alone. It stays, since processes
 * that outlive `run` need it too. */
static bool
run_find_link(char path[PATH_MAX])
{
	char directory[64], name[PATH_MAX], target[PATH_MAX];
	struct stat status;

	snprintf(directory, sizeof directory, "/tmp/shapebox-library-%u", (unsigned)getuid());
	mkdir(directory, 0700);
	if (lstat(directory, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid() ||
	    (status.st_mode & 077) != 0 || stat(path, &status) != 0)
		return false;
	snprintf(name, sizeof name, "%s/libshapebox-%llx-%llx.so", directory, (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	ssize_t size = readlink(name, target, sizeof target - 1);
	if (size < 0 || (target[size] = 0, strcmp(target, path) != 0)) {
		unlink(name);
		if (symlink(path, name) != 0)
			return false;
	}
	memcpy(path, name, strlen(name) + 1);
	return true;
}

bool
run_find_library(char path[PATH_MAX], struct error *error)
{
	static const char *const places[] = { "", "../lib/", "../lib/shapebox/" };
	char self[PATH_MAX], candidate[PATH_MAX + 64];
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

	if (size < 0) {
		command_trouble(error, "can't find libshapebox.so: /proc/self/exe can't be read");
		return false;
	}
	self[size] = 0;
	*(strrchr(self, '/') + 1) = 0;
	for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(candidate, sizeof candidate, "%s%slibshapebox.so", self, places[i]);
		if (!realpath(candidate, path))
			continue;
		/* the loader splits LD_PRELOAD at these and expands $, with no way to quote them */
		if (strpbrk(path, " :$\t") && !run_find_link(path)) {
			command_trouble(error, "%s can't be preloaded: its path contains a space, ':' or '$'", path);
			return false;
		}
		return true;
	}
	command_trouble(error, "libshapebox.so is neither in %s nor in ../lib beside it", self);
	return false;
}

static int
run_find_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return 127;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0 ? 0 : 126;
}

int
run_find_program(const char *name, char path[PATH_MAX])
{
	const char *search = getenv("PATH");
	int found = 127;

	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return run_find_executable(path);
	}
	if (!search)
		search = "/bin:/usr/bin";
	for (const char *at = search; name[0]; at++) {
		size_t size = strcspn(at, ":");
		int result = 127;

		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)size, at, size ? "/" : "./", name) < PATH_MAX)
			result = run_find_executable(path);
		if (result == 0)
			return 0;
		if (result == 126)
			found = 126;
		at += size;
		if (!*at)
			break;
	}
	return found;
}

static bool
run_find_is_python(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	if (strncmp(name, "python", 6) != 0)
		return false;
	return name[6 + strspn(name + 6, "0123456789.")] == 0;
}

bool
run_find_python(const char *program, char path[PATH_MAX])
{
	char line[PATH_MAX] = "", *word, *save = NULL;
	FILE *file;
	bool read;

	if (run_find_is_python(program)) {
		snprintf(path, PATH_MAX, "%s", program);
		return true;
	}
	file = fopen(program, "re");
	if (!file)
		return false;
	read = fgets(line, sizeof line, file) != NULL;
	fclose(file);
	if (!read || strncmp(line, "#!", 2) != 0)
		return false;
	word = strtok_r(line + 2, " \t\n", &save);
	if (word && strcmp(word, "/usr/bin/env") == 0) {
		do
			word = strtok_r(NULL, " \t\n", &save);
		while (word && (word[0] == '-' || strchr(word, '=')));
	}
	return word && run_find_is_python(word) && run_find_program(word, path) == 0;
}
