/* See starts.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../schema/box.h"
#include "settings.h"
#include "starts.h"

#define FILE_BYTES_MAX 65536

static const char *const names[] = {
#define START(name, why, instead) name,
#include "../schema/starts.def"
#undef START
};

static void
append(const char *what, const char *path)
{
	char file[sizeof settings.directory + 32], line[1100];
	size_t used = 0;
	struct stat status;
	const char *const parts[] = { what, path ? " " : "", path ? path : "", "\n" };

	snprintf(file, sizeof file, "%s/" BOX_STARTS_FILE, settings.directory);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		for (const char *at = parts[i]; *at && used + 1 < sizeof line; at++)
			line[used++] = *at;
	line[used - 1] = '\n';
	int out = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out >= 0) {
		if (fstat(out, &status) == 0 && status.st_size < FILE_BYTES_MAX && write(out, line, used) < 0)
			errno = 0; /* nobody to tell */
		close(out);
	}
}

void
starts_note(const char *path, char *const argv[], char *const envp[])
{
	int saved_errno = errno;
	const char *name = path ? strrchr(path, '/') : NULL;
	struct stat status;
	bool preloads = false;

	if (!settings.under_run || settings.disabled || !path || stat(path, &status) || !S_ISREG(status.st_mode))
		goto out; /* a shell tries every directory of PATH */
	name = name ? name + 1 : path;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(names[i], name)) {
			append(name, NULL);
			goto out;
		}
	if (!strcmp(name, "env"))
		for (int i = 1; argv && argv[i] && (argv[i][0] == '-' || strchr(argv[i], '=')); i++)
			if (!strcmp(argv[i], "-i") || !strcmp(argv[i], "-") || !strcmp(argv[i], "--ignore-environment")) {
				append("env -i", NULL);
				goto out;
			}
	for (int i = 0; envp && envp[i]; i++)
		preloads |= !strncmp(envp[i], "LD_PRELOAD=", 11) && strstr(envp[i], "libshapebox");
	if (status.st_mode & (S_ISUID | S_ISGID))
		append("setuid", path);
	else if (!preloads)
		append("clean", path);
out:
	errno = saved_errno;
}
